import type { JsonObject, JsonValue } from "./object.ts";
/** A JSON object of which nothing is known yet. */
export type Fields = { [field: string]: unknown };

/** Whether a value is a JSON object, neither a list nor null. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same for what is known to be JSON. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return isFields(value);
}

/** The value at a path of field names; `undefined` where there is none. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const field of path) {
    if (!isFields(here) || !Object.hasOwn(here, field)) return undefined;
    here = here[field];
  }
  return here;
}

/** The object at a path; an empty one, part of nothing, where there is none. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Fields {
  const found = valueAt(value, ...path);
  return isFields(found) ? found : {};
}

/** The list at a path; an empty one where there is none. */
export function listAt(value: unknown, ...path: readonly string[]): unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects in the list at a path. What is no object is left out. */
export function itemsAt(value: unknown, ...path: readonly string[]): Fields[] {
  return listAt(value, ...path).filter(isFields);
}

/** The texts in the list at a path. What is no text is left out. */
export function textsAt(value: unknown, ...path: readonly string[]): string[] {
  return listAt(value, ...path).filter((item) => typeof item === "string");
}

/** The text at a path; empty where there is none, as in Go. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The number at a path, or `fallback`. */
export function numberAt(value: unknown, path: readonly string[], fallback = 0): number {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : fallback;
}
