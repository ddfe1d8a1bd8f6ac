import assert from "node:assert/strict";
import { test } from "node:test";
import { type KubeObject, type OwnerReference, StatusError } from "../../apimachinery/index.ts";
import { openTestCluster, type TestCluster } from "../batch/testing.ts";
import { type Pod, pods, replicaSets } from "../workloads/kinds.ts";
import { startDisruptionController } from "./disruption-controller.ts";
import { type Budget, type BudgetStatus, budgets } from "./kinds.ts";

const namespace = "default";
const open = async () => await openTestCluster([startDisruptionController]);
const labels = { app: "x" };

async function makePod(cluster: TestCluster, name: string, isReady: boolean, owner?: OwnerReference): Promise<Pod> {
  const metadata = { name, namespace, labels, ...(owner && { ownerReferences: [owner] }) };
  const spec = { nodeName: "n", containers: [{ name: "c", image: "b" }] };
  const pod = await cluster.client.create<Pod>(pods, { apiVersion: "v1", kind: "Pod", metadata, spec });
  const status = isReady ? "True" : "False";
  await cluster.play(pod, { phase: "Running", conditions: [{ type: "Ready", status }] });
  return pod;
}

async function makeBudget(cluster: TestCluster, spec: Partial<Budget["spec"]>): Promise<void> {
  const selector = { matchLabels: labels };
  const metadata = { name: "p", namespace };
  await cluster.client.create(budgets, {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata,
    spec: { selector, ...spec },
  });
}

async function statusUntil(
  cluster: TestCluster,
  what: string,
  isSo: (status: BudgetStatus) => boolean | undefined,
): Promise<BudgetStatus> {
  return await cluster.until(what, async () => {
    const status = (await cluster.client.get<Budget>(budgets, { namespace, name: "p" }))?.status;
    return status?.conditions !== undefined && isSo(status) && status;
  });
}

async function makeReplicaSet(cluster: TestCluster, replicas: number): Promise<OwnerReference> {
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "b" }] } };
  const { metadata } = await cluster.client.create<KubeObject>(replicaSets, {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "rs", namespace },
    spec: { replicas, selector: { matchLabels: labels }, template },
  });
  const { uid = "" } = metadata;
  return { apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid, controller: true };
}

test("a budget counts the healthy pods that are there", async () => {
  await using cluster = await open();
  await makeBudget(cluster, { minAvailable: 2 });
  assert.equal((await statusUntil(cluster, "no pods", () => true)).disruptionsAllowed, 0);
  for (const name of ["a", "b", "c"]) await makePod(cluster, name, true);
  await makePod(cluster, "d", false);
  const status = await statusUntil(
    cluster,
    "four pods",
    ({ expectedPods, currentHealthy }) => expectedPods === 4 && currentHealthy === 3,
  );
  assert.deepEqual(status, {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 3,
    desiredHealthy: 2,
    expectedPods: 4,
    conditions: [
      {
        type: "DisruptionAllowed",
        status: "True",
        observedGeneration: 1,
        lastTransitionTime: "2026-01-02T03:04:05Z",
        reason: "SufficientPods",
        message: "",
      },
    ],
  });
});

test("shares are of what the owners want", async () => {
  await using cluster = await open();
  const owner = await makeReplicaSet(cluster, 10);
  for (const name of ["a", "b", "c", "d", "e", "f", "g"]) await makePod(cluster, name, true, owner);
  await makeBudget(cluster, { maxUnavailable: "35%" });
  const status = await statusUntil(cluster, "seven healthy", ({ currentHealthy }) => currentHealthy === 7);
  assert.deepEqual([status.expectedPods, status.desiredHealthy, status.disruptionsAllowed], [10, 6, 1]);
  await cluster.client.patch(budgets, { namespace, name: "p" }, "merge", {
    spec: { maxUnavailable: null, minAvailable: "65%" },
  });
  const other = await statusUntil(cluster, "the change", ({ observedGeneration }) => observedGeneration === 2);
  assert.deepEqual([other.expectedPods, other.desiredHealthy, other.disruptionsAllowed], [10, 7, 0]);
});

test("pods without an owner are told of, and a kind that is not there forbids everything", async () => {
  await using cluster = await open();
  await makePod(cluster, "a", true);
  await makeBudget(cluster, { maxUnavailable: 1 });
  await statusUntil(cluster, "a status", () => true);
  await cluster.until("the event", async () =>
    (await cluster.events("p")).some((event) =>
      event.startsWith(
        "Warning UnmanagedPods: Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: x,},MatchExpressions:[]LabelSelectorRequirement{},}) were found",
      ),
    ),
  );
  await makePod(cluster, "b", true, {
    apiVersion: "example.com/v1",
    kind: "Thing",
    name: "t",
    uid: "u",
    controller: true,
  });
  const status = await statusUntil(cluster, "failure", ({ conditions }) => conditions?.[0]?.reason === "SyncFailed");
  assert.equal(status.conditions?.[0]?.message, 'no matches for kind "Thing" in version "example.com/v1"');
  assert.equal(status.disruptionsAllowed, 0);
});

test("an evicted pod does not count, until it has not been deleted for two minutes", async () => {
  await using cluster = await open();
  for (const name of ["a", "b"]) await makePod(cluster, name, true);
  await makeBudget(cluster, { minAvailable: 1 });
  await statusUntil(cluster, "one allowed", ({ disruptionsAllowed }) => disruptionsAllowed === 1);
  const status = { disruptionsAllowed: 0, disruptedPods: { a: "2026-01-02T03:04:05Z", gone: "2026-01-02T03:04:05Z" } };
  await cluster.client.patch(budgets, { namespace, name: "p" }, "merge", { status }, { subresource: "status" });
  const used = await statusUntil(cluster, "one healthy", ({ currentHealthy }) => currentHealthy === 1);
  assert.deepEqual(used.disruptedPods, { a: "2026-01-02T03:04:05Z" });
  cluster.clock.advance(121_000);
  await cluster.client.patch(budgets, { namespace, name: "p" }, "merge", { metadata: { labels: { touched: "1" } } });
  const back = await statusUntil(cluster, "two healthy", ({ currentHealthy }) => currentHealthy === 2);
  assert.deepEqual([back.disruptedPods, back.disruptionsAllowed], [undefined, 1]);
});

test("an eviction is allowed by the status, and used up at once", async () => {
  await using cluster = await open();
  for (const name of ["a", "b"]) await makePod(cluster, name, true);
  await makeBudget(cluster, { minAvailable: 1 });
  await statusUntil(cluster, "one allowed", ({ disruptionsAllowed }) => disruptionsAllowed === 1);
  const evict = async (name: string) => {
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    return await cluster.client.create(pods, eviction, { subresource: "eviction" }).then(
      () => "gone",
      (error: unknown) => (error instanceof StatusError ? error.reason : error),
    );
  };
  assert.equal(await evict("a"), "gone");
  assert.equal(await evict("b"), "TooManyRequests");
  await statusUntil(
    cluster,
    "one healthy",
    ({ currentHealthy, disruptedPods }) => currentHealthy === 1 && disruptedPods === undefined,
  );
  assert.equal(await evict("b"), "TooManyRequests");
});

test("a pod that is not disrupted after all says so", async () => {
  await using cluster = await open();
  const pod = await makePod(cluster, "a", true);
  const conditions = [{ type: "DisruptionTarget", status: "True", lastTransitionTime: "2026-01-02T03:02:05Z" }];
  await cluster.play(pod, { conditions });
  await cluster.until("the change", async () => {
    const live = await cluster.client.get<Pod>(pods, { namespace, name: "a" });
    return live?.status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.status === "False";
  });
});
