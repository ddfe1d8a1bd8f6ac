import { isFields } from "../fields.ts";
import { cloneJson, setField } from "../json.ts";
import { requestTooLarge } from "../status-error.ts";
import { createReach } from "./reach.ts";
import { propertySchema, type Schema, valueSchema } from "./schema.ts";

/**
 * Fills in what `schema` gives a default for, in place, as apiextensions does: a missing field, or a null where the schema
 * allows none, becomes a copy of the default, and defaults inside it follow. Objects that are absent and have no default
 * of their own stay absent.
 *
 * @throws {StatusError} `RequestEntityTooLarge` when the defaults are more than any object may be
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (hasDefaults(schema)) defaulter(schema)(value, { sizeBytes: 0 });
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

/** How much defaults may add to one value, as JSON: five times what any object may be; a few bytes can ask for any amount. */
const addedBytesMax = 8 * 2 ** 20;

/** What defaults have added so far. */
type Added = { sizeBytes: number };
type Defaulter = (value: unknown, added: Added) => void;

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

  return (value, added) => {
    if (Array.isArray(value)) {
      if (!itemsMatter) return;
      for (let i = 0; i < value.length; i++) {
        if (replacesNull(value[i], items)) value[i] = defaultOf(items, added);
        defaulter(items)(value[i], added);
      }
      return;
    }
    if (!isFields(value)) return;
    for (const [name, below] of filled) {
      const field = Object.hasOwn(value, name) ? value[name] : undefined;
      if (field === undefined || replacesNull(field, below)) setField(value, name, defaultOf(below, added));
    }
    for (const [name, below] of entered) {
      const field = value[name];
      if (field !== undefined && Object.hasOwn(value, name)) defaulter(below)(field, added);
    }
    if (!additionalMatters) return;
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(properties, name)) continue;
      if (replacesNull(value[name], additional)) setField(value, name, defaultOf(additional, added));
      defaulter(additional)(value[name], added);
    }
  };
}

const sizes = new WeakMap<Schema, number>();

function defaultOf(schema: Schema, added: Added): unknown {
  const sizeBytes = sizes.get(schema) ?? JSON.stringify(schema.default).length;
  sizes.set(schema, sizeBytes);
  added.sizeBytes += sizeBytes;
  if (added.sizeBytes > addedBytesMax) throw requestTooLarge(`limit of what defaults may add is ${addedBytesMax}`);
  return cloneJson(schema.default);
}

/** A null default of a schema that allows null is a default; a null default elsewhere is none, as in Go. */
function hasDefault(schema: Schema): boolean {
  return schema.default !== undefined && schema.default !== null;
}

function replacesNull(value: unknown, schema: Schema): boolean {
  return value === null && schema.nullable !== true && hasDefault(schema);
}
