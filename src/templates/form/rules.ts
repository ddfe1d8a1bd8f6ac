import { isJsonObject, type JsonObject, type JsonValue, textAt } from "../../apimachinery/index.ts";
import { sentence } from "./describe.ts";
import { translatePattern } from "./pattern.ts";
import { type Rule, readRule } from "./rule-syntax.ts";
import { ruleInWords } from "./rule-words.ts";

/** A validation rule for people, and as conditions of draft-07 as far as they can say it. */
export type ToldRule = {
  words: string;
  conditions: JsonObject[];
  /** The rule itself when it compares fields, which draft-07 cannot. */
  comparison: string | undefined;
};

/** Reads `x-kubernetes-validations` of a schema; rules that are no objects with a rule are left out. */
export function tellRules(rules: JsonValue | undefined, schema: JsonObject): ToldRule[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((one) => {
    const text = textAt(one, "rule");
    if (text === "") return [];
    const rule = readRule(text);
    const message = textAt(one, "message") || messageOf(textAt(one, "messageExpression"));
    const told = message !== "" ? message : rule === undefined ? undefined : ruleInWords(rule);
    return [
      {
        words: sentence(told ?? `It must hold that ${text}`),
        conditions: rule === undefined || mentionsOld(rule) ? [] : conditionsOf(rule, schema),
        comparison: rule !== undefined && !mentionsOld(rule) && comparisonsOf(rule).length > 0 ? text : undefined,
      },
    ];
  });
}

/** The message of an expression that is a text, and nothing of one that is computed. */
function messageOf(expression: string): string {
  const rule = expression === "" ? undefined : readRule(expression);
  return rule?.op === "literal" && typeof rule.value === "string" ? rule.value : "";
}

/** Whether a rule compares with what was before, and so says nothing about what is made. */
function mentionsOld(rule: Rule): boolean {
  switch (rule.op) {
    case "field":
      return rule.variable === "oldSelf";
    case "list":
      return rule.items.some(mentionsOld);
    case "call":
      return rule.args.some(mentionsOld);
    case "binary":
      return mentionsOld(rule.left) || mentionsOld(rule.right);
    case "not":
      return mentionsOld(rule.of);
    case "if":
      return [rule.condition, rule.then, rule.else].some(mentionsOld);
  }
  return false;
}

/** What a rule asks for, one condition for each part of it that draft-07 can say. */
function conditionsOf(rule: Rule, schema: JsonObject): JsonObject[] {
  if (rule.op === "binary" && rule.operator === "&&") {
    return [...conditionsOf(rule.left, schema), ...conditionsOf(rule.right, schema)];
  }
  const condition = conditionOfRule(rule, { variable: "self", schema });
  return condition === undefined ? [] : [condition];
}

/** What fields of a rule are fields of. */
type Scope = { readonly variable: string; readonly schema: JsonObject };

/** The exact condition; `undefined` when there is none. */
function conditionOfRule(rule: Rule, scope: Scope): JsonObject | undefined {
  switch (rule.op) {
    case "field":
      return atField(rule, scope, { enum: [true] });
    case "literal":
      return rule.value === true ? {} : rule.value === false ? { not: {} } : undefined;
    case "not": {
      const of = conditionOfRule(rule.of, scope);
      return of === undefined ? undefined : { not: of };
    }
    case "if": {
      const [condition, then, otherwise] = [rule.condition, rule.then, rule.else].map((one) =>
        conditionOfRule(one, scope),
      );
      if (condition === undefined || then === undefined || otherwise === undefined) return undefined;
      return { if: condition, then, else: otherwise };
    }
    case "binary":
      return conditionOfBinary(rule, scope);
    case "call":
      return conditionOfCall(rule, scope);
    case "list":
      return undefined;
  }
}

function conditionOfBinary(rule: Rule & { op: "binary" }, scope: Scope): JsonObject | undefined {
  const { operator, left, right } = rule;
  if (operator === "&&" || operator === "||") {
    const parts = [conditionOfRule(left, scope), conditionOfRule(right, scope)].filter((one) => one !== undefined);
    if (parts.length < 2) return undefined;
    return operator === "&&" ? { allOf: parts } : { anyOf: parts };
  }
  const count = countCondition(rule, scope);
  if (count !== undefined) return count;
  if (operator === "in" && right.op === "list") {
    const values = right.items.map((item) => (item.op === "literal" ? item.value : undefined));
    if (left.op !== "field" || values.length === 0 || values.includes(undefined)) return undefined;
    return atField(left, scope, { enum: values.filter((value) => value !== undefined) });
  }
  if (operator === "in" && right.op === "field" && left.op === "literal" && typeof left.value === "string") {
    return atField({ ...right, path: [...right.path, left.value] }, scope, {});
  }
  if (left.op === "literal" && right.op !== "literal" && mirrored[operator] !== undefined) {
    return conditionOfBinary(
      { op: "binary", operator: mirrored[operator] ?? operator, left: right, right: left },
      scope,
    );
  }
  if (right.op === "literal") return compareWith(left, operator, right.value, scope);
  if (operator !== "==" && operator !== "!=") return undefined;
  // Two questions that have the same answer, or not: `has(self.a) == has(self.b)`.
  if (left.op === "field" || right.op === "field") return undefined;
  const [a, b] = [conditionOfRule(left, scope), conditionOfRule(right, scope)];
  if (a === undefined || b === undefined) return undefined;
  return operator === "!=" ? { oneOf: [a, b] } : { not: { oneOf: [a, b] } };
}

const mirrored: Readonly<Record<string, string>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

function compareWith(
  left: Rule,
  operator: string,
  value: string | number | boolean | null,
  scope: Scope,
): JsonObject | undefined {
  if (left.op === "call" && left.name === "size" && left.args.length === 1 && typeof value === "number") {
    const [of] = left.args;
    if (of?.op !== "field") return undefined;
    const keywords = sizeKeywords(schemaAt(of, scope), operator, value);
    return keywords === undefined ? undefined : atField(of, scope, keywords);
  }
  if (left.op !== "field") {
    if (typeof value !== "boolean" || (operator !== "==" && operator !== "!=")) return undefined;
    const condition = conditionOfRule(left, scope);
    if (condition === undefined) return undefined;
    return value === (operator === "==") ? condition : { not: condition };
  }
  if (operator === "==") return atField(left, scope, { enum: [value] });
  if (operator === "!=") return atField(left, scope, { not: { enum: [value] } });
  const keyword = limits[operator];
  return keyword === undefined || typeof value !== "number" ? undefined : atField(left, scope, { [keyword]: value });
}

const limits: Readonly<Record<string, string>> = {
  "<": "exclusiveMaximum",
  "<=": "maximum",
  ">": "exclusiveMinimum",
  ">=": "minimum",
};

function sizeKeywords(schema: JsonObject | undefined, operator: string, size: number): JsonObject | undefined {
  const noun = { string: "Length", array: "Items", object: "Properties" }[textAt(schema, "type")];
  if (noun === undefined || !Number.isInteger(size) || size < 0) return undefined;
  switch (operator) {
    case "==":
      return { [`min${noun}`]: size, [`max${noun}`]: size };
    case "!=":
      return size === 0 ? { [`min${noun}`]: 1 } : undefined;
    case "<":
      return size === 0 ? undefined : { [`max${noun}`]: size - 1 };
    case "<=":
      return { [`max${noun}`]: size };
    case ">":
      return { [`min${noun}`]: size + 1 };
    case ">=":
      return { [`min${noun}`]: size };
  }
  return undefined;
}

/** Questions of which a certain number must be true: `[has(self.a), has(self.b)].filter(x, x).size() == 1` and sums of `? 1 : 0`. */
function countCondition({ operator, left, right }: Rule & { op: "binary" }, scope: Scope): JsonObject | undefined {
  if (right.op !== "literal" || typeof right.value !== "number") return undefined;
  const questions = countedQuestions(left)?.map((question) => conditionOfRule(question, scope));
  if (questions === undefined) return undefined;
  const known = questions.filter((question) => question !== undefined);
  if (known.length < questions.length || known.length < 2) return undefined;
  const value = operator === "<" ? right.value - 1 : operator === ">" ? right.value + 1 : right.value;
  const kind = operator === "<" ? "<=" : operator === ">" ? ">=" : operator;
  if (kind === "==" && value === 1) return { oneOf: known };
  if (kind === ">=" && value === 1) return { anyOf: known };
  if (kind === "<=" && value === 1) return { anyOf: [{ oneOf: known }, { not: { anyOf: known } }] };
  if (kind === "==" && value === 0) return { not: { anyOf: known } };
  return undefined;
}

function countedQuestions(rule: Rule): Rule[] | undefined {
  if (rule.op === "call" && rule.name === "size") {
    const [filter] = rule.args;
    if (filter?.op !== "call" || filter.name !== "filter") return undefined;
    const [list, variable, test] = filter.args;
    const isTest =
      variable?.op === "field" &&
      ((test?.op === "field" && test.variable === variable.variable && test.path.length === 0) ||
        (test?.op === "binary" && test.operator === "==" && test.right.op === "literal" && test.right.value === true));
    return list?.op === "list" && isTest ? [...list.items] : undefined;
  }
  if (rule.op === "binary" && rule.operator === "+") {
    const [left, right] = [countedQuestions(rule.left), countedQuestions(rule.right)];
    return left === undefined || right === undefined ? undefined : [...left, ...right];
  }
  const isCount =
    rule.op === "if" &&
    rule.then.op === "literal" &&
    rule.then.value === 1 &&
    rule.else.op === "literal" &&
    rule.else.value === 0;
  return isCount ? [rule.condition] : undefined;
}

function conditionOfCall({ name, args }: Rule & { op: "call" }, scope: Scope): JsonObject | undefined {
  const [on, first, second] = args;
  if (name === "has" && args.length === 1 && on?.op === "field") return atField(on, scope, {});
  if (name === "exists_one" && on?.op === "list" && first?.op === "field" && second?.op === "field") {
    const known = on.items.map((item) => conditionOfRule(item, scope));
    return known.includes(undefined) ? undefined : { oneOf: known.filter((one) => one !== undefined) };
  }
  if (on?.op !== "field") return undefined;
  if (args.length === 2 && first?.op === "literal" && typeof first.value === "string") {
    const pattern = patternOfCall(name, first.value);
    return pattern === undefined ? undefined : atField(on, scope, { pattern });
  }
  if ((name === "all" || name === "exists") && first?.op === "field" && second !== undefined) {
    const list = schemaAt(on, scope);
    const items = list?.["items"];
    if (list?.["type"] !== "array" || !isJsonObject(items)) return undefined;
    const item = conditionOfRule(second, { variable: first.variable, schema: items });
    if (item === undefined) return undefined;
    return atField(on, scope, name === "all" ? { items: item } : { contains: item });
  }
  return undefined;
}

function patternOfCall(name: string, text: string): string | undefined {
  const quoted = text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  try {
    if (name === "matches") return translatePattern(text, "go");
  } catch {
    return undefined;
  }
  return { startsWith: `^${quoted}`, endsWith: `${quoted}$`, contains: quoted }[name];
}

/** The schema of a field, as far as properties lead there. */
function schemaAt({ variable, path }: Rule & { op: "field" }, scope: Scope): JsonObject | undefined {
  if (variable !== scope.variable) return undefined;
  let here: JsonValue | undefined = scope.schema;
  for (const name of path) {
    const properties: JsonValue | undefined = isJsonObject(here) ? here["properties"] : undefined;
    here = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  return isJsonObject(here) ? here : undefined;
}

/**
 * A condition of a field, told of the value that the field is in. A rule about a field that is not there fails, and so the field is
 * required; the API server sets defaults before it looks at rules, and so those need not be there.
 */
function atField(field: Rule & { op: "field" }, scope: Scope, condition: JsonObject): JsonObject | undefined {
  const { variable, path } = field;
  if (variable !== scope.variable) return undefined;
  let told = condition;
  for (let i = path.length - 1; i >= 0; i--) {
    const name = path[i] ?? "";
    const own = schemaAt({ op: "field", variable, path: path.slice(0, i + 1) }, scope);
    const isSet = own?.["default"] !== undefined;
    told = {
      ...(!isSet && { required: [name] }),
      ...(Object.keys(told).length > 0 && { properties: { [name]: told } }),
    };
  }
  return told;
}

/** What a line of a `$comment` begins with that is such a rule. */
export const rulePrefix = "rule: ";

/** That one field must be less than another, or not more than it. */
export type Comparison = { less: readonly string[]; more: readonly string[]; strict: boolean };

/** The comparisons of fields that a rule is made of, whatever they depend on. */
export function comparisonsOf(rule: Rule): Comparison[] {
  if (rule.op === "if") return [rule.then, rule.else].flatMap(comparisonsOf);
  if (rule.op !== "binary") return [];
  const { operator, left, right } = rule;
  if (operator === "&&" || operator === "||") return [left, right].flatMap(comparisonsOf);
  if (left.op !== "field" || right.op !== "field" || left.variable !== "self" || right.variable !== "self") return [];
  const strict = operator === "<" || operator === ">";
  if (operator === "<" || operator === "<=") return [{ less: left.path, more: right.path, strict }];
  if (operator === ">" || operator === ">=") return [{ less: right.path, more: left.path, strict }];
  return [];
}
