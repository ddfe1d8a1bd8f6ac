import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, parseYaml } from "../../apimachinery/index.ts";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";
import { objectAt } from "./json-at.ts";
import { readKro } from "./kro.ts";

const place = { file: "graph.yaml", line: 1 };

test("a graph makes a definition of its kind", () => {
  const object = graph(`
    apiVersion: v1alpha1
    kind: WebPolicy
    spec:
      name: string | required=true
      image: string | default="nginx"
      debug: boolean
    status: {url: "\${service.status.url}"}
`);
  const definition = readKro(object, place);
  const { schema, written, usedBy, ...rest } = definition;
  assert.deepEqual(rest, {
    name: "kro.run.webpolicy",
    title: "WebPolicy",
    source: "kro",
    origin: place,
    subject: {
      kind: "resource",
      apiVersion: "kro.run/v1alpha1",
      resourceKind: "WebPolicy",
      plural: "webpolicies",
      namespaced: true,
    },
    dialect: "kubernetes",
    prominent: [],
    notes: [],
  });
  assert.deepEqual(Object.keys(objectAt(schema, "properties") ?? {}), ["apiVersion", "kind", "metadata", "spec"]);
  assert.equal(written?.version, "v1alpha1");
  assert.deepEqual(usedBy, [
    {
      path: ["spec", "name"],
      readers: ["deployment", "service"],
      drives: ["metadata.name of Deployment", "spec.selector[app.io/name] of Service"],
      required: true,
    },
    {
      path: ["spec", "image"],
      readers: ["deployment"],
      drives: ["spec.template.spec.containers[0].image of Deployment"],
      required: true,
    },
    { path: ["spec", "debug"], readers: ["service"], drives: ["whether there is Service"], required: false },
  ]);
  const [crd] = customResourceDefinitions(definition);
  assert.equal(objectAt(crd, "metadata")?.["name"], "webpolicies.kro.run");
});

test("group and scope are those of the graph", () => {
  const { subject, name } = readKro(graph("{apiVersion: v1, kind: Tenant, group: acme.io, scope: Cluster}"), place);
  assert.equal(name, "acme.io.tenant");
  assert.equal(subject.kind === "resource" && subject.apiVersion, "acme.io/v1");
  assert.equal(subject.kind === "resource" && subject.namespaced, false);
});

const fields: Record<string, { field: string; want: JsonObject; required?: boolean }> = {
  "string with everything": {
    field: String.raw`string | required=true description="A \"name\"" pattern="^[a-z=]+\\d$" minLength=2 maxLength=9`,
    want: { type: "string", description: 'A "name"', pattern: String.raw`^[a-z=]+\d$`, minLength: 2, maxLength: 9 },
    required: true,
  },
  enum: { field: 'string | enum="a, b" default=b', want: { type: "string", enum: ["a", "b"], default: "b" } },
  numbers: {
    field: "integer | minimum=1 maximum=10 default=3 enum=1,3",
    want: { type: "integer", minimum: 1, maximum: 10, default: 3, enum: [1, 3] },
  },
  float: { field: "float | default=0.5", want: { type: "number", default: 0.5 } },
  boolean: { field: "boolean | default=true", want: { type: "boolean", default: true } },
  "list of maps": {
    field: "[]map[string]integer | minItems=1 maxItems=2 uniqueItems=true",
    want: {
      type: "array",
      items: { type: "object", additionalProperties: { type: "integer" } },
      minItems: 1,
      maxItems: 2,
      "x-kubernetes-list-type": "set",
    },
  },
  "list of a type by keys": {
    field: "[]Port | listType=map listMapKey=name listMapKey=number",
    want: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "number"],
        properties: { name: { type: "string" }, number: { type: "integer" } },
      },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name", "number"],
    },
  },
  "alias that is required": { field: "Name", want: { type: "string", maxLength: 5 }, required: true },
  "free object": {
    field: 'object | default={"a": [1, "x y"]}',
    want: { type: "object", "x-kubernetes-preserve-unknown-fields": true, default: { a: [1, "x y"] } },
  },
  "rules and bars": {
    field: "string | immutable=true | validation=\"self != ''\"",
    want: {
      type: "string",
      "x-kubernetes-validations": [
        { rule: "self == oldSelf", message: "field is immutable" },
        { rule: "self != ''", message: "validation failed" },
      ],
    },
  },
};

for (const [name, { field, want, required = false }] of Object.entries(fields)) {
  test(`a simple schema has ${name}`, () => {
    const { schema } = readKro(graphOf({ field }), place);
    const spec = objectAt(schema, "properties", "spec") ?? {};
    assert.deepEqual(objectAt(spec, "properties", "field"), want);
    assert.deepEqual(spec["required"], required ? ["field"] : undefined);
  });
}

test("an object whose fields have defaults has one, unless something in it must be given", () => {
  const { schema } = readKro(
    graphOf({ a: { b: "string | default=x" }, c: { d: "string | default=x", e: "string | required=true" } }),
    place,
  );
  const spec = objectAt(schema, "properties", "spec");
  assert.deepEqual(objectAt(spec, "properties", "a")?.["default"], {});
  assert.equal(objectAt(spec, "properties", "c")?.["default"], undefined);
  assert.deepEqual(spec?.["default"], {});
});

test("what kro refuses is told with the path of the field", () => {
  const cases: [field: string, why: string | RegExp][] = [
    ["text", /is of type "text", which is none of string, integer, boolean, float, object, Port, Name, Loop, Tail/],
    ["Loop", /is of type Loop, which contains itself/],
    ["", "has no type"],
    ["map[integer]string", "is a map whose keys are not of type string"],
    ["string | default=a b", "has a marker without a value: b"],
    ["string | color=red", "has a marker that kro does not know: color"],
    ["integer | default=1.5", "has default=1.5, which is no integer"],
    ["boolean | required=maybe", "has required=maybe, which is neither true nor false"],
    ["integer | minLength=1", "has minLength, which is only for type string"],
    ['string | description="a', "has a quote that is not closed"],
    ["object | default={a", "has a bracket that is not closed"],
    ["object | default=}", "has a bracket that closes nothing"],
    ["object | default={a}", "has a default that is no JSON: {a}"],
    ["[]string | listMapKey=a", "has listMapKey without listType=map"],
    ["[]string | listType=map uniqueItems=true", "has two different list types"],
    [`${"[]".repeat(40)}string`, "is nested too deeply"],
  ];
  for (const [field, why] of cases) {
    assert.throws(
      () => readKro(graphOf({ outer: { inner: field } }), place),
      (error: Error) => {
        if (typeof why === "string") assert.equal(error.message, `graph.yaml:1: spec.schema: outer.inner: ${why}`);
        else assert.match(error.message, why);
        return true;
      },
    );
  }
});

test("types that double each time they are used end", () => {
  const types: JsonObject = { T0: { a: "string" } };
  for (let level = 1; level < 40; level++) types[`T${level}`] = { a: `T${level - 1}`, b: `T${level - 1}` };
  const object = { spec: { schema: { apiVersion: "v1", kind: "Big", types, spec: { field: "T13" } } } };
  assert.throws(() => readKro(object, place), /has more than 10000 fields/);
});

function graph(schema: string): JsonObject {
  const value = parseYaml(`
spec:
  schema: ${schema}
  resources:
  - id: deployment
    template:
      kind: Deployment
      metadata: {name: "\${schema.spec.name}-web"}
      spec: {template: {spec: {containers: [{image: "\${schema.spec.?image.orValue('a')}"}]}}}
  - id: service
    includeWhen: ["\${schema.spec.debug}"]
    template:
      kind: Service
      spec: {selector: {app.io/name: "\${schema.spec.name}", schema.spec.image: none}}
`);
  return value as JsonObject;
}

function graphOf(spec: JsonObject): JsonObject {
  const types = {
    Port: { name: "string | required=true", number: "integer | required=true" },
    Name: "string | required=true maxLength=5",
    Loop: { next: "[]Tail" },
    Tail: "Loop",
  };
  return { spec: { schema: { apiVersion: "v1", kind: "Thing", types, spec } } };
}
