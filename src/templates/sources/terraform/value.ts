import { deepEqual, isJsonObject, type JsonObject, type JsonValue } from "../../../apimachinery/index.ts";
import type { Attribute, Type } from "./type.ts";

/** A value that a type takes, or why it does not, as a sentence that begins with the path. */
export type Fitted = { value: JsonValue } | { problem: string };

/**
 * Converts a value to a type as Terraform does with a default: numbers and booleans become strings and the other way around,
 * attributes that an object type does not have are dropped, and those left out get their fallbacks.
 *
 * Null stays where it is but in objects: an attribute left out says the same.
 */
export function fitValue(value: JsonValue, type: Type, at = ""): Fitted {
  if (value === null || type.kind === "any") return { value };
  switch (type.kind) {
    case "string":
    case "number":
    case "bool":
      return fitPrimitive(value, type.kind, at);
    case "list":
    case "set":
    case "tuple":
      return Array.isArray(value) ? fitItems(value, type, at) : misfit(at, type.kind);
    case "map":
      return isJsonObject(value) ? fitEntries(value, type.of, at) : misfit(at, "map");
    case "object":
      return isJsonObject(value) ? fitAttributes(value, type.attributes, at) : misfit(at, "object");
  }
}

function misfit(at: string, kind: string): Fitted {
  return { problem: `${at === "" ? "" : `${at}: `}${kind} required` };
}

function fitPrimitive(value: JsonValue, kind: "string" | "number" | "bool", at: string): Fitted {
  if (kind === "string" && typeof value !== "object") return { value: String(value) };
  if (kind === "number") {
    const number = typeof value === "string" && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? Number(value) : value;
    if (typeof number === "number") return { value: number };
  }
  if (kind === "bool") {
    if (typeof value === "boolean") return { value };
    if (value === "true" || value === "1") return { value: true };
    if (value === "false" || value === "0") return { value: false };
  }
  return misfit(at, kind);
}

type Sequence = Exclude<Extract<Type, { of: Type | Type[] }>, { kind: "map" }>;

function fitItems(items: JsonValue[], type: Sequence, at: string): Fitted {
  if (type.kind === "tuple" && items.length !== type.of.length) return misfit(at, `tuple of ${type.of.length}`);
  const fitted: JsonValue[] = [];
  for (const [index, item] of items.entries()) {
    const of = type.kind === "tuple" ? type.of[index] : type.of;
    const result = of ? fitValue(item, of, `${at}[${index}]`) : { value: item };
    if ("problem" in result) return result;
    if (type.kind === "set" && fitted.some((other) => deepEqual(other, result.value))) continue;
    fitted.push(result.value);
  }
  return { value: type.kind !== "tuple" && type.of.kind === "any" ? unified(fitted) : fitted };
}

/** Elements of any, but one type: strings where numbers or booleans stand beside them. */
function unified(values: JsonValue[]): JsonValue[] {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (kinds.size < 2 || kinds.has("object")) return values;
  return values.map((value) => (value === null ? null : String(value)));
}

function fitEntries(object: JsonObject, of: Type, at: string): Fitted {
  const names = Object.keys(object);
  const values: JsonValue[] = [];
  for (const [name, value] of Object.entries(object)) {
    const result = fitValue(value ?? null, of, below(at, name));
    if ("problem" in result) return result;
    values.push(result.value);
  }
  const all = of.kind === "any" ? unified(values) : values;
  return { value: Object.fromEntries(names.map((name, index) => [name, all[index] ?? null])) };
}

function fitAttributes(object: JsonObject, attributes: ReadonlyMap<string, Attribute>, at: string): Fitted {
  const fields: [string, JsonValue][] = [];
  for (const [name, { type, optional, fallback }] of attributes) {
    const given = Object.hasOwn(object, name) ? object[name] : undefined;
    if (given === undefined && !optional)
      return { problem: `${at === "" ? "" : `${at}: `}attribute "${name}" is required` };
    // An optional attribute that is null counts as left out.
    const value = optional ? (given ?? fallback ?? null) : given;
    if (value === undefined || (value === null && optional)) continue;
    const result = fitValue(value, type, below(at, name));
    if ("problem" in result) return result;
    fields.push([name, result.value]);
  }
  return { value: Object.fromEntries(fields) };
}

function below(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

/**
 * Widens a schema so that it takes a value with nulls in it: Terraform takes null for everything, a form only where it has to,
 * which is where the author of a module wrote null.
 */
export function admitNulls(schema: JsonObject, value: JsonValue): JsonObject {
  if (value === null)
    return typeof schema["type"] === "string" ? { ...schema, type: [schema["type"], "null"] } : schema;
  if (Array.isArray(value)) return { ...schema, ...admitInItems(schema["items"], value) };
  if (!isJsonObject(value)) return schema;
  let widened = schema;
  const { properties, additionalProperties } = schema;
  if (isJsonObject(properties)) {
    const entries = Object.entries(properties).map(([name, property]) => {
      const field = Object.hasOwn(value, name) ? value[name] : undefined;
      return [name, isJsonObject(property) && field !== undefined ? admitNulls(property, field) : property] as const;
    });
    widened = { ...widened, properties: Object.fromEntries(entries) };
  }
  if (isJsonObject(additionalProperties)) {
    widened = { ...widened, additionalProperties: admitAll(additionalProperties, Object.values(value)) };
  }
  return widened;
}

function admitInItems(items: JsonValue | undefined, values: JsonValue[]): JsonObject {
  if (isJsonObject(items)) return { items: admitAll(items, values) };
  if (!Array.isArray(items)) return {};
  return { items: items.map((item, index) => (isJsonObject(item) ? admitNulls(item, values[index] ?? 0) : item)) };
}

function admitAll(schema: JsonObject, values: (JsonValue | undefined)[]): JsonObject {
  return values.reduce<JsonObject>(
    (widened, value) => (value === undefined ? widened : admitNulls(widened, value)),
    schema,
  );
}
