import { compareUtf8 } from "../apimachinery/index.ts";
import { fail, type Meter, noOverload } from "./meter.ts";
import { Dict, Duration, Foreign, List, Optional, Timestamp, TypeValue, Uint, type Value } from "./values.ts";

/** Whether two values are equal: numbers whatever their types, lists and maps by what they hold. */
export function equal(a: Value, b: Value, meter: Meter): boolean {
  if (a === b) return typeof a !== "number" || !Number.isNaN(a);
  if (a === null || b === null) return false;
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0;
  if (typeof a !== "object") return false;
  meter.step();
  if (a instanceof List) return equalLists(a, b, meter);
  if (a instanceof Dict) return equalDicts(a, b, meter);
  if (a instanceof Foreign) return a.equals(b) ?? noOverload();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (!(a instanceof Optional) || !(b instanceof Optional)) return false;
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value, meter);
}

function equalLists(a: List, b: Value, meter: Meter): boolean {
  const special = a.equalTo(b, (x, y) => equal(x, y, meter));
  if (special !== undefined) return special;
  if (!(b instanceof List) || a.size !== b.size) return false;
  for (let index = 0; index < a.size; index++) {
    meter.step();
    if (!equal(a.at(index), b.at(index), meter)) return false;
  }
  return true;
}

function equalDicts(a: Dict, b: Value, meter: Meter): boolean {
  const special = a.equalTo(b, (x, y) => equal(x, y, meter));
  if (special !== undefined) return special;
  if (!(b instanceof Dict) || a.size !== b.size) return false;
  for (const key of a.keys()) {
    meter.step();
    const [x, y] = [a.get(key), b.get(key)];
    if (x === undefined || y === undefined || !equal(x, y, meter)) return false;
  }
  return true;
}

type Numeric = bigint | number | Uint;

function isNumber(value: Value): value is Numeric {
  return typeof value === "bigint" || typeof value === "number" || value instanceof Uint;
}

function compareNumbers(a: Numeric, b: Numeric): number {
  const [x, y] = [a instanceof Uint ? a.value : a, b instanceof Uint ? b.value : b];
  return x < y ? -1 : x > y ? 1 : x >= y ? 0 : Number.NaN;
}

/** Negative, 0 or positive as `a` comes before, with or after `b`. */
export function compare(a: Value, b: Value): number {
  if (isNumber(a) && isNumber(b)) {
    const order = compareNumbers(a, b);
    return Number.isNaN(order) ? fail("NaN values cannot be ordered") : order;
  }
  if (typeof a === "string" && typeof b === "string") return compareUtf8(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Duration && b instanceof Duration) return orderOf(a.nanos, b.nanos);
  if (a instanceof Timestamp && b instanceof Timestamp) return orderOf(a.nanos, b.nanos);
  return noOverload();
}

function orderOf(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a list holds an item equal to a value. */
export function listHas(list: List, value: Value, meter: Meter): boolean {
  for (let index = 0; index < list.size; index++) {
    meter.step();
    if (equal(list.at(index), value, meter)) return true;
  }
  return false;
}
