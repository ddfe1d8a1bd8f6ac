import type { Call, Expression, Fold } from "./ast.ts";
import type { Issue } from "./source.ts";
import { boolType, intType } from "./types.ts";
import type { Value } from "./values.ts";

/** What a macro call is written out to; `undefined` when it is an ordinary call after all. */
type Expansion = { expression: Expression } | { issue: Issue } | undefined;

export type Macro = (call: Call) => Expansion;

/** Macros by name, number of arguments and whether they are called on something: `all/2/true`. */
export type MacroTable = ReadonlyMap<string, Macro>;

export function findMacro(macros: MacroTable, { name, args, target }: Call): Macro | undefined {
  return macros.get(`${name}/${args.length}/${target !== undefined}`);
}

/** The variable that a comprehension builds its result in; no expression can name it. */
export const accumulator = "@result";

/** The variable of a comprehension that only gives a value a name. */
export const unused = "#unused";

export const standardMacros: MacroTable = new Map<string, Macro>([
  ["has/1/false", has],
  ["all/2/true", (call) => quantify("all", call, oneVariable(call, "argument must be a simple name"))],
  ["exists/2/true", (call) => quantify("exists", call, oneVariable(call, "argument must be a simple name"))],
  ["exists_one/2/true", (call) => quantify("one", call, oneVariable(call, "argument must be a simple name"))],
  ["existsOne/2/true", (call) => quantify("one", call, oneVariable(call, "argument must be a simple name"))],
  ["map/2/true", (call) => collect(call, oneVariable(call, "argument is not an identifier"))],
  ["map/3/true", (call) => collect(call, oneVariable(call, "argument is not an identifier"))],
  ["filter/2/true", filter],
]);

export const optionalMacros: MacroTable = new Map<string, Macro>([
  ["optMap/2/true", (call) => mapOptional(call, true)],
  ["optFlatMap/2/true", (call) => mapOptional(call, false)],
]);

export const twoVariableMacros: MacroTable = new Map<string, Macro>([
  ["all/3/true", (call) => quantify("all", call, twoVariables(call))],
  ["exists/3/true", (call) => quantify("exists", call, twoVariables(call))],
  ["existsOne/3/true", (call) => quantify("one", call, twoVariables(call))],
  ["exists_one/3/true", (call) => quantify("one", call, twoVariables(call))],
  ["transformList/3/true", (call) => collect(call, twoVariables(call))],
  ["transformList/4/true", (call) => collect(call, twoVariables(call))],
  ["transformMap/3/true", (call) => insert(call, twoVariables(call), true)],
  ["transformMap/4/true", (call) => insert(call, twoVariables(call), true)],
  ["transformMapEntry/3/true", (call) => insert(call, twoVariables(call), false)],
  ["transformMapEntry/4/true", (call) => insert(call, twoVariables(call), false)],
]);

export const listMacros: MacroTable = new Map<string, Macro>([["sortBy/2/true", sortBy]]);

type Variables = { first: string; second?: string; rest: readonly Expression[] } | { issue: Issue };

function oneVariable({ args }: Call, wrong: string): Variables {
  const [variable, ...rest] = args;
  if (variable?.kind !== "name") return fault(variable, wrong);
  return checkName(variable) ?? { first: variable.name, rest };
}

function twoVariables({ args }: Call): Variables {
  const [first, second, ...rest] = args;
  for (const variable of [first, second]) {
    if (variable?.kind !== "name") return fault(variable, "argument must be a simple name");
  }
  if (first?.kind !== "name" || second?.kind !== "name") return fault(first, "argument must be a simple name");
  if (first.name === second.name) return fault(second, `duplicate variable name: ${first.name}`);
  return checkName(first) ?? checkName(second) ?? { first: first.name, second: second.name, rest };
}

function checkName(variable: Expression): { issue: Issue } | undefined {
  if (variable.kind !== "name" || (variable.name !== accumulator && variable.name !== "__result__")) return undefined;
  return fault(variable, "iteration variable overwrites accumulator variable");
}

function fault(where: Expression | undefined, message: string): { issue: Issue } {
  return { issue: { at: where?.at ?? -1, message } };
}

function has({ at, args: [field] }: Call): Expansion {
  if (field?.kind !== "select" || field.test) return fault(field, "invalid argument to has() macro");
  return { expression: { kind: "select", at, operand: field.operand, field: field.field, test: true } };
}

/** Parts of expansions, all at the place of the macro. */
function partsAt(at: number) {
  const call = (name: string, ...args: Expression[]): Call => ({ kind: "call", at, name, target: undefined, args });
  return {
    call,
    result: (): Expression => ({ kind: "name", at, name: accumulator }),
    name: (name: string): Expression => ({ kind: "name", at, name }),
    bool: (value: boolean): Expression => ({ kind: "literal", at, value, type: boolType }),
    int: (value: Value): Expression => ({ kind: "literal", at, value, type: intType }),
    list: (...items: Expression[]): Expression => ({ kind: "list", at, items, optional: new Set() }),
    method: (target: Expression, name: string, ...args: Expression[]): Call => ({
      kind: "call",
      at,
      name,
      target,
      args,
    }),
  };
}

function fold(
  { at, target }: Call,
  variables: { first: string; second?: string },
  parts: Pick<Fold, "init" | "condition" | "step" | "result">,
): Expansion {
  if (target === undefined) return undefined;
  const { first, second } = variables;
  return { expression: { kind: "fold", at, range: target, first, second, accumulator, ...parts } };
}

function quantify(quantifier: "all" | "exists" | "one", call: Call, variables: Variables): Expansion {
  if ("issue" in variables) return variables;
  const [test] = variables.rest;
  if (test === undefined) return undefined;
  const { call: apply, result, bool, int } = partsAt(call.at);
  switch (quantifier) {
    case "all":
      return fold(call, variables, {
        init: bool(true),
        condition: apply("@not_strictly_false", result()),
        step: apply("_&&_", result(), test),
        result: result(),
      });
    case "exists":
      return fold(call, variables, {
        init: bool(false),
        condition: apply("@not_strictly_false", apply("!_", result())),
        step: apply("_||_", result(), test),
        result: result(),
      });
    case "one":
      return fold(call, variables, {
        init: int(0n),
        condition: bool(true),
        step: apply("_?_:_", test, apply("_+_", result(), int(1n)), result()),
        result: apply("_==_", result(), int(1n)),
      });
  }
}

/** A list of what is made of each element, or of each that passes a test. */
function collect(call: Call, variables: Variables): Expansion {
  if ("issue" in variables) return variables;
  const { call: apply, result, bool, list } = partsAt(call.at);
  const made = variables.rest.at(-1);
  const test = variables.rest.length > 1 ? variables.rest[0] : undefined;
  if (made === undefined) return undefined;
  const add = apply("_+_", result(), list(made));
  const step = test === undefined ? add : apply("_?_:_", test, add, result());
  return fold(call, variables, { init: list(), condition: bool(true), step, result: result() });
}

function filter(call: Call): Expansion {
  const variables = oneVariable(call, "argument is not an identifier");
  if ("issue" in variables) return variables;
  const [element, test] = call.args;
  if (element === undefined || test === undefined) return undefined;
  const { call: apply, result, bool, list } = partsAt(call.at);
  const step = apply("_?_:_", test, apply("_+_", result(), list(element)), result());
  return fold(call, variables, { init: list(), condition: bool(true), step, result: result() });
}

/** A map of what is made of each element: its value below the same key, or with `keyed` false a map of new entries. */
function insert(call: Call, variables: Variables, keyed: boolean): Expansion {
  if ("issue" in variables) return variables;
  const { call: apply, result, bool, name } = partsAt(call.at);
  const made = variables.rest.at(-1);
  const test = variables.rest.length > 1 ? variables.rest[0] : undefined;
  if (made === undefined) return undefined;
  const add = keyed
    ? apply("cel.@mapInsert", result(), name(variables.first), made)
    : apply("cel.@mapInsert", result(), made);
  const step = test === undefined ? add : apply("_?_:_", test, add, result());
  const init: Expression = { kind: "map", at: call.at, entries: [] };
  return fold(call, variables, { init, condition: bool(true), step, result: result() });
}

/** `name` stands for a value in an expression: a comprehension over nothing. */
function bind(at: number, name: string, init: Expression, result: Expression): Expression {
  const { list, bool, name: variable } = partsAt(at);
  return {
    kind: "fold",
    at,
    range: list(),
    first: unused,
    second: undefined,
    accumulator: name,
    init,
    condition: bool(false),
    step: variable(name),
    result,
  };
}

function mapOptional(call: Call, wraps: boolean): Expansion {
  const [variable, made] = call.args;
  const { at, target } = call;
  if (variable?.kind !== "name") {
    return fault(variable, `${call.name}() variable name must be a simple identifier`);
  }
  if (target === undefined || made === undefined) return undefined;
  const { call: apply, method } = partsAt(at);
  const bound = bind(at, variable.name, method(copy(target), "value"), made);
  const expression = apply(
    "_?_:_",
    method(target, "hasValue"),
    wraps ? apply("optional.of", bound) : bound,
    apply("optional.none"),
  );
  return { expression };
}

/** The same expression once more, so that each can have its own types. */
function copy(expression: Expression): Expression {
  switch (expression.kind) {
    case "literal":
    case "name":
      return { ...expression };
    case "select":
      return { ...expression, operand: copy(expression.operand) };
    case "call": {
      const { target } = expression;
      return {
        ...expression,
        target: target === undefined ? undefined : copy(target),
        args: expression.args.map(copy),
      };
    }
    case "list":
      return { ...expression, items: expression.items.map(copy) };
    case "map": {
      const entries = expression.entries.map((entry) => ({ ...entry, key: copy(entry.key), value: copy(entry.value) }));
      return { ...expression, entries };
    }
    case "struct":
      return { ...expression, fields: expression.fields.map((field) => ({ ...field, value: copy(field.value) })) };
    case "fold": {
      const { range, init, condition, step, result } = expression;
      return {
        ...expression,
        range: copy(range),
        init: copy(init),
        condition: copy(condition),
        step: copy(step),
        result: copy(result),
      };
    }
  }
}

function sortBy(call: Call): Expansion {
  const { at, target } = call;
  if (target === undefined) return undefined;
  if (!["list", "select", "name", "fold", "call"].includes(target.kind)) {
    const why = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
    return fault(target, why);
  }
  const input = "@__sortBy_input__";
  const { name, method } = partsAt(at);
  const keys = collect({ ...call, target: name(input) }, oneVariable(call, "argument is not an identifier"));
  if (keys === undefined || "issue" in keys) return keys;
  return {
    expression: bind(at, input, target, method(name(input), "@sortByAssociatedKeys", keys.expression)),
  };
}
