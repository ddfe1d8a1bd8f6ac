import assert from "node:assert/strict";
import { test } from "node:test";
import { findAll, lookup, splitFieldPath } from "./field-path.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { fromJson, type Node, toJson } from "./node.ts";

const paths: Record<string, string[]> = {
  "a.b": ["a", "b"],
  "a.[x.y/z].b": ["a", "x.y/z", "b"],
  "a.[name=x.y].b": ["a", "[name=x.y]", "b"],
  "a.x\\.y": ["a", "x.y"],
  "a.*.0": ["a", "*", "0"],
};

for (const [path, want] of Object.entries(paths)) {
  test(`splitFieldPath splits ${path}`, () => assert.deepEqual(splitFieldPath(path), want));
}

const object = (): Node =>
  fromJson({
    list: [
      { name: "a", v: 1 },
      { name: "ab", v: 2 },
    ],
    texts: ["x", "y"],
    map: { "x.y": 3 },
  });

function found(path: string, root = object(), created?: "ScalarNode"): unknown[] {
  return findAll({ node: root, replace: () => undefined }, splitFieldPath(path), created).map(({ node }) =>
    toJson(node),
  );
}

test("a value in brackets is an expression in targets, and the whole value in sources", () => {
  assert.deepEqual(found("list.[name=a].v"), [1, 2]);
  assert.deepEqual(found("list.[name=^a$].v"), [1]);
  assert.equal(lookup(object(), splitFieldPath("list.[name=b].v")), undefined);
});

test("a star means all items, a number one of them", () => {
  assert.deepEqual(found("list.*.v"), [1, 2]);
  assert.deepEqual(found("texts.1"), ["y"]);
  assert.throws(() => found("texts.2"), new KustomizeError("index 2 specified but only 2 elements found"));
});

test("what is missing is created if that is wanted", () => {
  const root = object();
  assert.deepEqual(found("new.[name=z].deep", root), []);
  assert.equal(found("new.[name=z].deep", root, "ScalarNode").length, 1);
  const created = lookup(root, ["new"]);
  assert.deepEqual(created && toJson(created), [{ name: "z", deep: null }]);
});

test("an expression that would take ever longer in other engines takes no time", () => {
  const root = fromJson({ list: [{ name: "a".repeat(50_000) }] });
  assert.deepEqual(found("list.[name=^(a+)+$x].name", root), []);
});
