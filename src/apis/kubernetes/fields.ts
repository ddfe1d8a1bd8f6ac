import { type Fields, isFields } from "../../apimachinery/index.ts";

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
