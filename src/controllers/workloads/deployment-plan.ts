import {
  cleanUp,
  createDraft,
  type Draft,
  ensureCurrent,
  isScaling,
  type Message,
  newReplicas,
  progressing,
  resizeSet,
  type SetWrite,
  scaleSet,
  setCondition,
  syncRevision,
} from "./deployment-draft.ts";
import {
  bySize,
  desiredReplicas,
  isRolling,
  lastRevision,
  maxSurge,
  maxUnavailable,
  newestFirst,
  parseRevision,
  progressDeadline,
  proportion,
  replicasOf,
  revisionOf,
  rollbackAnnotation,
  rolledBackAnnotations,
  sum,
} from "./deployment-sets.ts";
import { deploymentStatus, isComplete, newCondition, progressCheckMs, rolloutStatus } from "./deployment-status.ts";
import { sameTemplate } from "./hash.ts";
import type { DeploymentStatus, Pod } from "./kinds.ts";
import { byCreation, type Deployment, type ReplicaSet } from "./kinds.ts";

/** What one reconcile of a deployment writes, in this order. */
export type DeploymentPlan = {
  create: SetWrite | undefined;
  updates: SetWrite[];
  remove: ReplicaSet[];
  /** The deployment with the annotations and status that it should have; with another spec when it was rolled back. */
  deployment: Deployment;
  /** Whether the deployment itself is to be written rather than its status. */
  rolledBack: boolean;
  messages: Message[];
  /** Milliseconds until a rollout that stands still has failed. */
  afterMs: number | undefined;
};

/**
 * Says what brings a deployment nearer to what it asks for, as kube-controller-manager's deployment controller does.
 *
 * @param sets the sets that the deployment controls
 * @param podsOf the pods of a set, by the set's uid; asked by deployments that recreate
 */
export function planDeployment(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  podsOf: (uid: string) => readonly Pod[],
  now: Date,
): DeploymentPlan {
  const draft = createDraft(deployment, sets, now);
  const status = run(draft, podsOf);
  if (status !== undefined) draft.deployment.status = status.status;
  return {
    create: draft.create,
    updates: [...draft.updates.values()],
    remove: draft.remove,
    deployment: draft.deployment,
    rolledBack: draft.rolledBack,
    messages: draft.messages,
    afterMs: status?.afterMs,
  };
}

type Outcome = { status: DeploymentStatus; afterMs?: number | undefined };

function run(draft: Draft, podsOf: (uid: string) => readonly Pod[]): Outcome | undefined {
  const { deployment } = draft;
  if (deployment.metadata.deletionTimestamp !== undefined) return settle(draft);
  markPaused(draft);
  if (deployment.spec.paused === true) return resize(draft);
  if (rollbackTarget(deployment) !== undefined) return rollBack(draft);
  syncRevision(draft);
  if (isScaling(draft)) return resize(draft);
  return isRolling(deployment) ? roll(draft) : recreate(draft, podsOf);
}

/** The deadline of a paused rollout does not run. */
function markPaused({ deployment, now }: Draft): void {
  const condition = progressing(deployment);
  if (progressDeadline(deployment) === undefined || condition?.reason === "ProgressDeadlineExceeded") return;
  const paused = deployment.spec.paused === true;
  if (paused === (condition?.reason === "DeploymentPaused")) return;
  const reason = paused ? "DeploymentPaused" : "DeploymentResumed";
  const message = `Deployment is ${paused ? "paused" : "resumed"}`;
  setCondition(deployment, newCondition("Progressing", "Unknown", reason, message, now));
}

function settle(draft: Draft): Outcome {
  const { current } = syncRevision(draft);
  return { status: deploymentStatus(draft.deployment, draft.sets, current, draft.now) };
}

/** Follows a new size without rolling on. */
function resize(draft: Draft): Outcome {
  const { deployment } = draft;
  const { current, old } = syncRevision(draft);
  scale(draft, current, old);
  if (deployment.spec.paused === true && rollbackTarget(deployment) === undefined) cleanUp(draft, old);
  return settle(draft);
}

function scale(draft: Draft, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): void {
  const { deployment, sets } = draft;
  const active = sets.filter((set) => replicasOf(set) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.toSorted(newestFirst)[0];
    if (only !== undefined) scaleSet(draft, only, replicasOf(deployment));
    return;
  }
  if (isSaturated(deployment, current)) {
    for (const set of old) if (replicasOf(set) > 0) scaleSet(draft, set, 0);
    return;
  }
  if (isRolling(deployment)) scaleInProportion(draft, active);
}

function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  const wanted = replicasOf(deployment);
  return (
    current !== undefined &&
    replicasOf(current) === wanted &&
    desiredReplicas(current) === wanted &&
    (current.status?.availableReplicas ?? 0) === wanted
  );
}

/** Spreads new pods over all sets by their sizes, so that a bad rollout does not get all of them; the largest takes what is left. */
function scaleInProportion(draft: Draft, active: readonly ReplicaSet[]): void {
  const { deployment } = draft;
  const wanted = replicasOf(deployment);
  const toAdd = (wanted > 0 ? wanted + maxSurge(deployment) : 0) - sum(active, replicasOf);
  const ordered = toAdd === 0 ? [...active] : active.toSorted(bySize(toAdd > 0 ? "newer" : "older"));
  let added = 0;
  const sizes = ordered.map((set) => {
    const share = proportion(deployment, set, toAdd, added);
    added += share;
    return replicasOf(set) + share;
  });
  ordered.forEach((set, index) => {
    const size = sizes[index] ?? 0;
    resizeSet(draft, set, index === 0 ? Math.max(0, size + toAdd - added) : size);
  });
}

/** Replaces pods a few at a time. */
function roll(draft: Draft): Outcome {
  const { deployment } = draft;
  const { current, old } = ensureCurrent(draft);
  if (growCurrent(draft, current) || shrinkOld(draft, current, old)) return report(draft, current);
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(draft, old);
  return report(draft, current);
}

function growCurrent(draft: Draft, current: ReplicaSet): boolean {
  const wanted = replicasOf(draft.deployment);
  if (replicasOf(current) >= wanted) return scaleSet(draft, current, wanted);
  return scaleSet(draft, current, newReplicas(draft.deployment, draft.sets, current));
}

/** Takes pods from old sets: first those that serve nobody, then as many as enough others are available for. */
function shrinkOld(draft: Draft, current: ReplicaSet, old: readonly ReplicaSet[]): boolean {
  const active = old.filter((set) => replicasOf(set) > 0).sort(byCreation);
  if (active.length === 0) return false;
  // A set that has more available pods than it wants has not followed its size yet: its count promises too much.
  if (active.some((set) => (set.status?.availableReplicas ?? 0) > replicasOf(set))) return false;
  const minAvailable = replicasOf(draft.deployment) - maxUnavailable(draft.deployment);
  const unready = replicasOf(current) - (current.status?.availableReplicas ?? 0);
  let surplus = sum(draft.sets, replicasOf) - minAvailable - unready;
  if (surplus <= 0) return false;
  let shrunk = false;
  for (const set of active) {
    const count = Math.min(surplus, replicasOf(set) - (set.status?.availableReplicas ?? 0));
    if (count <= 0) continue;
    surplus -= count;
    shrunk = scaleSet(draft, set, replicasOf(set) - count) || shrunk;
  }
  let spare = sum([...active, current], ({ status }) => status?.availableReplicas ?? 0) - minAvailable;
  for (const set of active) {
    const count = Math.min(spare, replicasOf(set));
    if (count <= 0) continue;
    spare -= count;
    shrunk = scaleSet(draft, set, replicasOf(set) - count) || shrunk;
  }
  return shrunk;
}

/** Ends all old pods before it makes new ones. */
function recreate(draft: Draft, podsOf: (uid: string) => readonly Pod[]): Outcome {
  const { deployment } = draft;
  const { current, old } = syncRevision(draft);
  const shrunk = old.map((set) => scaleSet(draft, set, 0)).includes(true);
  if (shrunk || oldPodsRun(old, podsOf)) return report(draft, current);
  const made = ensureCurrent(draft);
  scaleSet(draft, made.current, replicasOf(deployment));
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(draft, made.old);
  return report(draft, made.current);
}

function oldPodsRun(old: readonly ReplicaSet[], podsOf: (uid: string) => readonly Pod[]): boolean {
  if (sum(old, ({ status }) => status?.replicas ?? 0) > 0) return true;
  const ended = ["Failed", "Succeeded"];
  return old.some(({ metadata }) =>
    podsOf(metadata.uid ?? "").some(({ status }) => !ended.includes(status?.phase ?? "")),
  );
}

function report(draft: Draft, current: ReplicaSet | undefined): Outcome {
  const { deployment, sets, now } = draft;
  const status = rolloutStatus(deployment, sets, current, now);
  return { status, afterMs: progressCheckMs(deployment, status, now) };
}

/** The revision to go back to, 0 for the one before; `undefined` when nobody asks. */
function rollbackTarget({ metadata }: Deployment): bigint | undefined {
  return parseRevision(metadata.annotations?.[rollbackAnnotation] ?? "");
}

function rollBack(draft: Draft): undefined {
  const { deployment, sets, messages } = draft;
  ensureCurrent(draft);
  const wanted = rollbackTarget(deployment) || lastRevision(sets);
  const target = wanted === 0n ? undefined : sets.find((set) => revisionOf(set) === wanted);
  const name = JSON.stringify(deployment.metadata.name);
  if (target === undefined) {
    const message = wanted === 0n ? "Unable to find last revision." : "Unable to find the revision to rollback to.";
    messages.push({ type: "Warning", reason: "DeploymentRollbackRevisionNotFound", message });
  } else if (sameTemplate(target.spec.template, deployment.spec.template)) {
    const message = `The rollback revision contains the same template as current deployment ${name}`;
    messages.push({ type: "Warning", reason: "DeploymentRollbackTemplateUnchanged", message });
  } else {
    const { "pod-template-hash": _, ...labels } = target.spec.template.metadata?.labels ?? {};
    const metadata = { ...target.spec.template.metadata, labels };
    deployment.spec = { ...deployment.spec, template: { metadata, spec: target.spec.template.spec } };
    deployment.metadata.annotations = rolledBackAnnotations(deployment, target);
    const message = `Rolled back deployment ${name} to revision ${wanted}`;
    messages.push({ type: "Normal", reason: "DeploymentRollback", message });
  }
  const { [rollbackAnnotation]: _, ...annotations } = deployment.metadata.annotations ?? {};
  deployment.metadata.annotations = annotations;
  draft.rolledBack = true;
  return undefined;
}
