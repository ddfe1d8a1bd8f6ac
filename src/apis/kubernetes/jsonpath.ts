import { formatGoJson, isFields } from "../../apimachinery/index.ts";
import { type Cell, humanDuration } from "./tables/text.ts";

/** Gives every value that a path leads to; none where a step leads nowhere. */
export type JsonPath = (value: unknown) => unknown[];

/**
 * Compiles the part of kubectl's JSONPath that printer columns use: fields, quoted and escaped keys, indices, slices,
 * wildcards, `..` and filters, as in `.status.conditions[?(@.type=="Ready")].status` or `.metadata.labels.a\.b/c`.
 *
 * @param path with or without the leading dot and the braces around it
 * @throws {Error} saying what is wrong and where
 */
export function compileJsonPath(path: string): JsonPath {
  const steps = parseSteps(path.trim().replace(/^\{(.*)\}$/s, "$1"));
  return (value) => steps.reduce<unknown[]>((found, step) => found.flatMap(step), [value]);
}

/** The types that a printer column may have. */
export type PrinterType = "string" | "integer" | "number" | "boolean" | "date";

/**
 * Makes the function that fills one `additionalPrinterColumns` cell. Where the path leads to several values, the first
 * counts; a value that is not of the column's type gives `null`, an empty cell.
 *
 * @throws {Error} when the path is wrong
 */
export function createPrinterColumn({
  jsonPath,
  type,
}: {
  jsonPath: string;
  type: string;
}): (object: unknown, now: Date) => Cell | null {
  const find = compileJsonPath(jsonPath);
  return (object, now) => printerCell(type, find(object)[0], now);
}

function printerCell(type: string, value: unknown, now: Date): Cell | null {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      if (typeof value === "bigint") return value;
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" || typeof value === "bigint" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date": {
      if (typeof value !== "string") return null;
      const then = Date.parse(value);
      return Number.isNaN(then) ? "<invalid>" : humanDuration((now.getTime() - then) / 1000);
    }
    default:
      return typeof value === "object" ? formatGoJson(value) : String(value);
  }
}

type Step = (value: unknown) => unknown[];

function parseSteps(path: string): Step[] {
  const steps: Step[] = [];
  const text = path.startsWith("$") ? path.slice(1) : path;
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("..", at)) {
      steps.push(descendants);
      at += text.charAt(at + 2) === "[" ? 2 : 1;
    } else if (text.charAt(at) === "[") {
      const end = closingBracket(text, at);
      steps.push(parseBrackets(text.slice(at + 1, end).trim(), path));
      at = end + 1;
    } else {
      if (text.charAt(at) === ".") at++;
      const name = /^(?:\\.|[^.[\\])*/.exec(text.slice(at))?.[0] ?? "";
      if (name === "*") steps.push(children);
      else if (name !== "") steps.push(fieldStep([name.replace(/\\(.)/g, "$1")]));
      else if (at < text.length && text.charAt(at) !== "[")
        throw wrong(path, `cannot read ${JSON.stringify(text.slice(at))}`);
      at += name.length;
    }
  }
  return steps;
}

/** The bracket that closes the one at `open`; quoted ones inside do not count. */
function closingBracket(text: string, open: number): number {
  let depth = 0;
  let quote = "";
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "[") depth++;
    else if (character === "]" && --depth === 0) return at;
  }
  throw wrong(text, "a [ is not closed");
}

function parseBrackets(inside: string, path: string): Step {
  if (inside === "*") return children;
  if (inside.startsWith("?(") && inside.endsWith(")")) return parseFilter(inside.slice(2, -1).trim(), path);
  const keys = inside.match(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g);
  if (keys !== null && keys.join(",") === inside.replace(/\s*,\s*/g, ","))
    return fieldStep(keys.map((key) => key.slice(1, -1).replace(/\\(.)/g, "$1")));
  if (/^-?\d+(\s*,\s*-?\d+)*$/.test(inside)) {
    const indices = inside.split(",").map(Number);
    return (value) =>
      Array.isArray(value) ? indices.map((index) => value.at(index)).filter((item) => item !== undefined) : [];
  }
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(inside);
  if (slice === null) throw wrong(path, `cannot read [${inside}]`);
  const [, from, to, stride = "1"] = slice;
  return (value) => {
    const list = Array.isArray(value) ? value.slice(Number(from) || 0, to === "" ? undefined : Number(to)) : [];
    return list.filter((_, index) => index % Math.max(1, Number(stride)) === 0);
  };
}

/** An item passes when its side of a comparison holds, or, without one, when the path leads anywhere. */
function parseFilter(expression: string, path: string): Step {
  const match = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/s.exec(expression);
  if (match === null) {
    const exists = operand(expression, path);
    return (value) => itemsOf(value).filter((item) => exists(item).length > 0);
  }
  const [, left = "", operator = "", right = ""] = match;
  const [leftOf, rightOf] = [operand(left, path), operand(right, path)];
  return (value) =>
    itemsOf(value).filter((item) =>
      leftOf(item).some((one) => rightOf(item).some((other) => compare(one, operator, other))),
    );
}

function operand(text: string, path: string): Step {
  if (text.startsWith("@")) {
    const steps = parseSteps(text.slice(1));
    return (value) => steps.reduce<unknown[]>((found, step) => found.flatMap(step), [value]);
  }
  const quoted = /^(['"])((?:\\.|(?!\1)[^\\])*)\1$/.exec(text);
  const literals: Record<string, unknown> = { true: true, false: false };
  const literal = quoted !== null ? (quoted[2] ?? "").replace(/\\(.)/g, "$1") : (literals[text] ?? Number(text));
  if (text === "" || Number.isNaN(literal)) throw wrong(path, `cannot read ${JSON.stringify(text)} in a filter`);
  return () => [literal];
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  if (operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  const numbers = typeof left === "number" && typeof right === "number";
  if (!numbers && !(typeof left === "string" && typeof right === "string")) return false;
  const order = left < right ? -1 : left > right ? 1 : 0;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function fieldStep(names: string[]): Step {
  return (value) =>
    isFields(value) ? names.filter((name) => Object.hasOwn(value, name)).map((name) => value[name]) : [];
}

const itemsOf: Step = (value) => (Array.isArray(value) ? value : []);
const children: Step = (value) => (Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []);
const descendants: Step = (value) => [value, ...children(value).flatMap(descendants)];

function wrong(path: string, why: string): Error {
  return new Error(`Cannot read JSONPath ${JSON.stringify(path)}: ${why}`);
}
