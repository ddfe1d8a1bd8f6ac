import type { JsonValue } from "../../../apimachinery/index.ts";
import { constantOf } from "./constant.ts";
import type { Expression, ForExpression } from "./expression.ts";
import { type Path, startsWith } from "./formula.ts";

/**
 * What a condition speaks of: a value inside the variable, maybe after its text was changed.
 *
 * @property absentTo how long a beginning of the path may be absent without harm, because something stands in for it; -1 when the
 *   variable itself may not be null
 */
export type Subject = { at: Path; absentTo: number; changed?: "case" | "trim" };

/**
 * What names mean inside `for` expressions.
 *
 * @property tried whether something stands in for the whole of what cannot be computed
 */
export type Scope = {
  variable: string;
  locals: ReadonlyMap<string, Subject | undefined>;
  tried: boolean;
};

/** Functions that give back what they were given, for any value that a form can hold. */
const keeping = new Set(["tostring", "tonumber", "tobool", "tolist", "toset", "tomap", "nonsensitive", "sensitive"]);
/** The first argument counts unless it is null or an error, which is what an absent value leads to. */
const withFallback = new Set(["coalesce", "try", "coalescelist"]);

/** The value inside the variable that an expression stands for; `undefined` when it stands for anything else. */
export function subjectOf(expression: Expression, scope: Scope): Subject | undefined {
  const found = plainSubject(expression, scope);
  return found && scope.tried ? replaceable(found) : found;
}

function plainSubject(expression: Expression, scope: Scope): Subject | undefined {
  switch (expression.kind) {
    case "reference":
      return scope.locals.get(expression.name);
    case "attribute":
      if (isVariable(expression, scope)) return { at: [], absentTo: -1 };
      return below(expression.of, expression.name, scope);
    case "index": {
      const key = constantOf(expression.key);
      return typeof key === "string" ? below(expression.of, key, scope) : undefined;
    }
    case "template": {
      const [only] = expression.parts;
      return only && expression.parts.length === 1 ? plainSubject(only, scope) : undefined;
    }
    case "conditional":
      return guarded(expression, scope);
    case "call":
      return calledSubject(expression.name, expression.of, scope);
    default:
      return undefined;
  }
}

/** The same value, where its absence does no harm. */
function replaceable(subject: Subject): Subject {
  return { ...subject, absentTo: subject.at.length };
}

function isVariable({ of, name }: { of: Expression; name: string }, scope: Scope): boolean {
  return of.kind === "reference" && of.name === "var" && name === scope.variable && !scope.locals.has("var");
}

function below(of: Expression, attribute: string, scope: Scope): Subject | undefined {
  const parent = plainSubject(of, scope);
  return parent && !parent.changed ? { ...parent, at: [...parent.at, { attribute }] } : undefined;
}

/** `x == null ? "" : x` and `x != null ? x : ""`: the value, where there is one. */
function guarded(expression: Extract<Expression, { kind: "conditional" }>, scope: Scope): Subject | undefined {
  const { condition, yes, no } = expression;
  if (condition.kind !== "binary" || constantOf(condition.right) !== null) return undefined;
  const tested = plainSubject(condition.left, scope);
  const value = condition.operator === "!=" ? yes : condition.operator === "==" ? no : undefined;
  const found = value && plainSubject(value, scope);
  return tested && found && startsWith(found.at, tested.at) ? { ...found, absentTo: tested.at.length } : undefined;
}

function calledSubject(name: string, args: Expression[], scope: Scope): Subject | undefined {
  const [first, second, third] = args;
  if (!first) return undefined;
  if (keeping.has(name)) return plainSubject(first, scope);
  if (withFallback.has(name)) {
    const found = plainSubject(first, scope);
    return found && replaceable(found);
  }
  if (name === "lookup" && second) {
    const key = constantOf(second);
    const found = typeof key === "string" ? below(first, key, scope) : undefined;
    return found && third ? replaceable(found) : found;
  }
  const inner = plainSubject(first, scope);
  if (!inner || inner.changed) return undefined;
  if (name === "lower" || name === "upper") return { ...inner, changed: "case" };
  return name === "trimspace" ? { ...inner, changed: "trim" } : undefined;
}

/** What the elements of a collection are: those of a map by value, unless its keys are asked for. */
export function elementsOf(expression: Expression, scope: Scope): Subject | undefined {
  const collection = subjectOf(expression, scope);
  if (collection) return collection.changed ? undefined : { ...collection, at: [...collection.at, "each"] };
  if (expression.kind === "attribute" && expression.of.kind === "splat") {
    const elements = elementsOf(expression.of.of, scope);
    return elements && { ...elements, at: [...elements.at, { attribute: expression.name }] };
  }
  if (expression.kind === "conditional") return elementsOfGuarded(expression, scope);
  if (expression.kind === "for") return elementsOfFor(expression, scope);
  const [first] = expression.kind === "call" ? expression.of : [];
  if (expression.kind !== "call" || !first) return undefined;
  switch (expression.name) {
    case "values":
    case "distinct":
    case "sort":
      return elementsOf(first, scope);
    case "coalesce":
    case "try": {
      const elements = elementsOf(first, scope);
      return elements && replaceable(elements);
    }
    case "keys": {
      const map = subjectOf(first, scope);
      return map && { ...map, at: [...map.at, "key"] };
    }
    case "flatten": {
      const lists = elementsOf(first, scope);
      return lists && { ...lists, at: [...lists.at, "each"] };
    }
    default:
      return undefined;
  }
}

/** `x == null ? [] : keys(x)`, and the other way around. */
function elementsOfGuarded(
  expression: Extract<Expression, { kind: "conditional" }>,
  scope: Scope,
): Subject | undefined {
  const { yes, no } = expression;
  const chosen = isEmpty(constantOf(yes)) ? no : isEmpty(constantOf(no)) ? yes : undefined;
  const elements = chosen && elementsOf(chosen, scope);
  return elements && replaceable(elements);
}

function isEmpty(value: JsonValue | undefined): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** `[for x in xs : x.name]`: what holds for all of these holds for the name of every x. */
function elementsOfFor(expression: ForExpression, scope: Scope): Subject | undefined {
  if (expression.condition) return undefined;
  const inner = scopeOf(expression, scope);
  const value = inner && subjectOf(expression.value, inner);
  return value && !value.changed ? value : undefined;
}

/** The scope of the body of a `for` over parts of the variable; `undefined` when it goes over anything else. */
export function scopeOf({ keyName, valueName, from }: ForExpression, scope: Scope): Scope | undefined {
  const elements = elementsOf(from, scope);
  if (!elements) return undefined;
  const locals = new Map(scope.locals).set(valueName, elements);
  // Of a list, the key is a position, of which nothing can be said; the type will tell.
  if (keyName !== undefined) {
    const isEach = elements.at.at(-1) === "each";
    locals.set(keyName, isEach ? { ...elements, at: [...elements.at.slice(0, -1), "key"] } : undefined);
  }
  return { ...scope, locals };
}
