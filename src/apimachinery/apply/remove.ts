import { isFields } from "../fields.ts";
import { setField } from "../json.ts";
import type { FieldSet } from "./field-set.ts";
import { itemElement } from "./list-items.ts";
import { fieldElement } from "./path-element.ts";
import type { Type } from "./type.ts";

/** What becomes of a map or list that lost all it had. */
type Emptied = "null" | "gone";

/**
 * Takes the paths of a set out of a value, with everything below them. The value is not changed; the result shares with it what
 * stays.
 *
 * @param emptied what becomes of a map or list that lost all it had: it is stored as `gone`, but compared as `null`, so that who owns
 *   the empty one goes on to
 */
export function removePaths(value: unknown, set: FieldSet | undefined, type: Type, emptied: Emptied): unknown {
  if (set?.children === undefined) return value;
  if (Array.isArray(value)) return removeItems(value, set, type, emptied);
  return isFields(value) ? removeFields(value, set, type, emptied) : value;
}

function removeItems(list: unknown[], set: FieldSet, type: Type, emptied: Emptied): unknown {
  if (type.list === undefined || type.list.relation === "atomic" || list.length === 0) return list;
  const kept: unknown[] = [];
  let isLeft = false;
  for (const item of list) {
    const element = itemElement(type.list, item);
    const below = element === undefined ? undefined : set.children?.get(element);
    if (below?.member) continue;
    isLeft = true;
    const rest = removePaths(item, below, type.list.items(), emptied);
    if (rest !== undefined) kept.push(rest);
  }
  if (isLeft) return kept;
  return emptied === "null" ? null : undefined;
}

function removeFields(object: Record<string, unknown>, set: FieldSet, type: Type, emptied: Emptied): unknown {
  if (type.map === undefined || type.map.atomic) return object;
  const kept: Record<string, unknown> = {};
  let isLeft = false;
  for (const name in object) {
    const below = set.children?.get(fieldElement(name));
    if (below?.member) continue;
    isLeft = true;
    const belowType = below === undefined ? undefined : type.map.field(name);
    const rest = belowType === undefined ? object[name] : removePaths(object[name], below, belowType, emptied);
    if (rest !== undefined) setField(kept, name, rest);
  }
  if (isLeft) return kept;
  return emptied === "null" ? null : undefined;
}
