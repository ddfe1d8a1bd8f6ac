import { isFields } from "../fields.ts";
import { type Children, type FieldSet, fieldSet, leaf } from "./field-set.ts";
import { itemsByElement } from "./list-items.ts";
import { isEmpty } from "./parts.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { type ListType, type MapType, shapeOf, type Type } from "./type.ts";

/**
 * The paths that somebody owns who applies `value`: scalars and atomic parts, items of lists, keys of maps, and fields that are
 * null or an empty object. Structs are not owned themselves, only what is in them.
 */
export function ownedPaths(value: unknown, type: Type): FieldSet | undefined {
  switch (shapeOf(type, value)) {
    case "scalar":
      return leaf;
    case "list": {
      const list = type.list;
      if (list === undefined || list.relation === "atomic") return leaf;
      return Array.isArray(value) ? fieldSet(false, ownedItems(value, list)) : undefined;
    }
    case "map": {
      const map = type.map;
      if (map === undefined || map.atomic) return leaf;
      return isFields(value) ? fieldSet(false, ownedFields(value, map)) : undefined;
    }
  }
}

function ownedItems(list: readonly unknown[], type: ListType): Children {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, items] of itemsByElement(type, list)) {
    // Which of several equal items a path below would mean cannot be said.
    const below = items.length === 1 ? ownedPaths(items[0], type.items())?.children : undefined;
    children.set(element, fieldSet(true, below) ?? leaf);
  }
  return children;
}

function ownedFields(object: Record<string, unknown>, type: MapType): Children {
  const children = new Map<PathElement, FieldSet>();
  for (const name in object) {
    const value = object[name];
    if (value === undefined) continue;
    const below = type.field(name);
    if (below === undefined) continue;
    const set = ownedPaths(value, below);
    const isOwned =
      set?.member === true || value === null || !type.isNamed(name) || (isFields(value) && isEmpty(value));
    const owned = fieldSet(isOwned, set?.children);
    if (owned !== undefined) children.set(fieldElement(name), owned);
  }
  return children;
}

/**
 * The set with every struct field added that has paths below it. Sets are compared in this form to find what to remove,
 * since a struct is gone when everything in it is.
 */
export function withStructs(set: FieldSet | undefined, type: Type | undefined): FieldSet | undefined {
  if (set?.children === undefined) return set;
  const children = new Map<PathElement, FieldSet>();
  for (const [element, below] of set.children) {
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    const isItem = element.startsWith("k:");
    const belowType = name !== undefined ? type?.map?.field(name) : isItem ? type?.list?.items() : undefined;
    const isStruct = below.children !== undefined && name !== undefined && type?.map?.isNamed(name) === true;
    const full = withStructs(below, belowType);
    if (full !== undefined) children.set(element, fieldSet(full.member || isStruct, full.children) ?? leaf);
  }
  return fieldSet(set.member, children);
}
