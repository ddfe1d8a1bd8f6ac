import { isJsonObject, type JsonObject, type JsonValue, setField, valueAt } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";

/** How deep types of variables nest before the rest is free text; Terraform's own modules stay below ten. */
const typeDepthMax = 50;

/**
 * What cnoe-cli puts into a form for a definition: `properties`, and `required` for a module, whose variables say it. Fields that
 * the caller makes may have `dependencies` too.
 */
export type CnoeFields = { properties: JsonObject; required?: string[]; dependencies?: JsonObject };

/**
 * @property verifiers names of Prerequisites that the template's `cnoe:verify:dependency` step is given
 * @property isBranch whether the fields are one of several resources to choose from, and so say which one
 */
export type CnoeFieldsOptions = { verifiers?: readonly string[]; isBranch?: boolean };

/** The `<group>.<Kind>` that cnoe-cli calls a resource by; the name of the definition for anything else. */
export function resourceName({ name, subject }: Definition): string {
  if (subject.kind !== "resource") return name;
  const slash = subject.apiVersion.lastIndexOf("/");
  return slash < 0 ? subject.resourceKind : `${subject.apiVersion.slice(0, slash)}.${subject.resourceKind}`;
}

/** The name of the file that cnoe-cli writes for a definition, without its ending: for a module that of its folder as it is. */
export function fileStem(definition: Definition): string {
  const { name, title, subject } = definition;
  if (subject.kind === "resource") return resourceName(definition).toLowerCase();
  const isFolder = subject.kind === "module" && /^\w[\w.-]*$/.test(title);
  // A definition that got another name, to tell it from one of the same folder name, is called by that.
  return isFolder && title.toLowerCase().replaceAll("_", "-") === name.replaceAll("_", "-") ? title : name;
}

/** The fields of a definition as cnoe-cli makes them, its schema unchanged. */
export function cnoeFields(definition: Definition, options: CnoeFieldsOptions = {}): CnoeFields {
  const { subject, schema } = definition;
  if (subject.kind === "resource") return { properties: resourceProperties(definition, options) };
  const properties = subject.kind === "module" ? variableFields(schema) : objectAt(schema, "properties");
  return { properties, required: requiredOf(schema) };
}

function resourceProperties(definition: Definition, { verifiers = [], isBranch }: CnoeFieldsOptions): JsonObject {
  const { subject, written } = definition;
  if (subject.kind !== "resource") return {};
  const schema = written?.schema ?? definition.schema;
  const apiVersion = written === undefined ? subject.apiVersion : withVersion(subject.apiVersion, written.version);
  const { spec = null } = objectAt(schema, "properties");
  const config = isJsonObject(spec) ? spec : objectAt(schema, "properties");
  const properties: JsonObject = {
    apiVersion: { type: "string", description: "APIVersion for the resource", default: apiVersion },
    kind: { type: "string", description: "Kind for the resource", default: subject.resourceKind },
    config: { ...config, title: `${resourceName(definition)} configuration options` },
  };
  // `namespace: default` is meant to be `default: default`; templates out there, and cnoe-cli's golden files, have it so.
  if (isNamespaced(definition)) {
    properties["namespace"] = { type: "string", description: "Namespace for the resource", namespace: "default" };
  }
  if (verifiers.length > 0) {
    properties["verifiers"] = {
      type: "array",
      description: "verifiers to be used against the resource",
      items: { type: "string" },
      default: [...verifiers],
    };
  }
  if (isBranch === true) properties["resources"] = { enum: [fileStem(definition)] };
  return properties;
}

/** Whether the source says itself that objects are namespaced. A claim is so without saying it, and has no such field. */
function isNamespaced({ source, subject, written }: Definition): boolean {
  if (written !== undefined) return written.scope === "Namespaced";
  return subject.kind === "resource" && subject.namespaced && source !== "xrd";
}

function withVersion(apiVersion: string, version: string): string {
  const slash = apiVersion.lastIndexOf("/");
  return slash < 0 ? version : `${apiVersion.slice(0, slash)}/${version}`;
}

/** Names of variables without a default, in the order of the alphabet: cnoe-cli has another one in each run. */
function requiredOf(schema: JsonObject): string[] {
  const { required } = schema;
  const properties = objectAt(schema, "properties");
  const isOpen = (name: string) => declaredDefault(objectAt(properties, name)) === undefined;
  return Array.isArray(required)
    ? required
        .filter((name) => typeof name === "string")
        .filter(isOpen)
        .sort()
    : [];
}

/** A default as it was declared, also where the schema has another one, or none because a form would not take it. */
function declaredDefault(schema: JsonObject): JsonValue | undefined {
  const { default: declared } = objectAt(schema, "x-terraform");
  return declared === undefined ? schema["default"] : declared;
}

function variableFields(schema: JsonObject): JsonObject {
  const fields: JsonObject = {};
  for (const [name, variable] of Object.entries(objectAt(schema, "properties"))) {
    setField(fields, name, variableField(name, isJsonObject(variable) ? variable : {}, 0));
  }
  return fields;
}

/** A variable in the fields that cnoe-cli has for it, in its order. Defaults of maps are left out, as forms cannot empty them. */
function variableField(name: string, schema: JsonObject, depth: number): JsonObject {
  const type = depth > typeDepthMax ? "string" : typeOf(schema);
  const field: JsonObject = type === "object" ? { title: name, type } : { type };
  const { description } = schema;
  const preset = declaredDefault(schema);
  if (typeof description === "string" && description !== "") field["description"] = description;
  if (type !== "object" && preset !== undefined && preset !== null) field["default"] = preset;
  if (type === "array") addItems(field, name, schema, depth);
  if (type === "object") addMembers(field, name, schema, depth);
  return ordered(field);
}

function addItems(field: JsonObject, name: string, schema: JsonObject, depth: number): void {
  const { items = {}, uniqueItems } = schema;
  const nested = (item: JsonValue) => variableField(`${name}-a`, isJsonObject(item) ? item : {}, depth + 1);
  field["items"] = Array.isArray(items) ? items.map(nested) : nested(items);
  if (uniqueItems === true) field["uniqueItems"] = true;
}

function addMembers(field: JsonObject, name: string, schema: JsonObject, depth: number): void {
  const { additionalProperties } = schema;
  const members = Object.entries(objectAt(schema, "properties"));
  if (members.length > 0) {
    const properties: JsonObject = {};
    for (const [key, member] of members) {
      setField(properties, key, variableField(key, isJsonObject(member) ? member : {}, depth + 1));
    }
    field["properties"] = properties;
    const required = requiredOf(schema);
    if (required.length > 0) field["required"] = required;
  } else {
    const value = isJsonObject(additionalProperties) ? additionalProperties : {};
    field["additionalProperties"] = variableField(`${name}-n`, value, depth + 1);
  }
}

/** The type that a form needs: of a union the first that is not null; without any, that of the default; else text. */
function typeOf(schema: JsonObject): string {
  const { type, default: preset, anyOf, oneOf } = schema;
  const types = Array.isArray(type) ? type : [type];
  const known = types.find((one) => typeof one === "string" && one !== "null" && one !== "");
  if (typeof known === "string") return known === "integer" ? "number" : known;
  const branches = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  const branch = branches.find((one) => valueAt(one, "type") !== "null");
  if (preset === undefined || preset === null)
    return isJsonObject(branch) && branch["type"] !== undefined ? typeOf(branch) : "string";
  if (Array.isArray(preset)) return "array";
  return typeof preset;
}

const fieldOrder = [
  "title",
  "type",
  "description",
  "default",
  "items",
  "properties",
  "required",
  "additionalProperties",
  "uniqueItems",
];

/** Objects whose fields stand in the order of cnoe-cli's Go struct. */
const structs = new WeakSet<object>();

function ordered(field: JsonObject): JsonObject {
  const sorted: JsonObject = {};
  for (const key of fieldOrder) {
    const value = field[key];
    if (value !== undefined) sorted[key] = value;
  }
  structs.add(sorted);
  return sorted;
}

/** Whether an object is written with its fields in the order they have, as a Go struct, and not sorted, as a Go map. */
export function isStruct(object: object): boolean {
  return structs.has(object);
}

function objectAt(schema: JsonObject, field: string): JsonObject {
  const found = schema[field];
  return isJsonObject(found) ? found : {};
}
