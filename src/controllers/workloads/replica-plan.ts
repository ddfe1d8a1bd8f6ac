import { deepEqual, matchesLabels, selectorFromObject } from "../../apimachinery/index.ts";
import { podsToDelete } from "./deletion-order.ts";
import { type Condition, type Pod, type ReplicaSet, type ReplicaStatus, timestamp } from "./kinds.ts";
import { isAvailable, isReady } from "./pods.ts";

/** The most pods one reconcile creates or deletes; kube-controller-manager's burst. */
const burstMax = 500;

/** What brings the number of pods to the number wanted. */
export type Scaling = { do: "nothing" } | { do: "create"; count: number } | { do: "delete"; pods: Pod[] };

/** @param related gives the pods of sibling owners; only asked when some pods must go and others stay */
export function decideScaling(
  set: ReplicaSet,
  active: readonly Pod[],
  related: () => readonly Pod[],
  now: Date,
): Scaling {
  const surplus = active.length - (set.spec.replicas ?? 1);
  if (set.metadata.deletionTimestamp !== undefined || surplus === 0) return { do: "nothing" };
  if (surplus < 0) return { do: "create", count: Math.min(-surplus, burstMax) };
  const count = Math.min(surplus, burstMax);
  return { do: "delete", pods: podsToDelete(active, count < active.length ? related() : [], count, now) };
}

/**
 * The status that a set should have; `undefined` when it has it.
 *
 * @param failure why pods could not be created or deleted
 */
export function replicaStatus(
  set: ReplicaSet,
  active: readonly Pod[],
  failure: string | undefined,
  now: Date,
): ReplicaStatus | undefined {
  const { metadata, spec, status } = set;
  const minReadySeconds = spec.minReadySeconds ?? 0;
  const templateLabels = selectorFromObject({ matchLabels: spec.template.metadata?.labels ?? {} });
  const counts = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => matchesLabels(templateLabels, pod.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
  };
  const conditions = withFailure(status?.conditions ?? [], active.length - (spec.replicas ?? 1), failure, now);
  const generation = metadata.generation ?? 0;
  const same =
    (status?.replicas ?? 0) === counts.replicas &&
    (status?.fullyLabeledReplicas ?? 0) === counts.fullyLabeledReplicas &&
    (status?.readyReplicas ?? 0) === counts.readyReplicas &&
    (status?.availableReplicas ?? 0) === counts.availableReplicas &&
    (status?.observedGeneration ?? 0) === generation &&
    deepEqual(status?.conditions ?? [], conditions);
  if (same) return undefined;
  const { replicas, ...others } = counts;
  return {
    replicas,
    ...withoutZeros(others),
    observedGeneration: generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** A failure stays as it was first seen until it is over. */
function withFailure(
  conditions: readonly Condition[],
  surplus: number,
  failure: string | undefined,
  now: Date,
): Condition[] {
  const known = conditions.some(({ type }) => type === "ReplicaFailure");
  if (failure === undefined) return conditions.filter(({ type }) => type !== "ReplicaFailure");
  if (known) return [...conditions];
  const reason = surplus < 0 ? "FailedCreate" : surplus > 0 ? "FailedDelete" : "";
  return [
    ...conditions,
    {
      type: "ReplicaFailure",
      status: "True",
      lastTransitionTime: timestamp(now),
      ...(reason === "" ? {} : { reason }),
      message: failure,
    },
  ];
}

/** Counters without those that are zero, as Kubernetes' JSON leaves them out. */
export function withoutZeros<T extends Record<string, number>>(counts: T): Partial<T> {
  const set = Object.entries(counts).filter(([, count]) => count !== 0);
  return Object.fromEntries(set) as Partial<T>;
}
