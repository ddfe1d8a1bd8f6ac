import { maxUnavailable, progressDeadline, replicasOf, sum } from "./deployment-sets.ts";
import { type Condition, type Deployment, type DeploymentStatus, type ReplicaSet, timeMs, timestamp } from "./kinds.ts";
import { withoutZeros } from "./replica-plan.ts";

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function newCondition(
  type: string,
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  now: Date,
): Condition {
  const at = timestamp(now);
  return { type, status, lastUpdateTime: at, lastTransitionTime: at, reason, message };
}

/** Puts a condition in, last; one of the same status and reason stays as it is, one of the same status keeps its time. */
export function withCondition(conditions: readonly Condition[], condition: Condition): Condition[] {
  const current = findCondition(conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) return [...conditions];
  const since = current?.status === condition.status ? current.lastTransitionTime : condition.lastTransitionTime;
  return [...withoutCondition(conditions, condition.type), { ...condition, lastTransitionTime: since }];
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** The counters of a deployment, and whether enough of it is available. */
export function deploymentStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  now: Date,
): DeploymentStatus {
  const available = sum(all, ({ status }) => status?.availableReplicas ?? 0);
  const enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  const availability = enough
    ? newCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    : newCondition(
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
        now,
      );
  const collisionCount = deployment.status?.collisionCount;
  return {
    ...withoutZeros({
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas: sum(all, ({ status }) => status?.replicas ?? 0),
      updatedReplicas: current?.status?.replicas ?? 0,
      readyReplicas: sum(all, ({ status }) => status?.readyReplicas ?? 0),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
    }),
    conditions: withCondition(deployment.status?.conditions ?? [], availability),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}

/** The status of a deployment that rolls out: as {@link deploymentStatus}, and how the rollout gets on. */
export function rolloutStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  now: Date,
): DeploymentStatus {
  const status = deploymentStatus(deployment, all, current, now);
  const progressed = withProgress(deployment, status, current, now);
  const failure = replicaFailure(all, current);
  return {
    ...status,
    conditions:
      failure === undefined ? withoutCondition(progressed, "ReplicaFailure") : withCondition(progressed, failure),
  };
}

function withProgress(
  deployment: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
  now: Date,
): Condition[] {
  const conditions = status.conditions ?? [];
  if (progressDeadline(deployment) === undefined) return withoutCondition(conditions, "Progressing");
  const known = findCondition(deployment.status?.conditions, "Progressing");
  const settled =
    known?.reason === "NewReplicaSetAvailable" && (status.replicas ?? 0) === (status.updatedReplicas ?? 0);
  if (settled) return conditions;
  const subject =
    current === undefined
      ? `Deployment ${JSON.stringify(deployment.metadata.name)}`
      : `ReplicaSet ${JSON.stringify(current.metadata.name)}`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, newCondition("Progressing", "True", "NewReplicaSetAvailable", message, now));
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const condition = newCondition("Progressing", "True", "ReplicaSetUpdated", `${subject} is progressing.`, now);
    // The time of the update counts for the deadline, so the condition is new even when it says the same.
    const since = known?.status === "True" ? known.lastTransitionTime : condition.lastTransitionTime;
    return [...withoutCondition(conditions, "Progressing"), { ...condition, lastTransitionTime: since }];
  }
  if (hasTimedOut(deployment, status, now)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(conditions, newCondition("Progressing", "False", "ProgressDeadlineExceeded", message, now));
  }
  return conditions;
}

/** Whether all pods wanted are there, new and available, and no others. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldPods = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(after) < oldPods(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: DeploymentStatus, now: Date): boolean {
  const condition = findCondition(status.conditions, "Progressing");
  if (condition === undefined || condition.reason === "NewReplicaSetAvailable") return false;
  if (condition.reason === "ProgressDeadlineExceeded") return true;
  return deadlineMs(deployment, condition) < now.getTime();
}

function deadlineMs(deployment: Deployment, condition: Condition): number {
  return (timeMs(condition.lastUpdateTime) ?? 0) + (progressDeadline(deployment) ?? 0) * 1000;
}

/** Milliseconds until a rollout that does not get on has failed; `undefined` when nothing is to be waited for. */
export function progressCheckMs(deployment: Deployment, status: DeploymentStatus, now: Date): number | undefined {
  const condition = findCondition(status.conditions, "Progressing");
  if (progressDeadline(deployment) === undefined || condition === undefined) return undefined;
  if (isComplete(deployment, status) || condition.reason === "ProgressDeadlineExceeded") return undefined;
  return Math.max(0, deadlineMs(deployment, condition) - now.getTime()) + 1;
}

/** What keeps a set from making its pods: the new set's trouble first. */
function replicaFailure(all: readonly ReplicaSet[], current: ReplicaSet | undefined): Condition | undefined {
  const [failure] = [...(current === undefined ? [] : [current]), ...all].flatMap(
    ({ status }) => findCondition(status?.conditions, "ReplicaFailure") ?? [],
  );
  if (failure === undefined) return undefined;
  const { type, status, reason, message, lastTransitionTime } = failure;
  const lastUpdateTime = lastTransitionTime ?? undefined;
  return { type, status, lastUpdateTime, lastTransitionTime, reason, message };
}
