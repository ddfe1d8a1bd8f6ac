import { Format } from "./library/formats.ts";
import type { Meter } from "./meter.ts";
import { sizeOf } from "./operators.ts";
import { Dict, Foreign, List, type Value } from "./values.ts";

// What calls cost while an expression runs, as cel-go and Kubernetes' library count it: a unit is about 50 ns.

/** The cost of a call by its arguments, and for some by its result; those with `before` cost it before they run. */
export type CallCost =
  | { readonly before: (args: readonly Value[], meter: Meter) => number }
  | { readonly after: (result: Value) => number };

/** Reading a character of a text. */
const traversal = 0.1;
/** A character of a pattern: about a quarter of an instruction. */
const patternCharacter = 0.25;
/** What making a list costs. */
export const listCost = 10;
export const mapCost = 30;

function textCost(value: Value | undefined, factor = traversal): number {
  return Math.ceil(sizeOf(value ?? null) * factor);
}

function patternCost(text: Value | undefined, patternSize: number): number {
  return Math.ceil((1 + sizeOf(text ?? null)) * traversal) * Math.ceil(patternSize * patternCharacter);
}

/** The cost of reading all of a value. */
function wholeCost(value: Value, meter: Meter): number {
  meter.step();
  if (typeof value === "string") return Math.trunc(Buffer.byteLength(value) * traversal);
  if (value instanceof Uint8Array) return Math.trunc(value.length * traversal);
  let cost = 0;
  if (value instanceof List) {
    for (const item of value) cost += wholeCost(item, meter);
    return cost;
  }
  if (!(value instanceof Dict)) return 1;
  for (const key of value.keys()) cost += wholeCost(key, meter) + wholeCost(value.get(key) ?? null, meter);
  return cost;
}

const one = { before: () => 1 };
const byFirst: CallCost = { before: ([first]) => textCost(first) };
const byFirstTwice: CallCost = { before: ([first]) => textCost(first, 2 * traversal) };
const byShorter: CallCost = {
  before: ([a = null, b = null]) => Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * traversal),
};
const bySum: CallCost = { before: ([a = null, b = null]) => Math.ceil((sizeOf(a) + sizeOf(b)) * traversal) };
const byWhole: CallCost = { before: ([first = null], meter) => wholeCost(first, meter) };
const byPattern: CallCost = { before: ([text, pattern]) => patternCost(text, sizeOf(pattern ?? null)) };
const bySelector: CallCost = {
  before: ([, selector = null]) => {
    const size = sizeOf(selector);
    return listCost + Math.ceil(size * traversal) + Math.ceil(Math.ceil(size * 0.5) * (listCost + 40));
  },
};
const equality: CallCost = {
  before: ([a = null, b = null]) => (a instanceof Foreign ? 1 : Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * traversal)),
};

function contained(parses: boolean, extra: number): CallCost {
  return {
    before: ([network = null, other = null]) => {
      const size = sizeOf(network);
      const compare = Math.ceil(2 * size * traversal);
      const mask = extra === 0 ? 0 : Math.ceil(size * traversal) + extra;
      return compare + mask + (parses ? Math.ceil(sizeOf(other) * traversal) : 0);
    },
  };
}

function selfComparison(pick: (args: readonly Value[]) => Value | undefined): CallCost {
  return {
    before: (args) => {
      const list = pick(args);
      if (!(list instanceof List) || list.size === 0) return 1 + listCost;
      const first = list.at(0);
      const factor = typeof first === "string" || first instanceof Uint8Array ? 2 + traversal : 2;
      return Math.trunc(list.size * list.size * factor) + 1 + listCost;
    },
  };
}

function sets(factor: number): CallCost {
  return { before: ([a = null, b = null]) => 1 + Math.trunc(sizeOf(a) * sizeOf(b) * factor) };
}

const newList: CallCost = { after: (result) => sizeOf(result) + 1 + listCost };

const byOverload: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ["list_slice", newList],
  ["list_reverse", { before: ([list = null]) => sizeOf(list) + 1 + listCost }],
  ["lists_range", { before: ([count]) => Math.max(0, Number(count)) + 1 + listCost }],
  ["list_flatten", { before: ([list = null]) => sizeOf(list) + 1 + listCost }],
  [
    "list_flatten_int",
    { before: ([list = null, depth]) => Math.trunc(sizeOf(list) * Math.max(0, Number(depth))) + 1 + listCost },
  ],
  ["list_distinct", selfComparison(([list]) => list)],
  ["list_sets_contains_list", sets(1)],
  ["list_sets_intersects_list", sets(1)],
  ["list_sets_equivalent_list", sets(2)],
  ["cidr_ip", one],
  ["cidr_contains_ip_string", contained(true, 0)],
  ["cidr_contains_ip_ip", contained(false, 0)],
  ["cidr_contains_cidr_string", contained(true, 1)],
  ["cidr_contains_cidr", contained(false, 1)],
  ["starts_with_string", byFirst],
  ["ends_with_string", byFirst],
  ["string_to_bytes", byFirst],
  ["bytes_to_string", byFirst],
  ["strings_quote", byFirst],
  ["string_format", byFirst],
  ["in_list", { before: ([, list = null]) => sizeOf(list) }],
  ["add_string", bySum],
  ["add_bytes", bySum],
  ["matches_string", byPattern],
  ["contains_string", { before: ([text, part]) => textCost(text) * textCost(part) }],
  ["equals", equality],
  ["not_equals", byShorter],
  ...["less", "less_equals", "greater", "greater_equals"].flatMap((name): [string, CallCost][] => [
    [`${name}_string`, byShorter],
    [`${name}_bytes`, byShorter],
  ]),
]);

const byName: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ["check", { before: () => 350_000 }],
  ["fieldSelector", bySelector],
  ["labelSelector", bySelector],
  ...["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"].map((name): [string, CallCost] => [name, byWhole]),
  ...["url", "lowerAscii", "upperAscii", "substring", "trim", "cidr", "isIP", "isCIDR", "ip"].map(
    (name): [string, CallCost] => [name, byFirst],
  ),
  ...["quantity", "isQuantity", "semver", "isSemver"].map((name): [string, CallCost] => [name, byFirst]),
  ["replace", byFirstTwice],
  ["split", byFirstTwice],
  ["ip.isCanonical", byFirstTwice],
  ["join", { after: (result) => textCost(result, 2 * traversal) }],
  ["find", byPattern],
  ["findAll", byPattern],
  ["validate", { before: ([format, text]) => (format instanceof Format ? patternCost(text, format.patternSize) : 1) }],
]);

/**
 * What calls of a function cost beside their arguments.
 *
 * @param overload the id of the one overload that fits, empty when several may
 */
export function costOfCall(name: string, overload: string): CallCost {
  const sorting = /^list_.*_sort(ByAssociatedKeys)?$/.exec(overload);
  if (sorting !== null) return selfComparison((args) => args[sorting[1] === undefined ? 0 : 1]);
  return byOverload.get(overload) ?? byName.get(name) ?? one;
}
