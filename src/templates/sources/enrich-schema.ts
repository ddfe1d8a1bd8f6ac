import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import { accepts, declaredField } from "./accepts.ts";
import { inferValuesSchema, type ValuesDocs } from "./infer-values.ts";
import { followReference } from "./schema-walk.ts";
import { isSecretName } from "./well-known-values.ts";

/** How deep values are followed into a schema. Those of charts have some ten levels. */
const depthMax = 24;

/**
 * Adds to a chart's own schema what values.yaml knows: the values that stand there as defaults, comments as descriptions, and
 * fields that the schema does not speak of, unless it forbids them. Defaults that the schema names and values.yaml does not
 * have are examples afterwards: Helm does not apply them.
 *
 * @param root with references that are pointers into itself. References on the way to values are replaced by what they lead to
 */
export function enrichSchema(root: JsonObject, values: JsonObject, docs: ValuesDocs): JsonObject {
  const inferred = inferValuesSchema(values, docs).schema;
  return enrich({ root, docs }, root, values, [], inferred);
}

type Context = { readonly root: JsonObject; readonly docs: ValuesDocs };

function enrich(
  context: Context,
  schema: JsonObject,
  value: JsonValue | undefined,
  path: readonly string[],
  inferred: JsonObject,
): JsonObject {
  const { default: standard, ...own } = inlined(context.root, schema);
  const description = inferred["description"];
  const node: JsonObject = {
    ...own,
    ...(own["description"] === undefined && description !== undefined && { description }),
    ...(inferred["ui:help"] !== undefined && { "ui:help": inferred["ui:help"] }),
  };
  if (
    own["type"] === "string" &&
    own["format"] === undefined &&
    own["enum"] === undefined &&
    isSecretName(path.at(-1) ?? "")
  ) {
    node["format"] = "password";
  }
  if (isJsonObject(own["properties"]) || (isJsonObject(value) && !isMap(own))) {
    const properties = enrichFields(context, node, isJsonObject(value) ? value : {}, path, inferred);
    return Object.keys(properties).length === 0 ? node : { ...node, properties };
  }
  if (value === undefined) {
    if (standard === undefined || own["examples"] !== undefined || typeof standard === "object") return node;
    return { ...node, examples: [standard] };
  }
  const isEmpty = value === null || (typeof value === "object" && Object.keys(value).length === 0);
  return isEmpty || !accepts(context.root, node, value) ? node : { ...node, default: value };
}

function enrichFields(
  context: Context,
  node: JsonObject,
  values: JsonObject,
  path: readonly string[],
  inferred: JsonObject,
): JsonObject {
  const own = isJsonObject(node["properties"]) ? node["properties"] : {};
  const known = isJsonObject(inferred["properties"]) ? inferred["properties"] : {};
  const inferredOf = (name: string): JsonObject => {
    const schema = Object.hasOwn(known, name) ? known[name] : undefined;
    return isJsonObject(schema) ? schema : {};
  };
  const properties: JsonObject = {};
  for (const [name, schema] of Object.entries(own)) {
    const inner = [...path, name];
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const isReachable = isJsonObject(schema) && path.length < depthMax;
    // What values.yaml says nothing about stays as it is, with its references.
    const isSpokenOf = value !== undefined || context.docs.notesAt(inner) !== undefined || hasDefaults(schema);
    setField(
      properties,
      name,
      isReachable && isSpokenOf ? enrich(context, schema, value, inner, inferredOf(name)) : schema,
    );
  }
  for (const [name, value] of Object.entries(values)) {
    if (Object.hasOwn(own, name) || !allows(context.root, node, name, value)) continue;
    if (Object.hasOwn(known, name)) setField(properties, name, known[name]);
  }
  return properties;
}

/** Whether a schema, as it stands, has defaults that Helm would not apply. */
function hasDefaults(schema: JsonValue): boolean {
  return isJsonObject(schema) && (schema["default"] !== undefined || isJsonObject(schema["properties"]));
}

/** A map of any names takes values as a whole. */
function isMap(schema: JsonObject): boolean {
  return isJsonObject(schema["additionalProperties"]) || isJsonObject(schema["patternProperties"]);
}

/** A schema with what it refers to in its place. What stands beside a reference wins. */
function inlined(root: JsonObject, schema: JsonObject): JsonObject {
  const target = followReference(root, schema);
  if (target === schema) return schema;
  const { $ref, ...rest } = schema;
  const { $defs, definitions, ...found } = target;
  // The root of a schema that refers to itself brings along what others refer to; those stay where they are.
  return { ...found, ...rest };
}

/** How deep compositions are asked. Those that people write have two or three levels. */
const compositionMax = 8;

/** Whether a field that a schema does not list may stand there, with a value of its own. */
export function allows(root: JsonObject, node: JsonObject, name: string, value: JsonValue, depth = 0): boolean {
  const schema = inlined(root, node);
  if (depth > compositionMax || declaredField(schema, name).length > 0) return false;
  if (schema["unevaluatedProperties"] === false) return false;
  const others = schema["additionalProperties"];
  if (others === false || !accepts(root, others, value)) return false;
  if (schema["propertyNames"] !== undefined && !accepts(root, schema["propertyNames"], name)) return false;
  return ["allOf", "anyOf", "oneOf"].every((word) => {
    const branches = schema[word];
    if (!Array.isArray(branches)) return true;
    return branches.filter(isJsonObject).every((branch) => allows(root, branch, name, value, depth + 1));
  });
}
