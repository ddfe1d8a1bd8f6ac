import { deepEqual, type JsonObject, type JsonValue } from "../../../apimachinery/index.ts";
import { wholeText } from "./text-facts.ts";

const largest = new Set(["minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"]);
const smallest = new Set(["maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"]);

/**
 * Adds keywords to a schema, so that it holds what both say. What cannot be one keyword stands in `allOf`.
 *
 * @returns `undefined` when nothing could keep both
 */
export function merged(schema: JsonObject, added: JsonObject): JsonObject | undefined {
  let result: JsonObject | undefined = schema;
  for (const [keyword, value] of Object.entries(added)) result = result && withKeyword(result, keyword, value);
  return result;
}

function withKeyword(schema: JsonObject, keyword: string, asked: JsonValue): JsonObject | undefined {
  const now = schema[keyword];
  const value = keyword === "enum" && Array.isArray(asked) && takesNull(schema) ? [...asked, null] : asked;
  if (now === undefined || deepEqual(now, value)) return { ...schema, [keyword]: value };
  if (typeof now === "number" && typeof value === "number" && largest.has(keyword)) {
    return { ...schema, [keyword]: Math.max(now, value) };
  }
  if (typeof now === "number" && typeof value === "number" && smallest.has(keyword)) {
    return { ...schema, [keyword]: Math.min(now, value) };
  }
  // A narrower type, `integer`, takes the place of `number`, with or without null beside it.
  if (keyword === "type") return { ...schema, type: Array.isArray(now) ? [value, "null"] : value };
  if (keyword === "enum" && Array.isArray(now) && Array.isArray(value)) {
    const common = now.filter((item) => value.some((other) => deepEqual(item, other)));
    return common.length > 0 ? { ...schema, enum: common } : undefined;
  }
  if (keyword === "required" && Array.isArray(now) && Array.isArray(value)) {
    return { ...schema, required: [...now, ...value.filter((name) => !now.includes(name))] };
  }
  const all = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  return { ...schema, allOf: [...all, { [keyword]: value }] };
}

function takesNull({ type }: JsonObject): boolean {
  return Array.isArray(type) && type.includes("null");
}

/** A schema that takes what any of these takes: one list of values or one pattern where they are nothing else. */
export function oneOf(schemas: JsonObject[]): JsonObject {
  const enums = schemas.map(({ enum: values, ...more }) =>
    isEmpty(more) && Array.isArray(values) ? values : undefined,
  );
  const values = enums.filter((list) => list !== undefined).flat();
  if (enums.every((list) => list !== undefined)) return { enum: values.filter(isFirst) };
  const patterns = schemas.map(({ pattern, ...more }) =>
    isEmpty(more) && typeof pattern === "string" ? pattern : undefined,
  );
  const mixed = schemas.every((_, index) => enums[index] !== undefined || patterns[index] !== undefined);
  if (!mixed || !values.every((value) => typeof value === "string")) return { anyOf: schemas };
  const alternatives = patterns.filter((pattern) => pattern !== undefined);
  if (values.length > 0) alternatives.push(wholeText(values, false));
  return { pattern: alternatives.map((pattern) => `(?:${pattern})`).join("|") };
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

function isFirst(value: JsonValue, index: number, values: JsonValue[]): boolean {
  return values.findIndex((other) => deepEqual(other, value)) === index;
}
