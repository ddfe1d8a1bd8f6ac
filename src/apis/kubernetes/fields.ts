/** A JSON object of which nothing is known yet. */
export type Fields = { [field: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at a path of field names; an empty one, part of nothing, where there is none. */
export function fieldsAt(value: unknown, ...path: string[]): Fields {
  const found = valueAt(value, ...path);
  return isFields(found) ? found : {};
}

/** The objects in the list at a path. What is no object is left out. */
export function itemsAt(value: unknown, ...path: string[]): Fields[] {
  return listAt(value, ...path).filter(isFields);
}

/** The list at a path; an empty one where there is none. */
export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The text at a path; empty where there is none, as in Go. */
export function textAt(value: unknown, ...path: string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The number at a path, or `fallback`. */
export function numberAt(value: unknown, path: readonly string[], fallback = 0): number {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : fallback;
}

export function valueAt(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const field of path) {
    if (!isFields(here) || !Object.hasOwn(here, field)) return undefined;
    here = here[field];
  }
  return here;
}

/** Whether Go would see nothing: absent, null, empty text, zero, false, an empty list or map. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.keys(value).length === 0;
}

/** Sets a field that is absent or null. Use it for what Go holds as a pointer: an explicit zero stays. */
export function fill(object: Fields, field: string, value: unknown): void {
  if (object[field] === undefined || object[field] === null) object[field] = value;
}

/** Sets a field that is absent, null, empty text or zero. Use it for what Go holds as a plain value. */
export function fillEmpty(object: Fields, field: string, value: unknown): void {
  const current = object[field];
  if (current === undefined || current === null || current === "" || current === 0) object[field] = value;
}

/** The object in a field, put there empty when it is absent. */
export function makeFields(object: Fields, field: string): Fields {
  const current = object[field];
  if (isFields(current)) return current;
  const made: Fields = {};
  object[field] = made;
  return made;
}
