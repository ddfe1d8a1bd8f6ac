import { isFields } from "../fields.ts";

// What a value has to merge or compare: one that is absent, null or of another shape has nothing.

const noItems: readonly unknown[] = [];
export const noFields: Readonly<Record<string, unknown>> = {};

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : noItems;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : noFields;
}

export function isEmpty(object: Readonly<Record<string, unknown>>): boolean {
  for (const _name in object) return false;
  return true;
}

/** A field that the object itself has: a label may be called `constructor`. */
export function fieldOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
