import { GoError } from "../go-error.ts";

/** `coefficient` times ten to the power of `exponent`, as shopspring/decimal counts. */
type Decimal = { readonly coefficient: bigint; readonly exponent: number };

/** `DivisionPrecision` of shopspring/decimal. */
const divisionPrecision = 16;

function decimalOf(value: number): Decimal {
  if (!Number.isFinite(value)) throw new GoError(`Cannot create a Decimal from ${formatNonFinite(value)}`);
  const [digits = "0", power = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  return { coefficient: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}

function formatNonFinite(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function numberOf({ coefficient, exponent }: Decimal): number {
  return Number(`${coefficient}e${exponent}`);
}

/** The coefficients of two decimals at the smaller one of their exponents. */
function align(a: Decimal, b: Decimal): { left: bigint; right: bigint; exponent: number } {
  const exponent = Math.min(a.exponent, b.exponent);
  const scale = (decimal: Decimal) => decimal.coefficient * 10n ** BigInt(decimal.exponent - exponent);
  return { left: scale(a), right: scale(b), exponent };
}

export function addDecimals(a: number, b: number): number {
  const { left, right, exponent } = align(decimalOf(a), decimalOf(b));
  return numberOf({ coefficient: left + right, exponent });
}

export function subtractDecimals(a: number, b: number): number {
  return addDecimals(a, -b);
}

export function multiplyDecimals(a: number, b: number): number {
  const [left, right] = [decimalOf(a), decimalOf(b)];
  return numberOf({ coefficient: left.coefficient * right.coefficient, exponent: left.exponent + right.exponent });
}

/** @throws {GoError} for a division by zero */
export function divideDecimals(a: number, b: number): number {
  const { left, right } = align(decimalOf(a), decimalOf(b));
  if (right === 0n) throw new GoError("decimal division by 0");
  const scaled = left * 10n ** BigInt(divisionPrecision);
  const isNegative = scaled < 0n !== right < 0n;
  const [size, by] = [scaled < 0n ? -scaled : scaled, right < 0n ? -right : right];
  const quotient = size / by + ((size % by) * 2n >= by ? 1n : 0n);
  return numberOf({ coefficient: isNegative ? -quotient : quotient, exponent: -divisionPrecision });
}
