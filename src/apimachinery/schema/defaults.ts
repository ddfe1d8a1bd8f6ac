import { isFields } from "../fields.ts";
import { cloneJson, setField } from "../json.ts";
import { createReach } from "./reach.ts";
import { propertySchema, type Schema, valueSchema } from "./schema.ts";

/**
 * Fills in what `schema` gives a default for, in place, as apiextensions does: a missing field, or a null where the schema
 * allows none, becomes a copy of the default, and defaults inside it follow. Objects that are absent and have no default
 * of their own stay absent.
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (hasDefaults(schema)) defaulter(schema)(value);
}

/**
 * Removes fields that are null where the schema allows no null and has no default, in place. The API server does this
 * before it defaults what it reads from storage; such nulls in a request are errors instead.
 */
export function dropNulls(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) dropNulls(item, schema.items);
    return;
  }
  if (!isFields(value)) return;
  for (const [name, field] of Object.entries(value)) {
    const below = propertySchema(schema, name);
    if (below === undefined) continue;
    if (field === null && below.nullable !== true && !hasDefault(below)) delete value[name];
    else dropNulls(field, below);
  }
}

/** What the API server does with an object it reads from storage: {@link dropNulls}, then {@link applyDefaults}. */
export function nullsToDefaults(value: unknown, schema: Schema): void {
  dropNulls(value, schema);
  applyDefaults(value, schema);
}

type Defaulter = (value: unknown) => void;

const hasDefaults = createReach((schema) => hasDefault(schema));
const defaulters = new WeakMap<Schema, Defaulter>();

function defaulter(schema: Schema): Defaulter {
  let known = defaulters.get(schema);
  if (known === undefined) {
    known = compile(schema);
    defaulters.set(schema, known);
  }
  return known;
}

function compile(schema: Schema): Defaulter {
  const { items, properties = {} } = schema;
  const additional = valueSchema(schema);
  const filled = Object.entries(properties).filter(([, below]) => hasDefault(below));
  const entered = Object.entries(properties).filter(([, below]) => hasDefaults(below));
  const additionalMatters = additional !== undefined && hasDefaults(additional);
  const itemsMatter = items !== undefined && hasDefaults(items);

  return (value) => {
    if (Array.isArray(value)) {
      if (!itemsMatter) return;
      for (let i = 0; i < value.length; i++) {
        if (replacesNull(value[i], items)) value[i] = cloneJson(items.default);
        defaulter(items)(value[i]);
      }
      return;
    }
    if (!isFields(value)) return;
    for (const [name, below] of filled) {
      const field = Object.hasOwn(value, name) ? value[name] : undefined;
      if (field === undefined || replacesNull(field, below)) setField(value, name, cloneJson(below.default));
    }
    for (const [name, below] of entered) {
      const field = value[name];
      if (field !== undefined && Object.hasOwn(value, name)) defaulter(below)(field);
    }
    if (!additionalMatters) return;
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(properties, name)) continue;
      if (replacesNull(value[name], additional)) setField(value, name, cloneJson(additional.default));
      defaulter(additional)(value[name]);
    }
  };
}

/** A null default of a schema that allows null is a default; a null default elsewhere is none, as in Go. */
function hasDefault(schema: Schema): boolean {
  return schema.default !== undefined && schema.default !== null;
}

function replacesNull(value: unknown, schema: Schema): boolean {
  return value === null && schema.nullable !== true && hasDefault(schema);
}
