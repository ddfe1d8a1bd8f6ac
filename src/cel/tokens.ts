import type { Issue } from "./source.ts";

/** Kinds of tokens in the order in which error messages list them; operators are named by their text in quotes. */
export const tokenKinds = [
  "'=='",
  "'!='",
  "'in'",
  "'<'",
  "'<='",
  "'>='",
  "'>'",
  "'&&'",
  "'||'",
  "'['",
  "']'",
  "'{'",
  "'}'",
  "'('",
  "')'",
  "'.'",
  "','",
  "'-'",
  "'!'",
  "'?'",
  "':'",
  "'+'",
  "'*'",
  "'/'",
  "'%'",
  "'true'",
  "'false'",
  "'null'",
  "NUM_FLOAT",
  "NUM_INT",
  "NUM_UINT",
  "STRING",
  "BYTES",
  "IDENTIFIER",
  "ESC_IDENTIFIER",
  "<EOF>",
] as const;

export type TokenKind = (typeof tokenKinds)[number];

/** A token and where it stands: offsets in the text, `end` behind its last character. */
export type Token = { readonly kind: TokenKind; readonly text: string; readonly start: number; readonly end: number };

const operators = new Set<string>(tokenKinds.filter((kind) => kind.startsWith("'")));
const operator = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;
const space = /(?:[\t \r\n\f]|\/\/[^\n]*)+/y;
const number =
  /(\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|(0x[0-9a-fA-F]+[uU]|\d+[uU])|0x[0-9a-fA-F]+|\d+/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const escapedIdentifier = /`[A-Za-z0-9_.\-/ ]+`/y;

/**
 * Splits a text into tokens; the last one is the end of the text. What is no token is left out and reported, always with
 * the character at which it stopped to be one.
 */
export function tokenize(text: string): { tokens: Token[]; issues: Issue[] } {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = matchAt(space, text, at);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = tokenAt(text, at);
    if (typeof token !== "number") {
      tokens.push(token);
      at = token.end;
      continue;
    }
    const stop = token + (isHighSurrogate(text, token) ? 2 : 1);
    issues.push({ at, message: `Syntax error: token recognition error at: '${text.slice(at, stop)}'` });
    at = stop;
  }
  tokens.push({ kind: "<EOF>", text: "<EOF>", start: text.length, end: text.length });
  return { tokens, issues };
}

function isHighSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** The token at an offset, or the offset of the character that fits no token. */
function tokenAt(text: string, at: number): Token | number {
  const make = (kind: TokenKind, end: number): Token => ({ kind, text: text.slice(at, end), start: at, end });
  const quoted = stringAt(text, at);
  if (quoted !== undefined && quoted.end !== undefined) return make(quoted.isBytes ? "BYTES" : "STRING", quoted.end);
  number.lastIndex = at;
  const digits = number.exec(text);
  if (digits !== null) {
    const kind = digits[1] !== undefined ? "NUM_FLOAT" : digits[2] !== undefined ? "NUM_UINT" : "NUM_INT";
    return make(kind, at + digits[0].length);
  }
  const word = matchAt(identifier, text, at);
  if (word !== undefined) return make(keyword(word), at + word.length);
  const escaped = matchAt(escapedIdentifier, text, at);
  if (escaped !== undefined) return make("ESC_IDENTIFIER", at + escaped.length);
  const sign = matchAt(operator, text, at);
  if (sign !== undefined) return make(operatorKind(sign), at + sign.length);
  if (quoted !== undefined) return quoted.stoppedAt;
  if (text[at] === "`") return at + (matchAt(/`[A-Za-z0-9_.\-/ ]*/y, text, at)?.length ?? 0);
  return "&|=".includes(text.charAt(at)) ? at + 1 : at;
}

function keyword(word: string): TokenKind {
  return word === "in" || word === "true" || word === "false" || word === "null" ? `'${word}'` : "IDENTIFIER";
}

function operatorKind(sign: string): TokenKind {
  const kind = `'${sign}'`;
  const found = tokenKinds.find((candidate) => operators.has(candidate) && candidate === kind);
  if (found === undefined) throw new RangeError(`${kind} is no operator`);
  return found;
}

const escapes = /\\(?:[abfnrtv"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y;

/** A string at an offset: where it ends, or where it stopped to be one. */
function stringAt(
  text: string,
  at: number,
):
  | { isBytes: boolean; end: number; stoppedAt: number }
  | { isBytes: boolean; end: undefined; stoppedAt: number }
  | undefined {
  const prefix = matchAt(/[bB]?[rR]?(?=["'])/y, text, at);
  if (prefix === undefined) return undefined;
  const isBytes = /^[bB]/.test(prefix);
  const isRaw = /[rR]$/.test(prefix);
  const open = at + prefix.length;
  const quote = text.charAt(open);
  const triple = quote.repeat(3);
  if (text.startsWith(triple, open)) {
    const end = scan(text, open + 3, triple, isRaw, true);
    if (end.found) return { isBytes, end: end.at + 3, stoppedAt: end.at };
  }
  const end = scan(text, open + 1, quote, isRaw, false);
  if (end.found) return { isBytes, end: end.at + 1, stoppedAt: end.at };
  return { isBytes, end: undefined, stoppedAt: end.at };
}

/** Looks for the end of a string: `at` is where it is, or the character that may not stand in one. */
function scan(
  text: string,
  from: number,
  end: string,
  isRaw: boolean,
  isLong: boolean,
): { found: boolean; at: number } {
  let at = from;
  while (at < text.length) {
    if (text.startsWith(end, at)) return { found: true, at };
    const character = text[at];
    if (!isLong && (character === "\n" || character === "\r")) return { found: false, at };
    if (character === "\\" && !isRaw) {
      const escaped = matchAt(escapes, text, at);
      if (escaped === undefined) return { found: false, at: wrongEscape(text, at) };
      at += escaped.length;
    } else {
      at++;
    }
  }
  return { found: false, at };
}

/** Where an escape sequence stopped to be one. */
function wrongEscape(text: string, at: number): number {
  const begun = matchAt(/\\(?:[0-3][0-7]?|[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7})?/y, text, at);
  return at + (begun?.length ?? 1);
}
