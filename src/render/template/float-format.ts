import { formatGoExponent } from "../../apimachinery/index.ts";

/**
 * A finite number of no sign as `strconv.FormatFloat` prints it.
 *
 * @param letter `b`, `e`, `E`, `f`, `g`, `G`, `x` or `X`
 * @param precision digits behind the point, significant ones for `g`; -1 for as many as the number needs
 */
export function formatFloat(value: number, letter: string, precision: number): string {
  switch (letter) {
    case "e":
      return withExponent(precision < 0 ? value.toExponential() : toExponential(value, precision));
    case "E":
      return formatFloat(value, "e", precision).toUpperCase();
    case "f":
      return precision < 0 ? plainDigits(value) : toFixed(value, precision);
    case "g":
      return precision < 0 ? formatGoExponent(value) : general(value, precision === 0 ? 1 : precision);
    case "G":
      return formatFloat(value, "g", precision).toUpperCase();
    case "b": {
      const { mantissa, exponent } = parts(value);
      return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
    }
    case "X":
      return formatFloat(value, "x", precision).toUpperCase();
  }
  return hexadecimal(value, precision);
}

/** Go writes at least two digits of an exponent. */
function withExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** The digits without an exponent. */
export function plainDigits(value: number): string {
  const [digits = "0", exponent = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  const all = whole + fraction;
  const point = 1 + Number(exponent);
  if (point <= 0) return `0.${"0".repeat(-point)}${all}`;
  if (point >= all.length) return all + "0".repeat(point - all.length);
  return `${all.slice(0, point)}.${all.slice(point)}`;
}

/** The number as a fraction of integers, which rounds exactly where JavaScript's own methods have limits. */
function exact(value: number): { numerator: bigint; denominator: bigint } {
  const { mantissa, exponent } = parts(value);
  if (exponent >= 0) return { numerator: mantissa << BigInt(exponent), denominator: 1n };
  return { numerator: mantissa, denominator: 1n << BigInt(-exponent) };
}

function parts(value: number): { mantissa: bigint; exponent: number } {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return exponent === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: exponent - 1075 };
}

/** Rounds half to even, of the exact value. */
function toFixed(value: number, precision: number): string {
  const { numerator, denominator } = exact(value);
  const scaled = numerator * 10n ** BigInt(precision);
  let quotient = scaled / denominator;
  const twice = (scaled % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient++;
  const digits = quotient.toString().padStart(precision + 1, "0");
  return precision === 0 ? digits : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

function toExponential(value: number, precision: number): string {
  if (value === 0) return `0${precision > 0 ? `.${"0".repeat(precision)}` : ""}e+0`;
  let exponent = Number(value.toExponential().split("e")[1]);
  for (;;) {
    const digits = significant(value, precision, exponent);
    if (digits.length <= precision + 1) {
      const fraction = digits.slice(1);
      return `${digits.charAt(0)}${fraction === "" ? "" : `.${fraction}`}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
    }
    exponent++;
  }
}

/** The digits from the one of 10^exponent on, `precision` more, rounded. */
function significant(value: number, precision: number, exponent: number): string {
  const { numerator, denominator } = exact(value);
  const shift = precision - exponent;
  const scaled = shift >= 0 ? numerator * 10n ** BigInt(shift) : numerator;
  const divisor = shift >= 0 ? denominator : denominator * 10n ** BigInt(-shift);
  let quotient = scaled / divisor;
  const twice = (scaled % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient++;
  return quotient.toString();
}

function general(value: number, precision: number): string {
  if (value === 0) return "0";
  const [digits = "", exponentText = "0"] = toExponential(value, precision - 1).split("e");
  const exponent = Number(exponentText);
  const trimmed = digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
  // With more precision than the number has digits, only numbers beyond those digits need an exponent.
  const shown = trimmed.replace(".", "").length;
  const threshold = precision > shown && shown >= exponent + 1 ? shown : precision;
  if (exponent < -4 || exponent >= threshold) {
    return withExponent(`${trimmed}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`);
  }
  return plainDigits(Number(`${trimmed}e${exponent}`));
}

function hexadecimal(value: number, precision: number): string {
  let { mantissa, exponent } = parts(value);
  if (mantissa === 0n) return `0x0${precision > 0 ? `.${"0".repeat(precision)}` : ""}p+00`;
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  exponent += 52;
  if (precision >= 0 && precision < 13) {
    const drop = BigInt(4 * (13 - precision));
    const rest = mantissa & ((1n << drop) - 1n);
    const half = 1n << (drop - 1n);
    mantissa >>= drop;
    if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa++;
    mantissa <<= drop;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, "0");
  const shown = precision < 0 ? fraction.replace(/0+$/, "") : fraction.slice(0, precision).padEnd(precision, "0");
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `0x1${shown === "" ? "" : `.${shown}`}p${exponent < 0 ? "-" : "+"}${power}`;
}
