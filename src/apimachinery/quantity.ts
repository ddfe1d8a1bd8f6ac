import { badRequest } from "./status-error.ts";

/** Which suffixes a quantity is written with: `Ki` to `Ei`, `n` to `E`, or an exponent. */
export type QuantityFormat = "BinarySI" | "DecimalSI" | "DecimalExponent";

/** An exact amount of CPU, memory and so on: `nanos` billionths, and how it is written. */
export type Quantity = { nanos: bigint; format: QuantityFormat };

const billion = 10n ** 9n;

/** Powers of a thousand from a billionth up. */
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/** Powers of 1024 from one up. */
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** What amounts with a binary suffix are capped at, as in Kubernetes: the largest 64-bit integer. */
const binaryNanosMax = (2n ** 63n - 1n) * billion;

/** Exponents that no amount of anything needs; larger ones would only cost memory. */
const exponentMax = 1000;

/**
 * Reads `100m`, `1.5Gi`, `1e3`, `12`. What is finer than a billionth is rounded away from zero.
 *
 * @throws {StatusError} `BadRequest` in Kubernetes' words
 */
export function parseQuantity(text: string): Quantity {
  const match = /^([-+]?)(\d*)(?:\.(\d*))?(\D.*)?$/.exec(text);
  const [, sign, whole = "", fraction = "", suffix = ""] = match ?? [];
  if (!/^[-+]?[\d.]+[eEinumkKMGTP]*[-+]?\d*$/.test(text) || whole + fraction === "") throw badRequest(syntax);
  const { format, numerator, denominator } = scaleOf(suffix);
  const size = divideUp(BigInt(whole + fraction) * numerator * billion, denominator * 10n ** BigInt(fraction.length));
  const nanos = format === "BinarySI" && size > binaryNanosMax ? binaryNanosMax : size;
  return { nanos: sign === "-" ? -nanos : nanos, format };
}

const syntax = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function scaleOf(suffix: string): { format: QuantityFormat; numerator: bigint; denominator: bigint } {
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { format: "BinarySI", numerator: 1024n ** BigInt(binary), denominator: 1n };
  const decimal = decimalSuffixes.indexOf(suffix);
  const exponent =
    decimal >= 0 ? 3 * decimal - 9 : /^[eE][-+]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : Number.NaN;
  if (!(Math.abs(exponent) <= exponentMax)) throw badRequest("unable to parse quantity's suffix");
  const scale = 10n ** BigInt(Math.abs(exponent));
  const format = decimal >= 0 ? "DecimalSI" : "DecimalExponent";
  return exponent < 0 ? { format, numerator: 1n, denominator: scale } : { format, numerator: scale, denominator: 1n };
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** The canonical text: the largest suffix that needs no fraction, so `1000m` is `1` and `1.5Gi` is `1536Mi`. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return "0";
  if (format === "BinarySI" && nanos % billion === 0n && absolute(nanos) >= 1024n * billion) {
    const { value, power } = divideOut(nanos / billion, 1024n, binarySuffixes.length - 1);
    return `${value}${binarySuffixes[power] ?? ""}`;
  }
  const isExponent = format === "DecimalExponent";
  const { value, power } = divideOut(nanos, 1000n, isExponent ? exponentMax : decimalSuffixes.length - 1);
  if (!isExponent) return `${value}${decimalSuffixes[power] ?? ""}`;
  return power === 3 ? String(value) : `${value}e${3 * power - 9}`;
}

/** Divides by `base` as often as nothing remains, but at most `powerMax` times. */
function divideOut(start: bigint, base: bigint, powerMax: number): { value: bigint; power: number } {
  let value = start;
  let power = 0;
  while (power < powerMax && value % base === 0n) {
    value /= base;
    power++;
  }
  return { value, power };
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/**
 * The text that Kubernetes returns for a quantity it was given. It is the canonical one, except that what already has a
 * step of a thousand is believed to be canonical: `1.500` stays, `1.5` becomes `1500m`.
 *
 * @throws {StatusError} `BadRequest`
 */
export function canonicalQuantity(text: string): string {
  const quantity = parseQuantity(text);
  return isTakenAsCanonical(text, quantity.format) ? text : formatQuantity(quantity);
}

function isTakenAsCanonical(text: string, format: QuantityFormat): boolean {
  const [, whole = "", fraction = "", suffix = ""] = /^[-+]?0*(\d*)(?:\.(\d*))?(.*)$/.exec(text) ?? [];
  if (format === "BinarySI") {
    const power = binarySuffixes.indexOf(suffix);
    const digitsMax = 14 - Math.floor(3 * power);
    return fraction === "" && whole.length <= digitsMax && Number(whole) % 8 !== 0;
  }
  const decimal = decimalSuffixes.indexOf(suffix);
  const scale = (decimal >= 0 ? 3 * decimal - 9 : Number(suffix.slice(1))) - fraction.length;
  const digits = whole + fraction;
  return whole !== "" && digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith("000");
}

/** Negative when `a` is less than `b`, positive when it is more, 0 when they are the same amount. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The sum, written as `a` is, or as `b` when `a` is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** The difference, written as `a` is, or as `b` when `a` is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, nanos: -b.nanos });
}

/** Whole units, rounded away from zero. */
export function quantityUnits({ nanos }: Quantity): bigint {
  return nanos < 0n ? -divideUp(-nanos, billion) : divideUp(nanos, billion);
}
