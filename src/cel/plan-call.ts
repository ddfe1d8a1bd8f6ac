import { compilePattern } from "../apimachinery/index.ts";
import type { Reference } from "./check.ts";
import { asText } from "./convert.ts";
import { type CallCost, costOfCall } from "./cost-runtime.ts";
import { equal } from "./equality.ts";
import { attempt, callPlan, constantPlan, Frame, type Plan, type Run, Thrown } from "./frame.ts";
import { fitsType, type Implementation, type Overload } from "./functions.ts";
import { EvaluationError, fail, noOverload } from "./meter.ts";
import { add, divide, isIn, modulo, multiply, negate, not, ordered, size, subtract } from "./operators.ts";
import type { Type } from "./types.ts";
import { isDynamic } from "./unify.ts";
import { List, Optional, typeNameOf, Uint, type Value } from "./values.ts";

type Argument = Plan & { readonly type: Type };
type FunctionReference = Reference & { readonly kind: "function" };

/** Makes a call ready to run. @throws {EvaluationError} for a constant that cannot be converted, or a wrong pattern */
export function planCall(reference: FunctionReference, args: readonly Argument[]): Plan {
  const { name } = reference;
  const [first, second] = args;
  switch (name) {
    case "_&&_":
      return callPlan(logical(args, false));
    case "_||_":
      return callPlan(logical(args, true));
    case "@not_strictly_false":
      return callPlan(notStrictlyFalse(first));
    case "or":
    case "orValue":
      if (first !== undefined && second !== undefined)
        return callPlan(orElse(first.run, second.run, name === "orValue"));
      break;
    case "@in": {
      const member = first === undefined ? undefined : planMembership(first, second?.constant);
      if (member !== undefined) return member;
      break;
    }
    case "matches":
      return planMatches(reference, args);
    case "find":
    case "findAll":
      if (typeof second?.constant === "string") checkPattern(second.constant);
      break;
  }
  const isConversion = conversions.has(name) && args.length === 1;
  const run = planFunction(reference, args);
  if (!isConversion || first?.constant === undefined) return callPlan(run);
  return constantPlan(run(new Frame({}, Number.POSITIVE_INFINITY)));
}

/** Functions whose value for a constant is computed once. */
const conversions: ReadonlySet<string> = new Set(
  "bool bytes double dyn duration int string timestamp type uint".split(" "),
);

/** `&&` for `decisive` false, `||` for true: a term with that value decides, whatever errors others have. */
function logical(args: readonly Argument[], decisive: boolean): Run {
  const runs = args.map(({ run }) => run);
  return (frame) => {
    let error: EvaluationError | undefined;
    for (const run of runs) {
      const value = attempt(run, frame);
      if (value === decisive) return decisive;
      if (value === !decisive) continue;
      error ??= value instanceof Thrown ? value.error : new EvaluationError("no such overload");
    }
    if (error !== undefined) throw error;
    return !decisive;
  };
}

function notStrictlyFalse(argument: Argument | undefined): Run {
  return (frame) => {
    const value = argument === undefined ? null : attempt(argument.run, frame);
    frame.charge(1);
    return value !== false;
  };
}

function orElse(first: Run, second: Run, unwraps: boolean): Run {
  return (frame) => {
    const value = first(frame);
    if (!(value instanceof Optional)) return value;
    if (value.value === undefined) return second(frame);
    return unwraps ? value.value : value;
  };
}

/** `in` a list of constants is a look into a set, which costs nothing. */
function planMembership({ run }: Argument, list: Value | undefined): Plan | undefined {
  if (!(list instanceof List)) return undefined;
  if (list.size === 0) return constantPlan(false);
  const members = new Set<unknown>();
  for (const item of list) {
    if (typeof item === "object" && item !== null && !(item instanceof Uint)) return undefined;
    members.add(memberId(item));
  }
  return callPlan((frame) => members.has(memberId(run(frame))));
}

/** Equal numbers have one id, whatever their types. */
function memberId(value: Value): unknown {
  if (value instanceof Uint) return value.value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}

function planMatches(reference: FunctionReference, args: readonly Argument[]): Plan {
  const pattern = args[1]?.constant;
  if (typeof pattern !== "string") return callPlan(planFunction(reference, args));
  const matches = checkPattern(pattern);
  const run: Implementation = ([text]) => matches(asText(text));
  const overloads = reference.overloads.map((overload) => ({ ...overload, run }));
  return callPlan(planFunction({ ...reference, overloads }, args));
}

/** Patterns that are computed: few, and the same again and again. */
const patternsMax = 1_000;
const patterns = new Map<string, (text: string) => boolean>();

function checkPattern(pattern: string): (text: string) => boolean {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  try {
    const matches = compilePattern(pattern);
    if (patterns.size >= patternsMax) patterns.clear();
    patterns.set(pattern, matches);
    return matches;
  } catch (error) {
    if (error instanceof SyntaxError) return fail(error.message);
    throw error;
  }
}

const binary: Readonly<Record<string, (a: Value, b: Value, frame: Frame) => Value>> = {
  "_==_": (a, b, frame) => equal(a, b, frame),
  "_!=_": (a, b, frame) => !equal(a, b, frame),
  "_+_": add,
  "_-_": subtract,
  "_*_": multiply,
  "_/_": divide,
  "_%_": modulo,
  "_<_": ordered("_<_", (order) => order < 0),
  "_<=_": ordered("_<=_", (order) => order <= 0),
  "_>_": ordered("_>_", (order) => order > 0),
  "_>=_": ordered("_>=_", (order) => order >= 0),
  "@in": (value, container, frame) => isIn(value, container, frame),
  matches: (text, pattern) => checkPattern(asText(pattern))(asText(text)),
};

const unary: Readonly<Record<string, (value: Value) => Value>> = { "!_": not, "-_": negate, size };

function planFunction(reference: FunctionReference, args: readonly Argument[]): Run {
  const { name, overloads } = reference;
  const isSame = name === "_==_" || name === "_!=_";
  const [only] = overloads.length === 1 || isSame ? overloads : [];
  const cost = costOfCall(name, only?.id ?? "");
  const [first, second] = args.map(({ run }) => run);
  const operator = only?.run === undefined || overloads.length > 1 ? binary[name] : undefined;
  if (operator !== undefined && first !== undefined && second !== undefined) {
    return planBinary(operator, first, second, cost, isSame);
  }
  const simple = unary[name];
  if (simple !== undefined && first !== undefined) {
    return (frame) => {
      frame.charge(1);
      return simple(first(frame));
    };
  }
  return planOverloads(reference, args, cost);
}

function planBinary(
  operator: (a: Value, b: Value, frame: Frame) => Value,
  first: Run,
  second: Run,
  cost: CallCost,
  isSame: boolean,
): Run {
  if (!("before" in cost)) throw new RangeError("operators cost by what they are given");
  const { before } = cost;
  return (frame) => {
    let a: Value;
    try {
      a = first(frame);
    } catch (error) {
      return failAfter(error, second, frame, before);
    }
    const b = second(frame);
    // Comparing numbers and the like, which most rules do, costs 1 without looking.
    if (isSame && typeof a !== "object" && typeof a !== "string") frame.charge(1);
    else frame.charge(before([a, b], frame));
    return operator(a, b, frame);
  };
}

/** When the first operand fails, the second is computed all the same, and the operator costs what it costs. */
function failAfter(
  error: unknown,
  second: Run,
  frame: Frame,
  before: (args: readonly Value[], frame: Frame) => number,
): never {
  if (!(error instanceof EvaluationError)) throw error;
  const b = attempt(second, frame);
  frame.charge(before([null, b instanceof Thrown ? null : b], frame));
  throw error;
}

function planOverloads({ name, overloads }: FunctionReference, args: readonly Argument[], cost: CallCost): Run {
  const runs = args.map(({ run }) => run);
  const [only] = overloads;
  const isSure =
    overloads.length === 1 &&
    only !== undefined &&
    args.every(({ type }, index) => isKnown(type, only.parameters[index]));
  const sure = isSure ? only?.run : undefined;

  return (frame) => {
    const values: Value[] = [];
    try {
      for (const run of runs) values.push(run(frame));
    } catch (error) {
      if (runs.length === 1 && "before" in cost) frame.charge(cost.before([null], frame));
      throw error;
    }
    if ("before" in cost) frame.charge(cost.before(values, frame));
    const implementation = sure ?? choose(overloads, values)?.run;
    if (implementation === undefined) return noOverloadOf(name, values);
    const result = implementation(values, frame);
    if ("after" in cost) frame.charge(cost.after(result));
    return result;
  };
}

/** Whether a value of a type fits a parameter without looking at it. */
function isKnown(type: Type, parameter: Type | undefined): boolean {
  if (parameter === undefined) return false;
  if (parameter.kind === "dyn" || parameter.kind === "param") return true;
  if (isDynamic(type) || type.kind !== parameter.kind) return false;
  return parameter.parameters.every((inner, index) => {
    const known = type.parameters[index];
    return known !== undefined && isKnown(known, inner);
  });
}

function choose(overloads: readonly Overload[], values: readonly Value[]): Overload | undefined {
  return overloads.find(({ parameters }) => values.every((value, index) => fits(value, parameters[index])));
}

function fits(value: Value, parameter: Type | undefined): boolean {
  return parameter !== undefined && fitsType(value, parameter);
}

/** Methods of the language itself, which are refused without their name. */
const methods: ReadonlySet<string> = new Set(["contains", "endsWith", "startsWith", "matches"]);

function noOverloadOf(name: string, values: readonly Value[]): never {
  if (methods.has(name)) return noOverload();
  return fail(`no such overload: ${name}(${values.map(typeNameOf).join(", ")})`);
}
