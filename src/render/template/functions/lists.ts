import { compareUtf8 } from "../../../apimachinery/index.ts";
import { GoError } from "../go-error.ts";
import { type GoType, listsType, stringsType } from "../go-types.ts";
import type { Run } from "../run.ts";
import { any, type FunctionTable, fn, type GoFunction, int, type Param } from "../signature.ts";
import { deepEqualValues, GoBytes, itemsOf, nilList, typedList, typeOf, type Value } from "../values.ts";
import { isEmpty, kindOf, strslice, strval, toInt64 } from "./convert.ts";

/** Sprig's functions on lists. What returns a list returns a new one. */
export const listFunctions: FunctionTable = {
  list: { params: [], variadic: any, call: (_run, items: Value[]) => items },
  tuple: { params: [], variadic: any, call: (_run, items: Value[]) => items },
  ...both("first", [any], (_run, list) => listOf(list, "Cannot find first on")[0] ?? null),
  ...both("last", [any], (_run, list) => listOf(list, "Cannot find last on").at(-1) ?? null),
  ...both("rest", [any], (_run, list) => {
    const items = listOf(list, "Cannot find rest on");
    return items.length === 0 ? nilList : items.slice(1);
  }),
  ...both("initial", [any], (_run, list) => {
    const items = listOf(list, "Cannot find initial on");
    return items.length === 0 ? nilList : items.slice(0, -1);
  }),
  ...both("append", [any, any], push),
  ...both("push", [any, any], push),
  ...both("prepend", [any, any], (run, list, item) => {
    const items = listOf(list, "Cannot prepend on");
    run.reserveItems(items.length);
    return [item, ...items];
  }),
  ...both("reverse", [any], (_run, list) => listOf(list, "Cannot find reverse on").toReversed()),
  ...both("compact", [any], (_run, list) => listOf(list, "Cannot compact on").filter((item) => !isEmpty(item))),
  ...both("uniq", [any], (run, list) => {
    const unique: Value[] = [];
    for (const item of listOf(list, "Cannot find uniq on")) {
      run.charge(unique.length);
      if (!isIn(unique, item)) unique.push(item);
    }
    return unique;
  }),
  ...both(
    "without",
    [any],
    (run, list, ...omitted) => {
      const items = listOf(list, "Cannot find without on");
      run.charge(items.length * omitted.length);
      return items.filter((item) => !isIn(omitted, item));
    },
    any,
  ),
  ...both("has", [any, any], (run, needle, haystack) => {
    if (haystack === null) return false;
    const items = listOf(haystack, "Cannot find has on");
    run.charge(items.length);
    return isIn(items, needle);
  }),
  ...both("slice", [any], (_run, list, start = 0, end) => sliceList(list, start, end), any),
  ...both("chunk", [int, any], (_run, size, list) => chunk(Number(size), listOf(list, "Cannot chunk"))),
  concat: {
    params: [],
    variadic: any,
    call: (run, lists: Value[]) => {
      const items = lists.flatMap((list) => listOf(list, "Cannot concat", " as list"));
      run.reserveItems(items.length);
      return items.length === 0 ? nilList : items;
    },
  },
  sortAlpha: fn([any], (list) => {
    const texts = itemsOf(list) === undefined ? [strval(list)] : strslice(list).sort(compareUtf8);
    return typedList(stringsType, texts);
  }),
};

/** A function and its `must` variant, which in Helm fails in the same words. */
function both<const P extends readonly Param<Value | number>[]>(
  name: string,
  params: P,
  call: (run: Run, ...args: Value[]) => Value,
  variadic?: Param<Value>,
): FunctionTable {
  const called: GoFunction = { params, variadic, call: (run, args: Value[]) => call(run, ...args) };
  const must = `must${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return { [name]: called, [must]: called };
}

/** What Go says where a method of a nil type is called. */
export const nilDereference = "runtime error: invalid memory address or nil pointer dereference";

/** @throws {GoError} for what is no list: `problem`, `type` and its kind */
function listOf(list: Value, problem: string, suffix = ""): readonly Value[] {
  const items = itemsOf(list);
  if (items !== undefined) return items;
  if (list === null || list === undefined) throw new GoError(nilDereference);
  throw new GoError(`${problem} type ${kindOf(list)}${suffix}`);
}

function push(run: Run, list: Value, item: Value): Value {
  const items = listOf(list, "Cannot push on");
  run.reserveItems(items.length);
  return [...items, item];
}

function isIn(items: readonly Value[], wanted: Value): boolean {
  return items.some((item) => deepEqualValues(item, wanted));
}

function sliceList(list: Value, from: Value, to: Value): Value {
  if (list === null || list === undefined) throw new GoError(nilDereference);
  const items = itemsOf(list);
  if (items === undefined) throw new GoError(`list should be type of slice or array but ${kindOf(list)}`);
  const { length } = items;
  if (length === 0) return null;
  const start = Number(toInt64(from));
  const end = to === undefined ? length : Number(toInt64(to));
  if (start < 0 || end > length || start > end) throw new GoError("reflect.Value.Slice: slice index out of bounds");
  if (list instanceof GoBytes) return new GoBytes(list.bytes.subarray(start, end));
  return ofSameType(typeOf(list), items.slice(start, end));
}

function ofSameType(type: GoType | undefined, items: Value[]): Value {
  return type === undefined || type.element?.kind === "interface" ? items : typedList(type, items);
}

function chunk(size: number, items: readonly Value[]): Value {
  if (items.length === 0) return typedList(listsType, []);
  if (size <= 0) {
    // With a negative size Go may need no chunk, or even less than none.
    if (size < 0 && Math.floor((items.length - 1) / size) === -1) return typedList(listsType, []);
    throw new GoError("runtime error: makeslice: len out of range");
  }
  const chunks: Value[] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return typedList(listsType, chunks);
}
