import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { SchemaDialect } from "../definition.ts";
import { validateAnswers } from "./check.ts";
import { convertSchema } from "./convert.ts";

function convert(schema: JsonObject, dialect: SchemaDialect = "kubernetes") {
  return convertSchema({ type: "object", required: ["field"], properties: { field: schema } }, { dialect });
}

/** What becomes of a required field. */
function field(schema: JsonObject, dialect?: SchemaDialect): JsonValue | undefined {
  const { properties } = convert(schema, dialect).schema;
  return isJsonObject(properties) ? properties["field"] : undefined;
}

const quantity =
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

const fields: Record<string, { of: JsonObject; dialect?: SchemaDialect; want: JsonObject }> = {
  "int32 as a range": {
    of: { type: "integer", format: "int32", minimum: 1 },
    want: { type: "integer", minimum: 1, maximum: 2147483647 },
  },
  "a boolean exclusive minimum as a number": {
    of: { type: "integer", minimum: 0, exclusiveMinimum: true },
    want: { type: "integer", exclusiveMinimum: 0 },
  },
  "int64 and unknown formats without them": { of: { type: "integer", format: "int64" }, want: { type: "integer" } },
  "a list of two values as radio buttons": {
    of: { type: "string", enum: ["a", "b", "a"] },
    want: { type: "string", enum: ["a", "b"], "ui:widget": "radio" },
  },
  "values of mixed types without a type": {
    of: { enum: ["a", 1, true, false] },
    want: { enum: ["a", 1, true, false] },
  },
  "the only value as chosen": {
    of: { const: "x" },
    dialect: "json-schema",
    want: { type: "string", enum: ["x"], default: "x" },
  },
  "null among values": {
    of: { type: "string", nullable: true, enum: ["a", null] },
    want: { type: ["string", "null"], enum: ["a", null], "ui:enumNames": ["a", "(none)"], "ui:widget": "radio" },
  },
  "a required boolean as a choice of two": { of: { type: "boolean" }, want: { type: "boolean", "ui:widget": "radio" } },
  "a number or text as a choice": {
    of: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
    want: {
      anyOf: [
        { title: "Number", type: "integer" },
        { title: "Text", type: "string" },
      ],
    },
  },
  "a set as unique items": {
    of: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string", enum: ["a", "b"] } },
    want: {
      type: "array",
      uniqueItems: true,
      items: { type: "string", enum: ["a", "b"], "ui:widget": "radio" },
      "ui:widget": "checkboxes",
    },
  },
  "a password": { of: { type: "string", format: "password" }, want: { type: "string", "ui:widget": "password" } },
  "draft 4 to 2020-12 alike": {
    of: { type: ["null", "string"], minLength: 2 },
    dialect: "json-schema",
    want: { type: ["string", "null"], minLength: 2, "ui:emptyValue": null },
  },
  "anyOf with null as nullable": {
    of: { anyOf: [{ type: "integer" }, { type: "null" }] },
    dialect: "json-schema",
    want: { type: ["integer", "null"], "ui:widget": "updown" },
  },
  "allOf as one": {
    of: {
      allOf: [
        { type: "string", maxLength: 9 },
        { minLength: 2, maxLength: 5 },
      ],
    },
    dialect: "json-schema",
    want: { type: "string", minLength: 2, maxLength: 5 },
  },
  "fields by one pattern as a map": {
    of: { type: "object", patternProperties: { "^x-": { type: "string" } }, additionalProperties: false },
    dialect: "json-schema",
    want: { type: "object", propertyNames: { pattern: "^x-" }, additionalProperties: { type: "string" } },
  },
  "an open object with names and values": {
    of: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    want: { type: "object", additionalProperties: true },
  },
};
for (const [name, { of, dialect, want }] of Object.entries(fields)) {
  test(`shows ${name}`, () => assert.deepEqual(field(of, dialect), want));
}

/** What a form takes and refuses in a required field. */
const answers: Record<string, { of: JsonObject; dialect?: SchemaDialect; good: JsonValue[]; bad: JsonValue[] }> = {
  "numbers and texts": { of: { "x-kubernetes-int-or-string": true }, good: [80, "80%"], bad: [true, 1.5, {}] },
  quantities: {
    of: { "x-kubernetes-int-or-string": true, pattern: quantity },
    good: [1, "500m", "1Gi"],
    bad: ["lots"],
  },
  durations: { of: { type: "string", format: "duration" }, good: ["1h30m"], bad: ["PT1H"] },
  "durations of JSON Schema": {
    of: { type: "string", format: "duration" },
    dialect: "json-schema",
    good: ["PT1H"],
    bad: ["1h30m"],
  },
  "exactly one of two fields": {
    of: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer" } },
      oneOf: [{ required: ["a"] }, { required: ["b"] }],
    },
    good: [{ a: "x" }, { b: 1 }],
    bad: [{}, { a: "x", b: 1 }, { a: 1 }],
  },
  "one or both of two fields": {
    of: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer" } },
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    },
    good: [{ a: "x" }, { b: 1 }, { a: "x", b: 1 }],
    bad: [{}],
  },
  "not both of two fields": {
    of: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer" } },
      not: { required: ["a", "b"] },
    },
    good: [{}, { a: "x" }, { b: 1 }],
    bad: [{ a: "x", b: 1 }],
  },
  "rules that schemas can say": {
    of: {
      type: "object",
      properties: { type: { type: "string", enum: ["git", "s3"] }, url: { type: "string" } },
      "x-kubernetes-validations": [{ rule: "self.type == 'git' ? has(self.url) : !has(self.url)" }],
    },
    good: [{ type: "git", url: "x" }, { type: "s3" }],
    bad: [{ type: "git" }, { type: "s3", url: "x" }],
  },
  "lists of lists": {
    of: { type: "array", items: { type: "array", items: { type: "integer" } } },
    good: [[[1], []]],
    bad: [[1], [["x"]]],
  },
  "items by position": {
    of: { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false, minItems: 2 },
    dialect: "json-schema",
    good: [["a", 1]],
    bad: [[1, "a"], ["a"], ["a", 1, 2]],
  },
  "alternatives of any shape": {
    of: {
      type: "object",
      properties: { kind: { type: "string" } },
      oneOf: [
        { properties: { kind: { const: "a" }, x: { type: "string" } }, required: ["kind", "x"] },
        { properties: { kind: { const: "b" }, y: { type: "integer" } }, required: ["kind", "y"] },
      ],
    },
    dialect: "json-schema",
    good: [
      { kind: "a", x: "1" },
      { kind: "b", y: 1 },
    ],
    bad: [{ kind: "a" }, { kind: "b", y: "x" }, { kind: "c" }],
  },
  "what depends on a field": {
    of: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      dependentRequired: { a: ["b"] },
    },
    dialect: "json-schema",
    good: [{}, { b: "x" }, { a: "x", b: "x" }],
    bad: [{ a: "x" }],
  },
};
for (const [name, { of, dialect, good, bad }] of Object.entries(answers)) {
  test(`a form for ${name} takes and refuses what its source does`, () => {
    const { schema } = convert(of, dialect);
    for (const value of good) assert.deepEqual(validateAnswers(schema, { field: value }), [], JSON.stringify(value));
    for (const value of bad) assert.notDeepEqual(validateAnswers(schema, { field: value }), [], JSON.stringify(value));
  });
}

test("what cannot be told is left out with a note", () => {
  const { notes } = convert({
    type: "object",
    properties: {
      pattern: { type: "string", pattern: "a**" },
      value: { type: "integer", default: "x" },
      lost: { $ref: "#/definitions/absent" },
    },
  });
  const told = notes.map(({ at, message }) => `${at}: ${message}`).join("\n");
  assert.match(told, /field\.pattern: The pattern a\*\* is left out/);
  assert.match(told, /field\.value: The default "x" does not fit its own schema/);
  assert.match(told, /field\.lost: The reference #\/definitions\/absent leads to nothing/);
});

test("references are followed, and recursion ends", () => {
  const { schema, notes } = convertSchema(
    {
      type: "object",
      properties: { tree: { $ref: "#/$defs/node" } },
      $defs: {
        node: {
          type: "object",
          properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
        },
      },
    },
    { dialect: "json-schema" },
  );
  assert.deepEqual(validateAnswers(schema, { tree: { name: "a", children: [{ name: "b", children: [{}] }] } }), []);
  assert.notDeepEqual(validateAnswers(schema, { tree: { name: 1 } }), []);
  assert.equal(
    notes.some(({ at, message }) => at === "tree.children[*]" && message.includes("contains itself")),
    true,
  );
});

test("references that multiply do not multiply the form", () => {
  const definitions: JsonObject = { d0: { type: "string" } };
  for (let i = 1; i <= 40; i++) {
    definitions[`d${i}`] = {
      anyOf: [{ $ref: `#/definitions/d${i - 1}` }, { type: "array", items: { $ref: `#/definitions/d${i - 1}` } }],
    };
  }
  const start = performance.now();
  const { schema } = convertSchema(
    { type: "object", properties: { a: { $ref: "#/definitions/d40" } }, definitions },
    { dialect: "json-schema" },
  );
  assert.ok(JSON.stringify(schema).length < 2_000_000);
  assert.ok(performance.now() - start < 3_000);
});

test("limits cut off what nobody asks for, and nothing that is required", () => {
  const deep = (left: number): JsonObject =>
    left === 0
      ? { type: "string" }
      : {
          type: "object",
          required: ["must"],
          properties: { must: deep(left - 1), may: deep(left - 1), more: { type: "integer" } },
        };
  const { schema, notes } = convertSchema(deep(9), { dialect: "kubernetes", depthMax: 3, fieldsMax: 60 });
  const chain = (depth: number): JsonValue => (depth === 0 ? "x" : { must: chain(depth - 1) });
  assert.deepEqual(validateAnswers(schema, chain(9)), []);
  assert.notDeepEqual(validateAnswers(schema, chain(8)), []);
  assert.ok(notes.length > 0);
  assert.ok((JSON.stringify(schema).match(/"must":/g)?.length ?? 0) < 200);
});

test("long descriptions are cut at a sentence and go on as help", () => {
  const long = `${"Says something. ".repeat(20)}The end.`;
  const made = field({ type: "string", description: long });
  assert.ok(isJsonObject(made));
  assert.ok(String(made["description"]).length <= 241);
  assert.match(String(made["description"]), /something\.$/);
  assert.match(String(made["ui:help"]), /The end\.$/);
});

test("a default that the form library cannot draw is left to the source", () => {
  const open: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const { notes } = convert({ ...open, default: { ports: [1] } });
  assert.match(notes[0]?.message ?? "", /has lists in what is entered as names and values/);
  const made = field({ ...open, default: { port: 1 } });
  assert.deepEqual(isJsonObject(made) && made["default"], { port: 1 });
});

test("prominent fields come first, then required ones", () => {
  const properties = { a: { type: "string" }, b: { type: "string" }, c: { type: "string" }, d: { type: "string" } };
  const { schema } = convertSchema(
    { type: "object", properties, required: ["c"] },
    { dialect: "kubernetes", prominent: [["d"], ["b"]] },
  );
  assert.deepEqual(Object.keys(isJsonObject(schema["properties"]) ? schema["properties"] : {}), ["d", "b", "c", "a"]);
});
