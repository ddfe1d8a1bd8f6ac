import type { Cursor } from "./yaml-cursor.ts";

/**
 * Reads a scalar without quotes; it goes on over lines that are indented deeper than `parent`.
 *
 * @param parent the column of the collection that the scalar stands in, -1 for none
 */
export function readPlain(cursor: Cursor, parent: number): string {
  let text = readPlainLine(cursor);
  for (;;) {
    const breaks = continuePlain(cursor, parent);
    if (breaks === 0) return text;
    text += fold(breaks) + readPlainLine(cursor);
  }
}

/** The rest of the line up to a comment, a `:` that ends a key, or in flow collections a bracket or comma; no blanks around. */
function readPlainLine(cursor: Cursor): string {
  const { text, at: start } = cursor;
  const isFlow = cursor.flowLevel > 0;
  let end = start;
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\n") break;
    if (character === " " || character === "\t") continue;
    if (character === ":" && cursor.isBlank(at + 1)) break;
    if (character === "#" && at > start && end < at) break;
    if (isFlow && ",[]{}".includes(character)) break;
    end = at + 1;
  }
  cursor.at = end;
  return text.slice(start, end);
}

/** Moves to the next line of a plain scalar if there is one, and says how many line breaks that took. */
function continuePlain(cursor: Cursor, parent: number): number {
  const { at, lineStart, keyAllowed } = cursor;
  const breaks = skipBreaks(cursor, parent);
  const isFlow = cursor.flowLevel > 0;
  const character = cursor.character;
  const ends =
    breaks === 0 ||
    cursor.isDocumentEnd() ||
    character === "#" ||
    (isFlow ? ",[]{}".includes(character) : cursor.column <= parent) ||
    (character === ":" && cursor.isBlank(cursor.at + 1));
  if (!ends) return breaks;
  Object.assign(cursor, { at, lineStart, keyAllowed });
  return 0;
}

function skipBreaks(cursor: Cursor, parent: number): number {
  let breaks = 0;
  for (cursor.skipBlanks(); cursor.character === "\n"; cursor.skipBlanks()) {
    cursor.breakLine();
    breaks++;
    cursor.skipSpaces();
    const mayBeTab = cursor.flowLevel > 0 || cursor.column > parent || cursor.isBlankLine();
    if (!mayBeTab && cursor.text[cursor.at] === "\t") cursor.fail("found a tab character that violates indentation");
  }
  return breaks;
}

/** One line break is a space, each more is a line break. */
function fold(breaks: number): string {
  return breaks === 1 ? " " : "\n".repeat(breaks - 1);
}

/** Reads a scalar in single or double quotes; the cursor is at the opening one. */
export function readQuoted(cursor: Cursor): string {
  const start = cursor.at;
  const quote = cursor.character;
  let text = "";
  for (cursor.at++; ; ) {
    const chunk = readUntilSpecial(cursor, quote);
    const character = cursor.character;
    // Blanks around a line break vanish, but not those that an escape stands for, which are in no chunk.
    text += character === "\n" ? withoutTrailingBlanks(chunk) + foldQuoted(cursor) : chunk;
    if (character === quote) {
      cursor.at++;
      if (quote === '"' || cursor.character !== quote) return text;
      cursor.at++;
      text += quote;
    } else if (character === "\\") {
      text += readEscape(cursor);
    } else if (character === "") {
      cursor.fail("found unexpected end of stream: this quote is never closed", start);
    }
  }
}

function readUntilSpecial(cursor: Cursor, quote: string): string {
  const { text, at: start } = cursor;
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === quote || character === "\n" || (character === "\\" && quote === '"')) break;
  }
  cursor.at = at;
  return text.slice(start, at);
}

/** A loop, since `/[ \t]+$/` takes time that grows with the square of a run of blanks elsewhere in the text. */
function withoutTrailingBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === " " || text[end - 1] === "\t") end--;
  return text.slice(0, end);
}

function foldQuoted(cursor: Cursor): string {
  let breaks = 0;
  for (; cursor.character === "\n"; cursor.skipBlanks()) {
    cursor.breakLine();
    breaks++;
    if (cursor.at < cursor.text.length && cursor.isDocumentEnd()) {
      cursor.fail("found unexpected document indicator in a quoted scalar");
    }
  }
  return fold(breaks);
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "'": "'",
  "/": "/",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

const codeLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function readEscape(cursor: Cursor): string {
  const start = cursor.at++;
  const letter = cursor.character;
  cursor.at++;
  if (letter === "\n") {
    cursor.at--;
    cursor.breakLine();
    cursor.skipBlanks();
    return "";
  }
  const simple = escapes[letter];
  if (simple !== undefined) return simple;
  const length = codeLengths[letter];
  if (length === undefined) cursor.fail("found unknown escape character", start);
  const digits = cursor.text.slice(cursor.at, cursor.at + length);
  if (digits.length < length || !/^[\da-fA-F]+$/.test(digits)) {
    cursor.fail("did not find expected hexadecimal number", start);
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    cursor.fail("found invalid Unicode character escape code", start);
  }
  cursor.at += length;
  return String.fromCodePoint(code);
}

/**
 * Reads a block scalar, `|` or `>`; the cursor is at that character and ends at the beginning of the line after it.
 *
 * @param parent the column of the collection that the scalar stands in, -1 for none
 */
export function readBlockScalar(cursor: Cursor, parent: number): string {
  const isFolded = cursor.character === ">";
  cursor.at++;
  const { chomping, width } = readBlockHeader(cursor);
  const indent = width > 0 ? Math.max(parent, 0) + width : findBlockIndent(cursor, parent);
  let text = "";
  let blanks = 0;
  let last: string | undefined;
  for (let line = readBlockLine(cursor, indent); line !== undefined; line = readBlockLine(cursor, indent)) {
    if (line === "") {
      blanks++;
    } else {
      text += last === undefined ? "\n".repeat(blanks) : between(last, line, blanks, isFolded);
      text += line;
      last = line;
      blanks = 0;
    }
  }
  if (chomping === "-") return text;
  const ending = last !== undefined && cursor.text[cursor.at - 1] === "\n" ? "\n" : "";
  return chomping === "+" ? text + ending + "\n".repeat(blanks) : text + ending;
}

function between(before: string, after: string, blanks: number, isFolded: boolean): string {
  if (!isFolded || /^[ \t]/.test(before) || /^[ \t]/.test(after)) return "\n".repeat(blanks + 1);
  return blanks === 0 ? " " : "\n".repeat(blanks);
}

function readBlockHeader(cursor: Cursor): { chomping: string; width: number } {
  let chomping = "";
  let width = 0;
  for (; ; cursor.at++) {
    const character = cursor.character;
    if (chomping === "" && (character === "+" || character === "-")) chomping = character;
    else if (character === "0") cursor.fail("found an indentation indicator equal to 0");
    else if (width === 0 && /^[1-9]$/.test(character)) width = Number(character);
    else break;
  }
  cursor.skipBlanks();
  if (cursor.character === "#") cursor.at = cursor.lineEnd();
  if (cursor.character === "\n") cursor.breakLine();
  else if (cursor.character !== "") cursor.fail("did not find expected comment or line break");
  return { chomping, width };
}

/** The deepest indentation among the blank lines at the beginning and the first other line. */
function findBlockIndent(cursor: Cursor, parent: number): number {
  const { text } = cursor;
  let indent = Math.max(parent + 1, 1);
  for (let at = cursor.at, lineStart = at; ; at++) {
    const character = text[at];
    if (character === " ") continue;
    if (character === "\t") cursor.fail("found a tab character where an indentation space is expected", at);
    indent = Math.max(indent, at - lineStart);
    if (character !== "\n") return indent;
    lineStart = at + 1;
  }
}

/** The next line without its indentation, empty for a blank one; `undefined` when it no longer belongs to the scalar. */
function readBlockLine(cursor: Cursor, indent: number): string | undefined {
  const { text, at: start } = cursor;
  let at = start;
  while (at - start < indent && text[at] === " ") at++;
  const character = text[at];
  if (character === undefined) return undefined;
  if (at - start < indent && character !== "\n") {
    if (character === "\t") cursor.fail("found a tab character where an indentation space is expected", at);
    return undefined;
  }
  cursor.at = at;
  const end = cursor.lineEnd();
  cursor.at = end;
  if (cursor.character === "\n") cursor.breakLine();
  return text.slice(at, end);
}
