import { isFields } from "../fields.ts";
import type { StatusCause } from "../status-error.ts";
import { forbiddenValue, invalidValue, requiredValue, unsupportedValue } from "./field-error.ts";
import type { Schema, ValidationRule } from "./schema.ts";

/** What holds where a rule is checked: whether below `metadata`, `apiVersion` or `kind`, and why defaults are not allowed. */
type Context = { readonly isMeta: boolean; readonly noDefaults: string | undefined };

/** Keywords that are not allowed or contradict each other, everywhere in a schema. */
export function ruleFaults(schema: Schema, path: string): StatusCause[] {
  const atRoot = schema.nullable ? [forbiddenValue(`${path}.nullable`, "nullable cannot be true at the root")] : [];
  return [...atRoot, ...rules(schema, path, { isMeta: false, noDefaults: undefined }, true)];
}

function rules(schema: Schema, path: string, context: Context, isRoot: boolean): StatusCause[] {
  const { items, properties = {}, additionalProperties, not, allOf = [], oneOf = [], anyOf = [] } = schema;
  const within = (below: Schema, step: string) => rules(below, `${path}.${step}`, context, false);
  const faults = [...keywordFaults(schema, path, context)];
  if (schema.uniqueItems) {
    const why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    faults.push(forbiddenValue(`${path}.uniqueItems`, why));
  }
  if (Object.keys(properties).length > 0 && additionalProperties !== undefined && additionalProperties !== true) {
    const why = "additionalProperties and properties are mutual exclusive";
    faults.push(forbiddenValue(`${path}.additionalProperties`, why));
  }
  if (typeof additionalProperties === "object") {
    const noDefaults = context.isMeta ? "inside additionalProperties applying to object metadata" : context.noDefaults;
    faults.push(...rules(additionalProperties, `${path}.additionalProperties`, { ...context, noDefaults }, false));
  }
  const isResource = isRoot || schema["x-kubernetes-embedded-resource"] === true;
  for (const [name, below] of Object.entries(properties)) {
    const isMeta = isResource && ["metadata", "kind", "apiVersion"].includes(name);
    const noDefaults = isMeta && isRoot ? `in top-level ${name}` : context.noDefaults;
    const inside = { isMeta: context.isMeta || isMeta, noDefaults };
    faults.push(...rules(below, `${path}.properties[${name}]`, inside, false));
  }
  if (not !== undefined) faults.push(...within(not, "not"));
  for (const [index, one] of allOf.entries()) faults.push(...within(one, `allOf[${index}]`));
  for (const [index, one] of oneOf.entries()) faults.push(...within(one, `oneOf[${index}]`));
  for (const [index, one] of anyOf.entries()) faults.push(...within(one, `anyOf[${index}]`));
  if (isFields(items)) faults.push(...within(items, "items"));
  return [
    ...faults,
    ...ownershipFaults(schema, path),
    ...keyFaults(schema, path),
    ...(schema["x-kubernetes-validations"] ?? []).flatMap((rule, index) =>
      validationFaults(rule, `${path}.x-kubernetes-validations[${index}]`),
    ),
  ];
}

const types: readonly string[] = ["array", "boolean", "integer", "number", "object", "string"];
const unsupported: readonly string[] = [
  "id",
  "additionalItems",
  "patternProperties",
  "definitions",
  "dependencies",
  "$ref",
];

function keywordFaults(schema: Schema, path: string, { isMeta, noDefaults }: Context): StatusCause[] {
  const faults: StatusCause[] = [];
  const { type = "" } = schema;
  if (type !== "" && !types.includes(type)) faults.push(unsupportedValue(`${path}.type`, type, types));
  if (schema.default !== undefined && noDefaults !== undefined) {
    faults.push(forbiddenValue(`${path}.default`, `must not be set ${noDefaults}`));
  }
  for (const name of unsupported) {
    if (Object.hasOwn(schema, name)) faults.push(forbiddenValue(`${path}.${name}`, `${name} is not supported`));
  }
  if (type === "null") {
    faults.push(forbiddenValue(`${path}.type`, "type cannot be set to null, use nullable as an alternative"));
  }
  if (Array.isArray(schema.items)) {
    faults.push(forbiddenValue(`${path}.items`, "items must be a schema object and not an array"));
  }
  if (isMeta && schema["x-kubernetes-embedded-resource"]) {
    const why = "must not be used inside of resource meta";
    faults.push(forbiddenValue(`${path}.x-kubernetes-embedded-resource`, why));
  }
  return faults;
}

function ownershipFaults(schema: Schema, path: string): StatusCause[] {
  const faults: StatusCause[] = [];
  const { type = "", items } = schema;
  const mapType = schema["x-kubernetes-map-type"];
  const listType = schema["x-kubernetes-list-type"];
  const wrongType = (wanted: string, keyword: string) => {
    const why = `must be ${wanted} if ${keyword} is specified`;
    return type === "" ? requiredValue(`${path}.type`, why) : invalidValue(`${path}.type`, type, why);
  };
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    const why = "must be true or undefined";
    faults.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, why));
  }
  if (mapType !== undefined && type !== "object") faults.push(wrongType("object", "x-kubernetes-map-type"));
  if (mapType !== undefined && !mapTypes.includes(mapType)) {
    faults.push(unsupportedValue(`${path}.x-kubernetes-map-type`, mapType, mapTypes));
  }
  if (listType !== undefined && type !== "array") faults.push(wrongType("array", "x-kubernetes-list-type"));
  else if (listType === "set" && items !== undefined) faults.push(...setItemFaults(items, `${path}.items`));
  if (listType !== undefined && !listTypes.includes(listType)) {
    faults.push(unsupportedValue(`${path}.x-kubernetes-list-type`, listType, listTypes));
  }
  return faults;
}

const mapTypes: readonly string[] = ["atomic", "granular"];
const listTypes: readonly string[] = ["atomic", "set", "map"];

function setItemFaults(items: Schema, path: string): StatusCause[] {
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"];
  if (items.type === "array" && listType !== undefined && listType !== "atomic") {
    return [invalidValue(`${path}.x-kubernetes-list-type`, listType, why)];
  }
  if (items.type !== "object" || items["x-kubernetes-map-type"] === "atomic") return [];
  return [invalidValue(`${path}.x-kubernetes-map-type`, listType ?? null, why)];
}

/** The keys of a list of type `map` must be scalars that every item has. */
function keyFaults(schema: Schema, path: string): StatusCause[] {
  const faults: StatusCause[] = [];
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const { items } = schema;
  if (keys.length > 0 && listType !== "map") {
    const why = "must be map if x-kubernetes-list-map-keys is non-empty";
    const at = `${path}.x-kubernetes-list-type`;
    faults.push(listType === undefined ? requiredValue(at, why) : invalidValue(at, listType, why));
  }
  if (listType === "map") {
    if (keys.length === 0) {
      const why = "must not be empty if x-kubernetes-list-type is map";
      faults.push(requiredValue(`${path}.x-kubernetes-list-map-keys`, why));
    }
    if (items === undefined) {
      faults.push(requiredValue(`${path}.items`, "must have a schema if x-kubernetes-list-type is map"));
    } else if (items.type !== "object") {
      const why = "must be object if parent array's x-kubernetes-list-type is map";
      faults.push(invalidValue(`${path}.items.type`, items.type ?? "", why));
    } else {
      faults.push(...keyPropertyFaults(items, keys, path));
    }
  }
  if (items === undefined || (listType !== "set" && listType !== "map")) return faults;
  if (items.nullable) {
    faults.push(
      forbiddenValue(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  }
  if (listType === "set") return faults;
  for (const key of keys) {
    const property = items.properties?.[key];
    const at = `${path}.items.properties[${key}]`;
    if (property === undefined) continue;
    if (!items.required?.includes(key) && property.default === undefined) {
      const why = "so it must have a default or be a required property";
      faults.push(requiredValue(`${at}.default`, `this property is in x-kubernetes-list-map-keys, ${why}`));
    }
    if (property.nullable) {
      const why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
      faults.push(forbiddenValue(`${at}.nullable`, why));
    }
  }
  return faults;
}

function keyPropertyFaults(items: Schema, keys: readonly string[], path: string): StatusCause[] {
  const faults: StatusCause[] = [];
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (property === undefined) {
      const why = "entries must all be names of item properties";
      faults.push(invalidValue(`${path}.x-kubernetes-list-map-keys`, keys, why));
    } else if (property.type === "array" || property.type === "object") {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      faults.push(invalidValue(`${path}.items.properties[${key}].type`, items.type, why));
    }
    if (keys.indexOf(key) < index) {
      faults.push(invalidValue(`${path}.x-kubernetes-list-map-keys`, keys, "must not contain duplicate entries"));
    }
  }
  return faults;
}

const ruleReasons: readonly string[] = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
];

/** What can be said of a rule without compiling it. */
function validationFaults(rule: ValidationRule, path: string): StatusCause[] {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const faults: StatusCause[] = [];
  const lineBreak = /[\n\r]/;
  if (rule.rule.trim() === "") {
    faults.push(requiredValue(`${path}.rule`, "rule is not specified"));
  } else if (message !== "" && message.trim() === "") {
    faults.push(invalidValue(`${path}.message`, message, "must be non-empty if specified"));
  } else if (lineBreak.test(message)) {
    faults.push(invalidValue(`${path}.message`, message, "must not contain line breaks"));
  } else if (lineBreak.test(rule.rule) && message === "") {
    faults.push(requiredValue(`${path}.message`, "message must be specified if rule contains line breaks"));
  }
  if (messageExpression !== "" && messageExpression.trim() === "") {
    faults.push(requiredValue(`${path}.messageExpression`, "messageExpression must be non-empty if specified"));
  }
  if (reason !== undefined && !ruleReasons.includes(reason)) {
    faults.push(unsupportedValue(`${path}.reason`, reason, ruleReasons));
  }
  if (fieldPath !== "" && fieldPath.trim() === "") {
    faults.push(invalidValue(`${path}.fieldPath`, fieldPath, "must be non-empty if specified"));
  } else if (lineBreak.test(fieldPath)) {
    faults.push(invalidValue(`${path}.fieldPath`, fieldPath, "must not contain line breaks"));
  }
  return faults;
}
