/** What a suffix of a Kubernetes quantity multiplies with. */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Fields that hold a quantity, or a map of them, in the kinds of Kubernetes. */
const quantityFields = new Set([
  "requests",
  "limits",
  "capacity",
  "hard",
  "sizeLimit",
  "averageValue",
  "default",
  "defaultRequest",
  "max",
  "min",
  "maxLimitRequestRatio",
  "overhead",
]);

/** Whether what stands in a field of this name may be written in several ways: `1000m` is `1`. */
export function holdsQuantities(field: string): boolean {
  return quantityFields.has(field);
}

/** Whether two values are quantities of the same size. */
export function isSameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  if (left === undefined || right === undefined) return false;
  // Quantities have up to 9 decimals and 19 digits; doubles are exact to about 16, which is finer than anybody asks for.
  return Math.abs(left - right) <= Math.max(Math.abs(left), Math.abs(right)) * 1e-14;
}

function parseQuantity(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(value);
  if (match === null) return undefined;
  const [, digits = "", exponent = "", suffix = ""] = match;
  return Number(`${digits}${exponent}`) * (factors[suffix] ?? 1);
}
