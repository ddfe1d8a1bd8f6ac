import { rejoin } from "./go-text.ts";
import type { NumberNode } from "./nodes.ts";

/** What each letter behind a backslash stands for. */
const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** The text of a string constant in double quotes or backquotes; `undefined` when an escape is malformed. */
export function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inner.replaceAll("\r", "");
  return inner.includes("\\") ? resolveEscapes(inner, '"') : inner;
}

/** The code point of a character constant; a string that says why there is none. */
export function unquoteCharacter(quoted: string): number | string {
  const inner = quoted.slice(1, -1);
  // What Go reads first is one character; the rest must be the closing quote.
  const first = /^(?:\\(?:x..|u.{4}|U.{8}|[0-7]{3}|.)|.)/su.exec(inner)?.[0];
  if (first === undefined) return "invalid syntax";
  const text = first.startsWith("\\") ? resolveEscapes(first, "'") : first;
  if (text === undefined) return "invalid syntax";
  if (first.length < inner.length) return `malformed character constant: ${quoted}`;
  const code = text.codePointAt(0) ?? 0;
  return /^\\[x0-7]/.test(first) && code >= 0xdc80 ? code - 0xdc00 : code;
}

function resolveEscapes(text: string, quote: string): string | undefined {
  let result = "";
  let isWhole = true;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character !== "\\") {
      result += character;
      continue;
    }
    const rest = text.slice(at + 1, at + 10);
    const code = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3}))/.exec(rest);
    const simple = rest.charAt(0) === quote ? quote : escapes[rest.charAt(0)];
    if (code !== null) {
      const [all, byte, short, long, octal] = code;
      const value = octal === undefined ? Number.parseInt(byte ?? short ?? long ?? "", 16) : Number.parseInt(octal, 8);
      if (byte !== undefined || octal !== undefined) {
        if (value > 255) return undefined;
        isWhole &&= value < 0x80;
        result += String.fromCharCode(value < 0x80 ? value : 0xdc00 + value);
      } else {
        if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined;
        result += String.fromCodePoint(value);
      }
      at += all.length;
    } else if (simple !== undefined) {
      result += simple;
      at++;
    } else {
      return undefined;
    }
  }
  return isWhole ? result : rejoin(result);
}

type NumberValues = Omit<NumberNode, "at" | "kind">;

/** Reads a number constant, or says in a string why it is none. */
export function parseNumber(text: string, type: "number" | "complex" | "charConstant"): NumberValues | string {
  if (type === "charConstant") {
    const code = unquoteCharacter(text);
    if (typeof code === "string") return code;
    return { text, int: BigInt(code), uint: BigInt(code), float: code, isComplex: false };
  }
  if (type === "complex" || text.endsWith("i")) return parseComplex(text);
  const integer = parseGoInteger(text, 0);
  if (integer !== undefined) {
    const int = inInt64(integer) ? integer : undefined;
    const uint = inUint64(integer) ? integer : undefined;
    if (int !== undefined || uint !== undefined) return { text, int, uint, float: Number(integer), isComplex: false };
  }
  const float = parseGoFloat(text);
  if (float === undefined) return `illegal number syntax: ${JSON.stringify(text)}`;
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${JSON.stringify(text)}`;
  return { text, ...wholeValues(float), float, isComplex: false };
}

function parseComplex(text: string): NumberValues | string {
  const parts = /^(.*?[^eEpP])??([+-]?[^+-]*(?:[eEpP][+-][^+-]*)?)i$/.exec(text);
  const real = parts?.[1] === undefined ? 0 : parseGoFloat(parts[1]);
  const imaginary = parseGoFloat(parts?.[2] ?? "");
  if (real === undefined || imaginary === undefined) return `illegal number syntax: ${JSON.stringify(text)}`;
  const float = imaginary === 0 ? real : undefined;
  const whole = float === undefined ? { int: undefined, uint: undefined } : wholeValues(float);
  return { text, ...whole, float, isComplex: true };
}

function wholeValues(float: number): { int: bigint | undefined; uint: bigint | undefined } {
  if (!Number.isInteger(float)) return { int: undefined, uint: undefined };
  const integer = BigInt(float);
  return { int: inInt64(integer) ? integer : undefined, uint: inUint64(integer) ? integer : undefined };
}

export function inInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

export function inUint64(value: bigint): boolean {
  return BigInt.asUintN(64, value) === value;
}

/** An integer as `strconv.ParseInt` reads it, of any size. @param base 0 for what the prefix says, with underscores */
export function parseGoInteger(text: string, base: number): bigint | undefined {
  const [, sign = "", body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const digits = base === 0 ? prefixed(body) : { base, digits: body };
  if (digits === undefined || digits.digits === "") return undefined;
  let value = 0n;
  const radix = BigInt(digits.base);
  for (const digit of digits.digits) {
    const worth = "0123456789abcdefghijklmnopqrstuvwxyz".indexOf(digit.toLowerCase());
    if (worth < 0 || worth >= digits.base) return undefined;
    value = value * radix + BigInt(worth);
  }
  return sign === "-" ? -value : value;
}

function prefixed(body: string): { base: number; digits: string } | undefined {
  if (body.includes("_")) {
    // An underscore stands between digits, or between the prefix and a digit.
    if (!/^(?:0[xX_bBoO]?)?_?[\da-fA-F]+(?:_[\da-fA-F]+)*$/.test(body) || body.startsWith("_")) return undefined;
    return prefixed(body.replaceAll("_", ""));
  }
  if (/^0[xX]/.test(body)) return { base: 16, digits: body.slice(2) };
  if (/^0[bB]/.test(body)) return { base: 2, digits: body.slice(2) };
  if (/^0[oO]/.test(body)) return { base: 8, digits: body.slice(2) };
  if (/^0./.test(body)) return { base: 8, digits: body.slice(1) };
  return { base: 10, digits: body };
}

/** A number as `strconv.ParseFloat` reads it; `undefined` when it is malformed or too large. */
export function parseGoFloat(text: string): number | undefined {
  const special = /^([+-]?)(?:(inf|infinity)|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2] === undefined) return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hex = /^([+-]?)0[xX]([\da-fA-F]*)(?:\.([\da-fA-F]*))?[pP]([+-]?\d+)$/.exec(text);
  if (hex !== null) {
    const [, sign, whole = "", fraction = "", exponent] = hex;
    if (whole + fraction === "") return undefined;
    const size = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
    return Number.isFinite(size) ? (sign === "-" ? -size : size) : undefined;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
