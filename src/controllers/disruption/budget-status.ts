import type { LabelSelectorObject } from "../../apimachinery/index.ts";
import { type Pod, scaledValue, timeMs, timestamp } from "../workloads/kinds.ts";
import { isReady, isTerminating } from "../workloads/pods.ts";
import type { Budget, BudgetCondition, BudgetStatus } from "./kinds.ts";

/** How long a pod that was evicted may take to be deleted before it counts again; as in kube-controller-manager. */
const deletionTimeoutMs = 120_000;

/** Whether the pods' owners must be asked how many pods there ought to be. */
export function needsScale({ spec }: Budget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === "string";
}

/** What a budget's status ought to be. */
export type Judgement = {
  status: BudgetStatus;
  /** Evicted pods that nobody has deleted in time. */
  notDeleted: Pod[];
  /** Milliseconds until evicted pods count again. */
  afterMs?: number;
};

/**
 * Judges how many of a budget's pods may be disrupted.
 *
 * @param pods that the budget selects
 * @param scale how many pods their owners want; only read when {@link needsScale}
 */
export function judgeBudget(budget: Budget, pods: readonly Pod[], scale: number, now: Date): Judgement {
  const { spec, metadata, status } = budget;
  const { minAvailable, maxUnavailable } = spec;
  const expectedPods = needsScale(budget) ? scale : minAvailable === undefined ? 0 : pods.length;
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaledValue(minAvailable, expectedPods, "up")
      : Math.max(0, expectedPods - scaledValue(maxUnavailable, expectedPods, "up"));
  const { disrupted, notDeleted, afterMs } = followDisrupted(budget, pods, now);
  const currentHealthy = pods.filter(
    (pod) => !isTerminating(pod) && disrupted[pod.metadata.name ?? ""] === undefined && isReady(pod),
  ).length;
  const allowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const generation = metadata.generation ?? 0;
  const condition =
    allowed > 0 ? { status: "True", reason: "SufficientPods" } : { status: "False", reason: "InsufficientPods" };
  return {
    status: {
      observedGeneration: generation,
      ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
      disruptionsAllowed: allowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      conditions: withCondition(status?.conditions, { ...condition, message: "" }, generation, now),
    },
    notDeleted,
    ...(afterMs !== undefined && { afterMs }),
  };
}

/** The status of a budget that cannot be judged: nothing may be disrupted. */
export function failedStatus({ status }: Budget, message: string, now: Date): BudgetStatus {
  const known = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...status };
  const observed = status?.observedGeneration ?? 0;
  const condition = { status: "False", reason: "SyncFailed", message };
  const conditions = withCondition(status?.conditions, condition, observed, now);
  return { ...known, disruptionsAllowed: 0, conditions };
}

function followDisrupted({ status }: Budget, pods: readonly Pod[], now: Date) {
  const disrupted: Record<string, string> = {};
  const notDeleted: Pod[] = [];
  const waits: number[] = [];
  for (const pod of pods.filter((one) => !isTerminating(one))) {
    const { name = "" } = pod.metadata;
    const at = status?.disruptedPods?.[name];
    const atMs = timeMs(at);
    if (at === undefined || atMs === undefined) continue;
    const waitMs = atMs + deletionTimeoutMs - now.getTime();
    if (waitMs < 0) {
      notDeleted.push(pod);
      continue;
    }
    waits.push(Math.max(1, waitMs));
    disrupted[name] = at;
  }
  return { disrupted, notDeleted, afterMs: waits.length === 0 ? undefined : Math.min(...waits) };
}

function withCondition(
  conditions: readonly BudgetCondition[] = [],
  change: { status: string; reason: string; message: string },
  observedGeneration: number,
  now: Date,
): BudgetCondition[] {
  const type = "DisruptionAllowed";
  const before = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = before?.status === change.status ? before.lastTransitionTime : timestamp(now);
  const generation = observedGeneration === 0 ? {} : { observedGeneration };
  const condition: BudgetCondition = { type, ...change, ...generation, lastTransitionTime };
  if (before === undefined) return [...conditions, condition];
  return conditions.map((one) => (one === before ? condition : one));
}

/** A selector as Go's `%v` prints it. */
export function formatSelector(selector: LabelSelectorObject | undefined): string {
  if (selector === undefined) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${(values ?? []).join(" ")}],},`,
  );
  const matchLabels = `MatchLabels:map[string]string{${labels.join("")}}`;
  return `&LabelSelector{${matchLabels},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`;
}
