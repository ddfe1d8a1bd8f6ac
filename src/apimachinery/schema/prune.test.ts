import assert from "node:assert/strict";
import { test } from "node:test";
import { findUnknownFields, pruneUnknown } from "./prune.ts";
import type { Schema } from "./schema.ts";

const text: Schema = { type: "string" };
const struct: Schema = { type: "object", properties: { x: text } };
const open: Schema = { ...struct, "x-kubernetes-preserve-unknown-fields": true };
const spec: Schema = {
  type: "object",
  properties: {
    struct,
    bare: { type: "object" },
    list: { type: "array", items: struct },
    map: { type: "object", additionalProperties: struct },
    anyMap: { type: "object", additionalProperties: true },
    open: { ...open, properties: { struct, list: { type: "array", items: struct } } },
    openList: { type: "array", items: struct, "x-kubernetes-preserve-unknown-fields": true },
    embedded: { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: struct } },
    either: { "x-kubernetes-int-or-string": true },
  },
};
const schema: Schema = { type: "object", properties: { spec } };

const cases: Record<string, { spec: unknown; want: unknown; unknown: string[] }> = {
  "keeps what is specified": {
    spec: { struct: { x: "1" }, list: [{ x: "1" }], map: { k: { x: "1" } }, either: "1" },
    want: { struct: { x: "1" }, list: [{ x: "1" }], map: { k: { x: "1" } }, either: "1" },
    unknown: [],
  },
  "drops fields of structs, list items and map values": {
    spec: { y: 1, struct: { x: "1", y: 1 }, list: [{}, { y: 1 }], map: { k: { y: 1 } } },
    want: { struct: { x: "1" }, list: [{}, {}], map: { k: {} } },
    unknown: ["spec.list[1].y", "spec.map.k.y", "spec.struct.y", "spec.y"],
  },
  "drops everything in an object without properties": {
    spec: { bare: { x: 1, y: { z: 1 } } },
    want: { bare: {} },
    unknown: ["spec.bare.x", "spec.bare.y"],
  },
  "keeps keys of a map of anything, and nothing below them": {
    spec: { anyMap: { k: "1", l: { x: 1 }, m: [{ x: 1 }] } },
    want: { anyMap: { k: "1", l: {}, m: [{}] } },
    unknown: ["spec.anyMap.l.x", "spec.anyMap.m[0].x"],
  },
  "keeps unknown fields where the schema says so, but prunes what is specified there": {
    spec: { open: { y: { z: 1 }, struct: { y: 1 }, list: [{ y: 1 }] } },
    want: { open: { y: { z: 1 }, struct: {}, list: [{}] } },
    unknown: ["spec.open.list[0].y", "spec.open.struct.y"],
  },
  "keeps unknown fields of the items of a list that keeps them": {
    spec: { openList: [{ y: 1 }] },
    want: { openList: [{ y: 1 }] },
    unknown: [],
  },
  "knows what every embedded object has": {
    spec: {
      embedded: {
        apiVersion: "v1",
        kind: "X",
        metadata: { name: "x", labels: { a: "b" }, bogus: 1 },
        spec: { x: "1", y: 1 },
        status: {},
      },
    },
    want: {
      embedded: { apiVersion: "v1", kind: "X", metadata: { name: "x", labels: { a: "b" } }, spec: { x: "1" } },
    },
    unknown: ["spec.embedded.metadata.bogus", "spec.embedded.spec.y", "spec.embedded.status"],
  },
  "leaves values of another type alone": {
    spec: { struct: ["x"], list: "x", map: 1 },
    want: { struct: ["x"], list: "x", map: 1 },
    unknown: [],
  },
};

for (const [name, { spec: value, want, unknown }] of Object.entries(cases)) {
  test(`pruneUnknown ${name}`, () => {
    const object = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" }, spec: value };
    const before = structuredClone(object);
    assert.deepEqual(findUnknownFields(object, schema), unknown);
    assert.deepEqual(object, before);
    assert.deepEqual(pruneUnknown(object, schema), unknown);
    assert.deepEqual(object, { ...before, spec: want });
    assert.deepEqual(pruneUnknown(object, schema), []);
  });
}

test("pruneUnknown drops fields at the root and in metadata, and silently what is empty there", () => {
  const managedFields = [{ manager: "m", fieldsV1: { "f:spec": {} }, bogus: 1 }];
  const metadata = { name: "w", creationTimestamp: null, labels: {}, bogus: { x: 1 }, managedFields };
  const object = { apiVersion: "v1", kind: "Widget", metadata, data: {} };
  const unknown = ["data", "metadata.bogus", "metadata.managedFields[0].bogus"];
  assert.deepEqual(findUnknownFields(object, schema), unknown);
  assert.deepEqual(pruneUnknown(object, schema), unknown);
  assert.deepEqual(object, {
    apiVersion: "v1",
    kind: "Widget",
    metadata: { name: "w", managedFields: [{ manager: "m", fieldsV1: { "f:spec": {} } }] },
  });
});

test("pruneUnknown goes along the value where a schema contains itself", () => {
  const below: { [name: string]: Schema } = { x: text };
  const tree: Schema = { type: "object", properties: below };
  below["child"] = tree;
  const object = { x: "1", child: { child: { x: "1", y: 1 } } };
  assert.deepEqual(pruneUnknown(object, tree), ["child.child.y"]);
});
