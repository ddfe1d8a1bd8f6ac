import type { ExactValue } from "./object.ts";

/**
 * An integer as it is in values that keep all digits: beyond 2^53, where numbers have gaps, it is a `bigint`, so that few
 * values pay for it. `JSON.stringify` writes the digits of a `bigint`: this module teaches it to.
 */
export function toInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * `JSON.parse` that keeps the digits of integers; those beyond 64 bits are floats, as in Kubernetes. Of most texts it takes
 * no longer.
 *
 * @throws {SyntaxError}
 */
export function parseExactJson(text: string): ExactValue {
  const value: ExactValue = hasLongInteger(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  return value;
}

function keepDigits(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d{16,19}$/.test(source ?? "")) return value;
  const integer = BigInt(source ?? "");
  return BigInt.asIntN(64, integer) === integer ? integer : value;
}

/** How many digits 2^53 has. */
const longDigits = 16;

/** Whether so many digits stand in a row anywhere. In such a row every sixteenth character of a text is a digit. */
function hasLongInteger(text: string): boolean {
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39 && digitsAround(text, at) >= longDigits) return true;
  }
  return false;
}

function digitsAround(text: string, at: number): number {
  let start = at;
  let end = at + 1;
  while (start > at - longDigits && isDigit(text.charCodeAt(start - 1))) start--;
  while (end < at + longDigits && isDigit(text.charCodeAt(end))) end++;
  return end - start;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

declare global {
  interface JSON {
    /** Text that `JSON.stringify` writes as it is. */
    rawJSON(text: string): object;
  }
}

// Without it `JSON.stringify` throws at the first such integer, wherever in the process one has got to.
if (!Object.hasOwn(BigInt.prototype, "toJSON")) {
  Object.defineProperty(BigInt.prototype, "toJSON", {
    value(this: bigint) {
      return JSON.rawJSON(String(this));
    },
    configurable: true,
    writable: true,
  });
}
