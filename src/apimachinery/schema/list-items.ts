import { isFields } from "../fields.ts";
import { canonicalJson } from "../json.ts";
import type { StatusCause } from "../status-error.ts";
import { duplicateValue, invalidValue } from "./field-error.ts";
import { fieldPath, type Place } from "./place.ts";
import type { Schema } from "./schema.ts";

/**
 * Finds items that stand twice in a list of type `set`, or share all their keys in a list of type `map`. Each is reported once,
 * where it stands for the second time.
 */
export function itemFaults(list: readonly unknown[], schema: Schema, place: Place | undefined): StatusCause[] {
  if (schema["x-kubernetes-list-type"] === "set") return twins(list, place);
  const odd = list.findIndex((item) => item !== null && !isFields(item));
  if (odd >= 0) {
    const why = "must be an object for an array of list-type map";
    return [invalidValue(`${fieldPath(place)}[${odd}]`, list[odd], why)];
  }
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return twins(
    list.map((item) => keysOf(item, keys)),
    place,
  );
}

/** Finds the counterparts of items in a list before an update; only lists of type `map` have counterparts. */
export function itemsBefore(list: unknown, schema: Schema): (item: unknown) => unknown {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(list)) return () => undefined;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const nameOf = (item: unknown) => canonicalJson(keysOf(item, keys));
  // The first of those with the same keys counts.
  const known = new Map(list.toReversed().map((item) => [nameOf(item), item]));
  return (item) => known.get(nameOf(item));
}

function keysOf(item: unknown, keys: readonly string[]): Record<string, unknown> {
  if (!isFields(item)) return {};
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));
}

function twins(list: readonly unknown[], place: Place | undefined): StatusCause[] {
  if (list.length < 2) return [];
  const faults: StatusCause[] = [];
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const text = typeof item === "string" ? JSON.stringify(item) : canonicalJson(item);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    if (times === 1) faults.push(duplicateValue(`${fieldPath(place)}[${index}]`, item));
  }
  return faults;
}
