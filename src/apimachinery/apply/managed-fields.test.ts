import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, KubeObject, ManagedFieldsEntry } from "../object.ts";
import { converse, owners, type Turn, widget } from "./conversation.ts";
import { trackUpdate } from "./managed-fields.ts";

const cases: Record<string, { turns: Turn[]; owners: Record<string, string[]> }> = {
  "gives a creator everything it wrote, structs included": {
    turns: [{ by: "a", update: { size: 1, struct: { x: "1" }, map: { k: "v" }, list: ["p"] } }],
    owners: { "a/Update": ["", ".list", ".map", ".size", ".struct", ".map.k", ".struct.x"] },
  },
  "does not count structs that always exist": {
    turns: [
      { by: "a", update: { size: 1 } },
      { by: "b", update: { size: 1, implied: { x: "1" } } },
    ],
    owners: { "a/Update": ["", ".size"], "b/Update": [".implied.x"] },
  },
  "gives an updater what it changed and added": {
    turns: [
      { by: "a", update: { size: 1, colour: "red" } },
      { by: "b", update: { size: 2, colour: "red", on: true } },
    ],
    owners: { "a/Update": ["", ".colour"], "b/Update": [".on", ".size"] },
  },
  "takes removed fields from everybody": {
    turns: [
      { by: "a", update: { size: 1, map: { k: "v" }, items: [{ name: "p", x: "1" }] } },
      { by: "b", update: { size: 1, items: [] } },
    ],
    owners: { "a/Update": ["", ".items", ".size"] },
  },
  "lets an updater gather fields over several updates": {
    turns: [
      { by: "a", update: { size: 1 } },
      { by: "b", update: { size: 2 } },
      { by: "b", update: { size: 2, colour: "red" } },
    ],
    owners: { "a/Update": [""], "b/Update": [".colour", ".size"] },
  },
  "takes from an applier what an updater changes": {
    turns: [
      { by: "a", apply: { size: 1, colour: "red" } },
      { by: "b", update: { size: 2, colour: "red" } },
    ],
    owners: { "a/Apply": [".colour"], "b/Update": [".size"] },
  },
  "tells managers by version": {
    turns: [
      { by: "a", update: { size: 1 } },
      { by: "a", update: { size: 1, colour: "red" }, version: "v2" },
    ],
    owners: { "a/Update": [".colour"] },
  },
  "tells managers by subresource": {
    turns: [
      { by: "a", update: { size: 1 } },
      { by: "a", update: { size: 1, colour: "red" }, subresource: "scale" },
    ],
    owners: { "a/Update": ["", ".size"], "a/Update/scale": [".colour"] },
  },
  "owns set items and keyed items one by one": {
    turns: [
      { by: "a", update: { set: ["p"], ports: [{ port: 80 }] } },
      { by: "b", update: { set: ["p", "q"], ports: [{ port: 80, name: "x" }] } },
    ],
    owners: {
      "a/Update": [
        "",
        ".ports",
        ".set",
        '.ports[port=80,protocol="TCP"]',
        '.ports[port=80,protocol="TCP"].port',
        '.set[="p"]',
      ],
      "b/Update": ['.ports[port=80,protocol="TCP"].name', '.set[="q"]'],
    },
  },
  "does not mind another order of keyed items": {
    turns: [
      { by: "a", update: { items: [{ name: "p" }, { name: "q" }], list: ["x", "y"] } },
      { by: "b", update: { items: [{ name: "q" }, { name: "p" }], list: ["y", "x"] } },
    ],
    owners: {
      "a/Update": [
        "",
        ".items",
        '.items[name="p"]',
        '.items[name="q"]',
        '.items[name="p"].name',
        '.items[name="q"].name',
      ],
      "b/Update": [".list"],
    },
  },
  "owns items that stand twice as one": {
    turns: [
      { by: "a", update: { set: ["p", "p"], items: [{ name: "p", x: "1" }, { name: "p" }] } },
      {
        by: "b",
        update: {
          set: ["p", "p"],
          items: [
            { name: "p", x: "1" },
            { name: "p", y: "1" },
          ],
        },
      },
    ],
    owners: {
      "a/Update": ["", ".items", ".set", '.set[="p"]'],
      "b/Update": ['.items[name="p"]'],
    },
  },
  "notices a removed key named like a method": {
    turns: [
      { by: "a", update: { map: { constructor: "1", k: "2" } } },
      { by: "b", update: { map: { k: "2" } } },
    ],
    owners: { "a/Update": ["", ".map", ".map.k"] },
  },
  "calls a manager without a name unknown": {
    turns: [{ by: "", update: { size: 1 } }],
    owners: { "unknown/Update": ["", ".size"] },
  },
};

for (const [name, { turns, owners: want }] of Object.entries(cases)) {
  test(`trackUpdate ${name}`, () => assert.deepEqual(owners(converse(turns)), want));
}

test("trackUpdate returns the entries as they are when nothing changes", () => {
  const live = converse([
    { by: "b", update: { size: 1 } },
    { by: "a", apply: { colour: "red" } },
  ]);
  assert.deepEqual(converse([{ by: "c", update: JSON.parse(JSON.stringify(live["spec"])) }], widget, live), live);
});

test("trackUpdate keeps entries of managers that lose nothing, and times", () => {
  const first = converse([
    { by: "a", update: { size: 1 } },
    { by: "b", update: { size: 1, colour: "red" } },
  ]);
  const changed = converse([{ by: "c", update: { size: 1, colour: "red", on: true } }], widget, first);
  assert.deepEqual(
    changed.metadata.managedFields?.map(({ manager, time }) => [manager, time]),
    [
      ["a", "2026-01-01T00:00:00Z"],
      ["c", "2026-01-01T00:00:00Z"],
      ["b", "2026-01-01T00:00:01Z"],
    ],
  );
  assert.deepEqual(changed.metadata.managedFields?.[2], first.metadata.managedFields?.[1]);
});

test("trackUpdate sorts appliers first, then by time, then by name", () => {
  const object = converse([
    { by: "z", update: { size: 1 } },
    { by: "b", update: { size: 1, colour: "red" } },
    { by: "y", apply: { on: true } },
    { by: "a", update: { size: 1, colour: "red", on: true, map: {} } },
  ]);
  assert.deepEqual(Object.keys(owners(object)), ["y/Apply", "z/Update", "b/Update", "a/Update"]);
});

test("trackUpdate records an entry with its fields in Kubernetes' order", () => {
  const { metadata } = converse([{ by: "a", update: { size: 1 }, subresource: "scale" }]);
  assert.equal(
    JSON.stringify(metadata.managedFields),
    '[{"manager":"a","operation":"Update","apiVersion":"example.com/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{".":{},"f:size":{}}},"subresource":"scale"}]',
  );
});

test("trackUpdate merges the oldest of more than ten updaters", () => {
  const map: JsonObject = {};
  const turns: Turn[] = Array.from({ length: 13 }, (_, index) => {
    map[`k${index}`] = "v";
    return { by: `m${index}`, update: { map: { ...map } } };
  });
  const object = converse(turns);
  assert.deepEqual(Object.keys(owners(object)), [
    "ancient-changes/Update",
    ...Array.from({ length: 9 }, (_, index) => `m${index + 4}/Update`),
  ]);
  assert.deepEqual(owners(object)["ancient-changes/Update"], ["", ".map", ".map.k0", ".map.k1", ".map.k2", ".map.k3"]);
  assert.equal(object.metadata.managedFields?.[0]?.time, "2026-01-01T00:00:03Z");
});

test("trackUpdate merges the oldest updaters of each version on its own", () => {
  const turns: Turn[] = Array.from({ length: 14 }, (_, index) => ({
    by: `m${index}`,
    version: index % 2 === 0 ? "v1" : "v2",
    update: { map: Object.fromEntries(Array.from({ length: index + 1 }, (_unused, key) => [`k${key}`, "v"])) },
  }));
  const entries = converse(turns).metadata.managedFields ?? [];
  const ancient = entries.filter(({ manager }) => manager === "ancient-changes");
  assert.deepEqual(ancient.map(({ apiVersion }) => apiVersion).sort(), ["example.com/v1", "example.com/v2"]);
  assert.equal(entries.length, 10);
});

const live = converse([{ by: "a", update: { size: 1 } }]);
const entry: ManagedFieldsEntry = {
  manager: "kubectl",
  operation: "Apply",
  apiVersion: "example.com/v1",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:spec": { "f:size": {} } },
};

function updateWith(managedFields: unknown, subresource?: string): string[] {
  const after: KubeObject = { ...live, metadata: { ...live.metadata, managedFields: managedFields as never } };
  const now = "2026-01-01T00:00:09Z";
  const update = { before: live, after, schema: widget, manager: "b", now };
  return trackUpdate({ ...update, ...(subresource && { subresource }) }).map(({ manager }) => manager);
}

test("trackUpdate takes over the managers that a client sends, to migrate them", () => {
  assert.deepEqual(updateWith([entry]), ["kubectl"]);
});

test("trackUpdate keeps the stored managers when a client sends none or what cannot be read", () => {
  assert.deepEqual(updateWith(undefined), ["a"]);
  assert.deepEqual(updateWith([{ ...entry, operation: "Steal" }]), ["a"]);
  assert.deepEqual(updateWith([{ ...entry, apiVersion: "" }]), ["a"]);
  assert.deepEqual(updateWith([{ ...entry, fieldsV1: "x" }]), ["a"]);
});

test("trackUpdate keeps the stored managers in writes of a subresource", () => {
  assert.deepEqual(updateWith([entry], "status"), ["a"]);
});

test("trackUpdate forgets all managers when a client asks for it, until somebody applies", () => {
  assert.deepEqual(updateWith([]), []);
  assert.deepEqual(updateWith([{}]), []);
  const { managedFields: _managers, ...metadata } = live.metadata;
  const untracked = { ...live, metadata };
  const updated = converse([{ by: "b", update: { size: 2 } }], widget, untracked);
  assert.equal(updated.metadata.managedFields, undefined);
  const applied = converse([{ by: "c", apply: { colour: "red" } }], widget, updated);
  assert.deepEqual(Object.keys(owners(applied)).sort(), ["before-first-apply/Update", "c/Apply"]);
});

test("trackUpdate passes over unknown things in fieldsV1 and reads keys however they are written", () => {
  const fieldsV1 = { "f:spec": { "x:size": {}, "f:items": { 'k:{ "name" : "p" }': { ".": {}, "f:x": {} } } } };
  const stored = converse([{ by: "a", update: { items: [{ name: "p", x: "1" }] } }]);
  const sent = { ...stored, metadata: { ...stored.metadata, managedFields: [{ ...entry, fieldsV1 }] } };
  const after: KubeObject = { ...stored, spec: { items: [{ name: "p", x: "2" }] } };
  const now = "2026-01-01T00:00:09Z";
  const tracked = trackUpdate({
    before: sent,
    after: { ...after, metadata: sent.metadata },
    schema: widget,
    manager: "b",
    now,
  });
  assert.deepEqual(owners({ ...after, metadata: { managedFields: tracked } }), {
    "kubectl/Apply": ['.items[name="p"]'],
    "b/Update": ['.items[name="p"].x'],
  });
});

test("trackUpdate records no owner of paths that its endpoint does not write", () => {
  const after: KubeObject = { ...live, spec: { size: 2 }, status: { phase: "Ready" } };
  const update = { before: live, after, schema: widget, manager: "b", subresource: "status" };
  const tracked = trackUpdate({ ...update, ignored: [["spec"]], now: "2026-01-01T00:00:09Z" });
  assert.deepEqual(owners({ ...after, metadata: { managedFields: tracked } }), {
    "a/Update": ["", ".size"],
    "b/Update/status": [".status", ".status.phase"],
  });
});
