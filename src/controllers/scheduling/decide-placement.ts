import type { KubeObject } from "../../apimachinery/index.ts";
import { addPod, type Cluster, copyNode, type Lookups, type NodeInfo, type PodInfo } from "./cluster.ts";
import { prepareFilters } from "./filters.ts";
import { fitErrorText, rejectionText } from "./fit-error.ts";
import { decidePreemption, priorityOf, type Victims } from "./preemption.ts";
import type { Cause, Refusal } from "./refusal.ts";
import { chooseNode } from "./score.ts";

/** As many nodes that can take a pod are compared; kube-scheduler's `minFeasibleNodesToFind`. */
const comparedMax = 100;

/** Where a pod goes, or why nowhere for now. */
export type Placement =
  | { node: NodeInfo }
  | {
      node?: undefined;
      message: string;
      causes: ReadonlySet<Cause>;
      victims?: Victims;
      /** Without victims: whether room that was promised to the pod before still is. */
      keepsPromise: boolean;
    };

/**
 * Decides where a pod goes.
 *
 * @param nominated pods that have been promised room, by the node it is on
 */
export function decidePlacement(
  info: PodInfo,
  { nodes }: Pick<Cluster, "nodes">,
  lookups: Lookups,
  budgets: readonly KubeObject[],
  nominated: ReadonlyMap<string, readonly PodInfo[]> = new Map(),
): Placement {
  if (nodes.size === 0)
    return { message: "no nodes available to schedule pods", causes: new Set(["node"]), keepsPromise: false };
  const imagined = withNominated(info, nodes, nominated);
  const { rejection, candidates, filter } = prepareFilters(info, imagined, lookups);
  const refusals = new Map<string, Refusal>();
  const reasons: (readonly string[])[] = [];
  const feasible: NodeInfo[] = [];
  if (rejection === undefined) {
    for (const [name, node] of imagined) {
      if (candidates?.has(name) === false) {
        reasons.push(["node(s) didn't satisfy plugin(s) [NodeAffinity]"]);
        continue;
      }
      const refusal = filter(node);
      if (refusal === undefined) feasible.push(node);
      else {
        refusals.set(name, refusal);
        reasons.push(refusal.reasons);
      }
      if (feasible.length >= comparedMax) break;
    }
  }
  const chosen = chooseNode(info, feasible, imagined, lookups);
  if (chosen !== undefined) return { node: chosen };
  const causes = new Set<Cause>([...refusals.values()].map(({ cause }) => cause));
  causes.add(rejection?.cause ?? "node");
  const why = rejection === undefined ? fitErrorText(nodes.size, reasons) : rejectionText(nodes.size, rejection.reason);
  const preemption = decidePreemption(info, imagined, refusals, lookups, budgets);
  if ("victims" in preemption) return { message: why, causes, victims: preemption.victims, keepsPromise: false };
  const { reason, keepsPromise } = preemption;
  return { message: `${why} preemption: ${reason}`, causes, keepsPromise };
}

/** Room that is being made for others of at least the same priority is not free. */
function withNominated(
  { pod }: PodInfo,
  nodes: ReadonlyMap<string, NodeInfo>,
  nominated: ReadonlyMap<string, readonly PodInfo[]>,
): ReadonlyMap<string, NodeInfo> {
  if (nominated.size === 0) return nodes;
  const imagined = new Map(nodes);
  for (const [name, infos] of nominated) {
    const node = nodes.get(name);
    const before = infos.filter(
      (other) => other.pod.metadata.uid !== pod.metadata.uid && priorityOf(other.pod) >= priorityOf(pod),
    );
    if (node === undefined || before.length === 0) continue;
    const copy = copyNode(node);
    for (const other of before) addPod(copy, other);
    imagined.set(name, copy);
  }
  return imagined;
}
