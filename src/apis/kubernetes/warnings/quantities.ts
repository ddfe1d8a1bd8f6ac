import { canonicalQuantity, type Fields, parseQuantity, quoteGo } from "../../../apimachinery/index.ts";

/** Amounts of bytes that are no whole number. @param names resources that are counted in bytes */
export function fractionalBytes(path: string, amounts: Fields, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const text = amounts[name];
    if (text === undefined || text === null || isWhole(String(text))) return [];
    const shown = quoteGo(canonicalQuantity(String(text)));
    return [`${path}[${name}]: fractional byte value ${shown} is invalid, must be an integer`];
  });
}

function isWhole(text: string): boolean {
  // In thousandths, as Kubernetes looks at it, rounded up.
  const millis = (parseQuantity(text).nanos + 999_999n) / 1_000_000n;
  return millis % 1000n === 0n;
}
