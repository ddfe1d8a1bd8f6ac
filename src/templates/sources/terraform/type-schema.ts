import type { JsonObject } from "../../../apimachinery/index.ts";
import type { Attribute, Tell, Type } from "./type.ts";
import { admitNulls, fitValue } from "./value.ts";

/**
 * JSON Schema for the values of a type; the fallbacks of optional attributes are their defaults.
 *
 * @param tell told of fallbacks that their own type does not take
 */
export function typeSchema(type: Type, tell: Tell): JsonObject {
  switch (type.kind) {
    case "string":
    case "number":
      return { type: type.kind };
    case "bool":
      return { type: "boolean" };
    case "any":
      return {};
    case "list":
      return { type: "array", items: typeSchema(type.of, tell) };
    case "set":
      return { type: "array", items: typeSchema(type.of, tell), uniqueItems: true };
    case "map":
      return { type: "object", additionalProperties: typeSchema(type.of, tell) };
    case "tuple":
      // A list of no schemas is no schema.
      if (type.of.length === 0) return { type: "array", maxItems: 0 };
      return {
        type: "array",
        items: type.of.map((item) => typeSchema(item, tell)),
        minItems: type.of.length,
        maxItems: type.of.length,
      };
    case "object":
      return objectSchema(type.attributes, tell);
  }
}

function objectSchema(attributes: ReadonlyMap<string, Attribute>, tell: Tell): JsonObject {
  const required = [...attributes].filter(([, { optional }]) => !optional).map(([name]) => name);
  const properties = [...attributes].map(
    ([name, attribute]) => [name, attributeSchema(name, attribute, tell)] as const,
  );
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
}

function attributeSchema(name: string, { type, fallback }: Attribute, tell: Tell): JsonObject {
  const schema = typeSchema(type, tell);
  if (fallback === undefined || fallback === null) return schema;
  const fitted = fitValue(fallback, type);
  if ("problem" in fitted) {
    tell(`the default of its attribute ${name} is not of its type (${fitted.problem}), and is left out`);
    return schema;
  }
  return { ...admitNulls(schema, fitted.value), default: fitted.value };
}
