import {
  isFields,
  type KubeObject,
  matchesLabels,
  numberAt,
  selectorFromObject,
  valueAt,
} from "../../apimachinery/index.ts";
import { conditionOf, type Pod } from "../compute/pod.ts";
import { addPod, copyNode, type Lookups, type NodeInfo, type PodInfo, removePod } from "./cluster.ts";
import { prepareFilters } from "./filters.ts";
import { fitErrorText } from "./fit-error.ts";
import type { Refusal } from "./refusal.ts";

/** Which pods have to go from a node so that another fits, in the order of their importance. */
export type Victims = { node: string; pods: readonly Pod[]; violations: number };

/** What preemption found: a node to be freed, or why that does not help. What was promised before stays promised, or not. */
export type Preemption = { victims: Victims } | { reason: string; keepsPromise: boolean };

/** The pod condition of what is removed for a more important pod. */
export const preemptedReason = "PreemptionByScheduler";

/**
 * Looks for the node where the least would be lost by removing pods of lower priority.
 *
 * @param refusals why each node refused the pod
 */
export function decidePreemption(
  info: PodInfo,
  nodes: ReadonlyMap<string, NodeInfo>,
  refusals: ReadonlyMap<string, Refusal>,
  lookups: Lookups,
  budgets: readonly KubeObject[],
): Preemption {
  const { pod } = info;
  if (pod.spec.preemptionPolicy === "Never") return notEligible("preemptionPolicy=Never");
  const nominated = nodes.get(pod.status?.nominatedNodeName ?? "");
  if (nominated !== undefined && refusals.get(nominated.node.metadata.name ?? "")?.lasting !== true) {
    for (const { pod: other } of nominated.pods.values())
      if (isMakingRoom(other, pod)) return notEligible("a terminating pod on the nominated node");
  }
  const found: Victims[] = [];
  const reasons: string[][] = [];
  for (const [name, node] of nodes) {
    const refusal = refusals.get(name);
    if (refusal === undefined || refusal.lasting) {
      reasons.push(["Preemption is not helpful for scheduling"]);
      continue;
    }
    const result = victimsOn(info, node, nodes, lookups, budgets);
    if ("node" in result) found.push(result);
    else reasons.push([...result.reasons]);
  }
  const best = found.sort(byLoss)[0];
  if (best !== undefined) return { victims: best };
  return { reason: fitErrorText(nodes.size, reasons), keepsPromise: false };
}

/** Nothing was looked for: the room that is being made stays the pod's. */
function notEligible(why: string): Preemption {
  return { reason: `not eligible due to ${why}.`, keepsPromise: true };
}

function isMakingRoom(other: Pod, pod: Pod): boolean {
  const disrupted = conditionOf(other, "DisruptionTarget");
  return (
    other.metadata.deletionTimestamp !== undefined &&
    priorityOf(other) < priorityOf(pod) &&
    disrupted?.status === "True" &&
    disrupted.reason === preemptedReason
  );
}

export function priorityOf({ spec }: Pod): number {
  return spec.priority ?? 0;
}

function victimsOn(
  info: PodInfo,
  node: NodeInfo,
  nodes: ReadonlyMap<string, NodeInfo>,
  lookups: Lookups,
  budgets: readonly KubeObject[],
): Victims | { reasons: readonly string[] } {
  const { name = "" } = node.node.metadata;
  const less = [...node.pods.values()].filter(({ pod }) => priorityOf(pod) < priorityOf(info.pod));
  if (less.length === 0) return { reasons: ["No preemption victims found for incoming pod"] };
  const tried = copyNode(node);
  const imagined = new Map(nodes).set(name, tried);
  const refusal = () => prepareFilters(info, imagined, lookups).filter(tried);
  for (const { pod } of less) removePod(tried, pod.metadata.uid ?? "");
  const remaining = refusal();
  if (remaining !== undefined) return { reasons: remaining.reasons };
  const { protectedPods, others } = splitByBudget(less.toSorted(byImportance), budgets);
  const victims: PodInfo[] = [];
  let violations = 0;
  for (const candidate of [...protectedPods, ...others]) {
    addPod(tried, candidate);
    if (refusal() === undefined) continue;
    removePod(tried, candidate.pod.metadata.uid ?? "");
    victims.push(candidate);
    if (protectedPods.includes(candidate)) violations += 1;
  }
  return { node: name, pods: victims.toSorted(byImportance).map(({ pod }) => pod), violations };
}

/** Pods of higher priority first, of equal priority those that run for longer. */
function byImportance({ pod: a }: PodInfo, { pod: b }: PodInfo): number {
  const started = (pod: Pod) => pod.status?.startTime ?? "9";
  return priorityOf(b) - priorityOf(a) || (started(a) < started(b) ? -1 : started(a) > started(b) ? 1 : 0);
}

/** Fewest broken budgets, then the least important, then the fewest victims, then those that started last. */
function byLoss(a: Victims, b: Victims): number {
  const highest = ({ pods }: Victims) => Math.max(...pods.map(priorityOf));
  const sum = ({ pods }: Victims) => pods.reduce((total, pod) => total + priorityOf(pod) + 2 ** 31, 0);
  const earliest = ({ pods }: Victims) => pods.map(({ status }) => status?.startTime ?? "").sort()[0] ?? "";
  return (
    a.violations - b.violations ||
    highest(a) - highest(b) ||
    sum(a) - sum(b) ||
    a.pods.length - b.pods.length ||
    (earliest(a) > earliest(b) ? -1 : earliest(a) < earliest(b) ? 1 : 0)
  );
}

function splitByBudget(infos: readonly PodInfo[], budgets: readonly KubeObject[]) {
  const allowed = budgets.map((budget) => numberAt(budget, ["status", "disruptionsAllowed"]));
  const protectedPods: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const info of infos) {
    let violates = false;
    for (const [index, budget] of budgets.entries()) {
      if (!isBudgetFor(budget, info.pod)) continue;
      const left = (allowed[index] ?? 0) - 1;
      allowed[index] = left;
      if (left < 0) violates = true;
    }
    (violates ? protectedPods : others).push(info);
  }
  return { protectedPods, others };
}

function isBudgetFor(budget: KubeObject, { metadata }: Pod): boolean {
  const selector = valueAt(budget, "spec", "selector");
  if (budget.metadata.namespace !== metadata.namespace || !isFields(selector)) return false;
  if (valueAt(budget, "status", "disruptedPods", metadata.name ?? "") !== undefined) return false;
  const requirements = selectorFromObject(selector);
  return requirements.length > 0 && matchesLabels(requirements, metadata.labels);
}
