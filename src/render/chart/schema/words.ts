import { formatGoExponent, quoteGo } from "../../../apimachinery/index.ts";
import { GoInt, isMap, type Value } from "../../template/values.ts";

/** Text in single quotes, otherwise as `%q` writes it; a backslash at the end is halved, as in the library that Helm has. */
export function quoted(text: string): string {
  const changed = quoteGo(text).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${changed.slice(1, -1)}'`;
}

export function quotedList(texts: readonly string[]): string {
  return texts.map(quoted).join(", ");
}

/** A value that is no collection, as messages show it. */
export function shown(value: Value): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value) || isMap(value)) return "value";
  if (value === null || value === undefined) return "<nil>";
  if (value instanceof GoInt) return String(value.value);
  // What a schema says is shown as it stands there, and few write numbers with an exponent.
  return String(value);
}

/** A number as messages print it, in English: thousands apart, with a power of ten from a million up. */
export function localNumber(value: number): string {
  const [mantissa = "", exponent] = formatGoExponent(value).split("e");
  if (exponent === undefined) return grouped(mantissa);
  const power = exponent
    .replace(/^\+/, "")
    .replace(/[-\d]/g, (digit) => superscripts["-0123456789".indexOf(digit)] ?? "");
  return `${mantissa}×10${power}`;
}

const superscripts = Array.from("⁻⁰¹²³⁴⁵⁶⁷⁸⁹");

function grouped(digits: string): string {
  const [whole = "", fraction] = digits.split(".");
  const apart = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? apart : `${apart}.${fraction}`;
}
