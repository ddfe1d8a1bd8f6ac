import { itemsAt, parseQuantity, quoteGo, textAt, valueAt } from "../../apimachinery/index.ts";
import { type Pod, timeMs } from "../workloads/kinds.ts";
import { isTerminating, phaseOf, readyCondition } from "../workloads/pods.ts";

/** A change of less than a tenth is none; `--horizontal-pod-autoscaler-tolerance`. */
const tolerance = 0.1;
/** How long after its start a pod's CPU may be that of its start; `--horizontal-pod-autoscaler-cpu-initialization-period`. */
const cpuInitializationMs = 300_000;
/** How long a pod may take until its first readiness; `--horizontal-pod-autoscaler-initial-readiness-delay`. */
const initialReadinessDelayMs = 30_000;

/** What one pod uses, in thousandths. */
export type PodMetric = { value: number; timestampMs: number; windowMs: number };
export type PodMetrics = ReadonlyMap<string, PodMetric>;

/** The replica count that a metric asks for, and the average that it is made of: in thousandths, and in percent of requests. */
export type Proposal = { replicas: number; average: number; utilization?: number };

/** What is measured: usage itself, or its share of what the pods request. */
export type Goal =
  | { kind: "average"; target: number }
  /** `requests` is asked once there is something to measure; it may throw. */
  | { kind: "utilization"; targetPercent: number; requests: () => ReadonlyMap<string, number> };

/**
 * Computes how many replicas bring the average of a metric to its target. Pods that are not ready, or of which nothing is
 * known, are taken so that they never make the change larger.
 *
 * @param resource `cpu` needs pods that have been ready for a while; empty for what is no resource
 * @throws {Error} when there is nothing to measure
 */
export function proposeReplicas(
  pods: readonly Pod[],
  metrics: PodMetrics,
  wanted: Goal,
  resource: string,
  currentReplicas: number,
  now: Date,
): Proposal {
  if (pods.length === 0) throw new Error("no pods returned by selector while calculating replica count");
  const groups = groupPods(pods, metrics, resource, now);
  const known = new Map([...metrics].filter(([name]) => !groups.ignored.has(name) && !groups.unready.has(name)));
  if (known.size === 0) throw new Error("did not receive metrics for targeted pods (pods might be unready)");
  const goal = settle(wanted);
  const values = new Map([...known].map(([name, { value }]) => [name, value]));
  const first = measure(values, goal);
  const { ratio } = first;
  const found = { average: first.average, ...(first.utilization !== undefined && { utilization: first.utilization }) };
  const unreadyCounts = groups.unready.size > 0 && ratio > 1;
  if (!unreadyCounts && groups.missing.size === 0) {
    if (isWithinTolerance(ratio)) return { replicas: currentReplicas, ...found };
    return { replicas: Math.ceil(ratio * groups.readyCount), ...found };
  }
  for (const name of groups.missing) {
    if (ratio < 1) values.set(name, assumed(goal, name));
    else if (ratio > 1) values.set(name, 0);
  }
  if (unreadyCounts) for (const name of groups.unready) values.set(name, 0);
  const { ratio: careful } = measure(values, goal);
  const turns = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isWithinTolerance(careful) || turns) return { replicas: currentReplicas, ...found };
  const replicas = Math.ceil(careful * values.size);
  const wrongWay = (careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas);
  return { replicas: wrongWay ? currentReplicas : replicas, ...found };
}

export function isWithinTolerance(ratio: number): boolean {
  return 1 - tolerance <= ratio && ratio <= 1 + tolerance;
}

type SettledGoal =
  | { kind: "average"; target: number }
  | { kind: "utilization"; targetPercent: number; requests: ReadonlyMap<string, number> };

function settle(goal: Goal): SettledGoal {
  return goal.kind === "average" ? goal : { ...goal, requests: goal.requests() };
}

/** What pods of which nothing is known use when that would mean fewer replicas: all that they may. */
function assumed(goal: SettledGoal, name: string): number {
  if (goal.kind === "average") return goal.target;
  return Math.trunc(((goal.requests.get(name) ?? 0) * Math.max(100, goal.targetPercent)) / 100);
}

function measure(
  values: ReadonlyMap<string, number>,
  goal: SettledGoal,
): { ratio: number; average: number; utilization?: number } {
  const sum = (all: Iterable<number>) => [...all].reduce((total, value) => total + value, 0);
  if (goal.kind === "average") {
    const average = Math.trunc(sum(values.values()) / values.size);
    return { ratio: average / goal.target, average };
  }
  const requested = [...values].filter(([name]) => goal.requests.has(name));
  const requests = sum(requested.map(([name]) => goal.requests.get(name) ?? 0));
  if (requests === 0) throw new Error("no metrics returned matched known pods");
  const usage = sum(requested.map(([, value]) => value));
  const utilization = Math.trunc((usage * 100) / requests);
  return { ratio: utilization / goal.targetPercent, average: Math.trunc(usage / requested.length), utilization };
}

type Groups = { readyCount: number; unready: Set<string>; missing: Set<string>; ignored: Set<string> };

function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string, now: Date): Groups {
  const groups: Groups = { readyCount: 0, unready: new Set(), missing: new Set(), ignored: new Set() };
  for (const pod of pods) {
    const { name = "" } = pod.metadata;
    const metric = metrics.get(name);
    if (isTerminating(pod) || phaseOf(pod) === "Failed") groups.ignored.add(name);
    else if (phaseOf(pod) === "Pending") groups.unready.add(name);
    else if (metric === undefined) groups.missing.add(name);
    else if (resource === "cpu" && isStarting(pod, metric, now)) groups.unready.add(name);
    else groups.readyCount += 1;
  }
  return groups;
}

/** Whether the CPU that a pod uses may be that of its start. */
function isStarting(pod: Pod, metric: PodMetric, now: Date): boolean {
  const ready = readyCondition(pod);
  const startMs = timeMs(textAt(pod.status, "startTime"));
  if (ready === undefined || startMs === undefined) return true;
  const changedMs = timeMs(ready.lastTransitionTime) ?? 0;
  if (startMs + cpuInitializationMs > now.getTime())
    return ready.status === "False" || metric.timestampMs < changedMs + metric.windowMs;
  return ready.status === "False" && startMs + initialReadinessDelayMs > changedMs;
}

/**
 * What pods request of a resource, in thousandths.
 *
 * @param container the only one that counts; all of the pod when it is empty
 * @throws {Error} when one requests nothing
 */
export function requestsOf(pods: readonly Pod[], resource: string, container: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name ?? "", requestOf(pod, resource, container)]));
}

function requestOf(pod: Pod, resource: string, container: string): number {
  const ofPod = valueAt(pod.spec, "resources", "requests");
  if (ofPod !== undefined && container === "") {
    const request = valueAt(ofPod, resource);
    if (request === undefined) throw new Error(`missing pod-level request for ${resource} in Pod ${pod.metadata.name}`);
    return milliValue(request);
  }
  const sidecars = itemsAt(pod.spec, "initContainers").filter(({ restartPolicy }) => restartPolicy === "Always");
  let sum = 0;
  for (const each of [...itemsAt(pod.spec, "containers"), ...sidecars]) {
    const name = textAt(each, "name");
    if (container !== "" && container !== name) continue;
    const request = valueAt(each, "resources", "requests", resource);
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`);
    sum += milliValue(request);
  }
  return sum;
}

/** A quantity in thousandths, rounded up. @throws {Error} when it is none */
export function milliValue(quantity: unknown): number {
  if (typeof quantity !== "string" && typeof quantity !== "number")
    throw new Error(`${quoteGo(String(quantity))} is no quantity`);
  const { nanos } = parseQuantity(String(quantity));
  const perMilli = 1_000_000n;
  return Number(nanos > 0n ? (nanos + perMilli - 1n) / perMilli : nanos / perMilli);
}
