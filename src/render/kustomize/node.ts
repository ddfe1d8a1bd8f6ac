import { type ExactValue, formatGoExponent, type JsonValue, setField } from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { resolveScalar, type ScalarTag, toRfc3339 } from "./scalar-tag.ts";

/**
 * Text in a document and what it is. Kustomize moves text about and decides late what it means: a field keeps its type when a
 * replacement gives it another text, and `1.10` stays `1.10` as part of a longer one. So values here are not yet JSON.
 */
export class Scalar {
  text: string;
  /** Empty when the text itself decides, unless it is quoted. */
  tag: ScalarTag;
  /** Quotes stay where they were when the text between them changes. */
  quoted: boolean;
  /** A null that the user wrote on purpose and a merge must not clear. */
  keep = false;
  /** Whether it was read in brackets or braces, where upstream has to quote what cannot stand there as it is. */
  isFlow = false;

  constructor(text: string, tag: ScalarTag = "", quoted = false) {
    this.text = text;
    this.tag = tag;
    this.quoted = quoted;
  }
}

export type MapNode = Map<string, Node>;
export type ListNode = Node[];
/** A part of an object. Nodes are changed in place, and none is in two places. */
export type Node = Scalar | MapNode | ListNode;

export function isMap(node: Node | undefined): node is MapNode {
  return node instanceof Map;
}

export function isList(node: Node | undefined): node is ListNode {
  return Array.isArray(node);
}

export function isScalar(node: Node | undefined): node is Scalar {
  return node instanceof Scalar;
}

export function isNull(node: Node | undefined): boolean {
  return node instanceof Scalar && node.tag === "null";
}

export function isMissingOrNull(node: Node | undefined): node is undefined {
  return node === undefined || isNull(node);
}

/** Null, an empty map or an empty list; an empty text is something. */
export function isEmpty(node: Node | undefined): boolean {
  if (isMissingOrNull(node)) return true;
  if (isMap(node)) return node.size === 0;
  return isList(node) && node.length === 0;
}

/** The text of a scalar, whatever it means; empty for everything else. */
export function rawText(node: Node | undefined): string {
  return node instanceof Scalar ? node.text : "";
}

/** The text of a scalar that is not null. */
export function textOf(node: Node | undefined): string {
  return isNull(node) ? "" : rawText(node);
}

/** A scalar that is text, or will be because nothing says otherwise. */
export function isText(node: Node | undefined): node is Scalar {
  return node instanceof Scalar && (node.tag === "str" || node.tag === "");
}

export function fieldOf(node: Node | undefined, name: string): Node | undefined {
  return isMap(node) ? node.get(name) : undefined;
}

export function cloneNode<T extends Node>(node: T): T;
export function cloneNode(node: Node): Node {
  if (node instanceof Scalar) {
    const copy = new Scalar(node.text, node.tag, node.quoted);
    copy.keep = node.keep;
    copy.isFlow = node.isFlow;
    return copy;
  }
  if (isList(node)) return node.map((item) => cloneNode(item));
  const copy: MapNode = new Map();
  for (const [key, value] of node) copy.set(key, cloneNode(value));
  return copy;
}

/** Sets a field to text; the quotes of what was there stay. */
export function setText(map: MapNode, key: string, text: string, tag: ScalarTag = ""): void {
  const old = map.get(key);
  const quoted = old === undefined ? tag === "" && isOtherThanText(text) : old instanceof Scalar && old.quoted;
  map.set(key, new Scalar(text, tag, quoted));
}

function isOtherThanText(text: string): boolean {
  return text !== "" && (resolveScalar(text) !== "str" || /^(?:y|yes|on|n|no|off)$/i.test(text));
}

/** @throws {KustomizeError} for text that is not what its tag says */
export function toJson(node: Node): JsonValue {
  return toTree(node, (scalar) => scalarToJson(scalar, numberOf));
}

/** The same as an object of the API, whose integers keep all their digits. */
export function toExact(node: Node): ExactValue {
  return toTree(node, (scalar) => scalarToJson(scalar, exactNumberOf));
}

type Tree<Leaf> = Leaf | Tree<Leaf>[] | { [field: string]: Tree<Leaf> };

function toTree<Leaf>(node: Node, leaf: (scalar: Scalar) => Leaf): Tree<Leaf> {
  if (node instanceof Scalar) return leaf(node);
  if (isList(node)) return node.map((item) => toTree(item, leaf));
  const object: { [field: string]: Tree<Leaf> } = {};
  for (const [key, value] of node) setField(object, key, toTree(value, leaf));
  return object;
}

function scalarToJson<N>(
  { text, tag, quoted, isFlow }: Scalar,
  numberOf: (text: string) => N,
): null | boolean | string | N {
  if (tag === "str") return text;
  if (isFlow && ((tag === "null" && text === "") || (tag === "timestamp" && text.includes(":")))) return text;
  const resolved = resolveScalar(text);
  // A tag that the text has anyway is not written, and then quotes make it text.
  if (quoted && (tag === "" || tag === resolved)) return text;
  const wanted = tag === "" ? resolved : tag;
  if (wanted === "str") return text;
  if (wanted !== resolved && !(wanted === "float" && resolved === "int")) {
    throw new KustomizeError(`yaml: cannot decode !!${resolved} \`${text}\` as a !!${wanted}`);
  }
  if (wanted === "null") return null;
  if (wanted === "bool") return text.toLowerCase() === "true";
  if (wanted === "timestamp") return toRfc3339(text);
  return numberOf(text);
}

function numberOf(text: string): number {
  const plain = text.replaceAll("_", "");
  const [, sign = "", prefix = "", digits = ""] = /^([-+]?)(0[xXbBoO]|0(?=[0-7]+$))?(.*)$/.exec(plain) ?? [];
  const size = prefix === "" ? Number(digits) : Number(`${prefix === "0" ? "0o" : prefix.toLowerCase()}${digits}`);
  if (!Number.isFinite(size)) throw new KustomizeError(`json: unsupported value: ${text}`);
  return sign === "-" && size !== 0 ? -size : size;
}

function exactNumberOf(text: string): number | bigint {
  const number = numberOf(text);
  if (!Number.isInteger(number) || Number.isSafeInteger(number)) return number;
  const [, sign = "", prefix = "", digits = ""] =
    /^([-+]?)(0[xXbBoO]|0(?=[0-7]+$))?([0-9a-fA-F]+)$/.exec(text.replaceAll("_", "")) ?? [];
  if (digits === "") return number;
  const size = BigInt(`${prefix === "0" ? "0o" : prefix.toLowerCase()}${digits}`);
  const integer = sign === "-" ? -size : size;
  // What 64 bits cannot hold is a float, as in Go.
  return BigInt.asIntN(64, integer) === integer || BigInt.asUintN(64, integer) === integer ? integer : number;
}

/** The nodes that Go makes of JSON: a number is a float there, whose text has an exponent from a million up. */
export function fromJson(value: JsonValue): Node {
  if (value === null) return new Scalar("null", "null");
  if (typeof value === "string") return new Scalar(value, "str");
  if (typeof value === "boolean") return new Scalar(String(value), "bool");
  if (typeof value === "number") {
    const text = formatGoExponent(value);
    return new Scalar(text, resolveScalar(text));
  }
  if (Array.isArray(value)) return value.map(fromJson);
  const map: MapNode = new Map();
  for (const [key, field] of Object.entries(value)) map.set(key, fromJson(field));
  return map;
}

/** The kind of a node in the words of kyaml's errors. */
export function kindOf(node: Node): "ScalarNode" | "MappingNode" | "SequenceNode" {
  if (node instanceof Scalar) return "ScalarNode";
  return isList(node) ? "SequenceNode" : "MappingNode";
}
