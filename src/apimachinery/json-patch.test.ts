import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonDepthMax } from "./json.ts";
import { applyJsonPatch, jsonPatchOperationsMax } from "./json-patch.ts";
import type { JsonValue } from "./object.ts";

type Operation = { op?: unknown; path?: unknown; from?: unknown; value?: unknown };

const applied: [target: JsonValue, operations: Operation[], result: JsonValue][] = [
  [{ a: 1 }, [], { a: 1 }],
  [{ a: 1 }, [{ op: "add", path: "/b", value: { c: 1 } }], { a: 1, b: { c: 1 } }],
  [{ a: 1 }, [{ op: "add", path: "/a", value: null }], { a: null }],
  [{}, [{ op: "add", path: "/", value: 1 }], { "": 1 }],
  [{ a: [1, 2, 3] }, [{ op: "add", path: "/a/1", value: 9 }], { a: [1, 9, 2, 3] }],
  [{ a: [1] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2] }],
  [{ a: [1] }, [{ op: "add", path: "/a/-", value: 2 }], { a: [1, 2] }],
  [{ a: [1] }, [{ op: "add", path: "/a/-1", value: 2 }], { a: [1, 2] }],
  [[1], [{ op: "add", path: "/0", value: 0 }], [0, 1]],
  [
    { "a/b": 1, "m~n": 2, "~1": 3 },
    [
      { op: "remove", path: "/a~1b" },
      { op: "remove", path: "/m~0n" },
      { op: "remove", path: "/~01" },
    ],
    {},
  ],
  [{ a: [1, 2, 3] }, [{ op: "remove", path: "/a/-1" }], { a: [1, 2] }],
  [{ a: [{ b: 1 }] }, [{ op: "replace", path: "/a/0/b", value: 2 }], { a: [{ b: 2 }] }],
  [{ a: [1, 2] }, [{ op: "replace", path: "/a/-1", value: 3 }], { a: [1, 3] }],
  [{ a: 1 }, [{ op: "replace", path: "/b", value: 2 }], { a: 1, b: 2 }],
  [{ a: 1 }, [{ op: "replace", path: "", value: { z: 1 } }], { z: 1 }],
  [{ a: 1 }, [{ op: "move", from: "/a", path: "/b" }], { b: 1 }],
  [{ a: [1, 2, 3] }, [{ op: "move", from: "/a/0", path: "/a/2" }], { a: [2, 3, 1] }],
  [
    { a: { b: 1 } },
    [
      { op: "copy", from: "/a", path: "/c" },
      { op: "add", path: "/c/d", value: 2 },
    ],
    { a: { b: 1 }, c: { b: 1, d: 2 } },
  ],
  [{ a: 1 }, [{ op: "copy", from: "/c", path: "/b" }], { a: 1, b: null }],
  [{ a: { b: [1, null] } }, [{ op: "test", path: "/a", value: { b: [1, null] } }], { a: { b: [1, null] } }],
  [{ a: 1 }, [{ op: "test", path: "", value: { a: 1 } }], { a: 1 }],
  [{}, [{ op: "test", path: "/a", value: null }], {}],
  [{ a: [1, 2] }, [{ op: "test", path: "/a/-1", value: 2 }], { a: [1, 2] }],
];
for (const [target, operations, result] of applied) {
  test(`${JSON.stringify(target)} patched with ${JSON.stringify(operations)}`, () => {
    const before = JSON.stringify([target, operations]);
    assert.deepEqual(applyJsonPatch(target, operations), result);
    assert.equal(JSON.stringify([target, operations]), before);
  });
}

// The words are those of the library in kube-apiserver, evanphx/json-patch v4.
const refused: [target: JsonValue, operation: Operation, why: string][] = [
  [{ a: 1 }, { op: "test", path: "/a", value: 2 }, "testing value /a failed: test failed"],
  [{ a: 1 }, { op: "test", path: "/a", value: "1" }, "testing value /a failed: test failed"],
  [{}, { op: "test", path: "/a/b", value: 1 }, "test operation does not apply: is missing path: /a/b: missing value"],
  [
    { a: [] },
    { op: "test", path: "/a/5", value: 1 },
    "error in test for path: '/a/5': Unable to access invalid index: 5: invalid index referenced",
  ],
  [
    { a: 1 },
    { op: "remove", path: "/b" },
    "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value",
  ],
  [{ a: 1 }, { op: "remove", path: "" }, 'remove operation does not apply: doc is missing path: "": missing value'],
  [
    { a: [1] },
    { op: "remove", path: "/a/x" },
    `error in remove for path: '/a/x': strconv.Atoi: parsing "x": invalid syntax`,
  ],
  [
    { a: [1] },
    { op: "remove", path: "/a/-" },
    `error in remove for path: '/a/-': strconv.Atoi: parsing "-": invalid syntax`,
  ],
  [
    { a: 1 },
    { op: "add", path: "/b/c", value: 1 },
    'add operation does not apply: doc is missing path: "/b/c": missing value',
  ],
  [
    { a: "x" },
    { op: "add", path: "/a/b", value: 1 },
    'add operation does not apply: doc is missing path: "/a/b": missing value',
  ],
  [
    { a: 1 },
    { op: "add", path: "b", value: 1 },
    'add operation does not apply: doc is missing path: "b": missing value',
  ],
  [
    { a: [1] },
    { op: "add", path: "/a/5", value: 1 },
    "error in add for path: '/a/5': Unable to access invalid index: 5: invalid index referenced",
  ],
  [
    { a: [1] },
    { op: "replace", path: "/a/1", value: 2 },
    "replace operation does not apply: doc is missing key: /a/1: missing value",
  ],
  [
    { a: [1] },
    { op: "replace", path: "/a/x/b", value: 2 },
    "replace operation does not apply: doc is missing path: /a/x/b: missing value",
  ],
  [
    { a: { b: 1 } },
    { op: "move", from: "/a", path: "/a/b/c" },
    "move operation does not apply: doc is missing destination path: /a/b/c: missing value",
  ],
  [
    { a: 1 },
    { op: "move", path: "/b" },
    "move operation failed to decode from: operation, missing from field: missing value",
  ],
  [{ a: 1 }, { op: "add" }, "add operation failed to decode path: missing value"],
  [{ a: 1 }, { op: "foo", path: "/b" }, "Unexpected kind: foo"],
  [{ a: 1 }, { path: "/b" }, "Unexpected kind: unknown"],
];
for (const [target, operation, why] of refused) {
  test(`${JSON.stringify(operation)} does not apply to ${JSON.stringify(target)}`, () => {
    assert.throws(() => applyJsonPatch(target, [operation]), {
      reason: "Invalid",
      code: 422,
      message: "the server rejected our request due to an error in our request",
      cause: new Error(why),
    });
  });
}

test("a failing operation leaves the target as it was", () => {
  const target = { a: 1 };
  const operations = [
    { op: "add", path: "/b", value: 1 },
    { op: "test", path: "/a", value: 2 },
  ];
  assert.throws(() => applyJsonPatch(target, operations));
  assert.deepEqual(target, { a: 1 });
});

test("what is no list of operations is a bad request", () => {
  for (const patch of [null, {}, "x", [1], [null]]) {
    assert.throws(() => applyJsonPatch({}, patch), { reason: "BadRequest" });
  }
});

test("a patch is bounded in operations and in what it copies", () => {
  const add = { op: "add", path: "/a", value: 1 };
  const list = new Array(jsonPatchOperationsMax).fill(add);
  assert.deepEqual(applyJsonPatch({}, list), { a: 1 });
  assert.throws(() => applyJsonPatch({}, [...list, add]), {
    reason: "RequestEntityTooLarge",
    message: "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
  });
  const doubling = new Array(60).fill({ op: "copy", from: "/a", path: "/a/-" });
  assert.throws(
    () => applyJsonPatch({ a: ["x"] }, doubling),
    (error: Error) => /accumulated size increase of copy/.test(String(error.cause)),
  );
});

const why = (text: RegExp) => (error: Error) => text.test(String(error.cause));

test("operations cannot nest deeper together than a document may", () => {
  const nest = [
    { op: "add", path: "/y", value: {} },
    { op: "move", from: "/x", path: "/y/a" },
  ].concat([{ op: "move", from: "/y", path: "/x" }]);
  const times = (count: number) => new Array(count).fill(nest).flat();
  assert.ok(applyJsonPatch({ x: {} }, times(jsonDepthMax - 10)));
  assert.throws(() => applyJsonPatch({ x: {} }, times(jsonDepthMax)), why(/exceeded max depth/));
});

test("moving a large value takes no longer than moving a small one", () => {
  const there = { op: "move", from: "/x", path: "/y" };
  const back = { op: "move", from: "/y", path: "/x" };
  const operations = new Array(jsonPatchOperationsMax / 2).fill([there, back]).flat();
  const startedMs = performance.now();
  applyJsonPatch({ x: new Array(100_000).fill({}) }, operations);
  // Copying it each time would take minutes.
  assert.ok(performance.now() - startedMs < 5_000);
});

test("a patch is bounded in the items that it moves", () => {
  const operations = new Array(jsonPatchOperationsMax).fill({ op: "add", path: "/a/0", value: 1 });
  assert.throws(() => applyJsonPatch({ a: new Array(500_000).fill(1) }, operations), why(/too many items/));
  assert.ok(applyJsonPatch({ a: [] }, operations));
});

test("a field named __proto__ is a field", () => {
  const result = applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
  assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":true}}');
  assert.equal(Reflect.get({}, "polluted"), undefined);
});
