import { compareUtf8, formatGoValue } from "../go-format.ts";
import { parseExactJson } from "../integers.ts";
import { canonicalJson } from "../json.ts";

/**
 * One step of a path through an object, in the form of FieldsV1: `f:spec` a field or map key, `k:{"name":"a"}` the item of a list
 * of type `map`, `v:"a"` the item of a set, `i:0` an index. Equal steps are equal strings.
 */
export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${elementJson(value)}`;
}

/** @param fields names and values of the keys, sorted by name */
export function keyElement(fields: readonly (readonly [string, unknown])[]): PathElement {
  let text = "k:{";
  for (const [name, value] of fields) {
    if (text.length > 3) text += ",";
    text += `${JSON.stringify(name)}:${elementJson(value)}`;
  }
  return `${text}}`;
}

/** Reads an element that somebody else wrote, so that it equals ours for the same step; `undefined` when it is none. */
export function parseElement(text: string): PathElement | undefined {
  if (usualElement.test(text)) return text;
  try {
    if (text.startsWith("v:")) return valueElement(parseExactJson(text.slice(2)));
    if (text.startsWith("k:")) return keyElement(keyFields(text));
  } catch {
    return undefined;
  }
  return text.startsWith("f:") ? text : undefined;
}

/** Elements that can be written in one way only: one key or value that needs no escapes. */
const usualElement = /^(?:k:\{"[A-Za-z]+":(?:"[-\w./]*"|[1-9]\d{0,8})\}|v:"[-\w./]*"|i:\d+)$/;

/** As messages write it: `.spec`, `[name="a"]`, `[="a"]`, `[0]`. */
export function elementText(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case "f":
      return `.${rest}`;
    case "k":
      return `[${keyFields(element)
        .map(([name, value]) => `${name}=${formatGoValue(value)}`)
        .join(",")}]`;
    case "v":
      return `[=${formatGoValue(parseExactJson(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

/** The order in which field sets are written: fields, keys, values, indexes, each in their own order. */
export function compareElements(a: PathElement, b: PathElement): number {
  const kind = a.charAt(0);
  if (kind !== b.charAt(0)) return kindOrder.indexOf(kind) - kindOrder.indexOf(b.charAt(0));
  switch (kind) {
    case "f":
      return compareUtf8(a, b);
    case "k":
      return compareKeys(keyFields(a), keyFields(b));
    case "v":
      return compareScalars(parseExactJson(a.slice(2)), parseExactJson(b.slice(2)));
    default:
      return Number(a.slice(2)) - Number(b.slice(2));
  }
}

const kindOrder = "fkvi";

function keyFields(element: PathElement): [string, unknown][] {
  const keys: unknown = parseExactJson(element.slice(2));
  if (typeof keys !== "object" || keys === null || Array.isArray(keys)) throw new Error(`no keys in ${element}`);
  return Object.entries(keys).sort(([a], [b]) => compareUtf8(a, b));
}

function compareKeys(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareUtf8(name, other[0]) || compareScalars(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers, then strings, then booleans, then the rest. */
function compareScalars(a: unknown, b: unknown): number {
  if (isNumber(a)) return isNumber(b) ? Number(a > b) - Number(a < b) : -1;
  if (isNumber(b)) return 1;
  if (typeof a === "string") return typeof b === "string" ? compareUtf8(a, b) : -1;
  if (typeof b === "string") return 1;
  return compareUtf8(canonicalJson(a), canonicalJson(b));
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** JSON as Kubernetes writes it into these elements. Most keys are plain words, for which this is quick. */
function elementJson(value: unknown): string {
  const json = typeof value === "object" ? canonicalJson(value) : JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(json) ? json.replace(/[<>&\u2028\u2029]/g, escapeUnit) : json;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
