import { formatGoExponent } from "./go-format.ts";
import type { JsonObject, JsonValue } from "./object.ts";
import type { Cursor } from "./yaml-cursor.ts";
import { type PlainValue, resolvePlain } from "./yaml-scalar.ts";

/** Text that is not yet a value: what it becomes depends on whether it is a key. `tag` has its handle resolved. */
export type Scalar = { kind: "scalar"; at: number; text: string; isPlain: boolean; tag?: string; isAlias?: boolean };
type Collection = { kind: "collection"; at: number; value: JsonValue[] | JsonObject; isAlias?: boolean };

/** `at` is the offset where the node begins; `isAlias` when it is there only by name. */
export type Node = Scalar | Collection;

/** @throws {YamlError} for `.inf` and `.nan`, which JSON lacks, and for text that does not fit its tag */
export function toJson(cursor: Cursor, node: Node): JsonValue {
  if (node.kind === "collection") return node.value;
  const value = resolve(cursor, node);
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) cursor.fail(`${node.text} cannot be said in JSON`, node.at);
  return value === 0 ? 0 : value;
}

/** The string that a map key becomes. @throws {YamlError} for collections and null, which Go refuses as keys */
export function toKey(cursor: Cursor, node: Node): string {
  if (node.kind === "collection") cursor.fail("a map or sequence cannot be a map key", node.at);
  const value = resolve(cursor, node);
  if (value === null) cursor.fail("null cannot be a map key", node.at);
  return typeof value === "number" ? formatKeyNumber(value) : String(value);
}

/** sigs.k8s.io/yaml prints keys in single precision. */
function formatKeyNumber(value: number): string {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return ".nan";
  if (!Number.isFinite(single)) return single > 0 ? ".inf" : "-.inf";
  let digits = 1;
  while (digits < 9 && Math.fround(Number(single.toPrecision(digits))) !== single) digits++;
  return formatGoExponent(Number(single.toPrecision(digits)));
}

/** A `<<` that is not quoted. */
export function isMergeKey(node: Node): boolean {
  return (
    node.kind === "scalar" &&
    node.text === "<<" &&
    (node.tag === undefined ? node.isPlain : node.tag === `${core}merge`)
  );
}

const core = "tag:yaml.org,2002:";

function resolve(cursor: Cursor, node: Scalar): PlainValue {
  const { text, tag } = node;
  if (tag === undefined) return node.isPlain ? resolvePlain(text) : text;
  if (!tag.startsWith(core)) return text;
  const type = tag.slice(core.length);
  if (type === "binary") return decodeBinary(cursor, node);
  if (type !== "null" && type !== "bool" && type !== "int" && type !== "float") return text;
  const value = resolvePlain(text);
  if (type === "float" && typeof value === "bigint") return Number(value);
  if (typeOf(value) !== type) cursor.fail(`cannot decode !!${typeOf(value)} \`${text}\` as a !!${type}`, node.at);
  return value;
}

function typeOf(value: PlainValue): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  return typeof value === "number" ? "float" : "str";
}

function decodeBinary(cursor: Cursor, { text, at }: Scalar): string {
  const base64 = text.replace(/\s/g, "");
  if (!/^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(base64) || base64.includes("_")) {
    cursor.fail("!!binary value contains invalid base64 data", at);
  }
  return Buffer.from(base64, "base64").toString();
}
