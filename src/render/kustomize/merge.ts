import { compareUtf8, stringifyYaml } from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";
import {
  fieldOf,
  isEmpty,
  isList,
  isMap,
  isMissingOrNull,
  isNull,
  isScalar,
  kindOf,
  type ListNode,
  type MapNode,
  type Node,
  rawText,
  Scalar,
  textOf,
  toJson,
} from "./node.ts";
import type { MergeSchema, OpenApi } from "./openapi.ts";

/** @property prepend whether items that only the patch has come before the others, as in kustomize's patches, or after them */
export type MergeOptions = { readonly openApi: OpenApi | undefined; readonly prepend: boolean };

/**
 * Applies a strategic merge patch as kyaml does, which is not quite what the API server does: fields are put in order, null
 * deletes also where there is nothing, lists of kinds without a schema are replaced, and items of a patch come first. The
 * target is changed in place; parts of the patch become parts of it.
 *
 * @returns `undefined` when the patch deletes it
 * @throws {KustomizeError}
 */
export function mergeNodes(target: Node, patch: Node, options: MergeOptions): Node | undefined {
  return walk(target, patch, undefined, options);
}

type Maybe = Node | undefined;

function walk(target: Maybe, patch: Maybe, given: MergeSchema | undefined, options: MergeOptions): Maybe {
  const schema = given ?? schemaOf(target, options) ?? schemaOf(patch, options);
  const first = isMissingOrNull(target) ? patch : target;
  if (isMissingOrNull(first)) return walkMap(target, patch, schema, options);
  requireKind(kindOf(first), target);
  requireKind(kindOf(first), patch);
  if (isMap(first)) return walkMap(target, patch, schema, options);
  if (isScalar(first)) return patch ?? target;
  return schema?.isMergeList === true ? walkMergeList(target, patch, schema, options) : (patch ?? target);
}

function schemaOf(node: Maybe, { openApi }: MergeOptions): MergeSchema | undefined {
  const kind = textOf(fieldOf(node, "kind"));
  const apiVersion = textOf(fieldOf(node, "apiVersion"));
  return kind === "" || apiVersion === "" ? undefined : openApi?.schemaOf(apiVersion, kind);
}

function requireKind(kind: string, node: Maybe): void {
  if (!isMissingOrNull(node)) requireNode(kind, node);
}

/** @throws {KustomizeError} in kyaml's words when a node is of another kind */
export function requireNode(kind: string, node: Node): void {
  if (kindOf(node) === kind) return;
  throw new WrongKindError(
    `wrong node kind: expected ${kind} but got ${kindOf(node)}: node contents:\n${stringifyYaml(toJson(node))}`,
  );
}

export class WrongKindError extends KustomizeError {}

function walkMap(target: Maybe, patch: Maybe, schema: MergeSchema | undefined, options: MergeOptions): Maybe {
  const result = chooseMap(target, patch);
  if (!isMap(result)) return result;
  // What the patch adds is walked too, for it may hold directives and nulls.
  const names = new Set([...result.keys(), ...(isMap(patch) ? patch.keys() : [])]);
  for (const name of [...names].sort(compareUtf8)) {
    setMerged(result, name, walk(result.get(name), fieldOf(patch, name), schema?.field(name), options));
  }
  return result;
}

function setMerged(map: MapNode, name: string, value: Maybe): void {
  if (value === undefined || (value instanceof Scalar && value.tag === "null" && !value.keep)) {
    map.delete(name);
    return;
  }
  const old = map.get(name);
  if (value instanceof Scalar && old instanceof Scalar && value !== old) value.quoted = old.quoted;
  map.set(name, value);
}

/** Which of two maps the result begins as. */
function chooseMap(target: Maybe, patch: Maybe): Maybe {
  if (target === undefined || isNull(target)) {
    if (patch !== undefined && !isScalar(patch) && directiveOf(patch) === "delete") return undefined;
    // A null that was spelled out stays when the patch does not speak of it.
    if (patch === undefined && target instanceof Scalar && target.text !== "") {
      target.keep = true;
      return target;
    }
    return patch;
  }
  if (isNull(patch)) return undefined;
  const directive = patch === undefined ? "merge" : directiveOf(patch);
  if (directive === "delete") return undefined;
  return directive === "replace" ? patch : target;
}

type Directive = "merge" | "replace" | "delete";

const directiveKey = "$patch";

/** Reads what a patch says about itself and takes it out of the patch. */
function directiveOf(patch: Node): Directive {
  if (isMap(patch)) {
    const node = patch.get(directiveKey);
    if (node === undefined) return "merge";
    const directive = parseDirective(rawText(node));
    patch.delete(directiveKey);
    return directive;
  }
  if (!isList(patch)) {
    throw new KustomizeError(`no implemented strategic merge patch strategy for '${kindOf(patch)}'`);
  }
  const item = patch.find((element) => isMap(element) && element.has(directiveKey));
  if (!isMap(item) || item.size > 1) return "merge";
  const text = rawText(item.get(directiveKey));
  const directive = parseDirective(text);
  setElement(patch, [directiveKey], [text], undefined);
  return directive;
}

function parseDirective(text: string): Directive {
  if (text === "merge" || text === "replace" || text === "delete") return text;
  throw new KustomizeError(`unknown patch strategy '${text}'`);
}

/** A list whose items have keys. Each item is known by the values of its keys, and merged with the one of the same values. */
function walkMergeList(target: Maybe, patch: Maybe, schema: MergeSchema, options: MergeOptions): Maybe {
  const chosen = chooseList(target, patch);
  if (!isList(chosen)) return undefined;
  const sides = options.prepend ? [patch, chosen] : [chosen, patch];
  const lists = sides.filter(isList);
  const keys = schema.mergeKeys.length > 0 ? schema.mergeKeys : [""];
  const values = schema.mergeKeys.length > 0 ? valuesOfItems(lists, keys) : textsOfItems(lists);
  return mergeItems(values, keys, chosen, patch, schema, options);
}

function chooseList(target: Maybe, patch: Maybe): Maybe {
  if (isMissingOrNull(target)) return patch;
  if (isNull(patch)) return undefined;
  const directive = patch === undefined ? "merge" : directiveOf(patch);
  if (directive === "delete") return undefined;
  return directive === "replace" ? patch : target;
}

function valuesOfItems(lists: readonly ListNode[], keys: readonly string[]): string[][] {
  const seen = new Set<string>();
  const found: string[][] = [];
  for (const item of lists.flat()) {
    const values = keys.map((key) => (isEmpty(fieldOf(item, key)) ? "" : rawText(fieldOf(item, key))));
    const identity = values.join("\0");
    if (seen.has(identity)) continue;
    seen.add(identity);
    found.push(values);
  }
  return found;
}

function textsOfItems(lists: readonly ListNode[]): string[][] {
  return [...new Set(lists.flat().map(rawText))].map((text) => [text]);
}

function mergeItems(
  found: string[][],
  keys: readonly string[],
  target: ListNode,
  patch: Maybe,
  schema: MergeSchema,
  options: MergeOptions,
): ListNode {
  const added: ListNode = [];
  const all = keys.length > 1 ? joinValues(found) : found;
  let usedKeys: readonly string[] = keys;
  for (const values of all) {
    const used = usableKeys(all, values, keys);
    usedKeys = used.keys;
    const own = usableKeys([used.values], used.values, used.keys);
    const below = schema.elements();
    const merged = walk(
      findElement(target, own.keys, own.values),
      isList(patch) ? findElement(patch, own.keys, own.values) : undefined,
      below,
      options,
    );
    if (merged === undefined || isMissingOrNull(merged) || (isMap(merged) && merged.size === 0)) {
      setElement(target, used.keys, used.values, undefined);
      continue;
    }
    for (const [index, key] of used.keys.entries()) {
      const value = used.values[index] ?? "";
      if (isMap(merged) && !merged.has(key) && value !== "") merged.set(key, new Scalar(value));
    }
    setElement(added, used.keys, used.values, merged);
  }
  if (all.length === 0) return target;
  return options.prepend ? appendItems(added, target, usedKeys) : appendItems(target, added, usedKeys);
}

/** Items that say the same about what both of them say are the same item: a port with and without its protocol. */
function joinValues(found: string[][]): string[][] {
  const joined = found.map((values) => [...values]);
  for (let left = 0; left < joined.length; left++) {
    const values = joined[left] ?? [];
    for (let right = 0; right < joined.length; right++) {
      const both = joinPair(values, joined[right] ?? []);
      if (both === undefined) continue;
      joined[left] = both;
      joined[right] = both;
    }
  }
  return joined;
}

function joinPair(left: readonly string[], right: readonly string[]): string[] | undefined {
  let hasCommon = false;
  const joined: string[] = [];
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? "";
    if (value === other) hasCommon = true;
    else if (value !== "" && other !== "") return undefined;
    joined.push(value === "" ? other : value);
  }
  return hasCommon ? joined : undefined;
}

/** The keys that any item has, and what an item says for them. */
function usableKeys(
  all: readonly (readonly string[])[],
  values: readonly string[],
  keys: readonly string[],
): { keys: readonly string[]; values: readonly string[] } {
  const known = new Set(
    all.flatMap((item) => item.flatMap((value, index) => (value === "" ? [] : [keys[index] ?? ""]))),
  );
  if (known.size === 0) return { keys, values };
  return {
    keys: keys.filter((key) => known.has(key)),
    values: values.filter((value, index) => value !== "" || known.has(keys[index] ?? "")),
  };
}

function findElement(list: ListNode, keys: readonly string[], values: readonly string[]): Maybe {
  if (keys.length === 0 || keys[0] === "") return list.find((item) => rawText(item) === (values[0] ?? ""));
  return list.find((item) => {
    return isMap(item) && keys.every((key, index) => item.has(key) && rawText(item.get(key)) === (values[index] ?? ""));
  });
}

/** Puts an item in the place of each that has these values, or at the end; `undefined` removes them. Empty items go. */
function setElement(list: ListNode, keys: readonly string[], values: readonly string[], element: Maybe): void {
  const isForMaps = (keys[0] ?? "") !== "" && (values[0] ?? "") !== "";
  const kept: ListNode = [];
  let isFound = false;
  for (const item of list) {
    if (isNull(item) || (isMap(item) && item.size === 0)) continue;
    const isOther = !isMap(item) && isForMaps;
    if (isOther || !keys.every((key, index) => matchesKey(item, key, values[index], index === 0))) {
      if (isOther || values.length > 0) kept.push(item);
      continue;
    }
    isFound = true;
    if (element !== undefined) kept.push(element);
  }
  if (element !== undefined && !isFound) kept.push(element);
  list.splice(0, list.length, ...kept);
}

/** @param value `undefined` for a key beyond the values, which matches if one before it did */
function matchesKey(item: Node, key: string, value: string | undefined, isFirst: boolean): boolean {
  if (value === undefined) return !isFirst;
  if (key === "") {
    requireNode("ScalarNode", item);
    return rawText(item) === value;
  }
  requireNode("MappingNode", item);
  const field = fieldOf(item, key);
  return field !== undefined && (value === "" || rawText(field) === value);
}

/** Adds items to a list, in the place of those that have the same values. */
function appendItems(list: ListNode, items: readonly Node[], keys: readonly string[]): ListNode {
  for (const item of [...items]) {
    if (keys[0] === "") {
      setElement(list, [""], [rawText(item)], item);
      continue;
    }
    const values: string[] = [];
    for (const key of keys) {
      const field = fieldOf(item, key);
      if (field === undefined) list.push(item);
      else values.push(rawText(field));
    }
    if (keys.length > 1) setElement(list, keys, values, undefined);
    setElement(list, keys, values, item);
  }
  return list;
}
