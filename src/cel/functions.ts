import type { Meter } from "./meter.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  stringType,
  type Type,
  timestampType,
  typeOf,
  typeParameter,
  uintType,
} from "./types.ts";
import { Dict, List, typeNameOf, type Value } from "./values.ts";

/** What a function does. Arguments have the types of the overload; a method's first one is what it was called on. */
export type Implementation = (args: readonly Value[], meter: Meter) => Value;

/** One signature of a function. Costs and error messages know it by its `id`, the one of cel-go. */
export type Overload = {
  readonly id: string;
  readonly isMember: boolean;
  readonly parameters: readonly Type[];
  readonly result: Type;
  /** Names of the type variables in it. */
  readonly variables: readonly string[];
  /** Absent for operators, which are planned one by one. */
  readonly run: Implementation | undefined;
};

/** Functions by name, with their overloads in the order in which they are tried. */
export type FunctionTable = ReadonlyMap<string, readonly Overload[]>;

/** Names for types in signatures, beside those of the language. */
export type TypeNames = Readonly<Record<string, Type>>;

const standardTypes: TypeNames = {
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  duration: durationType,
  dyn: dynType,
  int: intType,
  null: nullType,
  string: stringType,
  timestamp: timestampType,
  uint: uintType,
};

/** Declares overloads from signatures in one line. */
export type Declare = {
  /** @param signature as in `list(T), T -> int`; one capital letter is a type variable */
  overload(id: string, signature: string, run?: Implementation): Overload;
  /** Like `overload`, for a method of its first parameter. */
  method(id: string, signature: string, run?: Implementation): Overload;
};

export function declareWith(types: TypeNames = {}): Declare {
  const names = { ...standardTypes, ...types };
  const declare = (isMember: boolean) => (id: string, signature: string, run?: Implementation) => {
    const [parameters = "", result = ""] = signature.split("->");
    const reader = { text: parameters.trim(), at: 0 };
    const read: Type[] = [];
    while (reader.at < reader.text.length) read.push(readType(reader, names));
    return {
      id,
      isMember,
      parameters: read,
      result: readType({ text: result.trim(), at: 0 }, names),
      variables: [...new Set(signature.match(/\b[A-Z]\b/g) ?? [])],
      run,
    };
  };
  return { overload: declare(false), method: declare(true) };
}

function readType(reader: { text: string; at: number }, names: TypeNames): Type {
  const pattern = /[\s,]*([\w.]+)(\()?/y;
  pattern.lastIndex = reader.at;
  const [all = "", name = "", open] = pattern.exec(reader.text) ?? [];
  reader.at += all.length;
  const parameters: Type[] = [];
  while (open !== undefined && reader.text[reader.at] !== ")") parameters.push(readType(reader, names));
  if (open !== undefined) reader.at++;
  const [first = dynType, second = dynType] = parameters;
  if (name === "list") return listOf(first);
  if (name === "map") return mapOf(first, second);
  if (name === "optional") return optionalOf(first);
  if (name === "type") return typeOf(first);
  if (/^[A-Z]$/.test(name)) return typeParameter(name);
  const type = names[name];
  if (type === undefined) throw new RangeError(`Unknown type ${name} in a signature: ${reader.text}`);
  return type;
}

/** Joins libraries; overloads of one name come in the order of the libraries. */
export function joinFunctions(...libraries: readonly FunctionTable[]): FunctionTable {
  const joined = new Map<string, readonly Overload[]>();
  for (const library of libraries) {
    for (const [name, overloads] of library) joined.set(name, [...(joined.get(name) ?? []), ...overloads]);
  }
  return joined;
}

/** Whether a value can be an argument of a type; of lists and maps only the first element is looked at. */
export function fitsType(value: Value, type: Type): boolean {
  switch (type.kind) {
    case "dyn":
    case "any":
    case "param":
      return true;
    case "list": {
      const [items = dynType] = type.parameters;
      return value instanceof List && (value.size === 0 || fitsType(value.at(0), items));
    }
    case "map": {
      if (!(value instanceof Dict)) return false;
      const [keys = dynType, values = dynType] = type.parameters;
      for (const key of value.keys()) {
        const first = value.get(key);
        return fitsType(key, keys) && (first === undefined || fitsType(first, values));
      }
      return true;
    }
    default:
      return typeNameOf(value) === type.name;
  }
}
