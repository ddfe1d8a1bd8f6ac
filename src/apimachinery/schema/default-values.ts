import { cloneJson, deepEqual } from "../json.ts";
import type { StatusCause } from "../status-error.ts";
import { invalidValue } from "./field-error.ts";
import { pruneUnknown } from "./prune.ts";
import type { Schema } from "./schema.ts";
import { validateSchema } from "./validate.ts";

/** Defaults that the schema they stand in would not accept, or of which it would drop something. */
export function defaultFaults(schema: Schema, path: string): StatusCause[] {
  return faultsIn({ ...schema, "x-kubernetes-embedded-resource": true }, path);
}

function faultsIn(schema: Schema, path: string): StatusCause[] {
  const faults = schema.default === undefined || schema.default === null ? [] : ownFaults(schema, `${path}.default`);
  if (schema.items !== undefined) faults.push(...faultsIn(schema.items, `${path}.items`));
  for (const [name, below] of Object.entries(schema.properties ?? {})) {
    faults.push(...faultsIn(below, `${path}.properties[${name}]`));
  }
  return faults;
}

function ownFaults(schema: Schema, path: string): StatusCause[] {
  // Only what is below a field is pruned, so the default becomes one.
  const wrapped = { value: cloneJson(schema.default) };
  pruneUnknown(wrapped, { type: "object", properties: { value: schema } });
  const isPruned = !deepEqual(wrapped.value, schema.default);
  const unknown = isPruned ? [invalidValue(path, schema.default, "must not have unknown fields")] : [];
  // The schema library numbers paths from the default on, and puts them behind its own path for the field only.
  const faults = validateSchema(schema.default, schema).map((fault) => ({ ...fault, field: below(path, fault.field) }));
  return [...unknown, ...faults];
}

function below(path: string, field: string): string {
  return field === "" || field === "<nil>" ? path : `${path}.${field}`;
}
