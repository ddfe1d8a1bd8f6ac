import { anyType, type GoType } from "./go-types.ts";
import type { State } from "./run.ts";
import type { GoFunction } from "./signature.ts";
import { type GoMap, GoObject, goType, hasKey, isMap, typeOf, type Value, zeroOf } from "./values.ts";

/** Where the receiver of a field comes from, which is in the words of errors. */
export type Origin =
  /** A variable or dot; `boxSlot` is the variable that says whether it is an element of a `[]interface {}`, if it can be. */
  | { readonly boxSlot: number | undefined }
  /** The field or element of another value. */
  | { readonly parent: Value };

/** Calls a method that a field turned out to be. */
export type CallMethod = (state: State, dot: Value, method: GoFunction, name: string, receiver: Value) => Value;

/** The value of a field, without arguments. */
export function fieldOf(
  state: State,
  dot: Value,
  receiver: Value,
  name: string,
  origin: Origin,
  callMethod: CallMethod,
  hasArguments = false,
): Value {
  if (receiver === undefined) {
    if (state.run.options.missingKey === "error") state.fail(`nil data; no entry for key ${JSON.stringify(name)}`);
    return undefined;
  }
  if (receiver === null) state.fail(`nil pointer evaluating interface {}.${name}`);
  if (receiver instanceof GoObject) {
    const method = receiver.method(name);
    if (method !== undefined) return callMethod(state, dot, method, name, receiver);
    const entries = receiver.entries();
    if (entries !== undefined) return entryOf(state, entries, name, receiver.type, hasArguments);
    const field = receiver.field(name);
    if (field !== undefined) {
      if (hasArguments) state.fail(`${name} has arguments but cannot be invoked as function`);
      return field;
    }
  } else if (isMap(receiver)) {
    return entryOf(state, receiver, name, receiver[goType], hasArguments);
  }
  return state.fail(`can't evaluate field ${name} in type ${staticType(state, receiver, origin).name}`);
}

function entryOf(state: State, map: GoMap, name: string, type: GoType | undefined, hasArguments: boolean): Value {
  if (hasArguments) state.fail(`${name} is not a method but has arguments`);
  if (hasKey(map, name)) return map[name] ?? null;
  const { missingKey = "zero" } = state.run.options;
  if (missingKey === "error") state.fail(`map has no entry for key ${JSON.stringify(name)}`);
  return missingKey === "zero" ? zeroOf(type?.element ?? anyType) : undefined;
}

/** What Go knows of the type before it looks into interfaces. */
function staticType(state: State, receiver: Value, origin: Origin): GoType {
  const dynamic = typeOf(receiver) ?? anyType;
  if ("parent" in origin) {
    const element = typeOf(origin.parent)?.element;
    return element?.kind === "interface" ? element : dynamic;
  }
  return origin.boxSlot !== undefined && state.vars[origin.boxSlot] === true ? anyType : dynamic;
}

/** Follows a path of fields, all but the last without arguments. */
export function followPath(
  state: State,
  dot: Value,
  start: Value,
  path: readonly string[],
  origin: Origin,
  callMethod: CallMethod,
): Value {
  let receiver = start;
  let from = origin;
  for (const name of path) {
    const next = fieldOf(state, dot, receiver, name, from, callMethod);
    from = { parent: receiver };
    receiver = next;
  }
  return receiver;
}
