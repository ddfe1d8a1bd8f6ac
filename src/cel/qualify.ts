import { toText } from "./convert.ts";
import type { Frame } from "./frame.ts";
import { fail, noOverload } from "./meter.ts";
import { Dict, List, none, Optional, typeNameOf, Uint, type Value } from "./values.ts";

/** The part of a value with a key: a field, an entry, an item. A step from an optional value leads to one. */
export function qualify(frame: Frame, value: Value, key: Value): Value {
  if (value instanceof Optional) return qualifyOptional(frame, value.value, key);
  frame.charge(1);
  if (value instanceof Dict) return value.get(key) ?? missing(value, key);
  if (!(value instanceof List)) return fail(`no such key: ${showKey(key)}`);
  const index = indexOf(key);
  return index >= 0 && index < value.size ? value.at(index) : fail(`index out of bounds: ${showKey(key)}`);
}

/** Null is a value like others, which `??` does not see. */
function missing(dict: Dict, key: Value): Value {
  return dict.has(key) ? null : fail(`no such key: ${showKey(key)}`);
}

/** Like {@link qualify} for a part that may be absent. */
export function qualifyOptional(frame: Frame, from: Value | undefined, key: Value): Value {
  const value = from instanceof Optional ? from.value : from;
  if (value === undefined) return none;
  const part = partOf(value, key);
  if (part === undefined) return none;
  frame.charge(1);
  return new Optional(part);
}

function partOf(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return value.get(key);
  if (!(value instanceof List)) return undefined;
  const index = indexOf(key);
  return index >= 0 && index < value.size ? value.at(index) : undefined;
}

/** Whether a value has a field. */
export function hasField(frame: Frame, from: Value, field: string): boolean {
  const value = from instanceof Optional ? from.value : from;
  if (value === undefined) return false;
  frame.charge(1);
  if (value instanceof Dict) return value.has(field);
  if (value instanceof List) indexOf(field);
  return false;
}

/** A key as an index; -1 for a number that no list can have. */
function indexOf(key: Value): number {
  if (typeof key === "bigint") return Number(key);
  if (key instanceof Uint) return Number(key.value);
  if (typeof key !== "number") return fail(`unsupported index type '${typeNameOf(key)}' in list`);
  return Number.isInteger(key) ? key : fail(`unsupported index value ${key} in list`);
}

/** A computed key, which must be of a type that keys can have. */
export function keyOf(value: Value): Value {
  switch (typeof value) {
    case "string":
    case "bigint":
    case "number":
    case "boolean":
      return value;
  }
  return value instanceof Uint ? value : noOverload();
}

function showKey(key: Value): string {
  return typeof key === "string" ? key : toText(key);
}
