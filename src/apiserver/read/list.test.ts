import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { readBody } from "../../lib/index.ts";
import { admin, configMap, deployment, type Json, openTestServer, type TestServer } from "../testing.ts";

const maps = "/api/v1/namespaces/default/configmaps";

async function filled(count: number): Promise<TestServer> {
  const server = await openTestServer();
  for (let index = 0; index < count; index++) {
    await server.ok("POST", maps, {
      body: configMap(`m${index}`, { labels: { parity: index % 2 === 0 ? "even" : "odd" } }),
    });
  }
  return server;
}

function names({ items }: Json): string[] {
  return items.map(({ metadata }: Json) => metadata.name);
}

test("a list has its kind, its revision and the objects in order", async () => {
  await using server = await filled(3);
  const list = await server.ok("GET", maps);
  assert.equal(list.kind, "ConfigMapList");
  assert.equal(list.apiVersion, "v1");
  assert.deepEqual(list.metadata, { resourceVersion: String(server.store.revision) });
  assert.deepEqual(names(list), ["m0", "m1", "m2"]);
  const { apiVersion: _1, kind: _2, ...item } = await server.ok("GET", `${maps}/m0`);
  assert.deepEqual(list.items[0], item);
  assert.deepEqual((await server.ok("GET", "/api/v1/namespaces/other/configmaps")).items, []);
});

test("pages show one state, whatever happens between them", async () => {
  await using server = await filled(5);
  const first = await server.ok("GET", `${maps}?limit=2`);
  assert.equal(first.metadata.remainingItemCount, 3);
  await server.ok("DELETE", `${maps}/m2`);
  await server.ok("POST", maps, { body: configMap("m9") });
  const second = await server.ok("GET", `${maps}?limit=2&continue=${first.metadata.continue}`);
  const third = await server.ok("GET", `${maps}?limit=2&continue=${second.metadata.continue}`);
  assert.deepEqual([first, second, third].flatMap(names), ["m0", "m1", "m2", "m3", "m4"]);
  assert.deepEqual(
    [second, third].map(({ metadata }) => metadata.resourceVersion),
    [first.metadata.resourceVersion, first.metadata.resourceVersion],
  );
  assert.equal(second.metadata.remainingItemCount, 1);
  assert.equal(third.metadata.continue, undefined);
});

test("the token is that of Kubernetes", async () => {
  await using server = await filled(2);
  const { metadata } = await server.ok("GET", `${maps}?limit=1`);
  const token = JSON.parse(Buffer.from(metadata.continue, "base64url").toString());
  assert.deepEqual(token, { v: "meta.k8s.io/v1", rv: server.store.revision, start: "m0\0" });
});

test("a token that has expired says how to go on, and that works", async () => {
  await using server = await filled(4);
  const first = await server.ok("GET", `${maps}?limit=2`);
  await server.ok("DELETE", `${maps}/m2`);
  server.store.compact(server.store.revision);
  const { status, body } = await server.send("GET", `${maps}?limit=2&continue=${first.metadata.continue}`);
  assert.equal(status, 410);
  assert.equal(body.reason, "Expired");
  assert.match(body.message, /^The provided continue parameter is too old to display a consistent list result\./);
  const rest = await server.ok("GET", `${maps}?limit=2&continue=${body.metadata.continue}`);
  assert.deepEqual(names(rest), ["m3"]);
  assert.equal(rest.metadata.resourceVersion, String(server.store.revision));
});

test("selectors choose, also over pages", async () => {
  await using server = await filled(6);
  assert.deepEqual(names(await server.ok("GET", `${maps}?labelSelector=parity%3Dodd`)), ["m1", "m3", "m5"]);
  assert.deepEqual(
    names(await server.ok("GET", `${maps}?labelSelector=parity+in+(odd)&fieldSelector=metadata.name!%3Dm3`)),
    ["m1", "m5"],
  );
  assert.deepEqual(names(await server.ok("GET", `${maps}?fieldSelector=metadata.name%3Dm2`)), ["m2"]);
  assert.deepEqual(
    names(await server.ok("GET", `${maps}?fieldSelector=metadata.name%3Dm2&labelSelector=parity%3Dodd`)),
    [],
  );
  assert.deepEqual(
    names(await server.ok("GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Dm2,metadata.namespace%3Ddefault")),
    ["m2"],
  );
  const first = await server.ok("GET", `${maps}?labelSelector=parity%3Dodd&limit=2`);
  assert.deepEqual(names(first), ["m1", "m3"]);
  assert.equal(first.metadata.remainingItemCount, undefined);
  assert.deepEqual(
    names(await server.ok("GET", `${maps}?labelSelector=parity%3Dodd&limit=2&continue=${first.metadata.continue}`)),
    ["m5"],
  );
});

test("fields of built-in kinds can be selected", async () => {
  await using server = await openTestServer();
  for (const type of ["Opaque", "example.com/x"]) {
    const body = { apiVersion: "v1", kind: "Secret", metadata: { generateName: "s-" }, type };
    await server.ok("POST", "/api/v1/namespaces/default/secrets", { body });
  }
  const { items } = await server.ok("GET", "/api/v1/secrets?fieldSelector=type%3Dexample.com/x");
  assert.deepEqual(
    items.map(({ type }: Json) => type),
    ["example.com/x"],
  );
});

const versions: Record<string, { query: string; status: number; message?: RegExp; want?: string[] }> = {
  "the newest state": { query: "", status: 200, want: ["a", "b"] },
  "any state": { query: "resourceVersion=0", status: 200, want: ["a", "b"] },
  "a state not older than": {
    query: "resourceVersion=1001&resourceVersionMatch=NotOlderThan",
    status: 200,
    want: ["a", "b"],
  },
  "a state not older than, without saying so": { query: "resourceVersion=1001", status: 200, want: ["a", "b"] },
  "exactly a state": { query: "resourceVersion=1001&resourceVersionMatch=Exact", status: 200, want: ["a"] },
  "exactly a state, because of the limit": { query: "resourceVersion=1001&limit=5", status: 200, want: ["a"] },
  "a match without a version": {
    query: "resourceVersionMatch=Exact",
    status: 422,
    message: /resourceVersionMatch is forbidden unless resourceVersion is provided/,
  },
  "exactly any": {
    query: "resourceVersion=0&resourceVersionMatch=Exact",
    status: 422,
    message: /resourceVersionMatch "exact" is forbidden for resourceVersion "0"/,
  },
  "an unknown match": {
    query: "resourceVersion=1000&resourceVersionMatch=Foo",
    status: 422,
    message: /Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""/,
  },
  "initial events": {
    query: "sendInitialEvents=true",
    status: 422,
    message: /sendInitialEvents is forbidden for list/,
  },
  "a version that is no number": {
    query: "resourceVersion=x",
    status: 400,
    message: /Invalid value: "x": strconv\.ParseUint/,
  },
  "a version with a token": {
    query: "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0&resourceVersion=1000",
    status: 400,
    message: /specifying resource version is not allowed when using continue/,
  },
  "a token that is none": { query: "continue=x", status: 400, message: /continue key is not valid/ },
  "an unknown field": {
    query: "fieldSelector=spec.x%3D1",
    status: 400,
    message: /"spec\.x" is not a known field selector: only "metadata\.name", "metadata\.namespace"/,
  },
  "a label selector that is none": { query: "labelSelector=a%3D%3D%3D", status: 400, message: /./ },
  "a limit that is no number": {
    query: "limit=many",
    status: 400,
    message: /strconv\.ParseInt: parsing "many": invalid syntax/,
  },
};
for (const [name, { query, status, message, want }] of Object.entries(versions)) {
  test(`a list asks for ${name}`, async () => {
    await using server = await openTestServer();
    assert.equal(server.store.revision, 1000);
    await server.ok("POST", maps, { body: configMap("a") });
    await server.ok("POST", maps, { body: configMap("b") });
    const answer = await server.send("GET", `${maps}?${query}`);
    assert.equal(answer.status, status, answer.text);
    if (message !== undefined) assert.match(answer.body.message, message);
    if (want !== undefined) assert.deepEqual(names(answer.body), want);
  });
}

test("a read of the future waits, then says so", { timeout: 10_000 }, async () => {
  await using server = await openTestServer();
  const future = server.send("GET", `${maps}/a?resourceVersion=${server.store.revision + 1}`);
  await server.ok("POST", maps, { body: configMap("a") });
  assert.equal((await future).status, 200);
  const { status, body } = await server.send("GET", `${maps}?resourceVersion=9000`);
  assert.equal(status, 504);
  assert.equal(body.details.retryAfterSeconds, 1);
  assert.deepEqual(body.details.causes, [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }]);
});

test("a table has the columns of kubectl and as much of the object as asked for", async () => {
  await using server = await filled(1);
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const table = await server.ok("GET", maps, { accept });
  assert.equal(table.kind, "Table");
  assert.equal(table.apiVersion, "meta.k8s.io/v1");
  assert.deepEqual(
    table.columnDefinitions.map(({ name }: Json) => name),
    ["Name", "Data", "Age"],
  );
  assert.deepEqual(table.rows[0].cells, ["m0", 0, "0s"]);
  assert.equal(table.rows[0].object.kind, "PartialObjectMetadata");
  assert.equal((await server.ok("GET", `${maps}?includeObject=Object`, { accept })).rows[0].object.kind, "ConfigMap");
  assert.equal((await server.ok("GET", `${maps}?includeObject=None`, { accept })).rows[0].object, null);
  assert.deepEqual((await server.ok("GET", `${maps}/m0`, { accept })).rows.length, 1);
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { nonResourceAttributes: { path: "/", verb: "get" } },
  };
  const refused = await server.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
    accept,
    body: review,
  });
  assert.equal(refused.status, 406);
});

test("metadata alone, YAML, and JSON for people", async () => {
  await using server = await filled(1);
  const partial = await server.ok("GET", maps, {
    accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  });
  assert.equal(partial.kind, "PartialObjectMetadataList");
  assert.deepEqual(Object.keys(partial.items[0]), ["kind", "apiVersion", "metadata"]);
  // Metadata in protobuf has no type: whoever asks for it compares what they read with what they got one by one.
  const untyped = await server.ok("GET", maps, {
    accept: "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
  });
  assert.deepEqual(untyped, { ...partial, items: [{ metadata: partial.items[0].metadata }] });
  const yaml = await server.send("GET", `${maps}/m0`, { accept: "application/yaml" });
  assert.equal(yaml.headers["content-type"], "application/yaml");
  assert.match(yaml.text, /^kind: ConfigMap$/m);
  assert.match((await server.send("GET", `${maps}/m0?pretty=true`)).text, /^ {2}"kind": "ConfigMap",$/m);
  assert.match((await server.send("GET", `${maps}/m0`, { headers: { "user-agent": "curl/8" } })).text, /^ {2}"kind"/m);
});

test("a large answer is compressed when the client can read it", async () => {
  await using server = await openTestServer();
  for (const name of ["a", "b"])
    await server.ok("POST", maps, { body: configMap(name, { data: { x: "x".repeat(100_000) } }) });
  const response = await server.handler({
    method: "GET",
    target: maps,
    headers: { "accept-encoding": "gzip" },
    signal: new AbortController().signal,
    user: admin,
  });
  assert.equal(response.headers["content-encoding"], "gzip");
  const list = JSON.parse(gunzipSync(await readBody(response.body, 2 ** 20)).toString());
  assert.deepEqual(names(list), ["a", "b"]);
  const small = await server.send("GET", `${maps}/a`, { headers: { "accept-encoding": "gzip" } });
  assert.equal(small.headers["content-encoding"], undefined);
});

test("a list of many megabytes is written in parts", async () => {
  await using server = await openTestServer();
  const data = { x: "x".repeat(2 ** 20) };
  for (let index = 0; index < 5; index++) await server.ok("POST", maps, { body: configMap(`m${index}`, { data }) });
  const response = await server.handler({
    method: "GET",
    target: maps,
    headers: {},
    signal: new AbortController().signal,
    user: admin,
  });
  assert.ok(typeof response.body === "object" && Symbol.asyncIterator in response.body);
  const list = JSON.parse(Buffer.from(await readBody(response.body, 2 ** 24)).toString());
  assert.deepEqual(names(list), ["m0", "m1", "m2", "m3", "m4"]);
});

test("an object that no real cluster could store is refused", async () => {
  await using server = await openTestServer();
  const large = deployment("a");
  large.spec.template.spec.containers[0].args = ["x".repeat(2 ** 21)];
  const { status, body } = await server.send("POST", "/apis/apps/v1/namespaces/default/deployments", { body: large });
  assert.equal(status, 413);
  assert.match(body.message, /^Request entity too large: limit is 1572864$/);
});
