import { compareUtf8, formatGoExponent, quoteGo } from "../../apimachinery/index.ts";
import { toText } from "../convert.ts";
import { EvaluationError, fail, LimitExceeded, type Meter, textLengthMax } from "../meter.ts";
import { Dict, Duration, Foreign, List, Optional, Timestamp, typeNameOf, Uint, type Value } from "../values.ts";

/** One clause of a format: the letter, and the digits after the point if it gives them. */
export type Clause = { readonly letter: string; readonly precision: number | undefined };

/** A format as text and clauses in turn. An error is where cel-go finds it when it gets that far. */
export type FormatPart = { readonly text: string } | { readonly clause: Clause } | { readonly error: string };

/** Reads a format; a part that is wrong is the last one. */
export function parseFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = [];
  const pattern = /%%|%(\.\d*)?([\s\S])?|[^%]+/g;
  for (const [all, precision, letter] of format.matchAll(pattern)) {
    if (!all.startsWith("%")) parts.push({ text: all });
    else if (all === "%%") parts.push({ text: "%" });
    else parts.push(clauseOf(precision, letter));
  }
  return parts;
}

function clauseOf(precision: string | undefined, letter: string | undefined): FormatPart {
  const wrong = (why: string) => ({ error: `could not parse formatting clause: ${why}` });
  if (precision === undefined && letter === undefined) return { error: "unexpected end of string" };
  if (precision === ".") {
    const why = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax';
    return wrong(`error while parsing precision: ${why}`);
  }
  if (letter === undefined) return wrong("error while parsing precision: could not find end of precision specifier");
  if (!"sdfebxXo".includes(letter)) return wrong(`unrecognized formatting clause "${letter}"`);
  return { clause: { letter, precision: precision === undefined ? undefined : Number(precision.slice(1)) } };
}

/** What a clause cannot show, in cel-go's words. */
export function clauseFault({ letter }: Clause, typeName: string): string {
  const given = `, was given ${typeName}`;
  switch (letter) {
    case "d":
      return `decimal clause can only be used on integers${given}`;
    case "f":
      return `fixed-point clause can only be used on doubles${given}`;
    case "e":
      return `scientific clause can only be used on doubles${given}`;
    case "b":
      return `only integers and bools can be formatted as binary${given}`;
    case "x":
    case "X":
      return `only integers, byte buffers, and strings can be formatted as hex${given}`;
    case "o":
      return `octal clause can only be used on integers${given}`;
    default:
      return `string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps${given}`;
  }
}

/** Writes values into a format. */
export function formatText(format: string, args: List, meter: Meter): string {
  let result = "";
  let index = 0;
  for (const part of parseFormat(format)) {
    if ("text" in part) {
      result += part.text;
      continue;
    }
    if (index >= args.size) return fail(`index ${index} out of range`);
    if ("error" in part) return fail(part.error);
    result += formatClause(part.clause, args.at(index++), meter);
    if (result.length > textLengthMax) throw new LimitExceeded();
  }
  return result;
}

function formatClause(clause: Clause, value: Value, meter: Meter): string {
  try {
    return formatValue(clause, value, meter);
  } catch (error) {
    if (error instanceof EvaluationError) return fail(`error during formatting: ${error.message}`);
    throw error;
  }
}

/** Digits after the point where a format names none. */
const precisionDefault = 6;

function formatValue(clause: Clause, value: Value, meter: Meter): string {
  const refuse = () => fail(clauseFault(clause, typeNameOf(value)));
  const number = typeof value === "bigint" ? value : value instanceof Uint ? value.value : undefined;
  switch (clause.letter) {
    case "d":
      return number === undefined ? refuse() : String(number);
    case "b":
      return typeof value === "boolean" ? String(Number(value)) : (number?.toString(2) ?? refuse());
    case "o":
      return number?.toString(8) ?? refuse();
    case "x":
      return hexOf(value) ?? number?.toString(16) ?? refuse();
    case "X":
      return (hexOf(value) ?? number?.toString(16) ?? refuse()).toUpperCase();
    case "f":
      return formatFixed(doubleOf(value) ?? refuse(), clause.precision ?? precisionDefault);
    case "e":
      return formatScientific(doubleOf(value) ?? refuse(), clause.precision ?? precisionDefault);
    default:
      return showValue(clause, value, meter);
  }
}

function hexOf(value: Value): string | undefined {
  if (typeof value === "string") return Buffer.from(value).toString("hex");
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : undefined;
}

function doubleOf(value: Value): number | undefined {
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  return typeof value === "number" ? value : undefined;
}

/** A number as people in the United States write it: `1,234,567.500`. */
function formatFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const [whole = "", fraction] = toFixed(value, precision).split(".");
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Decimal digits of any number and precision; JavaScript stops at 10²¹ and at 100 digits. */
function toFixed(value: number, precision: number): string {
  if (precision > textLengthMax) throw new LimitExceeded();
  if (precision <= 100 && Math.abs(value) < 1e21) return value.toFixed(precision);
  const [mantissa, exponent] = exactFraction(value);
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa;
  const divisor = exponent >= 0 ? 1n : 1n << BigInt(-exponent);
  // A double has at most 1074 digits after the point; the others are zeros.
  const digits = Math.min(precision, 1_100);
  const all = ((scaled < 0n ? -scaled : scaled) * 10n ** BigInt(digits) + divisor / 2n) / divisor;
  const text = all.toString().padStart(digits + 1, "0");
  const point = text.length - digits;
  const fraction = text.slice(point).padEnd(precision, "0");
  return `${value < 0 ? "-" : ""}${text.slice(0, point)}${precision === 0 ? "" : `.${fraction}`}`;
}

/** A double as an integer times a power of two. */
function exactFraction(value: number): [mantissa: bigint, exponent: number] {
  let exponent = 0;
  let mantissa = value;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent--;
  }
  return [BigInt(mantissa), exponent];
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** As cel-go writes it: always six digits after the point, whatever the format asks for, which is taken as a width. */
function formatScientific(value: number, width: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const [digits = "", exponent = ""] = value.toExponential(precisionDefault).split("e");
  const raised = exponent
    .slice(1)
    .padStart(2, "0")
    .replace(/\d/g, (digit) => superscripts.charAt(Number(digit)));
  return `${digits}×10${exponent.startsWith("-") ? "⁻" : ""}${raised}`.padStart(Math.min(width, textLengthMax));
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
}

function showValue(clause: Clause, value: Value, meter: Meter): string {
  if (value === null) return "null";
  if (value instanceof List) return showList(clause, value, meter);
  if (value instanceof Dict) return showDict(clause, value, meter);
  if (value instanceof Foreign || value instanceof Optional) return fail(clauseFault(clause, typeNameOf(value)));
  return toText(value);
}

function showList(clause: Clause, list: List, meter: Meter): string {
  const items: string[] = [];
  let length = 0;
  for (const item of list) {
    const shown = showInside(clause, item, meter);
    length += shown.length + 2;
    if (length > textLengthMax) throw new LimitExceeded();
    items.push(shown);
  }
  return `[${items.join(", ")}]`;
}

function showDict(clause: Clause, dict: Dict, meter: Meter): string {
  const entries: [key: string, value: string][] = [];
  for (const key of dict.keys()) {
    const keyType = typeNameOf(key);
    if (!["string", "bool", "int", "uint"].includes(keyType)) {
      return fail(`no formatting function for map key of type ${keyType}`);
    }
    entries.push([showInside(clause, key, meter), showInside(clause, dict.get(key) ?? null, meter)]);
  }
  entries.sort(([a], [b]) => compareUtf8(a, b));
  return `{${entries.map(([key, value]) => `${key}:${value}`).join(", ")}}`;
}

/** A value inside a list or map, written so that its type can be seen. */
function showInside(clause: Clause, value: Value, meter: Meter): string {
  meter.step();
  if (typeof value === "string") return quoteGo(value);
  if (typeof value === "number") {
    return Number.isFinite(value) ? toFixed(value, precisionDefault) : `"${formatGoExponent(value)}"`;
  }
  if (value instanceof Uint8Array) return `b${quoteGo(toText(value))}`;
  if (value instanceof Timestamp) return `timestamp("${toText(value)}")`;
  if (value instanceof Duration) return `duration("${toText(value)}")`;
  if (value instanceof Foreign || value instanceof Optional) {
    return fail(`no formatting function for ${typeNameOf(value)}`);
  }
  return showValue(clause, value, meter);
}
