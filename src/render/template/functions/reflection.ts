import { any, bool, type FunctionTable, fn, string } from "../signature.ts";
import { deepEqualValues, typeName } from "../values.ts";
import { kindOf } from "./convert.ts";

/** What a template can ask of types; and `ternary`. */
export const reflectionFunctions: FunctionTable = {
  typeOf: fn([any], typeName),
  typeIs: fn([string, any], (wanted, value) => typeName(value) === wanted),
  typeIsLike: fn([string, any], (wanted, value) => typeName(value) === wanted || typeName(value) === `*${wanted}`),
  kindOf: fn([any], kindOf),
  kindIs: fn([string, any], (wanted, value) => kindOf(value) === wanted),
  deepEqual: fn([any, any], deepEqualValues),
  ternary: fn([any, any, bool], (yes, no, condition) => (condition ? yes : no)),
};
