import type { Node } from "../compute/node.ts";
import { allowsSurge } from "./daemon-bounds.ts";
import { isCurrent, nodeVerdict, targetNode } from "./daemon-pod.ts";
import { rolloutOf } from "./daemon-rollout.ts";
import { byCreation, type DaemonSet, type DaemonSetStatus, type Pod } from "./kinds.ts";
import { isAvailable, isReady, isTerminal, isTerminating, phaseOf } from "./pods.ts";
import { withoutZeros } from "./replica-plan.ts";

/** The most pods one reconcile creates and deletes; kube-controller-manager's burst. */
const burstMax = 250;

export type DaemonView = {
  set: DaemonSet;
  nodes: readonly Node[];
  pods: readonly Pod[];
  /** Marks pods of the set's template. */
  hash: string;
  /** Says whether a failed pod may be replaced now: 0, or milliseconds to wait. */
  failedWaitMs: (node: string) => number;
  now: Date;
};

export type DaemonMessage = { type: "Normal" | "Warning"; reason: string; message: string };
export type DaemonPlan = {
  /** Nodes that get a pod. */
  create: string[];
  remove: Pod[];
  messages: DaemonMessage[];
  /** Nodes whose failed pod is replaced. */
  failed: string[];
  /** Milliseconds until a failed pod may be replaced. */
  afterMs: number | undefined;
};

/** Pods of the set by the node they are on or meant for; those that are over and being deleted do not count. */
export function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (isTerminal(pod) && isTerminating(pod)) continue;
    const node = targetNode(pod);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

/** Says which nodes need a pod of the set, and which pods are too many; when nothing is, goes on with a rollout. */
export function planDaemonSet(view: DaemonView): DaemonPlan {
  const byNode = podsByNode(view.pods);
  const plan: DaemonPlan = { create: [], remove: [], messages: [], failed: [], afterMs: undefined };
  for (const node of view.nodes) planNode(view, node, byNode.get(node.metadata.name ?? ""), plan);
  const known = new Set(view.nodes.map(({ metadata }) => metadata.name ?? ""));
  for (const [node, pods] of byNode)
    if (!known.has(node)) plan.remove.push(...pods.filter(({ spec }) => (spec.nodeName ?? "") === ""));
  const idle = plan.create.length === 0 && plan.remove.length === 0;
  if (idle && (view.set.spec.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate") {
    const { create, remove } = rolloutOf(view, byNode);
    plan.create.push(...create);
    plan.remove.push(...remove);
  }
  return { ...plan, create: plan.create.slice(0, burstMax), remove: plan.remove.slice(0, burstMax) };
}

function planNode(view: DaemonView, node: Node, pods: readonly Pod[] | undefined, plan: DaemonPlan): void {
  const { set } = view;
  const name = node.metadata.name ?? "";
  const { run, stay } = nodeVerdict(set, node);
  if (run && pods === undefined) {
    plan.create.push(name);
  } else if (stay) {
    const alive = (pods ?? [])
      .filter((pod) => !isTerminating(pod))
      .filter((pod) => !replaceEnded(view, name, pod, plan));
    alive.sort(byNodeAndAge);
    if (!allowsSurge(set)) plan.remove.push(...alive.slice(1));
    else if (alive.length === 0 && run) plan.create.push(name);
    else if (alive.length > 1) plan.remove.push(...surplusOf(view, alive));
  } else {
    plan.remove.push(...(pods ?? []).filter((pod) => !isTerminating(pod)));
  }
}

/** Daemons do not end: one that did makes room for another, at growing distances when it failed. @returns whether it ended */
function replaceEnded({ failedWaitMs }: DaemonView, node: string, pod: Pod, plan: DaemonPlan): boolean {
  if (!isTerminal(pod)) return false;
  const what = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`;
  if (phaseOf(pod) === "Succeeded") {
    const message = `Found succeeded ${what}, will try to delete it`;
    plan.messages.push({ type: "Normal", reason: "SucceededDaemonPod", message });
    plan.remove.push(pod);
    return true;
  }
  const waitMs = failedWaitMs(node);
  if (waitMs > 0) {
    plan.afterMs = Math.min(waitMs, plan.afterMs ?? waitMs);
    return true;
  }
  plan.failed.push(node);
  plan.messages.push({
    type: "Warning",
    reason: "FailedDaemonPod",
    message: `Found failed ${what}, will try to kill it`,
  });
  plan.remove.push(pod);
  return true;
}

/** In a rollout that surges a node has two pods, and keeps the old one until the new one is available. */
function surplusOf({ set, hash, now }: DaemonView, ordered: readonly Pod[]): Pod[] {
  const [fresh, ...freshMore] = ordered.filter((pod) => pod.metadata.labels?.["controller-revision-hash"] === hash);
  const [old, ...oldMore] = ordered.filter((pod) => pod.metadata.labels?.["controller-revision-hash"] !== hash);
  const surplus = [...freshMore, ...oldMore];
  if (fresh === undefined || old === undefined) return surplus;
  const isReplaced = !isReady(old) || isAvailable(fresh, set.spec.minReadySeconds ?? 0, now);
  return isReplaced ? [...surplus, old] : surplus;
}

/** Pods that have a node first, then the older. */
function byNodeAndAge(a: Pod, b: Pod): number {
  const without = ({ spec }: Pod) => Number((spec.nodeName ?? "") === "");
  return without(a) - without(b) || byCreation(a, b);
}

/** The status that a set should have. */
export function daemonStatus(view: DaemonView): DaemonSetStatus {
  const { set, nodes, hash, now } = view;
  const byNode = podsByNode(view.pods);
  const verdicts = nodes.map((node) => ({
    run: nodeVerdict(set, node).run,
    pod: byNode.get(node.metadata.name ?? "")?.toSorted(byNodeAndAge)[0],
  }));
  const wanted = verdicts.filter(({ run }) => run);
  const scheduled = wanted.flatMap(({ pod }) => pod ?? []);
  const available = scheduled.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length;
  const { collisionCount } = set.status ?? {};
  return {
    currentNumberScheduled: scheduled.length,
    numberMisscheduled: verdicts.filter(({ run, pod }) => !run && pod !== undefined).length,
    desiredNumberScheduled: wanted.length,
    numberReady: scheduled.filter(isReady).length,
    ...withoutZeros({
      observedGeneration: set.metadata.generation ?? 0,
      updatedNumberScheduled: scheduled.filter((pod) => isCurrent(set, pod, hash)).length,
      numberAvailable: available,
      numberUnavailable: wanted.length - available,
    }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}

/** Whether a status says something else than the one that the set has. */
export function daemonStatusDiffers({ status: before }: DaemonSet, after: DaemonSetStatus): boolean {
  return (
    (before?.desiredNumberScheduled ?? 0) !== after.desiredNumberScheduled ||
    (before?.currentNumberScheduled ?? 0) !== after.currentNumberScheduled ||
    (before?.numberMisscheduled ?? 0) !== after.numberMisscheduled ||
    (before?.numberReady ?? 0) !== after.numberReady ||
    (before?.updatedNumberScheduled ?? 0) !== (after.updatedNumberScheduled ?? 0) ||
    (before?.numberAvailable ?? 0) !== (after.numberAvailable ?? 0) ||
    (before?.numberUnavailable ?? 0) !== (after.numberUnavailable ?? 0) ||
    (before?.observedGeneration ?? 0) < (after.observedGeneration ?? 0)
  );
}
