import { canonicalJson, isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import type { SchemaDialect } from "../definition.ts";
import { flattenSchema } from "./flatten.ts";
import { integerRange, textFormat } from "./formats.ts";
import { translatePattern } from "./pattern.ts";

/** What a schema is read with: the document its references lead into, and what its keywords mean. */
export type Reading = { readonly root: JsonObject; readonly dialect: SchemaDialect };

/** Deeper than this a condition is not told any more, which also ends recursion. */
const depthMax = 12;
/** And one made of more schemas than this is not told either: references multiply quickly. */
const schemasMax = 2_000;

/**
 * A schema as a condition only, in draft-07: what a form does not show and its validator asks.
 *
 * @throws {Error} when a part of it cannot be told, for a condition with a part left out may mean the opposite
 */
export function conditionOf(
  raw: JsonValue | undefined,
  reading: Reading,
  depth = 0,
  budget = { left: schemasMax },
): JsonValue {
  if (raw === true || raw === undefined) return {};
  if (raw === false) return false;
  if (depth > depthMax || --budget.left < 0) throw new Error("it nests too deeply");
  const { schema, also } = flattenSchema(raw, reading.root, (reference) => {
    throw new Error(`${reference} leads nowhere`);
  });
  const inner = (one: JsonValue | undefined) => conditionOf(one, reading, depth + 1, budget);
  const found: JsonObject = {
    ...typeCondition(schema),
    ...valueKeywords(schema, reading.dialect),
    ...conditionalKeywords(schema, inner),
  };
  for (const keyword of ["properties", "patternProperties"]) {
    const named = schema[keyword];
    if (!isJsonObject(named)) continue;
    const conditions: JsonObject = {};
    for (const [name, one] of Object.entries(named)) {
      const key = keyword === "properties" ? name : translatePattern(name, patternDialect(reading.dialect));
      const condition = inner(one);
      if (condition === false || !isEmptySchema(condition)) setField(conditions, key, condition);
    }
    if (Object.keys(conditions).length > 0) found[keyword] = conditions;
  }
  for (const keyword of ["additionalProperties", "propertyNames", "contains"]) {
    const one = schema[keyword];
    if (one !== undefined && one !== true && !(one === false && reading.dialect === "kubernetes")) {
      found[keyword] = inner(one);
    }
  }
  const { items, prefixItems } = schema;
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (tuple !== undefined) found["items"] = tuple.map(inner);
  else if (items !== undefined && items !== true) found["items"] = inner(items);
  const rest = also.map(inner).filter((one) => !isEmptySchema(one));
  if (rest.length > 0) found["allOf"] = rest;
  return found;
}

export function isEmptySchema(schema: JsonValue): boolean {
  return isJsonObject(schema) && Object.keys(schema).length === 0;
}

export function patternDialect(dialect: SchemaDialect): "go" | "ecmascript" {
  return dialect === "kubernetes" ? "go" : "ecmascript";
}

function typeCondition(schema: JsonObject): JsonObject {
  if (schema["x-kubernetes-int-or-string"] === true) return { type: ["integer", "string"] };
  const { type } = schema;
  const types = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string" && simpleTypes.has(one));
  if (schema["nullable"] === true) types.push("null");
  const distinct = [...new Set(types)].filter((one) => one !== undefined);
  const [only, ...others] = distinct;
  if (only === undefined || only === "null") return {};
  return { type: others.length === 0 ? only : distinct };
}

export const simpleTypes: ReadonlySet<JsonValue> = new Set([
  "string",
  "integer",
  "number",
  "boolean",
  "object",
  "array",
  "null",
]);

/** `anyOf` and its kin, `if` and dependencies, with what `inner` makes of their schemas. */
function conditionalKeywords(schema: JsonObject, inner: (one: JsonValue | undefined) => JsonValue): JsonObject {
  const found: JsonObject = {};
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (Array.isArray(branches) && branches.length > 0) found[keyword] = branches.map(inner);
  }
  if (schema["not"] !== undefined) found["not"] = inner(schema["not"]);
  if (schema["if"] !== undefined && (schema["then"] !== undefined || schema["else"] !== undefined)) {
    found["if"] = inner(schema["if"]);
    for (const keyword of ["then", "else"]) if (schema[keyword] !== undefined) found[keyword] = inner(schema[keyword]);
  }
  const dependencies: JsonObject = {};
  for (const [name, one] of dependenciesOf(schema)) {
    setField(dependencies, name, Array.isArray(one) ? uniqueTexts(one) : inner(one));
  }
  if (Object.keys(dependencies).length > 0) found["dependencies"] = dependencies;
  return found;
}

/** What fields bring with them, under the three names that drafts have for it. */
export function dependenciesOf(schema: JsonObject): [string, JsonValue][] {
  return ["dependencies", "dependentRequired", "dependentSchemas"].flatMap((keyword) => {
    const named = schema[keyword];
    return isJsonObject(named) ? Object.entries(named).filter(([name]) => name !== "__proto__") : [];
  });
}

export function uniqueTexts(list: JsonValue | undefined): string[] {
  return Array.isArray(list) ? [...new Set(list.filter((one) => typeof one === "string"))] : [];
}

/**
 * The keywords that say something about a value alone: limits, enumerations, patterns and formats; `required` too.
 *
 * @throws {SyntaxError} for a pattern that has no counterpart
 */
export function valueKeywords(schema: JsonObject, dialect: SchemaDialect): JsonObject {
  const found: JsonObject = { ...numberKeywords(schema) };
  for (const keyword of ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]) {
    const limit = schema[keyword];
    if (typeof limit === "number" && Number.isInteger(limit) && limit >= 0) found[keyword] = limit;
  }
  if (schema["uniqueItems"] === true) found["uniqueItems"] = true;
  const values = enumeratedValues(schema);
  if (values !== undefined && values.length > 0) found["enum"] = values;
  const required = uniqueTexts(schema["required"]);
  // The validator takes it for there in every object.
  if (required.includes("__proto__")) throw new Error("no form can hold a field named __proto__");
  if (required.length > 0) found["required"] = required;
  const { pattern, format } = schema;
  if (typeof format === "string") {
    Object.assign(found, textFormat(format, dialect)?.keywords);
    const range = integerRange(format);
    if (range !== undefined && schema["type"] === "integer") Object.assign(found, tightened(found, range));
  }
  if (typeof pattern === "string" && pattern !== "") {
    found["pattern"] = translatePattern(pattern, patternDialect(dialect));
  }
  return found;
}

/** `enum` and `const` as one list without duplicates; `undefined` when there is neither. */
export function enumeratedValues(schema: JsonObject): JsonValue[] | undefined {
  const listed = Array.isArray(schema["enum"]) ? schema["enum"] : undefined;
  const constant = schema["const"];
  if (constant !== undefined) return [constant];
  if (listed === undefined) return undefined;
  const seen = new Set<string>();
  return listed.filter((one) => {
    const text = canonicalJson(one);
    return !seen.has(text) && seen.add(text) !== undefined;
  });
}

/** Bounds as draft-07 tells them: exclusive ones are numbers there, and were a remark on the others before draft 6. */
export function numberKeywords(schema: JsonObject): JsonObject {
  const found: JsonObject = {};
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    const limit = schema[bound];
    const strict = schema[exclusive];
    if (typeof limit === "number") found[strict === true ? exclusive : bound] = limit;
    if (typeof strict === "number") found[exclusive] = strict;
  }
  const step = schema["multipleOf"];
  if (typeof step === "number" && step > 0) found["multipleOf"] = step;
  return found;
}

/** Bounds that keep within a range as well. */
export function tightened(bounds: JsonObject, [minimum, maximum]: readonly [number, number]): JsonObject {
  const { minimum: least, exclusiveMinimum: above, maximum: most, exclusiveMaximum: below } = bounds;
  const found: JsonObject = {};
  if (!(typeof above === "number" && above >= minimum - 1)) {
    found["minimum"] = typeof least === "number" ? Math.max(least, minimum) : minimum;
  }
  if (!(typeof below === "number" && below <= maximum + 1)) {
    found["maximum"] = typeof most === "number" ? Math.min(most, maximum) : maximum;
  }
  return found;
}
