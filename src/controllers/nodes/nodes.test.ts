import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, nodes, type Taint } from "../compute/node.ts";
import { conditionOf, type Pod, pods, type Toleration } from "../compute/pod.ts";
import { nodeNamed, openTestCluster, podNamed } from "../compute/testing.ts";
import { startNodeTaints, taintsOf } from "./node-taints.ts";
import { startOrphanedPods } from "./orphaned-pods.ts";
import { startTaintEviction, staysMs } from "./taint-eviction.ts";

const at = "2026-01-02T03:04:05Z";
const withConditions = (conditions: Record<string, "True" | "False" | "Unknown">, spec: Node["spec"] = {}): Node => ({
  ...nodeNamed("a"),
  spec,
  status: {
    conditions: Object.entries(conditions).map(([type, status]) => ({ type, status, reason: "", message: "" })),
  },
});
const cases: Record<string, { node: Node; want: string[] }> = {
  "none when it is well": { node: withConditions({ Ready: "True", DiskPressure: "False" }), want: [] },
  "both kinds when it is not ready": {
    node: withConditions({ Ready: "False" }),
    want: ["not-ready:NoSchedule", "not-ready:NoExecute"],
  },
  "both kinds when nobody hears of it": {
    node: withConditions({ Ready: "Unknown" }),
    want: ["unreachable:NoSchedule", "unreachable:NoExecute"],
  },
  "one for each pressure, and for being cordoned": {
    node: withConditions({ Ready: "True", MemoryPressure: "True", PIDPressure: "True" }, { unschedulable: true }),
    want: ["memory-pressure:NoSchedule", "pid-pressure:NoSchedule", "unschedulable:NoSchedule"],
  },
  "those of users, and not those that are over": {
    node: withConditions(
      { Ready: "True" },
      {
        taints: [
          { key: "mine", effect: "NoExecute" },
          { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
          { key: "node.kubernetes.io/unreachable", effect: "NoExecute" },
          { key: "node.kubernetes.io/memory-pressure", effect: "NoExecute" },
        ],
      },
    ),
    want: ["mine:NoExecute", "memory-pressure:NoExecute"],
  },
};
for (const [name, { node, want }] of Object.entries(cases)) {
  test(`a node has as taints ${name}`, () => {
    const taints = taintsOf(node, at);
    assert.deepEqual(
      taints.map(({ key, effect }) => `${key.replace("node.kubernetes.io/", "")}:${effect}`),
      want,
    );
    assert.deepEqual(taintsOf({ ...node, spec: { ...node.spec, taints } }, "later"), taints);
  });
}

const taints: Taint[] = [
  { key: "a", value: "1", effect: "NoExecute" },
  { key: "b", effect: "NoExecute" },
];
const stays: Record<string, { tolerations: Toleration[]; want: number }> = {
  "not at all without a toleration": { tolerations: [], want: 0 },
  "not at all when one is not tolerated": { tolerations: [{ key: "a", operator: "Exists" }], want: 0 },
  "not at all with another value": {
    tolerations: [
      { key: "a", value: "2" },
      { key: "b", operator: "Exists" },
    ],
    want: 0,
  },
  "for ever when all are tolerated so": { tolerations: [{ operator: "Exists" }], want: Number.POSITIVE_INFINITY },
  "as long as the shortest toleration says": {
    tolerations: [
      { key: "a", value: "1", tolerationSeconds: 30 },
      { key: "b", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 },
    ],
    want: 5000,
  },
};
for (const [name, { tolerations, want }] of Object.entries(stays)) {
  test(`a pod stays on a tainted node ${name}`, () => assert.equal(staysMs(tolerations, taints), want));
}

test("pods are driven out of a tainted node, those that tolerate it for a while after that while", async () => {
  await using cluster = await openTestCluster(startNodeTaints, startTaintEviction);
  await cluster.create(nodes, nodeNamed("a"));
  await cluster.until<Node>(nodes, "a", ({ spec }) => (spec?.taints ?? []).length === 0);
  const key = "example.com/evict";
  const tolerating = (tolerationSeconds?: number) => ({
    nodeName: "a",
    tolerations: [
      {
        key,
        operator: "Exists",
        effect: "NoExecute",
        ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
      },
    ],
  });
  await cluster.create(pods, podNamed("guest", { nodeName: "a" }));
  await cluster.create(pods, podNamed("brief", tolerating(1)));
  await cluster.create(pods, podNamed("long", tolerating(3600)));
  await cluster.create(pods, podNamed("owner", tolerating()));
  await cluster.client.patch(nodes, { name: "a" }, "merge", { spec: { taints: [{ key, effect: "NoExecute" }] } });
  const isGoing = ({ metadata }: Pod) => metadata.deletionTimestamp !== undefined;
  const guest = await cluster.until<Pod>(pods, "guest", isGoing);
  assert.equal(conditionOf(guest, "DisruptionTarget")?.reason, "DeletionByTaintManager");
  assert.equal(await cluster.event("guest", "TaintManagerEviction"), "Marking for deletion Pod default/guest");
  await cluster.until<Pod>(pods, "brief", isGoing);
  for (const name of ["long", "owner"])
    assert.equal((await cluster.get(pods, name))?.metadata.deletionTimestamp, undefined);
  await cluster.client.patch(nodes, { name: "a" }, "merge", { spec: { taints: null } });
  assert.equal(await cluster.event("long", "TaintManagerEviction"), "Cancelling deletion of Pod default/long");
});

test("pods of a node that is gone go too, after a while in which it may come back", async () => {
  let now = new Date(at);
  await using cluster = await openTestCluster((context) => startOrphanedPods({ ...context, now: () => now }));
  await cluster.create(nodes, nodeNamed("there"));
  await cluster.create(pods, podNamed("stays", { nodeName: "there" }));
  await cluster.create(pods, podNamed("left", { nodeName: "gone" }));
  const pod = { metadata: { labels: { seen: "yes" } } };
  await cluster.client.patch(pods, { namespace: "default", name: "left" }, "merge", pod);
  assert.equal((await cluster.get<Pod>(pods, "left"))?.metadata.deletionTimestamp, undefined);
  now = new Date(now.getTime() + 41_000);
  await cluster.create(pods, podNamed("late", { nodeName: "gone" }));
  await cluster.gone(pods, "late");
  assert.equal((await cluster.get<Pod>(pods, "stays"))?.metadata.deletionTimestamp, undefined);
});
