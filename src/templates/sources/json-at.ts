import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";

/** The object at a path of fields; `undefined` where there is none. */
export function objectAt(value: JsonValue | undefined, ...path: readonly string[]): JsonObject | undefined {
  let here = value;
  for (const field of path) here = isJsonObject(here) && Object.hasOwn(here, field) ? here[field] : undefined;
  return isJsonObject(here) ? here : undefined;
}

/** The objects in the list at a path; what is no object is left out. */
export function objectsAt(value: JsonValue | undefined, ...path: readonly string[]): JsonObject[] {
  const field = path.at(-1);
  if (field === undefined) return [];
  const list = objectAt(value, ...path.slice(0, -1))?.[field];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
