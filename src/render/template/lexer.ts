import { quoteGo } from "../../apimachinery/index.ts";

const keywords = [
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
] as const;
export type Keyword = (typeof keywords)[number];

export type TokenType =
  | Keyword
  | "assign"
  | "bool"
  | "char"
  | "charConstant"
  | "complex"
  | "declare"
  | "dot"
  | "eof"
  | "error"
  | "field"
  | "identifier"
  | "leftDelim"
  | "leftParen"
  | "number"
  | "pipe"
  | "rawString"
  | "rightDelim"
  | "rightParen"
  | "space"
  | "string"
  | "text"
  | "variable";

/** @property text of an error its message  @property line where it begins, counted from 1 */
export type Token = { readonly type: TokenType; readonly at: number; readonly text: string; readonly line: number };

/** A token as error messages show it. */
export function formatToken({ type, text }: Token): string {
  if (type === "eof") return "EOF";
  if (type === "error") return text;
  if (type === "dot" || isKeyword(type)) return `<${text}>`;
  const runes = Array.from(text);
  return Buffer.byteLength(text) > 10 ? `${quoteGo(runes.slice(0, 10).join(""))}...` : quoteGo(text);
}

function isKeyword(word: string): word is Keyword {
  return keywords.some((keyword) => keyword === word);
}

const wordPattern = /[\p{L}\p{Nd}_]+/uy;
const wordCharacter = /[\p{L}\p{Nd}_]/u;
const spacePattern = /[ \t\r\n]+/y;
const numberPattern =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y;

/** Takes a template apart: text, and the tokens of its actions. White space beside `{{-` and `-}}` is gone already. */
export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  /** Up to where `#line` has counted. */
  #counted = 0;
  #isInAction = false;
  #parens = 0;
  #hasFailed = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next token; after an error or the end only `eof`. */
  next(): Token {
    if (this.#hasFailed) return { type: "eof", at: 0, text: "EOF", line: this.#line };
    return this.#isInAction ? this.#inAction() : this.#textOrAction();
  }

  #token(type: TokenType, end: number): Token {
    const at = this.#at;
    this.#at = end;
    return { type, at, text: this.#text.slice(at, end), line: this.#lineOf(at) };
  }

  #fail(message: string): Token {
    this.#hasFailed = true;
    return { type: "error", at: this.#at, text: message, line: this.#lineOf(this.#at) };
  }

  #lineOf(at: number): number {
    for (let next = this.#text.indexOf("\n", this.#counted); next >= 0 && next < at; ) {
      this.#line++;
      this.#counted = next + 1;
      next = this.#text.indexOf("\n", this.#counted);
    }
    return this.#line;
  }

  #textOrAction(): Token {
    for (;;) {
      const open = this.#text.indexOf("{{", this.#at);
      if (open < 0) {
        const type = this.#at < this.#text.length ? "text" : "eof";
        return this.#token(type, this.#text.length);
      }
      const isTrimmed = this.#text[open + 2] === "-" && isSpace(this.#text[open + 3]);
      const before = this.#text.slice(this.#at, open);
      const kept = isTrimmed ? trimEnd(before) : before;
      if (kept !== "") {
        const token = this.#token("text", this.#at + kept.length);
        this.#at = open;
        return token;
      }
      this.#at = open;
      const inside = open + (isTrimmed ? 4 : 2);
      if (!this.#text.startsWith("/*", inside)) {
        const token = this.#token("leftDelim", open + 2);
        this.#at = inside;
        this.#isInAction = true;
        this.#parens = 0;
        return token;
      }
      this.#at = inside;
      const problem = this.#skipComment();
      if (problem !== undefined) return problem;
    }
  }

  #skipComment(): Token | undefined {
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end < 0) return this.#fail("unclosed comment");
    const close = this.#closeAt(end + 2);
    if (close === undefined) return this.#fail("comment ends before closing delimiter");
    this.#at = close.isTrimmed ? this.#skipSpace(close.end) : close.end;
    return undefined;
  }

  /** The `}}` or ` -}}` at an offset. */
  #closeAt(at: number): { isTrimmed: boolean; start: number; end: number } | undefined {
    if (this.#text.startsWith("}}", at)) return { isTrimmed: false, start: at, end: at + 2 };
    if (isSpace(this.#text[at]) && this.#text.startsWith("-}}", at + 1)) {
      return { isTrimmed: true, start: at + 2, end: at + 4 };
    }
    return undefined;
  }

  #skipSpace(at: number): number {
    spacePattern.lastIndex = at;
    return at + (spacePattern.exec(this.#text)?.[0].length ?? 0);
  }

  #inAction(): Token {
    const close = this.#closeAt(this.#at);
    if (close !== undefined) {
      if (this.#parens > 0) return this.#fail("unclosed left paren");
      this.#at = close.start;
      const token = this.#token("rightDelim", close.end);
      if (close.isTrimmed) this.#at = this.#skipSpace(close.end);
      this.#isInAction = false;
      return token;
    }
    const at = this.#at;
    const character = this.#text[at];
    switch (character) {
      case undefined:
        return this.#fail("unclosed action");
      case " ":
      case "\t":
      case "\r":
      case "\n":
        return this.#space();
      case "=":
        return this.#token("assign", at + 1);
      case ":":
        return this.#text[at + 1] === "=" ? this.#token("declare", at + 2) : this.#fail("expected :=");
      case "|":
        return this.#token("pipe", at + 1);
      case '"':
        return this.#quoted('"', "string", "unterminated quoted string");
      case "'":
        return this.#quoted("'", "charConstant", "unterminated character constant");
      case "`": {
        const end = this.#text.indexOf("`", at + 1);
        return end < 0 ? this.#fail("unterminated raw quoted string") : this.#token("rawString", end + 1);
      }
      case "$":
        return this.#name("variable", at + 1);
      case "(":
        this.#parens++;
        return this.#token("leftParen", at + 1);
      case ")":
        if (--this.#parens < 0) return this.#fail("unexpected right paren");
        return this.#token("rightParen", at + 1);
      case ".":
        if (isDigit(this.#text[at + 1]) || at + 1 === this.#text.length) return this.#number();
        return this.#isEnd(at + 1) ? this.#token("dot", at + 1) : this.#name("field", at + 1);
    }
    if (character === "+" || character === "-" || isDigit(character)) return this.#number();
    const rune = String.fromCodePoint(this.#text.codePointAt(at) ?? 0);
    if (wordCharacter.test(rune)) return this.#identifier();
    if (/^[ -~]$/.test(rune)) return this.#token("char", at + 1);
    return this.#fail(`unrecognized character in action: ${formatRune(rune)}`);
  }

  #space(): Token {
    const end = this.#skipSpace(this.#at);
    // The last space may belong to the marker of what closes the action.
    const isMarked = this.#text.startsWith("-}}", end);
    if (!isMarked) return this.#token("space", end);
    return end - this.#at === 1 ? this.#inAction() : this.#token("space", end - 1);
  }

  #word(at: number): number {
    wordPattern.lastIndex = at;
    return at + (wordPattern.exec(this.#text)?.[0].length ?? 0);
  }

  #identifier(): Token {
    const end = this.#word(this.#at);
    const word = this.#text.slice(this.#at, end);
    if (!this.#isEnd(end)) return this.#badCharacter(end);
    if (isKeyword(word)) return this.#token(word, end);
    return this.#token(word === "true" || word === "false" ? "bool" : "identifier", end);
  }

  /** What begins with `.` or `$`. */
  #name(type: "field" | "variable", at: number): Token {
    if (this.#isEnd(at)) return this.#token(type, at);
    const end = this.#word(at);
    return this.#isEnd(end) ? this.#token(type, end) : this.#badCharacter(end);
  }

  #badCharacter(at: number): Token {
    return this.#fail(`bad character ${formatRune(String.fromCodePoint(this.#text.codePointAt(at) ?? 0))}`);
  }

  /** Whether a name may end here. */
  #isEnd(at: number): boolean {
    const character = this.#text[at];
    return character === undefined || " \t\r\n.,|:()".includes(character) || this.#text.startsWith("}}", at);
  }

  #quoted(quote: string, type: "string" | "charConstant", unterminated: string): Token {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text[at];
      if (character === quote) return this.#token(type, at + 1);
      if (character === "\\") at++;
      if (this.#text[at] === "\n") break;
    }
    return this.#fail(unterminated);
  }

  #number(): Token {
    let end = this.#scanNumber(this.#at);
    let type: TokenType = "number";
    if (end !== undefined && /[+-]/.test(this.#text[end] ?? "")) {
      type = "complex";
      const second = this.#scanNumber(end);
      end = second !== undefined && this.#text[second - 1] === "i" ? second : undefined;
      if (end === undefined) return this.#fail(`bad number syntax: ${quoteGo(this.#scanned)}`);
    }
    return end === undefined ? this.#fail(`bad number syntax: ${quoteGo(this.#scanned)}`) : this.#token(type, end);
  }

  /** What the last try to read a number has looked at. */
  #scanned = "";

  #scanNumber(at: number): number | undefined {
    numberPattern.lastIndex = at;
    const end = at + (numberPattern.exec(this.#text)?.[0].length ?? 0);
    const next = String.fromCodePoint(this.#text.codePointAt(end) ?? 0);
    const isBad = end < this.#text.length && wordCharacter.test(next);
    this.#scanned = this.#text.slice(this.#at, isBad ? end + next.length : end);
    return isBad ? undefined : end;
  }
}

function trimEnd(text: string): string {
  let end = text.length;
  while (isSpace(text[end - 1])) end--;
  return text.slice(0, end);
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** As `%#U` prints it. */
function formatRune(rune: string): string {
  const code = (rune.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(rune) ? `U+${code} '${rune}'` : `U+${code}`;
}
