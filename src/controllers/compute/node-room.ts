import { collides, type HostPort, hostPortsOf } from "../scheduling/host-ports.ts";
import { matchesNode, requiredSelector } from "../scheduling/node-selector.ts";
import { type Amounts, addAmounts, amountsOf, podRequests, subtractAmounts } from "../scheduling/resources.ts";
import { isTolerated } from "../scheduling/taints.ts";
import type { Node } from "./node.ts";
import type { Pod } from "./pod.ts";

/** Why a node does not take a pod that it was given, in the words of kubelet. */
export type Rejection = { reason: string; message: string };

/**
 * What is taken on one node. A scheduler has looked before it gave a pod to a node, but pods may come with the name of a node,
 * or be bound by somebody else.
 */
export type NodeRoom = {
  /** Takes a pod that is on the node already. */
  take(pod: Pod): void;
  /** Takes a new pod, or says why not. */
  admit(pod: Pod, node: Node): Rejection | undefined;
  free(uid: string): void;
};

type Taken = { requests: Amounts; ports: readonly HostPort[]; generation: number | undefined };

/** `system-cluster-critical` and above, and what runs on a node by itself: for them a kubelet makes room. */
const criticalPriority = 2_000_000_000;
/** Amounts are in billionths; kubelet tells processors in thousandths and everything else whole. */
const billion = 1_000_000_000n;
const million = 1_000_000n;

export function createNodeRoom(): NodeRoom {
  const pods = new Map<string, Taken>();
  const used: Amounts = new Map();
  const put = (uid: string, taken: Taken) => {
    pods.set(uid, taken);
    addAmounts(used, taken.requests);
  };
  const free = (uid: string) => {
    const taken = pods.get(uid);
    if (taken === undefined) return;
    pods.delete(uid);
    subtractAmounts(used, taken.requests);
  };
  return {
    take(pod) {
      const { uid = "", generation } = pod.metadata;
      const before = pods.get(uid);
      // What a pod takes changes only with its spec.
      if (before !== undefined && before.generation === generation) return;
      free(uid);
      put(uid, takenBy(pod));
    },
    admit(pod, node) {
      const { uid = "" } = pod.metadata;
      if (pods.has(uid)) return undefined;
      const taken = takenBy(pod);
      const rejection =
        otherSystem(pod, node) ??
        (isCritical(pod) ? undefined : tooLittle(taken.requests, node, used, pods.size)) ??
        unwanted(pod, node) ??
        takenPorts(taken.ports, pods.values()) ??
        untolerated(pod, node);
      if (rejection === undefined) put(uid, taken);
      return rejection;
    },
    free,
  };
}

function takenBy(pod: Pod): Taken {
  return { requests: podRequests(pod), ports: hostPortsOf(pod), generation: pod.metadata.generation };
}

function isCritical({ spec }: Pod): boolean {
  return (spec.priority ?? 0) >= criticalPriority;
}

function otherSystem({ spec, metadata }: Pod, node: Node): Rejection | undefined {
  const label = "kubernetes.io/os";
  const system = node.metadata.labels?.[label];
  const labelled = metadata.labels?.[label];
  if (labelled !== undefined && labelled !== system) {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return { reason: "PodOSSelectorNodeLabelDoesNotMatch", message };
  }
  if (spec.os === undefined || spec.os.name === system) return undefined;
  return { reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS" };
}

/** Extended resources that the node does not know are not its own to judge. */
function tooLittle(requests: Amounts, node: Node, used: Amounts, count: number): Rejection | undefined {
  const allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity);
  const asked: Amounts = new Map([["pods", billion], ...requests]);
  const taken: Amounts = new Map([...used, ["pods", BigInt(count) * billion]]);
  for (const [resource, amount] of asked) {
    const whole = allocatable.get(resource);
    const before = taken.get(resource) ?? 0n;
    if (amount === 0n || (whole === undefined && resource.includes("/")) || amount <= (whole ?? 0n) - before) continue;
    const unit = resource === "cpu" ? million : billion;
    const told = [amount, before, whole ?? 0n].map((value) => value / unit);
    const amounts = `requested: ${told[0]}, used: ${told[1]}, capacity: ${told[2]}`;
    return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${amounts}` };
  }
  return undefined;
}

function unwanted(pod: Pod, node: Node): Rejection | undefined {
  if (matchesNode(pod, requiredSelector(pod), node)) return undefined;
  return predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
}

function takenPorts(wanted: readonly HostPort[], others: Iterable<Taken>): Rejection | undefined {
  if (wanted.length === 0) return undefined;
  for (const { ports } of others) {
    if (ports.some((taken) => wanted.some((port) => collides(port, taken))))
      return predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports");
  }
  return undefined;
}

function untolerated({ spec }: Pod, node: Node): Rejection | undefined {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
  if (taints.every((taint) => isTolerated(spec.tolerations, taint))) return undefined;
  return predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate");
}

function predicate(reason: string, why: string): Rejection {
  return { reason, message: `Predicate ${reason} failed: ${why}` };
}
