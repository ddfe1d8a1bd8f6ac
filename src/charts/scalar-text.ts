import { formatGoExponent, valueAt } from "../apimachinery/index.ts";

/** The text at a path where Helm has a string: numbers and booleans are written out, `1.10` as `1.1`. Empty where there is none. */
export function scalarTextAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  if (typeof found === "string") return found;
  if (typeof found === "number") return Number.isInteger(found) ? String(BigInt(found)) : formatGoExponent(found);
  return typeof found === "boolean" || typeof found === "bigint" ? String(found) : "";
}
