import { asText, toBool, toBytes, toDouble, toDuration, toInt, toText, toTimestamp, toUint } from "../convert.ts";
import { declareWith, type FunctionTable, type Implementation, type Overload } from "../functions.ts";
import { noOverload } from "../meter.ts";
import { isIn, size } from "../operators.ts";
import { localDate } from "../time.ts";
import { Duration, Timestamp, TypeValue, typeNameOf, type Value } from "../values.ts";

const { overload, method } = declareWith();

const unary =
  (run: (value: Value) => Value): Implementation =>
  ([value = null]) =>
    run(value);

/** Overloads of a comparison in the order of cel-go: `less_int64_double` and so on. */
function comparisons(name: string): Overload[] {
  const numbers: [id: string, type: string][] = [
    ["int64", "int"],
    ["uint64", "uint"],
    ["double", "double"],
  ];
  const same = (id: string, type: string) => overload(`${name}_${id}`, `${type}, ${type} -> bool`);
  return [
    same("bool", "bool"),
    ...numbers.flatMap(([id, type]) => [
      same(id, type),
      ...numbers
        .filter(([other]) => other !== id)
        .map(([other, otherType]) => overload(`${name}_${id}_${other}`, `${type}, ${otherType} -> bool`)),
    ]),
    same("string", "string"),
    same("bytes", "bytes"),
    same("timestamp", "timestamp"),
    same("duration", "duration"),
  ];
}

const operators: FunctionTable = new Map<string, Overload[]>([
  ["_?_:_", [overload("conditional", "bool, A, A -> A")]],
  ["_&&_", [overload("logical_and", "bool, bool -> bool")]],
  ["_||_", [overload("logical_or", "bool, bool -> bool")]],
  ["!_", [overload("logical_not", "bool -> bool")]],
  ["@not_strictly_false", [overload("not_strictly_false", "bool -> bool")]],
  ["_==_", [overload("equals", "A, A -> bool")]],
  ["_!=_", [overload("not_equals", "A, A -> bool")]],
  [
    "_+_",
    [
      overload("add_bytes", "bytes, bytes -> bytes"),
      overload("add_double", "double, double -> double"),
      overload("add_duration_duration", "duration, duration -> duration"),
      overload("add_duration_timestamp", "duration, timestamp -> timestamp"),
      overload("add_timestamp_duration", "timestamp, duration -> timestamp"),
      overload("add_int64", "int, int -> int"),
      overload("add_list", "list(A), list(A) -> list(A)"),
      overload("add_string", "string, string -> string"),
      overload("add_uint64", "uint, uint -> uint"),
    ],
  ],
  [
    "_/_",
    [
      overload("divide_double", "double, double -> double"),
      overload("divide_int64", "int, int -> int"),
      overload("divide_uint64", "uint, uint -> uint"),
    ],
  ],
  ["_%_", [overload("modulo_int64", "int, int -> int"), overload("modulo_uint64", "uint, uint -> uint")]],
  [
    "_*_",
    [
      overload("multiply_double", "double, double -> double"),
      overload("multiply_int64", "int, int -> int"),
      overload("multiply_uint64", "uint, uint -> uint"),
    ],
  ],
  ["-_", [overload("negate_double", "double -> double"), overload("negate_int64", "int -> int")]],
  [
    "_-_",
    [
      overload("subtract_double", "double, double -> double"),
      overload("subtract_duration_duration", "duration, duration -> duration"),
      overload("subtract_int64", "int, int -> int"),
      overload("subtract_timestamp_duration", "timestamp, duration -> timestamp"),
      overload("subtract_timestamp_timestamp", "timestamp, timestamp -> duration"),
      overload("subtract_uint64", "uint, uint -> uint"),
    ],
  ],
  ["_<_", comparisons("less")],
  ["_<=_", comparisons("less_equals")],
  ["_>_", comparisons("greater")],
  ["_>=_", comparisons("greater_equals")],
  ["_[_]", [overload("index_list", "list(A), int -> A"), overload("index_map", "map(A, B), A -> B")]],
  ["@in", [overload("in_list", "A, list(A) -> bool", inside), overload("in_map", "A, map(A, B) -> bool", inside)]],
]);

function inside([value = null, container = null]: readonly Value[], meter: Parameters<Implementation>[1]): Value {
  return isIn(value, container, meter);
}

const sizes = ["bytes", "list", "map", "string"].flatMap((name) => {
  const type = { list: "list(A)", map: "map(A, B)" }[name] ?? name;
  return [
    overload(`size_${name}`, `${type} -> int`, unary(size)),
    method(`${name}_size`, `${type} -> int`, unary(size)),
  ];
});

const same: Implementation = ([value = null]) => value;

const conversions: FunctionTable = new Map<string, Overload[]>([
  ["size", sizes],
  [
    "type",
    [
      overload(
        "type",
        "A -> type(A)",
        unary((value) => new TypeValue(typeNameOf(value))),
      ),
    ],
  ],
  [
    "bool",
    [overload("bool_to_bool", "bool -> bool", same), overload("string_to_bool", "string -> bool", unary(toBool))],
  ],
  [
    "bytes",
    [
      overload("bytes_to_bytes", "bytes -> bytes", same),
      overload("string_to_bytes", "string -> bytes", unary(toBytes)),
    ],
  ],
  [
    "double",
    [
      overload("double_to_double", "double -> double", same),
      overload("int64_to_double", "int -> double", unary(toDouble)),
      overload("string_to_double", "string -> double", unary(toDouble)),
      overload("uint64_to_double", "uint -> double", unary(toDouble)),
    ],
  ],
  [
    "duration",
    [
      overload("duration_to_duration", "duration -> duration", same),
      overload("int64_to_duration", "int -> duration", unary(toDuration)),
      overload("string_to_duration", "string -> duration", unary(toDuration)),
    ],
  ],
  ["dyn", [overload("to_dyn", "A -> dyn", same)]],
  [
    "int",
    [
      overload("int64_to_int64", "int -> int", same),
      overload("double_to_int64", "double -> int", unary(toInt)),
      overload("duration_to_int64", "duration -> int", unary(toInt)),
      overload("string_to_int64", "string -> int", unary(toInt)),
      overload("timestamp_to_int64", "timestamp -> int", unary(toInt)),
      overload("uint64_to_int64", "uint -> int", unary(toInt)),
    ],
  ],
  [
    "string",
    [
      overload("string_to_string", "string -> string", same),
      overload("bool_to_string", "bool -> string", unary(toText)),
      overload("bytes_to_string", "bytes -> string", unary(toText)),
      overload("double_to_string", "double -> string", unary(toText)),
      overload("duration_to_string", "duration -> string", unary(toText)),
      overload("int64_to_string", "int -> string", unary(toText)),
      overload("timestamp_to_string", "timestamp -> string", unary(toText)),
      overload("uint64_to_string", "uint -> string", unary(toText)),
    ],
  ],
  [
    "timestamp",
    [
      overload("timestamp_to_timestamp", "timestamp -> timestamp", same),
      overload("int64_to_timestamp", "int -> timestamp", unary(toTimestamp)),
      overload("string_to_timestamp", "string -> timestamp", unary(toTimestamp)),
    ],
  ],
  [
    "uint",
    [
      overload("uint64_to_uint64", "uint -> uint", same),
      overload("double_to_uint64", "double -> uint", unary(toUint)),
      overload("int64_to_uint64", "int -> uint", unary(toUint)),
      overload("string_to_uint64", "string -> uint", unary(toUint)),
    ],
  ],
]);

/** The tests of texts that are methods of the language itself; `matches` is planned with its pattern. */
const texts: FunctionTable = new Map<string, Overload[]>([
  ["contains", [textTest("contains_string", (text, part) => text.includes(part))]],
  ["endsWith", [textTest("ends_with_string", (text, part) => text.endsWith(part))]],
  ["startsWith", [textTest("starts_with_string", (text, part) => text.startsWith(part))]],
  ["matches", [overload("matches", "string, string -> bool"), method("matches_string", "string, string -> bool")]],
]);

function textTest(id: string, test: (text: string, part: string) => boolean): Overload {
  return method(id, "string, string -> bool", ([text, part]) => test(asText(text), asText(part)));
}

const day = 24 * 3_600 * 1_000;

function dayOfYear(date: Date): number {
  const first = new Date(date);
  first.setUTCMonth(0, 1);
  return Math.round((date.getTime() - first.getTime()) / day);
}

/** A part of a timestamp, in UTC or in a zone; of a duration, those that are given. */
function timePart(
  name: string,
  ofDate: (date: Date) => number,
  duration?: { id: string; of: (nanos: bigint) => bigint },
): Overload[] {
  const part = (value: Value | undefined, zone: string) =>
    value instanceof Timestamp ? BigInt(ofDate(localDate(value, zone))) : noOverload();
  const overloads = [
    method(`timestamp_to_${name}`, "timestamp -> int", ([value]) => part(value, "UTC")),
    method(`timestamp_to_${name}_with_tz`, "timestamp, string -> int", ([value, zone]) => part(value, asText(zone))),
  ];
  if (duration === undefined) return overloads;
  const { id, of } = duration;
  const ofDuration: Implementation = ([value]) => (value instanceof Duration ? of(value.nanos) : noOverload());
  return [...overloads, method(`duration_to_${id}`, "duration -> int", ofDuration)];
}

const times: FunctionTable = new Map<string, Overload[]>([
  ["getFullYear", timePart("year", (date) => date.getUTCFullYear())],
  ["getMonth", timePart("month", (date) => date.getUTCMonth())],
  ["getDayOfYear", timePart("day_of_year", dayOfYear)],
  ["getDate", timePart("day_of_month_1_based", (date) => date.getUTCDate())],
  ["getDayOfMonth", timePart("day_of_month", (date) => date.getUTCDate() - 1)],
  ["getDayOfWeek", timePart("day_of_week", (date) => date.getUTCDay())],
  [
    "getHours",
    timePart("hours", (date) => date.getUTCHours(), { id: "hours", of: (nanos) => nanos / 3_600_000_000_000n }),
  ],
  [
    "getMinutes",
    timePart("minutes", (date) => date.getUTCMinutes(), { id: "minutes", of: (nanos) => nanos / 60_000_000_000n }),
  ],
  [
    "getSeconds",
    timePart("seconds", (date) => date.getUTCSeconds(), { id: "seconds", of: (nanos) => nanos / 1_000_000_000n }),
  ],
  [
    "getMilliseconds",
    timePart("milliseconds", (date) => date.getUTCMilliseconds(), {
      id: "milliseconds",
      of: (nanos) => nanos / 1_000_000n,
    }),
  ],
]);

/** The functions of the language itself. */
export const standardFunctions: FunctionTable = new Map([...operators, ...conversions, ...texts, ...times]);
