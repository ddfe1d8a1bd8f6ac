import type { JsonObject } from "../object.ts";
import { compareElements, elementText, type PathElement, parseElement } from "./path-element.ts";

export type Children = ReadonlyMap<PathElement, FieldSet>;

/**
 * A set of paths as a tree: `member` says whether the path that ends here is in the set, `children` what the set has below.
 * A set is never changed once made, so parts are shared. No set at all is `undefined`, and `children` is never empty.
 *
 * What was read from FieldsV1 is taken apart only where somebody looks, and written again as it was: most of what managers own is
 * neither touched nor asked for by a change.
 */
export class FieldSet {
  readonly member: boolean;
  /** The FieldsV1 that this was read from. */
  readonly written: JsonObject | undefined;
  #children: Children | undefined;
  #isRead: boolean;

  constructor(member: boolean, children: Children | undefined, written?: JsonObject) {
    this.member = member;
    this.written = written;
    this.#children = children;
    this.#isRead = written === undefined;
  }

  get children(): Children | undefined {
    if (!this.#isRead) {
      this.#children = readChildren(this.written ?? {});
      this.#isRead = true;
    }
    return this.#children;
  }
}

/** The path that ends here and nothing below. */
export const leaf: FieldSet = new FieldSet(true, undefined);

/** A tree node, or `undefined` when it would hold nothing. */
export function fieldSet(member: boolean, children: Children | undefined): FieldSet | undefined {
  const filled = children !== undefined && children.size > 0 ? children : undefined;
  if (filled === undefined) return member ? leaf : undefined;
  return new FieldSet(member, filled);
}

/** The set of these paths. */
export function fieldSetOf(paths: readonly (readonly PathElement[])[]): FieldSet | undefined {
  return paths
    .map((path) => path.reduceRight((set, step) => new FieldSet(false, new Map([[step, set]])), leaf))
    .reduce<FieldSet | undefined>(union, undefined);
}

export function union(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  if (a.children === undefined || b.children === undefined) {
    const children = a.children ?? b.children;
    if (a.children === children && a.member) return a;
    if (b.children === children && b.member) return b;
    return fieldSet(a.member || b.member, children);
  }
  const children = new Map(a.children);
  for (const [element, theirs] of b.children) {
    const both = union(children.get(element), theirs);
    if (both !== undefined) children.set(element, both);
  }
  return new FieldSet(a.member || b.member, children);
}

export function intersection(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return a;
  let children: Map<PathElement, FieldSet> | undefined;
  if (a.children !== undefined && b.children !== undefined) {
    const [fewer, more] = a.children.size <= b.children.size ? [a.children, b.children] : [b.children, a.children];
    for (const [element, below] of fewer) {
      const both = intersection(below, more.get(element));
      if (both === undefined) continue;
      children ??= new Map();
      children.set(element, both);
    }
  }
  return fieldSet(a.member && b.member, children);
}

/** The paths of `a` that are not in `b`; those below a path of `b` stay. */
export function difference(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  return subtract(a, b, difference);
}

/** The paths of `a` that are neither in `b` nor below one that is. */
export function differenceBelow(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  return b?.member ? undefined : subtract(a, b, differenceBelow);
}

function subtract(
  a: FieldSet | undefined,
  b: FieldSet | undefined,
  subtractBelow: (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined,
): FieldSet | undefined {
  if (a === undefined || b === undefined) return a;
  const member = a.member && !b.member;
  if (a.children === undefined || b.children === undefined) {
    return member === a.member ? a : fieldSet(member, a.children);
  }
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, theirs] of b.children) {
    const ours = a.children.get(element);
    if (ours === undefined) continue;
    const rest = subtractBelow(ours, theirs);
    if (rest === ours) continue;
    children ??= new Map(a.children);
    if (rest === undefined) children.delete(element);
    else children.set(element, rest);
  }
  if (children === undefined && member === a.member) return a;
  return fieldSet(member, children ?? a.children);
}

/** Whether two sets have no path in common. */
export function areDisjoint(a: FieldSet | undefined, b: FieldSet | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  if (a.member && b.member) return false;
  if (a.children === undefined || b.children === undefined) return true;
  const [fewer, more] = a.children.size <= b.children.size ? [a.children, b.children] : [b.children, a.children];
  for (const [element, below] of fewer) if (!areDisjoint(below, more.get(element))) return false;
  return true;
}

/** Every path of the set as text, as in `.spec.containers[name="a"].image`; at each level those that end there first. */
export function pathTexts(set: FieldSet | undefined, prefix = ""): string[] {
  const below = [...(set?.children ?? [])].sort(([a], [b]) => compareElements(a, b));
  return [
    ...below.filter(([, one]) => one.member).map(([element]) => prefix + elementText(element)),
    ...below.flatMap(([element, one]) => pathTexts(one, prefix + elementText(element))),
  ];
}

/** Whether every path of `a` is in `b`. */
export function isSubset(a: FieldSet | undefined, b: FieldSet | undefined): boolean {
  if (a === undefined || a === b) return true;
  if (b === undefined || (a.member && !b.member)) return false;
  if (a.children === undefined) return true;
  if (b.children === undefined) return false;
  for (const [element, below] of a.children) if (!isSubset(below, b.children.get(element))) return false;
  return true;
}

/** The set as FieldsV1: a field within a field, `{}` where a path ends, and `"."` where it both ends and goes on. */
export function toFieldsV1(set: FieldSet | undefined): JsonObject {
  return set === undefined ? {} : (set.written ?? writeChildren(set.children, {}));
}

const nothing: JsonObject = {};

function writeChildren(children: Children | undefined, fields: JsonObject): JsonObject {
  if (children === undefined) return fields;
  for (const element of sortedElements(children)) {
    const set = children.get(element);
    if (set === undefined) continue;
    const below = set.children;
    if (set.written !== undefined) fields[element] = set.written;
    else if (below === undefined) fields[element] = nothing;
    else fields[element] = writeChildren(below, set.member ? { ".": nothing } : {});
  }
  return fields;
}

function sortedElements(children: Children): PathElement[] {
  const elements = [...children.keys()];
  if (elements.length === 1) return elements;
  // Names of fields are nearly always ASCII, and sort by UTF-16 as they do by UTF-8 unless they are very rare.
  return elements.every((element) => element.charCodeAt(0) === fieldKind)
    ? elements.sort()
    : elements.sort(compareElements);
}

const fieldKind = "f".charCodeAt(0);

/** The set that FieldsV1 describe; what is not of that form in them is passed over. */
export function fromFieldsV1(fields: JsonObject): FieldSet | undefined {
  return Object.keys(fields).length === 0 ? undefined : new FieldSet(false, undefined, fields);
}

function readChildren(fields: JsonObject): Children | undefined {
  let children: Map<PathElement, FieldSet> | undefined;
  for (const text in fields) {
    const inner = fields[text];
    const element = text.startsWith("f:") ? text : parseElement(text);
    if (element === undefined || typeof inner !== "object" || inner === null || Array.isArray(inner)) continue;
    children ??= new Map();
    children.set(element, readSet(inner));
  }
  return children;
}

function readSet(fields: JsonObject): FieldSet {
  for (const text in fields) if (text !== ".") return new FieldSet("." in fields, undefined, fields);
  return leaf;
}
