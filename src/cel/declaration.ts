import { type Schema, valueSchema } from "../apimachinery/index.ts";
import type { Range, SizeOf } from "./cost-range.ts";
import { escapeName, isReserved } from "./escape.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  objectType,
  stringType,
  type Type,
  timestampType,
} from "./types.ts";

/**
 * What a schema declares: the type of its values, and how large they can be.
 *
 * `sizeMax` counts characters, items or entries; `bytesMin` is the length of the shortest value as JSON.
 */
export type Declaration = {
  readonly kind: "object" | "list" | "map" | "scalar";
  readonly type: Type;
  readonly sizeMax: number;
  readonly bytesMin: number;
  readonly fields: ReadonlyMap<string, Declaration>;
  /** Of items or values. */
  readonly elements: Declaration | undefined;
};

/** The largest request that Kubernetes takes, by which sizes without limits are estimated. */
export const requestSizeMax = 3 * 1024 * 1024;

/** Objects nest deeper than this only in schemas that contain themselves. */
const depthMax = 64;

/**
 * What expressions see of a schema; `undefined` for one whose values have no type that is known.
 *
 * @param isResource whether it is the root of an object, which always has `apiVersion`, `kind` and `metadata`
 * @param name what messages call its type, with which the names of the types in it begin
 */
export function declarationOf(schema: Schema, isResource: boolean, name: string): Declaration | undefined {
  return declare(schema, isResource, name, 0);
}

function scalar(type: Type, bytesMin: number, sizeMax = 0): Declaration {
  return { kind: "scalar", type, sizeMax, bytesMin, fields: new Map(), elements: undefined };
}

function declare(schema: Schema, isResource: boolean, name: string, depth: number): Declaration | undefined {
  if (depth > depthMax) return undefined;
  if (schema["x-kubernetes-int-or-string"]) {
    return scalar(dynType, 1, schema.maxLength === undefined ? requestSizeMax - 2 : limit(schema.maxLength) * 4);
  }
  const whole = isResource ? withObjectMeta(schema) : schema;
  switch (whole.type) {
    case "array":
      return declareList(whole, name, depth);
    case "object":
      return valueSchema(whole) === undefined ? declareObject(whole, name, depth) : declareMap(whole, name, depth);
    case "string":
      return declareText(whole);
    case "boolean":
      return scalar(boolType, 4);
    case "number":
      return scalar(doubleType, 1);
    case "integer":
      return scalar(intType, 1);
  }
  return undefined;
}

function limit(value: number): number {
  return Math.max(0, value);
}

function declareList({ items, maxItems }: Schema, name: string, depth: number): Declaration | undefined {
  if (items === undefined) return undefined;
  const isEmbedded = items["x-kubernetes-embedded-resource"] === true;
  const elements = declare(items, isEmbedded, `${name}.@idx`, depth + 1);
  if (elements === undefined) return undefined;
  const sizeMax = maxItems === undefined ? Math.floor((requestSizeMax - 2) / (elements.bytesMin + 1)) : limit(maxItems);
  return { kind: "list", type: listOf(elements.type), sizeMax, bytesMin: 2, fields: new Map(), elements };
}

function declareMap(schema: Schema, name: string, depth: number): Declaration | undefined {
  const values = valueSchema(schema);
  if (values === undefined) return undefined;
  const isEmbedded = values["x-kubernetes-embedded-resource"] === true;
  const elements = declare(values, isEmbedded, `${name}.@elem`, depth + 1);
  if (elements === undefined) return undefined;
  const { maxProperties } = schema;
  const sizeMax =
    maxProperties === undefined ? Math.floor((requestSizeMax - 2) / (elements.bytesMin + 6)) : limit(maxProperties);
  return { kind: "map", type: mapOf(stringType, elements.type), sizeMax, bytesMin: 2, fields: new Map(), elements };
}

function declareObject({ properties = {}, required = [] }: Schema, name: string, depth: number): Declaration {
  const fields = new Map<string, Declaration>();
  const types = new Map<string, Type>();
  let bytesMin = 2;
  for (const [property, schema] of Object.entries(properties)) {
    const escaped = escapeName(property);
    const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
    const field = declare(schema, isEmbedded, `${name}.${escaped ?? property}`, depth + 1);
    if (field === undefined) continue;
    if (escaped !== undefined) {
      fields.set(escaped, field);
      types.set(escaped, field.type);
      // A word of the language can be selected as it is, too; only its size is not known then.
      if (isReserved(property)) types.set(property, field.type);
    }
    if (required.includes(property) && (schema.default === undefined || schema.default === null)) {
      bytesMin += Buffer.byteLength(property) + field.bytesMin + 4;
    }
  }
  return { kind: "object", type: objectType(name, types), sizeMax: 0, bytesMin, fields, elements: undefined };
}

/** Times and durations are counted by the longest text that they have. */
const timeSizeMax = 32;
const dateSizeMax = 12;

function declareText({ format, maxLength, enum: values }: Schema): Declaration {
  switch (format) {
    case "byte":
      return scalar(bytesType, 2, maxLength === undefined ? requestSizeMax - 2 : limit(maxLength));
    case "duration":
      return scalar(durationType, 3, timeSizeMax);
    case "date":
      return scalar(timestampType, dateSizeMax, dateSizeMax);
    case "date-time":
      return scalar(timestampType, 21, timeSizeMax);
  }
  if (maxLength !== undefined) return scalar(stringType, 2, limit(maxLength) * 4);
  if (values === undefined || values.length === 0) return scalar(stringType, 2, requestSizeMax - 2);
  const lengths = values.map((value) => (typeof value === "string" ? Buffer.byteLength(value) : 0));
  return scalar(stringType, 2, Math.max(...lengths));
}

const text: Schema = { type: "string" };
const objectMeta: Schema = { type: "object", properties: { name: text, generateName: text } };
const resources = new WeakMap<Schema, Schema>();

/** A schema with what every object has; of its metadata, expressions see the name only. */
export function withObjectMeta(schema: Schema): Schema {
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const names = [metadata?.properties?.["name"], metadata?.properties?.["generateName"]];
  const isWhole = [kind, apiVersion, ...names].every((property) => property?.type === "string");
  if (isWhole && metadata?.type === "object") return schema;
  let whole = resources.get(schema);
  if (whole === undefined) {
    whole = { ...schema, properties: { ...schema.properties, kind: text, apiVersion: text, metadata: objectMeta } };
    resources.set(schema, whole);
  }
  return whole;
}

/** How large the parts of a variable can be that is declared so, whatever its name. */
export function sizesOf(declaration: Declaration): SizeOf {
  return ([, ...path]): Range | undefined => {
    let here: Declaration | undefined = declaration;
    for (const step of path) {
      if (step === "@items" || step === "@values") here = here.elements;
      else if (step === "@keys") here = here.kind === "map" ? scalar(stringType, 2, 0) : undefined;
      else here = here.fields.get(step);
      if (here === undefined) return undefined;
    }
    return { min: 0, max: here.sizeMax };
  };
}
