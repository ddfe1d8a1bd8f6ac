import { canonicalJson, deepEqual, type Fields, isFields, type Schema, valueSchema } from "../apimachinery/index.ts";
import { withObjectMeta } from "./declaration.ts";
import { escapeName, unescapeName } from "./escape.ts";
import { fail, noOverload } from "./meter.ts";
import { parseDate, parseDuration, parseTimestamp } from "./time.ts";
import { objectType } from "./types.ts";
import { Dict, Duration, type Equality, Foreign, List, type Timestamp, Uint, type Value } from "./values.ts";

/** Reads JSON as a value of a schema. @throws {EvaluationError} where the two do not fit, once the value is looked at */
export type ReadValue = (json: unknown) => Value;

const readers = new WeakMap<Schema, ReadValue>();

/**
 * How JSON of a schema is read: integers, doubles, times and bytes by type and format, objects with the names that
 * expressions use for their properties. Nothing is copied; each part is read when it is looked at.
 */
export function valueReader(schema: Schema): ReadValue {
  let reader = readers.get(schema);
  if (reader === undefined) {
    const read = makeReader(schema);
    const { nullable } = schema;
    reader = (json) => {
      if (json !== null && json !== undefined) return read(json);
      return nullable ? null : fail("invalid data, got null for schema with nullable=false");
    };
    readers.set(schema, reader);
  }
  return reader;
}

/** Like {@link valueReader} for the root of an object. */
export function resourceReader(schema: Schema): ReadValue {
  return valueReader(withObjectMeta(schema));
}

function makeReader(schema: Schema): ReadValue {
  if (schema["x-kubernetes-int-or-string"]) {
    return (json) => {
      if (typeof json === "string") return json;
      if (Number.isInteger(json)) return BigInt(Number(json));
      return fail("invalid data, expected XIntOrString value to be either a string or integer");
    };
  }
  switch (schema.type) {
    case "object":
      return objectReader(schema);
    case "array":
      return listReader(schema);
    case "string":
      return textReader(schema.format ?? "");
    case "number":
      return (json) => (typeof json === "number" || typeof json === "bigint" ? Number(json) : wrongType("float", json));
    case "integer":
      return (json) => {
        if (typeof json === "bigint") return json;
        return typeof json === "number" && Number.isInteger(json) ? BigInt(json) : wrongType("int", json);
      };
    case "boolean":
      return (json) => (typeof json === "boolean" ? json : wrongType("bool", json));
  }
  if (schema["x-kubernetes-preserve-unknown-fields"]) return (json) => new Preserved(json);
  return () =>
    fail(
      "invalid type, expected object, array, number, integer, boolean or string, or no type with " +
        `x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ${schema.type ?? ""}`,
    );
}

function wrongType(expected: string, json: unknown): never {
  return fail(`invalid data, expected ${expected}, got ${goTypeOf(json)}`);
}

function goTypeOf(json: unknown): string {
  if (Array.isArray(json)) return "[]interface {}";
  switch (typeof json) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(json) ? "int64" : "float64";
    default:
      return "map[string]interface {}";
  }
}

function textReader(format: string): ReadValue {
  const read = formats[format];
  return (json) => {
    if (typeof json !== "string") return wrongType("string", json);
    return read === undefined ? json : read(json);
  };
}

const formats: Readonly<Record<string, (text: string) => Value>> = {
  duration: (text) => parseDuration(text) ?? parseLooseDuration(text) ?? fail(`Invalid duration ${text}`),
  date: (text) => parseDate(text) ?? fail(`Invalid date formatted string ${text}`),
  "date-time": (text) => readDateTime(text) ?? fail(`Invalid date-time formatted string ${text}`),
  byte: (text) => Buffer.from(text, "base64"),
};

function readDateTime(text: string): Timestamp | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[^\d](\d+))?([zZ]|[+-]\d\d:\d\d)?$/.exec(text);
  if (parts === null) return undefined;
  const [, date, time, fraction, zone = "Z"] = parts;
  return parseTimestamp(`${date}T${time}${fraction === undefined ? "" : `.${fraction}`}${zone.toUpperCase()}`);
}

const second = 1_000_000_000n;
/** Units by the beginnings of their names, longer ones first. */
const looseUnits: [prefixes: string[], nanos: bigint][] = [
  [["ns", "nano"], 1n],
  [["us", "µs", "micro"], 1_000n],
  [["ms", "milli"], 1_000_000n],
  [["sec", "s"], second],
  [["min", "m"], 60n * second],
  [["hour", "hr", "h"], 3_600n * second],
  [["day", "d"], 86_400n * second],
  [["week", "wk", "w"], 7n * 86_400n * second],
];

/** `3 days` and the like, which Kubernetes' format of durations also takes. */
function parseLooseDuration(text: string): Duration | undefined {
  let nanos: bigint | undefined;
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const found = looseUnits.find(([prefixes]) => prefixes.some((prefix) => unit.toLowerCase().startsWith(prefix)));
    if (found !== undefined) nanos = (nanos ?? 0n) + BigInt(count) * found[1];
  }
  return nanos === undefined ? undefined : new Duration(nanos);
}

/** What a schema keeps without knowing it: nothing can be done with it but to compare it. */
class Preserved extends Foreign {
  override readonly type = objectType("unknown");
  readonly json: unknown;
  constructor(json: unknown) {
    super();
    this.json = json;
  }
  override equals(other: Value): boolean {
    return deepEqual(this.json, other instanceof Preserved ? other.json : other);
  }
}

function objectReader(schema: Schema): ReadValue {
  const whole = schema["x-kubernetes-embedded-resource"] ? withObjectMeta(schema) : schema;
  const { properties } = whole;
  const values = valueSchema(whole);
  let shape: Shape | undefined;
  const shapeOf = (): Shape => {
    if (properties !== undefined) {
      const fields = new Map(Object.entries(properties).map(([name, property]) => [name, valueReader(property)]));
      return { isObject: true, read: (name) => fields.get(name) };
    }
    const read = values === undefined ? undefined : valueReader(values);
    return { isObject: false, read: () => read };
  };
  return (json) => {
    if (!isFields(json)) return fail("invalid data, expected a map for the provided schema with type=object");
    shape ??= shapeOf();
    return new SchemaDict(json, shape);
  };
}

/** What expressions see of an object: its properties by escaped names, or all entries of a map. */
type Shape = { readonly isObject: boolean; readonly read: (name: string) => ReadValue | undefined };

class SchemaDict extends Dict {
  readonly #fields: Fields;
  readonly #shape: Shape;
  constructor(fields: Fields, shape: Shape) {
    super();
    this.#fields = fields;
    this.#shape = shape;
  }

  override get size(): number {
    return Object.keys(this.#fields).length;
  }

  override get(key: Value): Value | undefined {
    const name = this.#nameOf(key);
    if (name === undefined) return undefined;
    return this.#shape.read(name)?.(this.#fields[name]);
  }

  override has(key: Value): boolean {
    const name = this.#nameOf(key);
    return name !== undefined && this.#shape.read(name) !== undefined;
  }

  /** The property that a key selects, if it has a value: null counts as none in objects, not in maps. */
  #nameOf(key: Value): string | undefined {
    if (typeof key !== "string") return noOverload();
    const name = this.#shape.isObject && key.includes("__") ? unescapeName(key) : key;
    if (name === undefined || !Object.hasOwn(this.#fields, name)) return undefined;
    const value = this.#fields[name];
    return value === undefined || (value === null && this.#shape.isObject) ? undefined : name;
  }

  override *keys(): Iterable<Value> {
    for (const name of Object.keys(this.#fields)) {
      if (this.#shape.read(name) === undefined) continue;
      yield this.#shape.isObject ? (escapeName(name) ?? name) : name;
    }
  }

  override equalTo(other: Value, equal: Equality): boolean {
    if (!(other instanceof Dict)) return noOverload();
    if (this.size !== other.size) return false;
    for (const [name, value] of Object.entries(this.#fields)) {
      if (this.#shape.read(name) === undefined) {
        if (!(other instanceof SchemaDict)) return noOverload();
        if (Object.hasOwn(other.#fields, name) && !deepEqual(value, other.#fields[name])) return false;
        continue;
      }
      const key = this.#shape.isObject ? (escapeName(name) ?? name) : name;
      const [has, hasOther] = [this.has(key), other.has(key)];
      if (has !== hasOther) return false;
      if (has && !equal(this.get(key) ?? null, other.get(key) ?? null)) return false;
    }
    return true;
  }
}

function listReader(schema: Schema): ReadValue {
  const { items } = schema;
  const type = schema["x-kubernetes-list-type"] ?? "atomic";
  const keys = (schema["x-kubernetes-list-map-keys"] ?? []).map((key) => escapeName(key) ?? key);
  let read: ReadValue | undefined;
  return (json) => {
    if (!Array.isArray(json)) return fail("invalid data, expected an array for the provided schema with type=array");
    if (items === undefined) return fail("invalid array type, expected Items with a non-empty Schema");
    read ??= valueReader(items);
    const list: Items = { size: json.length, at: (index) => (read ?? valueReader(items))(json[index]) };
    return type === "atomic" ? new SchemaList(list) : new KeyedList(list, type === "set" ? undefined : keys);
  };
}

type Items = { readonly size: number; at(index: number): Value };

class SchemaList extends List {
  readonly #items: Items;
  constructor(items: Items) {
    super();
    this.#items = items;
  }
  override get size(): number {
    return this.#items.size;
  }
  override at(index: number): Value {
    return this.#items.at(index);
  }
  override equalTo(other: Value, _equal: Equality): boolean | undefined {
    return other instanceof List ? undefined : noOverload();
  }
}

/** A list whose items have identities, by themselves or by some of their fields: order does not matter to equality, and adding replaces. */
class KeyedList extends SchemaList {
  readonly #keys: readonly string[] | undefined;
  constructor(items: Items, keys: readonly string[] | undefined) {
    super(items);
    this.#keys = keys;
  }

  #idOf(item: Value): string {
    if (this.#keys === undefined || !(item instanceof Dict)) return idOf(item);
    return this.#keys.map((key) => idOf(item.get(key) ?? null)).join("\n");
  }

  override concat(other: List): List {
    const items = new Map<string, Value>();
    for (const item of this) items.set(this.#idOf(item), item);
    for (const item of other) {
      const id = this.#idOf(item);
      if (this.#keys !== undefined || !items.has(id)) items.set(id, item);
    }
    const all = [...items.values()];
    return new KeyedList({ size: all.length, at: (index) => all[index] ?? null }, this.#keys);
  }

  override equalTo(other: Value, equal: Equality): boolean {
    if (!(other instanceof List)) return noOverload();
    if (this.size !== other.size) return false;
    const items = new Map<string, Value>();
    for (const item of this) items.set(this.#idOf(item), item);
    for (const item of other) {
      const own = items.get(this.#idOf(item));
      if (own === undefined || (this.#keys !== undefined && !equal(own, item))) return false;
    }
    return true;
  }
}

/** A text that tells a value from others. */
function idOf(value: Value): string {
  if (typeof value === "bigint" || value instanceof Uint) return `n${value instanceof Uint ? value.value : value}`;
  if (value instanceof List) return `[${Array.from(value, idOf).join()}]`;
  if (value instanceof Dict) {
    const entries = Array.from(value.keys(), (key) => `${idOf(key)}:${idOf(value.get(key) ?? null)}`);
    return `{${entries.sort().join()}}`;
  }
  return value !== null && typeof value === "object" && "nanos" in value ? `t${value.nanos}` : canonicalJson(value);
}
