import type { OwnerReference } from "../../apimachinery/index.ts";
import {
  type Claim,
  type ClaimTemplate,
  controllerReference,
  type Pod,
  pods as podResource,
  type StatefulSet,
  statefulSets,
  type Volume,
} from "./kinds.ts";
import { podFromTemplate } from "./pods.ts";

const nameLabel = "statefulset.kubernetes.io/pod-name";
const indexLabel = "apps.kubernetes.io/pod-index";
export const revisionLabel = "controller-revision-hash";

export function nameOf({ metadata }: Pod | StatefulSet): string {
  return metadata.name ?? "";
}

/** The number at the end of a pod's name; -1 when there is none. */
export function ordinalOf(pod: Pod): number {
  return parseName(pod).ordinal;
}

/** Whether the name of a pod is made of the name of a set. */
export function isMember(set: StatefulSet, pod: Pod): boolean {
  return parseName(pod).parent === nameOf(set);
}

function parseName(pod: Pod): { parent: string; ordinal: number } {
  const [, parent, digits] = /^(.*)-(\d+)$/.exec(nameOf(pod)) ?? [];
  if (parent === undefined) return { parent: "", ordinal: -1 };
  const ordinal = Number(digits);
  return { parent, ordinal: ordinal < 2 ** 31 ? ordinal : -1 };
}

export function firstOrdinal({ spec }: StatefulSet): number {
  return spec.ordinals?.start ?? 0;
}

/** Whether a pod is one of those that the set wants. */
export function isWanted(set: StatefulSet, pod: Pod): boolean {
  const index = ordinalOf(pod) - firstOrdinal(set);
  return index >= 0 && index < (set.spec.replicas ?? 1);
}

/** A new pod of a set with the template of a revision. */
export function newStatefulPod(set: StatefulSet, revision: string, ordinal: number): Pod {
  const { metadata, spec, ...type } = podFromTemplate(statefulSets, set, set.spec.template);
  const name = `${nameOf(set)}-${ordinal}`;
  const labels = { ...metadata.labels, ...identity(name, ordinal), [revisionLabel]: revision };
  const { serviceName } = set.spec;
  const pod: Pod = {
    ...type,
    metadata: { ...metadata, name, labels },
    spec: { ...spec, hostname: name, ...(serviceName ? { subdomain: serviceName } : {}) },
  };
  return { ...pod, spec: { ...pod.spec, ...volumesOf(set, pod) } };
}

function identity(name: string, ordinal: number): Record<string, string> {
  return { [nameLabel]: name, [indexLabel]: String(ordinal) };
}

/** Whether a pod is marked as what it is, and mounts the claims that are its. */
export function isConsistent(set: StatefulSet, pod: Pod): boolean {
  const marked = pod.metadata.labels?.[nameLabel] === nameOf(pod);
  return marked && hasStorage(set, pod);
}

export function hasStorage(set: StatefulSet, pod: Pod): boolean {
  const claims = new Map(pod.spec.volumes?.map((volume) => [volume.name, volume.persistentVolumeClaim?.claimName]));
  return templatesOf(set).every(
    (template) => claims.get(template.metadata.name ?? "") === claimName(set, template, pod),
  );
}

/** The pod with the labels and volumes it should have. */
export function consistentPod(set: StatefulSet, pod: Pod): Pod {
  const labels = { ...pod.metadata.labels, ...identity(nameOf(pod), ordinalOf(pod)) };
  const spec = hasStorage(set, pod) ? pod.spec : { ...pod.spec, ...volumesOf(set, pod) };
  return { ...pod, metadata: { ...pod.metadata, labels }, spec };
}

/** The volumes of the claims, then those of the template with other names. */
function volumesOf(set: StatefulSet, pod: Pod): { volumes?: Volume[] } {
  const claimed = templatesOf(set).map((template): Volume => {
    const name = template.metadata.name ?? "";
    return { name, persistentVolumeClaim: { claimName: claimName(set, template, pod) } };
  });
  const names = new Set(claimed.map(({ name }) => name));
  const volumes = [...claimed, ...(pod.spec.volumes ?? []).filter(({ name }) => !names.has(name))];
  return volumes.length > 0 ? { volumes } : {};
}

function templatesOf({ spec }: StatefulSet): ClaimTemplate[] {
  return spec.volumeClaimTemplates ?? [];
}

function claimName(set: StatefulSet, { metadata }: ClaimTemplate, pod: Pod): string {
  return `${metadata.name}-${nameOf(set)}-${ordinalOf(pod)}`;
}

/** The claims of a pod as they are to be created; how they are owned is decided later. */
export function claimsOf(set: StatefulSet, pod: Pod): Claim[] {
  return templatesOf(set).map((template) => {
    const { name: _, ...metadata } = template.metadata;
    const labels = { ...metadata.labels, ...set.spec.selector?.matchLabels };
    return {
      ...template,
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { ...metadata, name: claimName(set, template, pod), namespace: set.metadata.namespace, labels },
      status: undefined,
    };
  });
}

/**
 * Whether a new pod would get a claim that is about to go with the pod that had the name before it.
 *
 * @param claims those of the pod that exist
 */
export function hasStaleClaim(set: StatefulSet, pod: Pod, claims: readonly Claim[]): boolean {
  return retentionOf(set).whenScaled !== "Retain" && claims.some((claim) => isStale(claim, podReference(pod)));
}

/**
 * The owners that a claim should have by the set's retention policy.
 *
 * @returns `undefined` when it has them
 */
export function claimOwners(set: StatefulSet, pod: Pod, claim: Claim): OwnerReference[] | undefined {
  const owners = claim.metadata.ownerReferences ?? [];
  const [ofSet, ofPod] = [controllerReference(statefulSets, set), podReference(pod)];
  if (isStale(claim, ofSet) || isStale(claim, ofPod)) return undefined;
  const others = owners.filter((owner) => !isLike(owner, ofSet) && !isLike(owner, ofPod));
  const has = (wanted: OwnerReference) => owners.some(({ uid }) => uid === wanted.uid);
  if (hasConflict(set, pod, claim)) return has(ofSet) || has(ofPod) ? others : undefined;
  const { whenDeleted, whenScaled } = retentionOf(set);
  const scaledDown = !isWanted(set, pod);
  const byPod = whenScaled === "Delete" && scaledDown;
  const bySet = whenDeleted === "Delete" && !byPod;
  const loose = owners.some(({ uid, controller }) => [ofSet.uid, ofPod.uid].includes(uid) && controller !== true);
  if (!loose && has(ofSet) === bySet && has(ofPod) === byPod) return undefined;
  return [...others, ...(bySet ? [ofSet] : []), ...(byPod ? [ofPod] : [])];
}

/** Whether a controller of somebody else's would delete the claim: the policy then does not count. */
export function hasConflict(set: StatefulSet, pod: Pod, claim: Claim): boolean {
  const { whenDeleted, whenScaled } = retentionOf(set);
  if (whenDeleted !== "Delete" && whenScaled !== "Delete") return false;
  const ours = [controllerReference(statefulSets, set), podReference(pod)];
  return (claim.metadata.ownerReferences ?? []).some((owner) => {
    const alike = ours.find((reference) => isLike(owner, reference));
    return alike === undefined ? owner.controller === true : owner.uid !== alike.uid;
  });
}

function retentionOf({ spec }: StatefulSet): { whenDeleted: string; whenScaled: string } {
  return { whenDeleted: "Retain", whenScaled: "Retain", ...spec.persistentVolumeClaimRetentionPolicy };
}

function podReference(pod: Pod): OwnerReference {
  return controllerReference(podResource, pod);
}

function isLike(owner: OwnerReference, wanted: OwnerReference): boolean {
  return owner.apiVersion === wanted.apiVersion && owner.kind === wanted.kind && owner.name === wanted.name;
}

/** Owned by an earlier object of the name. */
function isStale({ metadata }: Claim, wanted: OwnerReference): boolean {
  const alike = metadata.ownerReferences?.find((owner) => isLike(owner, wanted));
  return alike !== undefined && alike.uid !== wanted.uid;
}
