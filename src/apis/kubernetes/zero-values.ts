import { isFields, type KubeObject } from "../../apimachinery/index.ts";
import { typeFields } from "./definitions.ts";
import { type GoForm, goFormOf } from "./go-form.ts";

/** A value of a type as Go makes it before anybody sets a field: with the fields that are always written. */
export function zeroValue(type: string): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  fillWritten(type, value);
  return value;
}

type Written = { name: string; zero: GoForm["zero"]; type: string };
const written = new Map<string, readonly Written[]>();

function writtenOf(type: string): readonly Written[] {
  const known = written.get(type);
  if (known !== undefined) return known;
  const fields = typeFields(type).flatMap((field): Written[] => {
    const { isWritten, zero } = goFormOf(type, field);
    return isWritten ? [{ name: field.name, zero, type: field.type }] : [];
  });
  written.set(type, fields);
  return fields;
}

/** Adds the fields that are always written to a value of a type, in place, and to the structs it adds. */
export function fillWritten(type: string, value: Record<string, unknown>): void {
  for (const field of writtenOf(type)) {
    if (value[field.name] !== undefined) continue;
    value[field.name] = field.zero === undefined ? zeroValue(field.type) : field.zero;
  }
}

/** What a built-in kind is before anybody has set a field; whoever creates an object changes this. */
export function emptyBuiltin({ definition }: { definition: string }): Partial<KubeObject> {
  return zeroValue(typeOf(definition));
}

/** Adds the fields that are always written to an object, its spec and its status, in place. */
export function completeBuiltin({ definition }: { definition: string }, object: KubeObject): KubeObject {
  const type = typeOf(definition);
  fillWritten(type, object);
  for (const field of typeFields(type)) {
    const part = object[field.name];
    if ((field.name === "spec" || field.name === "status") && isFields(part)) fillWritten(field.type, part);
  }
  return object;
}

function typeOf(definition: string): string {
  return definition.replace(/^io\.k8s\./, "");
}
