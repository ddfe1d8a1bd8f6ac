/** An expression of HCL, as far as types, defaults and conditions need it. */
export type Expression =
  | { kind: "literal"; value: string | number | boolean | null }
  | { kind: "template"; parts: Expression[] }
  | { kind: "list"; items: Expression[] }
  | { kind: "object"; entries: { key: Expression; value: Expression }[] }
  | { kind: "call"; name: string; of: Expression[] }
  | { kind: "reference"; name: string }
  | { kind: "attribute"; of: Expression; name: string }
  | { kind: "index"; of: Expression; key: Expression }
  | { kind: "splat"; of: Expression }
  | ForExpression
  | { kind: "not" | "negate"; of: Expression }
  | { kind: "binary"; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: "conditional"; condition: Expression; yes: Expression; no: Expression };

/** `[for k, v in from : value if condition]`, or with a `key` the one that makes an object. */
export type ForExpression = {
  kind: "for";
  keyName?: string;
  valueName: string;
  from: Expression;
  key?: Expression;
  value: Expression;
  condition?: Expression;
};

const precedences = [["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"]] as const;

export type BinaryOperator = (typeof precedences)[number][number];

/** How deep parts of an expression nest, far more than people write, and far less than the stack holds. */
const nestingMax = 100;
/** How many operators an expression has: each makes the tree one deeper, `a || b || c`. */
const operatorsMax = 1000;

/**
 * Reads an expression that HashiCorp's parser accepted already: it says what is no HCL, this one what an expression is made of.
 * The bridge's own syntax tree repeats the source text at every level and takes a millisecond for a short type.
 *
 * @returns `undefined` for what is not read: directives in templates (`%{if}`), and what nests too deeply
 */
export function parseExpression(source: string): Expression | undefined {
  return attempt(() => {
    const reader = createReader(source);
    const expression = reader.expression(0);
    reader.end();
    return expression;
  });
}

/**
 * Reads a string of Terraform's JSON syntax, in which `${` starts an expression. A string that is one expression as a whole is
 * that expression.
 *
 * @returns `undefined` for what is not read, as above
 */
export function parseTemplate(text: string): Expression | undefined {
  return attempt(() => {
    const reader = createReader(text);
    const parts = reader.template({ end: undefined, escapes: false }, 0);
    reader.end();
    return templateOf(parts);
  });
}

class NotRead extends Error {
  override readonly name = "NotRead";
}

function attempt(read: () => Expression): Expression | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotRead) return undefined;
    throw error;
  }
}

function templateOf(parts: Expression[]): Expression {
  const [only] = parts;
  if (!only) return { kind: "literal", value: "" };
  return parts.length === 1 ? only : { kind: "template", parts };
}

type Reader = {
  expression(depth: number): Expression;
  template(bounds: { end: string | undefined; escapes: boolean }, depth: number): Expression[];
  end(): void;
};

const blank = /(?:[ \t\r\n]+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const blankInLine = /(?:[ \t]+|\/\*[^\n]*?\*\/)*/y;
const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const heredocStart = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)[ \t]*\r?\n/uy;

function createReader(source: string): Reader {
  let at = 0;
  let operators = 0;

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at = pattern.lastIndex;
    return match ?? undefined;
  };
  const skip = () => void take(blank);
  const has = (text: string) => source.startsWith(text, at);
  const accept = (text: string): boolean => {
    skip();
    if (!has(text)) return false;
    at += text.length;
    return true;
  };
  const expect = (text: string) => {
    if (!accept(text)) throw new NotRead(`no ${text}`);
  };
  const word = (): string => {
    skip();
    const match = take(identifier);
    if (!match) throw new NotRead("no name");
    return match[0];
  };
  const acceptWord = (expected: string): boolean => {
    skip();
    const start = at;
    if (take(identifier)?.[0] === expected) return true;
    at = start;
    return false;
  };
  const countOperator = () => {
    operators++;
    if (operators > operatorsMax) throw new NotRead("too many operators");
  };

  const expression = (depth: number): Expression => {
    if (depth > nestingMax) throw new NotRead("too deep");
    const condition = binary(0, depth);
    if (!accept("?")) return condition;
    const yes = expression(depth + 1);
    expect(":");
    return { kind: "conditional", condition, yes, no: expression(depth + 1) };
  };

  const binary = (level: number, depth: number): Expression => {
    const known = precedences[level];
    if (!known) return unary(depth);
    let left = binary(level + 1, depth);
    for (;;) {
      skip();
      // `=>` belongs to `for`, and `==` is no assignment.
      const operator = known.find(has);
      if (!operator) return left;
      at += operator.length;
      countOperator();
      left = { kind: "binary", operator, left, right: binary(level + 1, depth) };
    }
  };

  const unary = (depth: number): Expression => {
    if (depth > nestingMax) throw new NotRead("too deep");
    if (accept("!")) return { kind: "not", of: unary(depth + 1) };
    if (accept("-")) return { kind: "negate", of: unary(depth + 1) };
    return postfix(term(depth), depth);
  };

  const postfix = (start: Expression, depth: number): Expression => {
    let of = start;
    for (;;) {
      take(blankInLine);
      if (has("...")) return of;
      if (has(".")) {
        at++;
        of = afterDot(of);
      } else if (has("[")) {
        at++;
        of = accept("*") ? { kind: "splat", of } : { kind: "index", of, key: expression(depth + 1) };
        expect("]");
      } else {
        return of;
      }
      countOperator();
    }
  };

  const afterDot = (of: Expression): Expression => {
    if (accept("*")) return { kind: "splat", of };
    const position = take(/\d+/y);
    if (position) return { kind: "index", of, key: { kind: "literal", value: Number(position[0]) } };
    return { kind: "attribute", of, name: word() };
  };

  const term = (depth: number): Expression => {
    skip();
    const digits = take(number);
    if (digits) return { kind: "literal", value: Number(digits[0]) };
    if (accept('"')) return templateOf(template({ end: '"', escapes: true }, depth + 1));
    const heredoc = take(heredocStart);
    if (heredoc) return templateOf(heredocParts(heredoc, depth));
    if (accept("(")) {
      const inner = expression(depth + 1);
      expect(")");
      return inner;
    }
    if (accept("[")) return acceptWord("for") ? forExpression("]", depth) : { kind: "list", items: list("]", depth) };
    if (accept("{")) return acceptWord("for") ? forExpression("}", depth) : object(depth);
    return named(word(), depth);
  };

  const named = (name: string, depth: number): Expression => {
    const constant = constants.get(name);
    if (constant) return constant;
    take(blankInLine);
    // Functions of providers and namespaces: `provider::name::function(...)`.
    let full = name;
    while (has("::")) {
      at += 2;
      full += `::${word()}`;
    }
    if (!has("(")) return { kind: "reference", name: full };
    at++;
    return { kind: "call", name: full, of: list(")", depth) };
  };

  const list = (close: string, depth: number): Expression[] => {
    const items: Expression[] = [];
    while (!accept(close)) {
      items.push(expression(depth + 1));
      accept("...");
      if (accept(",")) continue;
      expect(close);
      return items;
    }
    return items;
  };

  const object = (depth: number): Expression => {
    const entries: { key: Expression; value: Expression }[] = [];
    while (!accept("}")) {
      const key = objectKey(depth);
      if (!accept("=")) expect(":");
      entries.push({ key, value: expression(depth + 1) });
      accept(",");
    }
    return { kind: "object", entries };
  };

  /** A bare name is the key itself, not the value of something of this name. */
  const objectKey = (depth: number): Expression => {
    skip();
    const start = at;
    const name = take(identifier)?.[0];
    skip();
    if (name !== undefined && (has(":") || (has("=") && !has("==")))) return { kind: "literal", value: name };
    at = start;
    return expression(depth + 1);
  };

  const forExpression = (close: string, depth: number): ForExpression => {
    const first = word();
    const second = accept(",") ? word() : undefined;
    if (!acceptWord("in")) throw new NotRead("no in");
    const names = second === undefined ? { valueName: first } : { keyName: first, valueName: second };
    const from = expression(depth + 1);
    expect(":");
    const left = expression(depth + 1);
    const right = accept("=>") ? expression(depth + 1) : undefined;
    accept("...");
    const condition = acceptWord("if") ? expression(depth + 1) : undefined;
    expect(close);
    return { kind: "for", ...names, from, ...(right ? { key: left, value: right } : { value: left }), condition };
  };

  const template: Reader["template"] = ({ end, escapes }, depth) => {
    const parts: Expression[] = [];
    let text = "";
    const flush = () => {
      if (text !== "") parts.push({ kind: "literal", value: text });
      text = "";
    };
    for (;;) {
      if (end !== undefined && has(end)) {
        at += end.length;
        break;
      }
      const char = source[at];
      if (char === undefined) {
        if (end !== undefined) throw new NotRead("no end of string");
        break;
      }
      if (has("$${") || has("%%{")) {
        text += source.slice(at + 1, at + 3);
        at += 3;
      } else if (has("${")) {
        flush();
        at += 2;
        if (has("~")) at++;
        parts.push(expression(depth + 1));
        accept("~");
        expect("}");
      } else if (has("%{")) {
        throw new NotRead("a directive");
      } else if (escapes && char === "\\") {
        text += escaped();
      } else {
        text += char;
        at++;
      }
    }
    flush();
    return parts;
  };

  const escaped = (): string => {
    const match = take(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/y);
    if (!match) throw new NotRead("no escape");
    const code = match[1] ?? match[2];
    if (code !== undefined) return codePoint(Number.parseInt(code, 16));
    return escapes[match[3] ?? ""] ?? match[0];
  };

  const heredocParts = ([, indented, marker]: RegExpExecArray, depth: number): Expression[] => {
    const closing = new RegExp(`^[ \\t]*${marker}[ \\t]*\\r?$`, "m");
    const rest = source.slice(at);
    const close = closing.exec(rest);
    if (!close) throw new NotRead("no end of heredoc");
    at += close.index + close[0].length;
    const body = rest.slice(0, close.index);
    const inner = createReader(indented === "-" ? unindent(body) : body);
    return inner.template({ end: undefined, escapes: false }, depth + 1);
  };

  const end = () => {
    skip();
    if (at < source.length) throw new NotRead("more text");
  };

  return { expression, template, end };
}

const constants = new Map<string, Expression>([
  ["true", { kind: "literal", value: true }],
  ["false", { kind: "literal", value: false }],
  ["null", { kind: "literal", value: null }],
]);

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

function codePoint(code: number): string {
  return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
}

function unindent(text: string): string {
  const lines = text.split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents, text.length);
  return lines.map((line) => line.slice(Math.min(common, line.length - line.trimStart().length))).join("\n");
}
