import { isFields } from "../fields.ts";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";
import type { ListType } from "./type.ts";

/** What tells an item of a list of type `set` or `map` from the others; `undefined` when it has nothing that does. */
export function itemElement(type: ListType, item: unknown): PathElement | undefined {
  if (type.keys.length === 0) return typeof item === "object" || item === undefined ? undefined : valueElement(item);
  if (!isFields(item)) return undefined;
  const fields: [string, unknown][] = [];
  for (const key of type.keys) {
    const value = item[key] ?? type.keyDefaults.get(key);
    if (value !== undefined) fields.push([key, value]);
    else if (item[key] === null) fields.push([key, null]);
  }
  return fields.length === 0 ? undefined : keyElement(fields);
}

/** The items of a list by what tells them apart, in order; several when the list has duplicates. */
export function itemsByElement(type: ListType, list: readonly unknown[]): Map<PathElement, unknown[]> {
  const items = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const element = itemElement(type, item);
    if (element === undefined) continue;
    const same = items.get(element);
    if (same === undefined) items.set(element, [item]);
    else same.push(item);
  }
  return items;
}
