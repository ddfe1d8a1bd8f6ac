import assert from "node:assert/strict";
import { test } from "node:test";
import { valueAt } from "../../apimachinery/index.ts";
import { setAt } from "./fields.ts";

test("setAt makes what is missing on the way", () => {
  const target = { a: 1, b: { c: 2 } };
  setAt(target, ["b", "d", "e"], 3);
  setAt(target, ["a", "f"], 4);
  assert.deepEqual(target, { a: { f: 4 }, b: { c: 2, d: { e: 3 } } });
});

test("paths reach fields only, never prototypes", () => {
  const target = {};
  setAt(target, ["__proto__", "polluted"], true);
  assert.equal(Object.hasOwn(target, "__proto__"), true);
  assert.equal(valueAt({}, "polluted"), undefined);
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.equal(valueAt({}, "constructor", "name"), undefined);
});
