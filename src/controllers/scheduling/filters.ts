import type { Pod } from "../compute/pod.ts";
import type { Lookups, NodeInfo, PodInfo } from "./cluster.ts";
import { collides, type HostPort } from "./host-ports.ts";
import { matchesNode, namedNodes, requiredSelector } from "./node-selector.ts";
import { createPodAffinity } from "./pod-affinity.ts";
import type { Cause, Refusal } from "./refusal.ts";
import { isTolerated } from "./taints.ts";
import { createTopologySpread } from "./topology-spread.ts";
import { checkClaims, isClaimTakenAlone, volumesRefuse } from "./volume-filters.ts";

/** What can be said of all nodes together. */
export type Prepared = {
  /** No node can take the pod: why. */
  rejection?: { reason: string; cause: Cause };
  /** Only these nodes come into question. */
  candidates?: ReadonlySet<string>;
  /** Judges one node in the state it is in, or is imagined to be in. */
  filter(node: NodeInfo): Refusal | undefined;
};

const lasting = (cause: Cause, reason: string): Refusal => ({ reasons: [reason], lasting: true, cause });
const passing = (cause: Cause, ...reasons: string[]): Refusal => ({ reasons, lasting: false, cause });

/**
 * Prepares to judge nodes for a pod, in the order and with the words of kube-scheduler's default plug-ins.
 *
 * @param nodes all of them, in the state to judge by
 */
export function prepareFilters(info: PodInfo, nodes: ReadonlyMap<string, NodeInfo>, lookups: Lookups): Prepared {
  const { pod } = info;
  const required = requiredSelector(pod);
  const claims = checkClaims(pod, lookups);
  if (typeof claims === "string") {
    return { rejection: { reason: claims, cause: "volumes" }, filter: () => lasting("volumes", claims) };
  }
  const candidates = required === undefined ? undefined : namedNodes(required);
  const spread = createTopologySpread(pod, nodes, ({ node }) => matchesNode(pod, required, node));
  const affinity = createPodAffinity(info, nodes, lookups);
  const filter = (node: NodeInfo): Refusal | undefined =>
    refusesUnschedulable(pod, node) ??
    refusesByTaint(pod, node) ??
    (matchesNode(pod, required, node.node)
      ? undefined
      : lasting("node", "node(s) didn't match Pod's node affinity/selector")) ??
    (portsAreFree(info.ports, node)
      ? undefined
      : passing("pods", "node(s) didn't have free ports for the requested pod ports")) ??
    refusesByResources(info, node) ??
    (isClaimTakenAlone(claims, pod, node)
      ? passing(
          "pods",
          "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
        )
      : undefined) ??
    refusesByVolumes(claims, node, lookups) ??
    spread(node) ??
    affinity(node);
  return { ...(candidates === undefined ? {} : { candidates }), filter };
}

function refusesUnschedulable(pod: Pod, { node }: NodeInfo): Refusal | undefined {
  if (node.spec?.unschedulable !== true) return undefined;
  const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  return isTolerated(pod.spec.tolerations, taint) ? undefined : lasting("node", "node(s) were unschedulable");
}

function refusesByTaint(pod: Pod, { node }: NodeInfo): Refusal | undefined {
  const untolerated = (node.spec?.taints ?? []).some(
    (taint) => taint.effect !== "PreferNoSchedule" && !isTolerated(pod.spec.tolerations, taint),
  );
  return untolerated ? lasting("node", "node(s) had untolerated taint(s)") : undefined;
}

function portsAreFree(wanted: readonly HostPort[], { pods }: NodeInfo): boolean {
  if (wanted.length === 0) return true;
  for (const { ports } of pods.values())
    for (const taken of ports) if (wanted.some((port) => collides(port, taken))) return false;
  return true;
}

function refusesByResources({ requests }: PodInfo, { allocatable, requested, pods }: NodeInfo): Refusal | undefined {
  const billion = 1_000_000_000n;
  const reasons: string[] = [];
  let isLasting = false;
  if (BigInt(pods.size + 1) * billion > (allocatable.get("pods") ?? 0n)) reasons.push("Too many pods");
  for (const [resource, amount] of requests) {
    const whole = allocatable.get(resource) ?? 0n;
    if (amount === 0n || amount <= whole - (requested.get(resource) ?? 0n)) continue;
    reasons.push(`Insufficient ${resource}`);
    isLasting ||= amount > whole;
  }
  return reasons.length === 0 ? undefined : { reasons, lasting: isLasting, cause: "resources" };
}

function refusesByVolumes(
  claims: Parameters<typeof volumesRefuse>[0],
  node: NodeInfo,
  lookups: Lookups,
): Refusal | undefined {
  const reasons = volumesRefuse(claims, node.node, lookups);
  return reasons.length === 0 ? undefined : { reasons, lasting: true, cause: "volumes" };
}
