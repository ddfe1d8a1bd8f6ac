import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, type Meter, noOverload } from "../meter.ts";
import { Dict, Duration, List, none, Optional, Timestamp, Uint, type Value, ValueList } from "../values.ts";

const { overload, method } = declareWith();

/** Values that may be absent. `or` and `orValue` are planned, because their second part may never be computed. */
export const optionalFunctions: FunctionTable = new Map<string, Overload[]>([
  ["optional.of", [overload("optional_of", "V -> optional(V)", ([value = null]) => new Optional(value))]],
  [
    "optional.ofNonZeroValue",
    [
      overload("optional_ofNonZeroValue", "V -> optional(V)", ([value = null]) =>
        isZero(value) ? none : new Optional(value),
      ),
    ],
  ],
  ["optional.none", [overload("optional_none", "-> optional(V)", () => none)]],
  [
    "value",
    [
      method("optional_value", "optional(V) -> V", ([value]) => {
        if (!(value instanceof Optional)) return noOverload();
        return value.value ?? (value.value === null ? null : fail("optional.none() dereference"));
      }),
    ],
  ],
  [
    "hasValue",
    [
      method("optional_hasValue", "optional(V) -> bool", ([value]) =>
        value instanceof Optional ? value.value !== undefined : noOverload(),
      ),
    ],
  ],
  ["or", [method("optional_or_optional", "optional(V), optional(V) -> optional(V)")]],
  ["orValue", [method("optional_orValue_value", "optional(V), V -> V")]],
  ["_?._", [overload("select_optional_field", "dyn, string -> optional(V)")]],
  [
    "_[?_]",
    [
      overload("list_optindex_optional_int", "list(V), int -> optional(V)"),
      overload("optional_list_optindex_optional_int", "optional(list(V)), int -> optional(V)"),
      overload("map_optindex_optional_value", "map(K, V), K -> optional(V)"),
      overload("optional_map_optindex_optional_value", "optional(map(K, V)), K -> optional(V)"),
    ],
  ],
  [
    "_[_]",
    [
      overload("optional_list_index_int", "optional(list(V)), int -> optional(V)"),
      overload("optional_map_index_value", "optional(map(K, V)), K -> optional(V)"),
    ],
  ],
  ["first", [method("list_first", "list(V) -> optional(V)", ([list]) => endOf(list, 0))]],
  ["last", [method("list_last", "list(V) -> optional(V)", ([list]) => endOf(list, -1))]],
  ["optional.unwrap", [overload("optional_unwrap", "list(optional(V)) -> list(V)", unwrap)]],
  ["unwrapOpt", [method("optional_unwrapOpt", "list(optional(V)) -> list(V)", unwrap)]],
]);

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === "") return true;
  if (value instanceof List || value instanceof Dict) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Optional) return value.value === undefined;
  return (value instanceof Duration || value instanceof Timestamp) && value.nanos === 0n;
}

function endOf(list: Value | undefined, at: 0 | -1): Optional {
  if (!(list instanceof List)) return noOverload();
  return list.size === 0 ? none : new Optional(list.at(at === 0 ? 0 : list.size - 1));
}

function unwrap([list]: readonly Value[], meter: Meter): List {
  if (!(list instanceof List)) return noOverload();
  const values: Value[] = [];
  for (const item of list) {
    meter.step();
    if (!(item instanceof Optional)) return fail(`value ${String(item)} is not optional`);
    if (item.value !== undefined) values.push(item.value);
  }
  return new ValueList(values);
}
