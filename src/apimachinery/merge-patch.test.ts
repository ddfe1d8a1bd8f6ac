import assert from "node:assert/strict";
import { test } from "node:test";
import { applyMergePatch, createMergePatch } from "./merge-patch.ts";
import type { JsonObject, JsonValue } from "./object.ts";

const cases: [target: JsonValue, patch: JsonValue, result: JsonValue][] = [
  [{ a: 1 }, {}, { a: 1 }],
  [{ a: 1 }, { a: 2, b: 3 }, { a: 2, b: 3 }],
  [{ a: 1, b: 2 }, { a: null }, { b: 2 }],
  [{ a: 1 }, { b: null }, { a: 1 }],
  [{ a: { b: 1, c: 2 } }, { a: { b: null, d: 3 } }, { a: { c: 2, d: 3 } }],
  [{ a: { b: 1 } }, { a: "x" }, { a: "x" }],
  [{ a: "x" }, { a: { b: 1, c: null } }, { a: { b: 1 } }],
  [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
  [{ a: [1] }, { a: { b: null } }, { a: {} }],
  [{}, { a: { b: null, c: { d: null } } }, { a: { c: {} } }],
  [{ a: null }, { b: 1 }, { a: null, b: 1 }],
  [{ a: 1 }, [1, { b: null }], [1, {}]],
  [[1], { a: 1 }, { a: 1 }],
  [{}, { a: [null, { b: null, c: [{ d: null }] }] }, { a: [null, { c: [{}] }] }],
  [{ a: 1 }, null, null],
  [{ a: 1 }, "x", "x"],
];
for (const [target, patch, result] of cases) {
  test(`${JSON.stringify(target)} patched with ${JSON.stringify(patch)}`, () => {
    const before = JSON.stringify([target, patch]);
    assert.deepEqual(applyMergePatch(target, patch), result);
    assert.equal(JSON.stringify([target, patch]), before);
  });
}

test("the result shares nothing with target or patch", () => {
  const [target, patch] = [{ a: { b: 1 } }, { c: { d: [{ e: 1 }] } }];
  const result = applyMergePatch(target, patch);
  target.a.b = 2;
  patch.c.d.length = 0;
  assert.deepEqual(result, { a: { b: 1 }, c: { d: [{ e: 1 }] } });
});

test("a field named __proto__ is a field", () => {
  const result = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
  assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":true}}');
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

const patches: [from: JsonObject, to: JsonObject, patch: JsonObject][] = [
  [{ a: 1 }, { a: 1 }, {}],
  [{ a: 1 }, {}, { a: null }],
  [{}, { a: { b: 1 } }, { a: { b: 1 } }],
  [{ a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, { a: { b: 2 } }],
  [{ a: { b: { c: 1 } } }, { a: { b: {} } }, { a: { b: { c: null } } }],
  [{ a: [1, 2] }, { a: [1] }, { a: [1] }],
  [{ a: { b: 1 } }, { a: [1] }, { a: [1] }],
  [{ a: null }, { a: 1 }, { a: 1 }],
];
for (const [from, to, patch] of patches) {
  test(`from ${JSON.stringify(from)} to ${JSON.stringify(to)} takes ${JSON.stringify(patch)}`, () => {
    assert.deepEqual(createMergePatch(from, to), patch);
    assert.deepEqual(applyMergePatch(from, patch), to);
  });
}
