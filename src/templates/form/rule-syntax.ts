import { type Expression, parse, Uint, unescapeName, type Value } from "../../cel/index.ts";

/**
 * What a validation rule says, as far as forms can tell it: the part of Kubernetes' expression language (CEL) that rules are mostly
 * written in. A field is a path from a variable, `self` or one that `all` and `exists` declare.
 */
export type Rule =
  | { readonly op: "field"; readonly variable: string; readonly path: readonly string[] }
  | { readonly op: "literal"; readonly value: string | number | boolean | null }
  | { readonly op: "list"; readonly items: readonly Rule[] }
  | { readonly op: "call"; readonly name: string; readonly args: readonly Rule[] }
  | { readonly op: "binary"; readonly operator: string; readonly left: Rule; readonly right: Rule }
  | { readonly op: "not"; readonly of: Rule }
  | { readonly op: "if"; readonly condition: Rule; readonly then: Rule; readonly else: Rule };

/** Rules that are told in words have a line or two; longer ones have a message. */
const lengthMax = 4_000;

/** @returns `undefined` for what is no rule of the part that is read */
export function readRule(text: string): Rule | undefined {
  if (text.length > lengthMax) return undefined;
  // Without macros `has`, `all` and their like stay the calls that they are written as.
  const parsed = parse(text, new Map());
  return "expression" in parsed ? ruleOf(parsed.expression) : undefined;
}

function ruleOf(expression: Expression): Rule | undefined {
  switch (expression.kind) {
    case "literal":
      return literalOf(expression.value);
    case "name":
      return { op: "field", variable: expression.name, path: [] };
    case "select":
      return fieldOf(expression.operand, unescapeName(expression.field));
    case "list": {
      const items = rulesOf(expression.items);
      return items === undefined || expression.optional.size > 0 ? undefined : { op: "list", items };
    }
    case "call":
      return ruleOfCall(expression);
  }
  return undefined;
}

function rulesOf(expressions: readonly Expression[]): Rule[] | undefined {
  const rules: Rule[] = [];
  for (const expression of expressions) {
    const rule = ruleOf(expression);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

function literalOf(value: Value): Rule | undefined {
  if (typeof value === "bigint") return { op: "literal", value: Number(value) };
  if (value instanceof Uint) return { op: "literal", value: Number(value.value) };
  return typeof value === "object" && value !== null ? undefined : { op: "literal", value };
}

function fieldOf(operand: Expression, name: string | undefined): Rule | undefined {
  const rule = ruleOf(operand);
  return rule?.op === "field" && name !== undefined ? { ...rule, path: [...rule.path, name] } : undefined;
}

function ruleOfCall({ name, target, args }: Expression & { kind: "call" }): Rule | undefined {
  const [first, second] = args;
  if (name === "_[_]") {
    const isName = second?.kind === "literal" && typeof second.value === "string";
    return first !== undefined && isName ? fieldOf(first, String(second.value)) : undefined;
  }
  const rules = rulesOf(target === undefined ? args : [target, ...args]);
  const [one, then, otherwise] = rules ?? [];
  if (rules === undefined) return undefined;
  if (target !== undefined || /^\w+$/.test(name)) return { op: "call", name, args: rules };
  if (name === "!_") return one && { op: "not", of: one };
  if (name === "-_") return one?.op === "literal" && typeof one.value === "number" ? literalOf(-one.value) : undefined;
  if (name === "_?_:_") return one && then && otherwise && { op: "if", condition: one, then, else: otherwise };
  const operator = name === "@in" ? "in" : /^_([-+*/%<>=!&|]+)_$/.exec(name)?.[1];
  if (operator === undefined) return undefined;
  // A chain of one logical operator is one call.
  return rules.reduce((left, right): Rule => ({ op: "binary", operator, left, right }));
}
