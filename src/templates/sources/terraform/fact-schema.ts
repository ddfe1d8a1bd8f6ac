import type { JsonObject, JsonValue } from "../../../apimachinery/index.ts";
import type { Comparison, Fact } from "./formula.ts";
import { wholeText } from "./text-facts.ts";
import type { Type } from "./type.ts";
import { fitValue } from "./value.ts";

/** What a fact says of a value of this type, in JSON Schema; `undefined` when it cannot be said. */
export function factSchema(fact: Fact, type: Type): JsonObject | undefined {
  switch (fact.kind) {
    case "text":
      if (type.kind !== "string") return undefined;
      return fact.negated ? { not: fact.schema } : fact.schema;
    case "among":
      return amongSchema(fact, type);
    case "length":
      return lengthSchema(fact.comparison, fact.limit, type);
    case "number":
      return type.kind === "number" ? numberSchema(fact.comparison, fact.limit) : undefined;
    case "multiple":
      if (type.kind !== "number") return undefined;
      return fact.of === 1 ? { type: "integer" } : { multipleOf: fact.of };
    case "distinct":
      return type.kind === "list" ? { uniqueItems: true } : type.kind === "set" ? {} : undefined;
    case "holds":
      return holdsSchema(fact, type);
    case "has":
      if (type.kind !== "map" && type.kind !== "object") return undefined;
      return fact.negated ? { not: { required: [fact.key] } } : { required: [fact.key] };
  }
}

function amongSchema(
  { values, ignoreCase, negated }: Extract<Fact, { kind: "among" }>,
  type: Type,
): JsonObject | undefined {
  const known = fittingValues(values, type);
  if (!known) return undefined;
  if (type.kind === "string" && ignoreCase) {
    const schema = { pattern: wholeText(known.map(String), true) };
    return negated ? { not: schema } : schema;
  }
  if (type.kind === "bool") return boolSchema(known, negated);
  if (!negated) return { enum: known };
  // Not empty: how forms say it best.
  return known.length === 1 && known[0] === "" ? { minLength: 1 } : { not: { enum: known } };
}

function boolSchema(values: JsonValue[], negated: boolean): JsonObject | undefined {
  const allowed = [true, false].filter((value) => values.includes(value) !== negated);
  if (allowed.length === 2) return {};
  return allowed.length === 1 ? { enum: allowed } : undefined;
}

/** Values as the type writes them; null is what a form leaves out. Those of other types are never met. */
function fittingValues(values: JsonValue[], type: Type): JsonValue[] | undefined {
  if (type.kind !== "string" && type.kind !== "number" && type.kind !== "bool") return undefined;
  const fitted = values.filter((value) => value !== null).map((value) => fitValue(value, type));
  const known = fitted.filter((result) => "value" in result).map(({ value }) => value);
  return known.length > 0 ? [...new Set(known)] : undefined;
}

const lengthKeywords = {
  string: ["minLength", "maxLength"],
  list: ["minItems", "maxItems"],
  set: ["minItems", "maxItems"],
  map: ["minProperties", "maxProperties"],
} as const;

function lengthSchema(comparison: Comparison, limit: number, type: Type): JsonObject | undefined {
  if (type.kind !== "string" && type.kind !== "list" && type.kind !== "set" && type.kind !== "map") return undefined;
  const [least, most] = lengthKeywords[type.kind];
  switch (comparison) {
    case ">=":
      return { [least]: Math.max(0, Math.ceil(limit)) };
    case ">":
      return { [least]: Math.max(0, Math.floor(limit) + 1) };
    case "<=":
      if (limit === 0 && type.kind === "string") return { enum: [""] };
      return limit < 0 ? undefined : { [most]: Math.floor(limit) };
    case "<":
      return limit <= 0 ? undefined : lengthSchema("<=", Math.ceil(limit) - 1, type);
    case "==":
      if (limit === 0) return lengthSchema("<=", 0, type);
      return limit < 0 || !Number.isInteger(limit) ? undefined : { [least]: limit, [most]: limit };
    case "!=":
      return limit === 0 ? { [least]: 1 } : { not: { [least]: limit, [most]: limit } };
  }
}

function numberSchema(comparison: Comparison, limit: number): JsonObject {
  switch (comparison) {
    case ">=":
      return { minimum: limit };
    case ">":
      return { exclusiveMinimum: limit };
    case "<=":
      return { maximum: limit };
    case "<":
      return { exclusiveMaximum: limit };
    case "==":
      return { enum: [limit] };
    case "!=":
      return { not: { enum: [limit] } };
  }
}

function holdsSchema({ value, negated }: Extract<Fact, { kind: "holds" }>, type: Type): JsonObject | undefined {
  if (type.kind !== "list" && type.kind !== "set") return undefined;
  const known = fittingValues([value], type.of);
  if (!known) return undefined;
  const schema = { contains: { enum: known } };
  return negated ? { not: schema } : schema;
}
