import type { JsonValue } from "../../../apimachinery/index.ts";
import type { BinaryOperator, Expression, ForExpression } from "./expression.ts";
import { allOf, always, anyOf, type Comparison, type Fact, type Formula, factOf, never, unknown } from "./formula.ts";
import { pure } from "./pure-functions.ts";
import { elementsOf, type Scope, scopeOf, subjectOf } from "./subject.ts";
import { evaluationFact, textFact } from "./text-facts.ts";

/**
 * Says what the condition of a validation asks of its variable.
 *
 * @param variable the name behind `var.`
 * @returns a formula whose parts are `unknown` where the condition looks at other things, or says what no schema can
 */
export function readCondition(condition: Expression, variable: string): Formula {
  return formulaOf(condition, { variable, locals: new Map(), tried: false }, false);
}

/** @param negate whether the opposite is asked for */
function formulaOf(expression: Expression, scope: Scope, negate: boolean): Formula {
  const constant = pure(expression);
  if (typeof constant === "boolean") return constant === negate ? never : always;
  switch (expression.kind) {
    case "not":
      return formulaOf(expression.of, scope, !negate);
    case "binary":
      return binaryFormula(expression.operator, expression.left, expression.right, scope, negate);
    case "conditional": {
      const { condition, yes, no } = expression;
      // Where it holds the one, where it does not the other.
      return allOf([
        anyOf([formulaOf(condition, scope, true), formulaOf(yes, scope, negate)]),
        anyOf([formulaOf(condition, scope, false), formulaOf(no, scope, negate)]),
      ]);
    }
    case "call":
      return callFormula(expression.name, expression.of, scope, negate);
    default:
      return booleanFormula(expression, scope, negate);
  }
}

/** A value of type bool that stands alone. */
function booleanFormula(expression: Expression, scope: Scope, negate: boolean): Formula {
  const subject = subjectOf(expression, scope);
  if (!subject || subject.changed) return unknown;
  return factOf(subject, { kind: "among", values: [!negate], ignoreCase: false, negated: false }, false, "error");
}

function binaryFormula(
  operator: BinaryOperator,
  left: Expression,
  right: Expression,
  scope: Scope,
  negate: boolean,
): Formula {
  switch (operator) {
    case "&&":
    case "||": {
      const both = [formulaOf(left, scope, negate), formulaOf(right, scope, negate)];
      return (operator === "&&") === negate ? anyOf(both) : allOf(both);
    }
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const constant = pure(right);
      if (constant !== undefined) return comparisonFormula(left, operator, constant, scope, negate);
      const mirrored = pure(left);
      if (mirrored !== undefined) return comparisonFormula(right, mirror[operator], mirrored, scope, negate);
      return selfComparison(left, operator, right, scope, negate);
    }
    default:
      return unknown;
  }
}

const mirror = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=" } as const;

function comparisonFormula(
  left: Expression,
  comparison: Comparison,
  constant: JsonValue,
  scope: Scope,
  negate: boolean,
): Formula {
  const equality = comparison === "==" || comparison === "!=";
  const opposite = (comparison === "!=") !== negate;
  if (equality && typeof constant === "boolean") {
    return formulaOf(left, scope, opposite !== (constant === false));
  }
  const subject = subjectOf(left, scope);
  if (constant === null && equality && left.kind === "call" && left.name === "try") {
    // `try(regex(...), null) != null`: null stands for what cannot be computed.
    const evaluated = left.of[0] && evaluationFact(left.of[0], scope);
    if (evaluated && pure(left.of[1] ?? left) === null) return factOf(evaluated, evaluated.fact, !opposite, "false");
  }
  if (subject && constant === null && equality) return { kind: opposite ? "present" : "absent", at: subject.at };
  if (typeof constant === "number") {
    const counted = countFormula(left, comparison, constant, scope, negate);
    if (counted) return counted;
  }
  if (subject && equality) {
    if (subject.changed === "trim") return constant === "" ? factOf(subject, notBlank, !opposite, "error") : unknown;
    const fact: Fact = { kind: "among", values: [constant], ignoreCase: subject.changed === "case", negated: false };
    return factOf(subject, fact, opposite, subject.changed ? "error" : "false");
  }
  if (subject && typeof constant === "number") {
    return subject.changed
      ? unknown
      : factOf(subject, { kind: "number", comparison, limit: constant }, negate, "error");
  }
  const text = equality && typeof constant === "string" ? textFact(left, constant, scope) : undefined;
  return text ? factOf(text, text.fact, opposite, "error") : unknown;
}

const notBlank: Fact = { kind: "text", schema: { pattern: "\\S" }, negated: false };

/** Numbers of characters, elements and matches, and remainders. */
function countFormula(
  left: Expression,
  comparison: Comparison,
  limit: number,
  scope: Scope,
  negate: boolean,
): Formula | undefined {
  if (left.kind === "binary" && left.operator === "%") {
    const divided = subjectOf(left.left, scope);
    const of = pure(left.right);
    if (!divided || typeof of !== "number" || of <= 0 || limit !== 0) return undefined;
    if (comparison !== "==" && comparison !== "!=") return undefined;
    return factOf(divided, { kind: "multiple", of }, (comparison === "!=") !== negate, "error");
  }
  if (left.kind !== "call") return undefined;
  const [argument, fallback] = left.of;
  if (left.name === "try" && argument && fallback && typeof pure(fallback) === "number") {
    return countFormula(argument, comparison, limit, { ...scope, tried: true }, negate);
  }
  if (left.name !== "length" || !argument) return undefined;
  const subject = subjectOf(argument, scope);
  const none = asksForNone(comparison, limit);
  if (subject) {
    if (subject.changed !== "trim") return factOf(subject, { kind: "length", comparison, limit }, negate, "error");
    return none === undefined ? undefined : factOf(subject, notBlank, none !== negate, "error");
  }
  return none === undefined ? undefined : emptyFormula(argument, scope, none !== negate);
}

/** Whether a comparison of a count says that there is none, or that there is one at least, or neither. */
function asksForNone(comparison: Comparison, limit: number): boolean | undefined {
  if ((comparison === "==" || comparison === "<=") && limit === 0) return true;
  if (comparison === "<" && limit === 1) return true;
  if ((comparison === ">" || comparison === "!=") && limit === 0) return false;
  return comparison === ">=" && limit === 1 ? false : undefined;
}

/** @param empty whether nothing or something is asked to be in a list made from the variable */
function emptyFormula(list: Expression, scope: Scope, empty: boolean): Formula {
  if (list.kind === "for" && list.condition) {
    const inner = scopeOf(list, scope);
    // That none is picked says that none is as the condition says.
    return inner && empty ? formulaOf(list.condition, inner, true) : unknown;
  }
  if (list.kind !== "call") return unknown;
  const [first, second] = list.of;
  if (!first || !second) return unknown;
  if (list.name === "regexall") {
    const text = textFact({ kind: "call", name: "regex", of: list.of }, undefined, scope);
    return text ? factOf(text, text.fact, empty, "error") : unknown;
  }
  const elements = list.name === "setsubtract" && empty ? elementsOf(first, scope) : undefined;
  const values = pure(second);
  if (!elements || !Array.isArray(values)) return unknown;
  return factOf(elements, { kind: "among", values, ignoreCase: false, negated: false }, false, "error");
}

/** A value compared with what is made of itself. */
function selfComparison(
  left: Expression,
  operator: Comparison,
  right: Expression,
  scope: Scope,
  negate: boolean,
): Formula {
  if (operator !== "==") return unknown;
  for (const [made, plain] of [
    [left, right],
    [right, left],
  ] as const) {
    if (made.kind !== "call") continue;
    const [argument] = made.of;
    const subject = argument && subjectOf(argument, scope);
    const same = (other: Expression) => JSON.stringify(subjectOf(other, scope)) === JSON.stringify(subject);
    if (subject && (made.name === "floor" || made.name === "ceil") && same(plain)) {
      return factOf(subject, { kind: "multiple", of: 1 }, negate, "error");
    }
    if (made.name !== "length" || plain.kind !== "call" || plain.name !== "length") continue;
    const [whole] = plain.of;
    if (argument?.kind !== "call" || argument.name !== "distinct" || !whole) continue;
    const [repeated] = argument.of;
    const list = repeated && subjectOf(repeated, scope);
    if (list && JSON.stringify(list) === JSON.stringify(subjectOf(whole, scope))) {
      return factOf(list, { kind: "distinct" }, negate, "error");
    }
  }
  return unknown;
}

function callFormula(name: string, args: Expression[], scope: Scope, negate: boolean): Formula {
  const [first, second] = args;
  if (!first) return unknown;
  switch (name) {
    case "alltrue":
      return negate ? unknown : everyFormula(first, scope, false);
    case "anytrue":
      if (negate) return everyFormula(first, scope, true);
      return first.kind === "list" ? anyOf(first.items.map((item) => formulaOf(item, scope, false))) : unknown;
    case "contains":
      return second ? containsFormula(first, second, scope, negate) : unknown;
    case "can":
    case "try":
      return triedFormula(name, args, scope, negate);
    case "tobool":
    case "nonsensitive":
      return formulaOf(first, scope, negate);
    default: {
      const text = textFact({ kind: "call", name, of: args }, undefined, scope);
      if (text) return factOf(text, text.fact, negate, "error");
      return booleanFormula({ kind: "call", name, of: args }, scope, negate);
    }
  }
}

/** That every element of a list of conditions is true, or with `negate` that none is. */
function everyFormula(list: Expression, scope: Scope, negate: boolean): Formula {
  if (list.kind === "list") return allOf(list.items.map((item) => formulaOf(item, scope, negate)));
  if (list.kind === "for") return forFormula(list, scope, (value, inner) => formulaOf(value, inner, negate));
  if (list.kind === "conditional") {
    const { condition, yes, no } = list;
    return allOf([
      anyOf([formulaOf(condition, scope, true), everyFormula(yes, scope, negate)]),
      anyOf([formulaOf(condition, scope, false), everyFormula(no, scope, negate)]),
    ]);
  }
  const [inner] = list.kind === "call" ? list.of : [];
  if (list.kind !== "call" || !inner) return unknown;
  if (list.name === "values" || list.name === "tolist" || list.name === "try")
    return everyFormula(inner, scope, negate);
  if (list.name !== "flatten") return unknown;
  if (inner.kind === "for") return forFormula(inner, scope, (value, deeper) => everyFormula(value, deeper, negate));
  return inner.kind === "list" ? allOf(inner.items.map((item) => everyFormula(item, scope, negate))) : unknown;
}

function forFormula(loop: ForExpression, scope: Scope, body: (value: Expression, inner: Scope) => Formula): Formula {
  const inner = scopeOf(loop, scope);
  if (!inner) return unknown;
  const formula = body(loop.value, inner);
  return loop.condition ? anyOf([formulaOf(loop.condition, inner, true), formula]) : formula;
}

function containsFormula(list: Expression, value: Expression, scope: Scope, negate: boolean): Formula {
  const values = pure(list);
  const constant = pure(value);
  if (Array.isArray(values)) {
    const subject = subjectOf(value, scope);
    if (!subject || subject.changed === "trim") return unknown;
    const ignoreCase = subject.changed === "case";
    return factOf(subject, { kind: "among", values, ignoreCase, negated: false }, negate, "error");
  }
  // No element of a list of conditions is false.
  if (typeof constant === "boolean" && negate) return everyFormula(list, scope, constant);
  if (constant === undefined || constant === null) return unknown;
  const elements = elementsOf(list, scope);
  const last = elements?.at.at(-1);
  if (!elements || typeof last !== "string") return unknown;
  const collection = { ...elements, at: elements.at.slice(0, -1) };
  if (last === "each") return factOf(collection, { kind: "holds", value: constant, negated: false }, negate, "error");
  if (typeof constant !== "string") return unknown;
  return factOf(collection, { kind: "has", key: constant, negated: false }, negate, "error");
}

/** `can(x)` is whether x can be computed at all, `try(x, y)` is x where it can. */
function triedFormula(name: "can" | "try", args: Expression[], scope: Scope, negate: boolean): Formula {
  const [first, fallback] = args;
  if (!first) return unknown;
  // Where the fallback is the worse answer, what cannot be computed is as bad as what is not so.
  if (name === "try") {
    const isWorse = fallback !== undefined && pure(fallback) === negate;
    return formulaOf(first, { ...scope, tried: scope.tried || !isWorse }, negate);
  }
  if (first.kind === "for" && !negate && !first.condition) {
    return forFormula(first, scope, (value, inner) => triedFormula("can", [value], inner, false));
  }
  const evaluated = evaluationFact(first, scope);
  return evaluated ? factOf(evaluated, evaluated.fact, negate, "false") : unknown;
}
