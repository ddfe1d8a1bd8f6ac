import { compareUtf8, quoteGo } from "./go-format.ts";
import { validateLabelValue, validateQualifiedName } from "./names.ts";
import { invalidValue } from "./schema/field-error.ts";
import { badRequest, type StatusCause } from "./status-error.ts";

/** How a requirement compares. `gt` and `lt` compare integers and exist only in texts and in node affinity. */
export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

/** One condition; `values` are sorted, without repetition, and empty for `exists` and `!`. */
export type LabelRequirement = { key: string; operator: LabelOperator; values: readonly string[] };

/** All requirements must hold; none means everything matches. In the order of their keys. */
export type LabelSelector = readonly LabelRequirement[];

/** `metav1.LabelSelector`, as it stands in objects. */
export type LabelSelectorObject = {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] | null }[] | null;
};

/**
 * Reads `app=web,tier in (a, b),!legacy,x!=y`.
 *
 * @throws {StatusError} `BadRequest` in the words of Kubernetes' parser
 */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let at = 0;
  for (;;) {
    const token = tokens[at];
    if (token === undefined) return sortByKey(requirements);
    if (!token.isName && token.text !== "!") {
      throw syntaxError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
    }
    const { requirement, next } = readRequirement(tokens, at);
    requirements.push(requirement);
    const comma = tokens[next];
    if (comma === undefined) return sortByKey(requirements);
    if (comma.text !== ",") throw syntaxError(`found '${comma.text}', expected: ',' or 'end of string'`);
    at = next + 1;
    const following = tokens[at];
    if (following === undefined || !(following.isName || following.text === "!")) {
      throw syntaxError(`found '${following?.text ?? ""}', expected: identifier after ','`);
    }
  }
}

type Token = { text: string; isName: boolean };

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [word] of text.matchAll(/[^\s=!(),<>]+|==|!=|[=!(),<>]/g)) {
    tokens.push({ text: word, isName: !/^[=!(),<>]/.test(word) });
  }
  return tokens;
}

const operators: Readonly<Record<string, LabelOperator>> = {
  "=": "=",
  "==": "==",
  "!=": "!=",
  in: "in",
  notin: "notin",
  ">": "gt",
  "<": "lt",
};

function readRequirement(tokens: Token[], start: number): { requirement: LabelRequirement; next: number } {
  const isNegated = tokens[start]?.text === "!";
  let at = isNegated ? start + 1 : start;
  const key = tokens[at++];
  if (key === undefined || !key.isName) throw requirementError(`found '${key?.text ?? ""}', expected: identifier`);
  const [keyProblem] = checkKey(key.text, "<nil>");
  if (keyProblem !== undefined) throw requirementError(sentence(keyProblem));
  const operatorToken = tokens[at];
  if (isNegated) return { requirement: build(key.text, "!", []), next: at };
  if (operatorToken === undefined || operatorToken.text === ",") {
    return { requirement: build(key.text, "exists", []), next: at };
  }
  at++;
  const operator = operators[operatorToken.text];
  if (operator === undefined) {
    throw requirementError(`found '${operatorToken.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  const { values, next } = operator === "in" || operator === "notin" ? readSet(tokens, at) : readOne(tokens, at);
  return { requirement: build(key.text, operator, values), next };
}

function readOne(tokens: Token[], at: number): { values: string[]; next: number } {
  const token = tokens[at];
  if (token === undefined || token.text === ",") return { values: [""], next: at };
  if (!token.isName) throw requirementError(`found '${token.text}', expected: identifier`);
  return { values: [token.text], next: at + 1 };
}

/** Reads `(a, b)`; what is missing between commas is the empty value. */
function readSet(tokens: Token[], start: number): { values: string[]; next: number } {
  const open = tokens[start];
  if (open?.text !== "(") throw requirementError(`found '${open?.text ?? ""}' expected: '('`);
  const values: string[] = [];
  let isValueNext = true;
  for (let at = start + 1; ; at++) {
    const token = tokens[at];
    if (token?.text === ")" || token?.text === ",") {
      if (isValueNext) values.push("");
      if (token.text === ")") return { values, next: at + 1 };
      isValueNext = true;
    } else if (token?.isName && isValueNext) {
      values.push(token.text);
      isValueNext = false;
    } else {
      const expected = at === start + 1 ? "',', ')' or identifier" : isValueNext ? "',', or identifier" : "',' or ')'";
      throw requirementError(`found '${token?.text ?? ""}', expected: ${expected}`);
    }
  }
}

/** @throws {StatusError} `BadRequest` with every problem of the requirement */
function build(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const problems = checkRequirement(key, operator, values);
  if (problems.length > 0) throw requirementError(aggregate(problems));
  return { key, operator, values: [...new Set(values)].sort(compareUtf8) };
}

function checkRequirement(key: string, operator: LabelOperator, values: readonly string[]): StatusCause[] {
  return [...checkKey(key, "key"), ...checkCount(operator, values), ...checkValues(key, values)];
}

function checkKey(key: string, path: string): StatusCause[] {
  const problems = validateQualifiedName(key);
  return problems.length === 0 ? [] : [invalidValue(path, key, problems.join("; "))];
}

function checkCount(operator: LabelOperator, values: readonly string[]): StatusCause[] {
  const shown = values.length === 0 ? null : values;
  switch (operator) {
    case "in":
    case "notin":
      if (values.length > 0) return [];
      return [invalidValue("values", shown, "for 'in', 'notin' operators, values set can't be empty")];
    case "exists":
    case "!":
      if (values.length === 0) return [];
      return [invalidValue("values", shown, "values set must be empty for exists and does not exist")];
    case "gt":
    case "lt":
      return values.flatMap((value, index) =>
        parseInteger(value) !== undefined
          ? []
          : [invalidValue(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")],
      );
    default:
      return [];
  }
}

function checkValues(key: string, values: readonly string[]): StatusCause[] {
  return values.flatMap((value, index) => {
    const problems = validateLabelValue(value);
    return problems.length === 0 ? [] : [invalidValue(`values[${index}][${key}]`, value, problems.join("; "))];
  });
}

function sentence({ field, message }: StatusCause): string {
  return `${field}: ${message}`;
}

function aggregate(causes: readonly StatusCause[]): string {
  const sentences = causes.map(sentence);
  return sentences.length === 1 ? (sentences[0] ?? "") : `[${sentences.join(", ")}]`;
}

function syntaxError(message: string): Error {
  return badRequest(message);
}

function requirementError(message: string): Error {
  return badRequest(`unable to parse requirement: ${message}`);
}

function sortByKey(requirements: LabelRequirement[]): LabelSelector {
  return requirements.sort((a, b) => compareUtf8(a.key, b.key));
}

/** Matches nothing: what an absent selector of an object means, where an empty one matches everything. */
const nothing: LabelSelector = [{ key: "", operator: "in", values: [] }];

const objectOperators: Readonly<Record<string, LabelOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/**
 * Turns the selector in an object into one that {@link matchesLabels} takes.
 *
 * @param selector absent matches nothing, empty matches everything
 * @throws {StatusError} `BadRequest` for keys, values and operators that are not valid
 */
export function selectorFromObject(selector: LabelSelectorObject | null | undefined): LabelSelector {
  if (selector === null || selector === undefined) return nothing;
  const requirements: LabelRequirement[] = [];
  const add = (key: string, operator: LabelOperator, values: readonly string[]) => {
    const problems = checkRequirement(key, operator, values);
    if (problems.length > 0) throw badRequest(aggregate(problems));
    requirements.push({ key, operator, values: [...new Set(values)].sort(compareUtf8) });
  };
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) add(key, "=", [value]);
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = objectOperators[operator];
    if (known === undefined) throw badRequest(`${quoteGo(operator)} is not a valid label selector operator`);
    add(key, known, values ?? []);
  }
  return sortByKey(requirements);
}

/** Whether labels satisfy every requirement; `!=` and `notin` are satisfied by a label that is not there. */
export function matchesLabels(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  return selector.every((requirement) => {
    const { key } = requirement;
    return satisfies(requirement, labels && Object.hasOwn(labels, key) ? labels[key] : undefined);
  });
}

function satisfies({ operator, values }: LabelRequirement, label: string | undefined): boolean {
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return label !== undefined && values.includes(label);
    case "!=":
    case "notin":
      return label === undefined || !values.includes(label);
    case "exists":
      return label !== undefined;
    case "!":
      return label === undefined;
    case "gt":
    case "lt": {
      const left = parseInteger(label ?? "");
      const right = parseInteger(values[0] ?? "");
      if (left === undefined || right === undefined) return false;
      return operator === "gt" ? left > right : left < right;
    }
  }
}

/** A decimal integer of 64 bits, with a sign if it likes. */
function parseInteger(text: string): bigint | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** The text of a selector; parsing it gives the selector again. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.map(formatRequirement).join(",");
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    case "gt":
    case "lt":
      return `${key}${operator === "gt" ? ">" : "<"}${values.join("")}`;
    default:
      return `${key}${operator}${values.join("")}`;
  }
}
