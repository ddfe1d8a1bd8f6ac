import { readFileSync } from "node:fs";
import { isFields, type JsonValue, type Schema } from "../../apimachinery/index.ts";
import { enumOf } from "./enums.ts";
import { fieldDocs } from "./field-docs.ts";
import { goFormOf } from "./go-form.ts";
import { atomicTypes, keyDefaults, rules } from "./overlay.ts";
import { builtinResources } from "./resources.ts";

/**
 * The schema of a kind or of a type inside one, as a graph without `$ref`; the same object on each call.
 *
 * Beside the formats of OpenAPI it has `quantity`, `date-time` and `micro-time` on what the server rewrites to one form.
 *
 * @param definition such as `io.k8s.api.apps.v1.Deployment` or `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`
 * @throws {Error} when there is no such definition
 */
export function builtinSchema(definition: string): Schema {
  return schemaOf(definition.replace(/^io\.k8s\./, ""));
}

/**
 * OpenAPI v3 definitions with descriptions, referring to each other as `#/components/schemas/<name>`. Built anew on each
 * call, because all of them together are some megabytes that are rarely needed.
 *
 * @param names only these and what they refer to; all without it
 */
export function builtinDefinitions(names?: readonly string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const wanted = names === undefined ? Object.keys(file()).map((name) => `io.k8s.${name}`) : [...names];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (result[name] !== undefined) continue;
    result[name] = openApiOf(name.replace(/^io\.k8s\./, ""), (referred) => wanted.push(referred));
  }
  return Object.fromEntries(Object.entries(result).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The fields of a type, in the order of their names. @param name without `io.k8s.` */
export function typeFields(name: string): readonly Field[] {
  return sourceOf(name).fields;
}

/** One field as the generated file has it: `[]`s and `{}`s around a scalar or the name of a definition. */
export type Field = { name: string; type: string; required: boolean; description: string };
type Source = { description: string; fields: Field[] };

const metaPath = "apimachinery.pkg.apis.meta.v1";

const parsed = new Map<string, Source>();

/** Read on first use: a client that only asks for objects never needs it. */
const file = once((): Record<string, Record<string, string>> => {
  const text = readFileSync(new URL("./definitions.generated.json", import.meta.url), "utf8");
  const definitions: Record<string, Record<string, string>> = JSON.parse(text);
  for (const { definition, kind, verbs } of builtinResources) {
    if (!verbs.includes("list")) continue;
    const name = definition.replace(/^io\.k8s\./, "");
    definitions[`${name}List`] = {
      "": `${kind}List is a list of ${kind} objects.`,
      apiVersion: "string",
      "items!": `[]${name} The objects of the list.`,
      kind: "string",
      metadata: `${metaPath}.ListMeta Where the list ends and at which resource version it was read.`,
    };
  }
  return definitions;
});

function sourceOf(name: string): Source {
  const known = parsed.get(name);
  if (known !== undefined) return known;
  const lines = file()[name];
  if (lines === undefined) throw new Error(`There is no definition io.k8s.${name}`);
  const fields = Object.entries(lines).filter(([key]) => key !== "");
  const source: Source = { description: lines[""] ?? "", fields: fields.map(([key, line]) => parseField(key, line)) };
  parsed.set(name, source);
  return source;
}

function parseField(key: string, line: string): Field {
  const required = key.endsWith("!");
  const name = required ? key.slice(0, -1) : key;
  const space = line.indexOf(" ");
  const description = space < 0 ? (fieldDocs[name] ?? "") : line.slice(space + 1);
  return { name, required, type: space < 0 ? line : line.slice(0, space), description };
}

/** The scalars of the generated file: as the schema graph has them, and the definition that OpenAPI names them by. */
const scalars: Record<string, { schema: Schema; definition?: { name: string; description: string; schema: Schema } }> =
  {
    any: { schema: { "x-kubernetes-preserve-unknown-fields": true } },
    bool: { schema: { type: "boolean" } },
    bytes: { schema: { type: "string", format: "byte" } },
    double: { schema: { type: "number", format: "double" } },
    fields: {
      schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      definition: {
        name: `${metaPath}.FieldsV1`,
        description:
          "FieldsV1 is a set of fields: a trie whose keys are `f:<field>`, `k:<keys>`, `v:<value>` and `i:<index>`.",
        schema: { type: "object" },
      },
    },
    int32: { schema: { type: "integer", format: "int32" } },
    int64: { schema: { type: "integer", format: "int64" } },
    "int-or-string": {
      schema: { "x-kubernetes-int-or-string": true },
      definition: {
        name: "apimachinery.pkg.util.intstr.IntOrString",
        description: "IntOrString is an integer or a string.",
        schema: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
      },
    },
    microtime: {
      schema: { type: "string", format: "micro-time" },
      definition: {
        name: `${metaPath}.MicroTime`,
        description: "MicroTime is a time in RFC 3339 with microseconds.",
        schema: { type: "string", format: "date-time" },
      },
    },
    quantity: {
      schema: { format: "quantity", anyOf: [{ type: "string" }, { type: "number" }] },
      definition: {
        name: "apimachinery.pkg.api.resource.Quantity",
        description:
          "Quantity is a fixed-point number: digits with an optional fraction, then a binary suffix (Ki, Mi, Gi, Ti, Pi, Ei), a decimal one (n, u, m, k, M, G, T, P, E) or an exponent (e3, E3).",
        schema: { oneOf: [{ type: "string" }, { type: "number" }] },
      },
    },
    raw: {
      schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      definition: {
        name: "apimachinery.pkg.runtime.RawExtension",
        description: "RawExtension is any object, kept as it is.",
        schema: { type: "object" },
      },
    },
    string: { schema: { type: "string" } },
    time: {
      schema: { type: "string", format: "date-time" },
      definition: {
        name: `${metaPath}.Time`,
        description: "Time is a time in RFC 3339, in seconds.",
        schema: { type: "string", format: "date-time" },
      },
    },
  };

const schemas = new Map<string, Schema>();

function schemaOf(name: string): Schema {
  const known = schemas.get(name);
  if (known !== undefined) return known;
  const source = sourceOf(name);
  const properties: Record<string, Schema> = {};
  const required = source.fields.filter((field) => field.required).map((field) => field.name);
  const schema: Schema = {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    ...(atomicTypes.has(name) && { "x-kubernetes-map-type": "atomic" }),
  };
  // Known before its fields are: JSONSchemaProps contains itself.
  schemas.set(name, schema);
  for (const field of source.fields) properties[field.name] = fieldSchema(name, field);
  return schema;
}

function fieldSchema(owner: string, field: Field): Schema {
  const schema = typeSchema(field.type);
  const rule = ruleOf(owner, field.name);
  const fallback = defaultOf(owner, field);
  if (rule === undefined && fallback === undefined) return schema;
  return { ...schema, ...rule, ...(fallback !== undefined && { default: fallback }) };
}

/**
 * What a field holds that nobody wrote, where it is always written: server-side apply counts on it for structs and for the
 * keys of list items.
 */
function defaultOf(owner: string, field: Field): JsonValue | undefined {
  const known = keyDefaults[owner]?.[field.name];
  if (known !== undefined) return known;
  const { isWritten, zero } = goFormOf(owner, field);
  if (!isWritten || zero === null) return undefined;
  return zero ?? {};
}

function typeSchema(type: string): Schema {
  if (type.startsWith("[]")) return { type: "array", items: typeSchema(type.slice(2)) };
  if (type.startsWith("{}")) return { type: "object", additionalProperties: typeSchema(type.slice(2)) };
  return scalars[type]?.schema ?? schemaOf(type);
}

function openApiOf(name: string, refer: (definition: string) => void): unknown {
  const scalar = Object.values(scalars).find(({ definition }) => definition?.name === name)?.definition;
  if (scalar !== undefined) return { description: scalar.description, ...scalar.schema };
  const source = sourceOf(name);
  const required = source.fields.filter((field) => field.required).map((field) => field.name);
  const kind = kindOf(name);
  return {
    description: source.description,
    type: "object",
    ...(source.fields.length > 0 && {
      properties: Object.fromEntries(source.fields.map((field) => [field.name, openApiField(name, field, refer)])),
    }),
    ...(required.length > 0 && { required }),
    ...(atomicTypes.has(name) && { "x-kubernetes-map-type": "atomic" }),
    ...(kind !== undefined && { "x-kubernetes-group-version-kind": [kind] }),
  };
}

function openApiField(owner: string, field: Field, refer: (definition: string) => void): unknown {
  const { name, type, description } = field;
  const schema = openApiType(type, refer);
  const values = enumOf(owner, name);
  const around = {
    ...(description !== "" && { description: values === undefined ? description : withValues(description, values) }),
    ...ruleOf(owner, name),
    ...listTypeOf(owner, field),
    ...publishedDefault(owner, field),
  };
  if (!("$ref" in schema)) return { ...(values === undefined ? schema : withEnum(schema, values)), ...around };
  return Object.keys(around).length === 0 ? schema : { ...around, allOf: [schema] };
}

/** Lists are atomic where nothing else is said, but for the items of the lists of kinds. */
function listTypeOf(owner: string, { name, type }: Field): Record<string, unknown> {
  const isKindList = name === "items" && owner.endsWith("List");
  return type.startsWith("[]") && rules[owner]?.[name]?.match(/\b(set|map)\b/) == null && !isKindList
    ? { "x-kubernetes-list-type": "atomic" }
    : {};
}

/** Texts, numbers and structs that are no pointers are there with their zero; what writes itself is not. */
function publishedDefault(owner: string, field: Field): Record<string, unknown> {
  const selfWritten = ["int-or-string", "microtime", "quantity", "time"].includes(field.type);
  const fallback = selfWritten ? undefined : defaultOf(owner, field);
  return fallback === undefined ? {} : { default: fallback };
}

function withEnum(schema: Record<string, unknown>, values: readonly string[]): Record<string, unknown> {
  const { items } = schema;
  return isFields(items) ? { ...schema, items: { ...items, enum: values } } : { ...schema, enum: values };
}

function withValues(description: string, values: readonly string[]): string {
  const list = values.map((value) => ` - \`${JSON.stringify(value)}\``).join("\n");
  return `${description}\n\nPossible enum values:\n${list}`;
}

function openApiType(type: string, refer: (definition: string) => void): Record<string, unknown> {
  if (type.startsWith("[]")) return { type: "array", items: openApiItem(type.slice(2), refer) };
  if (type.startsWith("{}")) return { type: "object", additionalProperties: openApiItem(type.slice(2), refer) };
  const scalar = scalars[type];
  if (type === "any") return {};
  if (scalar !== undefined && scalar.definition === undefined) return { ...scalar.schema };
  const name = `io.k8s.${scalar?.definition?.name ?? type}`;
  refer(name);
  return { $ref: `#/components/schemas/${name}` };
}

/** Items of lists and values of maps are no pointers: there is a zero for each. */
function openApiItem(type: string, refer: (definition: string) => void): Record<string, unknown> {
  const schema = openApiType(type, refer);
  if ("$ref" in schema) return isItemStruct(type) ? { allOf: [schema], default: {} } : schema;
  const zero = itemZeros[type];
  return zero === undefined ? schema : { ...schema, default: zero };
}

function isItemStruct(type: string): boolean {
  return type.includes(".");
}

const itemZeros: Readonly<Record<string, JsonValue>> = { bool: false, int32: 0, int64: 0, string: "" };

/** The group, version and kind of a definition that is a kind of its own, or a list of one. */
function kindOf(name: string): { group: string; version: string; kind: string } | undefined {
  return kinds().get(name);
}

const kinds = once(() => {
  const known = new Map<string, { group: string; version: string; kind: string }>([
    ["api.policy.v1.Eviction", { group: "policy", version: "v1", kind: "Eviction" }],
    ["api.authentication.v1.TokenRequest", { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" }],
    ["api.autoscaling.v1.Scale", { group: "autoscaling", version: "v1", kind: "Scale" }],
    [`${metaPath}.Status`, { group: "", version: "v1", kind: "Status" }],
    [`${metaPath}.DeleteOptions`, { group: "", version: "v1", kind: "DeleteOptions" }],
  ]);
  for (const { definition, group, version, kind } of builtinResources) {
    const name = definition.replace(/^io\.k8s\./, "");
    known.set(name, { group, version, kind });
    known.set(`${name}List`, { group, version, kind: `${kind}List` });
  }
  return known;
});

/** The extensions that the overlay's words stand for. */
function ruleOf(owner: string, field: string): Partial<Schema> | undefined {
  const rule = rules[owner]?.[field];
  if (rule === undefined) return undefined;
  const extensions: Record<string, unknown> = {};
  const strategies: string[] = [];
  for (const word of rule.split(" ")) {
    const [name = "", argument] = word.split("=");
    if (name === "set" || name === "map") extensions["x-kubernetes-list-type"] = name;
    if (name === "map") extensions["x-kubernetes-list-map-keys"] = argument?.split(",");
    if (name === "atomic" || name === "granular") extensions["x-kubernetes-map-type"] = name;
    if (name === "merge" && argument !== undefined) extensions["x-kubernetes-patch-merge-key"] = argument;
    if (name === "merge" || name === "retainKeys" || name === "replace") strategies.push(name);
  }
  if (strategies.length > 0) extensions["x-kubernetes-patch-strategy"] = strategies.join(",");
  return extensions;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
