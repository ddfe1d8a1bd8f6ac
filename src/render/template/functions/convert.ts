import { formatValue } from "../go-format.ts";
import { fromBytes } from "../go-text.ts";
import { inInt64, parseGoFloat, parseGoInteger } from "../literals.ts";
import { GoBytes, GoInt, GoObject, itemsOf, typeOf, type Value } from "../values.ts";

/** What sprig takes for the text of a value. */
export function strval(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof GoBytes) return fromBytes(value.bytes);
  if (value instanceof GoObject) return value.text() ?? formatValue(value);
  return formatValue(value);
}

/** What sprig takes for the texts of a list; nil elements are left out. */
export function strslice(value: Value): string[] {
  const items = itemsOf(value);
  if (items !== undefined) return items.filter((item) => item !== null && item !== undefined).map(strval);
  return value === null || value === undefined ? [] : [strval(value)];
}

/** `cast.ToInt64`: 0 for what is no number. */
export function toInt64(value: Value): bigint {
  if (value instanceof GoInt) return BigInt.asIntN(64, value.value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return floatToInt64(value);
  if (typeof value !== "string") return 0n;
  const integer = parseGoInteger(trimZeroDecimal(value), 0);
  return integer !== undefined && inInt64(integer) ? integer : 0n;
}

/** What amd64 makes of a float that has no integer of 64 bits: the smallest one. */
function floatToInt64(value: number): bigint {
  if (!Number.isFinite(value)) return -(2n ** 63n);
  const whole = BigInt(Math.trunc(value));
  return inInt64(whole) ? whole : -(2n ** 63n);
}

/** `1.00` is the integer 1. */
function trimZeroDecimal(text: string): string {
  return text.replace(/\.0+$/, "");
}

/** `cast.ToFloat64`: 0 for what is no number. */
export function toFloat64(value: Value): number {
  if (typeof value === "number") return value;
  if (value instanceof GoInt) return Number(value.value);
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" ? (parseGoFloat(value) ?? 0) : 0;
}

/** What sprig takes for empty: the zero of a type. */
export function isEmpty(value: Value): boolean {
  switch (typeof value) {
    case "string":
      return value === "";
    case "number":
      return value === 0;
    case "boolean":
      return !value;
    case "undefined":
      return true;
  }
  if (value === null) return true;
  if (value instanceof GoInt) return value.value === 0n;
  const items = itemsOf(value);
  if (items !== undefined) return items.length === 0;
  const map = value instanceof GoObject ? value.entries() : value;
  return map !== undefined && Object.keys(map).length === 0;
}

/** The kind of a value in the words of `reflect.Kind`. */
export function kindOf(value: Value): string {
  return typeOf(value)?.kind ?? "invalid";
}
