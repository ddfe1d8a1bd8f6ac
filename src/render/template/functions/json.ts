import { isStatusError, parseJson } from "../../../apimachinery/index.ts";
import { GoError } from "../go-error.ts";
import { quoteText } from "../go-format.ts";
import { toBytes } from "../go-text.ts";
import { any, type FunctionTable, fn, string } from "../signature.ts";
import { sortKeys } from "../sort-keys.ts";
import { isMap, type Value } from "../values.ts";
import { type Data, errorMap, inOrder, toData } from "./data.ts";

/** JSON as Helm and sprig read and write it. */
export const jsonFunctions: FunctionTable = {
  toJson: fn([any], (value) => orEmpty(() => marshalJson(value))),
  mustToJson: fn([any], (value) => marshalJson(value)),
  toPrettyJson: fn([any], (value) => orEmpty(() => marshalJson(value, { indent: "  " }))),
  mustToPrettyJson: fn([any], (value) => marshalJson(value, { indent: "  " })),
  toRawJson: fn([any], (value) => marshalJson(value, { escapeHtml: false })),
  mustToRawJson: fn([any], (value) => marshalJson(value, { escapeHtml: false })),
  fromJson: fn([string], (text) => {
    try {
      const value = readJson(text);
      if (value === null || isMap(value)) return value ?? {};
      return errorMap(wrongType(value, "map[string]interface {}"));
    } catch (error) {
      return errorMap(messageOf(error));
    }
  }),
  fromJsonArray: fn([string], (text) => {
    try {
      const value = readJson(text);
      if (value === null || Array.isArray(value)) return value ?? [];
      return [wrongType(value, "[]interface {}")];
    } catch (error) {
      return [messageOf(error)];
    }
  }),
  mustFromJson: fn([string], readJson),
};

function orEmpty(write: () => string): string {
  try {
    return write();
  } catch (error) {
    messageOf(error);
    return "";
  }
}

/** The message of an error of Go; others are thrown again. */
export function messageOf(error: unknown): string {
  if (!(error instanceof GoError)) throw error;
  return error.message;
}

/** `json.Unmarshal` into an `interface {}`. @throws {GoError} in its words */
export function readJson(text: string): Value {
  checkNumbers(text);
  try {
    return parseJson(text);
  } catch (error) {
    if (!isStatusError(error)) throw error;
    // Where it went wrong is what our own decoder adds.
    const message = error.message.replace(/^json parse error: /, "").replace(/ at line \d+, column \d+$/, "");
    // Go looks at bytes: of a character beyond ASCII it names the first one.
    throw new GoError(
      message.replace(/^(invalid character )'([^\x00-\x7f]+)'/, (_all, start: string, character: string) => {
        return `${start}'${quoteText(String.fromCharCode(toBytes(character)[0] ?? 0)).slice(1, -1)}'`;
      }),
    );
  }
}

/** A number that no `float64` holds is an error in Go, and infinite in JavaScript. */
function checkNumbers(text: string): void {
  if (!/[eE]\+?\d{3}|\d{309}/.test(text)) return;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs)) {
    if (token.startsWith('"') || Number.isFinite(Number(token))) continue;
    throw new GoError(`json: cannot unmarshal number ${token} into Go value of type float64`);
  }
}

/** What Go says of JSON that has another type than asked for. */
export function wrongType(value: Value, wanted: string): string {
  const kind = Array.isArray(value) ? "array" : value === null || typeof value !== "object" ? typeof value : "object";
  return `json: cannot unmarshal ${kind === "boolean" ? "bool" : kind} into Go value of type ${wanted}`;
}

type JsonStyle = { readonly indent?: string; readonly escapeHtml?: boolean };

/** `json.Marshal`: keys sorted by their bytes. @throws {GoError} */
export function marshalJson(value: Value, { indent, escapeHtml = true }: JsonStyle = {}): string {
  return write(toData(value), "\n", { indent, escapeHtml });
}

function write(data: Data, newLine: string, style: JsonStyle): string {
  if (typeof data === "string") return quoteJson(data, style.escapeHtml === true);
  if (typeof data === "number") return Object.is(data, -0) ? "-0" : String(data);
  if (typeof data !== "object" || data === null) return String(data);
  const inner = style.indent === undefined ? newLine : newLine + style.indent;
  const colon = style.indent === undefined ? ":" : ": ";
  if (Array.isArray(data)) {
    return enclose(
      "[]",
      data.map((item) => write(item, inner, style)),
      newLine,
      inner,
      style,
    );
  }
  const keys = Object.keys(data);
  const fields = (data[inOrder] === true ? keys : sortKeys(keys)).map((key) => {
    return quoteJson(key, style.escapeHtml === true) + colon + write(data[key] ?? null, inner, style);
  });
  return enclose("{}", fields, newLine, inner, style);
}

function enclose(brackets: string, parts: readonly string[], outer: string, inner: string, style: JsonStyle): string {
  const [open, close] = brackets;
  if (style.indent === undefined || parts.length === 0) return `${open}${parts.join(",")}${close}`;
  return `${open}${inner}${parts.join(`,${inner}`)}${outer}${close}`;
}

function quoteJson(text: string, escapeHtml: boolean): string {
  const quoted = JSON.stringify(text).replace(/\\ud[89a-f][\da-f]{2}/g, "\\ufffd");
  return quoted.replace(escapeHtml ? /[<>&\u2028\u2029]/g : /[\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
