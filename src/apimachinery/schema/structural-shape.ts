import { deepEqual } from "../json.ts";
import type { StatusCause } from "../status-error.ts";
import { forbiddenValue, invalidValue, requiredValue } from "./field-error.ts";
import { compilePattern } from "./pattern.ts";
import type { Schema } from "./schema.ts";

type Level = "root" | "field" | "item";

/** Where a schema is not structural: missing types, and things in `allOf`, `anyOf`, `oneOf` and `not` that do not belong there. */
export function shapeFaults(schema: Schema, path: string, level: Level = "root"): StatusCause[] {
  const { items, properties = {}, additionalProperties } = schema;
  const faults: StatusCause[] = [];
  if (schema.type === "array" && items === undefined) faults.push(requiredValue(`${path}.items`, "must be specified"));
  if (items !== undefined) faults.push(...shapeFaults(items, `${path}.items`, "item"));
  for (const [name, below] of Object.entries(properties)) {
    faults.push(...shapeFaults(below, `${path}.properties[${name}]`, "field"));
  }
  if (additionalProperties !== undefined && level === "root") {
    faults.push(forbiddenValue(`${path}.additionalProperties`, "must not be used at the root"));
  }
  if (typeof additionalProperties === "object") {
    faults.push(...shapeFaults(additionalProperties, `${path}.additionalProperties`, "field"));
  }
  return [
    ...faults,
    ...extensionFaults(schema, path),
    ...branchFaults(schema, intOrStringOf(schema), path),
    ...typeFaults(schema, path, level),
    ...resourceFaults(schema, path, level),
  ];
}

function extensionFaults(schema: Schema, path: string): StatusCause[] {
  if (!schema["x-kubernetes-int-or-string"]) return [];
  return (["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const)
    .filter((name) => schema[name])
    .map((name) => invalidValue(`${path}.${name}`, true, "must be false if x-kubernetes-int-or-string is true"));
}

function typeFaults(schema: Schema, path: string, level: Level): StatusCause[] {
  const { type = "" } = schema;
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  const isFree = schema["x-kubernetes-int-or-string"] || schema["x-kubernetes-preserve-unknown-fields"];
  const faults: StatusCause[] = [];
  if (isEmbedded && type !== "object") {
    const why = "must be object if x-kubernetes-embedded-resource is true";
    faults.push(type === "" ? requiredValue(`${path}.type`, why) : invalidValue(`${path}.type`, type, why));
  } else if (type === "" && !isFree) {
    faults.push(requiredValue(`${path}.type`, untyped[level]));
  }
  if (isEmbedded && schema.additionalProperties !== undefined) {
    const why = "must not be used if x-kubernetes-embedded-resource is set";
    faults.push(forbiddenValue(`${path}.additionalProperties`, why));
  }
  if (level === "root" && type !== "" && type !== "object") {
    faults.push(invalidValue(`${path}.type`, type, "must be object at the root"));
  }
  return faults;
}

const untyped: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  field: "must not be empty for specified object fields",
  item: "must not be empty for specified array items",
};

/** What every object has is known; a schema may only say of `metadata` how its names are made. */
function resourceFaults(schema: Schema, path: string, level: Level): StatusCause[] {
  const { properties = {} } = schema;
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  const isResource = level === "root" || isEmbedded;
  const faults: StatusCause[] = [];
  for (const name of ["kind", "apiVersion"]) {
    const type = properties[name]?.type ?? "";
    if (!isResource || properties[name] === undefined || type === "string") continue;
    faults.push(invalidValue(`${path}.properties[${name}].type`, type, "must be string"));
  }
  const metadata = properties["metadata"];
  const metadataPath = `${path}.properties[metadata]`;
  if (metadata !== undefined && isResource && metadata.type !== "object") {
    faults.push(invalidValue(`${metadataPath}.type`, metadata.type ?? "", "must be object"));
  }
  if (metadata !== undefined && level === "root" && !saysOnlyNames(metadata)) {
    const why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
    faults.push(forbiddenValue(metadataPath, why));
  }
  if (isEmbedded && !schema["x-kubernetes-preserve-unknown-fields"] && Object.keys(properties).length === 0) {
    const why =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    faults.push(requiredValue(`${path}.properties`, why));
  }
  return faults;
}

function saysOnlyNames({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean {
  const named = Object.keys(properties).every((name) => name === "name" || name === "generateName");
  return named && Object.values(rest).every((value) => value === undefined || value === false || value === "");
}

const intOrString: readonly Schema[] = [{ type: "integer" }, { type: "string" }];

/**
 * The two ways to say in plain OpenAPI what `x-kubernetes-int-or-string` says; they alone may have types in branches, and the second
 * only in the schema itself.
 */
type IntOrString = { readonly inAnyOf: boolean; readonly inAllOf: boolean };

function intOrStringOf({ anyOf, allOf }: Schema): IntOrString {
  return { inAnyOf: deepEqual(anyOf, intOrString), inAllOf: deepEqual(allOf?.[0]?.anyOf, intOrString) };
}

const nowhere: IntOrString = { inAnyOf: false, inAllOf: false };

function branchFaults(schema: Schema, exempt: IntOrString, path: string): StatusCause[] {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema;
  const faults: StatusCause[] = [];
  if (!exempt.inAnyOf) {
    faults.push(...anyOf.flatMap((one, index) => nestedFaults(one, nowhere, `${path}.anyOf[${index}]`)));
  }
  for (const [index, one] of allOf.entries()) {
    const inAnyOf = exempt.inAllOf && index === 0;
    faults.push(...nestedFaults(one, { inAnyOf, inAllOf: false }, `${path}.allOf[${index}]`));
  }
  faults.push(...oneOf.flatMap((one, index) => nestedFaults(one, nowhere, `${path}.oneOf[${index}]`)));
  if (not !== undefined) faults.push(...nestedFaults(not, nowhere, `${path}.not`));
  const why = pattern === undefined ? undefined : patternFault(pattern);
  if (why !== undefined) {
    const detail = `must be a valid regular expression, but isn't: ${why}`;
    faults.push(invalidValue(`${path}.pattern`, pattern, detail));
  }
  return faults;
}

function patternFault(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** In a branch a schema may narrow values and nothing else. */
function nestedFaults(schema: Schema, exempt: IntOrString, path: string): StatusCause[] {
  const { items, properties = {}, additionalProperties } = schema;
  const faults = branchFaults(schema, exempt, path);
  if (items !== undefined) faults.push(...nestedFaults(items, nowhere, `${path}.items`));
  for (const [name, below] of Object.entries(properties)) {
    faults.push(...nestedFaults(below, nowhere, `${path}.properties[${name}]`));
  }
  const forbid = (name: string, why: string) =>
    faults.push(forbiddenValue(`${path}.${name}`, `${why} to be structural`));
  if (schema.type) forbid("type", "must be empty");
  if (additionalProperties) forbid("additionalProperties", "must be undefined");
  if (schema.default !== undefined && schema.default !== null) forbid("default", "must be undefined");
  if (schema.title) forbid("title", "must be empty");
  if (schema.description) forbid("description", "must be empty");
  if (schema.nullable) forbid("nullable", "must be false");
  for (const name of flags) if (schema[name]) forbid(name, "must be false");
  if (schema["x-kubernetes-list-map-keys"]?.length) forbid("x-kubernetes-list-map-keys", "must be empty");
  if (schema["x-kubernetes-list-type"] !== undefined) forbid("x-kubernetes-list-type", "must be undefined");
  if (schema["x-kubernetes-map-type"] !== undefined) forbid("x-kubernetes-map-type", "must be undefined");
  if (schema["x-kubernetes-validations"]?.length) forbid("x-kubernetes-validations", "must be empty");
  if (properties["metadata"] !== undefined) {
    faults.push(forbiddenValue(`${path}.properties[metadata]`, "must not be specified in a nested context"));
  }
  return faults;
}

const flags = [
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-embedded-resource",
  "x-kubernetes-int-or-string",
] as const;
