import assert from "node:assert/strict";
import { test } from "node:test";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const maps = `/api/v1/namespaces/${cluster.namespace}/configmaps`;

function map(name: string, labels: Record<string, string>, data: Record<string, string> = {}) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data };
}
const only = (label: string) => `watch=true&labelSelector=${label}`;
const merge = "application/merge-patch+json";

test("a watch without a revision begins with what is there", async () => {
  await cluster.ok("POST", maps, { body: map("a1", { group: "a" }) });
  using watch = await cluster.watch(`${maps}?${only("group%3Da")}`);
  assert.deepEqual(await watch.take(1), ["ADDED a1"]);
  await cluster.ok("POST", maps, { body: map("a2", { group: "a" }) });
  await cluster.ok("PATCH", `${maps}/a2`, { body: { data: { x: "1" } }, contentType: merge });
  await cluster.ok("DELETE", `${maps}/a1`);
  assert.deepEqual(await watch.take(3), ["ADDED a2", "MODIFIED a2", "DELETED a1"]);
});

test("a watch from a revision tells only of what came after it", async () => {
  await cluster.ok("POST", maps, { body: map("b1", { group: "b" }) });
  const { metadata } = await cluster.ok("GET", `${maps}?labelSelector=group%3Db`);
  await cluster.ok("POST", maps, { body: map("b2", { group: "b" }) });
  using watch = await cluster.watch(`${maps}?${only("group%3Db")}&resourceVersion=${metadata.resourceVersion}`);
  const event = await watch.next();
  assert.deepEqual([event.type, event.object.metadata.name, event.object.kind], ["ADDED", "b2", "ConfigMap"]);
  assert.ok(BigInt(event.object.metadata.resourceVersion) > BigInt(metadata.resourceVersion));
});

test("an object that a selector no longer takes is gone for its watcher, and comes back as a new one", async () => {
  await cluster.ok("POST", maps, { body: map("c1", { group: "c" }, { x: "1" }) });
  using watch = await cluster.watch(`${maps}?${only("group%3Dc")}`);
  assert.deepEqual(await watch.take(1), ["ADDED c1"]);
  const relabel = async (group: string) =>
    await cluster.ok("PATCH", `${maps}/c1`, { body: { metadata: { labels: { group } } }, contentType: merge });
  const changed = await relabel("other");
  const gone = await watch.next();
  assert.deepEqual([gone.type, gone.object.metadata.labels], ["DELETED", { group: "c" }]);
  assert.equal(gone.object.metadata.resourceVersion, changed.metadata.resourceVersion);
  await relabel("c");
  assert.deepEqual(await watch.take(1), ["ADDED c1"]);
});

test("one object is watched by its name", async () => {
  const { metadata } = await cluster.ok("GET", maps);
  using watch = await cluster.watch(
    `${maps}?watch=true&fieldSelector=metadata.name%3Dd2&resourceVersion=${metadata.resourceVersion}`,
  );
  await cluster.ok("POST", maps, { body: map("d1", {}) });
  await cluster.ok("POST", maps, { body: map("d2", {}) });
  await cluster.ok("DELETE", `${maps}/d2`);
  assert.deepEqual(await watch.take(2), ["ADDED d2", "DELETED d2"]);
});

test("a deletion tells the last state with the revision of the deletion", async () => {
  const made = await cluster.ok("POST", maps, { body: map("e1", { group: "e" }, { x: "1" }) });
  using watch = await cluster.watch(`${maps}?${only("group%3De")}&resourceVersion=${made.metadata.resourceVersion}`);
  await cluster.ok("DELETE", `${maps}/e1`);
  const { type, object } = await watch.next();
  assert.deepEqual([type, object.data], ["DELETED", { x: "1" }]);
  assert.ok(BigInt(object.metadata.resourceVersion) > BigInt(made.metadata.resourceVersion));
});

test("a watch that streams the list ends it with a bookmark", async (t) => {
  await cluster.ok("POST", maps, { body: map("f1", { group: "f" }) });
  await cluster.ok("POST", maps, { body: map("f2", { group: "f" }) });
  using watch = await cluster.watch(
    `${maps}?${only("group%3Df")}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
  );
  const started = await watch.next();
  if (started.object.message?.includes("RequestWatchProgress is disabled")) {
    t.skip("the cluster's etcd is too old for streamed lists");
    return;
  }
  assert.deepEqual([started.type, started.object.metadata.name], ["ADDED", "f1"]);
  assert.deepEqual(await watch.take(1), ["ADDED f2"]);
  const { type, object } = await watch.next();
  assert.deepEqual([type, object.kind, object.apiVersion], ["BOOKMARK", "ConfigMap", "v1"]);
  assert.equal(object.metadata.annotations["k8s.io/initial-events-end"], "true");
  assert.match(object.metadata.resourceVersion, /^\d+$/);
  await cluster.ok("DELETE", `${maps}/f1`);
  assert.deepEqual(await watch.take(1), ["DELETED f1"]);
});

test("a watch ends when its time is over", async () => {
  using watch = await cluster.watch(`${maps}?${only("group%3Dnobody")}&timeoutSeconds=1`);
  assert.equal(await watch.next(), undefined);
});

test("a revision that is too old is an error event of an expired watch", async () => {
  using watch = await cluster.watch(`${maps}?watch=true&resourceVersion=1`);
  const event = await watch.next();
  // A server that still has all of its history tells it instead.
  if (event.type !== "ERROR") return;
  assert.deepEqual([event.object.kind, event.object.code, event.object.reason], ["Status", 410, "Expired"]);
});

test("all watchers see the same order", async () => {
  const { metadata } = await cluster.ok("GET", maps);
  const from = `${maps}?${only("group%3Dg")}&resourceVersion=${metadata.resourceVersion}`;
  using one = await cluster.watch(from);
  using other = await cluster.watch(from);
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => cluster.ok("POST", maps, { body: map(`g${index}`, { group: "g" }) })),
  );
  assert.deepEqual(await one.take(20), await other.take(20));
});

const refused: Record<string, { query: string; cause: string }> = {
  "initial events without a match": {
    query: "watch=true&sendInitialEvents=true",
    cause: "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
  },
  "a match without initial events": {
    query: "watch=true&resourceVersion=1&resourceVersionMatch=NotOlderThan",
    cause: "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
  },
};
for (const [name, { query, cause }] of Object.entries(refused)) {
  test(`a watch is refused for ${name}`, async () => {
    const { status, body } = await cluster.send("GET", `${maps}?${query}`);
    assert.equal(status, 422);
    assert.ok(body.message.includes(cause), body.message);
  });
}

test("the old path watches, too", async () => {
  const { metadata } = await cluster.ok("GET", maps);
  using watch = await cluster.watch(
    `/api/v1/watch/namespaces/${cluster.namespace}/configmaps?resourceVersion=${metadata.resourceVersion}`,
  );
  await cluster.ok("POST", maps, { body: map("h1", {}) });
  assert.deepEqual(await watch.take(1), ["ADDED h1"]);
});
