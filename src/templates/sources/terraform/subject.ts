import type { JsonValue } from "../../../apimachinery/index.ts";
import { constantOf } from "./constant.ts";
import type { Expression, ForExpression } from "./expression.ts";
import type { Path } from "./formula.ts";

/** What a condition speaks of: a value inside the variable, maybe after its text was changed. */
export type Subject = { at: Path; changed?: "case" | "trim" };

/** What names mean inside `for` expressions. */
export type Scope = { variable: string; locals: ReadonlyMap<string, Path | undefined> };

/** Functions that give back what they were given, for any value that a form can hold. */
const keeping = new Set(["tostring", "tonumber", "tobool", "tolist", "toset", "tomap", "nonsensitive", "sensitive"]);
/** The first argument counts unless it is null or an error, which is what an absent value leads to. */
const withFallback = new Set(["coalesce", "try", "coalescelist"]);

/** The value inside the variable that an expression stands for; `undefined` when it stands for anything else. */
export function subjectOf(expression: Expression, scope: Scope): Subject | undefined {
  switch (expression.kind) {
    case "reference": {
      const at = scope.locals.get(expression.name);
      return at && { at };
    }
    case "attribute":
      if (isVariable(expression, scope)) return { at: [] };
      return below(expression.of, expression.name, scope);
    case "index": {
      const key = constantOf(expression.key);
      return typeof key === "string" ? below(expression.of, key, scope) : undefined;
    }
    case "template": {
      const [only] = expression.parts;
      return only && expression.parts.length === 1 ? subjectOf(only, scope) : undefined;
    }
    case "conditional":
      return guarded(expression, scope);
    case "call":
      return calledSubject(expression.name, expression.of, scope);
    default:
      return undefined;
  }
}

function isVariable({ of, name }: { of: Expression; name: string }, scope: Scope): boolean {
  return of.kind === "reference" && of.name === "var" && name === scope.variable && !scope.locals.has("var");
}

function below(of: Expression, attribute: string, scope: Scope): Subject | undefined {
  const parent = subjectOf(of, scope);
  return parent && !parent.changed ? { at: [...parent.at, { attribute }] } : undefined;
}

/** `x == null ? "" : x` and `x != null ? x : ""`: the value, where there is one. */
function guarded(expression: Extract<Expression, { kind: "conditional" }>, scope: Scope): Subject | undefined {
  const { condition, yes, no } = expression;
  if (condition.kind !== "binary" || constantOf(condition.right) !== null) return undefined;
  const tested = subjectOf(condition.left, scope);
  const value = condition.operator === "!=" ? yes : condition.operator === "==" ? no : undefined;
  const found = value && subjectOf(value, scope);
  return tested && found && startsWith(found.at, tested.at) ? found : undefined;
}

function calledSubject(name: string, args: Expression[], scope: Scope): Subject | undefined {
  const [first, second] = args;
  if (!first) return undefined;
  if (keeping.has(name) || withFallback.has(name)) return subjectOf(first, scope);
  if (name === "lookup" && second) {
    const key = constantOf(second);
    return typeof key === "string" ? below(first, key, scope) : undefined;
  }
  const inner = subjectOf(first, scope);
  if (!inner || inner.changed) return undefined;
  if (name === "lower" || name === "upper") return { ...inner, changed: "case" };
  return name === "trimspace" ? { ...inner, changed: "trim" } : undefined;
}

/** Whether one value is inside another, or the same. */
export function startsWith(path: Path, start: Path): boolean {
  return start.every((step, index) => sameStep(step, path[index]));
}

function sameStep(a: Path[number], b: Path[number] | undefined): boolean {
  if (typeof a === "string" || typeof b === "string" || b === undefined) return a === b;
  return a.attribute === b.attribute;
}

/** What the elements of a collection are, as a path: those of a map by value, unless its keys are asked for. */
export function elementsOf(expression: Expression, scope: Scope): Path | undefined {
  const collection = subjectOf(expression, scope);
  if (collection) return collection.changed ? undefined : [...collection.at, "each"];
  if (expression.kind === "attribute" && expression.of.kind === "splat") {
    const elements = elementsOf(expression.of.of, scope);
    return elements && [...elements, { attribute: expression.name }];
  }
  if (expression.kind === "conditional") return elementsOfGuarded(expression, scope);
  if (expression.kind !== "call") return expression.kind === "for" ? elementsOfFor(expression, scope) : undefined;
  const [first] = expression.of;
  if (!first) return undefined;
  switch (expression.name) {
    case "values":
    case "distinct":
    case "sort":
    case "coalesce":
    case "try":
    case "tolist":
    case "toset":
      return elementsOf(first, scope);
    case "keys": {
      const map = subjectOf(first, scope);
      return map && [...map.at, "key"];
    }
    case "flatten": {
      const lists = elementsOf(first, scope);
      return lists && [...lists, "each"];
    }
    default:
      return undefined;
  }
}

/** `x == null ? [] : keys(x)`, and the other way around. */
function elementsOfGuarded(expression: Extract<Expression, { kind: "conditional" }>, scope: Scope): Path | undefined {
  const { yes, no } = expression;
  if (isEmpty(constantOf(yes))) return elementsOf(no, scope);
  return isEmpty(constantOf(no)) ? elementsOf(yes, scope) : undefined;
}

function isEmpty(value: JsonValue | undefined): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** `[for x in xs : x.name]`: what holds for all of these holds for the name of every x. */
function elementsOfFor(expression: ForExpression, scope: Scope): Path | undefined {
  if (expression.condition) return undefined;
  const inner = scopeOf(expression, scope);
  const value = inner && subjectOf(expression.value, inner);
  return value && !value.changed ? value.at : undefined;
}

/** The scope of the body of a `for` over parts of the variable; `undefined` when it goes over anything else. */
export function scopeOf({ keyName, valueName, from }: ForExpression, scope: Scope): Scope | undefined {
  const elements = elementsOf(from, scope);
  if (!elements) return undefined;
  const locals = new Map(scope.locals).set(valueName, elements);
  // Of a list, the key is a position, of which nothing can be said; the type will tell.
  if (keyName !== undefined) {
    const last = elements.at(-1);
    locals.set(keyName, last === "each" ? [...elements.slice(0, -1), "key"] : undefined);
  }
  return { ...scope, locals };
}
