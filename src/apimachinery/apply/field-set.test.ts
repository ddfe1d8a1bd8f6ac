import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../object.ts";
import {
  areDisjoint,
  difference,
  differenceBelow,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isSubset,
  pathTexts,
  toFieldsV1,
  union,
} from "./field-set.ts";

const set = (fields: JsonObject): FieldSet | undefined => fromFieldsV1(fields);
const a = set({ "f:x": {}, "f:y": { ".": {}, "f:z": {} }, "f:w": { "f:v": {} } });
const b = set({ "f:x": { "f:below": {} }, "f:y": { "f:z": {} }, "f:u": {} });

const operations: Record<string, { got: FieldSet | undefined; want: JsonObject }> = {
  "union holds what either holds": {
    got: union(a, b),
    want: { "f:u": {}, "f:w": { "f:v": {} }, "f:x": { ".": {}, "f:below": {} }, "f:y": { ".": {}, "f:z": {} } },
  },
  "union with nothing is the same": { got: union(undefined, a), want: toFieldsV1(a) },
  "intersection holds what both hold": { got: intersection(a, b), want: { "f:y": { "f:z": {} } } },
  "difference keeps what is below": { got: difference(b, a), want: { "f:u": {}, "f:x": { "f:below": {} } } },
  "difference keeps what is above": { got: difference(a, b), want: { "f:w": { "f:v": {} }, "f:x": {}, "f:y": {} } },
  "differenceBelow takes what is below, too": { got: differenceBelow(b, a), want: { "f:u": {} } },
  "difference of a set with itself is nothing": { got: difference(a, set(toFieldsV1(a))), want: {} },
};

for (const [name, { got, want }] of Object.entries(operations)) {
  test(name, () => assert.deepEqual(toFieldsV1(got), want));
}

test("isSubset and areDisjoint compare paths, not branches", () => {
  assert.equal(isSubset(intersection(a, b), a), true);
  assert.equal(isSubset(a, b), false);
  assert.equal(isSubset(set({ "f:y": {} }), b), false);
  assert.equal(areDisjoint(set({ "f:y": {} }), b), true);
  assert.equal(areDisjoint(set({ "f:y": { "f:z": {} } }), b), false);
});

test("toFieldsV1 sorts fields, then keys, then values, each by their own order", () => {
  const parts = ["v:10", "v:9", 'v:"a"', 'k:{"port":443}', 'k:{"port":80}', "f:b", "f:a", "i:10", "i:9"];
  const one = parts.map((part) => set({ [part]: {} })).reduce<FieldSet | undefined>(union, undefined);
  assert.deepEqual(Object.keys(toFieldsV1(one)), [
    "f:a",
    "f:b",
    'k:{"port":80}',
    'k:{"port":443}',
    "v:9",
    "v:10",
    'v:"a"',
    "i:9",
    "i:10",
  ]);
});

test("pathTexts name what ends at a level before what goes on", () => {
  const one = set({
    "f:a": { "f:b": {} },
    "f:z": {},
    "f:items": { 'k:{"name":"p","port":80}': { ".": {}, "f:x": {} }, 'v:"s"': {}, "i:3": {} },
  });
  assert.deepEqual(pathTexts(one), [
    ".z",
    ".a.b",
    '.items[name="p",port=80]',
    '.items[="s"]',
    ".items[3]",
    '.items[name="p",port=80].x',
  ]);
});
