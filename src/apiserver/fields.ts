import { setField } from "../apimachinery/index.ts";

/** A JSON object of which nothing is known yet. */
export type Fields = { [field: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

/** The object at a path; an empty one where there is none. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Fields {
  const found = valueAt(value, ...path);
  return isFields(found) ? found : {};
}

/** The text at a path; empty where there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The list at a path; an empty one where there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts in the list at a path. */
export function textsAt(value: unknown, ...path: readonly string[]): string[] {
  return listAt(value, ...path).filter((item) => typeof item === "string");
}

/** Sets the value at a path, making the objects on the way. Names are only names: `__proto__` is a field like any other. */
export function setAt(target: Fields, path: readonly string[], value: unknown): void {
  let here = target;
  for (const field of path.slice(0, -1)) {
    const next = valueAt(here, field);
    const inner: Fields = isFields(next) ? next : {};
    setField(here, field, inner);
    here = inner;
  }
  const last = path.at(-1);
  if (last !== undefined) setField(here, last, value);
}
