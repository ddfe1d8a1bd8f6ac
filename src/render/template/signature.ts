import {
  anyType,
  boolType,
  floatType,
  type GoType,
  intType,
  isAssignable,
  listType,
  mapType,
  stringType,
  uint32Type,
} from "./go-types.ts";
import type { Run } from "./run.ts";
import { entriesOf, GoInt, type GoMap, GoObject, nilList, nilOf, typeOf, type Value } from "./values.ts";

/** What {@link Param.take} says of a value of another type. */
export const refused: unique symbol = Symbol("refused");

/**
 * A parameter of a function: its type, and how a value of that type reaches the function.
 *
 * @property nil what `nil` becomes; `refused` where it is not a value of the type
 * @property isReflect of type `reflect.Value`: takes everything as it is
 */
export type Param<T> = {
  readonly type: GoType;
  readonly nil: T | typeof refused;
  readonly isReflect?: boolean;
  take(value: Value): T | typeof refused;
};

const reflectType: GoType = { name: "reflect.Value", kind: "struct" };

/** `string` */
export const string: Param<string> = {
  type: stringType,
  nil: refused,
  take: (value) => (typeof value === "string" ? value : refused),
};

/** `bool` */
export const bool: Param<boolean> = {
  type: boolType,
  nil: refused,
  take: (value) => (typeof value === "boolean" ? value : refused),
};

/** `float64` */
export const float: Param<number> = {
  type: floatType,
  nil: refused,
  take: (value) => (typeof value === "number" ? value : refused),
};

/** `int` */
export const int: Param<number> = integer(intType);

/** `uint32` */
export const uint32: Param<number> = integer(uint32Type);

function integer(type: GoType): Param<number> {
  const take = (value: Value) => (value instanceof GoInt && value.type === type ? Number(value.value) : refused);
  return { type, nil: refused, take };
}

/** `interface {}` */
export const any: Param<Value> = { type: anyType, nil: null, take: (value) => value };

/** `reflect.Value`, as the functions of `text/template` itself take it: `undefined` stays what it is. */
export const reflect: Param<Value> = { type: reflectType, nil: undefined, isReflect: true, take: (value) => value };

/** `map[string]interface {}` */
export const map: Param<GoMap> = {
  type: mapType,
  get nil() {
    return entriesOf(nilOf(mapType)) ?? refused;
  },
  take(value) {
    const type = typeOf(value);
    return type !== undefined && isAssignable(type, mapType) ? (entriesOf(value) ?? refused) : refused;
  },
};

/** `[]interface {}` */
export const list: Param<Value[]> = {
  type: listType,
  nil: nilList,
  take: (value) => (Array.isArray(value) && typeOf(value) === listType ? value : refused),
};

/** A struct or a pointer to one. */
export function object<T extends GoObject>(type: GoType, isOne: (value: GoObject) => value is T): Param<T> {
  return { type, nil: refused, take: (value) => (value instanceof GoObject && isOne(value) ? value : refused) };
}

/**
 * A function that templates can call.
 *
 * @property variadic the type of the arguments that may come behind `params`
 * @property call gets its arguments as {@link Param.take} gave them, as many as it has parameters or more
 * @property choice `and` and `or`: they are not called, since they evaluate only what they need
 */
export type GoFunction = {
  readonly params: readonly Param<unknown>[];
  readonly variadic: Param<unknown> | undefined;
  readonly call: (run: Run, args: never) => Value;
  readonly choice?: "and" | "or";
};

type Arguments<P extends readonly Param<unknown>[]> = {
  -readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never;
};

/** A function with a fixed number of parameters. */
export function fn<const P extends readonly Param<unknown>[]>(
  params: P,
  call: (...args: Arguments<P>) => Value,
): GoFunction {
  return { params, variadic: undefined, call: (_run, args: Arguments<P>) => call(...args) };
}

/** A function that takes any number of arguments behind its parameters. */
export function variadicFn<const P extends readonly Param<unknown>[], R>(
  params: P,
  variadic: Param<R>,
  call: (...args: [...Arguments<P>, ...R[]]) => Value,
): GoFunction {
  return { params, variadic, call: (_run, args: [...Arguments<P>, ...R[]]) => call(...args) };
}

/** A function that needs more than its arguments: the clock, randomness, other templates. */
export function runFn<const P extends readonly Param<unknown>[]>(
  params: P,
  call: (run: Run, ...args: Arguments<P>) => Value,
): GoFunction {
  return { params, variadic: undefined, call: (run, args: Arguments<P>) => call(run, ...args) };
}

/** Functions by the name that templates know them by. */
export type FunctionTable = Readonly<Record<string, GoFunction>>;
