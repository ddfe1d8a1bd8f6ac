import type { Node } from "../compute/node.ts";
import type { Pod } from "../compute/pod.ts";
import { findVolume, isUsableOn } from "../storage/match-volume.ts";
import {
  classOfClaim,
  isBound,
  noProvisioner,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from "../storage/volumes.ts";
import type { Lookups, NodeInfo } from "./cluster.ts";

/** The claims of a pod, by what is left to do for them. */
export type PodClaims = { bound: readonly PersistentVolumeClaim[]; delayed: readonly PersistentVolumeClaim[] };

/** The names of the claims that a pod uses, those of its ephemeral volumes included. */
export function claimNames({ metadata, spec }: Pod): { name: string; isEphemeral: boolean }[] {
  const names: { name: string; isEphemeral: boolean }[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes ?? []) {
    if (persistentVolumeClaim !== undefined) names.push({ name: persistentVolumeClaim.claimName, isEphemeral: false });
    else if (ephemeral !== undefined) names.push({ name: `${metadata.name}-${name}`, isEphemeral: true });
  }
  return names;
}

/** @returns the claims, or why no node can take the pod */
export function checkClaims(pod: Pod, lookups: Lookups): PodClaims | string {
  const { namespace = "" } = pod.metadata;
  const bound: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  let waitsForBinder = false;
  for (const { name, isEphemeral } of claimNames(pod)) {
    const claim = lookups.claim(namespace, name);
    if (claim === undefined) {
      return isEphemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : `persistentvolumeclaim "${name}" not found`;
    }
    if (claim.status?.phase === "Lost") {
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ""}"`;
    }
    if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`;
    const isOwn = claim.metadata.ownerReferences?.some(
      ({ uid, controller }) => controller === true && uid === pod.metadata.uid,
    );
    if (isEphemeral && isOwn !== true) {
      return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`;
    }
    if (isBound(claim)) bound.push(claim);
    else if (isDelayed(claim, lookups) && (claim.spec.volumeName ?? "") === "") delayed.push(claim);
    else waitsForBinder = true;
  }
  return waitsForBinder ? "pod has unbound immediate PersistentVolumeClaims" : { bound, delayed };
}

function isDelayed(claim: PersistentVolumeClaim, lookups: Lookups): boolean {
  return lookups.storageClass(classOfClaim(claim))?.volumeBindingMode === "WaitForFirstConsumer";
}

/** Why the volumes of the claims, those they have and those they may get, keep the pod from a node. */
export function volumesRefuse({ bound, delayed }: PodClaims, node: Node, lookups: Lookups): string[] {
  const reasons: string[] = [];
  const volumes = bound.map(({ spec }) => lookups.volume(spec.volumeName ?? ""));
  if (volumes.some((volume) => volume === undefined))
    reasons.push("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
  if (volumes.some((volume) => volume !== undefined && !isUsableOn(volume, node)))
    reasons.push("node(s) didn't match PersistentVolume's node affinity");
  if (bindingsFor(delayed, node, lookups) === undefined)
    reasons.push("node(s) didn't find available persistent volumes to bind");
  return reasons;
}

/** How a claim that waited for a pod gets its volume. */
export type ClaimBinding = { claim: PersistentVolumeClaim; volume?: PersistentVolume };

/** @returns for each claim the volume it gets, or none when one is to be provisioned; `undefined` when it can get none */
export function bindingsFor(
  delayed: readonly PersistentVolumeClaim[],
  node: Node,
  lookups: Lookups,
): ClaimBinding[] | undefined {
  const taken = new Set<string | undefined>();
  const bindings: ClaimBinding[] = [];
  for (const claim of delayed) {
    const free = lookups.volumes().filter(({ metadata }) => !taken.has(metadata.name));
    const volume = findVolume(claim, free, { delayed: true, node });
    if (volume !== undefined) {
      taken.add(volume.metadata.name);
      bindings.push({ claim, volume });
      continue;
    }
    const provisioner = lookups.storageClass(classOfClaim(claim))?.provisioner ?? noProvisioner;
    if (provisioner === noProvisioner) return undefined;
    bindings.push({ claim });
  }
  return bindings;
}

/** Whether a claim that only one pod may use is in use on the node. */
export function isClaimTakenAlone({ bound, delayed }: PodClaims, pod: Pod, { pods }: NodeInfo): boolean {
  const alone = [...bound, ...delayed].filter(({ spec }) => spec.accessModes?.includes("ReadWriteOncePod"));
  if (alone.length === 0) return false;
  const names = new Set(alone.map(({ metadata }) => metadata.name));
  for (const { pod: other } of pods.values()) {
    const isOther = other.metadata.namespace === pod.metadata.namespace && other.metadata.uid !== pod.metadata.uid;
    if (isOther && claimNames(other).some(({ name }) => names.has(name))) return true;
  }
  return false;
}
