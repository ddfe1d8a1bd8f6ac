import { asInt, asNumber } from "../convert.ts";
import { compare, equal, listHas } from "../equality.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, type Meter, noOverload } from "../meter.ts";
import { add } from "../operators.ts";
import {
  Dict,
  Duration,
  GrowingDict,
  List,
  typeNameOf,
  Uint,
  type Value,
  type ValueDict,
  ValueList,
} from "../values.ts";

const { overload, method } = declareWith();

const comparable = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

/** Kubernetes' functions of lists: order, sums, extremes, positions. */
export const kubernetesLists: FunctionTable = new Map<string, Overload[]>([
  ["isSorted", comparable.map((type) => method(`list_${type}_is_sorted_bool`, `list(${type}) -> bool`, isSorted))],
  [
    "sum",
    (["int", "uint", "double", "duration"] as const).map((type) =>
      method(`list_${type}_sum_${type}`, `list(${type}) -> ${type}`, ([list], meter) => sum(list, zeros[type], meter)),
    ),
  ],
  [
    "max",
    comparable.map((type) =>
      method(`list_${type}_max_${type}`, `list(${type}) -> ${type}`, ([list], meter) => extreme("max", list, meter)),
    ),
  ],
  [
    "min",
    comparable.map((type) =>
      method(`list_${type}_min_${type}`, `list(${type}) -> ${type}`, ([list], meter) => extreme("min", list, meter)),
    ),
  ],
  [
    "indexOf",
    [
      method("list_a_index_of_int", "list(A), A -> int", ([list, item = null], meter) =>
        positionOf(listOf(list), item, 1, meter),
      ),
    ],
  ],
  [
    "lastIndexOf",
    [
      method("list_a_last_index_of_int", "list(A), A -> int", ([list, item = null], meter) =>
        positionOf(listOf(list), item, -1, meter),
      ),
    ],
  ],
]);

const zeros = { int: 0n, uint: new Uint(0n), double: 0, duration: new Duration(0n) };

function listOf(value: Value | undefined): List {
  return value instanceof List ? value : noOverload();
}

function isSorted([value]: readonly Value[], meter: Meter): boolean {
  const list = listOf(value);
  for (let index = 1; index < list.size; index++) {
    meter.step();
    if (compare(list.at(index - 1), list.at(index)) > 0) return false;
  }
  return true;
}

function sum(value: Value | undefined, zero: Value, meter: Meter): Value {
  let total = zero;
  for (const item of listOf(value)) {
    meter.step();
    total = add(total, item);
  }
  return total;
}

function extreme(name: "min" | "max", value: Value | undefined, meter: Meter): Value {
  const list = listOf(value);
  if (list.size === 0) return fail(`${name} called on empty list`);
  let best = list.at(0);
  for (const item of list) {
    meter.step();
    const order = compare(item, best);
    if (name === "min" ? order < 0 : order > 0) best = item;
  }
  return best;
}

function positionOf(list: List, item: Value, direction: 1 | -1, meter: Meter): bigint {
  for (let step = 0; step < list.size; step++) {
    const index = direction === 1 ? step : list.size - 1 - step;
    meter.step();
    if (equal(list.at(index), item, meter)) return BigInt(index);
  }
  return -1n;
}

/** Lists taken as sets. */
export const setFunctions: FunctionTable = new Map<string, Overload[]>([
  [
    "sets.contains",
    [overload("list_sets_contains_list", "list(T), list(T) -> bool", ([a, b], meter) => holdsAll(a, b, meter))],
  ],
  [
    "sets.equivalent",
    [
      overload(
        "list_sets_equivalent_list",
        "list(T), list(T) -> bool",
        ([a, b], meter) => holdsAll(a, b, meter) && holdsAll(b, a, meter),
      ),
    ],
  ],
  ["sets.intersects", [overload("list_sets_intersects_list", "list(T), list(T) -> bool", intersects)]],
]);

function holdsAll(all: Value | undefined, some: Value | undefined, meter: Meter): boolean {
  for (const item of listOf(some)) if (!listHas(listOf(all), item, meter)) return false;
  return true;
}

function intersects([a, b]: readonly Value[], meter: Meter): boolean {
  for (const item of listOf(a)) if (listHas(listOf(b), item, meter)) return true;
  return false;
}

/** What the macros that make maps are written out to. */
export const mapInsertion: FunctionTable = new Map<string, Overload[]>([
  [
    "cel.@mapInsert",
    [
      overload("@mapInsert_map_key_value", "map(K, V), K, V -> map(K, V)", ([map, key = null, value = null]) => {
        if (!(map instanceof Dict)) return noOverload();
        const target = growing(map);
        insert(target, key, value);
        return target;
      }),
      overload("@mapInsert_map_map", "map(K, V), map(K, V) -> map(K, V)", ([map, entries], meter) => {
        if (!(map instanceof Dict) || !(entries instanceof Dict)) return noOverload();
        const target = growing(map);
        for (const key of entries.keys()) {
          meter.step();
          insert(target, key, entries.get(key) ?? null);
        }
        return target;
      }),
    ],
  ],
]);

/** The map that a comprehension builds; a copy of any other. */
function growing(map: Dict): ValueDict {
  if (map instanceof GrowingDict) return map;
  const copy = new GrowingDict();
  for (const key of map.keys()) copy.set(key, map.get(key) ?? null);
  return copy;
}

function insert(target: ValueDict, key: Value, value: Value): void {
  if (target.get(key) !== undefined) fail(`insert failed: key ${String(key)} already exists`);
  if (!target.set(key, value)) fail(`unsupported key type: ${typeNameOf(key)}`);
}

const sortable = [
  ["int", "int"],
  ["uint", "uint"],
  ["double", "double"],
  ["bool", "bool"],
  ["google.protobuf.Duration", "duration"],
  ["google.protobuf.Timestamp", "timestamp"],
  ["string", "string"],
  ["bytes", "bytes"],
] as const;

/** The extension of lists, in its third version. */
export const listFunctions: FunctionTable = new Map<string, Overload[]>([
  ["slice", [method("list_slice", "list(T), int, int -> list(T)", slice)]],
  [
    "flatten",
    [
      method("list_flatten", "list(list(T)) -> list(T)", ([list], meter) => flatten(listOf(list), 1n, meter)),
      method("list_flatten_int", "list(dyn), int -> list(dyn)", ([list, depth], meter) =>
        flatten(listOf(list), asInt(depth), meter),
      ),
    ],
  ],
  [
    "sort",
    sortable.map(([id, type]) =>
      method(`list_${id}_sort`, `list(${type}) -> list(${type})`, ([list], meter) => sortBy(list, list, meter)),
    ),
  ],
  [
    "@sortByAssociatedKeys",
    sortable.map(([id, type]) =>
      method(`list_${id}_sortByAssociatedKeys`, `list(T), list(${type}) -> list(T)`, ([list, keys], meter) =>
        sortBy(list, keys, meter),
      ),
    ),
  ],
  ["lists.range", [overload("lists_range", "int -> list(int)", ([count]) => new Range(Math.max(0, asNumber(count))))]],
  [
    "reverse",
    [
      method("list_reverse", "list(T) -> list(T)", ([list], meter) => {
        meter.step(listOf(list).size);
        return new ValueList([...listOf(list)].reverse());
      }),
    ],
  ],
  ["distinct", [method("list_distinct", "list(T) -> list(T)", distinct)]],
]);

/** The integers from 0 up to, not including, `size`. */
class Range extends List {
  override readonly size: number;
  constructor(size: number) {
    super();
    this.size = size;
  }
  override at(index: number): Value {
    return BigInt(index);
  }
}

function slice([value, from, to]: readonly Value[], meter: Meter): List {
  const [list, start, end] = [listOf(value), asInt(from), asInt(to)];
  const cannot = `cannot slice(${start}, ${end})`;
  if (start < 0n || end < 0n) return fail(`${cannot}, negative indexes not supported`);
  if (start > end) return fail(`${cannot}, start index must be less than or equal to end index`);
  if (BigInt(list.size) < end) return fail(`${cannot}, list is length ${list.size}`);
  const items: Value[] = [];
  for (let index = Number(start); index < Number(end); index++) {
    meter.step();
    items.push(list.at(index));
  }
  return new ValueList(items);
}

function flatten(list: List, depth: bigint, meter: Meter): List {
  if (depth < 0n) return fail("level must be non-negative");
  const items: Value[] = [];
  const collect = (part: List, left: bigint): void => {
    for (const item of part) {
      meter.step();
      if (item instanceof List && left > 0n) collect(item, left - 1n);
      else items.push(item);
    }
  };
  collect(list, depth);
  return new ValueList(items);
}

function sortBy(value: Value | undefined, by: Value | undefined, meter: Meter): List {
  const [list, keys] = [listOf(value), listOf(by)];
  if (list.size !== keys.size) {
    const sizes = `${list.size} and ${keys.size} elements respectively`;
    const expected = "@sortByAssociatedKeys() expected a list of the same size as the associated keys list";
    return fail(`${expected}, but got ${sizes}`);
  }
  if (list.size === 0) return list;
  meter.step(list.size);
  const type = typeNameOf(keys.at(0));
  const pairs = Array.from(list, (item, index): [key: Value, item: Value] => [keys.at(index), item]);
  if (pairs.some(([key]) => typeNameOf(key) !== type)) return fail("list elements must have the same type");
  pairs.sort(([a], [b]) => compare(a, b));
  return new ValueList(pairs.map(([, item]) => item));
}

function distinct([value]: readonly Value[], meter: Meter): List {
  const found: Value[] = [];
  const seen = new ValueList(found);
  for (const item of listOf(value)) if (!listHas(seen, item, meter)) found.push(item);
  return new ValueList(found);
}
