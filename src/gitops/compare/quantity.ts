import { compareQuantities, isStatusError, parseQuantity, type Quantity } from "../../apimachinery/index.ts";

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
  const [left, right] = [quantityFrom(a), quantityFrom(b)];
  return left !== undefined && right !== undefined && compareQuantities(left, right) === 0;
}

function quantityFrom(value: unknown): Quantity | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  try {
    return parseQuantity(String(value));
  } catch (error) {
    if (isStatusError(error, "BadRequest")) return undefined;
    throw error;
  }
}
