import { deepEqual, isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import { followReference } from "./schema-walk.ts";

/** How deep schemas are followed into each other and into values. Values files that people write have some ten levels. */
const depthMax = 40;

/**
 * Whether a schema accepts a value, by the keywords that charts use. What cannot be judged here, such as a format or a pattern that
 * is no regular expression of JavaScript, counts as accepted.
 *
 * @param root where references lead
 */
export function accepts(root: JsonObject, schema: JsonValue | undefined, value: JsonValue, depth = 0): boolean {
  if (typeof schema === "boolean") return schema;
  if (!isJsonObject(schema) || depth > depthMax) return true;
  const found = followReference(root, schema);
  const inner = (one: JsonValue | undefined, of: JsonValue = value) => accepts(root, one, of, depth + 1);
  return (
    (found === schema || inner(found)) &&
    acceptsType(schema, value) &&
    acceptsChoice(schema, value, inner) &&
    (typeof value !== "string" || acceptsText(schema, value)) &&
    (typeof value !== "number" || acceptsNumber(schema, value)) &&
    (!Array.isArray(value) || acceptsItems(schema, value, inner)) &&
    (!isJsonObject(value) || acceptsFields(schema, value, inner))
  );
}

/** The name that JSON Schema has for the type of a value. */
export function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}

/** The types that a schema names; none when it takes any. */
export function typesOf(schema: JsonObject): string[] {
  const type = schema["type"];
  return (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string");
}

function acceptsType(schema: JsonObject, value: JsonValue): boolean {
  const types = typesOf(schema);
  const type = typeOf(value);
  if (types.length === 0 || types.includes(type) || (type === "integer" && types.includes("number"))) return true;
  return value === null && schema["nullable"] === true;
}

type Inner = (schema: JsonValue | undefined, value?: JsonValue) => boolean;

function acceptsChoice(schema: JsonObject, value: JsonValue, inner: Inner): boolean {
  const list = schema["enum"];
  if (Array.isArray(list) && !list.some((one) => deepEqual(one, value))) return false;
  if (schema["const"] !== undefined && !deepEqual(schema["const"], value)) return false;
  const { allOf, anyOf, oneOf, not } = {
    allOf: schema["allOf"],
    anyOf: schema["anyOf"],
    oneOf: schema["oneOf"],
    not: schema["not"],
  };
  if (Array.isArray(allOf) && !allOf.every((one) => inner(one))) return false;
  if (Array.isArray(anyOf) && !anyOf.some((one) => inner(one))) return false;
  if (Array.isArray(oneOf) && oneOf.filter((one) => inner(one)).length !== 1) return false;
  if (not !== undefined && inner(not)) return false;
  if (schema["if"] === undefined) return true;
  const branch = schema[inner(schema["if"]) ? "then" : "else"];
  return branch === undefined || inner(branch);
}

function acceptsText(schema: JsonObject, value: string): boolean {
  const length = [...value].length;
  if (!isWithin(length, schema["minLength"], schema["maxLength"])) return false;
  const pattern = schema["pattern"];
  if (typeof pattern !== "string") return true;
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function acceptsNumber(schema: JsonObject, value: number): boolean {
  if (!isWithin(value, schema["minimum"], schema["maximum"])) return false;
  const [low, high] = [schema["exclusiveMinimum"], schema["exclusiveMaximum"]];
  if (low === true && value === schema["minimum"]) return false;
  if (high === true && value === schema["maximum"]) return false;
  if (typeof low === "number" && value <= low) return false;
  if (typeof high === "number" && value >= high) return false;
  const step = schema["multipleOf"];
  return typeof step !== "number" || step <= 0 || Number.isInteger(value / step);
}

function isWithin(value: number, low: JsonValue | undefined, high: JsonValue | undefined): boolean {
  return (typeof low !== "number" || value >= low) && (typeof high !== "number" || value <= high);
}

function acceptsItems(schema: JsonObject, value: readonly JsonValue[], inner: Inner): boolean {
  if (!isWithin(value.length, schema["minItems"], schema["maxItems"])) return false;
  const items = schema["items"];
  if (
    schema["uniqueItems"] === true &&
    value.some((one, index) => value.slice(0, index).some((other) => deepEqual(one, other)))
  ) {
    return false;
  }
  const fixed = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : Array.isArray(items) ? items : [];
  const rest = Array.isArray(items) ? schema["additionalItems"] : items;
  return value.every((one, index) =>
    index < fixed.length ? inner(fixed[index], one) : rest === undefined || inner(rest, one),
  );
}

function acceptsFields(schema: JsonObject, value: JsonObject, inner: Inner): boolean {
  const names = Object.keys(value);
  if (!isWithin(names.length, schema["minProperties"], schema["maxProperties"])) return false;
  const required = schema["required"];
  if (Array.isArray(required) && required.some((name) => typeof name === "string" && !Object.hasOwn(value, name)))
    return false;
  return names.every((name) => {
    const field = value[name] ?? null;
    if (schema["propertyNames"] !== undefined && !inner(schema["propertyNames"], name)) return false;
    const declared = declaredField(schema, name);
    if (declared.length > 0) return declared.every((one) => inner(one, field));
    const others = schema["additionalProperties"];
    return others === undefined || inner(others, field);
  });
}

/** The schemas that a schema itself has for a field, by its name or a pattern of names. */
export function declaredField(schema: JsonObject, name: string): JsonValue[] {
  const { properties, patternProperties: patterns } = {
    properties: schema["properties"],
    patternProperties: schema["patternProperties"],
  };
  const own = isJsonObject(properties) && Object.hasOwn(properties, name) ? [properties[name] ?? true] : [];
  const byPattern = Object.entries(isJsonObject(patterns) ? patterns : {}).filter(([pattern]) =>
    matches(pattern, name),
  );
  return [...own, ...byPattern.map(([, one]) => one)];
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, "u").test(name);
  } catch {
    return false;
  }
}
