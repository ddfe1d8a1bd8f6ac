import { isFields } from "../fields.ts";
import { objectMetaSchema } from "./object-meta.ts";
import { child } from "./place.ts";
import { type Schema, valueSchema } from "./schema.ts";

/**
 * Removes fields that the schema of a kind does not know, in place. `apiVersion`, `kind` and the fields of ObjectMeta below
 * `metadata` are known at the root and wherever another object is embedded. What
 * `x-kubernetes-preserve-unknown-fields` protects stays, but below a field that is specified there pruning goes on.
 * Empty metadata fields go too, unmentioned, as they do when Go reads and writes an ObjectMeta.
 *
 * @returns the paths of the first thousand unknown fields, as in `spec.list[0].x`, sorted
 */
export function pruneUnknown(value: unknown, schema: Schema): string[] {
  const walk: Walk = { unknown: [], remove: true };
  pruneObject(value, node(schema), true, "", walk);
  return walk.unknown.sort();
}

/** Finds the fields that {@link pruneUnknown} would remove and report, and changes nothing. */
export function findUnknownFields(value: unknown, schema: Schema): string[] {
  const walk: Walk = { unknown: [], remove: false };
  pruneObject(value, node(schema), true, "", walk);
  return walk.unknown.sort();
}

/** More unknown fields than these are left out unmentioned; strict decoding tells a hundred. */
const unknownMax = 1000;

type Walk = { readonly unknown: string[]; readonly remove: boolean };

/** What pruning needs of a schema, in a shape that is quick to read. */
type Node = {
  readonly preserve: boolean;
  readonly embedded: boolean;
  readonly properties: ReadonlyMap<string, Schema>;
  /** Whether fields beside the named ones are known; their contents are only when `values` says so. */
  readonly open: boolean;
  readonly values: Schema | undefined;
  readonly items: Schema | undefined;
};

const nodes = new WeakMap<Schema, Node>();

function node(schema: Schema): Node {
  let known = nodes.get(schema);
  if (known === undefined) {
    known = {
      preserve: schema["x-kubernetes-preserve-unknown-fields"] === true,
      embedded: schema["x-kubernetes-embedded-resource"] === true,
      properties: new Map(Object.entries(schema.properties ?? {})),
      open: schema.additionalProperties !== undefined,
      values: valueSchema(schema),
      items: schema.items,
    };
    nodes.set(schema, known);
  }
  return known;
}

/** Without a schema nothing in a value is known. */
function prune(value: unknown, schema: Schema | undefined, path: string, walk: Walk): void {
  if (typeof value !== "object" || value === null) return;
  const known = schema === undefined ? nothing : node(schema);
  if (!Array.isArray(value)) pruneObject(value, known, known.embedded, path, walk);
  else if (known.preserve) pruneKept(value, schema, path, walk);
  else for (let i = 0; i < value.length; i++) prune(value[i], known.items, `${path}[${i}]`, walk);
}

const nothing: Node = {
  preserve: false,
  embedded: false,
  properties: new Map(),
  open: false,
  values: undefined,
  items: undefined,
};

/** Items of a list that keeps unknown fields keep theirs, however their schema is. */
function pruneKept(value: unknown, schema: Schema | undefined, path: string, walk: Walk): void {
  if (schema === undefined) return;
  const known = node(schema);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) pruneKept(value[i], known.items, `${path}[${i}]`, walk);
  } else {
    pruneObject(value, { ...known, preserve: true }, known.embedded, path, walk);
  }
}

function pruneObject(value: unknown, known: Node, isResource: boolean, path: string, walk: Walk): void {
  if (!isFields(value)) return;
  for (const name of Object.keys(value)) {
    if (isResource && (name === "apiVersion" || name === "kind")) continue;
    const field = value[name];
    if (isResource && name === "metadata") {
      pruneMetadata(field, child(path, name), walk);
      continue;
    }
    const below = known.properties.get(name);
    if (below !== undefined) {
      if (typeof field === "object") prune(field, below, child(path, name), walk);
    } else if (known.open) {
      if (typeof field === "object") prune(field, known.values, child(path, name), walk);
    } else if (!known.preserve) {
      if (walk.unknown.length < unknownMax) walk.unknown.push(child(path, name));
      if (walk.remove) delete value[name];
    }
  }
}

function pruneMetadata(metadata: unknown, path: string, walk: Walk): void {
  if (!isFields(metadata)) return;
  pruneObject(metadata, node(objectMetaSchema), false, path, walk);
  if (!walk.remove) return;
  for (const [name, field] of Object.entries(metadata)) {
    // An empty list of managers is a wish to forget them.
    if (isEmpty(field) && name !== "managedFields") delete metadata[name];
  }
}

function isEmpty(field: unknown): boolean {
  return field === null || field === "" || (typeof field === "object" && Object.keys(field).length === 0);
}
