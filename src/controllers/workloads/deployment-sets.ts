import { byCreation, compareNames, type Deployment, type ReplicaSet, scaledValue, timeMs } from "./kinds.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
const historyAnnotation = "deployment.kubernetes.io/revision-history";
const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
const maxAnnotation = "deployment.kubernetes.io/max-replicas";
/** How extensions/v1beta1 asked for a rollback; the value is the revision, 0 for the one before. */
export const rollbackAnnotation = "deprecated.deployment.rollback.to";

/** How long the list of a set's former revisions may become, in characters. */
const historyLengthMax = 2000;
/** The limit that means none: the largest 32-bit integer. */
const unlimited = 2 ** 31 - 1;

/** Annotations that belong to the deployment or to its sets alone and are not copied between them. */
const own = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  rollbackAnnotation,
]);

export function replicasOf({ spec }: Deployment | ReplicaSet): number {
  return spec.replicas ?? 1;
}

export function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}

export function isRolling({ spec }: Deployment): boolean {
  return (spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/** How many pods may come on top of those wanted. */
export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? bounds(deployment).surge : 0;
}

/** How many of the pods wanted may be missing. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  return isRolling(deployment) && replicas > 0 ? Math.min(bounds(deployment).unavailable, replicas) : 0;
}

function bounds(deployment: Deployment): { surge: number; unavailable: number } {
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const surge = scaledValue(rolling?.maxSurge, replicasOf(deployment), "up");
  const unavailable = scaledValue(rolling?.maxUnavailable, replicasOf(deployment), "down");
  // Both may round to none, and then nothing could ever change.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** Seconds in which a rollout must get on; `undefined` when it may take for ever. */
export function progressDeadline({ spec }: Deployment): number | undefined {
  return spec.progressDeadlineSeconds === unlimited ? undefined : spec.progressDeadlineSeconds;
}

/** How many old sets are kept; `undefined` when all are. */
export function historyLimit({ spec }: Deployment): number | undefined {
  return spec.revisionHistoryLimit === unlimited ? undefined : spec.revisionHistoryLimit;
}

/** The revision of a set, of 64 bits: 0 when it has none, `undefined` when what it has is no number. */
export function revisionOf({ metadata }: ReplicaSet): bigint | undefined {
  const text = metadata.annotations?.[revisionAnnotation];
  return text === undefined ? 0n : parseRevision(text);
}

/** @returns `undefined` for what is no integer of 64 bits */
export function parseRevision(text: string): bigint | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined;
  const revision = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, revision) === revision ? revision : undefined;
}

export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  return descendingRevisions(sets)[0] ?? 0n;
}

/** The revision before the newest; 0 when there is none. */
export function lastRevision(sets: readonly ReplicaSet[]): bigint {
  return descendingRevisions(sets)[1] ?? 0n;
}

function descendingRevisions(sets: readonly ReplicaSet[]): bigint[] {
  const revisions = sets.map((set) => revisionOf(set) ?? 0n).filter((revision) => revision > 0n);
  return revisions.sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
}

/** Orders sets by revision; sets of one revision from the oldest. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [x, y] = [revisionOf(a), revisionOf(b)];
  if (x === undefined || y === undefined || x === y) return byCreation(a, b);
  return x < y ? -1 : 1;
}

/** The largest first; of one size, the newer or the older first. */
export function bySize(first: "newer" | "older"): (a: ReplicaSet, b: ReplicaSet) => number {
  return (a, b) => replicasOf(b) - replicasOf(a) || (first === "older" ? byCreation(a, b) : byCreation(b, a));
}

/** The newest set first. */
export function newestFirst(a: ReplicaSet, b: ReplicaSet): number {
  const newer = (timeMs(b.metadata.creationTimestamp) ?? 0) - (timeMs(a.metadata.creationTimestamp) ?? 0);
  return newer !== 0 ? newer : compareNames(b, a);
}

/** The annotations of the set that a deployment rolls out now, with its revision and the ones it had before. */
export function rolloutAnnotations(deployment: Deployment, set: ReplicaSet, revision: bigint): Record<string, string> {
  const annotations = { ...set.metadata.annotations, ...copied(deployment.metadata.annotations) };
  const before = revisionOf(set);
  if (before === undefined || before >= revision) return annotations;
  const previous = annotations[revisionAnnotation];
  annotations[revisionAnnotation] = String(revision);
  if (previous === undefined) return annotations;
  const history = appendRevision(annotations[historyAnnotation] ?? "", previous);
  if (history !== undefined) annotations[historyAnnotation] = history;
  return annotations;
}

/** Drops the oldest where the list would become too long; `undefined` when even that does not help. */
function appendRevision(history: string, revision: string): string | undefined {
  if (history === "") return revision;
  const all = [...history.split(","), revision];
  while (all.length > 1 && all.join(",").length > historyLengthMax) all.shift();
  const text = all.join(",");
  return text.length <= historyLengthMax ? text : undefined;
}

function copied(annotations: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !own.has(key)));
}

/** The annotations of a deployment that goes back to a set: its own, and all others as they were then. */
export function rolledBackAnnotations(deployment: Deployment, set: ReplicaSet): Record<string, string> {
  const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => own.has(key));
  return { ...Object.fromEntries(kept), ...copied(set.metadata.annotations) };
}

/** What a set remembers of the size of its deployment, for scaling in proportion. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = replicasOf(deployment);
  return { [desiredAnnotation]: String(desired), [maxAnnotation]: String(desired + maxSurge(deployment)) };
}

/** The size that the deployment had when the set was last scaled. */
export function desiredReplicas(set: ReplicaSet): number | undefined {
  return countIn(set.metadata.annotations?.[desiredAnnotation]);
}

function countIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const count = Number(text);
  return count <= unlimited ? count : undefined;
}

/**
 * How many pods a set gains or loses when the deployment is scaled in the middle of a rollout.
 *
 * @param toAdd by how much all sets together change; negative when they shrink
 * @param added how much of that the sets before took
 */
export function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (replicasOf(deployment) === 0) return -size;
  const before = countIn(set.metadata.annotations?.[maxAnnotation]) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const wanted = (size * (replicasOf(deployment) + maxSurge(deployment))) / before;
  return Math.round(wanted) - size;
}
