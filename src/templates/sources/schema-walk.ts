import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";

/** Keywords of JSON Schema and OpenAPI whose value is a schema, in any draft. */
const single = new Set([
  "additionalItems",
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);
/** Those whose value is a list of schemas. */
const lists = new Set(["allOf", "anyOf", "items", "oneOf", "prefixItems"]);
/** Those whose value has schemas by name. */
const maps = new Set(["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"]);

/** Each schema that stands directly in a schema, with its place below it. */
export function* innerSchemas(schema: JsonObject): Generator<[path: string[], inner: JsonObject]> {
  for (const [keyword, value] of Object.entries(schema)) {
    if (single.has(keyword) && isJsonObject(value)) yield [[keyword], value];
    else if (lists.has(keyword) && Array.isArray(value)) {
      for (const [index, item] of value.entries()) if (isJsonObject(item)) yield [[keyword, String(index)], item];
    } else if (maps.has(keyword) && isJsonObject(value)) {
      for (const [name, item] of Object.entries(value)) if (isJsonObject(item)) yield [[keyword, name], item];
    }
  }
}

/**
 * A copy of a schema in which each schema that stands directly in it is replaced. What is not changed is shared with the
 * original.
 */
export function mapInner(schema: JsonObject, change: (inner: JsonObject, path: string[]) => JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (single.has(keyword) && isJsonObject(value)) copy[keyword] = change(value, [keyword]);
    else if (lists.has(keyword) && Array.isArray(value)) {
      copy[keyword] = value.map((item, index) => (isJsonObject(item) ? change(item, [keyword, String(index)]) : item));
    } else if (maps.has(keyword) && isJsonObject(value)) {
      copy[keyword] = mapFields(value, (item, name) => (isJsonObject(item) ? change(item, [keyword, name]) : item));
    } else copy[keyword] = value;
  }
  return copy;
}

/** A copy of an object with other values; a field called `__proto__` stays a field. */
export function mapFields(fields: JsonObject, change: (value: JsonValue, name: string) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value, name)]));
}

/** `#/a/b` for a path. */
export function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${escapePart(part)}`).join("");
}

function escapePart(part: string): string {
  const escaped = part.replaceAll("~", "~0").replaceAll("/", "~1");
  return /^[\w.~-]*$/.test(escaped) ? escaped : encodeURI(escaped.toWellFormed()).replaceAll("#", "%23");
}

/** The path that a JSON pointer in a URL's fragment names, without its `#`. */
export function pathOfPointer(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => unescapePart(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function unescapePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that begins no code stands for itself.
    return part;
  }
}

/** What stands at a path of field names and list indexes; `undefined` for nothing. */
export function valueAtPath(root: JsonValue, path: readonly string[]): JsonValue | undefined {
  let here: JsonValue | undefined = root;
  for (const part of path) {
    if (Array.isArray(here)) here = /^\d+$/.test(part) ? here[Number(part)] : undefined;
    else here = isJsonObject(here) && Object.hasOwn(here, part) ? here[part] : undefined;
  }
  return here;
}

/**
 * How many references in a row are followed, so that one that leads to itself ends. Documents that people write have two or
 * three.
 */
const chainMax = 16;

/** The schema that a local reference stands for, or the schema itself when it is none or leads nowhere. */
export function followReference(root: JsonObject, schema: JsonObject): JsonObject {
  let here = schema;
  for (let steps = 0; steps < chainMax; steps++) {
    const reference: JsonValue | undefined = here["$ref"];
    if (typeof reference !== "string" || !reference.startsWith("#")) return here;
    const target = valueAtPath(root, pathOfPointer(reference.slice(1)));
    if (!isJsonObject(target)) return here;
    here = target;
  }
  return here;
}
