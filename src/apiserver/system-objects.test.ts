import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { openMemoryStore } from "../storage/index.ts";
import { type Json, openTestServer } from "./testing.ts";

const services = "/api/v1/namespaces/default/services";

function service(name: string, spec: Json = {}): Json {
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
}

test("a cluster has its system namespaces and the kubernetes service, also after a restart", async () => {
  await using store = openMemoryStore();
  await using first = await openTestServer({ store });
  const { items } = await first.ok("GET", "/api/v1/namespaces");
  assert.deepEqual(
    items.map(({ metadata }: Json) => metadata.name),
    ["default", "kube-node-lease", "kube-public", "kube-system"],
  );
  const { spec } = await first.ok("GET", `${services}/kubernetes`);
  assert.deepEqual([spec.clusterIP, spec.ports[0].port], ["10.96.0.1", 443]);
  const { revision } = store;
  await using _second = await openTestServer({ store });
  assert.equal(store.revision, revision, "nothing is made twice");
});

test("clusters in one store do not see each other", async () => {
  await using store = openMemoryStore();
  await using one = await openTestServer({ store, cluster: "one" });
  await using two = await openTestServer({ store, cluster: "two" });
  await one.ok("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
  });
  assert.equal((await two.send("GET", "/api/v1/namespaces/a")).status, 404);
});

test("services get addresses and ports that no other has, also when they come together", async () => {
  await using server = await openTestServer();
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      server.ok("POST", services, { body: service(`s${index}`, { type: "NodePort" }) }),
    ),
  );
  assert.equal(new Set(made.map(({ spec }) => spec.clusterIP)).size, 50);
  assert.equal(new Set(made.map(({ spec }) => spec.ports[0].nodePort)).size, 50);
  const { status, body } = await server.send("POST", services, {
    body: service("again", { clusterIP: made[0].spec.clusterIP }),
  });
  assert.equal(status, 422);
  assert.match(body.message, /provided IP is already allocated/);
  await server.ok("DELETE", `${services}/s0`);
  await server.ok("POST", services, { body: service("again", { clusterIP: made[0].spec.clusterIP }) });
});

test("an update of a service keeps its address", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", services, { body: service("a") });
  const changed = await server.ok("PUT", `${services}/a`, { body: service("a", { ports: [{ port: 81 }] }) });
  assert.equal(changed.spec.clusterIP, made.spec.clusterIP);
});

test("events are gone an hour after their last change", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-01-01T00:00:00Z") });
  try {
    await using server = await openTestServer({ now: () => new Date() });
    const events = "/api/v1/namespaces/default/events";
    const event = (name: string) => ({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace: "default" },
      involvedObject: { kind: "Pod", namespace: "default", name: "a" },
      reason: "Tested",
      type: "Normal",
    });
    await server.ok("POST", events, { body: event("a") });
    mock.timers.tick(30 * 60_000);
    await server.ok("POST", events, { body: event("b") });
    mock.timers.tick(32 * 60_000);
    const shown = async () => (await server.ok("GET", events)).items.map(({ metadata }: Json) => metadata.name);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await shown(), ["b"]);
    mock.timers.tick(60 * 60_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await shown(), []);
  } finally {
    mock.timers.reset();
  }
});

test("an event of one group is an event of the other", async () => {
  await using server = await openTestServer();
  const body = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "a", namespace: "default" },
    involvedObject: { kind: "Pod", namespace: "default", name: "p" },
    reason: "Tested",
    message: "a message",
    type: "Normal",
  };
  await server.ok("POST", "/api/v1/namespaces/default/events", { body });
  const shown = await server.ok("GET", "/apis/events.k8s.io/v1/namespaces/default/events/a");
  assert.deepEqual([shown.apiVersion, shown.note, shown.regarding.name], ["events.k8s.io/v1", "a message", "p"]);
  const { items } = await server.ok("GET", "/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp");
  assert.equal(items.length, 1);
  assert.equal((await server.ok("GET", "/api/v1/events?fieldSelector=involvedObject.name%3Dq")).items.length, 0);
  await using watch = await server.watch("/apis/events.k8s.io/v1/events?watch=true");
  assert.equal((await watch.next()).object.note, "a message");
});
