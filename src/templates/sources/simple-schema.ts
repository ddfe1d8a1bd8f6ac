import { isJsonObject, isStatusError, type JsonObject, type JsonValue, parseJson } from "../../apimachinery/index.ts";

/**
 * Turns kro's simple schema, `name: string | required=true`, into a structural schema, as kro does for the
 * CustomResourceDefinition that it makes of a graph.
 *
 * @param types further types by name, which may use each other
 * @throws {SimpleSchemaError}
 */
export function readSimpleSchema(fields: JsonObject, types: JsonObject): JsonObject {
  return objectSchema(fields, { types, making: [], size: { count: 0 } }, 0);
}

/** What kro refuses, with the path of the field in front. */
export class SimpleSchemaError extends Error {
  override readonly name = "SimpleSchemaError";
}

/** How deep objects, types and lists of lists may stand in each other; kro allows 16 for lists and maps of one field. */
const depthMax = 32;

/** How many fields all types may have together, once each use of a type is written out. Graphs that people write have tens. */
const fieldsMax = 10_000;

type Context = { types: JsonObject; making: readonly string[]; size: { count: number } };
type Made = { schema: JsonObject; required: boolean };

function objectSchema(fields: JsonObject, context: Context, depth: number): JsonObject {
  if (depth > depthMax) throw new SimpleSchemaError("is nested too deeply");
  const made = Object.entries(fields).map(([name, value]): [string, Made] => {
    if (++context.size.count > fieldsMax) throw new SimpleSchemaError(`has more than ${fieldsMax} fields`);
    try {
      return [name, fieldSchema(value, context, depth + 1)];
    } catch (error) {
      if (!(error instanceof SimpleSchemaError)) throw error;
      throw new SimpleSchemaError(prefixed(name, error.message));
    }
  });
  const required = made.filter(([, field]) => field.required).map(([name]) => name);
  const properties = Object.fromEntries(made.map(([name, { schema }]) => [name, schema]));
  const hasDefault = made.some(([, { schema }]) => schema["default"] !== undefined);
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required: required.sort() }),
    // So that defaults of fields count for who leaves out the whole object; it cannot be where a field must be given.
    ...(required.length === 0 && hasDefault && { default: {} }),
  };
}

function prefixed(name: string, message: string): string {
  return /^[\w.-]+: /.test(message) ? `${name}.${message}` : `${name}: ${message}`;
}

function fieldSchema(value: JsonValue, context: Context, depth: number): Made {
  if (isJsonObject(value)) return { schema: objectSchema(value, context, depth), required: false };
  if (typeof value !== "string") throw new SimpleSchemaError("is neither a type nor an object of fields");
  const bar = value.indexOf("|");
  const made = typeSchema((bar < 0 ? value : value.slice(0, bar)).trim(), context, depth);
  return bar < 0 ? made : applyMarkers(made, readMarkers(value.slice(bar + 1)));
}

function typeSchema(type: string, context: Context, depth: number): Made {
  if (depth > depthMax) throw new SimpleSchemaError("is nested too deeply");
  const plain = (schema: JsonObject): Made => ({ schema, required: false });
  if (type === "") throw new SimpleSchemaError("has no type");
  if (type === "string" || type === "integer" || type === "boolean") return plain({ type });
  if (type === "float") return plain({ type: "number" });
  if (type === "object") return plain({ type: "object", "x-kubernetes-preserve-unknown-fields": true });
  if (type.startsWith("[]")) {
    return plain({ type: "array", items: typeSchema(type.slice(2).trim(), context, depth + 1).schema });
  }
  const map = /^map\[(.*?)\](.*)$/s.exec(type);
  if (map !== null) {
    const [, key, inner = ""] = map;
    if (key !== "string") throw new SimpleSchemaError("is a map whose keys are not of type string");
    const values = typeSchema(inner.trim(), context, depth + 1).schema;
    return plain({ type: "object", additionalProperties: values });
  }
  return namedType(type, context, depth);
}

function namedType(name: string, context: Context, depth: number): Made {
  const type = Object.hasOwn(context.types, name) ? context.types[name] : undefined;
  if (type === undefined) {
    const known = ["string", "integer", "boolean", "float", "object", ...Object.keys(context.types)].join(", ");
    throw new SimpleSchemaError(`is of type ${JSON.stringify(name)}, which is none of ${known}`);
  }
  if (context.making.includes(name)) throw new SimpleSchemaError(`is of type ${name}, which contains itself`);
  return fieldSchema(type, { ...context, making: [...context.making, name] }, depth + 1);
}

type Marker = { name: string; value: string };

/** Markers are `name=value` with white space between them; values with spaces are quoted or in brackets. */
function readMarkers(text: string): Marker[] {
  const markers: Marker[] = [];
  let at = 0;
  for (;;) {
    // The documentation has bars between markers too.
    space.lastIndex = at;
    at += space.exec(text)?.[0].length ?? 0;
    if (at === text.length) break;
    begin.lastIndex = at;
    const match = begin.exec(text);
    const [all = "", name = ""] = match ?? [];
    if (match === null) throw new SimpleSchemaError(`has a marker without a value: ${text.slice(at).trim()}`);
    const end = endOfValue(text, at + all.length);
    markers.push({ name, value: unquote(text.slice(at + all.length, end)) });
    at = end;
  }
  return markers;
}

const space = /[\s|]*/y;
const begin = /([^\s=|"]+)\s*=/y;

function endOfValue(text: string, from: number): number {
  let [isQuoted, depth, at] = [false, 0, from];
  for (; at < text.length; at++) {
    const char = text[at] ?? "";
    if (isQuoted && char === "\\") at++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    else if (depth === 0 && /\s/.test(char)) break;
    if (depth < 0) throw new SimpleSchemaError("has a bracket that closes nothing");
  }
  if (isQuoted) throw new SimpleSchemaError("has a quote that is not closed");
  if (depth > 0) throw new SimpleSchemaError("has a bracket that is not closed");
  return Math.min(at, text.length);
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value.trim();
  return value.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

function applyMarkers(made: Made, markers: readonly Marker[]): Made {
  const schema: JsonObject = { ...made.schema };
  let required = made.required;
  for (const { name, value } of markers) {
    if (name === "required") required ||= truthOf(name, value);
    else applyMarker(schema, name, value);
  }
  if (schema["x-kubernetes-list-map-keys"] !== undefined && schema["x-kubernetes-list-type"] !== "map") {
    throw new SimpleSchemaError("has listMapKey without listType=map");
  }
  return { schema, required };
}

function applyMarker(schema: JsonObject, name: string, value: string): void {
  switch (name) {
    case "default":
      schema["default"] = defaultOf(schema["type"], value);
      return;
    case "description":
      schema["description"] = value;
      return;
    case "enum":
      schema["enum"] = enumOf(schema["type"], value);
      return;
    case "minimum":
    case "maximum":
      schema[name] = numberOf(name, value);
      return;
    case "minLength":
    case "maxLength":
      onlyFor(schema, "string", name);
      schema[name] = integerOf(name, value);
      return;
    case "minItems":
    case "maxItems":
      onlyFor(schema, "array", name);
      schema[name] = integerOf(name, value);
      return;
    case "pattern":
      onlyFor(schema, "string", name);
      if (value === "") throw new SimpleSchemaError("has an empty pattern");
      schema["pattern"] = value;
      return;
    case "immutable":
      if (truthOf(name, value)) addRule(schema, { rule: "self == oldSelf", message: "field is immutable" });
      return;
    case "validation":
      if (value.trim() === "") throw new SimpleSchemaError("has an empty validation");
      addRule(schema, { rule: value, message: "validation failed" });
      return;
    case "uniqueItems":
      onlyFor(schema, "array", name);
      if (truthOf(name, value)) setListType(schema, "set");
      return;
    case "listType":
      onlyFor(schema, "array", name);
      if (!["atomic", "map", "set"].includes(value)) {
        throw new SimpleSchemaError(`has listType ${value}, which is none of atomic, set, map`);
      }
      setListType(schema, value);
      return;
    case "listMapKey":
      onlyFor(schema, "array", name);
      schema["x-kubernetes-list-map-keys"] = [...listOf(schema["x-kubernetes-list-map-keys"]), value];
      return;
    default:
      throw new SimpleSchemaError(`has a marker that kro does not know: ${name}`);
  }
}

function onlyFor(schema: JsonObject, type: string, marker: string): void {
  if (schema["type"] !== type) throw new SimpleSchemaError(`has ${marker}, which is only for type ${type}`);
}

function setListType(schema: JsonObject, type: string): void {
  const former = schema["x-kubernetes-list-type"];
  if (former !== undefined && former !== type) throw new SimpleSchemaError("has two different list types");
  schema["x-kubernetes-list-type"] = type;
}

function addRule(schema: JsonObject, rule: JsonObject): void {
  schema["x-kubernetes-validations"] = [...listOf(schema["x-kubernetes-validations"]), rule];
}

function listOf(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function defaultOf(type: JsonValue | undefined, value: string): JsonValue {
  if (type === "string") return value;
  if (type === "integer") return integerOf("default", value);
  if (type === "number") return numberOf("default", value);
  if (type === "boolean") return truthOf("default", value);
  try {
    return parseJson(value);
  } catch (error) {
    if (!isStatusError(error)) throw error;
    throw new SimpleSchemaError(`has a default that is no JSON: ${value}`);
  }
}

function enumOf(type: JsonValue | undefined, value: string): JsonValue[] {
  if (type !== "string" && type !== "integer")
    throw new SimpleSchemaError("has enum, which is for strings and integers");
  return value.split(",").map((item) => {
    const text = item.trim();
    if (text === "") throw new SimpleSchemaError("has an empty value in enum");
    return type === "string" ? text : integerOf("enum", text);
  });
}

/** What Go's `strconv.ParseBool` takes. */
function truthOf(marker: string, value: string): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(value)) return false;
  throw new SimpleSchemaError(`has ${marker}=${value}, which is neither true nor false`);
}

function integerOf(marker: string, value: string): number {
  if (!/^[+-]?\d{1,19}$/.test(value)) throw new SimpleSchemaError(`has ${marker}=${value}, which is no integer`);
  return Number(value);
}

function numberOf(marker: string, value: string): number {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) throw new SimpleSchemaError(`has ${marker}=${value}, which is no number`);
  return number;
}
