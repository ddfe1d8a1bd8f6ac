import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults, dropNulls, nullsToDefaults } from "./defaults.ts";
import type { Schema } from "./schema.ts";

const size: Schema = { type: "integer", default: 3 };
const struct: Schema = { type: "object", properties: { size, name: { type: "string" } } };
const schema: Schema = {
  type: "object",
  properties: {
    size,
    struct,
    made: { ...struct, default: {} },
    filled: { ...struct, default: { name: "x" } },
    list: { type: "array", items: struct },
    listOfSizes: { type: "array", items: size },
    map: { type: "object", additionalProperties: struct },
    mapOfSizes: { type: "object", additionalProperties: size },
    open: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { size } },
    nullable: { type: "integer", default: 3, nullable: true },
    nothing: { type: "string", default: null },
    either: { "x-kubernetes-int-or-string": true, default: "50%" },
  },
};
const always = { size: 3, made: { size: 3 }, filled: { name: "x", size: 3 }, nullable: 3, either: "50%" };

const cases: Record<string, { value: unknown; want: unknown }> = {
  "fills in missing fields, and defaults inside defaults": { value: {}, want: always },
  "keeps what is there": {
    value: { ...always, size: 1, made: { size: 0 }, nullable: null, either: 1 },
    want: { ...always, size: 1, made: { size: 0 }, nullable: null, either: 1 },
  },
  "replaces null where none is allowed": {
    value: { size: null, listOfSizes: [null, 1], mapOfSizes: { a: null, b: 1 } },
    want: { ...always, listOfSizes: [3, 1], mapOfSizes: { a: 3, b: 1 } },
  },
  "goes into objects, lists and maps that exist, and makes none": {
    value: { struct: {}, list: [{}, { size: 1 }], map: { a: {} }, open: { other: {} } },
    want: {
      ...always,
      struct: { size: 3 },
      list: [{ size: 3 }, { size: 1 }],
      map: { a: { size: 3 } },
      open: { other: {}, size: 3 },
    },
  },
  "leaves values of another type alone": {
    value: { struct: "x", list: {}, map: [1] },
    want: { ...always, struct: "x", list: {}, map: [1] },
  },
};

for (const [name, { value, want }] of Object.entries(cases)) {
  test(`applyDefaults ${name}`, () => {
    applyDefaults(value, schema);
    assert.deepEqual(value, want);
  });
}

test("applyDefaults gives each object a default of its own", () => {
  const [one, other] = [{ filled: undefined }, { filled: undefined }];
  applyDefaults(one, schema);
  applyDefaults(other, schema);
  assert.notEqual(one.filled, other.filled);
  assert.deepEqual(schema.properties?.["filled"]?.default, { name: "x" });
});

test("applyDefaults ends on a schema that contains itself", () => {
  const below: { [name: string]: Schema } = { size };
  const tree: Schema = { type: "object", properties: below };
  below["child"] = tree;
  below["children"] = { type: "array", items: tree };
  const value = { child: { children: [{}] } };
  applyDefaults(value, tree);
  assert.deepEqual(value, { size: 3, child: { size: 3, children: [{ size: 3 }] } });
});

test("applyDefaults fills in a field named like a method", () => {
  const value = {};
  applyDefaults(value, { type: "object", properties: { toString: { type: "string", default: "x" } } });
  assert.deepEqual(Object.entries(value), [["toString", "x"]]);
});

test("dropNulls drops nulls that are neither allowed nor replaced by a default", () => {
  const value = {
    size: null,
    nullable: null,
    nothing: null,
    struct: { name: null },
    list: [null, { name: null }],
    x: null,
  };
  dropNulls(value, schema);
  assert.deepEqual(value, { size: null, nullable: null, struct: {}, list: [null, {}], x: null });
});

test("nullsToDefaults leaves only nulls that are allowed or unknown", () => {
  const value = { size: null, nullable: null, struct: { name: null, size: null }, x: null };
  nullsToDefaults(value, schema);
  assert.deepEqual(value, { ...always, nullable: null, struct: { size: 3 }, x: null });
});

test("a few bytes cannot ask for any amount of defaults", () => {
  const item = { type: "object", properties: { text: { type: "string", default: "x".repeat(100_000) } } };
  const list = (count: number) => Array.from({ length: count }, () => ({}));
  applyDefaults(list(50), { type: "array", items: item });
  assert.throws(() => applyDefaults(list(100_000), { type: "array", items: item }), {
    reason: "RequestEntityTooLarge",
  });
});
