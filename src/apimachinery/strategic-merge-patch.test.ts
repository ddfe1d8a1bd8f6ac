import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "./object.ts";
import type { Schema } from "./schema/schema.ts";
import { StatusError } from "./status-error.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

const text: Schema = { type: "string" };
const keyed = (key: string, items: Schema, strategy = "merge"): Schema => ({
  type: "array",
  items,
  "x-kubernetes-patch-strategy": strategy,
  "x-kubernetes-patch-merge-key": key,
});
const env: Schema = { type: "object", properties: { name: text, value: text } };
const container: Schema = {
  type: "object",
  properties: {
    name: text,
    image: text,
    args: { type: "array", items: text },
    env: keyed("name", env),
    ports: keyed("containerPort", { type: "object", properties: { containerPort: { type: "integer" }, name: text } }),
  },
};
const schema: Schema = {
  type: "object",
  properties: {
    metadata: {
      type: "object",
      properties: {
        labels: { type: "object", additionalProperties: text },
        finalizers: { type: "array", items: text, "x-kubernetes-patch-strategy": "merge" },
      },
    },
    containers: keyed("name", container),
    volumes: keyed(
      "name",
      { type: "object", properties: { name: text, emptyDir: { type: "object" } } },
      "merge,retainKeys",
    ),
    strategy: { type: "object", "x-kubernetes-patch-strategy": "retainKeys", properties: { type: text } },
    whole: { type: "object", "x-kubernetes-patch-strategy": "replace", properties: { a: text } },
    list: { type: "array", items: { type: "object", properties: { name: text } } },
  },
};

type Case = { target: JsonObject; patch: JsonObject; want: JsonObject };

const cases: Record<string, Case> = {
  "merges objects and deletes by null": {
    target: { metadata: { labels: { a: "1", b: "2" } }, strategy: { type: "x" } },
    patch: { metadata: { labels: { b: null, c: "3", d: null } }, strategy: null },
    want: { metadata: { labels: { a: "1", c: "3" } } },
  },
  "drops nulls and directives where there is nothing to patch": {
    target: {},
    patch: {
      metadata: { labels: { a: "1", b: null } },
      containers: [{ name: "a", env: [{ $patch: "delete", name: "x" }], "$setElementOrder/env": [] }],
      strategy: { $retainKeys: ["type"], type: "x" },
    },
    want: { metadata: { labels: { a: "1" } }, containers: [{ name: "a", env: [] }], strategy: { type: "x" } },
  },
  "replaces values of another type": {
    target: { strategy: { type: "x" }, list: [] },
    patch: { strategy: "y", list: { a: 1 } },
    want: { strategy: "y", list: { a: 1 } },
  },
  "replaces lists and objects that say so": {
    target: { list: [{ name: "a" }], whole: { a: "1", b: "2" } },
    patch: { list: [{ name: "b" }], whole: { a: "2" } },
    want: { list: [{ name: "b" }], whole: { a: "2" } },
  },
  "merges items by key, puts new ones first and keeps the rest in order": {
    target: {
      containers: [
        { name: "a", image: "1" },
        { name: "b", image: "1", args: ["x"] },
      ],
    },
    patch: {
      containers: [
        { name: "b", image: "2" },
        { name: "c", image: "3" },
      ],
    },
    want: {
      containers: [
        { name: "a", image: "1" },
        { name: "b", image: "2", args: ["x"] },
        { name: "c", image: "3" },
      ],
    },
  },
  "puts a new item before those of the server": {
    target: { containers: [{ name: "a" }, { name: "b" }] },
    patch: { containers: [{ name: "c" }] },
    want: { containers: [{ name: "c" }, { name: "a" }, { name: "b" }] },
  },
  "merges lists inside items": {
    target: { containers: [{ name: "a", env: [{ name: "x", value: "1" }], ports: [{ containerPort: 80 }] }] },
    patch: {
      containers: [
        {
          name: "a",
          env: [{ name: "x", value: "2" }],
          ports: [{ containerPort: 80, name: "http" }, { containerPort: 81 }],
        },
      ],
    },
    want: {
      containers: [
        {
          name: "a",
          env: [{ name: "x", value: "2" }],
          ports: [{ containerPort: 80, name: "http" }, { containerPort: 81 }],
        },
      ],
    },
  },
  "deletes items": {
    target: { containers: [{ name: "a" }, { name: "b" }] },
    patch: {
      containers: [
        { $patch: "delete", name: "a" },
        { $patch: "delete", name: "z" },
      ],
    },
    want: { containers: [{ name: "b" }] },
  },
  "replaces all items by those of the patch": {
    target: { containers: [{ name: "a", image: "1" }, { name: "b" }] },
    patch: { containers: [{ name: "a" }, { $patch: "replace" }] },
    want: { containers: [{ name: "a" }] },
  },
  "replaces and empties objects": {
    target: { metadata: { labels: { a: "1" } }, strategy: { type: "x" } },
    patch: { metadata: { $patch: "replace", finalizers: ["f"] }, strategy: { $patch: "delete" } },
    want: { metadata: { finalizers: ["f"] }, strategy: {} },
  },
  "merges lists of scalars as sets": {
    target: { metadata: { finalizers: ["a", "b"] } },
    patch: { metadata: { finalizers: ["c", "b"] } },
    want: { metadata: { finalizers: ["c", "a", "b"] } },
  },
  "deletes from lists of scalars": {
    target: { metadata: { finalizers: ["a", "b", "c"] } },
    patch: { metadata: { "$deleteFromPrimitiveList/finalizers": ["a", "z"], finalizers: ["d"] } },
    want: { metadata: { finalizers: ["d", "b", "c"] } },
  },
  "keeps only the fields of $retainKeys": {
    target: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "1" } } },
    patch: { strategy: { $retainKeys: ["type"], type: "Recreate" } },
    want: { strategy: { type: "Recreate" } },
  },
  "keeps only the fields of $retainKeys in items": {
    target: { volumes: [{ name: "a", configMap: { name: "x" } }] },
    patch: { volumes: [{ $retainKeys: ["name", "emptyDir"], name: "a", emptyDir: {} }] },
    want: { volumes: [{ name: "a", emptyDir: {} }] },
  },
  "orders items as the patch asks, those it does not name by the server": {
    target: { containers: [{ name: "s" }, { name: "a" }, { name: "t" }, { name: "b" }] },
    patch: {
      "$setElementOrder/containers": [{ name: "b" }, { name: "a" }, { name: "c" }],
      containers: [{ name: "a", image: "2" }, { name: "c" }],
    },
    want: { containers: [{ name: "s" }, { name: "t" }, { name: "b" }, { name: "a", image: "2" }, { name: "c" }] },
  },
  "orders items that it does not change": {
    target: { containers: [{ name: "a" }, { name: "b" }], metadata: { finalizers: ["x", "y"] } },
    patch: {
      "$setElementOrder/containers": [{ name: "b" }, { name: "a" }],
      metadata: { "$setElementOrder/finalizers": ["y", "x"] },
    },
    want: { containers: [{ name: "b" }, { name: "a" }], metadata: { finalizers: ["y", "x"] } },
  },
  "lets a new item take the place of a deleted one among those of the server": {
    target: { containers: [{ name: "old" }, { name: "injected" }] },
    patch: {
      "$setElementOrder/containers": [{ name: "new" }],
      containers: [{ name: "new" }, { $patch: "delete", name: "old" }],
    },
    want: { containers: [{ name: "injected" }, { name: "new" }] },
  },
  "patches fields named like methods": {
    target: { metadata: { labels: { a: "1" } } },
    patch: { metadata: { labels: { constructor: "1", toString: null } } },
    want: { metadata: { labels: { a: "1", constructor: "1" } } },
  },
  "merges what no schema describes": {
    target: { other: { a: 1, list: [1] } },
    patch: { other: { b: 2, list: [2] } },
    want: { other: { a: 1, b: 2, list: [2] } },
  },
};

for (const [name, { target, patch, want }] of Object.entries(cases)) {
  test(`a strategic merge patch ${name}`, () => {
    const before = JSON.stringify([target, patch]);
    assert.deepEqual(applyStrategicMergePatch(target, patch, schema), want);
    assert.equal(JSON.stringify([target, patch]), before);
  });
}

const refused: Record<string, { target?: JsonObject; patch: JsonObject; want: string }> = {
  "a directive nobody knows": {
    patch: { $patch: "merge", a: 1 },
    want: "unknown patch type: merge in map: map[$patch:merge a:1]",
  },
  "a directive nobody knows in a list": {
    target: { containers: [{ name: "a" }] },
    patch: { containers: [{ $patch: "x", name: "a" }] },
    want: "unknown patch type: x in map: map[$patch:x name:a]",
  },
  "merging in a list": {
    target: { containers: [{ name: "a" }] },
    patch: { containers: [{ $patch: "merge", name: "a" }] },
    want: "merging lists cannot yet be specified in the patch",
  },
  "an item without its key": {
    target: { containers: [{ name: "a" }] },
    patch: { containers: [{ image: "x" }] },
    want: "map: map[image:x] does not contain declared merge key: name",
  },
  "an item to delete without its key": {
    target: { containers: [{ name: "a" }] },
    patch: { containers: [{ $patch: "delete" }] },
    want: "map: map[$patch:delete] does not contain declared merge key: name",
  },
  "fields beside $retainKeys": {
    patch: { strategy: { $retainKeys: ["type"], type: "x", other: 1 } },
    target: { strategy: {} },
    want: "invalid patch format of retainKeys",
  },
  "$retainKeys that are no list": {
    patch: { $retainKeys: "type" },
    want: "invalid patch format of retainKeys",
  },
  "an order that the patch does not follow itself": {
    patch: {
      "$setElementOrder/containers": [{ name: "a" }, { name: "b" }],
      containers: [{ name: "b" }, { name: "a" }],
    },
    want: "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n",
  },
};

for (const [name, { target = {}, patch, want }] of Object.entries(refused)) {
  test(`a strategic merge patch is refused for ${name}`, () => {
    assert.throws(
      () => applyStrategicMergePatch(target, patch, schema),
      (error) => error instanceof StatusError && error.reason === "BadRequest" && error.message === want,
    );
  });
}

test("long lists are merged in a time that grows with their length", () => {
  const items = (prefix: string) => Array.from({ length: 20_000 }, (_, index) => ({ name: `${prefix}${index}` }));
  const finalizers = (prefix: string) => items(prefix).map(({ name }) => name);
  const target = { containers: [{ name: "a", env: items("a") }], metadata: { finalizers: finalizers("a") } };
  const env = [...items("b"), ...items("a").map((item) => ({ ...item, $patch: "delete" }))];
  const patch = { containers: [{ name: "a", env }], metadata: { finalizers: finalizers("b") } };
  const startedMs = performance.now();
  const merged = applyStrategicMergePatch(target, patch, schema);
  // Comparing each with each would take a quarter of a minute.
  assert.ok(performance.now() - startedMs < 5_000);
  assert.deepEqual(merged["containers"], [{ name: "a", env: items("b") }]);
  assert.equal(Object(merged["metadata"]).finalizers.length, 40_000);
});
