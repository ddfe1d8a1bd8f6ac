import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import { type Definition, SourceError } from "../definition.ts";
import { loadChartSource, readChartDefinition } from "./chart.ts";

function bytesOf(files: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]));
}

function read(files: Record<string, string>, options: { repository?: string } = {}): Definition {
  const all = { "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.2.3\ndescription: Sells things\n", ...files };
  return readChartDefinition(loadChartSource(bytesOf(all), { file: "charts/shop" }), {
    file: "charts/shop",
    ...options,
  });
}

function field(definition: Definition, ...path: string[]): JsonValue | undefined {
  let here: JsonValue | undefined = definition.schema;
  for (const name of path) {
    const properties: JsonValue | undefined = isJsonObject(here) ? here["properties"] : undefined;
    here = isJsonObject(properties) ? properties[name] : undefined;
  }
  return here;
}

function schemaText(schema: JsonObject): string {
  return JSON.stringify(schema);
}

test("a chart is a definition of its values", () => {
  const { schema, ...rest } = read(
    { "values.yaml": "# How many\nreplicaCount: 1\nimage:\n  tag: x\nother: x\n" },
    { repository: "https://charts.example.com" },
  );
  assert.deepEqual(rest, {
    name: "shop",
    title: "shop",
    description: "Sells things",
    source: "helm",
    origin: { file: "charts/shop" },
    subject: { kind: "chart", chart: "shop", version: "1.2.3", repository: "https://charts.example.com" },
    dialect: "json-schema",
    prominent: [["replicaCount"], ["image", "tag"]],
    notes: [],
  });
  assert.deepEqual(schema, {
    type: "object",
    properties: {
      replicaCount: { type: "integer", minimum: 0, default: 1, description: "How many" },
      image: { type: "object", properties: { tag: { type: "string", default: "x" } } },
      other: { type: "string", default: "x" },
    },
  });
});

test("a chart without values takes any", () => {
  assert.deepEqual(read({}).schema, { type: "object", properties: {} });
});

test("a schema is completed by values and comments, in its own order", () => {
  const definition = read({
    "values.yaml": `# From the comment
a: 1
b: {c: x, more: true}
# Of the list
d: [1]
e: {k: v}
new: here
nothing:
`,
    "values.schema.json": schemaText({
      $schema: "http://json-schema.org/draft-07/schema#",
      required: ["b", "z"],
      properties: {
        z: { type: "string" },
        b: { type: "object", properties: { c: { $ref: "#/definitions/c" }, f: { type: "integer", default: 5 } } },
        a: { type: "integer", description: "From the schema", default: 7 },
        d: { type: "array", items: { type: "integer" } },
        e: { type: "object", additionalProperties: { type: "string" } },
        nothing: { type: ["string", "null"] },
      },
      definitions: { c: { type: "string", minLength: 1 } },
    }),
  });
  assert.deepEqual(definition.schema, {
    type: "object",
    $schema: "http://json-schema.org/draft-07/schema#",
    required: ["b", "z"],
    properties: {
      z: { type: "string" },
      b: {
        type: "object",
        properties: {
          c: { type: "string", minLength: 1, default: "x" },
          f: { type: "integer", examples: [5] },
          more: { type: "boolean", default: true },
        },
      },
      a: { type: "integer", description: "From the schema", default: 1 },
      d: { type: "array", items: { type: "integer" }, description: "Of the list", default: [1] },
      e: { type: "object", additionalProperties: { type: "string" }, default: { k: "v" } },
      nothing: { type: ["string", "null"] },
      new: { type: "string", default: "here" },
    },
    definitions: { c: { type: "string", minLength: 1 } },
  });
  assert.deepEqual(definition.prominent[0], ["z"]);
});

test("a schema that forbids other fields has no others", () => {
  const definition = read({
    "values.yaml": "a: 1\nb: 2\nc: {d: 1}\ne: {f: 1}\n",
    "values.schema.json": schemaText({
      type: "object",
      additionalProperties: false,
      properties: {
        a: { type: "integer" },
        c: { allOf: [{ properties: {}, additionalProperties: false }] },
        e: { type: "object", unevaluatedProperties: false },
      },
    }),
  });
  assert.deepEqual(definition.schema["properties"], {
    a: { type: "integer", default: 1 },
    c: { allOf: [{ properties: {}, additionalProperties: false }] },
    e: { type: "object", unevaluatedProperties: false },
  });
});

test("references out of a chart are known ones of Kubernetes, or noted", () => {
  const definition = read({
    "values.schema.json": schemaText({
      properties: {
        a: { $ref: "https://example.com/v1/_definitions.json#/definitions/io.k8s.api.core.v1.Toleration" },
        b: { $ref: "https://example.com/other.json", description: "Something" },
      },
    }),
  });
  assert.deepEqual(Object.keys(Object(field(definition, "a")).properties), [
    "key",
    "operator",
    "value",
    "effect",
    "tolerationSeconds",
  ]);
  assert.deepEqual(field(definition, "b"), { description: "Something" });
  assert.deepEqual(definition.notes, [
    {
      at: "https://example.com/other.json",
      message: "The reference leads to another document, so any value is accepted there",
    },
  ]);
});

const withCharts = {
  "Chart.yaml": `apiVersion: v2
name: shop
version: 1.2.3
dependencies:
  - {name: db, version: 1.0.0, alias: store, condition: "store.enabled,global.store"}
  - {name: cache, version: 1.0.0, condition: cache.enabled}
  - {name: gone, version: 1.0.0}
`,
  "values.yaml": "store:\n  # Said outside\n  size: 5\n  user:\n  kind: [x]\nglobal: {zone: a}\n",
  "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\ndescription: Keeps things\n",
  "charts/db/values.yaml":
    "# Said inside\nsize: 1\n# Who\nuser: me\nkind: z\n# One of: `a`, `b`\nmode: a\nglobal: {zone: b, region: c}\n",
  "charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n",
  "charts/cache/values.schema.json": schemaText({
    required: ["x"],
    properties: { x: { $ref: "#/$defs/x" }, y: { $ref: "#" } },
    $defs: { x: { type: "string" } },
  }),
  "charts/base/Chart.yaml": "apiVersion: v2\nname: base\nversion: 1.0.0\ntype: library\n",
  "charts/base/values.yaml": "never: seen\n",
  "charts/unlisted/Chart.yaml": "apiVersion: v2\nname: unlisted\nversion: 1.0.0\n",
  "charts/unlisted/values.yaml": "a: 1\n",
};

test("charts in a chart have their values below their names, and what the outer one says wins", () => {
  const definition = read(withCharts);
  assert.deepEqual(definition.schema["properties"], {
    store: {
      type: "object",
      description: "Keeps things",
      properties: {
        size: { type: "integer", description: "Said outside", default: 5 },
        user: { type: ["string", "null"], description: "Who" },
        kind: { type: "array", items: { type: "string" }, default: ["x"] },
        mode: { type: "string", enum: ["a", "b"], description: "One of: `a`, `b`", default: "a" },
        enabled: { type: "boolean", description: "Whether the chart db is installed with this one" },
      },
    },
    global: {
      type: "object",
      properties: { zone: { type: "string", default: "a" }, region: { type: "string" } },
    },
    cache: {
      type: "object",
      properties: {
        x: { $ref: "#/properties/cache/$defs/x" },
        y: { $ref: "#/properties/cache" },
        enabled: { type: "boolean", description: "Whether the chart cache is installed with this one" },
      },
      $defs: { x: { type: "string" } },
    },
    unlisted: { type: "object", properties: { a: { type: "integer", default: 1 } } },
  });
  assert.deepEqual(definition.prominent, [
    ["store", "enabled"],
    ["cache", "enabled"],
  ]);
  assert.deepEqual(
    definition.notes.map(({ at }) => at),
    ["gone"],
  );
});

test("charts that are too deep in others are left out with a note", () => {
  const files: Record<string, string> = {};
  let folder = "";
  for (const name of ["one", "two", "three"]) {
    folder += `charts/${name}/`;
    files[`${folder}Chart.yaml`] = `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
    files[`${folder}values.yaml`] = `${name}s: 1\n`;
  }
  const definition = read(files);
  assert.deepEqual(field(definition, "one", "two"), {
    type: "object",
    properties: { twos: { type: "integer", default: 1 } },
  });
  assert.deepEqual(
    definition.notes.map(({ at }) => at),
    ["one.two.three"],
  );
});

const broken: Record<string, { files: Record<string, string>; message: RegExp }> = {
  "broken values": { files: { "values.yaml": "a: 1\nb: [\n" }, message: /^charts\/shop\/values\.yaml:3:1: / },
  "a broken Chart.yaml": { files: { "Chart.yaml": "a: b: c\n" }, message: /^charts\/shop\/Chart\.yaml:1:5: / },
  "a broken schema": {
    files: { "values.schema.json": '{\n"a": }' },
    message: /^charts\/shop\/values\.schema\.json:2:6: invalid character '}' looking for beginning of value$/,
  },
  "a schema that is none": {
    files: { "values.schema.json": "[]" },
    message: /^charts\/shop\/values\.schema\.json:1: is a list, not an object$/,
  },
  "a library": {
    files: { "Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\ntype: library\n" },
    message: /^charts\/shop\/Chart\.yaml: is a library chart, which cannot be installed$/,
  },
  "a chart that says too little": {
    files: { "Chart.yaml": "apiVersion: v2\nname: x\n" },
    message: /^charts\/shop: validation: chart\.metadata\.version is required$/,
  },
};
for (const [name, { files, message }] of Object.entries(broken)) {
  test(`refuses ${name} with its place`, () => {
    assert.throws(
      () => read(files),
      (error) => error instanceof SourceError && message.test(error.message),
    );
  });
}
