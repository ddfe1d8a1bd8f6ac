import type { PathStep } from "./field-path.ts";

/** A value that a template reads, from the root of its data, and where in the text. */
export type TemplateRead = { steps: PathStep[]; at: number; isControl: boolean };

/**
 * Finds which values a Go template reads, as far as its text tells: fields of the data, of variables that were set to one, of
 * what `with` and `range` are in, through `index`, `get`, `dig` and functions that pass on what they are given. What templates
 * called by name read is not followed.
 *
 * @param functions names of functions that return a part of the data, with the path of it
 */
export function goTemplateReads(
  template: string,
  { left = "{{", right = "}}", functions = {} }: { left?: string; right?: string; functions?: Functions } = {},
): TemplateRead[] {
  const reader = new Reader(functions);
  for (let at = template.indexOf(left); at >= 0 && left !== ""; ) {
    const begin = at + left.length;
    const end = endOfAction(template, begin, right);
    if (end < 0) break;
    reader.readAction(template.slice(begin, end), at);
    at = template.indexOf(left, end + right.length);
  }
  return reader.reads;
}

type Functions = { readonly [name: string]: readonly string[] };
/** A part of the data; `undefined` for a value that is none, or of which it is not known. */
type Path = PathStep[] | undefined;
type Token = { kind: "text" | "number" | "variable" | "fields" | "word" | "sign"; text: string; isAttached: boolean };

/** Comments and strings may have the right delimiter in them. */
function endOfAction(template: string, begin: number, right: string): number {
  const comment = /^-?\s*\/\*/.exec(template.slice(begin, begin + 100));
  if (comment !== null) {
    const closed = template.indexOf("*/", begin + comment[0].length);
    return closed < 0 ? -1 : template.indexOf(right, closed);
  }
  let at = begin;
  while (at < template.length) {
    if (template.startsWith(right, at)) return at;
    const quote = template[at];
    if (quote === '"' || quote === "`" || quote === "'") {
      at++;
      while (at < template.length && template[at] !== quote) at += template[at] === "\\" && quote !== "`" ? 2 : 1;
    }
    at++;
  }
  return -1;
}

/** How deep parentheses may nest. */
const depthMax = 50;

class Reader {
  readonly reads: TemplateRead[] = [];
  #functions: Functions;
  #variables = new Map<string, Path>();
  /** What `.` is, in each block that is open. */
  #dots: Path[] = [[]];
  #tokens: Token[] = [];
  #next = 0;
  #here = { at: 0, isControl: false };

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  readAction(text: string, at: number): void {
    this.#tokens = /^-?\s*\/\*/.test(text) ? [] : tokensOf(text);
    this.#next = 0;
    const word = this.#peek()?.kind === "word" ? this.#peek()?.text : undefined;
    const isBlock = word !== undefined && ["if", "with", "range", "define", "block", "else", "end"].includes(word);
    this.#here = { at, isControl: isBlock };
    if (!isBlock) {
      this.#statement();
      return;
    }
    this.#next++;
    this.#readBlock(word);
  }

  #readBlock(word: string): void {
    if (word === "end") {
      if (this.#dots.length > 1) this.#dots.pop();
      return;
    }
    if (word === "else") {
      // What `.` is in `else` is what it was outside of the block.
      const outside = this.#dots.at(-2);
      if (this.#dots.length > 1) this.#dots[this.#dots.length - 1] = outside;
      const chained = this.#peek()?.text;
      if (chained !== "if" && chained !== "with") return;
      this.#next++;
      const value = this.#statement();
      if (chained === "with") this.#dots[this.#dots.length - 1] = value;
      return;
    }
    if (word === "define" || word === "block") {
      this.#dots.push(undefined);
      return;
    }
    const value = this.#statement(word === "range");
    if (word === "if") this.#dots.push(this.#dots.at(-1));
    else this.#dots.push(word === "range" && value !== undefined ? [...value, { item: "*" }] : value);
  }

  /** A pipeline, whose value may be put into variables. */
  #statement(isRange = false): Path {
    const names: string[] = [];
    const begin = this.#next;
    while (this.#peek()?.kind === "variable") {
      names.push(this.#tokens[this.#next++]?.text ?? "");
      if (this.#peek()?.text === ",") this.#next++;
    }
    const isSet = names.length > 0 && (this.#peek()?.text === ":=" || this.#peek()?.text === "=");
    if (isSet) this.#next++;
    else this.#next = begin;
    const value = this.#pipeline(0);
    const last = names.at(-1);
    if (isSet && last !== undefined) {
      this.#variables.set(last, isRange && value !== undefined ? [...value, { item: "*" }] : value);
      for (const name of names.slice(0, -1)) this.#variables.set(name, undefined);
      // Whoever uses the variable reads it.
      return value;
    }
    this.#record(value);
    return value;
  }

  #pipeline(depth: number): Path {
    if (depth > depthMax) return undefined;
    let value = this.#command(depth, undefined);
    while (this.#peek()?.text === "|") {
      this.#next++;
      value = this.#command(depth, value);
    }
    if (this.#peek()?.text === ")") this.#next++;
    return value;
  }

  #command(depth: number, piped: Path): Path {
    const first = this.#peek();
    const name = first?.kind === "word" ? first.text : undefined;
    if (name !== undefined) this.#next++;
    const operands = this.#operands(depth);
    if (name === undefined) {
      const [value, ...others] = operands;
      for (const other of others) this.#record(other.path);
      return value?.path;
    }
    return this.#call(name, operands, piped);
  }

  #call(name: string, operands: Operand[], piped: Path): Path {
    const known = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (known !== undefined) {
      const start: Path = known.map((field) => ({ field }));
      return start;
    }
    const [first, second] = operands;
    if ((name === "index" || name === "get") && first !== undefined) {
      return first.path && [...first.path, ...operands.slice(1).map(stepOf)];
    }
    if (name === "dig") {
      const base = piped ?? operands.at(-1)?.path;
      const keys = operands.slice(0, piped === undefined ? -2 : -1);
      return base && [...base, ...keys.map(stepOf)];
    }
    const values = operands.map((operand) => operand.path);
    if (passing.has(name)) {
      const all = piped === undefined ? values : [...values, piped];
      for (const other of all.slice(0, -1)) this.#record(other);
      return all.at(-1);
    }
    if (name === "hasKey" && first?.path !== undefined && second !== undefined) {
      this.#record([...first.path, stepOf(second)]);
      return undefined;
    }
    for (const value of [...values, piped]) this.#record(value);
    return undefined;
  }

  #operands(depth: number): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      if (token === undefined || token.text === "|" || token.text === ")") return operands;
      this.#next++;
      if (token.text === "(" && token.kind === "sign") {
        operands.push({ path: this.#fieldsBehind(this.#pipeline(depth + 1)) });
      } else if (token.kind === "variable") {
        const value = token.text === "$" ? [] : this.#variables.get(token.text);
        operands.push({ path: this.#fieldsBehind(value) });
      } else if (token.kind === "fields") {
        const dot = this.#dots.at(-1);
        operands.push({ path: dot && [...dot, ...fieldSteps(token.text)] });
      } else if (token.kind === "word") {
        const start = Object.hasOwn(this.#functions, token.text) ? this.#functions[token.text] : undefined;
        operands.push({ path: start?.map((field) => ({ field })) });
      } else if (token.kind === "text" || token.kind === "number") operands.push({ path: undefined, token });
    }
  }

  /** `$x.a.b` and `(index . "x").a`. */
  #fieldsBehind(value: Path): Path {
    const token = this.#peek();
    if (token?.kind !== "fields" || !token.isAttached || token.text === ".") return value;
    this.#next++;
    return value && [...value, ...fieldSteps(token.text)];
  }

  #record(path: Path): void {
    if (path !== undefined && path.length > 0) this.reads.push({ steps: path, ...this.#here });
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }
}

type Operand = { path: Path; token?: Token };

/** Functions whose last argument is what they return, or what it is made of and nothing else. */
const passing = new Set([
  ..."default quote squote toString int int64 float64 toYaml toJson toPrettyJson trim lower upper title b64enc nindent indent".split(
    " ",
  ),
  ..."required coalesce trunc trimSuffix trimPrefix replace atoi first last keys values sortAlpha uniq compact until".split(
    " ",
  ),
]);

function stepOf({ token }: Operand): PathStep {
  if (token?.kind === "text") return { field: token.text };
  return { item: token?.kind === "number" && /^\d{1,10}$/.test(token.text) ? Number(token.text) : "*" };
}

function fieldSteps(text: string): PathStep[] {
  return text
    .split(".")
    .filter((field) => field !== "")
    .map((field) => ({ field }));
}

function tokensOf(action: string): Token[] {
  const tokens: Token[] = [];
  const text = action.replace(/^-(?=\s)/, "").replace(/(\s)-$/, "$1");
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [all, string, raw, number, variable, fields, word] = match;
    const isAttached = match.index === end && match.index > 0;
    end = match.index + all.length;
    if (string !== undefined) tokens.push({ kind: "text", text: string.replace(/\\(.)/g, "$1"), isAttached });
    else if (raw !== undefined) tokens.push({ kind: "text", text: raw, isAttached });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, isAttached });
    else if (variable !== undefined) tokens.push({ kind: "variable", text: variable, isAttached });
    else if (fields !== undefined) tokens.push({ kind: "fields", text: fields, isAttached });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, isAttached });
    else tokens.push({ kind: "sign", text: all, isAttached });
  }
  return tokens;
}

const pattern =
  /"((?:[^"\\]|\\.)*)"|`([^`]*)`|(-?\d+(?:\.\d+)?)|(\$\w*)|((?:\.[\p{L}_][\p{L}\p{N}_]*)+|\.)|([\p{L}_][\p{L}\p{N}_]*)|:=|[=|(),]/gu;
