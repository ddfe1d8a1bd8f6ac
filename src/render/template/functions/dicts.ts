import { Fuse } from "../fuse.ts";
import { GoError } from "../go-error.ts";
import { stringsType } from "../go-types.ts";
import { any, type FunctionTable, fn, type GoFunction, map, string, variadicFn } from "../signature.ts";
import { sortKeys } from "../sort-keys.ts";
import {
  entriesOf,
  type GoMap,
  GoObject,
  goType,
  hasKey,
  isMap,
  isNilContainer,
  newMap,
  typedList,
  typeName,
  type Value,
} from "../values.ts";
import { isEmpty, strval } from "./convert.ts";
import { mergeMaps } from "./merge.ts";

/** Sprig's functions on maps. `set`, `unset` and the merges change the map that they are given. */
export const dictFunctions: FunctionTable = {
  dict: { params: [], variadic: any, call: (_run, args: Value[]) => makeDict(args) },
  get: fn([map, string], (dict, key) => (hasKey(dict, key) ? (dict[key] ?? null) : "")),
  set: fn([map, string, any], (dict, key, value) => {
    if (isNilContainer(dict)) throw new GoError("assignment to entry in nil map");
    setKey(dict, key, value);
    return dict;
  }),
  unset: fn([map, string], (dict, key) => {
    if (!isNilContainer(dict)) delete dict[key];
    return dict;
  }),
  hasKey: fn([map, string], (dict, key) => hasKey(dict, key)),
  pluck: variadicFn([string], map, (key, ...dicts) => {
    return dicts.filter((dict) => hasKey(dict, key)).map((dict) => dict[key] ?? null);
  }),
  keys: variadicFn([], map, (...dicts) =>
    typedList(
      stringsType,
      dicts.flatMap((dict) => sortKeys(Object.keys(dict))),
    ),
  ),
  values: fn([map], (dict) => sortKeys(Object.keys(dict)).map((key) => dict[key] ?? null)),
  pick: variadicFn([map], string, (dict, ...keys) => {
    const picked = newMap();
    for (const key of keys) if (hasKey(dict, key)) picked[key] = dict[key];
    return picked;
  }),
  omit: variadicFn([map], string, (dict, ...keys) => {
    const omitted = new Set(keys);
    const rest = newMap();
    for (const key of Object.keys(dict)) if (!omitted.has(key)) rest[key] = dict[key];
    return rest;
  }),
  merge: merging(false),
  mustMerge: merging(false),
  mergeOverwrite: merging(true),
  mustMergeOverwrite: merging(true),
  deepCopy: fn([any], copyOrFail),
  mustDeepCopy: fn([any], copyOrFail),
  dig: { params: [], variadic: any, call: (_run, args: Value[]) => dig(args) },
  default: variadicFn([any], any, (fallback, ...given) => {
    const [value] = given;
    return given.length === 0 || isEmpty(value) ? fallback : (value ?? null);
  }),
  empty: fn([any], isEmpty),
  coalesce: variadicFn([], any, (...values) => values.find((value) => !isEmpty(value)) ?? null),
  all: variadicFn([], any, (...values) => values.every((value) => !isEmpty(value))),
  any: variadicFn([], any, (...values) => values.some((value) => !isEmpty(value))),
};

function setKey(dict: GoMap, key: string, value: Value): void {
  if (key !== "__proto__") dict[key] = value;
  else Object.defineProperty(dict, key, { value, writable: true, enumerable: true, configurable: true });
}

function makeDict(args: readonly Value[]): GoMap {
  const dict = newMap();
  for (let at = 0; at < args.length; at += 2)
    dict[strval(args[at])] = at + 1 < args.length ? (args[at + 1] ?? null) : "";
  return dict;
}

function merging(overwrite: boolean): GoFunction {
  return variadicFn([map], map, (into, ...sources) => {
    return sources.reduce((target, source) => mergeMaps(target, source, overwrite), into);
  });
}

function copyOrFail(value: Value): Value {
  if (value === null || value === undefined) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  return copyValue(value);
}

/** A copy whose maps and lists are its own. */
export function copyValue(value: Value, fuse = new Fuse()): Value {
  fuse.burn();
  if (value instanceof GoObject) return value.copy((inner) => copyValue(inner, fuse));
  if (Array.isArray(value)) {
    if (isNilContainer(value)) return value;
    const copy = value.map((item) => copyValue(item, fuse));
    const type = Object.getOwnPropertyDescriptor(value, goType)?.value;
    return type === undefined ? copy : typedList(type, copy);
  }
  if (!isMap(value) || isNilContainer(value)) return value;
  const copy = newMap();
  if (value[goType] !== undefined) copy[goType] = value[goType];
  for (const key of Object.keys(value)) copy[key] = copyValue(value[key], fuse);
  return copy;
}

function dig(args: readonly Value[]): Value {
  if (args.length < 3) throw new GoError("dig needs at least three arguments");
  let dict = asMap(args.at(-1));
  const path = args.slice(0, -2).map((key) => {
    if (typeof key !== "string")
      throw new GoError(`interface conversion: interface {} is ${dynamicName(key)}, not string`);
    return key;
  });
  for (const [index, key] of path.entries()) {
    if (!hasKey(dict, key)) return args.at(-2) ?? null;
    if (index === path.length - 1) return dict[key] ?? null;
    dict = asMap(dict[key]);
  }
  return dict;
}

function asMap(value: Value): GoMap {
  const dict = value instanceof GoObject ? undefined : entriesOf(value);
  if (dict === undefined || dict[goType] !== undefined) {
    throw new GoError(`interface conversion: interface {} is ${dynamicName(value)}, not map[string]interface {}`);
  }
  return dict;
}

function dynamicName(value: Value): string {
  return value === null || value === undefined ? "nil" : typeName(value);
}
