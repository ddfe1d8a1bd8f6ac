import { type Call, type Expression, everyPart, type Literal, type MapEntry, type StructField } from "./ast.ts";
import { unescapeBytes, unescapeString } from "./literal.ts";
import { findMacro, type MacroTable } from "./macros.ts";
import type { Issue } from "./source.ts";
import { syntaxIssues } from "./syntax.ts";
import { type Token, type TokenKind, tokenize } from "./tokens.ts";
import { boolType, bytesType, doubleType, intType, nullType, stringType, uintType } from "./types.ts";
import { characterCount, Uint, type Value } from "./values.ts";

/** How long an expression may be in characters, and how deep it may nest: the limits of cel-go's parser. */
const charactersMax = 100_000;
const depthMax = 250;
/** How many parts an expression may have in which macros have written things twice; ours, cel-go has none. */
const partsMax = 20_000;

/** Parses an expression and writes out its macros, or says in cel-go's words why it cannot. */
export function parse(text: string, macros: MacroTable): { expression: Expression } | { issues: Issue[] } {
  if (text.length > charactersMax) {
    const size = characterCount(text);
    const message = `expression code point size exceeds limit: size: ${size}, limit ${charactersMax}`;
    if (size > charactersMax) return { issues: [{ at: -1, message }] };
  }
  const { tokens, issues } = tokenize(text);
  const reader: Reader = { tokens, index: 0, issues, macros, nesting: 0, heights: new Map() };
  try {
    const expression = parseExpression(reader);
    expect(reader, "<EOF>");
    if (heightOf(reader, expression) > depthMax) {
      issues.push({ at: -1, message: "max recursion depth exceeded" });
    }
    return issues.length === 0 ? { expression } : { issues };
  } catch (error) {
    if (error instanceof TooDeep) {
      return { issues: [...issues, { at: -1, message: `expression recursion limit exceeded: ${depthMax}` }] };
    }
    if (!(error instanceof Unexpected)) throw error;
    return { issues: [...issues, ...syntaxIssues(text, tokens, error.token)] };
  }
}

type Reader = {
  readonly tokens: readonly Token[];
  index: number;
  readonly issues: Issue[];
  readonly macros: MacroTable;
  /** How many expressions are open inside each other. */
  nesting: number;
  /** How deep operators nest below an expression, which cel-go limits too. */
  readonly heights: Map<Expression, number>;
};

/** A token that does not fit; what to say of it is found out elsewhere. */
class Unexpected extends SyntaxError {
  readonly token: Token;
  constructor(token: Token) {
    super(`Unexpected ${token.text}`);
    this.token = token;
  }
}

class TooDeep extends SyntaxError {}

function peek({ tokens, index }: Reader, ahead = 0): Token {
  const token = tokens[Math.min(index + ahead, tokens.length - 1)];
  if (token === undefined) throw new RangeError("a text has at least one token, its end");
  return token;
}

function next(reader: Reader): Token {
  const token = peek(reader);
  reader.index++;
  return token;
}

function accept(reader: Reader, kind: TokenKind): Token | undefined {
  return peek(reader).kind === kind ? next(reader) : undefined;
}

function expect(reader: Reader, kind: TokenKind): Token {
  const token = peek(reader);
  if (token.kind !== kind) throw new Unexpected(token);
  return next(reader);
}

function heightOf({ heights }: Reader, expression: Expression): number {
  return heights.get(expression) ?? 0;
}

/** Notes how deep operators nest in an expression that was made from parts. */
function measured(reader: Reader, expression: Expression, parts: readonly Expression[], own: number): Expression {
  let below = 0;
  for (const part of parts) below = Math.max(below, heightOf(reader, part));
  if (below + own > 0) reader.heights.set(expression, below + own);
  return expression;
}

function parseExpression(reader: Reader): Expression {
  if (++reader.nesting > depthMax) throw new TooDeep();
  const condition = parseOr(reader);
  const question = accept(reader, "'?'");
  if (question === undefined) {
    reader.nesting--;
    return condition;
  }
  const whenTrue = parseOr(reader);
  expect(reader, "':'");
  const whenFalse = parseExpression(reader);
  reader.nesting--;
  return callOf(reader, question.start, "_?_:_", [condition, whenTrue, whenFalse], 1);
}

function callOf(reader: Reader, at: number, name: string, args: readonly Expression[], own: number): Expression {
  return measured(reader, { kind: "call", at, name, target: undefined, args }, args, own);
}

function parseOr(reader: Reader): Expression {
  return parseLogical(reader, "'||'", "_||_", parseAnd);
}

function parseAnd(reader: Reader): Expression {
  return parseLogical(reader, "'&&'", "_&&_", parseRelation);
}

/** A chain of one logical operator is one call with all its terms, at the place of its first operator. */
function parseLogical(
  reader: Reader,
  kind: TokenKind,
  name: string,
  parseTerm: (reader: Reader) => Expression,
): Expression {
  const first = parseTerm(reader);
  const operator = accept(reader, kind);
  if (operator === undefined) return first;
  const terms = [first, parseTerm(reader)];
  while (accept(reader, kind) !== undefined) terms.push(parseTerm(reader));
  return callOf(reader, operator.start, name, terms, 0);
}

const relations: Readonly<Partial<Record<TokenKind, string>>> = {
  "'<'": "_<_",
  "'<='": "_<=_",
  "'>='": "_>=_",
  "'>'": "_>_",
  "'=='": "_==_",
  "'!='": "_!=_",
  "'in'": "@in",
};
const sums: Readonly<Partial<Record<TokenKind, string>>> = { "'+'": "_+_", "'-'": "_-_" };
const products: Readonly<Partial<Record<TokenKind, string>>> = { "'*'": "_*_", "'/'": "_/_", "'%'": "_%_" };

function parseRelation(reader: Reader): Expression {
  return parseBinary(reader, relations, parseSum);
}

function parseSum(reader: Reader): Expression {
  return parseBinary(reader, sums, parseProduct);
}

function parseProduct(reader: Reader): Expression {
  return parseBinary(reader, products, parseUnary);
}

function parseBinary(
  reader: Reader,
  names: Readonly<Partial<Record<TokenKind, string>>>,
  parseOperand: (reader: Reader) => Expression,
): Expression {
  let left = parseOperand(reader);
  for (;;) {
    const name = names[peek(reader).kind];
    if (name === undefined) return left;
    const operator = next(reader);
    left = callOf(reader, operator.start, name, [left, parseOperand(reader)], 1);
  }
}

/** An even number of the same sign cancels out; a minus right before a number belongs to the number. */
function parseUnary(reader: Reader): Expression {
  const first = peek(reader);
  if (first.kind !== "'!'" && first.kind !== "'-'") return parseMember(reader);
  const following = peek(reader, 1).kind;
  if (first.kind === "'-'" && (following === "NUM_INT" || following === "NUM_FLOAT")) return parseMember(reader);
  let count = 0;
  while (accept(reader, first.kind) !== undefined) count++;
  const operand = parseMember(reader);
  if (count % 2 === 0) return operand;
  return callOf(reader, first.start, first.kind === "'!'" ? "!_" : "-_", [operand], 0);
}

function parseMember(reader: Reader): Expression {
  let operand = parsePrimary(reader);
  for (;;) {
    const dot = accept(reader, "'.'");
    if (dot !== undefined) {
      operand = parseField(reader, operand, dot);
      continue;
    }
    const open = accept(reader, "'['");
    if (open === undefined) return operand;
    const isOptional = accept(reader, "'?'") !== undefined;
    const index = parseExpression(reader);
    expect(reader, "']'");
    operand = callOf(reader, open.start, isOptional ? "_[?_]" : "_[_]", [operand, index], 1);
  }
}

function parseField(reader: Reader, operand: Expression, dot: Token): Expression {
  const isOptional = accept(reader, "'?'") !== undefined;
  const name = peek(reader);
  if (name.kind === "ESC_IDENTIFIER") {
    reader.issues.push({ at: name.start, message: "unsupported syntax: '`'" });
    reader.index++;
  } else {
    expect(reader, "IDENTIFIER");
  }
  if (isOptional) {
    const field: Literal = { kind: "literal", at: name.start, value: name.text, type: stringType };
    return callOf(reader, dot.start, "_?._", [operand, field], 0);
  }
  const open = name.kind === "IDENTIFIER" ? accept(reader, "'('") : undefined;
  if (open === undefined) {
    const select: Expression = { kind: "select", at: dot.start, operand, field: name.text, test: false };
    return measured(reader, select, [operand], 1);
  }
  const args = parseArguments(reader);
  return expand(reader, { kind: "call", at: open.start, name: name.text, target: operand, args }, 1);
}

function parseArguments(reader: Reader): Expression[] {
  const args: Expression[] = [];
  if (accept(reader, "')'") !== undefined) return args;
  do args.push(parseExpression(reader));
  while (accept(reader, "','") !== undefined);
  expect(reader, "')'");
  return args;
}

/** Writes out a call if it is a macro. */
function expand(reader: Reader, call: Call, own: number): Expression {
  const parts = call.target === undefined ? call.args : [call.target, ...call.args];
  const macro = findMacro(reader.macros, call);
  const expanded = macro?.(call);
  if (expanded === undefined) return measured(reader, call, parts, own);
  if ("issue" in expanded) {
    reader.issues.push(expanded.issue);
    return measured(reader, call, parts, own);
  }
  if (isTooLarge(call, expanded.expression)) {
    reader.issues.push({ at: call.at, message: `expression is too large once ${call.name} is written out` });
    return measured(reader, call, parts, own);
  }
  return measured(reader, expanded.expression, parts, own);
}

/** Macros of optionals write their target twice, so that a chain of them doubles with each. */
function isTooLarge({ name }: Call, expression: Expression): boolean {
  if (name !== "optMap" && name !== "optFlatMap") return false;
  let count = 0;
  for (const _part of everyPart(expression)) if (++count > partsMax) return true;
  return false;
}

/** Words that cannot be names of variables or functions, though they can be fields. */
const reserved: ReadonlySet<string> = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

function parsePrimary(reader: Reader): Expression {
  const token = peek(reader);
  switch (token.kind) {
    case "'('": {
      reader.index++;
      const inner = parseExpression(reader);
      expect(reader, "')'");
      return inner;
    }
    case "'['":
      return parseList(reader);
    case "'{'":
      return parseMap(reader);
    case "'.'":
    case "IDENTIFIER":
      return parseName(reader);
    default:
      return parseLiteral(reader);
  }
}

function parseName(reader: Reader): Expression {
  const dot = accept(reader, "'.'");
  const first = expect(reader, "IDENTIFIER");
  const prefix = dot === undefined ? "" : ".";
  const struct = parseStruct(reader, `${prefix}${first.text}`);
  if (struct !== undefined) return struct;
  const start = dot?.start ?? first.start;
  if (reserved.has(first.text)) {
    reader.issues.push({ at: start, message: `reserved identifier: ${first.text}` });
  }
  const open = accept(reader, "'('");
  if (open === undefined) return { kind: "name", at: first.start, name: `${prefix}${first.text}` };
  const args = parseArguments(reader);
  const name = `${prefix}${first.text}`;
  return expand(reader, { kind: "call", at: open.start, name, target: undefined, args }, 0);
}

/** `a.b.C{field: value}`, if a brace comes after the dotted name. */
function parseStruct(reader: Reader, first: string): Expression | undefined {
  let ahead = 0;
  let name = first;
  while (peek(reader, ahead).kind === "'.'" && peek(reader, ahead + 1).kind === "IDENTIFIER") {
    name += `.${peek(reader, ahead + 1).text}`;
    ahead += 2;
  }
  const open = peek(reader, ahead);
  if (open.kind !== "'{'") return undefined;
  reader.index += ahead + 1;
  const fields: StructField[] = [];
  parseItems(reader, "'}'", () => {
    const optional = accept(reader, "'?'") !== undefined;
    const field = peek(reader);
    if (field.kind === "ESC_IDENTIFIER") {
      reader.issues.push({ at: field.start, message: "unsupported syntax: '`'" });
      reader.index++;
    } else {
      expect(reader, "IDENTIFIER");
    }
    const colon = expect(reader, "':'");
    fields.push({ at: colon.start, name: field.text, value: parseExpression(reader), optional });
  });
  const values = fields.map(({ value }) => value);
  return measured(reader, { kind: "struct", at: open.start, name, fields }, values, 0);
}

/** Items between commas up to a closing token; one more comma may come before it. */
function parseItems(reader: Reader, close: TokenKind, parseItem: () => void): void {
  if (accept(reader, "','") !== undefined) {
    expect(reader, close);
    return;
  }
  while (accept(reader, close) === undefined) {
    parseItem();
    if (accept(reader, "','") === undefined) {
      expect(reader, close);
      return;
    }
  }
}

function parseList(reader: Reader): Expression {
  const open = next(reader);
  const items: Expression[] = [];
  const optional = new Set<number>();
  parseItems(reader, "']'", () => {
    if (accept(reader, "'?'") !== undefined) optional.add(items.length);
    items.push(parseExpression(reader));
  });
  return measured(reader, { kind: "list", at: open.start, items, optional }, items, 0);
}

function parseMap(reader: Reader): Expression {
  const open = next(reader);
  const entries: MapEntry[] = [];
  parseItems(reader, "'}'", () => {
    const optional = accept(reader, "'?'") !== undefined;
    const key = parseExpression(reader);
    const colon = expect(reader, "':'");
    entries.push({ at: colon.start, key, value: parseExpression(reader), optional });
  });
  const parts = entries.flatMap(({ key, value }) => [key, value]);
  return measured(reader, { kind: "map", at: open.start, entries }, parts, 0);
}

function parseLiteral(reader: Reader): Expression {
  const sign = accept(reader, "'-'");
  const token = peek(reader);
  const at = sign?.start ?? token.start;
  if (sign !== undefined && token.kind !== "NUM_INT" && token.kind !== "NUM_FLOAT") throw new Unexpected(token);
  const literal = literalOf(token, sign === undefined ? "" : "-");
  if (literal === undefined) throw new Unexpected(token);
  reader.index++;
  if ("message" in literal) {
    reader.issues.push({ at, message: literal.message });
    return { kind: "literal", at, value: null, type: nullType };
  }
  return { kind: "literal", at, ...literal };
}

function literalOf(token: Token, sign: string): Pick<Literal, "value" | "type"> | { message: string } | undefined {
  const { text } = token;
  const make = (value: Value, type: Literal["type"]) => ({ value, type });
  try {
    switch (token.kind) {
      case "'true'":
      case "'false'":
        return make(token.kind === "'true'", boolType);
      case "'null'":
        return make(null, nullType);
      case "STRING":
        return make(unescapeString(text), stringType);
      case "BYTES":
        return make(unescapeBytes(text.slice(1)), bytesType);
    }
  } catch (error) {
    if (error instanceof SyntaxError) return { message: error.message };
    throw error;
  }
  if (token.kind === "NUM_INT") {
    const value = sign === "-" ? -BigInt(text) : BigInt(text);
    return BigInt.asIntN(64, value) === value ? make(value, intType) : { message: "invalid int literal" };
  }
  if (token.kind === "NUM_UINT") {
    const value = BigInt(text.slice(0, -1));
    return BigInt.asUintN(64, value) === value ? make(new Uint(value), uintType) : { message: "invalid uint literal" };
  }
  if (token.kind !== "NUM_FLOAT") return undefined;
  const value = Number(sign + text);
  return Number.isFinite(value) ? make(value, doubleType) : { message: "invalid double literal" };
}
