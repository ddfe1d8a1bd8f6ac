/**
 * What a pattern in Go's syntax means. Sequences and choices are in order; `test` says whether one code point fits. Groups
 * that capture count from 1.
 */
export type Expression =
  | { readonly op: "empty" }
  | { readonly op: "character"; readonly test: CharacterTest }
  | { readonly op: "assert"; readonly at: Assertion }
  | { readonly op: "sequence"; readonly parts: readonly Expression[] }
  | { readonly op: "choice"; readonly parts: readonly Expression[] }
  | { readonly op: "group"; readonly of: Expression; readonly index: number; readonly name: string | undefined }
  | {
      readonly op: "repeat";
      readonly of: Expression;
      readonly min: number;
      readonly max: number;
      /** Prefers few repetitions to many, which matters to who asks what was matched. */
      readonly lazy: boolean;
    };

export type CharacterTest = (codePoint: number) => boolean;
export type Assertion = "beginText" | "endText" | "beginLine" | "endLine" | "wordBoundary" | "noWordBoundary";

/** How often Go lets an expression repeat, nested counts multiplied: `maxRepeat` of regexp/syntax. */
const repeatMax = 1000;
/** How deep Go lets groups nest: `maxHeight` of regexp/syntax. */
const depthMax = 1000;

/**
 * Reads a regular expression in the syntax of Go's `regexp` package.
 *
 * @throws {SyntaxError} in Go's words, as in "error parsing regexp: missing closing ]: `[a`"
 */
export function parsePattern(pattern: string): Expression {
  const reader: Reader = { text: pattern, at: 0, depth: 0, groups: 0 };
  const expression = parseChoice(reader, { ignoreCase: false, multiLine: false, dotAll: false, ungreedy: false });
  if (reader.at < pattern.length) fail("unexpected )", pattern);
  return expression;
}

export function isWord(codePoint: number): boolean {
  return inRanges(codePoint, wordRanges);
}

type Reader = { readonly text: string; at: number; depth: number; groups: number };
type Flags = {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
};

function fail(why: string, what: string): never {
  throw new SyntaxError(`error parsing regexp: ${why}: \`${what}\``);
}

function parseChoice(reader: Reader, flags: Flags): Expression {
  if (++reader.depth > depthMax) fail("expression nests too deeply", reader.text);
  const parts = [];
  do parts.push(parseSequence(reader, flags, (changed) => (flags = changed)));
  while (accept(reader, "|"));
  reader.depth--;
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { op: "choice", parts };
}

function parseSequence(reader: Reader, flags: Flags, onFlags: (flags: Flags) => void): Expression {
  const parts: Expression[] = [];
  let lastRepeat: string | undefined;
  while (reader.at < reader.text.length && !/[|)]/.test(reader.text.charAt(reader.at))) {
    const start = reader.at;
    const repeat = parseRepeat(reader);
    if (repeat === undefined) {
      if (accept(reader, "\\Q")) {
        for (const character of readQuoted(reader)) parts.push(literal(codePointOf(character), flags));
      } else {
        const changed = parseFlags(reader, flags);
        if (changed === undefined) {
          parts.push(parseAtom(reader, flags));
        } else {
          flags = changed;
          onFlags(changed);
        }
      }
      lastRepeat = undefined;
      continue;
    }
    const operator = reader.text.slice(start, reader.at);
    if (lastRepeat !== undefined) fail("invalid nested repetition operator", lastRepeat + operator);
    const of = parts.pop();
    if (of === undefined) fail("missing argument to repetition operator", operator);
    const { min, max, marked } = repeat;
    const expression: Expression = { op: "repeat", of, min, max, lazy: marked !== flags.ungreedy };
    if (repeatCount(expression) > repeatMax) fail("invalid repeat count", operator);
    parts.push(expression);
    lastRepeat = operator;
  }
  const [only] = parts;
  if (only === undefined) return { op: "empty" };
  return parts.length === 1 ? only : { op: "sequence", parts };
}

/** How many copies of its innermost part a nest of counted repetitions needs. */
function repeatCount(expression: Expression): number {
  switch (expression.op) {
    case "repeat": {
      const { of, min, max } = expression;
      const copies = Number.isFinite(max) ? max : min;
      return Math.max(1, copies) * repeatCount(of);
    }
    case "sequence":
    case "choice":
      return Math.max(1, ...expression.parts.map(repeatCount));
    case "group":
      return repeatCount(expression.of);
    default:
      return 1;
  }
}

function accept(reader: Reader, token: string): boolean {
  if (!reader.text.startsWith(token, reader.at)) return false;
  reader.at += token.length;
  return true;
}

/** `marked` when a question mark comes behind it. */
function parseRepeat(reader: Reader): { min: number; max: number; marked: boolean } | undefined {
  const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\?)?/.exec(reader.text.slice(reader.at));
  if (found === null) return undefined;
  const [all, operator, first = "", comma, second = "", mark] = found;
  const marked = mark !== undefined;
  reader.at += all.length;
  if (operator === "*") return { min: 0, max: Number.POSITIVE_INFINITY, marked };
  if (operator === "+") return { min: 1, max: Number.POSITIVE_INFINITY, marked };
  if (operator === "?") return { min: 0, max: 1, marked };
  const min = Number(first);
  const max = comma === undefined ? min : second === "" ? Number.POSITIVE_INFINITY : Number(second);
  if (min > repeatMax || (Number.isFinite(max) && (max > repeatMax || max < min))) fail("invalid repeat count", all);
  return { min, max, marked };
}

function readQuoted(reader: Reader): string {
  const end = reader.text.indexOf("\\E", reader.at);
  const quoted = end < 0 ? reader.text.slice(reader.at) : reader.text.slice(reader.at, end);
  reader.at = end < 0 ? reader.text.length : end + 2;
  return quoted;
}

/** `(?i)`, which holds for the rest of the group. */
function parseFlags(reader: Reader, flags: Flags): Flags | undefined {
  const found = /^\(\?([a-zA-Z-]*)\)/.exec(reader.text.slice(reader.at));
  if (found === null) return undefined;
  reader.at += found[0].length;
  return changeFlags(flags, found[1] ?? "", found[0]);
}

function changeFlags(flags: Flags, letters: string, all: string): Flags {
  const found = /^([imsU]*)(?:-([imsU]+))?$/.exec(letters);
  if (found === null || letters === "")
    fail("invalid or unsupported Perl syntax", /^\(\?[imsU-]*./.exec(all)?.[0] ?? all);
  const [, on = "", off = ""] = found;
  const now = (letter: string, before: boolean) => (on.includes(letter) || before) && !off.includes(letter);
  return {
    ignoreCase: now("i", flags.ignoreCase),
    multiLine: now("m", flags.multiLine),
    dotAll: now("s", flags.dotAll),
    ungreedy: now("U", flags.ungreedy),
  };
}

function parseAtom(reader: Reader, flags: Flags): Expression {
  const { text } = reader;
  switch (text.charAt(reader.at)) {
    case "(":
      return parseGroup(reader, flags);
    case "[":
      return { op: "character", test: parseClass(reader, flags) };
    case ".":
      reader.at++;
      return { op: "character", test: flags.dotAll ? () => true : (codePoint) => codePoint !== 10 };
    case "^":
      reader.at++;
      return { op: "assert", at: flags.multiLine ? "beginLine" : "beginText" };
    case "$":
      reader.at++;
      return { op: "assert", at: flags.multiLine ? "endLine" : "endText" };
    case "\\":
      return parseEscape(reader, flags);
    default:
      return literal(readCodePoint(reader), flags);
  }
}

function parseGroup(reader: Reader, flags: Flags): Expression {
  const rest = reader.text.slice(reader.at);
  let inner = flags;
  let name: string | undefined;
  let isCapturing = true;
  if (rest.startsWith("(?")) {
    const named = /^\(\?P?<([A-Za-z0-9_]+)>/.exec(rest);
    const plain = /^\(\?([a-zA-Z-]*):/.exec(rest);
    if (named !== null) {
      reader.at += named[0].length;
      name = named[1];
    } else if (plain !== null) {
      reader.at += plain[0].length;
      isCapturing = false;
      if (plain[1] !== "") inner = changeFlags(flags, plain[1] ?? "", plain[0]);
    } else if (/^\(\?P?<(?![=!])/.test(rest)) {
      fail("invalid named capture", /^[^>]*>?/.exec(rest)?.[0] ?? rest);
    } else {
      fail("invalid or unsupported Perl syntax", /^\(\?(?:<[=!]|.)?/s.exec(rest)?.[0] ?? "(?");
    }
  } else {
    reader.at++;
  }
  const index = isCapturing ? ++reader.groups : 0;
  const expression = parseChoice(reader, inner);
  if (!accept(reader, ")")) fail("missing closing )", reader.text);
  return isCapturing ? { op: "group", of: expression, index, name } : expression;
}

function parseEscape(reader: Reader, flags: Flags): Expression {
  if (accept(reader, "\\A")) return { op: "assert", at: "beginText" };
  if (accept(reader, "\\z")) return { op: "assert", at: "endText" };
  if (accept(reader, "\\b")) return { op: "assert", at: "wordBoundary" };
  if (accept(reader, "\\B")) return { op: "assert", at: "noWordBoundary" };
  const test = parseClassEscape(reader, flags);
  return test === undefined ? literal(parseCharacterEscape(reader), flags) : { op: "character", test };
}

/** `\d` and its like, `\pL`, `\p{Greek}`. */
function parseClassEscape(reader: Reader, flags: Flags): CharacterTest | undefined {
  const found = /^\\(?:([dswDSW])|([pP])(?:\{(\^?)([^}]*)\}|(.)))/su.exec(reader.text.slice(reader.at));
  if (found === null) return undefined;
  const [all, perl, unicode, not = "", name, letter] = found;
  reader.at += all.length;
  if (perl !== undefined) {
    const ranges = perlRanges[perl.toLowerCase()] ?? [];
    const test = fold((codePoint) => inRanges(codePoint, ranges), flags);
    return perl === perl.toLowerCase() ? test : (codePoint) => !test(codePoint);
  }
  const test = fold(unicodeTest(name ?? letter ?? "", all), flags);
  return (unicode === "P") !== (not === "^") ? (codePoint) => !test(codePoint) : test;
}

function unicodeTest(name: string, all: string): CharacterTest {
  if (/^[A-Za-z_]+$/.test(name)) {
    for (const property of [name, `Script=${name}`]) {
      try {
        const matcher = new RegExp(`^\\p{${property}}$`, "u");
        if (property !== name || name.length <= 2 || name === "Any") {
          return (codePoint) => matcher.test(String.fromCodePoint(codePoint));
        }
      } catch {
        // The name is of another kind; the next spelling may know it.
      }
    }
  }
  fail("invalid character class range", all);
}

function parseCharacterEscape(reader: Reader): number {
  const rest = reader.text.slice(reader.at);
  if (rest === "\\") fail("trailing backslash at end of expression", "");
  const control = controls[rest.charAt(1)];
  if (control !== undefined) {
    reader.at += 2;
    return control;
  }
  const number = /^\\(?:x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/.exec(rest);
  if (number !== null) {
    const [all, braced, hex = braced, octal = ""] = number;
    const code = hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
    if (code > 0x10ffff) fail("invalid escape sequence", all);
    reader.at += all.length;
    return code;
  }
  if (/^\\[0-9A-Za-z\u0080-\uffff]/.test(rest)) {
    fail(
      "invalid escape sequence",
      rest.startsWith("\\x") ? (/^\\x\{?[0-9a-fA-F]*.?/s.exec(rest)?.[0] ?? "\\x") : rest.slice(0, 2),
    );
  }
  reader.at++;
  return readCodePoint(reader);
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function parseClass(reader: Reader, flags: Flags): CharacterTest {
  const start = reader.at++;
  const negated = accept(reader, "^");
  const tests: CharacterTest[] = [];
  for (let first = true; first || reader.text.charAt(reader.at) !== "]"; first = false) {
    if (reader.at >= reader.text.length) fail("missing closing ]", reader.text.slice(start));
    tests.push(parsePosixClass(reader, flags) ?? parseClassEscape(reader, flags) ?? parseRange(reader, flags, start));
  }
  reader.at++;
  // A negated class excludes the end of a line only when it says so.
  if (negated) return (codePoint) => !tests.some((test) => test(codePoint));
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : (codePoint) => tests.some((test) => test(codePoint));
}

function parsePosixClass(reader: Reader, flags: Flags): CharacterTest | undefined {
  const found = /^\[:(\^?)([^\]:]*):\]/.exec(reader.text.slice(reader.at));
  if (found === null) return undefined;
  const [all, not, name = ""] = found;
  const ranges = posixRanges[name];
  if (ranges === undefined) fail("invalid character class range", all);
  reader.at += all.length;
  const test = fold((codePoint) => inRanges(codePoint, ranges), flags);
  return not === "^" ? (codePoint) => !test(codePoint) : test;
}

function parseRange(reader: Reader, flags: Flags, classStart: number): CharacterTest {
  const start = reader.at;
  const low = readClassCharacter(reader, classStart);
  let high = low;
  if (reader.text.charAt(reader.at) === "-" && reader.text.charAt(reader.at + 1) !== "]") {
    reader.at++;
    high = readClassCharacter(reader, classStart);
    if (high < low) fail("invalid character class range", reader.text.slice(start, reader.at));
  }
  return fold((codePoint) => codePoint >= low && codePoint <= high, flags);
}

function readClassCharacter(reader: Reader, classStart: number): number {
  if (reader.at >= reader.text.length) fail("missing closing ]", reader.text.slice(classStart));
  return reader.text.charAt(reader.at) === "\\" ? parseCharacterEscape(reader) : readCodePoint(reader);
}

function readCodePoint(reader: Reader): number {
  const codePoint = reader.text.codePointAt(reader.at) ?? 0;
  reader.at += codePoint > 0xffff ? 2 : 1;
  return codePoint;
}

function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function literal(wanted: number, flags: Flags): Expression {
  return { op: "character", test: fold((codePoint) => codePoint === wanted, flags) };
}

function fold(test: CharacterTest, { ignoreCase }: Flags): CharacterTest {
  if (!ignoreCase) return test;
  return (codePoint) => {
    if (test(codePoint)) return true;
    const character = String.fromCodePoint(codePoint);
    return test(codePointOf(character.toLowerCase())) || test(codePointOf(character.toUpperCase()));
  };
}

type Ranges = readonly (readonly [number, number])[];

function inRanges(codePoint: number, ranges: Ranges): boolean {
  return ranges.some(([low, high]) => codePoint >= low && codePoint <= high);
}

const digit: Ranges = [[48, 57]];
const upper: Ranges = [[65, 90]];
const lower: Ranges = [[97, 122]];
const alpha: Ranges = [...upper, ...lower];
const wordRanges: Ranges = [...digit, ...alpha, [95, 95]];
const perlRanges: Readonly<Record<string, Ranges>> = {
  d: digit,
  s: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
  w: wordRanges,
};
const posixRanges: Readonly<Record<string, Ranges>> = {
  alnum: [...digit, ...alpha],
  alpha,
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit,
  graph: [[33, 126]],
  lower,
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper,
  word: wordRanges,
  xdigit: [...digit, [65, 70], [97, 102]],
};
