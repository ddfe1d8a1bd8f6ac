import { compareUtf8 } from "../../../apimachinery/index.ts";
import { GoError } from "../go-error.ts";
import { sprintf } from "../go-format.ts";
import { isUnsigned } from "../go-types.ts";
import { type FunctionTable, fn, reflect, variadicFn } from "../signature.ts";
import { entriesOf, GoInt, GoObject, isNilContainer, typeName, typeOf, type Value } from "../values.ts";

/** The comparisons of `text/template`, which insist on values of the same kind. */
export const comparisons: FunctionTable = {
  eq: variadicFn([reflect], reflect, (first, ...others) => isEqualToAny(first, others)),
  ne: fn([reflect, reflect], (a, b) => !isEqualToAny(a, [b])),
  lt: fn([reflect, reflect], isLess),
  le: fn([reflect, reflect], (a, b) => isLess(a, b) || isEqualToAny(a, [b])),
  gt: fn([reflect, reflect], (a, b) => !(isLess(a, b) || isEqualToAny(a, [b]))),
  ge: fn([reflect, reflect], (a, b) => !isLess(a, b)),
};

type Basic = "bool" | "int" | "uint" | "float" | "string";

function basicKind(value: Value): Basic | undefined {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
      return "float";
    case "string":
      return "string";
  }
  return value instanceof GoInt ? (isUnsigned(value.type) ? "uint" : "int") : undefined;
}

function isEqualToAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new GoError("missing argument for comparison");
  return others.some((other) => isEqual(first, other));
}

function isNothing(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function isEqual(a: Value, b: Value): boolean {
  const [left, right] = [basicKind(a), basicKind(b)];
  if (left !== right) {
    // Integers with and without a sign can be told apart by their values.
    if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value;
    if (isNothing(a) || isNothing(b)) return false;
    throw new GoError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  }
  if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value;
  if (left !== undefined) return a === b;
  if (isNothing(a) || isNothing(b)) return isNil(a) === isNil(b);
  if (typeOf(a)?.kind !== typeOf(b)?.kind) {
    throw new GoError(sprintf("non-comparable types %s: %s, %s: %v", [a, typeName(a), typeName(b), b]));
  }
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (!(b instanceof GoObject) || b.entries() !== undefined || b.type.kind === "slice") {
    throw new GoError(sprintf("non-comparable type %s: %s", [b, typeName(b)]));
  }
  return a === b || (a instanceof GoObject && a.text() !== undefined && a.text() === b.text());
}

function isNil(value: Value): boolean {
  if (isNothing(value)) return true;
  if (Array.isArray(value)) return isNilContainer(value);
  const entries = value instanceof GoObject ? undefined : entriesOf(value);
  return entries !== undefined && isNilContainer(entries);
}

function isLess(a: Value, b: Value): boolean {
  const [left, right] = [basicKind(a), basicKind(b)];
  if (left === undefined || right === undefined) throw new GoError("invalid type for comparison");
  if (a instanceof GoInt && b instanceof GoInt) return a.value < b.value;
  if (left !== right) throw new GoError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  if (typeof a === "string" && typeof b === "string") return compareUtf8(a, b) < 0;
  if (typeof a === "number" && typeof b === "number") return a < b;
  throw new GoError("invalid type for comparison");
}
