import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { FieldUse } from "../definition.ts";
import type { PathStep } from "./field-path.ts";
import { objectAt } from "./json-at.ts";

/** That something reads a field, and what it sets with it. */
export type FieldRead = { path: string[]; reader: string; drives?: string; required: boolean };

type Uses = FieldUse & { reads: number };

/** Uses by the path of the field. */
export type UseMap = Map<string, Uses>;

/** Counts a read. */
export function addUse(uses: UseMap, { path, reader, drives, required }: FieldRead): void {
  const key = JSON.stringify(path);
  const use = uses.get(key) ?? { path, readers: [], drives: [], required: false, reads: 0 };
  uses.set(key, use);
  use.reads++;
  use.required ||= required;
  if (reader !== "" && !use.readers.includes(reader)) use.readers.push(reader);
  if (drives !== undefined && !use.drives.includes(drives)) use.drives.push(drives);
}

/** What is read by most comes first, then what is read most often, then what something cannot do without. */
export function usesOf(uses: UseMap): FieldUse[] {
  const order = (a: Uses, b: Uses) =>
    b.readers.length - a.readers.length || b.reads - a.reads || Number(b.required) - Number(a.required);
  return [...uses.values()].sort(order).map(({ reads: _, ...use }) => use);
}

/**
 * The path of a field as a form can show it: through properties of the schema, up to the first list or map.
 *
 * @returns `undefined` when the schema has no such field
 */
export function propertyPath(schema: JsonObject, steps: readonly PathStep[]): string[] | undefined {
  const path: string[] = [];
  let here: JsonObject = schema;
  for (const step of steps) {
    if (!("field" in step)) return here["type"] === "array" || path.length > 0 ? path : undefined;
    const next: JsonValue | undefined = objectAt(here, "properties", step.field);
    if (next === undefined) return isOpen(here) && path.length > 1 ? path : undefined;
    path.push(step.field);
    here = next;
  }
  return path.length === 0 ? undefined : path;
}

/** Whether an object may have fields that its schema does not name. */
function isOpen(schema: JsonObject): boolean {
  const additional = schema["additionalProperties"];
  return additional === true || isJsonObject(additional) || schema["x-kubernetes-preserve-unknown-fields"] === true;
}
