import { isFields } from "../fields.ts";
import { objectMetaSchema } from "../schema/object-meta.ts";
import { type Schema, valueSchema } from "../schema/schema.ts";

/**
 * What a schema says about ownership: which shapes a value may have, and whether it is owned as a whole or part by part.
 * A value without a declared type has all shapes; its maps are owned part by part, its lists as a whole.
 */
export type Type = {
  readonly scalar: "string" | "numeric" | "boolean" | "untyped" | undefined;
  readonly list: ListType | undefined;
  readonly map: MapType | undefined;
  /** Whether the field exists even when nobody wrote it, as structs do that are no pointers in Go: `default: {}`. */
  readonly implied: boolean;
};

export type ListType = {
  readonly relation: "atomic" | "set" | "map";
  /** Names of the keys of a list of type `map`, sorted. */
  readonly keys: readonly string[];
  readonly keyDefaults: ReadonlyMap<string, unknown>;
  items(): Type;
};

export type MapType = {
  readonly atomic: boolean;
  /** Whether the field has its own entry in the schema, as opposed to a key of a map. */
  isNamed(field: string): boolean;
  /** `undefined` for a field that the schema does not know. */
  field(name: string): Type | undefined;
};

export type Shape = "scalar" | "list" | "map";

/** As which of the shapes of its type a value counts; one that has none of them, null too, as the first its type has. */
export function shapeOf(type: Type, value: unknown): Shape {
  if (Array.isArray(value)) {
    if (type.list !== undefined) return "list";
  } else if (typeof value === "object" && value !== null) {
    if (type.map !== undefined) return "map";
  } else if (value !== null && type.scalar !== undefined) {
    return "scalar";
  }
  if (type.map !== undefined) return "map";
  return type.scalar === undefined ? "list" : "scalar";
}

/** The type of whole objects of a kind, `metadata` included whatever the schema says about it. */
export function rootType(schema: Schema): Type {
  let type = rootTypes.get(schema);
  if (type === undefined) {
    type = compile(withResourceFields(schema), false);
    rootTypes.set(schema, type);
  }
  return type;
}

const rootTypes = new WeakMap<Schema, Type>();
const types = new WeakMap<Schema, Type>();
/** Types of what stands below `x-kubernetes-preserve-unknown-fields`, which goes for everything below. */
const openTypes = new WeakMap<Schema, Type>();

function typeOf(schema: Schema, open: boolean): Type {
  const cache = open ? openTypes : types;
  let type = cache.get(schema);
  if (type === undefined) {
    type = compile(schema["x-kubernetes-embedded-resource"] ? withResourceFields(schema) : schema, open);
    cache.set(schema, type);
  }
  return type;
}

const text: Schema = { type: "string" };

function withResourceFields(schema: Schema): Schema {
  const metadata = schema.properties?.["metadata"];
  const known = metadata?.properties?.["managedFields"] === undefined ? objectMetaSchema : metadata;
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata: known } };
}

function compile(schema: Schema, inherited: boolean): Type {
  const open = inherited || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const implied = isFields(schema.default) && Object.keys(schema.default).length === 0;
  const type = schema["x-kubernetes-int-or-string"] ? undefined : schema.type;
  switch (type) {
    case "object":
      return { scalar: undefined, list: undefined, map: mapType(schema, open), implied };
    case "array":
      return { scalar: undefined, list: listType(schema, open), map: undefined, implied: false };
    case "integer":
    case "number":
      return { scalar: "numeric", list: undefined, map: undefined, implied: false };
    case "boolean":
      return { scalar: "boolean", list: undefined, map: undefined, implied: false };
    case "string": {
      const plain = schema.format === undefined || schema.format === "" || schema.format === "byte";
      return { scalar: plain ? "string" : "untyped", list: undefined, map: undefined, implied: false };
    }
    default:
      return { scalar: "untyped", list: listType(schema, open), map: mapType(schema, open), implied };
  }
}

/** The type of what no schema describes. */
const deduced: Type = {
  scalar: "untyped",
  list: { relation: "atomic", keys: [], keyDefaults: new Map(), items: () => deduced },
  map: { atomic: false, isNamed: () => false, field: () => deduced },
  implied: false,
};

function mapType(schema: Schema, open: boolean): MapType {
  const properties = new Map(Object.entries(schema.properties ?? {}));
  const values = valueSchema(schema);
  const others =
    values !== undefined
      ? () => typeOf(values, open)
      : schema.additionalProperties === true ||
          (schema.additionalProperties === undefined && (open || properties.size === 0))
        ? () => deduced
        : () => undefined;
  const known = new Map<string, Type>();
  return {
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    isNamed: (name) => properties.has(name),
    field(name) {
      const type = known.get(name);
      if (type !== undefined) return type;
      const property = properties.get(name);
      if (property === undefined) return others();
      const compiled = typeOf(property, open);
      known.set(name, compiled);
      return compiled;
    },
  };
}

function listType(schema: Schema, open: boolean): ListType {
  const { items } = schema;
  const { relation, keys } = relationOf(schema);
  const keyDefaults = new Map<string, unknown>();
  for (const key of keys) {
    const byDefault = items?.properties?.[key]?.default;
    if (byDefault !== undefined && byDefault !== null) keyDefaults.set(key, byDefault);
  }
  let itemType: Type | undefined;
  return {
    relation,
    keys,
    keyDefaults,
    items: () => (itemType ??= items === undefined ? deduced : typeOf(items, open)),
  };
}

/** Lists that say nothing of themselves follow their strategy for patches, as old built-in kinds do. */
function relationOf(schema: Schema): { relation: ListType["relation"]; keys: readonly string[] } {
  const relation = schema["x-kubernetes-list-type"];
  if (relation === "set") return { relation, keys: [] };
  if (relation === "map") return { relation, keys: [...(schema["x-kubernetes-list-map-keys"] ?? [])].sort() };
  const strategy = schema["x-kubernetes-patch-strategy"];
  if (relation === undefined && (strategy === "merge" || strategy === "merge,retainKeys")) {
    const key = schema["x-kubernetes-patch-merge-key"];
    return key === undefined ? { relation: "set", keys: [] } : { relation: "map", keys: [key] };
  }
  return { relation: "atomic", keys: [] };
}
