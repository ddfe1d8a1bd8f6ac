import type { Scanner } from "./yaml-scanner.ts";
import { isBlankOrEnd, isBreak } from "./yaml-source.ts";

/** The line breaks between two pieces of text: the first one, and all that follow it. */
type Breaks = { first: string; more: string };

/** One line break is a space, each more is a line break. U+2028 and U+2029 stay. */
function fold({ first, more }: Breaks): string {
  if (first !== "\n") return first + more;
  return more === "" ? " " : more;
}

/** Reads a scalar without quotes, and goes on to whatever comes after it. */
export function scanPlain(scanner: Scanner): string {
  const { text } = scanner;
  const isFlow = scanner.flowLevel > 0;
  const indent = scanner.indent + 1;
  const opening = scanner.at;
  let result = "";
  let breaks: Breaks | undefined;
  for (;;) {
    if (scanner.isDocumentMarker()) break;
    const start = scanner.at;
    const end = endOfPlain(scanner, isFlow);
    if (end > start) {
      result = breaks === undefined ? text.slice(start, end) : result + fold(breaks) + text.slice(start, end);
      breaks = undefined;
    }
    if (!isBreak(text.charCodeAt(scanner.at))) break;
    // What began with a line break and got no further is at an indicator, so no other comes here without text.
    breaks = skipBreaks(scanner, indent, opening);
    if (!isFlow && scanner.at - scanner.lineStart < indent) break;
  }
  if (breaks !== undefined) scanner.keyAllowed = true;
  return result;
}

/** Moves to what ends the text on this line, and says where the text ends, without the blanks before that. */
function endOfPlain(scanner: Scanner, isFlow: boolean): number {
  const { text, at: start } = scanner;
  const { length } = text;
  let end = start;
  let at = start;
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === space || code === tab) continue;
    if (code === newline) break;
    if (code === colon && isBlankOrEnd(text, at + 1)) break;
    if (code === hash && (end < at || at === start)) break;
    if (isFlow && isFlowIndicator(code)) break;
    if (code === 0x2028 || code === 0x2029) break;
    end = at + 1;
  }
  scanner.at = at;
  return end;
}

function isFlowIndicator(code: number): boolean {
  return (
    code === comma ||
    code === question ||
    code === openBracket ||
    code === closeBracket ||
    code === openBrace ||
    code === closeBrace
  );
}

/** Moves over line breaks and the blanks between and behind them. */
function skipBreaks(scanner: Scanner, indent: number, opening: number): Breaks {
  const { text } = scanner;
  const first = text.charAt(scanner.at);
  let more = "";
  scanner.breakLine();
  for (;;) {
    const code = text.charCodeAt(scanner.at);
    if (code === space) {
      scanner.at++;
    } else if (code === tab) {
      if (scanner.at - scanner.lineStart < indent) {
        scanner.fail("found a tab character that violates indentation", { context: opening });
      }
      scanner.at++;
    } else if (isBreak(code)) {
      more += text.charAt(scanner.at);
      scanner.breakLine();
    } else {
      return { first, more };
    }
  }
}

/** Reads a scalar in single quotes; the scanner is at the opening one. */
export function scanSingleQuoted(scanner: Scanner): string {
  return scanQuoted(scanner, apostrophe);
}

/** Reads a scalar in double quotes; the scanner is at the opening one. */
export function scanDoubleQuoted(scanner: Scanner): string {
  return scanQuoted(scanner, quote);
}

function scanQuoted(scanner: Scanner, closing: number): string {
  const { text } = scanner;
  const opening = scanner.at;
  let result = "";
  scanner.at++;
  for (;;) {
    if (scanner.isDocumentMarker())
      scanner.fail("found unexpected document indicator", { context: opening, place: opening });
    if (scanner.at >= text.length) scanner.fail("found unexpected end of stream", { context: opening, place: opening });
    const start = scanner.at;
    const end = endOfChunk(scanner, closing);
    const code = text.charCodeAt(scanner.at);
    if (code === closing) {
      const chunk = text.slice(start, scanner.at);
      scanner.at++;
      result = result === "" ? chunk : result + chunk;
      if (closing === quote || text.charCodeAt(scanner.at) !== apostrophe) return result;
      scanner.at++;
      result += "'";
    } else if (code === backslash) {
      result += text.slice(start, scanner.at);
      if (!isBreak(text.charCodeAt(scanner.at + 1))) {
        result += scanEscape(scanner, opening);
      } else {
        scanner.at++;
        scanner.breakLine();
        result += skipQuotedBreaks(scanner);
      }
    } else if (scanner.at < text.length) {
      // Blanks around a line break vanish, but not those that an escape stands for, which are in no chunk.
      const first = text.charAt(scanner.at);
      result += text.slice(start, end);
      scanner.breakLine();
      result += fold({ first, more: skipQuotedBreaks(scanner) });
    }
  }
}

/** Moves to a quote, a line break or a backslash that means something, and says where the blanks before it begin. */
function endOfChunk(scanner: Scanner, closing: number): number {
  const { text, at: start } = scanner;
  const { length } = text;
  let end = start;
  let at = start;
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === space || code === tab) continue;
    if (code === closing || code === newline || (code === backslash && closing === quote)) break;
    if (code === 0x2028 || code === 0x2029) break;
    end = at + 1;
  }
  scanner.at = at;
  return end;
}

/** Moves over blanks and line breaks, behind a first line break. */
function skipQuotedBreaks(scanner: Scanner): string {
  const { text } = scanner;
  let breaks = "";
  for (;;) {
    const code = text.charCodeAt(scanner.at);
    if (code === space || code === tab) {
      scanner.at++;
    } else if (isBreak(code)) {
      breaks += text.charAt(scanner.at);
      scanner.breakLine();
    } else {
      return breaks;
    }
  }
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
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

const codeLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads what stands for one character; the scanner is at the backslash. */
function scanEscape(scanner: Scanner, opening: number): string {
  const letter = scanner.text.charAt(scanner.at + 1);
  const simple = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
  if (simple !== undefined) {
    scanner.at += 2;
    return simple;
  }
  const length = Object.hasOwn(codeLengths, letter) ? codeLengths[letter] : undefined;
  if (length === undefined) scanner.fail("found unknown escape character", { context: opening });
  scanner.at += 2;
  const digits = scanner.text.slice(scanner.at, scanner.at + length);
  if (digits.length < length || !/^[\da-fA-F]+$/.test(digits)) {
    scanner.fail("did not find expected hexdecimal number", { context: opening });
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    scanner.fail("found invalid Unicode character escape code", { context: opening });
  }
  scanner.at += length;
  return String.fromCodePoint(code);
}

/** Reads a block scalar, `|` or `>`; the scanner is at that character and ends behind the scalar's last line break. */
export function scanBlock(scanner: Scanner, isLiteral: boolean): string {
  const { text, at: opening } = scanner;
  const { chomping, width } = scanBlockHeader(scanner);
  let indent = width > 0 ? Math.max(scanner.indent, 0) + width : 0;
  if (indent === 0) indent = findBlockIndent(scanner, opening);
  let result = "";
  let leading = "";
  let wasBlank = false;
  let trailing = skipBlockBreaks(scanner, indent, opening);
  while (scanner.at - scanner.lineStart === indent && scanner.at < text.length) {
    const code = text.charCodeAt(scanner.at);
    const isBlank = code === space || code === tab;
    // Lines are joined unless one of them begins with a blank.
    if (!isLiteral && !wasBlank && !isBlank && leading === "\n") result += trailing === "" ? " " : trailing;
    else result += leading + trailing;
    wasBlank = isBlank;
    const end = scanner.source.lineEnd(scanner.at);
    result += text.slice(scanner.at, end);
    scanner.at = end;
    leading = text.charAt(end);
    if (leading !== "") scanner.breakLine();
    trailing = skipBlockBreaks(scanner, indent, opening);
  }
  if (chomping !== "-") result += leading;
  return chomping === "+" ? result + trailing : result;
}

function scanBlockHeader(scanner: Scanner): { chomping: string; width: number } {
  const { text } = scanner;
  let chomping = "";
  let width = 0;
  scanner.at++;
  for (let at = scanner.at; at < scanner.at + 2; at++) {
    const character = text.charAt(at);
    if (chomping === "" && (character === "+" || character === "-")) chomping = character;
    else if (width === 0 && character >= "0" && character <= "9") width = Number(character) || Number.NaN;
    else break;
    if (Number.isNaN(width)) {
      scanner.at = at;
      scanner.fail("found an indentation indicator equal to 0");
    }
  }
  scanner.at += (chomping === "" ? 0 : 1) + (width === 0 ? 0 : 1);
  while (text.charCodeAt(scanner.at) === space || text.charCodeAt(scanner.at) === tab) scanner.at++;
  if (text.charCodeAt(scanner.at) === hash) scanner.at = scanner.source.lineEnd(scanner.at);
  if (isBreak(text.charCodeAt(scanner.at))) scanner.breakLine();
  else if (scanner.at < text.length) scanner.fail("did not find expected comment or line break");
  return { chomping, width };
}

/** The deepest indentation among the blank lines at the beginning and the first other line. */
function findBlockIndent(scanner: Scanner, opening: number): number {
  const { text } = scanner;
  let indent = Math.max(scanner.indent + 1, 1);
  let { at, lineStart } = scanner;
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code === space) continue;
    indent = Math.max(indent, at - lineStart);
    if (code === tab) {
      scanner.at = at;
      scanner.lineStart = lineStart;
      scanner.fail(blockTab, { context: opening });
    }
    if (!isBreak(code)) return indent;
    lineStart = at + 1;
  }
}

/** Moves over blank lines, and over the indentation of the line after them. */
function skipBlockBreaks(scanner: Scanner, indent: number, opening: number): string {
  const { text } = scanner;
  let breaks = "";
  for (;;) {
    while (scanner.at - scanner.lineStart < indent && text.charCodeAt(scanner.at) === space) scanner.at++;
    const code = text.charCodeAt(scanner.at);
    if (code === tab && scanner.at - scanner.lineStart < indent) scanner.fail(blockTab, { context: opening });
    if (!isBreak(code)) return breaks;
    breaks += text.charAt(scanner.at);
    scanner.breakLine();
  }
}

const blockTab = "found a tab character where an indentation space is expected";

const [tab, newline, space, quote, hash, apostrophe, comma, colon] = [0x09, 0x0a, 0x20, 0x22, 0x23, 0x27, 0x2c, 0x3a];
const [question, openBracket, backslash, closeBracket, openBrace, closeBrace] = [0x3f, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d];
