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
const depthMax = 60;

/** @returns `undefined` for what is no rule of the part that is read */
export function readRule(text: string): Rule | undefined {
  if (text.length > lengthMax) return undefined;
  const tokens = tokenize(text);
  if (tokens === undefined) return undefined;
  const reader: Reader = { tokens, at: 0, depth: 0 };
  try {
    const rule = readTernary(reader);
    return reader.at === tokens.length ? rule : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Token = { kind: "text" | "number" | "name" | "sign"; text: string };
type Reader = { readonly tokens: readonly Token[]; at: number; depth: number };

const tokenSyntax =
  /\s+|([rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?)|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[-+*/%<>!?:.,()[\]{}])/y;

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  tokenSyntax.lastIndex = 0;
  while (tokenSyntax.lastIndex < text.length) {
    const found = tokenSyntax.exec(text);
    if (found === null) return undefined;
    const [, quoted, number, name, sign] = found;
    if (quoted !== undefined) tokens.push({ kind: "text", text: unquote(quoted) });
    else if (number !== undefined) tokens.push({ kind: "number", text: number.replace(/u$/i, "") });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  return tokens;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** Raw texts keep their backslashes; in others `\\` and quotes are all that rules use. */
function unquote(quoted: string): string {
  const raw = /^[rR]/.test(quoted);
  const text = raw ? quoted.slice(1) : quoted;
  const width = /^("""|''')/.test(text) ? 3 : 1;
  const inner = text.slice(width, -width);
  return raw ? inner : inner.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

function readTernary(reader: Reader): Rule {
  if (++reader.depth > depthMax) throw new SyntaxError("too deep");
  const condition = readBinary(reader, 0);
  let rule = condition;
  if (accept(reader, "?")) {
    const then = readTernary(reader);
    expect(reader, ":");
    rule = { op: "if", condition, then, else: readTernary(reader) };
  }
  reader.depth--;
  return rule;
}

const levels = [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/", "%"]];

function readBinary(reader: Reader, level: number): Rule {
  const operators = levels[level];
  if (operators === undefined) return readUnary(reader);
  let left = readBinary(reader, level + 1);
  for (;;) {
    const operator = peek(reader);
    if (operator === undefined || operator.kind === "text" || !operators.includes(operator.text)) return left;
    reader.at++;
    left = { op: "binary", operator: operator.text, left, right: readBinary(reader, level + 1) };
  }
}

function readUnary(reader: Reader): Rule {
  if (accept(reader, "!")) return { op: "not", of: nested(reader, readUnary) };
  if (accept(reader, "-")) {
    const of = nested(reader, readUnary);
    if (of.op !== "literal" || typeof of.value !== "number") throw new SyntaxError("no number");
    return { op: "literal", value: -of.value };
  }
  return readMember(reader);
}

function nested(reader: Reader, read: (reader: Reader) => Rule): Rule {
  if (++reader.depth > depthMax) throw new SyntaxError("too deep");
  const rule = read(reader);
  reader.depth--;
  return rule;
}

function readMember(reader: Reader): Rule {
  let rule = readPrimary(reader);
  for (;;) {
    if (accept(reader, ".")) {
      const name = next(reader, "name");
      if (accept(reader, "(")) rule = { op: "call", name, args: [rule, ...readList(reader, ")")] };
      else rule = fieldOf(rule, unescapeName(name));
    } else if (accept(reader, "[")) {
      const [index, ...others] = readList(reader, "]");
      if (index?.op !== "literal" || typeof index.value !== "string" || others.length > 0) {
        throw new SyntaxError("no field");
      }
      rule = fieldOf(rule, index.value);
    } else return rule;
  }
}

function fieldOf(rule: Rule, name: string): Rule {
  if (rule.op !== "field") throw new SyntaxError("no field");
  return { ...rule, path: [...rule.path, name] };
}

/** The names that Kubernetes gives to fields whose own are no names in CEL. */
function unescapeName(name: string): string {
  return name
    .replaceAll("__dot__", ".")
    .replaceAll("__dash__", "-")
    .replaceAll("__slash__", "/")
    .replace(/^__([a-z_]+)__$/, "$1")
    .replaceAll("__underscores__", "__");
}

function readPrimary(reader: Reader): Rule {
  const token = reader.tokens[reader.at++];
  if (token === undefined) throw new SyntaxError("it ends early");
  if (token.kind === "text") return { op: "literal", value: token.text };
  if (token.kind === "number") return { op: "literal", value: Number(token.text) };
  if (token.kind === "sign") {
    if (token.text === "(") {
      const rule = readTernary(reader);
      expect(reader, ")");
      return rule;
    }
    if (token.text === "[") return { op: "list", items: readList(reader, "]") };
    throw new SyntaxError(`unexpected ${token.text}`);
  }
  const constant = { true: true, false: false, null: null }[token.text];
  if (constant !== undefined) return { op: "literal", value: constant };
  if (accept(reader, "(")) return { op: "call", name: token.text, args: readList(reader, ")") };
  return { op: "field", variable: token.text, path: [] };
}

function readList(reader: Reader, end: string): Rule[] {
  const items: Rule[] = [];
  while (!accept(reader, end)) {
    items.push(readTernary(reader));
    if (!accept(reader, ",")) {
      expect(reader, end);
      break;
    }
  }
  return items;
}

function peek(reader: Reader): Token | undefined {
  return reader.tokens[reader.at];
}

function accept(reader: Reader, sign: string): boolean {
  const token = peek(reader);
  const found = token?.kind === "sign" && token.text === sign;
  if (found) reader.at++;
  return found;
}

function expect(reader: Reader, sign: string): void {
  if (!accept(reader, sign)) throw new SyntaxError(`${sign} is missing`);
}

function next(reader: Reader, kind: Token["kind"]): string {
  const token = peek(reader);
  if (token?.kind !== kind) throw new SyntaxError(`no ${kind}`);
  reader.at++;
  return token.text;
}
