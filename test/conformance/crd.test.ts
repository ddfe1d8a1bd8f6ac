import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { type Kind, openCluster, until } from "./cluster.ts";

const cluster = await openCluster();
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const merge = "application/merge-patch+json";

function gear(kind: Kind, name: string, rest: Json = {}, version = "v1"): Json {
  return { apiVersion: `${kind.group}/${version}`, kind: kind.kind, metadata: { name }, ...rest };
}
const withSpec = (properties: Json, more: Json = {}): Json => ({
  type: "object",
  properties: { spec: { type: "object", properties, ...more } },
});

test("a CRD tells what became of it", async () => {
  const kind = await cluster.define({});
  let status: Json;
  await until(async () => {
    ({ status } = await cluster.ok("GET", `${definitions}/${kind.crd}`));
    return status.conditions?.some(({ type, status: is }: Json) => type === "Established" && is === "True");
  }, "the CRD to be established");
  const conditions = status.conditions.map(({ type, status: is, reason, message }: Json) => [
    type,
    is,
    reason,
    message,
  ]);
  assert.deepEqual(conditions, [
    ["NamesAccepted", "True", "NoConflicts", "no conflicts found"],
    ["Established", "True", "InitialNamesAccepted", "the initial names have been accepted"],
  ]);
  assert.deepEqual(status.acceptedNames, {
    plural: "gears",
    singular: "gear",
    kind: "Gear",
    listKind: "GearList",
  });
  assert.deepEqual(status.storedVersions, ["v1"]);
});

test("unknown fields are dropped, and refused when the client is strict", async () => {
  const kind = await cluster.define({ schema: withSpec({ a: { type: "string" } }) });
  const body = gear(kind, "p", { spec: { a: "x", b: "y" }, other: 1 });
  const { headers, body: made } = await cluster.send("POST", kind.path(), { body });
  assert.deepEqual([made.spec, made.other], [{ a: "x" }, undefined]);
  assert.equal(headers["warning"], '299 - "unknown field \\"other\\"", 299 - "unknown field \\"spec.b\\""');
  const refusal = await cluster.send("POST", `${kind.path()}?fieldValidation=Strict`, { body });
  assert.equal(refusal.status, 400);
  assert.equal(
    refusal.body.message,
    'Gear in version "v1" cannot be handled as a Gear: strict decoding error: unknown field "other", unknown field "spec.b"',
  );
});

test("fields are kept where the schema says so", async () => {
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { a: { type: "string" } } };
  const kind = await cluster.define({
    schema: withSpec({ open, map: { type: "object", additionalProperties: { type: "integer" } } }),
  });
  const spec = { open: { a: "x", b: { c: [1] } }, map: { one: 1 } };
  assert.deepEqual((await cluster.ok("POST", kind.path(), { body: gear(kind, "k", { spec }) })).spec, spec);
});

test("defaults are filled in, also where null was sent for what may not be null", async () => {
  const kind = await cluster.define({
    schema: withSpec({
      size: { type: "integer", default: 3 },
      inner: { type: "object", default: {}, properties: { deep: { type: "string", default: "d" } } },
      none: { type: "string", nullable: true, default: "n" },
      list: { type: "array", items: { type: "object", properties: { x: { type: "string", default: "y" } } } },
    }),
  });
  const sent = { size: null, none: null, list: [{}] };
  const { spec } = await cluster.ok("POST", kind.path(), { body: gear(kind, "d", { spec: sent }) });
  assert.deepEqual(spec, { size: 3, inner: { deep: "d" }, none: null, list: [{ x: "y" }] });
});

const invalid: Record<string, { schema: Json; spec: Json; message: string }> = {
  "a type": {
    schema: { n: { type: "integer" } },
    spec: { n: "x" },
    message: 'spec.n: Invalid value: "string": spec.n in body must be of type integer: "string"',
  },
  "a minimum": {
    schema: { n: { type: "integer", minimum: 2 } },
    spec: { n: 1 },
    message: "spec.n: Invalid value: 1: spec.n in body should be greater than or equal to 2",
  },
  "a pattern": {
    schema: { s: { type: "string", pattern: "^a+$" } },
    spec: { s: "b" },
    message: "spec.s: Invalid value: \"b\": spec.s in body should match '^a+$'",
  },
  "an enumeration": {
    schema: { s: { type: "string", enum: ["a", "b"] } },
    spec: { s: "c" },
    message: 'spec.s: Unsupported value: "c": supported values: "a", "b"',
  },
  "a length": {
    schema: { s: { type: "string", maxLength: 2 } },
    spec: { s: "abc" },
    message: "spec.s: Too long: may not be more than 2 bytes",
  },
  "a number of items": {
    schema: { l: { type: "array", items: { type: "integer" }, maxItems: 1 } },
    spec: { l: [1, 2] },
    message: "spec.l: Too many: 2: must have at most 1 item",
  },
  "a required field": {
    schema: { o: { type: "object", required: ["x"], properties: { x: { type: "string" } } } },
    spec: { o: {} },
    message: "spec.o.x: Required value",
  },
  "items that stand twice in a set": {
    schema: { l: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" } },
    spec: { l: ["a", "a"] },
    message: 'spec.l[1]: Duplicate value: "a"',
  },
  "a value that is neither integer nor string": {
    schema: { p: { "x-kubernetes-int-or-string": true } },
    spec: { p: true },
    message: 'spec.p: Invalid value: "boolean": spec.p in body must be of type integer,string: "boolean"',
  },
};
for (const [name, { schema, spec, message }] of Object.entries(invalid)) {
  test(`a custom resource is refused for ${name}`, async () => {
    const kind = await cluster.define({ schema: withSpec(schema) });
    const { status, body } = await cluster.send("POST", kind.path(), { body: gear(kind, "i", { spec }) });
    assert.equal(status, 422);
    assert.equal(body.message, `Gear.${kind.group} "i" is invalid: ${message}`);
  });
}

test("an object inside an object is one: with a kind, a version and valid metadata", async () => {
  const inner = {
    type: "object",
    "x-kubernetes-embedded-resource": true,
    "x-kubernetes-preserve-unknown-fields": true,
  };
  const kind = await cluster.define({ schema: withSpec({ inner }) });
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", colour: "red" }, any: 1 };
  const made = await cluster.ok("POST", kind.path(), { body: gear(kind, "e", { spec: { inner: pod } }) });
  assert.deepEqual(made.spec.inner, { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, any: 1 });
  const refused = await cluster.send("POST", kind.path(), { body: gear(kind, "f", { spec: { inner: {} } }) });
  assert.equal(
    refused.body.message,
    `Gear.${kind.group} "f" is invalid: [spec.inner.apiVersion: Required value, spec.inner.kind: Required value]`,
  );
});

test("another kind in the body is refused as a value of it", async () => {
  const kind = await cluster.define({});
  const { status, body } = await cluster.send("POST", kind.path(), { body: { ...gear(kind, "x"), kind: "Wheel" } });
  assert.equal(status, 422);
  assert.equal(body.message, `Wheel.${kind.group} "x" is invalid: kind: Invalid value: "Wheel": must be Gear`);
});

test("status is a part of its own when the CRD says so", async () => {
  const schema = {
    type: "object",
    properties: {
      spec: { type: "object", properties: { a: { type: "integer" } } },
      status: { type: "object", properties: { b: { type: "integer" } } },
    },
  };
  const kind = await cluster.define({ schema, version: { subresources: { status: {} } } });
  const made = await cluster.ok("POST", kind.path(), { body: gear(kind, "s", { spec: { a: 1 }, status: { b: 1 } }) });
  assert.deepEqual([made.status, made.metadata.generation], [undefined, 1]);
  const patch = { spec: { a: 2 }, status: { b: 2 } };
  const main = await cluster.ok("PATCH", `${kind.path()}/s`, { body: patch, contentType: merge });
  assert.deepEqual([main.spec, main.status, main.metadata.generation], [{ a: 2 }, undefined, 2]);
  const status = await cluster.ok("PATCH", `${kind.path()}/s/status`, {
    body: { spec: { a: 3 }, status: { b: 3 } },
    contentType: merge,
  });
  assert.deepEqual([status.spec, status.status, status.metadata.generation], [{ a: 2 }, { b: 3 }, 2]);
});

test("a scale reads and writes where the CRD says", async () => {
  const schema = {
    type: "object",
    properties: {
      spec: { type: "object", properties: { count: { type: "integer" } } },
      status: { type: "object", properties: { count: { type: "integer" }, selector: { type: "string" } } },
    },
  };
  const scale = {
    specReplicasPath: ".spec.count",
    statusReplicasPath: ".status.count",
    labelSelectorPath: ".status.selector",
  };
  const kind = await cluster.define({ schema, version: { subresources: { status: {}, scale } } });
  await cluster.ok("POST", kind.path(), { body: gear(kind, "s", { spec: { count: 2 } }) });
  await cluster.ok("PATCH", `${kind.path()}/s/status`, {
    body: { status: { count: 1, selector: "a=b" } },
    contentType: merge,
  });
  const read = await cluster.ok("GET", `${kind.path()}/s/scale`);
  assert.deepEqual([read.kind, read.spec, read.status], ["Scale", { replicas: 2 }, { replicas: 1, selector: "a=b" }]);
  await cluster.ok("PUT", `${kind.path()}/s/scale`, { body: { ...read, spec: { replicas: 5 } } });
  assert.equal((await cluster.ok("GET", `${kind.path()}/s`)).spec.count, 5);

  await cluster.ok("POST", kind.path(), { body: gear(kind, "without", { spec: {} }) });
  const scaleOf = `${kind.path()}/without/scale`;
  const none = await cluster.send("GET", scaleOf);
  assert.deepEqual(
    [none.status, none.body.message],
    [500, 'Internal error occurred: the spec replicas field ".spec.count" does not exist'],
  );
  const empty = await cluster.send("PATCH", scaleOf, {
    body: { metadata: { labels: { a: "b" } } },
    contentType: merge,
  });
  assert.deepEqual([empty.status, empty.body.message], [400, 'the spec replicas field ".spec.count" cannot be empty']);
  const counted = await cluster.ok("PATCH", scaleOf, { body: { spec: { replicas: 3 } }, contentType: merge });
  assert.equal(counted.spec.replicas, 3);
});

test("fields that the CRD names can be selected by", async () => {
  const schema = withSpec({ colour: { type: "string" } });
  const kind = await cluster.define({ schema, version: { selectableFields: [{ jsonPath: ".spec.colour" }] } });
  for (const [name, colour] of Object.entries({ a: "red", b: "blue" }))
    await cluster.ok("POST", kind.path(), { body: gear(kind, name, { spec: { colour } }) });
  const list = await cluster.ok("GET", `${kind.path()}?fieldSelector=spec.colour%3Dblue`);
  assert.deepEqual(
    list.items.map(({ metadata }: Json) => metadata.name),
    ["b"],
  );
  const refused = await cluster.send("GET", `${kind.path()}?fieldSelector=spec.size%3D1`);
  assert.equal(refused.body.message, "field label not supported: spec.size");
});

test("several versions are one object; a deprecated one warns", async () => {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const kind = await cluster.define({
    versions: [
      { name: "v1", served: true, storage: true, schema },
      { name: "v1beta1", served: true, storage: false, deprecated: true, schema },
      { name: "v1alpha1", served: false, storage: false, schema },
    ],
  });
  await cluster.ok("POST", kind.path("v1beta1"), { body: gear(kind, "v", { spec: { a: 1 } }, "v1beta1") });
  const { apiVersion, spec } = await cluster.ok("GET", `${kind.path("v1")}/v`);
  assert.deepEqual([apiVersion, spec], [`${kind.group}/v1`, { a: 1 }]);
  const old = await cluster.send("GET", `${kind.path("v1beta1")}/v`);
  assert.equal(old.headers["warning"], `299 - "${kind.group}/v1beta1 Gear is deprecated; use ${kind.group}/v1 Gear"`);
  assert.equal((await cluster.send("GET", kind.path("v1alpha1"))).status, 404);
});

test("a list of custom resources says of each item what it is", async () => {
  const kind = await cluster.define({});
  await cluster.ok("POST", kind.path(), { body: gear(kind, "l") });
  const list = await cluster.ok("GET", kind.path());
  assert.deepEqual([list.kind, list.metadata.continue], ["GearList", ""]);
  assert.deepEqual([list.items[0].kind, list.items[0].apiVersion], ["Gear", `${kind.group}/v1`]);
});

const broken: Record<string, { spec: (group: string) => Json; message: RegExp }> = {
  "a name that is not made of plural and group": {
    spec: (group) => ({ group, names: { plural: "wheels", kind: "Gear" } }),
    message: /metadata\.name: Invalid value: "[^"]+": must be spec\.names\.plural\+"\."\+spec\.group/,
  },
  "no version that is stored": {
    spec: (group) => ({
      group,
      versions: [{ name: "v1", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } } }],
    }),
    message: /spec\.versions: Invalid value: .*: must have exactly one version marked as storage version/,
  },
  "a schema that is not structural": {
    spec: (group) => ({
      group,
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { a: {} } } },
        },
      ],
    }),
    message: /properties\[a\]\.type: Required value: must not be empty for specified object fields/,
  },
  "no schema": {
    spec: (group) => ({ group, versions: [{ name: "v1", served: true, storage: true }] }),
    message: /spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value$/,
  },
};
for (const [name, { spec, message }] of Object.entries(broken)) {
  test(`a CRD is refused for ${name}`, async () => {
    const group = `${cluster.unique("g")}.example.com`;
    const schema = { openAPIV3Schema: { type: "object" } };
    const body = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `gears.${group}` },
      spec: {
        scope: "Namespaced",
        names: { plural: "gears", kind: "Gear" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
        ...spec(group),
      },
    };
    const { status, body: refusal } = await cluster.send("POST", definitions, { body });
    assert.equal(status, 422);
    assert.match(refusal.message, message);
  });
}
