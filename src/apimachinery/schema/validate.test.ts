import assert from "node:assert/strict";
import { test } from "node:test";
import { faultText } from "./field-error.ts";
import type { Schema } from "./schema.ts";
import { validateSchema } from "./validate.ts";

type Case = { schema: Schema; value: unknown; want: string[] };

/** Faults of `spec.x`, which has this schema and value. */
const cases: Record<string, Case> = {
  "a string for an integer": {
    schema: { type: "integer" },
    value: "1",
    want: ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'],
  },
  "a fraction for an integer": {
    schema: { type: "integer" },
    value: 1.5,
    want: ['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"'],
  },
  "an integer for a number": { schema: { type: "number" }, value: 1, want: [] },
  "an object for a list": {
    schema: { type: "array", items: { type: "string" } },
    value: {},
    want: ['spec.x: Invalid value: "object": spec.x in body must be of type array: "object"'],
  },
  "a null": {
    schema: { type: "string" },
    value: null,
    want: ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'],
  },
  "a null where it is allowed": { schema: { type: "string", nullable: true, minLength: 1 }, value: null, want: [] },
  "an integer or a string": { schema: { "x-kubernetes-int-or-string": true }, value: "50%", want: [] },
  "neither an integer nor a string": {
    schema: { "x-kubernetes-int-or-string": true },
    value: true,
    want: ['spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'],
  },
  "anything where no type is said": { schema: { "x-kubernetes-preserve-unknown-fields": true }, value: [1], want: [] },
  "a value that is not in the enum": {
    schema: { type: "string", enum: ["a", "b"] },
    value: "c",
    want: ['spec.x: Unsupported value: "c": supported values: "a", "b"'],
  },
  "a number that is not in the enum": {
    schema: { type: "integer", enum: [1, 2] },
    value: 3,
    want: ['spec.x: Unsupported value: 3: supported values: "1", "2"'],
  },
  "a number below the minimum": {
    schema: { type: "integer", minimum: 1 },
    value: 0,
    want: ["spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1"],
  },
  "a number at an exclusive minimum": {
    schema: { type: "number", minimum: 0.5, exclusiveMinimum: true },
    value: 0.5,
    want: ["spec.x: Invalid value: 0.5: spec.x in body should be greater than 0.5"],
  },
  "a number above the maximum": {
    schema: { type: "integer", maximum: 10 },
    value: 11,
    want: ["spec.x: Invalid value: 11: spec.x in body should be less than or equal to 10"],
  },
  "a number at an exclusive maximum": {
    schema: { type: "integer", maximum: 10, exclusiveMaximum: true },
    value: 10,
    want: ["spec.x: Invalid value: 10: spec.x in body should be less than 10"],
  },
  "a number that is no multiple": {
    schema: { type: "integer", multipleOf: 5 },
    value: 7,
    want: ["spec.x: Invalid value: 7: spec.x in body should be a multiple of 5"],
  },
  "a multiple but for the error of a division": { schema: { type: "number", multipleOf: 0.1 }, value: 0.3, want: [] },
  "a string that is too short": {
    schema: { type: "string", minLength: 2 },
    value: "é",
    want: ['spec.x: Invalid value: "é": spec.x in body should be at least 2 chars long'],
  },
  "a string that is too long": {
    schema: { type: "string", maxLength: 1 },
    value: "ab",
    want: ["spec.x: Too long: may not be more than 1 byte"],
  },
  "characters, not code units": { schema: { type: "string", minLength: 2, maxLength: 2 }, value: "😀é", want: [] },
  "a string that does not match": {
    schema: { type: "string", pattern: "^[a-z]+$" },
    value: "A",
    want: ["spec.x: Invalid value: \"A\": spec.x in body should match '^[a-z]+$'"],
  },
  "a string of another format": {
    schema: { type: "string", format: "date-time" },
    value: "soon",
    want: ['spec.x: Invalid value: "soon": spec.x in body must be of type date-time: "soon"'],
  },
  "a number for a string with a format": {
    schema: { type: "string", format: "uuid" },
    value: 1,
    want: ['spec.x: Invalid value: "int64": spec.x in body must be of type uuid: "int64"'],
  },
  "a format that is not validated": { schema: { type: "integer", format: "int32" }, value: 2 ** 40, want: [] },
  "a list that is too short": {
    schema: { type: "array", items: {}, minItems: 1 },
    value: [],
    want: ["spec.x: Invalid value: 0: spec.x in body should have at least 1 items"],
  },
  "a list that is too long": {
    schema: { type: "array", items: {}, maxItems: 1 },
    value: [1, 2],
    want: ["spec.x: Too many: 2: must have at most 1 item"],
  },
  "items that are not unique": {
    schema: { type: "array", items: {}, uniqueItems: true },
    value: [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    want: ['spec.x: Invalid value: "": spec.x in body shouldn\'t contain duplicates'],
  },
  "an object with too few fields": {
    schema: { type: "object", minProperties: 1 },
    value: {},
    want: ["spec.x: Invalid value: 0: spec.x in body should have at least 1 properties"],
  },
  "an object with too many fields": {
    schema: { type: "object", maxProperties: 1 },
    value: { a: 1, b: 2 },
    want: ["spec.x: Too many: 2: must have at most 1 item"],
  },
  "missing fields, of which one is named like a method": {
    schema: { type: "object", required: ["a", "toString"] },
    value: {},
    want: ["spec.x.a: Required value", "spec.x.toString: Required value"],
  },
  "a field that is forbidden": {
    schema: { type: "object", additionalProperties: false },
    value: { a: 1 },
    want: ['spec.x: Invalid value: "a": spec.x.a in body is a forbidden property'],
  },
  "faults below lists and maps": {
    schema: { type: "array", items: { type: "object", additionalProperties: { type: "string" } } },
    value: [{}, { "a.b": 1 }],
    want: ['spec.x[1].a.b: Invalid value: "integer": spec.x[1].a.b in body must be of type string: "integer"'],
  },
  "a set with items that stand twice or more": {
    schema: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    value: ["a", "b", "a", "a", "b"],
    want: ['spec.x[2]: Duplicate value: "a"', 'spec.x[4]: Duplicate value: "b"'],
  },
  "a keyed list with items that stand twice": {
    schema: {
      type: "array",
      items: { type: "object", properties: { port: { type: "integer" }, protocol: { type: "string" } } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["port", "protocol"],
    },
    value: [{ port: 80 }, { port: 80, protocol: "UDP" }, { port: 80 }],
    want: ['spec.x[2]: Duplicate value: {"port":80}'],
  },
  "map keys in brackets where Kubernetes writes them so": {
    schema: {
      type: "object",
      additionalProperties: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    },
    value: { k: ["a", "a"] },
    want: ['spec.x[k][1]: Duplicate value: "a"'],
  },
  "an embedded object that does not say what it is": {
    schema: { type: "object", "x-kubernetes-embedded-resource": true },
    value: { metadata: {} },
    want: ["spec.x.apiVersion: Required value", "spec.x.kind: Required value"],
  },
  "an embedded object that says it badly": {
    schema: { type: "object", "x-kubernetes-embedded-resource": true },
    value: { apiVersion: "a/b/c", kind: "" },
    want: [
      'spec.x.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      'spec.x.kind: Invalid value: "": must not be empty',
    ],
  },
  "no alternative of anyOf, with the faults of the closest": {
    schema: {
      type: "object",
      properties: { a: { type: "integer" }, b: { type: "string" } },
      anyOf: [{ required: ["c"] }, { properties: { a: { minimum: 2 } }, required: ["b"] }],
    },
    value: { a: 1 },
    want: [
      '<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
      "spec.x.a: Invalid value: 1: spec.x.a in body should be greater than or equal to 2",
      "spec.x.b: Required value",
    ],
  },
  "one alternative of anyOf": {
    schema: { type: "object", anyOf: [{ required: ["a"] }, { required: ["b"] }] },
    value: { b: 1 },
    want: [],
  },
  "no alternative of oneOf": {
    schema: { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    value: {},
    want: [
      '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid',
      "spec.x.a: Required value",
    ],
  },
  "two alternatives of oneOf": {
    schema: { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    value: { a: 1, b: 1 },
    want: [
      '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  },
  "not all of allOf": {
    schema: { type: "string", allOf: [{ pattern: "^a" }, { maxLength: 1 }] },
    value: "ab",
    want: [
      "spec.x: Too long: may not be more than 1 byte",
      '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)',
    ],
  },
  "what must not be": {
    schema: { type: "string", not: { enum: ["a"] } },
    value: "a",
    want: ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'],
  },
};

for (const [name, { schema, value, want }] of Object.entries(cases)) {
  test(`validateSchema judges ${name}`, () => {
    const widget: Schema = { type: "object", properties: { spec: { type: "object", properties: { x: schema } } } };
    assert.deepEqual(validateSchema({ spec: { x: value } }, widget).map(faultText), want);
  });
}

test("validateSchema says a fault once however often a schema repeats the rule", () => {
  const schema: Schema = { type: "string", minLength: 2, allOf: [{ minLength: 2 }, { minLength: 2 }] };
  const faults = validateSchema("a", schema, "spec.x").map(faultText);
  assert.equal(faults.filter((fault) => fault.includes("at least 2 chars")).length, 1);
});

test("validateSchema returns causes with Kubernetes' reasons", () => {
  const schema: Schema = { type: "object", required: ["a"], properties: { b: { type: "string" } } };
  assert.deepEqual(validateSchema({ b: 1 }, schema), [
    {
      reason: "FieldValueTypeInvalid",
      field: "b",
      message: 'Invalid value: "integer": b in body must be of type string: "integer"',
    },
    { reason: "FieldValueRequired", field: "a", message: "Required value" },
  ]);
});

test("validateSchema goes along the value where a schema contains itself", () => {
  const below: { [name: string]: Schema } = { size: { type: "integer" } };
  const tree: Schema = { type: "object", properties: below };
  below["children"] = { type: "array", items: tree };
  const faults = validateSchema({ children: [{ size: 1, children: [{ size: "x" }] }] }, tree);
  assert.deepEqual(
    faults.map(({ field }) => field),
    ["children[0].children[0].size"],
  );
});

const strict: Schema = {
  type: "object",
  properties: {
    size: { type: "integer", maximum: 3 },
    struct: {
      type: "object",
      required: ["a"],
      properties: { a: { type: "string", maxLength: 1 }, b: { type: "string" } },
    },
    map: { type: "object", additionalProperties: { type: "string", maxLength: 1 } },
    items: {
      type: "array",
      items: { type: "object", properties: { name: { type: "string" }, x: { type: "string", maxLength: 1 } } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    },
    list: { type: "array", items: { type: "string", maxLength: 1 } },
    either: { type: "string", anyOf: [{ maxLength: 1 }, { pattern: "^ok" }] },
  },
};
const old = {
  size: 5,
  struct: { b: "x" },
  map: { k: "long", l: "x" },
  items: [{ name: "p", x: "long" }],
  list: ["long"],
  either: "bad",
};

const updates: Record<string, { change: object; want: string[] }> = {
  "what did not change": { change: {}, want: [] },
  "what changed to something as wrong": { change: { size: 6 }, want: ["size"] },
  "what did not change beside what did": { change: { map: { k: "long", l: "y", m: "z" } }, want: [] },
  "a changed struct that lacks a field, as it did": { change: { struct: { b: "y" } }, want: ["struct.a"] },
  "an unchanged item of a keyed list": { change: { items: [{ name: "q" }, { name: "p", x: "long" }] }, want: [] },
  "a changed field of such an item": { change: { items: [{ name: "p", x: "longer" }] }, want: ["items[0].x"] },
  "an item of a list in which items have no identity": { change: { list: ["long", "x"] }, want: ["list[0]"] },
  "an alternative that changed": { change: { either: "worse" }, want: ["<nil>", "either"] },
};

for (const [name, { change, want }] of Object.entries(updates)) {
  test(`validateSchema judges in an update ${name}`, () => {
    const faults = validateSchema({ ...old, ...change }, strict, "", old);
    assert.deepEqual(
      faults.map(({ field }) => field),
      want,
    );
  });
}

test("of thousands of faults the first are told, and they take no time that grows with their number squared", () => {
  const values = Array.from({ length: 50_000 }, (_, index) => `v${index}`);
  const items = { type: "string", enum: Array.from({ length: 100_000 }, (_, index) => `e${index}`) };
  const startedMs = performance.now();
  const causes = validateSchema(values, { type: "array", items });
  // Told all, they would fill fifty gigabytes.
  assert.ok(causes.length > 0 && causes.length < 10);
  assert.equal(validateSchema(values, { type: "array", items: { type: "integer" } }).length, 1_000);
  assert.ok(performance.now() - startedMs < 5_000);
});

test("a schema that asks for too many checks refuses the value", () => {
  const branches = Array.from({ length: 5_000 }, () => ({ maxLength: 5 }));
  const value = Array.from({ length: 10_000 }, () => "");
  assert.throws(() => validateSchema(value, { type: "array", items: { type: "string", allOf: branches } }), {
    reason: "RequestEntityTooLarge",
  });
});

test("items of long lists find their counterparts by their keys", () => {
  const item = { type: "object", properties: { k: { type: "string" }, v: { type: "string" } } };
  const schema = {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
    items: item,
  } as const;
  const list = (v: unknown) => Array.from({ length: 10_000 }, (_, index) => ({ k: `k${index}`, v }));
  const startedMs = performance.now();
  assert.deepEqual(validateSchema(list(1), schema, "", list(1)), []);
  const [changed] = list(2);
  assert.equal(validateSchema([changed, ...list(1).slice(1).reverse()], schema, "", list(1)).length, 1);
  assert.ok(performance.now() - startedMs < 5_000);
});
