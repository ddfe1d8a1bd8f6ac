import { stringifyYaml } from "../../apimachinery/index.ts";
import { splitPath } from "./field-spec.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import { requireNode } from "./merge.ts";
import {
  fieldOf,
  isList,
  isMap,
  isMissingOrNull,
  type ListNode,
  type MapNode,
  type Node,
  rawText,
  Scalar,
  toJson,
} from "./node.ts";
import { compileGoPattern } from "./selector.ts";

/**
 * Splits a path at dots as replacements and vars do: `[name=a.b]` picks an item of a list, `[a.b]` is the name of a field,
 * and `\.` is a dot.
 */
export function splitFieldPath(path: string): string[] {
  const parts = splitPath(path, ".");
  const result: string[] = [];
  for (let index = 0; index < parts.length; index++) {
    let part = parts[index] ?? "";
    if (!part.startsWith("[") || part.endsWith("]")) {
      result.push(part);
      continue;
    }
    while (index < parts.length - 1) {
      index++;
      const next = parts[index] ?? "";
      part += `.${next}`;
      if (next.endsWith("]")) break;
    }
    result.push(part.includes("=") ? part : part.replace(/^[[\]]+|[[\]]+$/g, ""));
  }
  return result;
}

function isListStep(step: string): boolean {
  return step.startsWith("[") && step.endsWith("]");
}

function isIndex(step: string): boolean {
  return /^\+?\d+$/.test(step);
}

function splitListStep(step: string): { name: string; value: string } {
  const inner = step.replace(/\]$/, "").replace(/^\[/, "");
  const equals = inner.indexOf("=");
  if (equals < 0) {
    throw new KustomizeError("list path element must contain fieldName=fieldValue for element to match");
  }
  return { name: inner.slice(0, equals), value: inner.slice(equals + 1) };
}

/** The node at a path; `undefined` where there is none. Items of lists are picked by exact values or index. */
export function lookup(node: Node, path: readonly string[]): Node | undefined {
  let here: Node | undefined = node;
  for (const step of path.map((part) => part.trim()).filter((part) => part !== "")) {
    if (here === undefined) return undefined;
    here = lookupStep(here, step);
  }
  return here;
}

function lookupStep(node: Node, step: string): Node | undefined {
  if (/^[-+]?\d+$/.test(step)) {
    if (Number(step) < 0) throw new KustomizeError(`array index ${Number(step)} cannot be negative`);
    return listOf(node)[Number(step)];
  }
  if (step === "-") return listOf(node).at(-1);
  if (step === "*") throw new KustomizeError("wildcard is not supported in PathGetter");
  if (isListStep(step)) {
    const { name, value } = splitListStep(step);
    if (name === "") return listOf(node).find((item) => rawText(item) === value);
    return listOf(node).find((item) => isMap(item) && item.has(name) && rawText(item.get(name)) === value);
  }
  if (isMissingOrNull(node)) return undefined;
  return mapOf(node).get(step);
}

function listOf(node: Node): ListNode {
  requireNode("SequenceNode", node);
  return isList(node) ? node : [];
}

function mapOf(node: Node): MapNode {
  requireNode("MappingNode", node);
  return isMap(node) ? node : new Map();
}

/** A node that a path leads to, and how to put another one in its place. */
export type Found = { readonly node: Node; replace(node: Node): void };

/** What is created at the end of a path; nothing when `undefined`. */
export type CreatedKind = "ScalarNode" | "MappingNode" | "SequenceNode" | undefined;

/**
 * Finds all nodes that a path leads to. Steps are names of fields, `*` for all items of a list, an index, or `[name=value]`
 * whose value is a regular expression; what is missing is created if `created` says so.
 *
 * @throws {KustomizeError}
 */
export function findAll(found: Found, path: readonly string[], created: CreatedKind): Found[] {
  const [step, ...rest] = path;
  if (step === undefined) return [found];
  const { node } = found;
  if (isIndex(step)) return findAtIndex(node, Number(step), rest, created);
  if (isListStep(step)) return findMatching(node, step, rest, created);
  if (step === "*") return itemsOf(listOf(node)).flatMap((item) => findAll(item, rest, created));
  return findField(node, step, rest, created);
}

function itemsOf(list: ListNode): Found[] {
  return list.map((node, index) => ({
    node,
    replace(other) {
      list[index] = other;
    },
  }));
}

function findField(node: Node, name: string, rest: readonly string[], created: CreatedKind): Found[] {
  if (isMissingOrNull(node)) {
    if (created === undefined) return [];
    throw new KustomizeError(`wrong node kind: expected MappingNode but got ScalarNode: node contents:\nnull\n`);
  }
  const map = mapOf(node);
  let field = map.get(name);
  if (field === undefined) {
    if (created === undefined) return [];
    field = emptyNode(kindOfStep(rest[0], created));
    map.set(name, field);
  }
  return findAll({ node: field, replace: (other) => map.set(name, other) }, rest, created);
}

function kindOfStep(next: string | undefined, created: CreatedKind): CreatedKind {
  if (next === undefined || next === "") return created;
  return isListStep(next) || isIndex(next) ? "SequenceNode" : "MappingNode";
}

function emptyNode(kind: CreatedKind): Node {
  if (kind === "MappingNode") return new Map();
  return kind === "SequenceNode" ? [] : new Scalar("");
}

function findAtIndex(node: Node, index: number, rest: readonly string[], created: CreatedKind): Found[] {
  const list = listOf(node);
  if (list.length === index && created !== undefined) list.push(emptyNode(kindOfStep(rest[0], created)));
  const item = itemsOf(list)[index];
  if (item === undefined) throw new KustomizeError(`index ${index} specified but only ${list.length} elements found`);
  return findAll(item, rest, created);
}

function findMatching(node: Node, step: string, rest: readonly string[], created: CreatedKind): Found[] {
  const { name, value } = splitListStep(step);
  const list = listOf(node);
  const matches = compileGoPattern(value);
  const search = (): Found[] =>
    itemsOf(list).flatMap((item) => {
      if (name === "") return matches(contentText(item.node)) ? [item] : [];
      const field = fieldOf(item.node, name);
      if (field === undefined || !matches(contentText(field))) return [];
      return findAll(item, rest, created);
    });
  const found = search();
  if (found.length > 0 || created === undefined) return found;
  list.push(name === "" ? new Scalar(value) : new Map([[name, new Scalar(value)]]));
  try {
    return search();
  } catch (error) {
    throw prefixed(`failed to create element for "${step}"`, error);
  }
}

/** A node as it would be written. */
function contentText(node: Node): string {
  if (node instanceof Scalar && (node.tag !== "str" || !node.quoted)) return node.text.trim();
  return stringifyYaml(toJson(node)).trim();
}
