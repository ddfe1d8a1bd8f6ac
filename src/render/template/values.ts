import { Fuse } from "./fuse.ts";
import {
  anyType,
  boolType,
  bytesType,
  floatType,
  type GoType,
  int64Type,
  intType,
  isUnsigned,
  listType,
  mapType,
  stringType,
  uint8Type,
} from "./go-types.ts";
import type { GoFunction } from "./signature.ts";

/**
 * A value of Go in a template. What JSON knows is itself: a number is a `float64`, an object a `map[string]interface {}`, an
 * array a `[]interface {}`; maps and slices of other types carry their type under {@link goType}. Text is UTF-8 in Go: a byte
 * that is not part of a character is a lone surrogate here, U+DC00 plus the byte.
 *
 * `null` is a nil `interface {}`; `undefined` is no value at all, the zero `reflect.Value`, which Go prints as `<no value>`.
 */
export type Value = undefined | null | boolean | number | string | GoInt | GoObject | Value[] | GoMap;

/** The type of a map or slice that is not the one JSON makes. */
export const goType: unique symbol = Symbol("goType");

export interface GoMap {
  [key: string]: Value;
  [goType]?: GoType;
}

/** An integer of any of Go's types; numbers of JavaScript are floats. */
export class GoInt {
  readonly type: GoType;
  readonly value: bigint;

  constructor(type: GoType, value: bigint) {
    this.type = type;
    this.value = value;
  }
}

/** A struct, a pointer to one, or a named type with methods. */
export abstract class GoObject {
  abstract readonly type: GoType;

  /** The fields in order, also those that only printing sees; none for what has no fields to print. */
  fields(): readonly (readonly [name: string, value: Value])[] {
    return [];
  }

  /** The value of an exported field; `undefined` when there is none of that name. */
  field(name: string): Value {
    return /^[A-Z]/.test(name) ? this.fields().find(([field]) => field === name)?.[1] : undefined;
  }

  method(_name: string): GoFunction | undefined {
    return undefined;
  }

  /** What `String` or `Error` returns, for types that have one of them. */
  text(): string | undefined {
    return undefined;
  }

  /** What stands for the value in JSON. */
  toData(): Value {
    const data: GoMap = {};
    for (const [name, value] of this.fields()) if (/^[A-Z]/.test(name)) data[name] = value;
    return data;
  }

  /** What is written where the value itself is the output of an action; Go finds more methods there. */
  output(): string | undefined {
    return this.text();
  }

  /** A copy, for types that hold what can change. */
  copy(_copyValue: (value: Value) => Value): GoObject {
    return this;
  }

  /** The entries, for types whose kind is map. */
  entries(): GoMap | undefined {
    return undefined;
  }

  /** The items, for types whose kind is slice. */
  items(): readonly Value[] | undefined {
    return undefined;
  }
}

/** A struct without methods. */
export class GoStruct extends GoObject {
  readonly type: GoType;
  readonly #fields: readonly (readonly [string, Value])[];

  constructor(type: GoType, fields: Readonly<Record<string, Value>>) {
    super();
    this.type = type;
    this.#fields = Object.entries(fields);
  }

  override fields() {
    return this.#fields;
  }
}

/** A `[]byte`. */
export class GoBytes extends GoObject {
  readonly type = bytesType;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  override toData(): Value {
    return Buffer.from(this.bytes).toString("base64");
  }

  override items(): readonly Value[] {
    return Array.from(this.bytes, uint8);
  }
}

const smallInts = Array.from({ length: 1024 }, (_, value) => new GoInt(intType, BigInt(value)));

/** An `int`; wraps around as 64 bits do. */
export function goInt(value: number | bigint): GoInt {
  return smallInts[Number(value)] ?? new GoInt(intType, BigInt.asIntN(64, BigInt(value)));
}

/** An `int64`, as Helm makes of an integer in `--set`. */
export function goInt64(value: number | bigint): GoInt {
  return new GoInt(int64Type, BigInt.asIntN(64, BigInt(value)));
}

/** A list of another type than `[]interface {}`. */
export function typedList(type: GoType, items: Iterable<Value>): Value[] {
  const list: Value[] & { [goType]?: GoType } = [...items];
  list[goType] = type;
  return list;
}

/** A map of another type than `map[string]interface {}`. */
export function typedMap(type: GoType, entries: Iterable<readonly [string, Value]>): GoMap {
  const map = newMap();
  map[goType] = type;
  for (const [key, value] of entries) map[key] = value;
  return map;
}

/**
 * An empty `map[string]interface {}`. Nothing is in its prototype, so that no key is special; unlike an object without one,
 * it shares its layout with others of the same keys, which makes it several times as fast.
 */
export function newMap(): GoMap {
  return new Bare();
}

class Bare implements GoMap {
  [key: string]: Value;
}
Object.setPrototypeOf(Bare.prototype, null);
Reflect.deleteProperty(Bare.prototype, "constructor");

const nils = new Map<GoType, Value[] | GoMap>();

/** The nil of a map or slice type. Nothing may write to it. */
export function nilOf(type: GoType): Value[] | GoMap {
  const known = nils.get(type);
  if (known !== undefined) return known;
  const nil = type.kind === "map" ? typedMap(type, []) : typedList(type, []);
  Object.freeze(nil);
  nils.set(type, nil);
  return nil;
}

/** The nil `[]interface {}`. */
export const nilList: Value[] = toList(nilOf(listType));

function toList(value: Value[] | GoMap): Value[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a map or slice is nil, which is not the same as empty. */
export function isNilContainer(value: Value[] | GoMap): boolean {
  return Object.isFrozen(value) && nils.get(typeOf(value) ?? anyType) === value;
}

export function isMap(value: Value): value is GoMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof GoInt) &&
    !(value instanceof GoObject)
  );
}

/** The entries of a value whose kind is map. */
export function entriesOf(value: Value): GoMap | undefined {
  if (value instanceof GoObject) return value.entries();
  return isMap(value) ? value : undefined;
}

/** The items of a value whose kind is slice. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof GoObject ? value.items() : undefined;
}

export function hasKey(map: GoMap, key: string): boolean {
  return Object.hasOwn(map, key);
}

/** The dynamic type; `undefined` for nil and for no value. */
export function typeOf(value: Value): GoType | undefined {
  switch (typeof value) {
    case "string":
      return stringType;
    case "number":
      return floatType;
    case "boolean":
      return boolType;
    case "undefined":
      return undefined;
  }
  if (value === null) return undefined;
  if (value instanceof GoInt || value instanceof GoObject) return value.type;
  if (Array.isArray(value)) return typeOfList(value);
  return value[goType] ?? mapType;
}

/** The type of a slice. */
export function typeOfList(list: Value[] & { [goType]?: GoType }): GoType {
  return list[goType] ?? listType;
}

/** The name of the dynamic type as `%T` prints it. */
export function typeName(value: Value): string {
  return typeOf(value)?.name ?? "<nil>";
}

/** What Go takes for true: what is not the zero of its type, and every struct. */
export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case "string":
      return value !== "";
    case "number":
      return value !== 0;
    case "boolean":
      return value;
    case "undefined":
      return false;
  }
  if (value === null) return false;
  if (value instanceof GoInt) return value.value !== 0n;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof GoBytes) return value.bytes.length > 0;
  const entries = entriesOf(value);
  if (entries !== undefined) return !isEmptyMap(entries);
  return itemsOf(value)?.length !== 0;
}

function isEmptyMap(map: GoMap): boolean {
  for (const key in map) if (Object.hasOwn(map, key)) return false;
  return true;
}

/** The zero value of a type, `null` for interfaces. */
export function zeroOf(type: GoType): Value {
  if (type.kind === "string") return "";
  if (type.kind === "bool") return false;
  if (type.kind === "float64") return 0;
  if (type.kind === "map" || type.kind === "slice") return nilOf(type);
  if (type.kind.startsWith("int") && type.kind !== "interface") return new GoInt(type, 0n);
  return isUnsigned(type) ? new GoInt(type, 0n) : null;
}

/** Whether two values are equal as `reflect.DeepEqual` says, which asks for the same types. */
export function deepEqualValues(a: Value, b: Value, fuse = new Fuse()): boolean {
  fuse.burn();
  if (a === b) return typeof a !== "number" || !Number.isNaN(a);
  if ((a ?? null) === null || (b ?? null) === null) return (a ?? null) === (b ?? null);
  if (typeOf(a) !== typeOf(b)) return false;
  if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (isNilContainer(a) !== isNilContainer(b) || a.length !== b.length) return false;
    return a.every((item, index) => deepEqualValues(item, b[index], fuse));
  }
  if (a instanceof GoBytes && b instanceof GoBytes) return Buffer.compare(a.bytes, b.bytes) === 0;
  const [left, right] = [entriesOf(a), entriesOf(b)];
  if (left !== undefined && right !== undefined) {
    const keys = Object.keys(left);
    if (isNilContainer(left) !== isNilContainer(right) || keys.length !== Object.keys(right).length) return false;
    return keys.every((key) => hasKey(right, key) && deepEqualValues(left[key] ?? null, right[key] ?? null, fuse));
  }
  if (!(a instanceof GoObject) || !(b instanceof GoObject)) return false;
  const fields = b.fields();
  return a.fields().every(([, value], index) => deepEqualValues(value, fields[index]?.[1], fuse));
}

/** A `uint8`: a byte. */
export function uint8(value: number): GoInt {
  return new GoInt(uint8Type, BigInt(value));
}
