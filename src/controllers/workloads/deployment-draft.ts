import { cloneJson } from "../../apimachinery/index.ts";
import {
  byRevision,
  desiredReplicas,
  historyLimit,
  isRolling,
  maxRevision,
  maxSurge,
  progressDeadline,
  replicasOf,
  revisionAnnotation,
  rolloutAnnotations,
  sizeAnnotations,
  sum,
} from "./deployment-sets.ts";
import { findCondition, newCondition, withCondition } from "./deployment-status.ts";
import { sameTemplate, templateHash } from "./hash.ts";
import { byCreation, controllerReference, type Deployment, deployments, type ReplicaSet } from "./kinds.ts";

/** A name may have 253 characters. */
const nameLengthMax = 253;
const hashLabel = "pod-template-hash";

export type Message = { type: "Normal" | "Warning"; reason: string; message: string };
/** A set to be written, and what to tell users when it is. */
export type SetWrite = { set: ReplicaSet; messages: Message[] };

/**
 * A deployment and its sets as one reconcile wants them. The steps of a rollout change it one after the other, each seeing
 * what those before have done; nothing is written until all have run.
 */
export type Draft = {
  deployment: Deployment;
  /** From the oldest; the one to be created, if any, last. */
  sets: ReplicaSet[];
  create: SetWrite | undefined;
  updates: Map<ReplicaSet, SetWrite>;
  remove: ReplicaSet[];
  messages: Message[];
  /** The deployment itself, not its status, is to be written. */
  rolledBack: boolean;
  now: Date;
};

/** Copies what the steps change and shares the rest. */
export function createDraft(deployment: Deployment, sets: readonly ReplicaSet[], now: Date): Draft {
  const { metadata, status } = deployment;
  return {
    deployment: {
      ...deployment,
      metadata: { ...metadata, annotations: { ...metadata.annotations } },
      status: { ...status, conditions: [...(status?.conditions ?? [])] },
    },
    sets: sets
      .map((set) => ({
        ...set,
        metadata: { ...set.metadata, annotations: { ...set.metadata.annotations } },
        spec: { ...set.spec },
      }))
      .sort(byCreation),
    create: undefined,
    updates: new Map(),
    remove: [],
    messages: [],
    rolledBack: false,
    now,
  };
}

/** The set with the deployment's template, if there is one, and the others. */
export function splitSets({ deployment, sets }: Draft): { current: ReplicaSet | undefined; old: ReplicaSet[] } {
  const current = sets.find(({ spec }) => sameTemplate(spec.template, deployment.spec.template));
  return { current, old: sets.filter((set) => set !== current) };
}

/** Gives the current set, where there is one, the newest revision, and the deployment the set's. */
export function syncRevision(draft: Draft): { current: ReplicaSet | undefined; old: ReplicaSet[] } {
  const { deployment, now } = draft;
  const { current, old } = splitSets(draft);
  if (current === undefined) return { current, old };
  const annotations = rolloutAnnotations(deployment, current, maxRevision(old) + 1n);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (annotate(current, annotations) || (current.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    current.spec.minReadySeconds = minReadySeconds;
    changed(draft, current);
  }
  setRevision(deployment, current.metadata.annotations?.[revisionAnnotation] ?? "");
  if (progressDeadline(deployment) !== undefined && progressing(deployment) === undefined) {
    const message = `Found new replica set ${JSON.stringify(current.metadata.name)}`;
    setCondition(deployment, newCondition("Progressing", "True", "FoundNewReplicaSet", message, now));
  }
  return { current, old };
}

/** As {@link syncRevision}, but makes the current set when there is none. */
export function ensureCurrent(draft: Draft): { current: ReplicaSet; old: ReplicaSet[] } {
  const { current, old } = syncRevision(draft);
  if (current !== undefined) return { current, old };
  const { deployment, now } = draft;
  const set = newSet(deployment);
  draft.sets.push(set);
  const revision = maxRevision(old) + 1n;
  set.spec.replicas = newReplicas(deployment, draft.sets, set);
  annotate(set, { ...rolloutAnnotations(deployment, set, revision), ...sizeAnnotations(deployment) });
  const messages = replicasOf(set) > 0 ? [scaled("up", set, 0)] : [];
  draft.create = { set, messages };
  setRevision(deployment, String(revision));
  if (progressDeadline(deployment) !== undefined) {
    const message = `Created new replica set ${JSON.stringify(set.metadata.name)}`;
    setCondition(deployment, newCondition("Progressing", "True", "NewReplicaSetCreated", message, now));
  }
  return { current: set, old };
}

function newSet(deployment: Deployment): ReplicaSet {
  const { metadata, spec } = deployment;
  const hash = templateHash(spec.template, deployment.status?.collisionCount);
  const { labels = {}, ...templateMetadata } = spec.template.metadata ?? {};
  const marked = { ...labels, [hashLabel]: hash };
  const { name = "", namespace } = metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name.slice(0, nameLengthMax - 1 - hash.length)}-${hash}`,
      namespace,
      labels: marked,
      annotations: {},
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [hashLabel]: hash } },
      template: { metadata: { ...templateMetadata, labels: marked }, spec: cloneJson(spec.template.spec) },
    },
  };
}

/** How many pods the current set may have, given those of the others. */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: ReplicaSet): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - sum(all, replicasOf);
  if (room <= 0) return replicasOf(current);
  return replicasOf(current) + Math.min(room, wanted - replicasOf(current));
}

/** Gives a set another size. @returns whether it has changed */
export function scaleSet(draft: Draft, set: ReplicaSet, replicas: number): boolean {
  const before = replicasOf(set);
  if (before === replicas) return false;
  set.spec.replicas = replicas;
  annotate(set, sizeAnnotations(draft.deployment));
  changed(draft, set).messages.push(scaled(before < replicas ? "up" : "down", set, before));
  return true;
}

/** As {@link scaleSet}, but a set that keeps its size also learns the size of the deployment. */
export function resizeSet(draft: Draft, set: ReplicaSet, replicas: number): void {
  if (scaleSet(draft, set, replicas)) return;
  if (annotate(set, sizeAnnotations(draft.deployment))) changed(draft, set);
}

function scaled(direction: "up" | "down", set: ReplicaSet, before: number): Message {
  const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicasOf(set)}`;
  return { type: "Normal", reason: "ScalingReplicaSet", message };
}

/** Deletes the oldest of the sets that have done their work, beyond those that the history keeps. */
export function cleanUp(draft: Draft, old: readonly ReplicaSet[]): void {
  const limit = historyLimit(draft.deployment);
  if (limit === undefined) return;
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const surplus = alive.toSorted(byRevision).slice(0, Math.max(0, alive.length - limit));
  const idle = surplus.filter(
    (set) =>
      (set.status?.replicas ?? 0) === 0 &&
      replicasOf(set) === 0 &&
      (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
  );
  draft.remove.push(...idle);
}

/** Whether a set still goes by a size that the deployment no longer has. */
export function isScaling({ deployment, sets }: Draft): boolean {
  return sets.some((set) => {
    const desired = replicasOf(set) > 0 ? desiredReplicas(set) : undefined;
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

export function setCondition(deployment: Deployment, condition: ReturnType<typeof newCondition>): void {
  const conditions = withCondition(deployment.status?.conditions ?? [], condition);
  deployment.status = { ...deployment.status, conditions };
}

export function progressing({ status }: Deployment): ReturnType<typeof findCondition> {
  return findCondition(status?.conditions, "Progressing");
}

function setRevision({ metadata }: Deployment, revision: string): void {
  metadata.annotations = { ...metadata.annotations, [revisionAnnotation]: revision };
}

/** @returns whether an annotation has changed */
function annotate({ metadata }: ReplicaSet, wanted: Record<string, string>): boolean {
  const differs = Object.entries(wanted).some(([key, value]) => metadata.annotations?.[key] !== value);
  if (differs) metadata.annotations = { ...metadata.annotations, ...wanted };
  return differs;
}

function changed(draft: Draft, set: ReplicaSet): SetWrite {
  if (draft.create?.set === set) return draft.create;
  const write = draft.updates.get(set) ?? { set, messages: [] };
  draft.updates.set(set, write);
  return write;
}
