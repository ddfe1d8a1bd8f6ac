import type { Type } from "./types.ts";

/**
 * A value of the expression language. Integers are `bigint`, so that a `number` is always a double; lists, maps and
 * optionals are read through the classes below, so that JSON is converted where it is looked at and nowhere else.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Duration
  | Timestamp
  | List
  | Dict
  | Optional
  | TypeValue
  | Foreign;

/** An unsigned 64-bit integer. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A point in time: nanoseconds since 1970, and the offset that its text had, which its parts and its text keep. */
export class Timestamp {
  readonly nanos: bigint;
  readonly offsetSeconds: number;
  constructor(nanos: bigint, offsetSeconds = 0) {
    this.nanos = nanos;
    this.offsetSeconds = offsetSeconds;
  }
}

/** A type as a value, which is what `type(x)` gives; two are equal when their names are. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

export const none = new Optional(undefined);

/** A value of a library: an address, a quantity, a decision. */
export abstract class Foreign {
  abstract readonly type: Type;
  /** What it counts for where costs depend on sizes. */
  get size(): number {
    return 1;
  }
  /** `undefined` when the two cannot be compared. */
  abstract equals(other: Value): boolean | undefined;
}

export abstract class List {
  abstract readonly size: number;
  /** @param index from 0, below `size` */
  abstract at(index: number): Value;

  /** This list and then another. */
  concat(other: List): List {
    if (other.size === 0) return this;
    return this.size === 0 ? other : new Concatenation(this, other);
  }

  /** Whether both hold the same; undefined for the usual comparison, item by item. */
  equalTo(_other: Value, _equal: Equality): boolean | undefined {
    return undefined;
  }

  *[Symbol.iterator](): Iterator<Value> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }
}

/** How values are compared while a comparison counts its steps. */
export type Equality = (a: Value, b: Value) => boolean;

export class ValueList extends List {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }
  override get size(): number {
    return this.items.length;
  }
  override at(index: number): Value {
    return this.items[index] ?? null;
  }
}

/** Two lists as one without copying, so that doubling a list again and again costs no memory. */
class Concatenation extends List {
  override readonly size: number;
  readonly #left: List;
  readonly #right: List;
  constructor(left: List, right: List) {
    super();
    this.#left = left;
    this.#right = right;
    this.size = left.size + right.size;
  }
  override at(index: number): Value {
    return index < this.#left.size ? this.#left.at(index) : this.#right.at(index - this.#left.size);
  }
}

/** A list that a comprehension builds: only it may add to it. */
export class GrowingList extends List {
  readonly items: Value[] = [];
  override get size(): number {
    return this.items.length;
  }
  override at(index: number): Value {
    return this.items[index] ?? null;
  }
}

export abstract class Dict {
  abstract readonly size: number;
  /** The value of a key, `undefined` when it has none. */
  abstract get(key: Value): Value | undefined;
  abstract keys(): Iterable<Value>;
  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }
  /** Whether both hold the same; undefined for the usual comparison, key by key. */
  equalTo(_other: Value, _equal: Equality): boolean | undefined {
    return undefined;
  }
}

/** A map made by an expression. Numbers that are equal are one key, whatever their types. */
export class ValueDict extends Dict {
  readonly #entries = new Map<string | bigint | number | boolean, [key: Value, value: Value]>();
  override get size(): number {
    return this.#entries.size;
  }
  override get(key: Value): Value | undefined {
    const id = keyId(key);
    return id === undefined ? undefined : this.#entries.get(id)?.[1];
  }
  override *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }
  /** @returns false when the value cannot be a key */
  set(key: Value, value: Value): boolean {
    const id = keyId(key);
    if (id === undefined) return false;
    this.#entries.set(id, [key, value]);
    return true;
  }
  delete(key: Value): void {
    const id = keyId(key);
    if (id !== undefined) this.#entries.delete(id);
  }
}

/** A map that a comprehension builds: only it may add to it. */
export class GrowingDict extends ValueDict {}

function keyId(key: Value): string | bigint | number | boolean | undefined {
  if (typeof key === "number") return Number.isInteger(key) ? BigInt(key) : key;
  if (key instanceof Uint) return key.value;
  if (typeof key === "string" || typeof key === "bigint" || typeof key === "boolean") return key;
  return undefined;
}

/** The name of a value's type at run time. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
  }
  if (value === null) return "null_type";
  if (value instanceof List) return "list";
  if (value instanceof Dict) return "map";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Uint) return "uint";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof Optional) return "optional_type";
  if (value instanceof TypeValue) return "type";
  return value.type.name;
}

/** The number of characters of a text, as the language counts them. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let index = 1; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}
