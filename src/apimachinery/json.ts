import { textOf } from "../lib/index.ts";
import { compareUtf8 } from "./go-format.ts";
import { parseExactJson } from "./integers.ts";
import { scanJson } from "./json-scan.ts";
import type { ExactValue, JsonValue } from "./object.ts";
import { badRequest } from "./status-error.ts";

/**
 * How deep arrays and objects may nest in what we read. The largest CRD schemas nest about 60 levels; recursive functions
 * over values of this depth stay far from the end of the stack.
 */
export const jsonDepthMax = 1000;

/** Whether two values would be the same JSON: order of fields does not matter, fields that are `undefined` do not exist. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return isSameInteger(a, b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!deepEqual(a[index], b[index])) return false;
    return true;
  }
  return !Array.isArray(b) && equalFields(a, b);
}

/** A long integer may have been written as a float, `1e16`. */
function isSameInteger(a: unknown, b: unknown): boolean {
  if (typeof a === "bigint") return typeof b === "number" && Number.isInteger(b) && BigInt(String(b)) === a;
  return typeof b === "bigint" && isSameInteger(b, a);
}

function equalFields(a: object, b: object): boolean {
  const theirs = new Map(Object.entries(b));
  let count = 0;
  for (const [key, value] of Object.entries(a)) {
    if (value === undefined) continue;
    const other: unknown = theirs.get(key);
    if (other === undefined || !deepEqual(value, other)) return false;
    count++;
  }
  if (theirs.size === count) return true;
  for (const value of theirs.values()) if (value === undefined) count++;
  return theirs.size === count;
}

/** A deep copy of plain data; fields that are `undefined` are left out, as JSON would. */
export function cloneJson<T>(value: T): T;
export function cloneJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const copy: unknown[] = new Array(value.length);
    for (let index = 0; index < value.length; index++) copy[index] = cloneJson(value[index]);
    return copy;
  }
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) setField(copy, key, cloneJson(field));
  }
  return copy;
}

/** Sets a field whatever its name: assigning `__proto__` would change the prototype instead. */
export function setField(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

/**
 * How deep arrays and objects nest in a value; 0 when it is neither. It looks no deeper than `depthMax`, and then says one
 * more, so that it can be asked about values of any depth.
 */
export function depthOf(value: unknown, depthMax: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depthMax === 0) return 1;
  let deepest = 0;
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof item !== "object" || item === null) continue;
    deepest = Math.max(deepest, depthOf(item, depthMax - 1));
    if (deepest >= depthMax) break;
  }
  return deepest + 1;
}

/** The same text for equal values: keys sorted by their bytes, no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => compareUtf8(a, b));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`;
}

/**
 * Reads JSON that a client sent. Of a field that stands twice the last counts.
 *
 * @param input text, or its UTF-8 bytes
 * @param integers whether those that no number holds are `bigint` and keep all their digits, or lose some (the default)
 * @throws {StatusError} `BadRequest` in the words of Go's decoder, with line and column
 */
export function parseJson(input: string | Uint8Array, options: { integers: "exact" }): ExactValue;
export function parseJson(input: string | Uint8Array): JsonValue;
export function parseJson(input: string | Uint8Array, { integers }: { integers?: "exact" } = {}): ExactValue {
  const text = typeof input === "string" ? input : textOf(input);
  // A text too short to nest deeper than allowed, which most are, is not scanned.
  if (text.length > 2 * jsonDepthMax) refuseDeep(text);
  try {
    if (integers === "exact") return parseExactJson(text);
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    const fault = scanJson(text);
    throw badRequest(`json parse error: ${fault?.message ?? "invalid JSON"}${placeOf(text, fault?.offset ?? 0)}`);
  }
}

function refuseDeep(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === backslash) index++;
      else if (unit === quote) inString = false;
    } else if (unit === quote) {
      inString = true;
    } else if (unit === openBrace || unit === openBracket) {
      if (++depth > jsonDepthMax) throw badRequest(`json parse error: exceeded max depth${placeOf(text, index)}`);
    } else if (unit === closeBrace || unit === closeBracket) {
      depth--;
    }
  }
}

const [quote, backslash, openBrace, openBracket, closeBrace, closeBracket] = [0x22, 0x5c, 0x7b, 0x5b, 0x7d, 0x5d];

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/**
 * Finds fields that stand twice in one object, which `JSON.parse` hides.
 *
 * @param text valid JSON
 * @returns their paths in the form of Kubernetes' strict decoding, `spec.containers[0].name`, in the order met, each once
 */
export function duplicateJsonKeys(text: string): string[] {
  return strictJsonProblems(text, []).map(({ path }) => path);
}

/** How many fields strict decoding tells, as many as Kubernetes' decoder. */
const problemsMax = 100;
/** How long the paths may be, in characters and all together, that are looked at to tell fields in their order. */
const pathLengthMax = 2 ** 22;

/**
 * The fields of a text that strict decoding refuses, in the order in which Kubernetes' decoder meets them: unknown ones where
 * they stand first, others where they stand for the second time. Each is told once, and no more than a hundred of them.
 *
 * @param text valid JSON
 * @param unknown paths of fields that the kind does not have
 */
export function strictJsonProblems(text: string, unknown: readonly string[]): { path: string; isUnknown: boolean }[] {
  const strange = new Set(unknown);
  const endings = new Set(unknown.map(lastPart));
  const problems = new Map<string, boolean>();
  let looked = 0;
  scanJson(text, (key, count, pathOf) => {
    if (problems.size >= problemsMax || looked > pathLengthMax) return;
    if (count !== 2 && (count !== 1 || !endings.has(lastPart(key)))) return;
    const path = pathOf();
    looked += path.length;
    if (count === 2) problems.set(path, problems.get(path) ?? false);
    else if (strange.delete(path)) problems.set(path, true);
  });
  for (const path of strange) if (problems.size < problemsMax) problems.set(path, true);
  return [...problems].map(([path, isUnknown]) => ({ path, isUnknown }));
}

/** What stands after the last dot: the same in the path of a field and in its name. */
function lastPart(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
