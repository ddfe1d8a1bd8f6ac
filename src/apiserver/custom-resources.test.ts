import assert from "node:assert/strict";
import { test } from "node:test";
import { argoprojCrds, idpbuilderCrds } from "../apis/index.ts";
import { openMemoryStore } from "../storage/index.ts";
import { type Json, openTestServer, type TestServer } from "./testing.ts";

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const gears = "/apis/example.com/v1/namespaces/default/gears";
const merge = "application/merge-patch+json";

function crd(change: (spec: Json) => void = () => {}): Json {
  const spec = {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "gears", singular: "gear", kind: "Gear", shortNames: ["gr"], categories: ["all"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  teeth: { type: "integer", minimum: 3 },
                  color: { type: "string", default: "grey" },
                  port: { "x-kubernetes-int-or-string": true },
                  any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                },
              },
              status: { type: "object", properties: { turns: { type: "integer" }, selector: { type: "string" } } },
            },
          },
        },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.teeth",
            statusReplicasPath: ".status.turns",
            labelSelectorPath: ".status.selector",
          },
        },
        selectableFields: [{ jsonPath: ".spec.color" }],
        additionalPrinterColumns: [
          { name: "Teeth", type: "integer", jsonPath: ".spec.teeth" },
          { name: "Color", type: "string", jsonPath: ".spec.color", priority: 1 },
        ],
      },
    ],
  };
  change(spec);
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${spec.names.plural}.${spec.group}` },
    spec,
  };
}

function gear(name: string, spec: Json = { teeth: 12 }): Json {
  return { apiVersion: "example.com/v1", kind: "Gear", metadata: { name }, spec };
}

async function withGears(change?: (spec: Json) => void): Promise<TestServer> {
  const server = await openTestServer();
  await server.ok("POST", crds, { body: crd(change) });
  return server;
}

test("a CRD is established, and its resource served, when the create answers", async () => {
  await using server = await openTestServer();
  const made = await server.ok("POST", crds, { body: crd() });
  const conditions = Object.fromEntries(made.status.conditions.map(({ type, status }: Json) => [type, status]));
  assert.deepEqual(conditions, { NamesAccepted: "True", Established: "True" });
  assert.deepEqual(made.status.storedVersions, ["v1"]);
  assert.equal(made.status.acceptedNames.listKind, "GearList");
  const list = await server.ok("GET", "/apis/example.com/v1");
  assert.deepEqual(
    list.resources.map(({ name, kind, shortNames }: Json) => [name, kind, shortNames]),
    [
      ["gears", "Gear", ["gr"]],
      ["gears/status", "Gear", undefined],
      ["gears/scale", "Scale", undefined],
    ],
  );
  assert.equal((await server.ok("GET", gears)).kind, "GearList");
});

test("objects are pruned, defaulted, validated and counted", async () => {
  await using server = await withGears();
  const body = { ...gear("a", { teeth: 12, foo: 1, port: "http", any: { x: { y: 1 } } }), status: { turns: 3 } };
  const answer = await server.send("POST", gears, { body });
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.body.spec, { teeth: 12, color: "grey", port: "http", any: { x: { y: 1 } } });
  assert.equal(answer.body.status, undefined, "a create sets no status");
  assert.equal(answer.body.metadata.generation, 1);
  assert.deepEqual(answer.headers["warning"], ['299 - "unknown field \\"spec.foo\\""']);
  const invalid = await server.send("POST", gears, { body: gear("b", { teeth: 2 }) });
  assert.equal(invalid.status, 422);
  assert.match(invalid.body.message, /^Gear\.example\.com "b" is invalid: spec\.teeth: Invalid value: 2: /);
  assert.equal((await server.send("POST", gears, { body: gear("c", { teeth: "many" }) })).status, 422);
  assert.equal((await server.send("POST", gears, { body: gear("B_") })).status, 422);
  assert.equal((await server.send("POST", gears, { body: { metadata: { name: "d" } } })).status, 400);
});

test("integers of 64 bits keep their digits, however they come and go", async () => {
  await using server = await withGears();
  const [big, small] = [9007199254740993n, -9223372036854775808n];
  const made = await server.ok("POST", gears, { body: gear("a", { teeth: big, any: { x: [small] } }) });
  assert.deepEqual(made.spec, { teeth: big, color: "grey", any: { x: [small] } });
  const yaml = `apiVersion: example.com/v1\nkind: Gear\nmetadata: {name: b}\nspec: {teeth: ${big}, any: {x: [${small}]}}\n`;
  await server.ok("POST", gears, { body: yaml, contentType: "application/yaml" });
  const merged = { body: { spec: { any: { m: big } } }, contentType: merge };
  assert.deepEqual((await server.ok("PATCH", `${gears}/b`, merged)).spec.any, { x: [small], m: big });
  const patch = [
    { op: "test", path: "/spec/teeth", value: big },
    { op: "add", path: "/spec/any/l", value: big },
  ];
  const patched = { body: patch, contentType: "application/json-patch+json" };
  assert.equal((await server.ok("PATCH", `${gears}/b`, patched)).spec.any.l, big);
  const applied = {
    body: { ...gear("c", { teeth: big, any: { x: [small] } }) },
    contentType: "application/apply-patch+yaml",
  };
  await server.ok("PATCH", `${gears}/c?fieldManager=x`, applied);
  const again = await server.ok("PATCH", `${gears}/c?fieldManager=x`, applied);
  assert.deepEqual(again.spec.any, { x: [small] });
  const list = await server.ok("GET", gears);
  assert.deepEqual(
    list.items.map(({ spec }: Json) => spec.teeth),
    [big, big, big],
  );
  const low = await server.send("POST", gears, { body: gear("d", { teeth: small }) });
  assert.match(low.body.message, /spec\.teeth: Invalid value: -9223372036854775808: .* greater than or equal to 3/);
});

test("metadata has its types, whatever the CRD's schema says", async () => {
  await using server = await withGears();
  for (const metadata of [{ name: 5 }, { name: "a", labels: { a: 1 } }, { name: "a", finalizers: "x" }]) {
    const { status, body } = await server.send("POST", gears, { body: { ...gear("a"), metadata } });
    assert.equal(status, 400);
    assert.match(body.message, /^Gear in version "v1" cannot be handled as a Gear: json: cannot unmarshal /);
  }
});

test("an update needs the revision; a patch does not", async () => {
  await using server = await withGears();
  const made = await server.ok("POST", gears, { body: gear("a") });
  const { status, body } = await server.send("PUT", `${gears}/a`, { body: gear("a", { teeth: 5 }) });
  assert.equal(status, 422);
  assert.match(body.message, /metadata\.resourceVersion: Invalid value: 0: must be specified for an update$/);
  const changed = await server.ok("PUT", `${gears}/a`, { body: { ...made, spec: { teeth: 5 } } });
  assert.deepEqual([changed.spec.teeth, changed.metadata.generation], [5, 2]);
  const patched = await server.ok("PATCH", `${gears}/a`, { body: { spec: { teeth: 6 } }, contentType: merge });
  assert.deepEqual([patched.spec.teeth, patched.metadata.generation], [6, 3]);
  assert.equal(
    (await server.send("PATCH", `${gears}/a`, { body: {}, contentType: "application/strategic-merge-patch+json" }))
      .status,
    415,
  );
});

test("status and the rest are written through their own paths", async () => {
  await using server = await withGears();
  const made = await server.ok("POST", gears, { body: gear("a") });
  assert.deepEqual(
    await server.ok("PATCH", `${gears}/a`, { body: { status: { turns: 3 } }, contentType: merge }),
    made,
  );
  const body = { metadata: { labels: { x: "y" } }, spec: { teeth: 99 }, status: { turns: 3 } };
  const { metadata, spec, status } = await server.ok("PATCH", `${gears}/a/status`, { body, contentType: merge });
  assert.deepEqual([metadata.labels, metadata.generation, spec.teeth, status], [undefined, 1, 12, { turns: 3 }]);
  assert.equal(metadata.managedFields.at(-1).subresource, "status");
  await server.ok("PATCH", `${gears}/a/status`, { body: { status: { selector: "app=x" } }, contentType: merge });
  const scale = await server.ok("GET", `${gears}/a/scale`);
  assert.deepEqual([scale.spec, scale.status], [{ replicas: 12 }, { replicas: 3, selector: "app=x" }]);
  await server.ok("PATCH", `${gears}/a/scale`, { body: { spec: { replicas: 7 } }, contentType: merge });
  assert.equal((await server.ok("GET", `${gears}/a`)).spec.teeth, 7);
});

test("columns, selectable fields and apply work for custom resources", async () => {
  await using server = await withGears();
  await server.ok("POST", gears, { body: gear("a") });
  await server.ok("POST", gears, { body: gear("b", { teeth: 4, color: "red" }) });
  const table = await server.ok("GET", gears, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
  assert.deepEqual(
    table.columnDefinitions.map(({ name, priority }: Json) => [name, priority]),
    [
      ["Name", 0],
      ["Teeth", 0],
      ["Color", 1],
    ],
  );
  assert.deepEqual(
    table.rows.map(({ cells }: Json) => cells),
    [
      ["a", 12, "grey"],
      ["b", 4, "red"],
    ],
  );
  const red = await server.ok("GET", `${gears}?fieldSelector=spec.color%3Dred`);
  assert.deepEqual(
    red.items.map(({ metadata }: Json) => metadata.name),
    ["b"],
  );
  const apply = (body: Json) =>
    server.send("PATCH", `${gears}/c?fieldManager=m`, { body, contentType: "application/apply-patch+yaml" });
  assert.equal((await apply(gear("c", { teeth: 9, color: "blue" }))).status, 201);
  assert.deepEqual((await apply(gear("c", { teeth: 9 }))).body.spec, { teeth: 9, color: "grey" });
});

test("a new default shows in objects that were stored before it, in get, list and watch", async () => {
  await using server = await withGears();
  await server.ok("POST", gears, { body: gear("a") });
  const body = crd((spec) => {
    const { properties } = spec.versions[0].schema.openAPIV3Schema.properties.spec;
    properties.size = { type: "string", default: "XL" };
    delete properties.color;
    delete spec.versions[0].selectableFields;
    spec.versions[0].additionalPrinterColumns.pop();
  });
  const { metadata } = await server.ok("GET", `${crds}/gears.example.com`);
  await server.ok("PUT", `${crds}/gears.example.com`, { body: { ...body, metadata } });
  const want = { teeth: 12, size: "XL" };
  assert.deepEqual((await server.ok("GET", `${gears}/a`)).spec, want);
  assert.deepEqual((await server.ok("GET", gears)).items[0].spec, want);
  await using watch = await server.watch(`${gears}?watch=true`);
  assert.deepEqual((await watch.next()).object.spec, want);
});

test("several versions show the same objects; the stored one is remembered", async () => {
  const second = (spec: Json) =>
    spec.versions.push({ ...structuredClone(spec.versions[0]), name: "v2", storage: false });
  await using server = await withGears(second);
  const made = await server.ok("POST", gears, { body: gear("a") });
  const v2 = "/apis/example.com/v2/namespaces/default/gears";
  assert.deepEqual(await server.ok("GET", `${v2}/a`), { ...made, apiVersion: "example.com/v2" });
  const list = await server.ok("GET", v2);
  assert.deepEqual([list.apiVersion, list.items[0].apiVersion], ["example.com/v2", "example.com/v2"]);
  await using watch = await server.watch(`${v2}?watch=true`);
  assert.equal((await watch.next()).object.apiVersion, "example.com/v2");
  const group = await server.ok("GET", "/apis/example.com");
  assert.equal(group.preferredVersion.version, "v2");
  const switched = await server.ok("PATCH", `${crds}/gears.example.com`, {
    body: [
      { op: "replace", path: "/spec/versions/0/storage", value: false },
      { op: "replace", path: "/spec/versions/1/storage", value: true },
    ],
    contentType: "application/json-patch+json",
  });
  assert.deepEqual(switched.status.storedVersions, ["v1", "v2"]);
  const { revision } = server.store;
  const migrate = async () => server.ok("PUT", `${gears}/a`, { body: await server.ok("GET", `${gears}/a`) });
  await migrate();
  assert.equal(server.store.revision, revision + 1, "a write that only changes the stored version is made");
  await migrate();
  assert.equal(server.store.revision, revision + 1, "but only once");
  await server.ok("PATCH", `${gears}/a`, { body: { spec: { teeth: 30 } }, contentType: merge });
  assert.equal((await server.ok("GET", `${gears}/a`)).apiVersion, "example.com/v1");
  assert.equal((await server.ok("GET", `${v2}/a`)).spec.teeth, 30);
});

test("a version that is served no more takes its watches and its discovery with it", async () => {
  await using server = await withGears((spec) =>
    spec.versions.push({ ...structuredClone(spec.versions[0]), name: "v2", storage: false }),
  );
  await using watch = await server.watch("/apis/example.com/v2/gears?watch=true");
  await using other = await server.watch(`${gears}?watch=true`);
  const body = [{ op: "replace", path: "/spec/versions/1/served", value: false }];
  await server.ok("PATCH", `${crds}/gears.example.com`, { body, contentType: "application/json-patch+json" });
  assert.equal(await watch.next(), undefined);
  assert.equal((await server.send("GET", "/apis/example.com/v2/gears")).status, 404);
  await server.ok("POST", gears, { body: gear("a") });
  assert.equal((await other.next()).type, "ADDED");
});

test("a CRD goes when its objects are gone, whoever holds them", async () => {
  await using server = await withGears();
  await server.ok("POST", gears, { body: gear("a") });
  const held = gear("b");
  held.metadata.finalizers = ["example.com/hold"];
  await server.ok("POST", gears, { body: held });
  await using watch = await server.watch(`${crds}?watch=true&resourceVersion=${server.store.revision}`);
  const leaving = await server.ok("DELETE", `${crds}/gears.example.com`);
  assert.deepEqual(leaving.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
  const refused = await server.send("POST", gears, { body: gear("c") });
  assert.equal(refused.status, 405);
  assert.equal(refused.body.message, "create not allowed while custom resource definition is terminating");
  assert.deepEqual(
    (await watch.take(2)).map((line) => line.split(" ")[0]),
    ["MODIFIED", "MODIFIED"],
  );
  await server.ok("PATCH", `${gears}/b`, { body: { metadata: { finalizers: null } }, contentType: merge });
  assert.equal((await watch.take(1))[0]?.split(" ")[0], "DELETED");
  assert.equal((await server.send("GET", gears)).status, 404);
  await server.ok("POST", crds, { body: crd() });
  assert.deepEqual((await server.ok("GET", gears)).items, []);
});

test("names belong to who had them first; they are handed on when they come free", async () => {
  await using server = await withGears();
  const rival = crd((spec) => {
    spec.names = { plural: "cogs", singular: "cog", kind: "Cog", shortNames: ["gr"] };
  });
  const made = await server.ok("POST", crds, { body: rival });
  const accepted = made.status.conditions.find(({ type }: Json) => type === "NamesAccepted");
  assert.deepEqual(
    [accepted.status, accepted.reason, accepted.message],
    ["False", "ShortNamesConflict", '"gr" is already in use'],
  );
  assert.equal((await server.send("GET", "/apis/example.com/v1/cogs")).status, 404);
  await using watch = await server.watch(
    `${crds}?watch=true&fieldSelector=metadata.name%3Dcogs.example.com&resourceVersion=${server.store.revision}`,
  );
  await server.ok("DELETE", `${crds}/gears.example.com`);
  const { object } = await watch.next();
  assert.deepEqual(object.status.conditions.map(({ type, status }: Json) => [type, status]).sort(), [
    ["Established", "True"],
    ["NamesAccepted", "True"],
  ]);
  await server.ok("GET", "/apis/example.com/v1/cogs");
});

test("CRDs and their objects are there after a restart", async () => {
  await using store = openMemoryStore();
  await using first = await openTestServer({ store });
  await first.ok("POST", crds, { body: crd() });
  const made = await first.ok("POST", gears, { body: gear("a") });
  await using second = await openTestServer({ store });
  assert.deepEqual(await second.ok("GET", `${gears}/a`), made);
});

test("the CRDs of Argo CD and idpbuilder are accepted and served", async () => {
  await using server = await openTestServer();
  for (const body of [...argoprojCrds(), ...idpbuilderCrds]) await server.ok("POST", crds, { body });
  const { items } = await server.ok("GET", crds);
  for (const { spec, status } of items) {
    assert.equal(status.conditions.find(({ type }: Json) => type === "Established").status, "True");
    for (const { name } of spec.versions) await server.ok("GET", `/apis/${spec.group}/${name}/${spec.names.plural}`);
  }
});

const refused: Record<string, { change: (spec: Json) => void; name?: string; message: RegExp }> = {
  "a name that is not plural and group": {
    change: () => {},
    name: "x.example.com",
    message: /metadata\.name: Invalid value: "x\.example\.com": must be spec\.names\.plural\+"\."\+spec\.group/,
  },
  "a group without a dot": {
    change: (spec) => (spec.group = "example"),
    message: /spec\.group: Invalid value: "example": should be a domain with at least one dot/,
  },
  "no scope": { change: (spec) => delete spec.scope, message: /spec\.scope: / },
  "no storage version": {
    change: (spec) => (spec.versions[0].storage = false),
    message: /must have exactly one version marked as storage version/,
  },
  "no schema": {
    change: (spec) => delete spec.versions[0].schema,
    message: /spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value/,
  },
  "a schema that is not structural": {
    change: (spec) => delete spec.versions[0].schema.openAPIV3Schema.properties.spec.type,
    message: /spec\.validation\.openAPIV3Schema\.properties\[spec\]\.type: Required value/,
  },
  "a column without a path": {
    change: (spec) => delete spec.versions[0].additionalPrinterColumns[0].jsonPath,
    message: /additionalPrinterColumns\[0\]\.jsonPath: Required value/,
  },
  "a selectable field that is no field": {
    change: (spec) => (spec.versions[0].selectableFields[0].jsonPath = ".spec.nope"),
    message: /does not refer to a valid field/,
  },
  "a scale outside of the spec": {
    change: (spec) => (spec.versions[0].subresources.scale.specReplicasPath = ".status.turns"),
    message: /specReplicasPath: Invalid value: "\.status\.turns": should be a json path under \.spec/,
  },
  "a protected group without approval": {
    change: (spec) => (spec.group = "foo.k8s.io"),
    message: /protected groups must have approval annotation "api-approved\.kubernetes\.io"/,
  },
};
for (const [name, { change, name: objectName, message }] of Object.entries(refused)) {
  test(`a CRD is refused for ${name}`, async () => {
    await using server = await openTestServer();
    const body = crd(change);
    if (objectName !== undefined) body.metadata.name = objectName;
    const answer = await server.send("POST", crds, { body });
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.body.message, message);
  });
}

test("the scope of an established CRD is fixed", async () => {
  await using server = await withGears();
  const answer = await server.send("PATCH", `${crds}/gears.example.com`, {
    body: { spec: { scope: "Cluster" } },
    contentType: merge,
  });
  assert.equal(answer.status, 422);
  assert.match(answer.body.message, /spec\.scope: Invalid value: "Cluster": field is immutable/);
});
