import { fieldsAt, itemsAt, numberAt, valueAt } from "../../apimachinery/index.ts";
import type { Pod } from "../compute/pod.ts";
import type { Lookups, NodeInfo, PodInfo } from "./cluster.ts";
import { matchesNodeTerm } from "./node-selector.ts";
import { createPodPreference } from "./pod-affinity.ts";
import { isTolerated } from "./taints.ts";

/** kube-scheduler's default weights. */
const weights = { taints: 3, nodeAffinity: 2, podAffinity: 2, spread: 2, free: 1 };

/** What pods that ask for nothing are taken to need, so that they spread too; in billionths of a core and of a byte. */
const usual = { cpu: 100_000_000n, memory: 200n * 2n ** 20n * 1_000_000_000n };

/** The node among those that can take the pod which suits it best; of equals the one with fewest pods. */
export function chooseNode(
  info: PodInfo,
  feasible: readonly NodeInfo[],
  nodes: ReadonlyMap<string, NodeInfo>,
  lookups: Lookups,
): NodeInfo | undefined {
  if (feasible.length <= 1) return feasible[0];
  const { pod } = info;
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
  const prefers = createPodPreference(info, nodes, lookups);
  const totals = feasible.map(() => 0);
  const add = (weight: number, scores: readonly number[]) => {
    const least = Math.min(...scores);
    const range = Math.max(...scores) - least;
    if (range > 0)
      for (const [index, score] of scores.entries())
        totals[index] = (totals[index] ?? 0) + (weight * 100 * (score - least)) / range;
  };
  add(
    weights.taints,
    feasible.map((node) => -dislikedTaints(pod, node)),
  );
  add(
    weights.nodeAffinity,
    feasible.map((node) => nodePreference(pod, node)),
  );
  if (prefers !== undefined) add(weights.podAffinity, feasible.map(prefers));
  if (owner !== undefined)
    add(
      weights.spread,
      feasible.map((node) => -siblings(owner, node)),
    );
  for (const [index, node] of feasible.entries())
    totals[index] = (totals[index] ?? 0) + weights.free * freeShare(info, node);
  let best = 0;
  for (const [index, node] of feasible.entries()) {
    const better = (totals[index] ?? 0) - (totals[best] ?? 0);
    if (better > 0 || (better === 0 && node.pods.size < (feasible[best]?.pods.size ?? 0))) best = index;
  }
  return feasible[best];
}

function dislikedTaints({ spec }: Pod, { node }: NodeInfo): number {
  return (node.spec?.taints ?? []).filter(
    (taint) => taint.effect === "PreferNoSchedule" && !isTolerated(spec.tolerations, taint),
  ).length;
}

function nodePreference({ spec }: Pod, { node }: NodeInfo): number {
  const terms = itemsAt(fieldsAt(spec.affinity, "nodeAffinity"), "preferredDuringSchedulingIgnoredDuringExecution");
  return terms
    .filter((term) => matchesNodeTerm(valueAt(term, "preference"), node))
    .reduce((sum, term) => sum + numberAt(term, ["weight"]), 0);
}

function siblings(owner: string, { pods }: NodeInfo): number {
  let count = 0;
  for (const { pod } of pods.values())
    if (pod.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === owner)) count += 1;
  return count;
}

/** How much of the node would be free, 0 to 100. */
function freeShare({ requests }: PodInfo, { allocatable, requested, pods }: NodeInfo): number {
  const shares = (["cpu", "memory"] as const).map((resource) => {
    const whole = allocatable.get(resource) ?? 0n;
    if (whole === 0n) return 0;
    const asked = requests.get(resource) ?? usual[resource];
    const used = requested.get(resource) ?? 0n;
    // Pods that ask for nothing are not in the sum; as many as there are may be.
    const floor = BigInt(pods.size) * usual[resource];
    const free = whole - (used > floor ? used : floor) - asked;
    return free <= 0n ? 0 : Number((free * 100n) / whole);
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
