import { attempt, type Frame, type Plan, type Run, unset } from "./frame.ts";
import { fail } from "./meter.ts";
import { Dict, GrowingList, List, typeNameOf, type Value, ValueList } from "./values.ts";

type Parts = {
  /** Numbers of the variables: the accumulator, the element or its key, the element beside its key. */
  readonly slots: { readonly result: number; readonly first: number; readonly second: number };
  readonly range: Plan;
  readonly condition: Plan;
  readonly step: Plan;
  readonly result: Plan;
  readonly isPair: boolean;
};

/** Runs a comprehension. An error of one step is its result so far, which a later one may absorb. */
export function planFold({ slots, range, condition, step, result, isPair }: Parts): Run {
  const stops = condition.constant === undefined ? condition.run : undefined;
  const never = condition.constant === false;

  /** @returns false to stop */
  const one = (frame: Frame, first: Value, second: Value): boolean => {
    frame.step();
    frame.locals[slots.first] = first;
    if (isPair) frame.locals[slots.second] = second;
    if (never || stops?.(frame) === false) return false;
    frame.locals[slots.result] = attempt(step.run, frame);
    return true;
  };

  return (frame) => {
    const over = range.run(frame);
    frame.locals[slots.result] = unset;
    if (over instanceof List) {
      for (let index = 0; index < over.size; index++) {
        const item = over.at(index);
        if (!(isPair ? one(frame, BigInt(index), item) : one(frame, item, null))) break;
      }
    } else if (over instanceof Dict) {
      for (const key of over.keys()) {
        if (!one(frame, key, isPair ? (over.get(key) ?? null) : null)) break;
      }
    } else {
      const name = goTypeOf(over);
      fail(isPair ? `unsupported comprehension range type: ${name}` : `got '${name}', expected iterable type`);
    }
    const value = result.run(frame);
    return value instanceof GrowingList ? new ValueList(value.items) : value;
  };
}

const goTypes: Readonly<Record<string, string>> = {
  null_type: "types.Null",
  bool: "types.Bool",
  int: "types.Int",
  uint: "types.Uint",
  double: "types.Double",
  string: "types.String",
  bytes: "types.Bytes",
  "google.protobuf.Timestamp": "types.Timestamp",
  "google.protobuf.Duration": "types.Duration",
  optional_type: "*types.Optional",
  type: "*types.Type",
};

/** The Go type by which messages of cel-go name a value. */
function goTypeOf(value: Value): string {
  const name = typeNameOf(value);
  return goTypes[name] ?? `cel.${name.slice(name.lastIndexOf(".") + 1)}`;
}
