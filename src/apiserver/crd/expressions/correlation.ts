import { deepEqual, type Fields, isFields, type Schema, valueSchema } from "../../../apimachinery/index.ts";

/**
 * A value and its counterpart before an update, as far as the schema lets one be found: along properties and maps, and in
 * lists of type `map` by their keys.
 */
export class Correlation {
  readonly value: unknown;
  readonly old: unknown;
  readonly #schema: Schema;
  #unchanged: boolean | undefined;

  constructor(value: unknown, old: unknown, schema: Schema) {
    this.value = value;
    this.old = old;
    this.#schema = schema;
  }

  /** Whether nothing changed here, as far as the schema knows what is here. */
  get unchanged(): boolean {
    this.#unchanged ??= this.#compare();
    return this.#unchanged;
  }

  /** The counterparts below a field; `undefined` when one is missing. */
  field(name: string): Correlation | undefined {
    const { value, old } = this;
    if (!isFields(value) || !isFields(old) || !Object.hasOwn(value, name) || !Object.hasOwn(old, name))
      return undefined;
    const { properties } = this.#schema;
    const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    const schema = known ?? valueSchema(this.#schema);
    return schema === undefined ? undefined : new Correlation(value[name], old[name], schema);
  }

  item(index: number): Correlation | undefined {
    const { items } = this.#schema;
    if (!Array.isArray(this.value) || items === undefined) return undefined;
    const item: unknown = this.value[index];
    const old = itemBefore(this.old, item, this.#schema);
    return old === undefined ? undefined : new Correlation(item, old, items);
  }

  #compare(): boolean {
    const { value, old } = this;
    if (Array.isArray(value) || Array.isArray(old)) {
      if (!Array.isArray(value) || !Array.isArray(old) || value.length !== old.length) return false;
      if (this.#schema["x-kubernetes-list-type"] !== "map") return deepEqual(value, old);
      return value.every((_item, index) => this.item(index)?.unchanged === true);
    }
    if (!isFields(value) || !isFields(old)) return deepEqual(value, old);
    const names = Object.keys(value);
    return names.length === Object.keys(old).length && names.every((name) => this.field(name)?.unchanged === true);
  }
}

/** The item with the same keys in a list of type `map` before an update; `undefined` when there is none, or more than one way to tell. */
export function itemBefore(list: unknown, item: unknown, schema: Schema): Fields | undefined {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(list) || !isFields(item)) return undefined;
  let byKeys = indexes.get(list);
  if (byKeys === undefined) {
    byKeys = new Map();
    // Of several with the same keys, the first one counts.
    for (const other of list.toReversed()) if (isFields(other)) byKeys.set(keysOf(other, schema), other);
    indexes.set(list, byKeys);
  }
  return byKeys.get(keysOf(item, schema));
}

/** By list, which is of one schema: each item of a new list asks for its counterpart in the old one. */
const indexes = new WeakMap<readonly unknown[], Map<string, Fields>>();

function keysOf(item: Fields, schema: Schema): string {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return JSON.stringify(keys.map((key) => keyOf(item, key, schema) ?? null));
}

function keyOf(item: Fields, key: string, { items }: Schema): unknown {
  return Object.hasOwn(item, key) ? item[key] : items?.properties?.[key]?.default;
}
