import {
  deepEqual,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseYaml,
  setField,
  YamlError,
} from "../../apimachinery/index.ts";
import type { Note } from "../definition.ts";
import { accepts, typeOf, typesOf } from "./accepts.ts";
import { type KeyNotes, readKeyComments, readParameters } from "./value-comments.ts";
import { itemPart, scanValues } from "./values-scan.ts";
import { wellKnownValue } from "./well-known-values.ts";

/**
 * What the comments of a values file say.
 *
 * @property notesAt by path; `undefined` where nothing is said
 * @property numberAt whether a number is written with a point
 */
export type ValuesDocs = {
  notesAt(path: readonly string[]): KeyNotes | undefined;
  isFraction(path: readonly string[]): boolean;
  /** Paths of fields that are documented and do not stand in the file. */
  readonly extras: readonly (readonly string[])[];
};

/** How deep values are described; deeper ones are free. Those of charts have some ten levels. */
const depthMax = 24;

/** How many values of one chart are described; kube-prometheus-stack, the largest known, has some three thousand. */
const valuesMax = 20_000;

/** Reads the comments of a values file. */
export function readValuesDocs(text: string): ValuesDocs {
  const { keys, comments } = scanValues(text);
  const byPath = new Map<string, KeyNotes>();
  const fractions = new Set<string>();
  for (const key of keys) {
    const id = idOf(key.path);
    // Of a key that stands twice, in items of a list, the first is described.
    if (!byPath.has(id)) byPath.set(id, readKeyComments(key));
    if (/^[-+]?\d+\.\d+$/.test(key.text)) fractions.add(id);
  }
  const parameters = readParameters(comments);
  const scanned = new Set(byPath.keys());
  const extras: string[][] = [];
  for (const [dotted, notes] of parameters) {
    const path = pathOfDotted(dotted, scanned);
    const id = idOf(path);
    const known = byPath.get(id);
    if (known === undefined) extras.push(path);
    const { description, types, choices } = { ...known, ...notes };
    byPath.set(id, {
      ...known,
      ...(description && { description }),
      ...(types && { types }),
      ...(choices && { choices }),
    });
  }
  return {
    notesAt: (path) => byPath.get(idOf(path)),
    isFraction: (path) => fractions.has(idOf(path)),
    extras,
  };
}

/** No comments at all. */
export const noDocs: ValuesDocs = { notesAt: () => undefined, isFraction: () => false, extras: [] };

function idOf(path: readonly string[]): string {
  return path.join("\0");
}

/** A dotted path, in which a key may have dots of its own. */
function pathOfDotted(dotted: string, scanned: ReadonlySet<string>): string[] {
  const parts = dotted.split(".");
  if (scanned.has(idOf(parts))) return parts;
  const path: string[] = [];
  for (let start = 0; start < parts.length; ) {
    let end = parts.length;
    while (end > start + 1 && !scanned.has(idOf([...path, parts.slice(start, end).join(".")]))) end--;
    path.push(parts.slice(start, end).join("."));
    start = end;
  }
  return path;
}

/**
 * Makes a schema out of the values that a chart has and what its comments say about them. The chart's own values fit it,
 * and are its defaults; nothing is required, and fields that it does not know are welcome.
 */
export function inferValuesSchema(values: JsonObject, docs: ValuesDocs): { schema: JsonObject; notes: Note[] } {
  const inference = new Inference(docs);
  const schema = inference.object(values, [], { hasDefaults: true });
  return { schema, notes: inference.notes };
}

type Place = {
  /** In lists there are none: a form would add them to items that the user wrote. */
  readonly hasDefaults: boolean;
};

class Inference {
  readonly notes: Note[] = [];
  readonly #docs: ValuesDocs;
  #count = 0;

  constructor(docs: ValuesDocs) {
    this.#docs = docs;
  }

  object(value: JsonObject, path: readonly string[], place: Place): JsonObject {
    const properties: JsonObject = {};
    const required: string[] = [];
    for (const [name, field] of Object.entries(value)) {
      const inner = [...path, name];
      const notes = this.#docs.notesAt(inner);
      if (notes?.isIgnored === true) continue;
      setField(properties, name, this.#value(field, inner, value, place));
      if (notes?.isRequired === true) required.push(name);
    }
    for (const extra of this.#docs.extras) {
      const name = extra.at(-1) ?? "";
      if (extra.length !== path.length + 1 || !path.every((part, index) => extra[index] === part)) continue;
      if (!Object.hasOwn(value, name)) setField(properties, name, described(this.#docs.notesAt(extra), {}));
    }
    return { type: "object", properties, ...(required.length > 0 && { required }) };
  }

  #value(value: JsonValue, path: readonly string[], siblings: JsonObject, place: Place): JsonObject {
    const notes = this.#docs.notesAt(path);
    if (++this.#count > valuesMax || path.length > depthMax) {
      if (this.#count === valuesMax + 1) this.notes.push({ at: path.join("."), message: tooMany });
      return described(notes, {});
    }
    const said = this.#said(value, path, siblings, notes);
    const isTyped = typesOf(said).length > 0 && accepts({}, said, value);
    const inferred =
      isTyped && !isJsonObject(value) && !Array.isArray(value) ? {} : this.#byValue(value, path, notes, place);
    const schema = this.#fitting(combine(inferred, said), value, path);
    return described(notes, place.hasDefaults ? withDefault(schema, value) : schema);
  }

  /** What the name and the comments say, as far as the value agrees. */
  #said(value: JsonValue, path: readonly string[], siblings: JsonObject, notes: KeyNotes | undefined): JsonObject {
    const known = wellKnownValue(path, value, siblings) ?? {};
    const byName = accepts({}, known, value) || value === "" || value === null ? known : {};
    const said: JsonObject = { ...byName };
    const { types = [], choices, keywords = {} } = notes ?? {};
    if (types.length > 0) said["type"] = typeKeyword(types);
    if (choices !== undefined && typeof value !== "object" && byName["enum"] === undefined) {
      const list: JsonValue[] = typeof value === "string" ? [...choices] : choices.map(readScalar);
      if (list.some((one) => deepEqual(one, value)) || value === "") said["enum"] = list;
    }
    return { ...said, ...keywords };
  }

  #byValue(value: JsonValue, path: readonly string[], notes: KeyNotes | undefined, place: Place): JsonObject {
    if (isJsonObject(value)) {
      if (Object.keys(value).length === 0 && !this.#hasExtras(path))
        return { type: "object", additionalProperties: true };
      return this.object(value, path, place);
    }
    if (Array.isArray(value)) return { type: "array", items: this.#items(value, path, notes) };
    if (value === null) return {};
    if (typeof value === "number")
      return { type: Number.isInteger(value) && !this.#docs.isFraction(path) ? "integer" : "number" };
    return { type: typeof value };
  }

  #hasExtras(path: readonly string[]): boolean {
    return this.#docs.extras.some(
      (extra) => extra.length === path.length + 1 && path.every((part, index) => extra[index] === part),
    );
  }

  /** One schema for all items; free when they have nothing in common. An example tells what an empty list is for. */
  #items(value: readonly JsonValue[], path: readonly string[], notes: KeyNotes | undefined): JsonObject {
    const items = value.length > 0 ? value : exampleItems(notes?.example, path.at(-1) ?? "");
    const inner = [...path, itemPart];
    const types = [...new Set(items.map(typeOf))];
    if (types.length > 1 && types.every((type) => type === "integer" || type === "number")) return { type: "number" };
    const [type, ...others] = types;
    if (type === undefined || others.length > 0 || type === "null") return {};
    if (type === "array")
      return {
        type: "array",
        items: this.#items(
          items.flatMap((item) => (Array.isArray(item) ? item : [])),
          inner,
          undefined,
        ),
      };
    if (type !== "object") return { type };
    // Values that are switched off are examples, not fields.
    if (value.length === 0) return { type: "object", additionalProperties: true };
    const merged: JsonObject = {};
    const conflicts = new Set<string>();
    for (const item of items.filter(isJsonObject)) {
      for (const [name, field] of Object.entries(item)) {
        const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
        if (before !== undefined && (typeOf(before) !== typeOf(field) || typeof field === "object"))
          conflicts.add(name);
        else setField(merged, name, field);
      }
    }
    const schema = this.object(merged, inner, { hasDefaults: false });
    const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
    for (const name of conflicts) setField(properties, name, described(this.#docs.notesAt([...inner, name]), {}));
    return accepts({}, { type: "array", items: schema }, [...value])
      ? schema
      : { type: "object", additionalProperties: true };
  }

  /** A schema that the chart's own value fits: what says otherwise has to yield. */
  #fitting(schema: JsonObject, value: JsonValue, path: readonly string[]): JsonObject {
    if (accepts({}, schema, value)) return schema;
    const fit = { ...schema };
    const types = typesOf(fit);
    const type = typeOf(value);
    if (types.length > 0 && !accepts({}, { type: types }, value)) fit["type"] = [...types, type];
    const list = fit["enum"];
    if (Array.isArray(list) && !list.some((one) => deepEqual(one, value))) fit["enum"] = [...list, value];
    const pattern = fit["pattern"];
    if (value === "" && typeof pattern === "string")
      fit["pattern"] = `^$|${pattern.includes("|") ? `(?:${pattern})` : pattern}`;
    for (const keyword of Object.keys(fit)) {
      if (accepts({}, fit, value)) break;
      if (annotations.has(keyword) || accepts({}, { [keyword]: fit[keyword] ?? true }, value)) continue;
      delete fit[keyword];
      this.notes.push({
        at: path.join("."),
        message: `What the comments say by ${keyword} does not fit the chart's own value, and is left out`,
      });
    }
    return fit;
  }
}

const tooMany = `The chart has more than ${valuesMax} values; from here on they take anything`;
const annotations = new Set(["title", "description", "type", "enum", "pattern", "format", "default"]);

/** A value of an enum that is no text. */
function readScalar(text: string): JsonValue {
  try {
    return parseYaml(text);
  } catch (error) {
    if (error instanceof YamlError) return text;
    throw error;
  }
}

/** The list that an example shows, by itself or below the name of the value. */
function exampleItems(example: string | undefined, name: string): JsonValue[] {
  if (example === undefined) return [];
  let value: JsonValue;
  try {
    value = parseYaml(example);
  } catch (error) {
    if (error instanceof YamlError) return [];
    throw error;
  }
  const named = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : value;
  return Array.isArray(named) ? named : [];
}

/** Objects have their defaults in their fields, as far as they have fields. */
function withDefault(schema: JsonObject, value: JsonValue): JsonObject {
  if (
    value === null ||
    (isJsonObject(value) && (isJsonObject(schema["properties"]) || Object.keys(value).length === 0))
  )
    return schema;
  if (Array.isArray(value) && value.length === 0) return schema;
  return { ...schema, default: value };
}

/** A schema with what is said about it in words. An annotation's own words win. */
function described(notes: KeyNotes | undefined, schema: JsonObject): JsonObject {
  const { description, example, types = [] } = notes ?? {};
  const described = { ...schema };
  if (Object.keys(schema).length === 0 && types.length > 0) described["type"] = typeKeyword(types);
  if (description !== undefined && schema["description"] === undefined) described["description"] = description;
  if (example !== undefined) described["ui:help"] = `Example:\n${example.slice(0, exampleMax)}`;
  return described;
}

function typeKeyword(types: readonly string[]): string | string[] {
  const [type, ...others] = types;
  return type !== undefined && others.length === 0 ? type : [...types];
}

/**
 * What is known by the value with what is known otherwise, which wins. A map that may have any names has none of its own: a
 * form shows it as pairs of a name and a value.
 */
function combine(inferred: JsonObject, said: JsonObject): JsonObject {
  const [own, known] = [inferred["properties"], said["properties"]];
  if (!isJsonObject(own)) return { ...inferred, ...said };
  if (!isJsonObject(known)) {
    if (!isJsonObject(said["additionalProperties"])) return { ...inferred, ...said };
    const { properties, ...rest } = inferred;
    return { ...rest, ...said };
  }
  const properties: JsonObject = { ...known };
  for (const [name, schema] of Object.entries(own)) {
    const other = Object.hasOwn(known, name) ? known[name] : undefined;
    setField(properties, name, isJsonObject(other) && isJsonObject(schema) ? combine(schema, other) : schema);
  }
  return { ...inferred, ...said, properties };
}

/** A help text of more than some twenty lines hides the form that it should explain. */
const exampleMax = 1000;
