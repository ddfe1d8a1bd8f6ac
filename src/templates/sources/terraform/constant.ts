import { deepEqual, type JsonValue } from "../../../apimachinery/index.ts";
import type { BinaryOperator, Expression } from "./expression.ts";

/** Computes a call of a function whose arguments are known; `undefined` for functions that it does not know. */
export type Call = (name: string, args: JsonValue[]) => JsonValue | undefined;

/**
 * The value of an expression that needs nothing but itself: constants, and operators between them, as Terraform computes a
 * default. It has no functions there.
 *
 * @returns `undefined` when it refers to something, or calls a function that `call` does not know
 */
export function constantOf(expression: Expression, call: Call = () => undefined): JsonValue | undefined {
  const known = (part: Expression) => constantOf(part, call);
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "template":
      return joined(allOrNothing(expression.parts.map(known)));
    case "list":
      return allOrNothing(expression.items.map(known));
    case "object":
      return objectOf(expression.entries, known);
    case "not": {
      const value = known(expression.of);
      return typeof value === "boolean" ? !value : undefined;
    }
    case "negate": {
      const value = known(expression.of);
      return typeof value === "number" ? -value : undefined;
    }
    case "binary": {
      const left = known(expression.left);
      const right = known(expression.right);
      return left === undefined || right === undefined ? undefined : computed(expression.operator, left, right);
    }
    case "conditional": {
      const condition = known(expression.condition);
      return typeof condition === "boolean" ? known(condition ? expression.yes : expression.no) : undefined;
    }
    case "call": {
      const args = allOrNothing(expression.of.map(known));
      return args && call(expression.name, args);
    }
    default:
      return undefined;
  }
}

function allOrNothing(values: (JsonValue | undefined)[]): JsonValue[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? known : undefined;
}

function joined(values: JsonValue[] | undefined): string | undefined {
  if (!values?.every((value) => typeof value !== "object")) return undefined;
  return values.map((value) => String(value)).join("");
}

function objectOf(
  entries: { key: Expression; value: Expression }[],
  known: (part: Expression) => JsonValue | undefined,
): JsonValue | undefined {
  const fields: [string, JsonValue][] = [];
  for (const entry of entries) {
    const key = known(entry.key);
    const value = known(entry.value);
    if (value === undefined || key === undefined || typeof key === "object") return undefined;
    fields.push([String(key), value]);
  }
  return Object.fromEntries(fields);
}

function computed(operator: BinaryOperator, left: JsonValue, right: JsonValue): JsonValue | undefined {
  if (operator === "==" || operator === "!=") {
    return deepEqual(left, right) === (operator === "==");
  }
  if (typeof left === "boolean" && typeof right === "boolean") {
    if (operator === "&&") return left && right;
    return operator === "||" ? left || right : undefined;
  }
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  const value = arithmetic(operator, left, right);
  return typeof value === "number" && !Number.isFinite(value) ? undefined : value;
}

function arithmetic(operator: BinaryOperator, left: number, right: number): number | boolean | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      return undefined;
  }
}
