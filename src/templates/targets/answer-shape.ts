import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";

/**
 * What a skeleton has to know of answers to tell blank fields from meant ones. Places are paths such as `/spec/rules/[]/host`:
 * `/[]` for the items of a list, `/*` for the values of a map.
 *
 * @property maps objects whose fields people name themselves, so that each field is meant: `map` where their values have a
 *   schema, `any` where nothing is known below
 * @property named fields of such objects that the schema names nevertheless
 * @property kept objects and lists that stand there even when empty, being required or filled by default
 * @property presets what need not be written because it is so anyway, as JSON; absent where defaults are to be written
 */
export type AnswerShape = {
  maps: Map<string, "map" | "any">;
  named: Set<string>;
  kept: Set<string>;
  presets?: Map<string, string>;
};

/**
 * The shape of answers that nothing is known of yet.
 *
 * @param isMerged whether the answers are merged into the defaults of the schema, as Helm does with values
 */
export function emptyShape({ isMerged = false }: { isMerged?: boolean } = {}): AnswerShape {
  return { maps: new Map(), named: new Set(), kept: new Set(), ...(isMerged && { presets: new Map() }) };
}

/** How deep schemas are looked into, which is more than forms show, and how many places are remembered. */
const depthMax = 64;
const placesMax = 20_000;

/** The shape of what a schema of a form asks for, which stands at `place`. */
export function addShape(shape: AnswerShape, schema: JsonObject, place: string): void {
  walk(shape, schema, place, 0);
}

/** Adds the shape of the answers that pages of a form give, which stand at `place` all together. */
export function addPages(shape: AnswerShape, pages: readonly { schema: JsonObject }[], place: string): void {
  for (const { schema } of pages) addShape(shape, { ...schema, type: "object", additionalProperties: false }, place);
}

const branches = ["allOf", "anyOf", "oneOf", "if", "then", "else"];

function walk(shape: AnswerShape, schema: JsonObject, place: string, depth: number): void {
  if (depth > depthMax || shape.maps.size + shape.named.size + shape.kept.size > placesMax) return;
  for (const sub of [...branches.flatMap((key) => schemasIn(schema[key])), ...dependencySchemas(schema)]) {
    walk(shape, sub, place, depth + 1);
  }
  walkFields(shape, schema, place, depth);
  if (isType(schema, "object") || isUnknown(schema)) walkMap(shape, schema, place, depth);
  for (const items of schemasIn(schema["items"])) walk(shape, items, `${place}/[]`, depth + 1);
}

function walkFields(shape: AnswerShape, schema: JsonObject, place: string, depth: number): void {
  const { properties, required } = schema;
  if (!isJsonObject(properties)) return;
  const names = new Set(Array.isArray(required) ? required : []);
  const isOpen = isMap(schema);
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) continue;
    const at = `${place}/${name}`;
    if (isOpen) shape.named.add(at);
    const { default: preset } = property;
    if (isKept(shape, names.has(name), preset)) shape.kept.add(at);
    if (preset !== undefined && !isJsonObject(preset)) shape.presets?.set(at, JSON.stringify(preset));
    walk(shape, property, at, depth + 1);
  }
}

function walkMap(shape: AnswerShape, schema: JsonObject, place: string, depth: number): void {
  const { additionalProperties } = schema;
  if (!isMap(schema)) return;
  const isKnown = isJsonObject(additionalProperties) && Object.keys(additionalProperties).length > 0;
  shape.maps.set(place, isKnown ? "map" : "any");
  if (isKnown) walk(shape, additionalProperties, `${place}/*`, depth + 1);
}

/** Whether an object takes fields that its schema does not name. Without any it would be one that nobody can fill. */
function isMap({ properties, additionalProperties, oneOf, anyOf, allOf }: JsonObject): boolean {
  if (additionalProperties !== undefined) return additionalProperties !== false;
  const isBare = !isJsonObject(properties) || Object.keys(properties).length === 0;
  return isBare && oneOf === undefined && anyOf === undefined && allOf === undefined;
}

/** A value of any kind: when it is an object, nothing is known of its fields. */
function isUnknown({ type, properties, items, enum: choices, ...rest }: JsonObject): boolean {
  const says = [type, properties, items, choices, ...branches.map((key) => rest[key])];
  return says.every((word) => word === undefined);
}

function isType({ type }: JsonObject, name: string): boolean {
  return Array.isArray(type) ? type.includes(name) : type === name;
}

/** Merging cannot empty an object, and what is required may come from the defaults. */
function isKept({ presets }: AnswerShape, isRequired: boolean, preset: JsonValue | undefined): boolean {
  if (presets !== undefined) return Array.isArray(preset) && preset.length > 0;
  return isRequired || isFilled(preset);
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
