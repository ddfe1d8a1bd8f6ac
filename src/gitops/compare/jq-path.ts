/** How to get from an object to one of its fields. */
export type Path = readonly (string | number)[];

type Item = { path: Path | undefined; value: unknown };
type Filter = (item: Item) => Iterable<Item>;
type Token = { kind: "name" | "text" | "number" | "sign" | "end"; text: string; at: number };

/**
 * Compiles a jq path expression: fields, indexes, `[]`, `?`, `..`, pipes, commas, `select` with comparisons, `and`, `or`,
 * `not`, `has`, `test`, `startswith`, `endswith`, `contains`, `any`, `all`, `length`, `type` and `recurse`.
 *
 * What jq calls an error at run time, like iterating over null, gives no paths: a rule about a field says nothing where the
 * field is absent.
 *
 * @returns finds the paths in a value that the expression stands for
 * @throws {Error} when the expression is not one of these
 */
export function compileJqPath(expression: string): (value: unknown) => Path[] {
  const filter = new Parser(expression).parse();
  return (value) => [...filter({ path: [], value })].flatMap(({ path }) => (path === undefined ? [] : [path]));
}

const signs = ["..", "==", "!=", "<=", ">=", "//", ".", "[", "]", "(", ")", "|", ",", "?", "<", ">", ":", ";"];

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (kind: Token["kind"], text: string, length: number) => {
    tokens.push({ kind, text, at });
    at += length;
  };
  while (at < expression.length) {
    const rest = expression.slice(at);
    const space = /^\s+/.exec(rest)?.[0];
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const quoted = /^"(?:[^"\\]|\\.)*"/.exec(rest)?.[0];
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
    const number = /^-?\d+(?:\.\d+)?/.exec(rest)?.[0];
    const sign = signs.find((one) => rest.startsWith(one));
    if (quoted !== undefined) take("text", unquote(quoted, expression), quoted.length);
    else if (name !== undefined) take("name", name, name.length);
    else if (number !== undefined) take("number", number, number.length);
    else if (sign !== undefined) take("sign", sign, sign.length);
    else throw wrong(expression, at, `unexpected ${JSON.stringify(rest.charAt(0))}`);
  }
  take("end", "the end", 0);
  return tokens;
}

function unquote(quoted: string, expression: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw wrong(expression, expression.indexOf(quoted), `unknown escape in ${quoted}`);
  }
}

function wrong(expression: string, at: number, why: string): Error {
  return new Error(`Cannot read jq path expression ${JSON.stringify(expression)}: ${why} at character ${at + 1}`);
}

class Parser {
  readonly #expression: string;
  readonly #tokens: Token[];
  #next = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = tokenize(expression);
  }

  parse(): Filter {
    const filter = this.#pipe();
    if (this.#peek().kind !== "end") throw this.#unexpected();
    return filter;
  }

  #pipe(): Filter {
    const left = this.#comma();
    if (!this.#takes("|")) return left;
    const right = this.#pipe();
    return function* piped(item) {
      for (const middle of left(item)) yield* right(middle);
    };
  }

  #comma(): Filter {
    const branches = [this.#logic()];
    while (this.#takes(",")) branches.push(this.#logic());
    if (branches.length === 1 && branches[0] !== undefined) return branches[0];
    return function* all(item) {
      for (const branch of branches) yield* branch(item);
    };
  }

  #logic(): Filter {
    let left = this.#conjunction();
    while (this.#takesName("or")) left = both(left, this.#conjunction(), (a, b) => isTrue(a) || isTrue(b));
    return left;
  }

  #conjunction(): Filter {
    let left = this.#comparison();
    while (this.#takesName("and")) left = both(left, this.#comparison(), (a, b) => isTrue(a) && isTrue(b));
    return left;
  }

  #comparison(): Filter {
    const left = this.#term();
    const operator = Object.keys(comparisons).find((sign) => this.#takes(sign));
    const compare = operator === undefined ? undefined : comparisons[operator];
    return compare === undefined ? left : both(left, this.#term(), compare);
  }

  #term(): Filter {
    let filter = this.#primary();
    for (;;) {
      if (this.#takes("?")) continue;
      if (this.#takes("[")) filter = piped(filter, this.#index());
      else if (this.#takes(".")) {
        if (this.#takes("[")) filter = piped(filter, this.#index());
        else filter = piped(filter, field(this.#fieldName()));
      } else return filter;
    }
  }

  #primary(): Filter {
    if (this.#takes("..")) return recurse;
    if (this.#takes(".")) {
      const next = this.#peek();
      if (next.kind === "name" || next.kind === "text") return field(this.#fieldName());
      return (item) => [item];
    }
    if (this.#takes("(")) {
      const filter = this.#pipe();
      this.#expect(")");
      return filter;
    }
    const token = this.#take();
    if (token.kind === "text") return constant(token.text);
    if (token.kind === "number") return constant(Number(token.text));
    if (token.kind === "name") return this.#named(token);
    throw this.#unexpected(token);
  }

  #named(token: Token): Filter {
    const literals: Record<string, unknown> = { true: true, false: false, null: null };
    if (Object.hasOwn(literals, token.text)) return constant(literals[token.text]);
    const simple = Object.hasOwn(functions, token.text) ? functions[token.text] : undefined;
    if (simple !== undefined && simple.length === 0) return (item) => [computed(simple()(item.value))];
    if (token.text === "recurse") return recurse;
    if (token.text === "empty") return () => [];
    this.#expect("(");
    const argument = this.#pipe();
    this.#expect(")");
    if (token.text === "select")
      return (item) => ([...argument(item)].some(({ value }) => isTrue(value)) ? [item] : []);
    if (token.text === "any") return (item) => [computed(children(item).some((child) => holds(argument, child)))];
    if (token.text === "all") return (item) => [computed(children(item).every((child) => holds(argument, child)))];
    if (simple === undefined) throw this.#unexpected(token, `unknown function ${token.text}`);
    return (item) => [...argument(item)].map(({ value }) => computed(simple(value)(item.value)));
  }

  #index(): Filter {
    if (this.#takes("]")) return children;
    const token = this.#take();
    this.#expect("]");
    if (token.kind === "text") return field(token.text);
    if (token.kind !== "number") throw this.#unexpected(token);
    return element(Number(token.text));
  }

  #fieldName(): string {
    const token = this.#take();
    if (token.kind !== "name" && token.kind !== "text") throw this.#unexpected(token);
    return token.text;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "the end", at: this.#expression.length };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #takes(sign: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "sign" || text !== sign) return false;
    this.#next++;
    return true;
  }

  #takesName(name: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "name" || text !== name) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) throw this.#unexpected();
  }

  #unexpected(token = this.#peek(), why = `unexpected ${token.text}`): Error {
    return wrong(this.#expression, token.at, why);
  }
}

const comparisons: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  "==": (a, b) => JSON.stringify(a) === JSON.stringify(b),
  "!=": (a, b) => JSON.stringify(a) !== JSON.stringify(b),
  "<=": (a, b) => order(a, b, (sign) => sign <= 0),
  ">=": (a, b) => order(a, b, (sign) => sign >= 0),
  "<": (a, b) => order(a, b, (sign) => sign < 0),
  ">": (a, b) => order(a, b, (sign) => sign > 0),
};

/** Only numbers and texts are ordered here, each among themselves. */
function order(a: unknown, b: unknown, wanted: (sign: number) => boolean): boolean {
  if (typeof a === "number" && typeof b === "number") return wanted(a - b);
  if (isText(a) && isText(b)) return wanted(a < b ? -1 : Number(a > b));
  return false;
}

/** Functions of a value; those that take an argument get it first. */
const functions: Readonly<Record<string, (argument?: unknown) => (value: unknown) => unknown>> = {
  not: () => (value) => !isTrue(value),
  length: () => (value) => lengthOf(value),
  type: () => (value) => typeOf(value),
  has: (name: unknown) => (value) => typeof name === "string" && isMap(value) && Object.hasOwn(value, name),
  startswith: (start: unknown) => (value) => isText(value) && isText(start) && value.startsWith(start),
  endswith: (end: unknown) => (value) => isText(value) && isText(end) && value.endsWith(end),
  test: (pattern: unknown) => (value) => isText(value) && isText(pattern) && matches(pattern, value),
  contains: (part: unknown) => (value) => containsPart(value, part),
};

function piped(first: Filter, second: Filter): Filter {
  return function* through(item) {
    for (const middle of first(item)) yield* second(middle);
  };
}

function both(left: Filter, right: Filter, combine: (a: unknown, b: unknown) => boolean): Filter {
  return (item) => [...left(item)].flatMap((a) => [...right(item)].map((b) => computed(combine(a.value, b.value))));
}

function constant(value: unknown): Filter {
  return () => [computed(value)];
}

function computed(value: unknown): Item {
  return { path: undefined, value };
}

function step({ path }: Item, name: string | number, value: unknown): Item {
  return { path: path === undefined ? undefined : [...path, name], value };
}

function field(name: string): Filter {
  return (item) => {
    if (item.value === null || item.value === undefined) return [step(item, name, null)];
    if (!isMap(item.value)) return [];
    return [step(item, name, Object.hasOwn(item.value, name) ? item.value[name] : null)];
  };
}

function element(index: number): Filter {
  return (item) => {
    if (!Array.isArray(item.value)) return [];
    const at = index < 0 ? item.value.length + index : index;
    return at >= 0 && at < item.value.length ? [step(item, at, item.value[at])] : [];
  };
}

function children(item: Item): Item[] {
  if (Array.isArray(item.value)) return item.value.map((value: unknown, index) => step(item, index, value));
  return isMap(item.value) ? Object.entries(item.value).map(([name, value]) => step(item, name, value)) : [];
}

function* recurse(item: Item): Iterable<Item> {
  yield item;
  for (const child of children(item)) yield* recurse(child);
}

function holds(filter: Filter, item: Item): boolean {
  return [...filter(item)].some(({ value }) => isTrue(value));
}

/** Everything but false and null. */
function isTrue(value: unknown): boolean {
  return value !== false && value !== null && value !== undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function lengthOf(value: unknown): number {
  if (isText(value) || Array.isArray(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : 0;
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return false;
  }
}

function containsPart(value: unknown, part: unknown): boolean {
  if (isText(value) && isText(part)) return value.includes(part);
  if (Array.isArray(value) && Array.isArray(part)) {
    return part.every((wanted) => value.some((one) => containsPart(one, wanted)));
  }
  if (isMap(value) && isMap(part)) {
    return Object.entries(part).every(([name, wanted]) => containsPart(value[name], wanted));
  }
  return JSON.stringify(value) === JSON.stringify(part);
}
