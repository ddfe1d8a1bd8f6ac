import { GoError } from "../go-error.ts";
import { sprint } from "../go-format.ts";
import { intsType } from "../go-types.ts";
import { inInt64, parseGoInteger } from "../literals.ts";
import type { Run } from "../run.ts";
import { any, type FunctionTable, float, fn, int, runFn, variadicFn } from "../signature.ts";
import { goInt, goInt64, typedList, type Value } from "../values.ts";
import { toFloat64, toInt64 } from "./convert.ts";
import { addDecimals, divideDecimals, multiplyDecimals, subtractDecimals } from "./decimal.ts";

/** Sprig's arithmetic: integers of 64 bits, and floats that are added as decimals. */
export const numberFunctions: FunctionTable = {
  int: fn([any], (value) => goInt(toInt64(value))),
  int64: fn([any], (value) => goInt64(toInt64(value))),
  float64: fn([any], toFloat64),
  toDecimal: fn([any], (value) => {
    const number = parseGoInteger(sprint([value]), 8);
    return goInt64(number !== undefined && inInt64(number) ? number : 0n);
  }),
  add1: fn([any], (value) => goInt64(toInt64(value) + 1n)),
  add: variadicFn([], any, (...values) => goInt64(values.reduce((sum: bigint, value) => sum + toInt64(value), 0n))),
  sub: fn([any, any], (a, b) => goInt64(toInt64(a) - toInt64(b))),
  mul: variadicFn([any], any, (...values) =>
    goInt64(values.reduce((product: bigint, value) => BigInt.asIntN(64, product * toInt64(value)), 1n)),
  ),
  div: fn([any, any], (a, b) => goInt64(toInt64(a) / divisor(b))),
  mod: fn([any, any], (a, b) => goInt64(toInt64(a) % divisor(b))),
  max: variadicFn([any], any, (...values) => goInt64(values.map(toInt64).reduce((a, b) => (b > a ? b : a)))),
  biggest: variadicFn([any], any, (...values) => goInt64(values.map(toInt64).reduce((a, b) => (b > a ? b : a)))),
  min: variadicFn([any], any, (...values) => goInt64(values.map(toInt64).reduce((a, b) => (b < a ? b : a)))),
  maxf: variadicFn([any], any, (...values) => Math.max(...values.map(toFloat64))),
  minf: variadicFn([any], any, (...values) => Math.min(...values.map(toFloat64))),
  ceil: fn([any], (value) => Math.ceil(toFloat64(value))),
  floor: fn([any], (value) => Math.floor(toFloat64(value))),
  round: variadicFn([any, int], float, round),
  add1f: fn([any], (value) => addDecimals(toFloat64(value), 1)),
  addf: variadicFn([], any, (...values) => values.map(toFloat64).reduce(addDecimals, 0)),
  subf: variadicFn([any], any, (...values) => values.map(toFloat64).reduce(subtractDecimals)),
  mulf: variadicFn([any], any, (...values) => values.map(toFloat64).reduce(multiplyDecimals)),
  divf: variadicFn([any], any, (...values) => values.map(toFloat64).reduce(divideDecimals)),
  until: runFn([int], (run, count) => typedList(intsType, untilStep(run, 0, count, count < 0 ? -1 : 1).map(goInt))),
  untilStep: runFn([int, int, int], (run, start, stop, step) => {
    return typedList(intsType, untilStep(run, start, stop, step).map(goInt));
  }),
  seq: { params: [], variadic: int, call: (run, params: number[]) => sequence(run, params) },
};

function divisor(value: Value): bigint {
  const number = toInt64(value);
  if (number === 0n) throw new GoError("runtime error: integer divide by zero");
  return number;
}

function round(value: Value, places: number, roundOn = 0.5): number {
  const power = 10 ** places;
  const digit = power * toFloat64(value);
  const fraction = digit - Math.trunc(digit);
  return (fraction >= roundOn ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function untilStep(run: Run, start: number, stop: number, step: number): number[] {
  if ((stop < start && step >= 0) || (stop >= start && step <= 0)) return [];
  const count = Math.ceil((stop - start) / step);
  run.reserveItems(count);
  run.charge(count);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** As `seq` of a shell: last; first and last; or first, step and last. */
function sequence(run: Run, params: readonly number[]): string {
  const [one, two, three] = params;
  if (one === undefined || params.length > 3) return "";
  const [start, end] = two === undefined ? [1, one] : [one, three ?? two];
  const increment = end < start ? -1 : 1;
  const step = three === undefined || two === undefined ? increment : two;
  if (three !== undefined && end < start && step > 0) return "";
  const past = end + (three === undefined ? step : increment);
  return untilStep(run, start, past, step).join(" ");
}
