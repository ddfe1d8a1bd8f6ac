import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer, type TestServer } from "../testing.ts";

const pods = "/api/v1/namespaces/default/pods";
const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
const merge = "application/merge-patch+json";
const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

async function makePod(server: TestServer, name: string, status: Json): Promise<void> {
  const metadata = { name, labels: { app: "x" } };
  const spec = { nodeName: "n", containers: [{ name: "c", image: "b" }] };
  await server.ok("POST", pods, { body: { apiVersion: "v1", kind: "Pod", metadata, spec } });
  await server.ok("PATCH", `${pods}/${name}/status`, { body: { status }, contentType: merge });
}

const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const unready = { phase: "Running", conditions: [{ type: "Ready", status: "False" }] };

async function makeBudget(server: TestServer, status: Json, spec: Json = {}): Promise<void> {
  const selector = { matchLabels: { app: "x" } };
  const body = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "p" },
    spec: { minAvailable: 1, selector, ...spec },
  };
  await server.ok("POST", budgets, { body });
  const full = { disruptionsAllowed: 0, desiredHealthy: 1, currentHealthy: 2, expectedPods: 2, observedGeneration: 1 };
  await server.ok("PATCH", `${budgets}/p/status`, { body: { status: { ...full, ...status } }, contentType: merge });
}

async function evict(server: TestServer, name: string, deleteOptions: Json = { gracePeriodSeconds: 0 }) {
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name }, deleteOptions };
  return await server.send("POST", `${pods}/${name}/eviction`, { body });
}

test("an eviction uses a disruption up, and is refused when none is left", async () => {
  await using server = await openTestServer();
  await makePod(server, "a", ready);
  await makePod(server, "b", ready);
  await makeBudget(server, { disruptionsAllowed: 1 });
  assert.equal((await evict(server, "a")).status, 201);
  assert.equal((await server.send("GET", `${pods}/a`)).status, 404);
  const { status } = await server.ok("GET", `${budgets}/p`);
  assert.equal(status.disruptionsAllowed, 0);
  assert.deepEqual(status.disruptedPods, { a: "2026-01-02T03:04:05Z" });
  assert.deepEqual(status.conditions, [
    {
      type: "DisruptionAllowed",
      status: "False",
      observedGeneration: 1,
      lastTransitionTime: "2026-01-02T03:04:05Z",
      reason: "InsufficientPods",
      message: "",
    },
  ]);
  const refused = await evict(server, "b");
  assert.equal(refused.status, 429);
  assert.equal(refused.headers["retry-after"], undefined);
  assert.equal(refused.body.message, refusal);
  assert.deepEqual(refused.body.details, {
    causes: [
      { reason: "DisruptionBudget", message: "The disruption budget p needs 1 healthy pods and has 2 currently" },
    ],
  });
});

test("a budget that is not up to date allows nothing yet", async () => {
  await using server = await openTestServer();
  await makePod(server, "a", ready);
  await makeBudget(server, { disruptionsAllowed: 1, observedGeneration: 0 });
  const refused = await evict(server, "a");
  assert.equal(refused.headers["retry-after"], "10");
  assert.deepEqual(refused.body.details, {
    causes: [
      { reason: "DisruptionBudget", message: "The disruption budget p is still being processed by the server." },
    ],
    retryAfterSeconds: 10,
  });
});

test("an eviction says on the pod why it goes", async () => {
  await using server = await openTestServer();
  await makePod(server, "a", ready);
  assert.equal((await evict(server, "a", {})).status, 201);
  const pod = await server.ok("GET", `${pods}/a`);
  assert.ok(pod.metadata.deletionTimestamp);
  assert.deepEqual(
    pod.status.conditions.find(({ type }: Json) => type === "DisruptionTarget"),
    {
      type: "DisruptionTarget",
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: "2026-01-02T03:04:05Z",
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    },
  );
});

const unhealthy: Record<string, { status: Json; spec?: Json; want: number }> = {
  "when enough others are healthy": { status: {}, want: 201 },
  "not when too few are healthy": { status: { currentHealthy: 0 }, want: 429 },
  "not when none has to be healthy and none may go": { status: { desiredHealthy: 0 }, want: 429 },
  "always, when the budget says so": {
    status: { currentHealthy: 0 },
    spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" },
    want: 201,
  },
};
for (const [name, { status, spec, want }] of Object.entries(unhealthy)) {
  test(`a pod that is not ready may be evicted ${name}`, async () => {
    await using server = await openTestServer();
    await makePod(server, "a", unready);
    await makeBudget(server, status, spec);
    assert.equal((await evict(server, "a")).status, want);
    assert.equal((await server.ok("GET", `${budgets}/p`)).status.disruptedPods, undefined);
  });
}

for (const phase of ["Pending", "Succeeded", "Failed"]) {
  test(`a pod that is ${phase} needs no budget`, async () => {
    await using server = await openTestServer();
    await makePod(server, "a", { phase });
    await makeBudget(server, { currentHealthy: 0 });
    assert.equal((await evict(server, "a")).status, 201);
  });
}

test("two budgets are one too many", async () => {
  await using server = await openTestServer();
  await makePod(server, "a", ready);
  await makeBudget(server, { disruptionsAllowed: 1 });
  const second = { ...(await server.ok("GET", `${budgets}/p`)), metadata: { name: "q" } };
  await server.ok("POST", budgets, { body: second });
  const refused = await evict(server, "a");
  assert.equal(refused.status, 500);
  assert.equal(refused.body.reason, undefined);
});

test("a dry run changes nothing, and preconditions hold", async () => {
  await using server = await openTestServer();
  await makePod(server, "a", ready);
  await makeBudget(server, { disruptionsAllowed: 1 });
  const before = await server.ok("GET", `${pods}/a`);
  assert.equal((await evict(server, "a", { dryRun: ["All"] })).status, 201);
  assert.deepEqual(await server.ok("GET", `${pods}/a`), before);
  assert.equal((await server.ok("GET", `${budgets}/p`)).status.disruptionsAllowed, 1);
  const refused = await evict(server, "a", { preconditions: { uid: "other" } });
  assert.equal(refused.status, 409);
  assert.match(
    refused.body.message,
    /^Operation cannot be fulfilled on Pod "a": the UID in the precondition \(other\)/,
  );
});

test("an eviction names its pod", async () => {
  await using server = await openTestServer();
  await makePod(server, "a", ready);
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: {} };
  const refused = await server.send("POST", `${pods}/a/eviction`, { body });
  assert.equal(refused.status, 400);
  assert.equal(refused.body.message, "name in URL does not match name in Eviction object");
});
