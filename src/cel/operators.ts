import { intOf, uintOf } from "./convert.ts";
import { compare, equal, listHas } from "./equality.ts";
import { EvaluationError, fail, type Meter, noOverload } from "./meter.ts";
import { durationOf, timestampOf } from "./time.ts";
import {
  characterCount,
  Dict,
  Duration,
  Foreign,
  GrowingList,
  List,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from "./values.ts";

// What the operators do. A left operand whose type has no such operator at all is refused with the operator's name, as in
// cel-go; one that has it, but not for the right operand, without.

function notFor(operator: string): never {
  throw new EvaluationError(`no such overload: ${operator}`);
}

/** Types without any arithmetic; maps, for one, can neither be added nor compared. */
function isInert(value: Value): boolean {
  return (
    value === null ||
    typeof value === "boolean" ||
    value instanceof Dict ||
    value instanceof Optional ||
    value instanceof TypeValue ||
    value instanceof Foreign
  );
}

export function add(a: Value, b: Value): Value {
  if (typeof a === "bigint") return typeof b === "bigint" ? intOf(a + b) : noOverload();
  if (typeof a === "string") return typeof b === "string" ? a + b : noOverload();
  if (typeof a === "number") return typeof b === "number" ? a + b : noOverload();
  if (a instanceof List) return b instanceof List ? addLists(a, b) : noOverload();
  if (a instanceof Uint) return b instanceof Uint ? uintOf(a.value + b.value) : noOverload();
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.concat([a, b]) : noOverload();
  if (a instanceof Timestamp) {
    return b instanceof Duration ? timestampOf(a.nanos + b.nanos, a.offsetSeconds) : noOverload();
  }
  if (!(a instanceof Duration)) return notFor("_+_");
  if (b instanceof Duration) return durationOf(a.nanos + b.nanos);
  return b instanceof Timestamp ? timestampOf(a.nanos + b.nanos, b.offsetSeconds) : noOverload();
}

function addLists(a: List, b: List): List {
  if (!(a instanceof GrowingList)) return a.concat(b);
  for (const item of b) a.items.push(item);
  return a;
}

export function subtract(a: Value, b: Value): Value {
  if (typeof a === "bigint") return typeof b === "bigint" ? intOf(a - b) : noOverload();
  if (typeof a === "number") return typeof b === "number" ? a - b : noOverload();
  if (a instanceof Uint) return b instanceof Uint ? uintOf(a.value - b.value) : noOverload();
  if (a instanceof Duration) return b instanceof Duration ? durationOf(a.nanos - b.nanos) : noOverload();
  if (a instanceof Timestamp) {
    if (b instanceof Duration) return timestampOf(a.nanos - b.nanos, a.offsetSeconds);
    return b instanceof Timestamp ? durationOf(a.nanos - b.nanos) : noOverload();
  }
  return lacksArithmetic(a) ? notFor("_-_") : noOverload();
}

function lacksArithmetic(value: Value): boolean {
  return isInert(value) || value instanceof Uint8Array || value instanceof List;
}

export function multiply(a: Value, b: Value): Value {
  if (typeof a === "bigint") return typeof b === "bigint" ? intOf(a * b) : noOverload();
  if (typeof a === "number") return typeof b === "number" ? a * b : noOverload();
  if (a instanceof Uint) return b instanceof Uint ? uintOf(a.value * b.value) : noOverload();
  return lacksArithmetic(a) ? notFor("_*_") : noOverload();
}

export function divide(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return b === 0n ? fail("division by zero") : intOf(a / b);
  if (typeof a === "number" && typeof b === "number") return a / b;
  if (a instanceof Uint && b instanceof Uint) {
    return b.value === 0n ? fail("division by zero") : new Uint(a.value / b.value);
  }
  return lacksArithmetic(a) ? notFor("_/_") : noOverload();
}

export function modulo(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return b === 0n ? fail("modulus by zero") : intOf(a % b);
  if (a instanceof Uint && b instanceof Uint) {
    return b.value === 0n ? fail("modulus by zero") : new Uint(a.value % b.value);
  }
  return lacksArithmetic(a) || typeof a === "number" ? notFor("_%_") : noOverload();
}

export function negate(a: Value): Value {
  if (typeof a === "bigint") return intOf(-a);
  if (typeof a === "number") return -a;
  if (a instanceof Duration) return durationOf(-a.nanos);
  if (typeof a === "boolean" || typeof a === "string" || a instanceof Timestamp) return noOverload();
  return notFor("-_");
}

export function not(a: Value): boolean {
  return typeof a === "boolean" ? !a : noOverload();
}

/** Makes a comparison of the order that a test wants. */
export function ordered(operator: string, test: (order: number) => boolean): (a: Value, b: Value) => boolean {
  return (a, b) => {
    if (typeof a === "bigint" && typeof b === "bigint") return test(a < b ? -1 : a > b ? 1 : 0);
    if (typeof a !== "boolean" && (isInert(a) || a instanceof List)) return notFor(operator);
    return test(compare(a, b));
  };
}

export function isIn(value: Value, container: Value, meter: Meter): boolean {
  if (container instanceof List) return listHas(container, value, meter);
  return container instanceof Dict ? container.get(value) !== undefined : noOverload();
}

export function size(value: Value): bigint {
  if (typeof value === "string") return BigInt(characterCount(value));
  if (value instanceof List || value instanceof Dict) return BigInt(value.size);
  if (value instanceof Uint8Array) return BigInt(value.length);
  if (value instanceof Duration || value instanceof Timestamp) return noOverload();
  return notFor("size");
}

export { equal };

/** What a value counts for where costs depend on sizes: 1 for all that has none. */
export function sizeOf(value: Value): number {
  if (typeof value === "string") return characterCount(value);
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof List || value instanceof Dict || value instanceof Foreign) return value.size;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Optional && value.value !== undefined) return sizeOf(value.value);
  return 1;
}
