import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { startNodeTaints } from "../nodes/node-taints.ts";
import { startScheduler } from "../scheduling/start-scheduler.ts";
import { type ComputeOptions, computeLabel, simulatedCondition } from "./compute.ts";
import { describeNodes } from "./describe-nodes.ts";
import { type Node, nodes } from "./node.ts";
import { registerNodes } from "./node-registration.ts";
import { conditionOf, isReady, type Pod, pods } from "./pod.ts";
import { startCompute } from "./start-compute.ts";
import { openTestCluster, podNamed } from "./testing.ts";

const leases: Resource = {
  group: "coordination.k8s.io",
  version: "v1",
  resource: "leases",
  kind: "Lease",
  namespaced: true,
};

async function openPlatform(mode: ComputeOptions["mode"]) {
  return await openTestCluster(startNodeTaints, startScheduler, (context) =>
    startCompute(context, { mode, name: "skiff" }),
  );
}

test("a platform that simulates plays the life of pods, and marks them", async () => {
  await using cluster = await openPlatform("simulated");
  await cluster.create(pods, podNamed("web"));
  const pod = await cluster.until<Pod>(pods, "web", isReady);
  // Terraform takes back what it finds in metadata and did not write.
  assert.deepEqual([pod.metadata.annotations, pod.metadata.labels], [undefined, undefined]);
  assert.equal(pod.spec.nodeName, "skiff");
  assert.match(pod.status?.podIP ?? "", /^10\.128\.0\.\d+$/);
  assert.deepEqual(
    pod.status?.conditions?.map(({ type, status }) => `${type} ${status}`),
    [
      "PodReadyToStartContainers True",
      "Initialized True",
      "Ready True",
      "ContainersReady True",
      "PodScheduled True",
      "skiff.dev/Simulated True",
    ],
  );
  assert.ok(pod.status?.containerStatuses?.[0]?.state.running);
  assert.equal(await cluster.event("web", "Scheduled"), "Successfully assigned default/web to skiff");
  await cluster.remove(pods, "web");
  await cluster.gone(pods, "web");
});

test("a pod that is deleted ends in its time, and one with a finalizer is kept as ended", async () => {
  await using cluster = await openPlatform("simulated");
  await cluster.create(pods, podNamed("kept", {}, { finalizers: ["example.com/keep"] }));
  await cluster.until<Pod>(pods, "kept", isReady);
  await cluster.remove(pods, "kept");
  const ended = await cluster.until<Pod>(pods, "kept", ({ metadata }) => metadata.deletionGracePeriodSeconds === 0);
  assert.equal(ended.status?.phase, "Succeeded");
  assert.ok(ended.status?.containerStatuses?.[0]?.state.terminated);
  await cluster.client.patch(pods, { namespace: "default", name: "kept" }, "merge", { metadata: { finalizers: null } });
  await cluster.gone(pods, "kept");
});

test("a readiness gate holds a pod back until its condition is true", async () => {
  await using cluster = await openPlatform("simulated");
  await cluster.create(pods, podNamed("gated", { readinessGates: [{ conditionType: "example.com/up" }] }));
  const waiting = await cluster.until<Pod>(
    pods,
    "gated",
    (pod) => conditionOf(pod, "ContainersReady")?.status === "True",
  );
  assert.equal(conditionOf(waiting, "Ready")?.reason, "ReadinessGatesNotReady");
  const status = { conditions: [{ type: "example.com/up", status: "True" }] };
  await cluster.client.patch(
    pods,
    { namespace: "default", name: "gated" },
    "strategic",
    { status },
    { subresource: "status" },
  );
  await cluster.until<Pod>(pods, "gated", isReady);
});

test("a pod's annotation says how it fails", async () => {
  await using cluster = await openPlatform("simulated");
  const annotations = { "skiff.dev/simulate": "start=0s, run=1ms, exit=7" };
  await cluster.create(pods, podNamed("failing", { restartPolicy: "Never" }, { annotations }));
  const failed = await cluster.until<Pod>(pods, "failing", ({ status }) => status?.phase === "Failed");
  assert.equal(failed.status?.containerStatuses?.[0]?.state.terminated?.exitCode, 7);
});

test("a platform that runs no pods assigns them, and says so", async () => {
  await using cluster = await openPlatform("none");
  await cluster.create(pods, podNamed("web"));
  const pod = await cluster.until<Pod>(pods, "web", ({ status }) => status?.reason === "PodsAreNotRun");
  assert.equal(pod.status?.phase, "Pending");
  assert.equal(conditionOf(pod, "PodScheduled")?.status, "True");
  assert.equal(conditionOf(pod, simulatedCondition), undefined);
  assert.match(await cluster.event("web", "PodsAreNotRun"), /--compute=simulated/);
  await cluster.remove(pods, "web");
  await cluster.gone(pods, "web");
});

test("a platform that no longer simulates takes back what it said of its pods", async () => {
  await using cluster = await openTestCluster();
  const context = { ...cluster, log: (await import("../../lib/index.ts")).silentLog, now: () => new Date() };
  const simulating = startCompute(context, { mode: "simulated", name: "skiff" });
  await cluster.create(pods, podNamed("web", { nodeName: "skiff" }));
  await cluster.until<Pod>(pods, "web", isReady);
  await simulating[Symbol.asyncDispose]();
  await using _none = startCompute(context, { mode: "none", name: "skiff" });
  const pod = await cluster.until<Pod>(pods, "web", ({ status }) => status?.phase === "Pending");
  assert.deepEqual([pod.status?.podIP, pod.status?.containerStatuses, isReady(pod)], [undefined, undefined, false]);
  assert.equal(conditionOf(pod, simulatedCondition)?.status, "False");
  await cluster.until<Node>(nodes, "skiff", ({ metadata }) => metadata.labels?.[computeLabel] === "none");
});

test("a node rejects a pod that it was given and has no room for", async () => {
  await using cluster = await openPlatform("simulated");
  const containers = [{ name: "c", image: "c", ports: [{ containerPort: 80, hostPort: 80 }] }];
  await cluster.create(pods, podNamed("first", { nodeName: "skiff", containers }));
  await cluster.until<Pod>(pods, "first", isReady);
  await cluster.create(pods, podNamed("second", { nodeName: "skiff", containers }));
  const rejected = await cluster.until<Pod>(pods, "second", ({ status }) => status?.phase === "Failed");
  const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  assert.deepEqual([rejected.status?.reason, rejected.status?.message], ["NodePorts", `Pod was rejected: ${message}`]);
  assert.equal(await cluster.event("second", "NodePorts"), message);
  assert.deepEqual([rejected.status?.observedGeneration, rejected.metadata.generation], [1, 1]);
  assert.equal(conditionOf(rejected, simulatedCondition)?.status, "True");
  await cluster.remove(pods, "first");
  await cluster.gone(pods, "first");
  await cluster.create(pods, podNamed("third", { nodeName: "skiff", containers }));
  await cluster.until<Pod>(pods, "third", isReady);
});

test("extended resources that users advertise can be given to pods, until they are taken back", async () => {
  await using cluster = await openPlatform("simulated");
  const dongle = "example.com/dongle";
  const advertise = async (amount: string | null) => {
    const status = { capacity: { [dongle]: amount } };
    await cluster.client.patch(nodes, { name: "skiff" }, "merge", { status }, { subresource: "status" });
  };
  await cluster.until<Node>(nodes, "skiff", ({ status }) => status?.capacity !== undefined);
  await advertise("2");
  await cluster.until<Node>(nodes, "skiff", ({ status }) => status?.allocatable?.[dongle] === "2");
  const resources = { requests: { [dongle]: "2" }, limits: { [dongle]: "2" } };
  await cluster.create(pods, podNamed("using", { containers: [{ name: "c", image: "c", resources }] }));
  await cluster.until<Pod>(pods, "using", isReady);
  await advertise(null);
  await cluster.until<Node>(nodes, "skiff", ({ status }) => status?.allocatable?.[dongle] === undefined);
});

const machine = { cpus: 2, memoryBytes: 4 * 2 ** 30, address: "192.0.2.7", os: "linux", arch: "amd64", kernel: "6" };
const seen = { machine, version: "v1.34.0", now: "2026-01-02T03:04:05Z" };

test("nodes are registered with leases, keep what users gave them, and go when there are fewer", async () => {
  await using cluster = await openTestCluster();
  const register = async (count: number, mode: ComputeOptions["mode"]) =>
    await registerNodes(cluster.client, describeNodes({ mode, name: "skiff", nodes: count }, seen), new Date());
  await register(2, "simulated");
  assert.deepEqual(
    (await cluster.list(nodes)).map(({ metadata }) => metadata.name),
    ["skiff", "skiff-2"],
  );
  const lease = await cluster.client.get<KubeObject & { spec: { holderIdentity: string } }>(leases, {
    namespace: "kube-node-lease",
    name: "skiff-2",
  });
  assert.equal(lease?.spec.holderIdentity, "skiff-2");
  const label = { metadata: { labels: { team: "blue" } }, spec: { unschedulable: true } };
  await cluster.client.patch(nodes, { name: "skiff" }, "merge", label);
  await cluster.create(pods, podNamed("left", { nodeName: "skiff-2" }));
  await register(1, "none");
  const [node, ...others] = await cluster.list<Node>(nodes);
  assert.deepEqual(others, []);
  assert.equal(await cluster.get(pods, "left"), undefined);
  assert.deepEqual(
    Object.keys(node?.metadata.labels ?? {}).filter((key) => key.startsWith("node-role")),
    ["node-role.kubernetes.io/does-not-run-pods"],
  );
  assert.deepEqual([node?.metadata.labels?.["team"], node?.spec?.unschedulable], ["blue", true]);
  assert.equal(node?.status?.capacity?.["cpu"], "2");
  assert.deepEqual(node?.status?.addresses?.[0], { type: "InternalIP", address: "192.0.2.7" });
});
