import type { Schema } from "../../apimachinery/index.ts";

type Fields = { readonly [name: string]: Schema };

export function text(description?: string): Schema {
  return described({ type: "string" }, description);
}

/** A point in time as RFC 3339 says it. */
export function time(description?: string): Schema {
  return described({ type: "string", format: "date-time" }, description);
}

export function flag(description?: string): Schema {
  return described({ type: "boolean" }, description);
}

export function int(description?: string): Schema {
  return described({ type: "integer", format: "int64" }, description);
}

export function intOrString(description?: string): Schema {
  return described(
    { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
    description,
  );
}

export function list(items: Schema, description?: string): Schema {
  return described({ type: "array", items }, description);
}

export function mapOf(values: Schema, description?: string): Schema {
  return described({ type: "object", additionalProperties: values }, description);
}

/** An object with exactly these fields; unknown ones are pruned. */
export function fields(properties: Fields, required: readonly string[] = [], description?: string): Schema {
  return described({ type: "object", properties, ...(required.length > 0 && { required }) }, description);
}

/** An object whose fields are kept as they are, because we do not interpret them. */
export function anyObject(description?: string): Schema {
  return described({ type: "object", "x-kubernetes-preserve-unknown-fields": true }, description);
}

/** Any value, kept as it is. */
export function anyValue(description?: string): Schema {
  return described({ "x-kubernetes-preserve-unknown-fields": true }, description);
}

export function described(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? schema : { ...schema, description };
}
