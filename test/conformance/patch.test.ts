import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const { namespace } = cluster;
const maps = `/api/v1/namespaces/${namespace}/configmaps`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const json = "application/json-patch+json";
const merge = "application/merge-patch+json";
const strategic = "application/strategic-merge-patch+json";

before(async () => {
  await cluster.ok("POST", maps, {
    body: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "p", labels: { l: "1" } },
      data: { a: "1", b: "2" },
    },
  });
  await cluster.ok("POST", deployments, {
    body: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "p" },
      spec: {
        selector: { matchLabels: { app: "p" } },
        template: {
          metadata: { labels: { app: "p" } },
          spec: {
            containers: [
              { name: "a", image: "a:1", args: ["x", "y"], env: [{ name: "E", value: "1" }] },
              { name: "b", image: "b:1" },
            ],
            tolerations: [{ key: "t", operator: "Exists" }],
          },
        },
      },
    },
  });
});

/** What a patch would make of the ConfigMap; nothing is stored. */
async function patched(contentType: string, body: unknown): Promise<Json> {
  return await cluster.send("PATCH", `${maps}/p?dryRun=All`, { body, contentType });
}

const patches: Record<string, { type: string; body: unknown; want: Json }> = {
  "a merge patch": { type: merge, body: { data: { a: null, c: "3" } }, want: { b: "2", c: "3" } },
  "a JSON patch that adds": {
    type: json,
    body: [{ op: "add", path: "/data/c", value: "3" }],
    want: { a: "1", b: "2", c: "3" },
  },
  "a JSON patch that removes": { type: json, body: [{ op: "remove", path: "/data/a" }], want: { b: "2" } },
  "a JSON patch that moves": {
    type: json,
    body: [{ op: "move", from: "/data/a", path: "/data/c" }],
    want: { b: "2", c: "1" },
  },
  "a JSON patch that copies": {
    type: json,
    body: [{ op: "copy", from: "/data/a", path: "/data/c" }],
    want: { a: "1", b: "2", c: "1" },
  },
  "a JSON patch that tests": {
    type: json,
    body: [
      { op: "test", path: "/data/a", value: "1" },
      { op: "replace", path: "/data/a", value: "9" },
    ],
    want: { a: "9", b: "2" },
  },
  "a strategic merge patch": { type: strategic, body: { data: { a: null } }, want: { b: "2" } },
  "a strategic patch that replaces a map": {
    type: strategic,
    body: { data: { $patch: "replace", c: "3" } },
    want: { c: "3" },
  },
};
for (const [name, { type, body, want }] of Object.entries(patches)) {
  test(`${name} changes an object`, async () => {
    const answer = await patched(type, body);
    assert.deepEqual([answer.status, answer.body.data], [200, want], answer.text);
  });
}

const undone = "the server rejected our request due to an error in our request";
const refused: Record<string, { type: string; body: unknown; status: number; message: string | RegExp }> = {
  "a test that fails": {
    type: json,
    body: [{ op: "test", path: "/data/a", value: "2" }],
    status: 422,
    message: undone,
  },
  "the removal of what is absent": {
    type: json,
    body: [{ op: "remove", path: "/nope" }],
    status: 422,
    message: undone,
  },
  "a JSON patch that is no list": {
    type: json,
    body: {},
    status: 400,
    message: "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
  },
  "a merge patch that is a list": {
    type: merge,
    body: [],
    status: 400,
    message: "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  },
  "a value of a wrong type": {
    type: merge,
    body: { data: { a: 5 } },
    status: 422,
    message:
      /patch: Invalid value: ".*": json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
  },
  "a value of a wrong type, strategically": {
    type: strategic,
    body: { data: { a: 5 } },
    status: 422,
    message: ' "" is invalid: patch: Invalid value: "map[data:map[a:5]]": cannot convert int64 to string',
  },
  "another name": {
    type: merge,
    body: { metadata: { name: "q" } },
    status: 400,
    message: "the name of the object (q) does not match the name on the URL (p)",
  },
  "no name": {
    type: merge,
    body: { metadata: null },
    status: 400,
    message: "the name of the object (p based on URL) was undeterminable: name must be provided",
  },
  "another uid": {
    type: merge,
    body: { metadata: { uid: "x" } },
    status: 422,
    message: 'ConfigMap "p" is invalid: metadata.uid: Invalid value: "x": field is immutable',
  },
  "an older revision": {
    type: merge,
    body: { metadata: { resourceVersion: "1" } },
    status: 409,
    message: /the object has been modified; please apply your changes to the latest version and try again$/,
  },
  "a type that is no patch": {
    type: "application/json",
    body: {},
    status: 415,
    message: "415: Unsupported Media Type",
  },
};
for (const [name, { type, body, status, message }] of Object.entries(refused)) {
  test(`a patch is refused for ${name}`, async () => {
    const answer = await patched(type, body);
    assert.equal(answer.status, status, answer.text);
    if (typeof message === "string") assert.equal(answer.body.message, message);
    else assert.match(answer.body.message, message);
  });
}

test("strict patches are refused in words of their own", async () => {
  const target = `${maps}/p?dryRun=All&fieldValidation=Strict`;
  const { status, body } = await cluster.send("PATCH", target, {
    body: '{"size":1,"data":{"a":"1","a":"2"}}',
    contentType: merge,
  });
  assert.equal(status, 422);
  assert.ok(
    body.message.endsWith('strict decoding error: duplicate field "data.a", unknown field "size"'),
    body.message,
  );
});

/** What a strategic patch makes of the pod spec of the Deployment. */
async function strategically(spec: Json): Promise<Json> {
  const body = { spec: { template: { spec } } };
  const answer = await cluster.ok("PATCH", `${deployments}/p?dryRun=All`, { body, contentType: strategic });
  return answer.spec.template.spec;
}

test("list items are merged by their keys", async () => {
  const { containers } = await strategically({ containers: [{ name: "b", image: "b:2" }] });
  assert.deepEqual(
    containers.map(({ name, image }: Json) => [name, image]),
    [
      ["a", "a:1"],
      ["b", "b:2"],
    ],
  );
  const { containers: more } = await strategically({ containers: [{ name: "c", image: "c:1" }] });
  assert.deepEqual(
    more.map(({ name }: Json) => name),
    ["c", "a", "b"],
  );
});

test("directives delete, replace, order and retain", async () => {
  const without = await strategically({ containers: [{ name: "a", $patch: "delete" }] });
  assert.deepEqual(
    without.containers.map(({ name }: Json) => name),
    ["b"],
  );
  const replaced = await strategically({ containers: [{ $patch: "replace" }, { name: "z", image: "z" }] });
  assert.deepEqual(
    replaced.containers.map(({ name }: Json) => name),
    ["z"],
  );
  const ordered = await strategically({ "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] });
  assert.deepEqual(
    ordered.containers.map(({ name }: Json) => name),
    ["b", "a"],
  );
  const body = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
  const { spec } = await cluster.ok("PATCH", `${deployments}/p?dryRun=All`, { body, contentType: strategic });
  assert.deepEqual(spec.strategy, { type: "Recreate" });
});

test("a list without keys is replaced as a whole", async () => {
  const { containers, tolerations } = await strategically({
    containers: [{ name: "a", args: ["z"] }],
    tolerations: [{ key: "u", operator: "Exists" }],
  });
  assert.deepEqual(containers[0].args, ["z"]);
  assert.deepEqual(tolerations, [{ key: "u", operator: "Exists" }]);
});

test("a set loses what is deleted from it", async () => {
  const finalizers = ["example.com/a", "example.com/b"];
  await cluster.ok("PATCH", `${maps}/p`, { body: { metadata: { finalizers } }, contentType: merge });
  const { body } = await patched(strategic, {
    metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/a"], finalizers: ["example.com/c"] },
  });
  assert.deepEqual([...body.metadata.finalizers].sort(), ["example.com/b", "example.com/c"]);
  await cluster.ok("PATCH", `${maps}/p`, { body: { metadata: { finalizers: null } }, contentType: merge });
});

test("a custom resource takes no strategic patch", async () => {
  const kind = await cluster.define({});
  const gear = { apiVersion: `${kind.group}/v1`, kind: "Gear", metadata: { name: "g" }, spec: { a: 1 } };
  await cluster.ok("POST", kind.path(), { body: gear });
  const answer = await cluster.send("PATCH", `${kind.path()}/g`, { body: {}, contentType: strategic });
  assert.equal(answer.status, 415);
  assert.equal(
    answer.body.message,
    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );
  const { spec } = await cluster.ok("PATCH", `${kind.path()}/g`, { body: { spec: { b: 2 } }, contentType: merge });
  assert.deepEqual(spec, { a: 1, b: 2 });
});

test("what is absent cannot be patched, whatever the patch", async () => {
  const { status, body } = await cluster.send("PATCH", `${maps}/absent`, { body: "{", contentType: merge });
  assert.deepEqual([status, body.message], [404, 'configmaps "absent" not found']);
});
