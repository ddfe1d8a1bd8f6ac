import { deepEqual, type KubeObject } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { evictPod } from "../nodes/evict-pod.ts";
import { computeLabel } from "./compute.ts";
import { type Node, type NodeCondition, nodes } from "./node.ts";
import { isTerminal, type Pod, pods } from "./pod.ts";

const leases: Resource = {
  group: "coordination.k8s.io",
  version: "v1",
  resource: "leases",
  kind: "Lease",
  namespaced: true,
};
const leaseNamespace = "kube-node-lease";
/**
 * How long a lease says that its node is alive: a year. The nodes live as long as this process, which renews their leases
 * when it starts and not by a timer.
 */
const leaseSeconds = 365 * 24 * 3600;
const fieldManager = "skiff-compute";

/**
 * Makes the nodes of this platform be as described, and those that it had before and has no more go. What users have added
 * stays: labels, annotations, taints, cordoning.
 */
export async function registerNodes(client: Client, described: readonly Node[], now: Date): Promise<void> {
  const { items } = await client.list<Node>(nodes);
  const live = new Map(items.map((node) => [node.metadata.name, node]));
  const names = new Set(described.map(({ metadata }) => metadata.name));
  await Promise.all(described.map((node) => registerNode(client, node, live.get(node.metadata.name), now)));
  const former = items.filter(
    ({ metadata }) => metadata.labels?.[computeLabel] !== undefined && !names.has(metadata.name),
  );
  await Promise.all(former.map(({ metadata }) => removeNode(client, metadata.name ?? "", now)));
}

/** Takes a node away with its pods, which nobody would end. */
async function removeNode(client: Client, name: string, now: Date): Promise<void> {
  await client.delete(nodes, { name });
  const { items } = await client.list<Pod>(pods, { fieldSelector: `spec.nodeName=${name}` });
  const why = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists" };
  for (const pod of items) {
    const failed = isTerminal(pod) ? {} : { phase: "Failed" as const };
    await evictPod(client, pod, why, { now, ...failed, deletion: { gracePeriodSeconds: 0 } });
  }
}

async function registerNode(client: Client, node: Node, live: Node | undefined, now: Date): Promise<void> {
  const { name = "" } = node.metadata;
  const registered =
    live === undefined ? await client.create(nodes, node, { fieldManager }) : await refreshNode(client, node, live);
  await renewLease(client, name, registered.metadata.uid ?? "", now);
}

async function refreshNode(client: Client, node: Node, live: Node): Promise<Node> {
  const { name = "", labels = {}, annotations } = node.metadata;
  const roles = Object.keys(live.metadata.labels ?? {}).filter(
    (label) => label.startsWith("node-role.kubernetes.io/") && !Object.hasOwn(labels, label),
  );
  // The role is what the other mode left; those that users gave are told apart by their value being set on purpose.
  const gone = roles.filter((label) => ownRoles.has(label)).map((label) => [label, null]);
  const metadata = { labels: { ...Object.fromEntries(gone), ...labels }, annotations };
  const range = live.spec?.podCIDR === undefined ? { spec: node.spec } : {};
  await client.patch(nodes, { name }, "strategic", { metadata, ...range }, { fieldManager });
  const conditions = (node.status?.conditions ?? []).map((condition) => sinceBefore(condition, live));
  const status = { ...node.status, conditions, addresses: undefined };
  const addresses = addressPatch(node, live);
  return await client.patch<Node>(
    nodes,
    { name },
    "strategic",
    { status: { ...status, ...(addresses === undefined ? {} : addresses) } },
    { fieldManager, subresource: "status" },
  );
}

const ownRoles = new Set(["node-role.kubernetes.io/simulated", "node-role.kubernetes.io/does-not-run-pods"]);

/** Addresses are merged by their type, so a changed one replaces the old. */
function addressPatch(node: Node, live: Node): { addresses: unknown } | undefined {
  return deepEqual(node.status?.addresses, live.status?.addresses) ? undefined : { addresses: node.status?.addresses };
}

function sinceBefore(condition: NodeCondition, live: Node): NodeCondition {
  const before = live.status?.conditions?.find(({ type }) => type === condition.type);
  if (before?.status !== condition.status || before.lastTransitionTime === undefined) return condition;
  return { ...condition, lastTransitionTime: before.lastTransitionTime };
}

async function renewLease(client: Client, name: string, uid: string, now: Date): Promise<void> {
  const renewTime = `${now.toISOString().slice(0, -1)}000Z`;
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime };
  const owner = { apiVersion: "v1", kind: "Node", name, uid };
  const lease: KubeObject = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace: leaseNamespace, ownerReferences: [owner] },
    spec,
  };
  const live = await client.get(leases, { namespace: leaseNamespace, name });
  if (live === undefined) await client.create(leases, lease, { fieldManager });
  else {
    const metadata = { ownerReferences: [owner] };
    await client.patch(leases, { namespace: leaseNamespace, name }, "merge", { metadata, spec }, { fieldManager });
  }
}
