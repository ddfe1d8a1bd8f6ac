import assert from "node:assert/strict";
import { test } from "node:test";
import { configMap, deployment, type Json, openTestServer } from "../testing.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const merge = "application/merge-patch+json";

function pod(name: string, spec: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "main", image: "nginx" }], ...spec },
  };
}

test("delete answers with a Status, or with the object where Kubernetes does", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", maps, { body: configMap("a") });
  assert.deepEqual(await server.ok("DELETE", `${maps}/a`), {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: "a", kind: "configmaps", uid: made.metadata.uid },
  });
  assert.equal((await server.send("DELETE", `${maps}/a`)).status, 404);
  await server.ok("POST", pods, { body: pod("a") });
  assert.equal((await server.ok("DELETE", `${pods}/a`)).kind, "Pod");
});

test("delete checks its preconditions and options", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", maps, { body: configMap("a") });
  const remove = (options: Json, query = "") =>
    server.send("DELETE", `${maps}/a${query}`, { body: { kind: "DeleteOptions", apiVersion: "v1", ...options } });
  const wrongUid = await remove({ preconditions: { uid: "x" } });
  assert.equal(wrongUid.status, 409);
  assert.match(wrongUid.body.message, /the UID in the precondition \(x\) does not match the UID in record/);
  assert.equal((await remove({ preconditions: { resourceVersion: "1" } })).status, 409);
  assert.equal((await remove({ propagationPolicy: "Sideways" })).status, 422);
  assert.equal((await remove({ propagationPolicy: "Orphan", orphanDependents: true })).status, 422);
  assert.equal((await server.send("DELETE", `${maps}/a`, { body: configMap("a") })).status, 500);
  assert.equal(
    (await remove({ preconditions: { uid: made.metadata.uid, resourceVersion: made.metadata.resourceVersion } }))
      .status,
    200,
  );
});

test("finalizers hold an object until the last one is gone, and no new ones come", async () => {
  await using server = await openTestServer();
  const body = configMap("a");
  body.metadata.finalizers = ["example.com/a", "example.com/b"];
  await server.ok("POST", maps, { body });
  const marked = await server.ok("DELETE", `${maps}/a`);
  assert.equal(marked.metadata.deletionTimestamp, "2026-01-02T03:04:05Z");
  assert.equal(marked.metadata.deletionGracePeriodSeconds, 0);
  assert.deepEqual(await server.ok("DELETE", `${maps}/a`), marked, "a second delete changes nothing");
  const finalizers = (list: string[] | null) =>
    server.send("PATCH", `${maps}/a`, { body: { metadata: { finalizers: list } }, contentType: merge });
  const added = await finalizers(["example.com/a", "example.com/c"]);
  assert.equal(added.status, 422);
  assert.match(
    added.body.message,
    /no new finalizers can be added if the object is being deleted, found new finalizers \[\]string\{"example\.com\/c"\}/,
  );
  assert.equal(
    (await finalizers(["example.com/a"])).body.metadata.deletionTimestamp,
    marked.metadata.deletionTimestamp,
  );
  assert.equal((await finalizers(null)).status, 200);
  assert.equal((await server.send("GET", `${maps}/a`)).status, 404);
});

const policies: Record<string, { options: Json; finalizers: string[] | undefined; status: number }> = {
  "Foreground keeps it until its dependents are gone": {
    options: { propagationPolicy: "Foreground" },
    finalizers: ["foregroundDeletion"],
    status: 202,
  },
  "Orphan keeps it until its dependents have no owner": {
    options: { propagationPolicy: "Orphan" },
    finalizers: ["orphan"],
    status: 200,
  },
  "orphanDependents is the older word": { options: { orphanDependents: true }, finalizers: ["orphan"], status: 200 },
  "Background lets it go": { options: { propagationPolicy: "Background" }, finalizers: undefined, status: 200 },
};
for (const [name, { options, finalizers, status }] of Object.entries(policies)) {
  test(`propagation policy: ${name}`, async () => {
    await using server = await openTestServer();
    await server.ok("POST", "/apis/apps/v1/namespaces/default/deployments", { body: deployment("a") });
    const answer = await server.send("DELETE", "/apis/apps/v1/namespaces/default/deployments/a", {
      body: { kind: "DeleteOptions", apiVersion: "v1", ...options },
    });
    assert.equal(answer.status, status);
    const { body } = await server.send("GET", "/apis/apps/v1/namespaces/default/deployments/a");
    assert.deepEqual(body.metadata.finalizers, finalizers);
    assert.equal(body.metadata.generation, finalizers === undefined ? undefined : 2, "deleting counts as a change");
  });
}

const graces: Record<string, { spec: Json; status?: Json; query: string; want: number | "gone" }> = {
  "a pod without a node goes at once": { spec: {}, query: "", want: "gone" },
  "a pod on a node gets its own time": {
    spec: { nodeName: "n", terminationGracePeriodSeconds: 7 },
    query: "",
    want: 7,
  },
  "a pod on a node gets the time asked for": { spec: { nodeName: "n" }, query: "?gracePeriodSeconds=3", want: 3 },
  "a negative time is one second": { spec: { nodeName: "n" }, query: "?gracePeriodSeconds=-5", want: 1 },
  "a pod on a node goes at once by force": { spec: { nodeName: "n" }, query: "?gracePeriodSeconds=0", want: "gone" },
  "a pod that has ended goes at once": {
    spec: { nodeName: "n" },
    status: { phase: "Succeeded" },
    query: "",
    want: "gone",
  },
};
for (const [name, { spec, status, query, want }] of Object.entries(graces)) {
  test(`grace period: ${name}`, async () => {
    await using server = await openTestServer();
    await server.ok("POST", pods, { body: pod("a", spec) });
    if (status !== undefined) await server.ok("PATCH", `${pods}/a/status`, { body: { status }, contentType: merge });
    await server.ok("DELETE", `${pods}/a${query}`);
    const answer = await server.send("GET", `${pods}/a`);
    if (want === "gone") return assert.equal(answer.status, 404);
    assert.equal(answer.body.metadata.deletionGracePeriodSeconds, want);
    await server.ok("DELETE", `${pods}/a?gracePeriodSeconds=0`);
    assert.equal((await server.send("GET", `${pods}/a`)).status, 404);
  });
}

test("deletecollection removes what is selected and lists it", async () => {
  await using server = await openTestServer();
  for (const [name, app] of Object.entries({ a: "x", b: "x", c: "y" }))
    await server.ok("POST", maps, { body: configMap(name, { labels: { app } }) });
  const list = await server.ok("DELETE", `${maps}?labelSelector=app%3Dx`);
  assert.equal(list.kind, "ConfigMapList");
  assert.deepEqual(names(list), ["a", "b"]);
  assert.deepEqual(names(await server.ok("GET", maps)), ["c"]);
  assert.equal((await server.send("DELETE", "/api/v1/configmaps")).status, 405);
});

test("a namespace takes its time: phase, finalizers, finalize", async () => {
  await using server = await openTestServer();
  const namespace = await server.ok("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
  });
  assert.deepEqual(namespace.spec, { finalizers: ["kubernetes"] });
  assert.deepEqual(namespace.status, { phase: "Active" });
  assert.deepEqual(namespace.metadata.labels, { "kubernetes.io/metadata.name": "a" });
  const leaving = await server.ok("DELETE", "/api/v1/namespaces/a");
  assert.equal(leaving.status.phase, "Terminating");
  assert.ok(leaving.metadata.deletionTimestamp);
  const { status, body } = await server.send("POST", "/api/v1/namespaces/a/configmaps", { body: configMap("x") });
  assert.equal(status, 403);
  assert.equal(
    body.message,
    'configmaps "x" is forbidden: unable to create new content in namespace a because it is being terminated',
  );
  assert.deepEqual(body.details.causes, [
    { reason: "NamespaceTerminating", message: "namespace a is being terminated", field: "metadata.namespace" },
  ]);
  await server.ok("PUT", "/api/v1/namespaces/a/finalize", { body: { ...leaving, spec: { finalizers: [] } } });
  assert.equal((await server.send("GET", "/api/v1/namespaces/a")).status, 404);
  const kept = await server.send("DELETE", "/api/v1/namespaces/kube-system");
  assert.equal(kept.status, 403);
  assert.equal(kept.body.message, 'namespaces "kube-system" is forbidden: this namespace may not be deleted');
});

test("a pod is bound once", async () => {
  await using server = await openTestServer();
  await server.ok("POST", pods, { body: pod("a") });
  const bind = (name: string) =>
    server.send("POST", `${pods}/a/binding`, {
      body: { apiVersion: "v1", kind: "Binding", metadata: { name: "a" }, target: { kind: "Node", name } },
    });
  assert.equal((await bind("n1")).status, 201);
  const bound = await server.ok("GET", `${pods}/a`);
  assert.equal(bound.spec.nodeName, "n1");
  assert.equal(bound.status.conditions.find(({ type }: Json) => type === "PodScheduled").status, "True");
  const { status, body } = await bind("n2");
  assert.equal(status, 409);
  assert.match(body.message, /pod a is already assigned to node "n1"$/);
});

function names({ items }: Json): string[] {
  return items.map(({ metadata }: Json) => metadata.name);
}
