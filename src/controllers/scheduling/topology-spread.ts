import {
  isFields,
  type LabelSelector,
  matchesLabels,
  numberAt,
  selectorFromObject,
  textAt,
  textsAt,
  valueAt,
} from "../../apimachinery/index.ts";
import type { Pod } from "../compute/pod.ts";
import type { NodeInfo } from "./cluster.ts";
import type { Refusal } from "./refusal.ts";
import { isTolerated } from "./taints.ts";

type Constraint = {
  topologyKey: string;
  maxSkew: number;
  minDomains: number;
  selector: LabelSelector;
  honorsAffinity: boolean;
  honorsTaints: boolean;
  /** Matching pods in each domain. */
  counts: Map<string, number>;
};

/**
 * Judges nodes by the constraints that may not be broken on how a pod's like are spread over domains.
 *
 * @param matches whether the pod may be on a node by its own choice of nodes
 */
export function createTopologySpread(
  pod: Pod,
  nodes: ReadonlyMap<string, NodeInfo>,
  matches: (node: NodeInfo) => boolean,
): (node: NodeInfo) => Refusal | undefined {
  const constraints = (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => textAt(constraint, "whenUnsatisfiable") === "DoNotSchedule")
    .map((constraint) => readConstraint(constraint, pod));
  if (constraints.length === 0) return () => undefined;
  for (const node of nodes.values()) {
    const { labels } = node.node.metadata;
    if (!constraints.every(({ topologyKey }) => labels?.[topologyKey] !== undefined)) continue;
    for (const constraint of constraints) {
      if (constraint.honorsAffinity && !matches(node)) continue;
      if (constraint.honorsTaints && !toleratesAll(pod, node)) continue;
      const domain = labels?.[constraint.topologyKey] ?? "";
      constraint.counts.set(domain, (constraint.counts.get(domain) ?? 0) + countMatching(constraint, pod, node));
    }
  }
  return (node) => {
    for (const constraint of constraints) {
      const domain = node.node.metadata.labels?.[constraint.topologyKey];
      const reason = "node(s) didn't match pod topology spread constraints";
      if (domain === undefined)
        return { reasons: [`${reason} (missing required label)`], lasting: true, cause: "node" };
      const self = matchesLabels(constraint.selector, pod.metadata.labels) ? 1 : 0;
      if ((constraint.counts.get(domain) ?? 0) + self - fewest(constraint) > constraint.maxSkew)
        return { reasons: [reason], lasting: false, cause: "pods" };
    }
    return undefined;
  };
}

function readConstraint(constraint: unknown, { metadata }: Pod): Constraint {
  const selector = valueAt(constraint, "labelSelector");
  const own = textsAt(constraint, "matchLabelKeys").flatMap((key) => {
    const value = metadata.labels?.[key];
    return value === undefined ? [] : [{ key, operator: "=" as const, values: [value] }];
  });
  return {
    topologyKey: textAt(constraint, "topologyKey"),
    maxSkew: numberAt(constraint, ["maxSkew"], 1),
    minDomains: numberAt(constraint, ["minDomains"], 1),
    selector: [...selectorFromObject(isFields(selector) ? selector : undefined), ...own],
    honorsAffinity: textAt(constraint, "nodeAffinityPolicy") !== "Ignore",
    honorsTaints: textAt(constraint, "nodeTaintsPolicy") === "Honor",
    counts: new Map(),
  };
}

function toleratesAll({ spec }: Pod, { node }: NodeInfo): boolean {
  return (node.spec?.taints ?? []).every(
    (taint) => taint.effect === "PreferNoSchedule" || isTolerated(spec.tolerations, taint),
  );
}

function countMatching({ selector }: Constraint, pod: Pod, { pods }: NodeInfo): number {
  let count = 0;
  for (const { pod: other } of pods.values()) {
    const { namespace, labels, deletionTimestamp } = other.metadata;
    const counts = namespace === pod.metadata.namespace && deletionTimestamp === undefined;
    if (counts && matchesLabels(selector, labels)) count += 1;
  }
  return count;
}

/** With fewer domains than asked for there is an empty one still to come. */
function fewest({ counts, minDomains }: Constraint): number {
  return counts.size < minDomains ? 0 : Math.min(...counts.values());
}
