import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import { simpleTypes } from "./constraint.ts";
import { typeOf } from "./fits.ts";
import { type FlatSchema, flattenSchema } from "./flatten.ts";
import { textFormat } from "./formats.ts";

/** A flat schema whose `null` is taken out of its types, its enumeration and its alternatives. */
export type Shape = FlatSchema & { nullable: boolean };

/** `anyOf` of one thing and null is unwrapped this often: generators nest it twice at most. */
const unwrapsMax = 5;

/** Reads a schema as {@link flattenSchema} does, and tells apart what may be null. */
export function shapeOf(raw: JsonValue | undefined, root: JsonObject, onLost: (reference: string) => void): Shape {
  let flat = flattenSchema(raw, root, onLost);
  let nullable = flat.schema["nullable"] === true;
  for (let i = 0; i < unwrapsMax; i++) {
    const keyword = ["anyOf", "oneOf"].find((one) => isAlternative(flat.schema[one]));
    const branches = keyword === undefined ? undefined : flat.schema[keyword];
    if (keyword === undefined || !Array.isArray(branches)) break;
    const others = branches.filter((branch) => !isNull(branch));
    if (others.length < branches.length) nullable = true;
    if (others.length === branches.length && others.length > 1) break;
    const { [keyword]: _, ...rest } = flat.schema;
    if (others.length > 1) {
      flat = { ...flat, schema: { ...rest, [keyword]: others } };
      break;
    }
    const targets = flat.targets;
    flat = flattenSchema({ ...rest, allOf: [...others, ...flat.also] }, root, onLost);
    flat.targets.push(...targets);
  }
  const { schema } = flat;
  if (Array.isArray(schema["enum"]) && schema["enum"].includes(null)) nullable = true;
  if (Array.isArray(schema["type"]) && schema["type"].includes("null")) nullable = true;
  return { ...flat, nullable };
}

function isAlternative(branches: JsonValue | undefined): boolean {
  return Array.isArray(branches) && branches.length > 0 && (branches.length === 1 || branches.some(isNull));
}

function isNull(branch: JsonValue): boolean {
  if (!isJsonObject(branch)) return false;
  const { type, enum: values } = branch;
  return (
    type === "null" || branch["const"] === null || (Array.isArray(values) && values.length === 1 && values[0] === null)
  );
}

/** Whether a schema takes a number or a text, by Kubernetes' word for it or by those of others. */
export function isIntOrString(schema: JsonObject): boolean {
  if (schema["x-kubernetes-int-or-string"] === true || schema["format"] === "int-or-string") return true;
  return false;
}

/** The types of values that fit, without null, as told or as the other keywords make clear; empty when any may. */
export function typesOf(schema: JsonObject): string[] {
  const { type } = schema;
  const told = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string" && simpleTypes.has(one));
  const types = [...new Set(told)].filter((one): one is string => typeof one === "string" && one !== "null");
  if (types.length > 0) return types.includes("number") ? types.filter((one) => one !== "integer") : types;
  if (told.includes("null")) return ["null"];
  for (const [inferred, keywords] of inferences) {
    if (keywords.some((keyword) => schema[keyword] !== undefined)) return [inferred];
  }
  if (typeof schema["format"] === "string" && textFormat(schema["format"], "json-schema") !== undefined)
    return ["string"];
  return [];
}

const inferences = [
  [
    "object",
    ["properties", "patternProperties", "additionalProperties", "propertyNames", "x-kubernetes-embedded-resource"],
  ],
  ["array", ["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"]],
  ["string", ["pattern", "minLength", "maxLength"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
  ["object", ["minProperties", "maxProperties", "required", "dependentRequired"]],
] as const;

/** The one type of values, `integer` and `number` taken together; `undefined` when they differ. */
export function commonType(values: readonly JsonValue[]): string | undefined {
  const types = new Set(values.map(typeOf));
  if (types.size === 2 && types.has("integer") && types.has("number")) return "number";
  const [type] = types;
  return types.size === 1 ? type : undefined;
}

const typeTitles: Readonly<Record<string, string>> = {
  string: "Text",
  integer: "Number",
  number: "Number",
  boolean: "Yes or no",
  object: "Object",
  array: "List",
  null: "Nothing",
};

/** What a type is called where one of several is chosen. */
export function typeTitle(type: string): string {
  return typeTitles[type] ?? type;
}

/** Fields with names and values of any kind. */
export function freeObject(): JsonObject {
  return { type: "object", additionalProperties: true };
}

/** Any value at all, `object` or another type offered first. */
export function anyValue(first: "object" | "string" = "object"): JsonObject {
  const scalars = [
    { title: "Text", type: "string" },
    { title: "Number", type: "number" },
    { title: "Yes or no", type: "boolean" },
  ];
  const object = { title: "Object", ...freeObject() };
  const item = { anyOf: [...scalars, { ...object }].map((one) => ({ ...one })) };
  const list = { title: "List", type: "array", items: item };
  return { anyOf: first === "object" ? [object, ...scalars, list] : [...scalars, object, list] };
}
