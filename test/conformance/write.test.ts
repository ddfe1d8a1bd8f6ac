import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster, until } from "./cluster.ts";

const cluster = await openCluster();
const { namespace } = cluster;
const maps = `/api/v1/namespaces/${namespace}/configmaps`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const merge = "application/merge-patch+json";

function map(name: string, more: Json = {}): Json {
  const { metadata, ...rest } = more;
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, ...rest };
}

function deployment(name: string, spec: Json = {}): Json {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "main", image: "nginx:1.25" }] },
      },
      ...spec,
    },
  };
}

test("a new object gets what the server alone decides", async () => {
  const sent = map("made", { metadata: { uid: "mine", creationTimestamp: "2001-01-01T00:00:00Z" } });
  const answer = await cluster.send("POST", maps, { body: sent });
  assert.equal(answer.status, 201);
  const { metadata } = answer.body;
  assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(metadata.creationTimestamp, /^20(?!01)\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.match(metadata.resourceVersion, /^\d+$/);
  assert.equal(metadata.namespace, namespace);
});

test("a name is taken once, and made up when only its beginning is given", async () => {
  await cluster.ok("POST", maps, { body: map("taken") });
  const { status, body } = await cluster.send("POST", maps, { body: map("taken") });
  assert.deepEqual([status, body.reason], [409, "AlreadyExists"]);
  assert.equal(body.message, 'configmaps "taken" already exists');
  assert.deepEqual(body.details, { name: "taken", kind: "configmaps" });
  const generated = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "some-" } };
  const { metadata } = await cluster.ok("POST", maps, { body: generated });
  assert.match(metadata.name, /^some-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.equal(metadata.generateName, "some-");
});

const refused: Record<string, { body: Json; status: number; message: string; target?: string }> = {
  "another namespace": {
    body: map("x", { metadata: { namespace: "other" } }),
    status: 400,
    message: "the namespace of the provided object does not match the namespace sent on the request",
  },
  "no name": {
    body: { apiVersion: "v1", kind: "ConfigMap" },
    status: 422,
    message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  "another kind": {
    body: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } },
    status: 400,
    message:
      'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
  },
  "a value of a wrong type": {
    body: map("x", { data: { a: 1 } }),
    status: 400,
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  },
  "broken JSON": {
    body: '{"a":}',
    status: 400,
    message:
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character '}' looking for beginning of value ({\"a\":})",
  },
  "a namespace that is absent": {
    body: map("x"),
    target: "/api/v1/namespaces/nowhere-to-be-found/configmaps",
    status: 404,
    message: 'namespaces "nowhere-to-be-found" not found',
  },
};
for (const [name, { body, status, message, target = maps }] of Object.entries(refused)) {
  test(`a new object is refused for ${name}`, async () => {
    const answer = await cluster.send("POST", target, { body });
    assert.deepEqual([answer.status, answer.body.message], [status, message]);
  });
}

test("a write that changes nothing changes no revision and makes no event", async () => {
  const made = await cluster.ok("POST", maps, { body: map("same", { data: { x: "1" } }) });
  const revision = made.metadata.resourceVersion;
  using watch = await cluster.watch(
    `${maps}?watch=true&fieldSelector=metadata.name%3Dsame&resourceVersion=${revision}`,
  );
  const put = await cluster.ok("PUT", `${maps}/same`, { body: made });
  const patched = await cluster.ok("PATCH", `${maps}/same`, { body: { data: { x: "1" } }, contentType: merge });
  for (const { metadata } of [put, patched]) assert.equal(metadata.resourceVersion, revision);
  await cluster.ok("PATCH", `${maps}/same`, { body: { data: { x: "2" } }, contentType: merge });
  const event = await watch.next();
  assert.deepEqual([event.type, event.object.data], ["MODIFIED", { x: "2" }]);
});

test("an update from an older revision or of another object conflicts", async () => {
  const made = await cluster.ok("POST", maps, { body: map("old") });
  const changed = await cluster.ok("PUT", `${maps}/old`, { body: { ...made, data: { x: "1" } } });
  const { status, body } = await cluster.send("PUT", `${maps}/old`, { body: { ...made, data: { x: "2" } } });
  assert.deepEqual([status, body.reason], [409, "Conflict"]);
  assert.equal(
    body.message,
    'Operation cannot be fulfilled on configmaps "old": the object has been modified; please apply your changes to the latest version and try again',
  );
  const uid = "00000000-0000-0000-0000-000000000000";
  const other = { ...changed, metadata: { ...changed.metadata, uid } };
  const mistaken = await cluster.send("PUT", `${maps}/old`, { body: other });
  assert.equal(mistaken.status, 409);
  assert.ok(mistaken.body.message.includes(`Precondition failed: UID in precondition: ${uid}`), mistaken.body.message);
});

test("an update without a revision overwrites a built-in object and is refused for others", async () => {
  await cluster.ok("POST", maps, { body: map("blind", { data: { x: "1" } }) });
  const { data } = await cluster.ok("PUT", `${maps}/blind`, { body: map("blind", { data: { y: "2" } }) });
  assert.deepEqual(data, { y: "2" });
  const kind = await cluster.define({});
  const gear = { apiVersion: `${kind.group}/v1`, kind: "Gear", metadata: { name: "g" } };
  await cluster.ok("POST", kind.path(), { body: gear });
  const { status, body } = await cluster.send("PUT", `${kind.path()}/g`, { body: gear });
  assert.equal(status, 422);
  assert.ok(body.message.endsWith("metadata.resourceVersion: Invalid value: 0: must be specified for an update"));
});

test("some kinds are created by an update, others are not found", async () => {
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "put" },
    spec: { holderIdentity: "me" },
  };
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  assert.equal((await cluster.send("PUT", `${leases}/put`, { body: lease })).status, 201);
  assert.equal((await cluster.send("PUT", `${maps}/put`, { body: map("put") })).status, 404);
});

test("a dry run does everything but store", async () => {
  const answer = await cluster.send("POST", `${maps}?dryRun=All`, { body: map("dry") });
  assert.equal(answer.status, 201);
  assert.equal((await cluster.send("GET", `${maps}/dry`)).status, 404);
  // Clients try with what they have read; only what would be stored must have no version.
  const read = { ...map("dry"), metadata: { name: "dry", resourceVersion: "1" } };
  assert.equal((await cluster.send("POST", `${maps}?dryRun=All`, { body: read })).status, 201);
  assert.equal((await cluster.send("POST", maps, { body: read })).status, 500);
  const invalid = { ...read, metadata: { ...read.metadata, labels: { "no key": "" } } };
  assert.equal((await cluster.send("POST", maps, { body: invalid })).status, 422);
  const made = await cluster.ok("POST", maps, { body: map("dry", { data: { x: "1" } }) });
  const patch = { body: { data: { x: "2" } }, contentType: merge };
  const changed = await cluster.ok("PATCH", `${maps}/dry?dryRun=All`, patch);
  assert.deepEqual(changed.data, { x: "2" });
  await cluster.ok("DELETE", `${maps}/dry?dryRun=All`);
  const { data, metadata } = await cluster.ok("GET", `${maps}/dry`);
  assert.deepEqual([data, metadata.resourceVersion], [{ x: "1" }, made.metadata.resourceVersion]);
  const wrong = await cluster.send("POST", `${maps}?dryRun=Some`, { body: map("dry") });
  assert.equal(wrong.status, 422);
  assert.equal(
    wrong.body.message,
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
  );
});

const strict =
  '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"strict","colour":"red"},"size":1,"data":{"a":"1","a":"2"}}';
const problems = ['unknown field "metadata.colour"', 'unknown field "size"', 'duplicate field "data.a"'];

test("unknown and duplicate fields are refused, warned of or ignored, as asked", async () => {
  const refusal = await cluster.send("POST", `${maps}?dryRun=All&fieldValidation=Strict`, { body: strict });
  assert.equal(refusal.status, 400);
  assert.equal(
    refusal.body.message,
    `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${problems.join(", ")}`,
  );
  const warned = await cluster.send("POST", `${maps}?dryRun=All`, { body: strict });
  assert.equal(warned.headers["warning"], problems.map((problem) => `299 - ${JSON.stringify(problem)}`).join(", "));
  assert.deepEqual([warned.body.data, warned.body.size], [{ a: "2" }, undefined]);
  const ignored = await cluster.send("POST", `${maps}?dryRun=All&fieldValidation=Ignore`, { body: strict });
  assert.deepEqual([ignored.status, ignored.headers["warning"]], [201, undefined]);
});

test("a generation counts the changes of what is desired, and of nothing else", async () => {
  const { metadata, status } = await cluster.ok("POST", deployments, {
    body: { ...deployment("gen"), status: { replicas: 5 } },
  });
  assert.deepEqual([metadata.generation, status], [1, {}]);
  const patch = async (body: Json, path = "") =>
    (await cluster.ok("PATCH", `${deployments}/gen${path}`, { body, contentType: merge })).metadata.generation;
  assert.equal(await patch({ metadata: { labels: { a: "b" } } }), 1);
  assert.equal(await patch({ status: { observedGeneration: 1 } }, "/status"), 1);
  assert.equal(await patch({ spec: { replicas: 3 } }), 2);
  assert.equal(await patch({ metadata: { generation: 9 } }), 2);
});

test("status and the rest are written through paths of their own", async () => {
  await cluster.ok("POST", deployments, { body: deployment("parts") });
  const body = { spec: { replicas: 7 }, status: { replicas: 5 } };
  const main = await cluster.ok("PATCH", `${deployments}/parts`, { body, contentType: merge });
  assert.deepEqual([main.spec.replicas, main.status.replicas], [7, undefined]);
  const status = { spec: { replicas: 9 }, status: { replicas: 5 } };
  const written = await cluster.ok("PATCH", `${deployments}/parts/status`, { body: status, contentType: merge });
  assert.deepEqual([written.spec.replicas, written.status.replicas], [7, 5]);
});

test("a scale is another view of the object", async () => {
  await cluster.ok("POST", deployments, { body: deployment("scaled") });
  const scale = await cluster.ok("GET", `${deployments}/scaled/scale`);
  assert.deepEqual([scale.kind, scale.apiVersion, scale.spec], ["Scale", "autoscaling/v1", { replicas: 1 }]);
  assert.deepEqual(scale.status, { replicas: 0, selector: "app=scaled" });
  const put = await cluster.ok("PUT", `${deployments}/scaled/scale`, { body: { ...scale, spec: { replicas: 4 } } });
  assert.deepEqual(put.spec, { replicas: 4 });
  const { spec, metadata } = await cluster.ok("GET", `${deployments}/scaled`);
  assert.deepEqual([spec.replicas, metadata.generation], [4, 2]);
});

test("a deletion answers with what was deleted", async () => {
  const { metadata } = await cluster.ok("POST", maps, { body: map("gone") });
  const { status, body } = await cluster.send("DELETE", `${maps}/gone`);
  assert.equal(status, 200);
  assert.deepEqual(body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: "gone", kind: "configmaps", uid: metadata.uid },
  });
  assert.equal((await cluster.send("DELETE", `${maps}/gone`)).status, 404);
});

test("a deletion may insist on an object and on a revision", async () => {
  const { metadata } = await cluster.ok("POST", maps, { body: map("sure") });
  const remove = async (preconditions: Json) =>
    await cluster.send("DELETE", `${maps}/sure`, {
      body: { apiVersion: "v1", kind: "DeleteOptions", preconditions },
    });
  const uid = "00000000-0000-0000-0000-000000000000";
  const other = await remove({ uid });
  assert.equal(other.status, 409);
  assert.ok(other.body.message.includes(`the UID in the precondition (${uid}) does not match the UID in record`));
  const older = await remove({ resourceVersion: "1" });
  assert.equal(older.status, 409);
  assert.ok(
    older.body.message.includes("the ResourceVersion in the precondition (1) does not match"),
    older.body.message,
  );
  assert.equal((await remove({ uid: metadata.uid })).status, 200);
});

test("an object with finalizers stays until the last of them is gone, and takes no new ones", async () => {
  const finalizers = ["example.com/one"];
  await cluster.ok("POST", maps, { body: map("kept", { metadata: { finalizers } }) });
  const deleted = await cluster.send("DELETE", `${maps}/kept`);
  assert.equal(deleted.status, 200);
  assert.ok(deleted.body.metadata.deletionTimestamp);
  assert.equal(deleted.body.metadata.deletionGracePeriodSeconds, 0);
  const more = { metadata: { finalizers: [...finalizers, "example.com/two"] } };
  const refusal = await cluster.send("PATCH", `${maps}/kept`, { body: more, contentType: merge });
  assert.equal(refusal.status, 422);
  assert.equal(
    refusal.body.message,
    'ConfigMap "kept" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/two"}',
  );
  await cluster.ok("PATCH", `${maps}/kept`, { body: { metadata: { finalizers: [] } }, contentType: merge });
  assert.equal((await cluster.send("GET", `${maps}/kept`)).status, 404);
});

test("dependents are orphaned or removed first when the deletion says so", async () => {
  for (const [propagationPolicy, finalizer] of [
    ["Orphan", "orphan"],
    ["Foreground", "foregroundDeletion"],
  ] as const) {
    const name = propagationPolicy.toLowerCase();
    await cluster.ok("POST", maps, { body: map(name) });
    const answer = await cluster.send("DELETE", `${maps}/${name}?propagationPolicy=${propagationPolicy}`);
    assert.deepEqual(answer.body.metadata.finalizers, [finalizer]);
    if (cluster.controllers) {
      await until(async () => (await cluster.send("GET", `${maps}/${name}`)).status === 404, `${name} to go`);
    } else {
      await cluster.ok("PATCH", `${maps}/${name}`, { body: { metadata: { finalizers: [] } }, contentType: merge });
    }
  }
  const { status, body } = await cluster.send("DELETE", `${maps}/x?propagationPolicy=Sometimes`);
  assert.deepEqual([status, body.reason], [422, "Invalid"]);
});

test("a collection is deleted as selected, and the answer lists it", async () => {
  for (const [name, tier] of Object.entries({ d1: "x", d2: "x", d3: "y" }))
    await cluster.ok("POST", maps, { body: map(name, { metadata: { labels: { tier, for: "deletion" } } }) });
  const list = await cluster.ok("DELETE", `${maps}?labelSelector=for%3Ddeletion,tier%3Dx`);
  assert.equal(list.kind, "ConfigMapList");
  assert.deepEqual(
    list.items.map(({ metadata }: Json) => metadata.name),
    ["d1", "d2"],
  );
  const left = await cluster.ok("GET", `${maps}?labelSelector=for%3Ddeletion`);
  assert.deepEqual(
    left.items.map(({ metadata }: Json) => metadata.name),
    ["d3"],
  );
});

test("a namespace ends when its finalizers are gone", async () => {
  const name = cluster.unique("ending");
  const made = await cluster.ok("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
  });
  assert.deepEqual([made.spec, made.status], [{ finalizers: ["kubernetes"] }, { phase: "Active" }]);
  assert.equal(made.metadata.labels["kubernetes.io/metadata.name"], name);
  const deleted = await cluster.ok("DELETE", `/api/v1/namespaces/${name}`);
  assert.equal(deleted.status.phase, "Terminating");
  if (!cluster.controllers) {
    const late = await cluster.send("POST", `/api/v1/namespaces/${name}/configmaps`, { body: map("late") });
    assert.equal(late.status, 403);
    assert.equal(
      late.body.message,
      `configmaps "late" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
    );
    assert.equal(late.body.details.causes[0].reason, "NamespaceTerminating");
    await cluster.ok("PUT", `/api/v1/namespaces/${name}/finalize`, { body: { ...deleted, spec: { finalizers: [] } } });
  }
  await until(async () => (await cluster.send("GET", `/api/v1/namespaces/${name}`)).status === 404, `${name} to end`);
  const kept = await cluster.send("DELETE", "/api/v1/namespaces/kube-system");
  assert.equal(kept.body.message, 'namespaces "kube-system" is forbidden: this namespace may not be deleted');
});

test("every write says who owns what it changed", async () => {
  await cluster.ok("POST", `${maps}?fieldManager=one`, { body: map("owned", { data: { a: "1" } }) });
  const patch = { body: { data: { b: "2" } }, contentType: merge };
  const { metadata } = await cluster.ok("PATCH", `${maps}/owned?fieldManager=two`, patch);
  const [one, two] = metadata.managedFields;
  assert.deepEqual(
    [one.manager, one.operation, one.apiVersion, one.fieldsType, one.fieldsV1],
    ["one", "Update", "v1", "FieldsV1", { "f:data": { ".": {}, "f:a": {} } }],
  );
  assert.deepEqual([two.manager, two.fieldsV1], ["two", { "f:data": { "f:b": {} } }]);
  const named = await cluster.ok("PATCH", `${maps}/owned`, { body: { data: { c: "3" } }, contentType: merge });
  assert.ok(named.metadata.managedFields.some(({ manager }: Json) => manager === "conformance"));
  const reset = { body: { metadata: { managedFields: [{}] } }, contentType: merge };
  assert.equal((await cluster.ok("PATCH", `${maps}/owned`, reset)).metadata.managedFields, undefined);
});

test("nobody owns what is always there", async () => {
  const { metadata } = await cluster.ok("POST", `${deployments}?fieldManager=one`, { body: deployment("always") });
  const owned = metadata.managedFields[0].fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"];
  assert.deepEqual(Object.keys(owned), ['k:{"name":"main"}']);
  const status = await cluster.ok("PATCH", `${deployments}/always/status?fieldManager=two`, {
    body: { status: { replicas: 1 } },
    contentType: merge,
  });
  const entry = status.metadata.managedFields.find(({ manager }: Json) => manager === "two");
  assert.deepEqual([entry.subresource, entry.fieldsV1], ["status", { "f:status": { "f:replicas": {} } }]);
});
