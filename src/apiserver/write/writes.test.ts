import assert from "node:assert/strict";
import { test } from "node:test";
import { configMap, deployment, openTestServer } from "../testing.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const deployments = "/apis/apps/v1/namespaces/default/deployments";
const merge = "application/merge-patch+json";

test("create fills in what the server decides", async () => {
  await using server = await openTestServer();
  const { status, body } = await server.send("POST", maps, { body: configMap("a", { data: { x: "1" } }) });
  assert.equal(status, 201);
  const { uid, resourceVersion, creationTimestamp, namespace, managedFields } = body.metadata;
  assert.match(uid, /^[0-9a-f-]{36}$/);
  assert.equal(creationTimestamp, "2026-01-02T03:04:05Z");
  assert.equal(namespace, "default");
  assert.ok(Number(resourceVersion) > 0);
  assert.deepEqual(managedFields, [
    {
      manager: "test",
      operation: "Update",
      apiVersion: "v1",
      time: "2026-01-02T03:04:05Z",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": { ".": {}, "f:x": {} } },
    },
  ]);
  assert.deepEqual((await server.send("GET", `${maps}/a`)).body, body);
});

const refused: Record<
  string,
  { method?: string; target?: string; body: unknown; contentType?: string; status: number; message: RegExp }
> = {
  "another namespace in the object": {
    body: { ...configMap("a"), metadata: { name: "a", namespace: "other" } },
    status: 400,
    message: /^the namespace of the provided object does not match the namespace sent on the request$/,
  },
  "another version in the object": {
    body: { ...configMap("a"), apiVersion: "apps/v1" },
    status: 400,
    message: /no kind "ConfigMap" is registered for version "apps\/v1" in scheme/,
  },
  "another kind in the object": {
    body: { ...configMap("a"), kind: "Secret" },
    status: 400,
    message: /cannot be handled as a ConfigMap/,
  },
  "no name": {
    body: configMap(""),
    status: 422,
    message: /metadata\.name: Required value: name or generateName is required$/,
  },
  "a resourceVersion": {
    body: { ...configMap("a"), metadata: { name: "a", resourceVersion: "1" } },
    status: 500,
    message: /^resourceVersion should not be set on objects to be created$/,
  },
  "a namespace that is absent": {
    target: "/api/v1/namespaces/nowhere/configmaps",
    body: configMap("a"),
    status: 404,
    message: /^namespaces "nowhere" not found$/,
  },
  "no JSON": { body: "{", status: 400, message: /unexpected end of JSON input/ },
  "no object": {
    body: "[]",
    status: 400,
    message:
      /^the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error/,
  },
  "a format nobody reads": {
    body: "x",
    contentType: "application/cbor",
    status: 415,
    message: /accepted media types include: application\/json/,
  },
  "a body of 4 MB": {
    body: configMap("a", { data: { x: "x".repeat(2 ** 22) } }),
    status: 413,
    message: /^Request entity too large: limit is 3145728$/,
  },
  "JSON that nests too deep": { body: "[".repeat(5000), status: 400, message: /exceeded max depth/ },
  "a wrong dryRun": {
    target: `${maps}?dryRun=Some`,
    body: configMap("a"),
    status: 422,
    message: /dryRun: Unsupported value: \["Some"\]/,
  },
  "a wrong fieldValidation": {
    target: `${maps}?fieldValidation=No`,
    body: configMap("a"),
    status: 422,
    message: /fieldValidation: Unsupported value: "No"/,
  },
  "a field manager that is too long": {
    target: `${maps}?fieldManager=${"x".repeat(129)}`,
    body: configMap("a"),
    status: 422,
    message: /fieldManager: Too long/,
  },
  "a PUT to a collection": { method: "PUT", body: configMap("a"), status: 405, message: /does not allow this method/ },
  "a POST to an object": {
    target: `${maps}/a`,
    body: configMap("a"),
    status: 405,
    message: /does not allow this method/,
  },
  "a POST to all namespaces": {
    target: "/api/v1/configmaps",
    body: configMap("a"),
    status: 405,
    message: /does not allow this method/,
  },
  "an unknown resource": {
    target: "/api/v1/namespaces/default/foos",
    body: {},
    status: 404,
    message: /could not find the requested resource/,
  },
};
for (const [name, { method = "POST", target = maps, body, contentType, status, message }] of Object.entries(refused)) {
  test(`a write is refused for ${name}`, async () => {
    await using server = await openTestServer();
    const answer = await server.send(method, target, { body, ...(contentType === undefined ? {} : { contentType }) });
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.body.kind, "Status");
    assert.equal(answer.body.code, status);
    assert.match(answer.body.message, message);
  });
}

test("create reads YAML, and refuses a name that is taken", async () => {
  await using server = await openTestServer();
  const body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: 'yes'\n";
  await server.ok("POST", maps, { body, contentType: "application/yaml" });
  const { status, body: refusal } = await server.send("POST", maps, { body: configMap("a") });
  assert.equal(status, 409);
  assert.equal(refusal.reason, "AlreadyExists");
  assert.equal(refusal.message, 'configmaps "a" already exists');
  assert.deepEqual(refusal.details, { name: "a", kind: "configmaps" });
});

test("generateName tries other names while the ones it makes are taken", async () => {
  const numbers = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5];
  await using server = await openTestServer({ random: () => numbers.shift() ?? 0 });
  const body = { ...configMap(""), metadata: { generateName: "a-" } };
  assert.equal((await server.ok("POST", maps, { body })).metadata.name, "a-bbbbb");
  assert.notEqual((await server.ok("POST", maps, { body })).metadata.name, "a-bbbbb");
  const { status, body: refusal } = await server.send("POST", maps, {
    body: { ...body, metadata: { generateName: "a-" } },
  });
  assert.equal(status, 409);
  assert.match(refusal.message, /the server was not able to generate a unique name for the object$/);
});

test("update without a change changes nothing and tells nobody", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", maps, { body: configMap("a", { data: { x: "1" } }) });
  const revision = server.store.revision;
  for (const body of [made, configMap("a", { data: { x: "1" } })]) {
    assert.deepEqual(await server.ok("PUT", `${maps}/a`, { body, headers: { "user-agent": "other" } }), made);
  }
  assert.deepEqual(await server.ok("PATCH", `${maps}/a`, { body: { data: { x: "1" } }, contentType: merge }), made);
  assert.equal(server.store.revision, revision);
});

test("update with an old resourceVersion is refused in the words that clients look for", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", maps, { body: configMap("a") });
  await server.ok("PUT", `${maps}/a`, { body: { ...made, data: { x: "1" } } });
  const { status, body } = await server.send("PUT", `${maps}/a`, { body: { ...made, data: { x: "2" } } });
  assert.equal(status, 409);
  assert.equal(body.reason, "Conflict");
  const why = "the object has been modified; please apply your changes to the latest version and try again";
  assert.equal(body.message, `Operation cannot be fulfilled on configmaps "a": ${why}`);
});

test("update keeps what only the server may set", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", maps, { body: configMap("a") });
  const metadata = {
    name: "a",
    creationTimestamp: "2000-01-01T00:00:00Z",
    generation: 7,
    deletionTimestamp: "2000-01-01T00:00:00Z",
  };
  const changed = await server.ok("PUT", `${maps}/a`, { body: { ...configMap("a"), metadata, data: { x: "1" } } });
  assert.equal(changed.metadata.uid, made.metadata.uid);
  assert.equal(changed.metadata.creationTimestamp, made.metadata.creationTimestamp);
  assert.equal(changed.metadata.deletionTimestamp, undefined);
  assert.equal(changed.metadata.generation, undefined);
  const { status, body } = await server.send("PUT", `${maps}/a`, {
    body: { ...configMap("a"), metadata: { name: "a", uid: "x" } },
  });
  assert.equal(status, 409);
  assert.match(body.message, /Precondition failed: UID in precondition: x, UID in object meta:/);
});

test("update of another name than the URL's, and of an absent object", async () => {
  await using server = await openTestServer();
  const { status, body } = await server.send("PUT", `${maps}/b`, { body: configMap("a") });
  assert.equal(status, 400);
  assert.equal(body.message, "the name of the object (a) does not match the name on the URL (b)");
  assert.equal((await server.send("PUT", `${maps}/a`, { body: configMap("a") })).status, 404);
  const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "a" }, spec: {} };
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  assert.equal((await server.send("PUT", `${leases}/a`, { body: lease })).status, 201);
});

test("generation counts changes of the spec, not of the status or of labels", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", deployments, { body: deployment("a") });
  assert.equal(made.metadata.generation, 1);
  const patch = (body: unknown, subresource = "") =>
    server
      .ok("PATCH", `${deployments}/a${subresource}`, { body, contentType: merge })
      .then(({ metadata }) => metadata.generation);
  assert.equal(await patch({ metadata: { labels: { x: "y" } } }), 1);
  assert.equal(await patch({ status: { replicas: 3 }, spec: { replicas: 9 } }, "/status"), 1);
  assert.equal(await patch({ status: { replicas: 4 }, spec: { replicas: 2 } }), 2);
  const { spec, status } = await server.ok("GET", `${deployments}/a`);
  assert.deepEqual([spec.replicas, status.replicas], [2, 3]);
});

test("a dry run answers as if it had happened", async () => {
  await using server = await openTestServer();
  const revision = server.store.revision;
  const made = await server.ok("POST", `${maps}?dryRun=All`, { body: configMap("a") });
  assert.equal(made.metadata.name, "a");
  assert.equal(made.metadata.resourceVersion, undefined);
  assert.equal((await server.send("GET", `${maps}/a`)).status, 404);
  assert.equal(server.store.revision, revision);
  const stored = await server.ok("POST", maps, { body: configMap("a") });
  const changed = await server.ok("PATCH", `${maps}/a?dryRun=All`, { body: { data: { x: "1" } }, contentType: merge });
  assert.deepEqual(changed.data, { x: "1" });
  await server.ok("DELETE", `${maps}/a`, { body: { kind: "DeleteOptions", apiVersion: "v1", dryRun: ["All"] } });
  assert.deepEqual(await server.ok("GET", `${maps}/a`), stored);
});

const strict: Record<
  string,
  { target?: string; method?: string; contentType?: string; body: string; problem: string; status?: number }
> = {
  "an unknown field": {
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"foo":1}',
    problem: 'unknown field "foo"',
  },
  "an unknown field of the metadata": {
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","foo":1}}',
    problem: 'unknown field "metadata.foo"',
  },
  "a field that stands twice": {
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"x":"1","x":"2"}}',
    problem: 'duplicate field "data.x"',
  },
  "a field that stands twice with spaces": {
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"x" : "1","x":"2"}}',
    problem: 'duplicate field "data.x"',
  },
  "an unknown field in a patch": {
    method: "PATCH",
    target: `${maps}/a`,
    contentType: merge,
    body: '{"foo":1}',
    problem: 'unknown field "foo"',
    status: 422,
  },
};
for (const [
  name,
  { method = "POST", target = maps, contentType = "application/json", body, problem, status = 400 },
] of Object.entries(strict)) {
  test(`fieldValidation finds ${name}`, async () => {
    await using server = await openTestServer();
    await server.ok("POST", maps, { body: configMap("a") });
    const refusal = await server.send(method, `${target}?fieldValidation=Strict`, { body, contentType });
    assert.equal(refusal.status, status);
    assert.ok(refusal.body.message.includes(`strict decoding error: ${problem}`), refusal.body.message);
    const warned = await server.send(method, `${target}?dryRun=All`, { body, contentType });
    assert.ok(warned.status < 300, warned.text);
    assert.deepEqual(warned.headers["warning"], [`299 - ${JSON.stringify(problem)}`]);
    const ignored = await server.send(method, `${target}?fieldValidation=Ignore`, { body, contentType });
    assert.ok(ignored.status < 300, ignored.text);
    assert.equal(ignored.headers["warning"], undefined);
    assert.equal(ignored.body.foo, undefined);
  });
}

const patches: Record<
  string,
  | { contentType: string; body: unknown; want: unknown }
  | { contentType: string; body: unknown; status: number; message: RegExp }
> = {
  "a JSON patch": {
    contentType: "application/json-patch+json",
    body: [
      { op: "test", path: "/data/x", value: "1" },
      { op: "replace", path: "/data/x", value: "2" },
    ],
    want: { x: "2" },
  },
  "a merge patch": { contentType: merge, body: { data: { x: null, y: "2" } }, want: { y: "2" } },
  "a strategic merge patch": {
    contentType: "application/strategic-merge-patch+json",
    body: { data: { $patch: "replace", z: "3" } },
    want: { z: "3" },
  },
  "a JSON patch whose test fails": {
    contentType: "application/json-patch+json",
    body: [{ op: "test", path: "/data/x", value: "9" }],
    status: 422,
    message: /./,
  },
  "a JSON patch that is no array": {
    contentType: "application/json-patch+json",
    body: {},
    status: 400,
    message: /error decoding patch/,
  },
  "a JSON patch that is too long": {
    contentType: "application/json-patch+json",
    body: Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "ConfigMap" })),
    status: 413,
    message: /The allowed maximum operations in a JSON patch is 10000, got 10001/,
  },
  "a patch of no known type": {
    contentType: "application/json",
    body: {},
    status: 415,
    message: /^415: Unsupported Media Type$/,
  },
  "a patch of the name": {
    contentType: merge,
    body: { metadata: { name: "b" } },
    status: 400,
    message: /does not match the name on the URL/,
  },
  "a patch of the kind": {
    contentType: merge,
    body: { kind: "Secret" },
    status: 422,
    message: /patch: Invalid value: .*: no kind "Secret" is registered for version "v1" in scheme/,
  },
  "a patch made from another revision": {
    contentType: merge,
    body: { metadata: { resourceVersion: "1" } },
    status: 409,
    message: /the object has been modified/,
  },
};
for (const [name, patch] of Object.entries(patches)) {
  test(`PATCH answers ${name}`, async () => {
    await using server = await openTestServer();
    await server.ok("POST", maps, { body: configMap("a", { data: { x: "1" } }) });
    const { status, body } = await server.send("PATCH", `${maps}/a`, patch);
    if ("want" in patch) {
      assert.equal(status, 200);
      assert.deepEqual(body.data, patch.want);
      return;
    }
    assert.equal(status, patch.status, body.message);
    assert.match(body.message, patch.message);
  });
}

test("apply creates, changes nothing the second time, and conflicts with other managers", async () => {
  await using server = await openTestServer();
  const apply = (manager: string, image: string, more = "") =>
    server.send("PATCH", `${deployments}/a?fieldManager=${manager}${more}`, {
      body: deployment("a", image),
      contentType: "application/apply-patch+yaml",
    });
  const made = await apply("one", "nginx:1");
  assert.equal(made.status, 201);
  assert.equal(made.body.metadata.generation, 1);
  assert.equal(made.body.spec.revisionHistoryLimit, 10);
  const again = await apply("one", "nginx:1");
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, made.body);
  const { status, body } = await apply("two", "nginx:2");
  assert.equal(status, 409);
  assert.deepEqual(body.details.causes, [
    {
      reason: "FieldManagerConflict",
      message: 'conflict with "one"',
      field: '.spec.template.spec.containers[name="main"].image',
    },
  ]);
  const forced = await apply("two", "nginx:2", "&force=true");
  assert.equal(forced.body.spec.template.spec.containers[0].image, "nginx:2");
  const missing = await server.send("PATCH", `${deployments}/a`, {
    body: deployment("a"),
    contentType: "application/apply-patch+yaml",
  });
  assert.equal(missing.status, 422);
  assert.match(missing.body.message, /fieldManager: Required value: is required for apply patch$/);
});

test("whoever applies what they created before leaves alone what the server added", async () => {
  await using server = await openTestServer();
  const jobs = "/apis/batch/v1/namespaces/default/jobs";
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox" }] } };
  const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "a" }, spec: { template } };
  const made = await server.ok("POST", `${jobs}?fieldManager=one`, { body: job });
  const [entry] = made.metadata.managedFields;
  assert.deepEqual(Object.keys(entry.fieldsV1["f:spec"]["f:template"]), ["f:spec"]);
  // This is how kubectl goes over from client-side to server-side apply.
  const managedFields = [{ ...entry, operation: "Apply" }];
  await server.ok("PATCH", `${jobs}/a`, { body: { metadata: { managedFields } }, contentType: merge });
  const applied = await server.ok("PATCH", `${jobs}/a?fieldManager=one`, {
    body: job,
    contentType: "application/apply-patch+yaml",
  });
  assert.deepEqual(applied.spec, made.spec);
});

test("scale reads and writes the replica count", async () => {
  await using server = await openTestServer();
  await server.ok("POST", deployments, { body: deployment("a") });
  const scale = await server.ok("GET", `${deployments}/a/scale`);
  assert.equal(scale.kind, "Scale");
  assert.deepEqual(scale.spec, { replicas: 1 });
  assert.equal(scale.status.selector, "app=a");
  const put = await server.ok("PUT", `${deployments}/a/scale`, { body: { ...scale, spec: { replicas: 3 } } });
  assert.deepEqual(put.spec, { replicas: 3 });
  assert.equal(
    (await server.send("PUT", `${deployments}/a/scale`, { body: { ...scale, spec: { replicas: 4 } } })).status,
    409,
  );
  const patched = await server.ok("PATCH", `${deployments}/a/scale`, {
    body: { spec: { replicas: 5 } },
    contentType: merge,
  });
  assert.deepEqual(patched.spec, { replicas: 5 });
  const { spec, metadata } = await server.ok("GET", `${deployments}/a`);
  assert.deepEqual([spec.replicas, metadata.generation], [5, 3]);
  assert.equal((await server.send("GET", `${maps}/a/scale`)).status, 404);
});

test("managedFields start anew when a client empties them", async () => {
  await using server = await openTestServer();
  await server.ok("POST", maps, { body: configMap("a", { data: { x: "1" } }) });
  for (const managedFields of [[{}], []]) {
    const body = { metadata: { managedFields } };
    const { metadata } = await server.ok("PATCH", `${maps}/a`, { body, contentType: merge });
    assert.equal(metadata.managedFields, undefined);
  }
});

test("two versions of a kind are one object", async () => {
  await using server = await openTestServer();
  const v1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
  const v2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "a" };
  const body = {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "a" },
    spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 70 },
  };
  await server.ok("POST", v1, { body });
  const { apiVersion, spec } = await server.ok("GET", `${v2}/a`);
  assert.equal(apiVersion, "autoscaling/v2");
  assert.equal(spec.metrics[0].resource.target.averageUtilization, 70);
  await using watch = await server.watch(`${v1}?watch=true&resourceVersion=${server.store.revision}`);
  await server.ok("PATCH", `${v2}/a`, { body: { spec: { maxReplicas: 7 } }, contentType: merge });
  const { object } = await watch.next();
  assert.deepEqual(
    [object.apiVersion, object.spec.maxReplicas, object.spec.targetCPUUtilizationPercentage],
    ["autoscaling/v1", 7, 70],
  );
  assert.equal((await server.ok("GET", v1)).items[0].spec.targetCPUUtilizationPercentage, 70);
});
