import { type Fields, isFields } from "../apimachinery/index.ts";
import { Dict, List, type Value } from "./values.ts";

/**
 * A JSON value without a schema: numbers without a fraction are integers. Lists and maps are read where they are looked at;
 * what is `undefined` counts as absent.
 */
export function jsonValue(json: unknown): Value {
  switch (typeof json) {
    case "string":
    case "boolean":
      return json;
    case "number":
      return Number.isInteger(json) ? BigInt(json) : json;
  }
  if (Array.isArray(json)) return new JsonList(json);
  return isFields(json) ? new JsonDict(json) : null;
}

class JsonList extends List {
  readonly #items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    super();
    this.#items = items;
  }
  override get size(): number {
    return this.#items.length;
  }
  override at(index: number): Value {
    return jsonValue(this.#items[index]);
  }
}

class JsonDict extends Dict {
  readonly #fields: Fields;
  constructor(fields: Fields) {
    super();
    this.#fields = fields;
  }
  override get size(): number {
    let size = 0;
    for (const key in this.#fields) if (this.#fields[key] !== undefined) size++;
    return size;
  }
  override get(key: Value): Value | undefined {
    return this.has(key) ? jsonValue(this.#fields[String(key)]) : undefined;
  }
  override has(key: Value): boolean {
    return typeof key === "string" && Object.hasOwn(this.#fields, key) && this.#fields[key] !== undefined;
  }
  override *keys(): Iterable<Value> {
    for (const [key, value] of Object.entries(this.#fields)) if (value !== undefined) yield key;
  }
}
