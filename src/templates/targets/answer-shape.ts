import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";

/**
 * What a skeleton has to know of answers to tell blank fields from meant ones. Places are paths such as `/spec/rules/[]/host`:
 * `/[]` for the items of a list, `/*` for the values of a map.
 *
 * @property maps objects whose fields people name themselves, so that each field is meant: `map` where their values have a
 *   schema, `any` where nothing is known below
 * @property kept objects and lists that stand there even when empty, being required or filled by default
 */
export type AnswerShape = { maps: Map<string, "map" | "any">; kept: Set<string> };

/** How deep schemas are looked into, which is more than forms show, and how many places are remembered. */
const depthMax = 64;
const placesMax = 20_000;

/** The shape of what a schema of a form asks for, which stands at `place`. */
export function addShape(shape: AnswerShape, schema: JsonObject, place: string): void {
  walk(shape, schema, place, 0);
}

/** The shape of the answers that pages of a form give, which stand at `place` all together. */
export function shapeOfPages(pages: readonly { schema: JsonObject }[], place: string): AnswerShape {
  const shape: AnswerShape = { maps: new Map(), kept: new Set() };
  for (const { schema } of pages) addShape(shape, { ...schema, type: "object", additionalProperties: false }, place);
  return shape;
}

const branches = ["allOf", "anyOf", "oneOf", "if", "then", "else"];

function walk(shape: AnswerShape, schema: JsonObject, place: string, depth: number): void {
  if (depth > depthMax || shape.maps.size + shape.kept.size > placesMax) return;
  for (const sub of [...branches.flatMap((key) => schemasIn(schema[key])), ...dependencySchemas(schema)]) {
    walkFields(shape, sub, place, depth + 1);
    walk(shape, sub, place, depth + 1);
  }
  walkFields(shape, schema, place, depth);
  if (isType(schema, "object")) walkMap(shape, schema, place, depth);
  for (const items of schemasIn(schema["items"])) walk(shape, items, `${place}/[]`, depth + 1);
}

function walkFields(shape: AnswerShape, schema: JsonObject, place: string, depth: number): void {
  const { properties, required } = schema;
  if (!isJsonObject(properties)) return;
  const names = new Set(Array.isArray(required) ? required : []);
  const isOpen = isMap(schema);
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) continue;
    const at = isOpen ? `${place}/*` : `${place}/${name}`;
    if (names.has(name) || isFilled(property["default"])) shape.kept.add(at);
    walk(shape, property, at, depth + 1);
  }
}

function walkMap(shape: AnswerShape, schema: JsonObject, place: string, depth: number): void {
  const { properties, additionalProperties } = schema;
  if (!isMap(schema)) return;
  const isKnown = isJsonObject(additionalProperties) && Object.keys(additionalProperties).length > 0;
  shape.maps.set(place, isKnown || isJsonObject(properties) ? "map" : "any");
  if (isKnown) walk(shape, additionalProperties, `${place}/*`, depth + 1);
}

/** Whether an object takes fields that its schema does not name. Without any it would be one that nobody can fill. */
function isMap({ properties, additionalProperties, oneOf, anyOf, allOf }: JsonObject): boolean {
  if (additionalProperties !== undefined) return additionalProperties !== false;
  const isBare = !isJsonObject(properties) || Object.keys(properties).length === 0;
  return isBare && oneOf === undefined && anyOf === undefined && allOf === undefined;
}

function isType({ type }: JsonObject, name: string): boolean {
  return Array.isArray(type) ? type.includes(name) : type === name;
}

function isFilled(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isJsonObject(value) && Object.keys(value).length > 0;
}

function schemasIn(value: JsonValue | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isJsonObject);
}

function dependencySchemas({ dependencies }: JsonObject): JsonObject[] {
  return isJsonObject(dependencies) ? Object.values(dependencies).filter(isJsonObject) : [];
}
