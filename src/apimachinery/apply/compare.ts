import { isFields } from "../fields.ts";
import { deepEqual } from "../json.ts";
import { type FieldSet, fieldSet, leaf, union } from "./field-set.ts";
import { itemsByElement } from "./list-items.ts";
import { fieldOf, isEmpty, listOf, noFields, objectOf } from "./parts.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { type ListType, type MapType, type Shape, shapeOf, type Type } from "./type.ts";

/** The paths by which two values differ; what is not owned part by part counts as one path. */
export type Comparison = {
  readonly added: FieldSet | undefined;
  readonly modified: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
};

/** @returns `undefined` when the values are the same */
export function compareValues(before: unknown, after: unknown, type: Type): Comparison | undefined {
  if (before === after) return undefined;
  const shape = shapeOf(type, after);
  const previous = shapeOf(type, before);
  const comparison = compareAs(shape, before, after, type);
  return shape === previous ? comparison : join(compareAs(previous, before, after, type), comparison);
}

const modifiedHere: Comparison = { added: undefined, modified: leaf, removed: undefined };

function compareAs(shape: Shape, before: unknown, after: unknown, type: Type): Comparison | undefined {
  if (shape === "list" && type.list !== undefined && type.list.relation !== "atomic") {
    const [old, now] = [listOf(before), listOf(after)];
    if (old.length > 0 || now.length > 0) return compareItems(old, now, type.list);
  }
  if (shape === "map" && type.map !== undefined && !type.map.atomic) {
    const [old, now] = [objectOf(before), objectOf(after)];
    if (!isEmpty(old) || !isEmpty(now)) return compareFields(old, now, type.map);
  }
  return deepEqual(before, after) ? undefined : modifiedHere;
}

function join(a: Comparison | undefined, b: Comparison | undefined): Comparison | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    added: union(a.added, b.added),
    modified: union(a.modified, b.modified),
    removed: union(a.removed, b.removed),
  };
}

/** Collects the comparisons of parts; makes nothing as long as nothing differs. */
type Parts = {
  added?: Map<PathElement, FieldSet>;
  modified?: Map<PathElement, FieldSet>;
  removed?: Map<PathElement, FieldSet>;
};

function put(parts: Parts, kind: keyof Parts, element: PathElement, set: FieldSet | undefined): void {
  if (set === undefined) return;
  const known = parts[kind];
  if (known === undefined) parts[kind] = new Map([[element, set]]);
  else known.set(element, set);
}

function putAll(parts: Parts, element: PathElement, comparison: Comparison | undefined): void {
  if (comparison === undefined) return;
  put(parts, "added", element, comparison.added);
  put(parts, "modified", element, comparison.modified);
  put(parts, "removed", element, comparison.removed);
}

function whole({ added, modified, removed }: Parts): Comparison | undefined {
  if (added === undefined && modified === undefined && removed === undefined) return undefined;
  return { added: fieldSet(false, added), modified: fieldSet(false, modified), removed: fieldSet(false, removed) };
}

function compareFields(
  old: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  type: MapType,
): Comparison | undefined {
  const parts: Parts = {};
  for (const name in now) {
    const after = now[name];
    const before = fieldOf(old, name);
    if (after === before || after === undefined) continue;
    const below = type.field(name);
    if (below === undefined) continue;
    if (before !== undefined || isImplied(below, after)) {
      putAll(parts, fieldElement(name), compareValues(before === undefined ? noFields : before, after, below));
    } else {
      put(parts, "added", fieldElement(name), allPaths(after, below));
    }
  }
  for (const name in old) {
    const before = old[name];
    if (before === undefined || fieldOf(now, name) !== undefined) continue;
    const below = type.field(name);
    if (below === undefined) continue;
    if (isImplied(below, before)) putAll(parts, fieldElement(name), compareValues(before, noFields, below));
    else put(parts, "removed", fieldElement(name), allPaths(before, below));
  }
  return whole(parts);
}

/** A struct that always exists is empty where it is absent. */
function isImplied(type: Type, other: unknown): boolean {
  return type.implied && isFields(other);
}

function compareItems(old: readonly unknown[], now: readonly unknown[], type: ListType): Comparison | undefined {
  if (areUnchanged(old, now, type)) return undefined;
  const parts: Parts = {};
  const before = itemsByElement(type, old);
  const after = itemsByElement(type, now);
  for (const [element, items] of after) {
    const previous = before.get(element) ?? [];
    if (previous.length > 1 && items.length > 1) {
      if (!deepEqual(previous, items)) put(parts, "modified", element, leaf);
    } else if (previous.length > 1) {
      put(parts, "removed", element, leaf);
      put(parts, "added", element, allPaths(items[0], type.items()));
    } else if (items.length > 1) {
      put(parts, "added", element, leaf);
      if (previous.length === 1) put(parts, "removed", element, allPaths(previous[0], type.items()));
    } else if (previous.length === 0) {
      put(parts, "added", element, allPaths(items[0], type.items()));
    } else {
      putAll(parts, element, compareValues(previous[0], items[0], type.items()));
    }
  }
  for (const [element, items] of before) {
    if (after.has(element)) continue;
    put(parts, "removed", element, items.length === 1 ? allPaths(items[0], type.items()) : leaf);
  }
  return whole(parts);
}

/** Whether the same items stand in the same order, as in most updates; this is quicker than to find out which is which. */
function areUnchanged(old: readonly unknown[], now: readonly unknown[], type: ListType): boolean {
  return old.length === now.length && old.every((item, index) => !compareValues(item, now[index], type.items()));
}

/** Every path in a value that has no counterpart, structs and the value itself included. */
function allPaths(value: unknown, type: Type): FieldSet {
  const shape = shapeOf(type, value);
  if (shape === "list" && type.list !== undefined && type.list.relation !== "atomic") {
    const children = new Map<PathElement, FieldSet>();
    for (const [element, items] of itemsByElement(type.list, listOf(value))) {
      children.set(element, items.length === 1 ? allPaths(items[0], type.list.items()) : leaf);
    }
    return fieldSet(true, children) ?? leaf;
  }
  if (shape === "map" && type.map !== undefined && !type.map.atomic) {
    const children = new Map<PathElement, FieldSet>();
    const object = objectOf(value);
    for (const name in object) {
      const field = object[name];
      const below = type.map.field(name);
      if (field !== undefined && below !== undefined) children.set(fieldElement(name), allPaths(field, below));
    }
    return fieldSet(true, children) ?? leaf;
  }
  return leaf;
}
