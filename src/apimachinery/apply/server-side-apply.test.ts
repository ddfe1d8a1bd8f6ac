import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, KubeObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { StatusError } from "../status-error.ts";
import { converse, owners, type Turn, widget, widgetSpec } from "./conversation.ts";
import { applyServerSide } from "./server-side-apply.ts";

type Case = { turns: Turn[]; spec: JsonObject | undefined; owners?: Record<string, string[]> };

const cases: Record<string, Case> = {
  "creates what is absent": {
    turns: [{ by: "a", apply: { size: 1 } }],
    spec: { size: 1 },
    owners: { "a/Apply": [".size"] },
  },
  "changes what its manager owns": {
    turns: [
      { by: "a", apply: { size: 1 } },
      { by: "a", apply: { size: 2 } },
    ],
    spec: { size: 2 },
    owners: { "a/Apply": [".size"] },
  },
  "removes a field that its manager leaves out": {
    turns: [
      { by: "a", apply: { size: 1, colour: "red" } },
      { by: "a", apply: { size: 1 } },
    ],
    spec: { size: 1 },
    owners: { "a/Apply": [".size"] },
  },
  "removes a struct with its last field": {
    turns: [
      { by: "a", apply: { size: 1, struct: { x: "1", deep: { z: "1" } } } },
      { by: "a", apply: { size: 1 } },
    ],
    spec: { size: 1 },
  },
  "removes the spec itself with everything in it": {
    turns: [
      { by: "a", apply: { struct: { deep: { z: "1" } } } },
      { by: "a", apply: {} },
    ],
    spec: {},
    owners: { "a/Apply": [""] },
  },
  "keeps a left-out field that another manager applied too": {
    turns: [
      { by: "a", apply: { size: 1, colour: "red" } },
      { by: "b", apply: { colour: "red" } },
      { by: "a", apply: { size: 1 } },
    ],
    spec: { size: 1, colour: "red" },
    owners: { "a/Apply": [".size"], "b/Apply": [".colour"] },
  },
  "keeps a left-out field that an updater changed since": {
    turns: [
      { by: "a", apply: { size: 1, colour: "red" } },
      { by: "b", update: { size: 1, colour: "blue" } },
      { by: "a", apply: { size: 1 } },
    ],
    spec: { size: 1, colour: "blue" },
    owners: { "a/Apply": [".size"], "b/Update": [".colour"] },
  },
  "keeps fields that nobody applied": {
    turns: [
      { by: "b", update: { size: 1, map: { k: "v" } } },
      { by: "a", apply: { colour: "red" } },
    ],
    spec: { size: 1, map: { k: "v" }, colour: "red" },
    owners: { "a/Apply": [".colour"], "b/Update": ["", ".map", ".size", ".map.k"] },
  },
  "shares a field when two apply the same value": {
    turns: [
      { by: "a", apply: { size: 1 } },
      { by: "b", apply: { size: 1 } },
    ],
    spec: { size: 1 },
    owners: { "a/Apply": [".size"], "b/Apply": [".size"] },
  },
  "takes over by force": {
    turns: [
      { by: "a", apply: { size: 1, colour: "red" } },
      { by: "b", apply: { size: 2 }, force: true },
    ],
    spec: { size: 2, colour: "red" },
    owners: { "a/Apply": [".colour"], "b/Apply": [".size"] },
  },
  "forgets a manager that loses its last field": {
    turns: [
      { by: "a", apply: { size: 1 } },
      { by: "b", apply: { size: 2 }, force: true },
    ],
    spec: { size: 2 },
    owners: { "b/Apply": [".size"] },
  },
  "takes a field back from an updater by force": {
    turns: [
      { by: "a", apply: { size: 1 } },
      { by: "b", update: { size: 5 } },
      { by: "a", apply: { size: 1 }, force: true },
    ],
    spec: { size: 1 },
    owners: { "a/Apply": [".size"] },
  },
  "owns each key of a map": {
    turns: [
      { by: "a", apply: { map: { k: "1" } } },
      { by: "b", apply: { map: { l: "2" } } },
    ],
    spec: { map: { k: "1", l: "2" } },
    owners: { "a/Apply": [".map.k"], "b/Apply": [".map.l"] },
  },
  "removes only its own keys of a map": {
    turns: [
      { by: "a", apply: { map: { k: "1", m: "3" } } },
      { by: "b", apply: { map: { l: "2" } } },
      { by: "a", apply: { map: { m: "3" } } },
    ],
    spec: { map: { l: "2", m: "3" } },
  },
  "owns keys named like methods": {
    turns: [
      { by: "a", apply: { map: { constructor: "1", toString: "2" } } },
      { by: "a", apply: { map: { toString: "2" } } },
    ],
    spec: { map: { toString: "2" } },
    owners: { "a/Apply": [".map.toString"] },
  },
  "owns an entry of a map of structs beside what is in it": {
    turns: [
      { by: "a", apply: { structs: { k: { x: "1" } } } },
      { by: "b", apply: { structs: { k: { y: "2" } } } },
      { by: "a", apply: {} },
    ],
    spec: { structs: { k: { y: "2" } } },
    owners: { "a/Apply": [""], "b/Apply": [".structs.k", ".structs.k.y"] },
  },
  "owns an atomic map as a whole": {
    turns: [
      { by: "a", apply: { atomicMap: { k: "1" } } },
      { by: "b", apply: { atomicMap: { l: "2" } }, force: true },
    ],
    spec: { atomicMap: { l: "2" } },
    owners: { "b/Apply": [".atomicMap"] },
  },
  "owns a list without a type as a whole": {
    turns: [
      { by: "a", apply: { list: ["x", "y"] } },
      { by: "b", apply: { list: ["y"] }, force: true },
    ],
    spec: { list: ["y"] },
    owners: { "b/Apply": [".list"] },
  },
  "merges sets": {
    turns: [
      { by: "a", apply: { set: ["x", "y"] } },
      { by: "b", apply: { set: ["y", "z"] } },
    ],
    spec: { set: ["x", "y", "z"] },
    owners: { "a/Apply": ['.set[="x"]', '.set[="y"]'], "b/Apply": ['.set[="y"]', '.set[="z"]'] },
  },
  "removes its own items of a set unless they are shared": {
    turns: [
      { by: "a", apply: { set: ["x", "y"] } },
      { by: "b", apply: { set: ["y", "z"] } },
      { by: "a", apply: { set: [] } },
    ],
    spec: { set: ["y", "z"] },
    owners: { "b/Apply": ['.set[="y"]', '.set[="z"]'] },
  },
  "merges list items by key": {
    turns: [
      { by: "a", apply: { items: [{ name: "p", x: "1" }] } },
      { by: "b", apply: { items: [{ name: "p", y: "2" }, { name: "q" }] } },
    ],
    spec: { items: [{ name: "p", x: "1", y: "2" }, { name: "q" }] },
    owners: {
      "a/Apply": ['.items[name="p"]', '.items[name="p"].name', '.items[name="p"].x'],
      "b/Apply": [
        '.items[name="p"]',
        '.items[name="q"]',
        '.items[name="p"].name',
        '.items[name="p"].y',
        '.items[name="q"].name',
      ],
    },
  },
  "removes a list item that nobody else applies": {
    turns: [
      { by: "a", apply: { items: [{ name: "p", x: "1" }, { name: "q" }] } },
      { by: "a", apply: { items: [{ name: "q" }] } },
    ],
    spec: { items: [{ name: "q" }] },
  },
  "keeps of a shared list item what the other applies": {
    turns: [
      { by: "a", apply: { items: [{ name: "p", x: "1" }] } },
      { by: "b", apply: { items: [{ name: "p", y: "2" }] } },
      { by: "a", apply: { size: 1 } },
    ],
    spec: { size: 1, items: [{ name: "p", y: "2" }] },
  },
  "keeps a dropped item while an updater owns a field in it": {
    turns: [
      { by: "a", apply: { items: [{ name: "p", x: "1" }, { name: "q" }] } },
      { by: "b", update: { items: [{ name: "p", x: "1", y: "2" }, { name: "q" }] } },
      { by: "a", apply: { items: [{ name: "q" }] } },
    ],
    spec: { items: [{ name: "q" }] },
    owners: { "a/Apply": ['.items[name="q"]', '.items[name="q"].name'] },
  },
  "puts live items where they stood among applied ones": {
    turns: [
      { by: "b", update: { items: [{ name: "p" }, { name: "r" }, { name: "q" }] } },
      { by: "a", apply: { items: [{ name: "q" }, { name: "p" }] } },
    ],
    spec: { items: [{ name: "r" }, { name: "q" }, { name: "p" }] },
  },
  "counts defaults as keys": {
    turns: [
      { by: "a", apply: { ports: [{ port: 80, name: "x" }] } },
      { by: "b", apply: { ports: [{ port: 80, protocol: "TCP", name: "y" }] }, force: true },
      { by: "c", apply: { ports: [{ port: 80, protocol: "UDP" }] } },
    ],
    spec: {
      ports: [
        { port: 80, protocol: "TCP", name: "y" },
        { port: 80, protocol: "UDP" },
      ],
    },
    owners: {
      "a/Apply": ['.ports[port=80,protocol="TCP"]', '.ports[port=80,protocol="TCP"].port'],
      "b/Apply": [
        '.ports[port=80,protocol="TCP"]',
        '.ports[port=80,protocol="TCP"].name',
        '.ports[port=80,protocol="TCP"].port',
        '.ports[port=80,protocol="TCP"].protocol',
      ],
      "c/Apply": [
        '.ports[port=80,protocol="UDP"]',
        '.ports[port=80,protocol="UDP"].port',
        '.ports[port=80,protocol="UDP"].protocol',
      ],
    },
  },
  "follows the patch strategy of a list without a type": {
    turns: [
      { by: "a", apply: { old: [{ name: "p" }] } },
      { by: "b", apply: { old: [{ name: "q" }] } },
    ],
    spec: { old: [{ name: "p" }, { name: "q" }] },
  },
  "owns what no schema describes field by field, and its lists as a whole": {
    turns: [
      { by: "a", apply: { any: { k: { l: 1 }, list: [{ m: 1 }] } } },
      { by: "b", apply: { any: { k: { n: 2 } } } },
    ],
    spec: { any: { k: { l: 1, n: 2 }, list: [{ m: 1 }] } },
    owners: {
      "a/Apply": [".any.k", ".any.list", ".any.k.l"],
      "b/Apply": [".any.k", ".any.k.n"],
    },
  },
  "replaces what changes its type": {
    turns: [
      { by: "a", apply: { any: { k: { l: 1 } }, either: 1 } },
      { by: "a", apply: { any: { k: "text" }, either: "50%" } },
    ],
    spec: { any: { k: "text" }, either: "50%" },
    owners: { "a/Apply": [".either", ".any.k"] },
  },
  "owns an empty object and a null": {
    turns: [{ by: "a", apply: { struct: {}, colour: null } }],
    spec: { struct: {}, colour: null },
    owners: { "a/Apply": [".colour", ".struct"] },
  },
  "keeps the fields of an applier that goes over to another version": {
    turns: [
      { by: "a", apply: { size: 1, colour: "red" } },
      { by: "a", apply: { size: 2 }, version: "v2" },
    ],
    spec: { size: 2 },
    owners: { "a/Apply": [".size"] },
  },
  "tells a manager of a subresource from the same of the object": {
    turns: [
      { by: "a", apply: { size: 1 } },
      { by: "a", apply: { colour: "red" }, subresource: "status" },
    ],
    spec: { size: 1, colour: "red" },
    owners: { "a/Apply": [".size"], "a/Apply/status": [".colour"] },
  },
};

for (const [name, { turns, spec, owners: want }] of Object.entries(cases)) {
  test(`apply ${name}`, () => {
    const object = converse(turns);
    assert.deepEqual(object["spec"], spec);
    if (want !== undefined) assert.deepEqual(owners(object), want);
  });
}

function refusal(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  return assert.fail("nothing was refused");
}

test("apply refuses to change a field of another manager, and names it", () => {
  const error = refusal(() =>
    converse([
      { by: "edit", update: { size: 1 } },
      { by: "a", apply: { size: 2 } },
    ]),
  );
  assert.equal(error.code, 409);
  assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "edit" using example.com/v1: .spec.size');
  assert.deepEqual(error.status.details, {
    causes: [
      { reason: "FieldManagerConflict", message: 'conflict with "edit" using example.com/v1', field: ".spec.size" },
    ],
  });
});

test("apply lists several conflicts by manager, appliers without version", () => {
  const error = refusal(() =>
    converse([
      { by: "b", apply: { size: 1, items: [{ name: "p", x: "1" }] } },
      { by: "edit", update: { size: 1, colour: "red", items: [{ name: "p", x: "1" }] }, subresource: "scale" },
      { by: "a", apply: { size: 2, colour: "blue", items: [{ name: "p", x: "2" }] } },
    ]),
  );
  assert.equal(
    error.message,
    [
      'Apply failed with 3 conflicts: conflicts with "b":',
      "- .spec.size",
      '- .spec.items[name="p"].x',
      'conflicts with "edit" with subresource "scale" using example.com/v1:',
      "- .spec.colour",
    ].join("\n"),
  );
  assert.deepEqual(
    error.status.details?.causes?.map(({ field }) => field),
    [".spec.size", '.spec.items[name="p"].x', ".spec.colour"],
  );
});

const misfits: Record<string, { spec: JsonObject; want: string }> = {
  "a field that the schema does not know": { spec: { bogus: 1 }, want: ".spec.bogus: field not declared in schema" },
  "a number for a string": {
    spec: { colour: 1 },
    want: ".spec.colour: expected string, got &value.valueUnstructured{Value:1}",
  },
  "a string for a number": { spec: { size: "1" }, want: ".spec.size: expected numeric (int or float), got string" },
  "an object for a list": { spec: { list: {} }, want: ".spec.list: expected list, got &{map[]}" },
  "a list for an object": { spec: { struct: [] }, want: ".spec.struct: expected map, got &{[]}" },
  "an item that stands twice": {
    spec: { items: [{ name: "p" }, { name: "p" }] },
    want: '.spec.items: duplicate entries for key [name="p"]',
  },
  "an item without keys": {
    spec: { items: [{ x: "1" }] },
    want: '.spec.items: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
  },
  "several faults": {
    spec: { colour: 1, items: [{ name: "p", x: 2 }] },
    want: 'errors:\n  .spec.colour: expected string, got &value.valueUnstructured{Value:1}\n  .spec.items[name="p"].x: expected string, got &value.valueUnstructured{Value:2}',
  },
};

for (const [name, { spec, want }] of Object.entries(misfits)) {
  test(`apply refuses ${name}`, () => {
    const error = refusal(() => converse([{ by: "a", apply: spec }]));
    assert.deepEqual([error.code, error.status.reason], [500, undefined]);
    const which = "failed to create typed patch object (/w; example.com/v1, Kind=Widget)";
    assert.equal(error.message, `${which}: ${want}`);
  });
}

test("apply refuses managedFields in what is applied", () => {
  const error = refusal(() => converse([{ by: "a", apply: {}, metadata: { managedFields: [] } }]));
  assert.equal(error.message, "metadata.managedFields must be nil");
});

test("apply of the same again changes nothing, times included", () => {
  const once = converse([{ by: "a", apply: { size: 1, items: [{ name: "p" }], set: ["x"] } }]);
  const again = converse(
    [
      { by: "z", update: { ...object(once["spec"]) } },
      { by: "a", apply: { size: 1, items: [{ name: "p" }], set: ["x"] } },
    ],
    widget,
    once,
  );
  assert.deepEqual(again, once);
});

function object(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

test("apply that changes no value but owns more is recorded without a time", () => {
  const merged = converse([
    { by: "a", apply: { size: 1 } },
    { by: "b", apply: { size: 1 } },
  ]);
  const entry = merged.metadata.managedFields?.find(({ manager }) => manager === "b");
  assert.deepEqual(entry, {
    manager: "b",
    operation: "Apply",
    apiVersion: "example.com/v1",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:spec": { "f:size": {} } },
  });
});

test("apply does not own what the server sets or what says which object it is", () => {
  const merged = converse([
    { by: "a", apply: { size: 1 }, metadata: { namespace: "n", labels: { app: "w" }, finalizers: ["example.com/f"] } },
  ]);
  assert.deepEqual(merged.metadata.managedFields?.[0]?.fieldsV1, {
    "f:metadata": { "f:finalizers": { 'v:"example.com/f"': {} }, "f:labels": { "f:app": {} } },
    "f:spec": { "f:size": {} },
  });
});

test("apply gives what was there before anybody applied a manager of its own", () => {
  const live: KubeObject = {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name: "w", uid: "u" },
    spec: { size: 1, colour: "red" },
  };
  const merged = converse([{ by: "a", apply: { colour: "red" } }], widget, live);
  assert.deepEqual(owners(merged), { "a/Apply": [".colour"], "before-first-apply/Update": ["", ".colour", ".size"] });
  const dropped = converse([{ by: "a", apply: { size: 1 } }], widget, merged);
  assert.deepEqual(dropped["spec"], { size: 1, colour: "red" });
});

test("apply leaves both inputs as they are", () => {
  const live = converse([{ by: "b", update: { items: [{ name: "p", x: "1" }], map: { k: "v" } } }]);
  const applied = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" }, spec: { map: { l: "v" } } };
  const before = JSON.stringify([live, applied]);
  const now = "2026-01-01T00:00:09Z";
  applyServerSide({ live, applied, schema: widget, manager: "a", force: true, now });
  assert.equal(JSON.stringify([live, applied]), before);
});

test("apply records no owner of paths that its endpoint does not write", () => {
  const applied = {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name: "w" },
    spec: { size: 1 },
    status: { phase: "Ready" },
  };
  const now = "2026-01-01T00:00:00Z";
  const ignored = [["status"]];
  const merged = applyServerSide({
    live: undefined,
    applied,
    schema: widget,
    manager: "a",
    force: false,
    ignored,
    now,
  });
  assert.deepEqual(owners(merged), { "a/Apply": [".size"] });
});

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const clientSide = (spec: JsonObject): Turn => {
  const config = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" }, spec };
  const annotations = { [lastApplied]: JSON.stringify(config) };
  return { by: "kubectl-client-side-apply", update: spec, metadata: { annotations } };
};

test("kubectl may change server-side what it applied client-side before", () => {
  const merged = converse([clientSide({ size: 1, colour: "red" }), { by: "kubectl", apply: { size: 2 } }]);
  assert.deepEqual(merged["spec"], { size: 2, colour: "red" });
  assert.equal(
    merged.metadata.annotations?.[lastApplied],
    '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":2}}\n',
  );
});

test("kubectl may not change server-side what others changed since it applied client-side", () => {
  const error = refusal(() =>
    converse([
      clientSide({ size: 1, colour: "red" }),
      { by: "edit", update: { size: 1, colour: "blue" } },
      { by: "kubectl", apply: { size: 2, colour: "green" } },
    ]),
  );
  assert.deepEqual(error.status.details?.causes, [
    { reason: "FieldManagerConflict", message: 'conflict with "edit" using example.com/v1', field: ".spec.colour" },
  ]);
});

test("managers other than kubectl gain nothing from what kubectl applied client-side", () => {
  assert.throws(() => converse([clientSide({ size: 1 }), { by: "helm", apply: { size: 2 } }]), {
    message: /1 conflict: conflict with "kubectl-client-side-apply" using example.com\/v1: .spec.size/,
  });
});

test("apply of a field below what has become atomic gives its owners all of it", () => {
  const granular = converse([
    { by: "a", apply: { struct: { x: "1" } } },
    { by: "b", apply: { struct: { y: "1" } } },
  ]);
  const struct: Schema = { ...widgetSpec.properties?.["struct"], "x-kubernetes-map-type": "atomic" };
  const atomic: Schema = { type: "object", properties: { spec: { ...widgetSpec, properties: { struct } } } };
  const merged = converse([{ by: "b", apply: { struct: { x: "1", y: "2" } }, force: true }], atomic, granular);
  assert.deepEqual(owners(merged), { "b/Apply": [".struct"] });
});

test("apply passes over managers that cannot be read", () => {
  const live = converse([{ by: "b", update: { size: 1 } }]);
  const entry = { ...live.metadata.managedFields?.[0], fieldsType: "FieldsV9" };
  const broken: KubeObject = { ...live, metadata: { ...live.metadata, managedFields: [entry as never] } };
  const merged = converse([{ by: "a", apply: { colour: "red" } }], widget, broken);
  assert.deepEqual(Object.keys(owners(merged)), ["a/Apply", "before-first-apply/Update"]);
});

/** A reproducible sequence of numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomSpec(random: () => number): JsonObject {
  const some = <T>(of: readonly T[]): T[] => of.filter(() => random() < 0.5).sort(() => random() - 0.5);
  const value = () => String(Math.floor(random() * 3));
  const record = (names: readonly string[]) => Object.fromEntries(some(names).map((name) => [name, value()]));
  const fields: JsonObject = {
    size: Math.floor(random() * 3),
    colour: value(),
    struct: { ...record(["x", "y"]), ...(random() < 0.5 && { deep: record(["z"]) }) },
    map: record(["k", "l"]),
    structs: Object.fromEntries(some(["k", "l"]).map((name) => [name, record(["x", "y"])])),
    atomicMap: record(["k", "l"]),
    list: some(["p", "q", "r"]),
    set: some(["p", "q", "r"]),
    items: some(["p", "q", "r"]).map((name) => ({ name, ...record(["x", "y"]), tags: record(["k"]) })),
    ports: some([80, 443]).map((port) => ({ port, ...(random() < 0.5 && { protocol: "UDP" }) })),
    any: { k: record(["l", "m"]) },
  };
  return Object.fromEntries(some(Object.keys(fields)).map((name) => [name, fields[name] ?? null]));
}

/** Whether everything applied is in the object: fields by name, items of sets and keyed lists wherever they stand. */
function includes(live: unknown, applied: unknown): boolean {
  if (Array.isArray(applied)) {
    // A list that is owned item by item and has none is owned by nobody.
    if (applied.length === 0) return true;
    return Array.isArray(live) && applied.every((item) => live.some((other) => includes(other, item)));
  }
  if (typeof applied !== "object" || applied === null) return live === applied;
  if (typeof live !== "object" || live === null) return false;
  const fields = new Map<string, unknown>(Object.entries(live));
  return Object.entries(applied).every(([name, value]) => includes(fields.get(name), value));
}

for (let seed = 1; seed <= 200; seed++) {
  test(`apply by force holds in any conversation, and changes nothing again (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const manager = () => ["a", "b", "c"][Math.floor(random() * 3)] ?? "a";
    let live: KubeObject | undefined;
    for (let turn = 0; turn < 5; turn++) {
      const spec = randomSpec(random);
      if (random() < 0.3) {
        live = converse([{ by: manager(), update: spec }], widget, live);
        continue;
      }
      const by = manager();
      live = converse([{ by, apply: spec, force: true }], widget, live);
      assert.ok(includes(live["spec"], spec), JSON.stringify({ spec, live }));
      assert.deepEqual(converse([{ by, apply: spec }], widget, live), live);
    }
  });
}
