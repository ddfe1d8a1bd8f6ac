import type { Expression } from "./ast.ts";
import {
  addRanges,
  type Entries,
  exactly,
  type Range,
  type SizeOf,
  scaleRange,
  timesRange,
  unionOf,
  unknownRange,
  unsignedMax,
} from "./cost-range.ts";
import { sameType, type Type } from "./types.ts";

/** What is known of an argument. */
export type CostNode = {
  readonly expression: Expression | undefined;
  readonly path: readonly string[];
  readonly type: Type;
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
};

export type CallEstimate = { readonly cost: Range; readonly size?: Range; readonly entries?: Entries };

type CallToEstimate = {
  readonly name: string;
  /** The overload. */
  readonly id: string;
  readonly target: CostNode | undefined;
  readonly args: readonly CostNode[];
  readonly argumentCosts: readonly Range[];
};

const traversal = 0.1;
const patternCharacter = 0.25;
const listCost = 10;

/** Estimates one overload of a call; the costs of its arguments are in it, that of its target is not. */
export function estimateCall(call: CallToEstimate, sizeOf: SizeOf): CallEstimate {
  const flow = estimateFlow(call);
  if (flow !== undefined) return flow;
  const own = estimateLists(call, sizeOf) ??
    estimateKubernetes(call, sizeOf) ??
    estimateStandard(call) ?? { cost: exactly(1) };
  return { ...own, cost: addRanges(own.cost, call.argumentCosts.reduce(addRanges, exactly(0))) };
}

/** Operators that may not compute all of their arguments. */
function estimateFlow({ id, args, argumentCosts }: CallToEstimate): CallEstimate | undefined {
  const [first = exactly(0), second = exactly(0), third = exactly(0)] = argumentCosts;
  if (id === "logical_and" || id === "logical_or") {
    return { cost: { min: first.min, max: argumentCosts.reduce(addRanges, exactly(0)).max } };
  }
  if (id !== "conditional") return undefined;
  const [, whenTrue, whenFalse] = args;
  const size = unionOf(sizeOrUnknown(whenTrue), sizeOrUnknown(whenFalse));
  const cost = addRanges(first, unionOf(second, third));
  return { cost, size, ...joined(whenTrue?.entries, whenFalse?.entries) };
}

function joined(a: Entries | undefined, b: Entries | undefined): { entries?: Entries } {
  if (a === undefined || b === undefined) return {};
  return { entries: { kind: a.kind, key: unionOf(a.key, b.key), value: unionOf(a.value, b.value) } };
}

function sizeOrUnknown(node: CostNode | undefined): Range {
  return node?.size ?? unknownRange;
}

function estimateStandard({ id, target, args }: CallToEstimate): CallEstimate | undefined {
  const [first, second] = args;
  const size = sizeOrUnknown(first);
  switch (id) {
    case "string_format":
      return { cost: scaleRange(sizeOrUnknown(target), traversal) };
    case "string_to_bytes":
      return { cost: scaleRange(size, traversal), size: { min: size.min, max: Math.min(size.max * 4, unsignedMax) } };
    case "bytes_to_string":
      return { cost: scaleRange(size, traversal), size: { min: Math.floor(size.min / 4), max: size.max } };
    case "strings_quote":
      return { cost: scaleRange(size, traversal), size: addRanges(exactly(2), { min: size.min, max: size.max * 2 }) };
    case "starts_with_string":
    case "ends_with_string":
      return { cost: scaleRange(size, traversal) };
    case "in_list":
      return { cost: scaleRange(sizeOrUnknown(second), 1) };
    case "matches_string":
      return { cost: patternCost(sizeOrUnknown(target), size) };
    case "contains_string":
      return { cost: timesRange(scaleRange(sizeOrUnknown(target), traversal), scaleRange(size, traversal)) };
    case "add_string":
    case "add_bytes":
    case "add_list": {
      const sum = addRanges(size, sizeOrUnknown(second));
      const cost = id === "add_list" ? exactly(1) : scaleRange(sum, traversal);
      return { cost, size: sum, ...joined(first?.entries, second?.entries) };
    }
  }
  const isOrder = /^(?:less|greater)(?:_equals)?_(?:string|bytes)$/.test(id);
  if (!isOrder && id !== "equals" && id !== "not_equals") return undefined;
  const shorter = Math.min(size.max, sizeOrUnknown(second).max);
  return { cost: scaleRange({ min: shorter > 0 ? 1 : 0, max: shorter }, traversal) };
}

function patternCost(text: Range, pattern: Range): Range {
  return timesRange(scaleRange(addRanges(text, exactly(1)), traversal), scaleRange(pattern, patternCharacter));
}

/** The extensions of lists and sets. */
function estimateLists({ id, target, args }: CallToEstimate, sizeOf: SizeOf): CallEstimate | undefined {
  const sizeOfNode = (node: CostNode | undefined) => (node === undefined ? unknownRange : nodeSize(node, sizeOf));
  const [first, second] = args;
  const made = (factor: number, size: Range): CallEstimate => ({
    cost: addRanges(scaleRange(size, factor), exactly(1 + listCost)),
    size,
  });
  switch (id) {
    case "list_slice": {
      const [from, to] = [integerOf(first, 0), integerOf(second, sizeOfNode(target).max)];
      return made(1, exactly(from > to ? unsignedMax : to - from));
    }
    case "lists_range":
      return made(1, exactly(integerOf(first, unsignedMax)));
    case "list_reverse":
      return made(1, sizeOfNode(target));
    case "list_flatten":
      return made(1, sizeOfNode(target));
    case "list_flatten_int":
      return made(integerOf(first, unsignedMax), sizeOfNode(target));
    case "list_distinct":
      return made(2, timesRange(sizeOfNode(target), sizeOfNode(target)));
    case "list_sets_contains_list":
    case "list_sets_intersects_list":
    case "list_sets_equivalent_list": {
      const pairs = timesRange(sizeOfNode(first), sizeOfNode(second));
      return { cost: addRanges(scaleRange(pairs, id === "list_sets_equivalent_list" ? 2 : 1), exactly(1)) };
    }
  }
  const sorting = /^list_(.*)_sort(ByAssociatedKeys)?$/.exec(id);
  if (sorting === null) return undefined;
  const size = sizeOfNode(sorting[2] === undefined ? target : first);
  return made(sorting[1] === "string" || sorting[1] === "bytes" ? 2 + traversal : 2, timesRange(size, size));
}

function integerOf(node: CostNode | undefined, otherwise: number): number {
  const { expression } = node ?? {};
  if (expression?.kind !== "literal" || typeof expression.value !== "bigint") return otherwise;
  return Math.max(0, Number(expression.value));
}

function nodeSize(node: CostNode, sizeOf: SizeOf): Range {
  return node.size ?? (node.path.length === 0 ? undefined : sizeOf(node.path)) ?? unknownRange;
}

/** A list's items, as far as its type and path say something of them. */
function itemOf(list: CostNode): CostNode | undefined {
  const [type] = list.type.parameters;
  if (type === undefined) return undefined;
  const path = list.path.length === 0 ? [] : [...list.path, "@items"];
  return { expression: undefined, path, type, size: undefined, entries: undefined };
}

/** Functions that cost nothing to speak of. */
const trivial: ReadonlySet<string> = new Set(
  [
    "serviceAccount path group resource subresource namespace name allowed reason error errored",
    "masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast",
    "format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub",
    "major minor patch getScheme getHostname getHost getPort getEscapedPath getQuery",
  ].flatMap((names) => names.split(" ")),
);

/** Kubernetes' library. */
function estimateKubernetes({ name, id, target, args }: CallToEstimate, sizeOf: SizeOf): CallEstimate | undefined {
  const [first, second] = args;
  const size = first === undefined ? unknownRange : nodeSize(first, sizeOf);
  const own = target === undefined ? unknownRange : nodeSize(target, sizeOf);
  if (trivial.has(name) || id === "cidr_ip") return { cost: exactly(1) };
  switch (name) {
    case "check":
      return { cost: exactly(350_000) };
    case "fieldSelector":
    case "labelSelector": {
      const requirements = scaleRange(scaleRange(size, 0.5), listCost + 40);
      return { cost: addRanges(addRanges(exactly(listCost), scaleRange(size, traversal)), requirements) };
    }
    case "isSorted":
    case "sum":
    case "max":
    case "min":
    case "indexOf":
    case "lastIndexOf":
      return target === undefined ? undefined : { cost: wholeCost(target, own, sizeOf) };
    case "url":
      return { cost: scaleRange(size, traversal), size };
    case "lowerAscii":
    case "upperAscii":
    case "substring":
    case "trim":
      return { cost: scaleRange(own, traversal), size: own };
    case "replace":
      if (first === undefined || second === undefined) return undefined;
      return { cost: scaleRange(own, 2 * traversal), size: replacedSize(own, size, nodeSize(second, sizeOf)) };
    case "split": {
      const count = second?.expression?.kind === "literal" ? second.expression.value : undefined;
      // A negative count is no limit; as an unsigned one it is very large.
      const max = typeof count === "bigint" ? (count < 0n ? unsignedMax : Number(count)) : own.max;
      return { cost: scaleRange(own, 2 * traversal), size: { min: 0, max } };
    }
    case "join":
      return target === undefined ? undefined : joinedSize(target, own, first === undefined ? undefined : size, sizeOf);
    case "find":
    case "findAll":
      return { cost: patternCost(own, size), size: { min: 0, max: own.max } };
    case "cidr":
    case "ip":
    case "isIP":
    case "isCIDR":
    case "quantity":
    case "isQuantity":
    case "semver":
    case "isSemver":
      return { cost: scaleRange(size, traversal) };
    case "ip.isCanonical":
      return { cost: scaleRange(size, 2 * traversal) };
    case "containsIP":
    case "containsCIDR":
      return { cost: containsCost(name, id, size) };
    case "validate":
      return { cost: scaleRange(scaleRange(size, traversal), 128 * patternCharacter) };
    case "_==_":
      return first === undefined || second === undefined ? undefined : foreignEquality(first, second);
  }
  return undefined;
}

function wholeCost(target: CostNode, size: Range, sizeOf: SizeOf): Range {
  const item = itemOf(target);
  if (item === undefined) return scaleRange(size, traversal);
  const isText = item.type.kind === "string" || item.type.kind === "bytes";
  const each = isText ? addRanges(exactly(1), scaleRange(nodeSize(item, sizeOf), traversal)) : exactly(1);
  return timesRange(size, each);
}

/** How long a text can be after a replacement: an empty text stands between all characters. */
function replacedSize(text: Range, from: Range, to: Range): Range {
  let count: { min: number; max: number };
  const kept = { min: 0, max: 0 };
  if (from.min === 0) {
    count = { min: 0, max: Math.min(text.max + 1, unsignedMax) };
    kept.max = text.max;
  } else if (to.max <= from.min) {
    count = { min: 0, max: 0 };
    kept.max = text.max;
  } else {
    count = { min: 0, max: Math.ceil(text.max / from.min) };
  }
  if (from.max === 0) {
    count.min = Math.min(text.min + 1, unsignedMax);
    kept.min = text.min;
  } else if (from.max <= to.min) {
    kept.min = text.min;
  } else {
    count.min = Math.ceil(text.min / from.max);
  }
  return addRanges(timesRange(count, to), kept);
}

function joinedSize(list: CostNode, count: Range, between: Range | undefined, sizeOf: SizeOf): CallEstimate {
  const item = itemOf(list);
  let size = item === undefined ? exactly(0) : timesRange(count, nodeSize(item, sizeOf));
  if (between !== undefined) {
    const gaps = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) };
    size = addRanges(size, timesRange(between, gaps));
  }
  return { cost: scaleRange(size, traversal), size };
}

function containsCost(name: string, id: string, other: Range): Range {
  const address: Range = { min: 4, max: 16 };
  let cost = scaleRange(addRanges(address, address), traversal);
  if (name === "containsCIDR") cost = addRanges(addRanges(cost, scaleRange(address, traversal)), exactly(1));
  return id.endsWith("_string") ? addRanges(cost, scaleRange(other, traversal)) : cost;
}

function foreignEquality(a: CostNode, b: CostNode): CallEstimate | undefined {
  if (!sameType(a.type, b.type)) return undefined;
  switch (a.type.name) {
    case "kubernetes.NamedFormat":
      return { cost: scaleRange({ min: 1, max: 64 }, traversal) };
    case "kubernetes.URL":
      return { cost: scaleRange({ min: 1, max: b.size?.max ?? 1 }, traversal) };
  }
  return /^(?:net\.|kubernetes\.)/.test(a.type.name) ? { cost: exactly(1) } : undefined;
}
