/**
 * What a regular expression means, read from Go's syntax or ECMAScript's: both are small dialects of one language, and what
 * stands in schemas is often written for the other one.
 */
export type Pattern =
  | { readonly op: "empty" }
  | { readonly op: "set"; readonly set: CharacterSet }
  | { readonly op: "assert"; readonly at: Assertion }
  | { readonly op: "look"; readonly ahead: boolean; readonly negative: boolean; readonly of: Pattern }
  | { readonly op: "back"; readonly to: string }
  | { readonly op: "sequence"; readonly parts: readonly Pattern[] }
  | { readonly op: "choice"; readonly parts: readonly Pattern[] }
  | { readonly op: "group"; readonly name: string | undefined; readonly of: Pattern }
  | { readonly op: "repeat"; readonly of: Pattern; readonly min: number; readonly max: number };

export type Assertion = "beginText" | "endText" | "beginLine" | "endLine" | "wordBoundary" | "noWordBoundary";

/** One character: any of the ranges and properties, or none of them when negated. */
export type CharacterSet = {
  readonly negated: boolean;
  readonly ranges: readonly Range[];
  /** Unicode properties as ECMAScript writes them, `\p{L}` or `\P{Script=Greek}`. */
  readonly properties: readonly string[];
};
export type Range = { readonly from: number; readonly to: number };

export type PatternDialect = "go" | "ecmascript";

/** How deep groups may nest: far more than any pattern of a schema does, far less than the stack holds. */
const depthMax = 200;
/** The longest pattern that is read; a patterns of schemas have hundreds of characters, enumerations in them some thousands. */
const lengthMax = 20_000;
/** Above it a count of repetitions is a mistake: Go refuses more than 1,000, JSON Schemas use a few thousand. */
const repeatMax = 65_535;
const lastCodePoint = 0x10ffff;

/** @throws {SyntaxError} when it is no regular expression in either syntax, or one that only another language has */
export function readPattern(text: string, dialect: PatternDialect): Pattern {
  if (text.length > lengthMax) throw new SyntaxError(`it has more than ${lengthMax} characters`);
  const reader: Reader = { text, at: 0, depth: 0, dialect };
  const pattern = readChoice(reader, { ignoreCase: false, multiLine: false, dotAll: false });
  if (reader.at < text.length) throw new SyntaxError("unexpected )");
  return pattern;
}

type Reader = { readonly text: string; at: number; depth: number; readonly dialect: PatternDialect };
type Flags = { readonly ignoreCase: boolean; readonly multiLine: boolean; readonly dotAll: boolean };

function readChoice(reader: Reader, flags: Flags): Pattern {
  if (++reader.depth > depthMax) throw new SyntaxError("its groups nest too deeply");
  const parts: Pattern[] = [];
  let current = flags;
  do {
    const sequence: Pattern[] = [];
    while (reader.at < reader.text.length && !"|)".includes(reader.text.charAt(reader.at))) {
      current = readPart(reader, current, sequence);
    }
    const [only = empty, ...others] = sequence;
    parts.push(others.length === 0 ? only : { op: "sequence", parts: sequence });
  } while (accept(reader, "|"));
  reader.depth--;
  const [only = empty, ...others] = parts;
  return others.length === 0 ? only : { op: "choice", parts };
}

const empty: Pattern = { op: "empty" };

/** Reads one part, a repetition of the last one, or flags for those that follow. */
function readPart(reader: Reader, flags: Flags, sequence: Pattern[]): Flags {
  const repeat = readRepeat(reader);
  if (repeat !== undefined) {
    const of = sequence.pop();
    if (of === undefined || of.op === "repeat") throw new SyntaxError("nothing to repeat");
    sequence.push({ op: "repeat", of, ...repeat });
    return flags;
  }
  if (accept(reader, "\\Q")) {
    const end = reader.text.indexOf("\\E", reader.at);
    const quoted = reader.text.slice(reader.at, end < 0 ? undefined : end);
    reader.at = end < 0 ? reader.text.length : end + 2;
    for (const character of quoted) sequence.push(literal(character.codePointAt(0) ?? 0, flags));
    return flags;
  }
  const changed = /^\(\?([imsU]*)(?:-([imsU]+))?\)/.exec(reader.text.slice(reader.at, reader.at + 16));
  if (changed !== null && changed[0].length > 3) {
    reader.at += changed[0].length;
    return withFlags(flags, changed[1] ?? "", changed[2] ?? "");
  }
  sequence.push(readAtom(reader, flags));
  return flags;
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const value = (letter: string, before: boolean) => (on.includes(letter) || before) && !off.includes(letter);
  return {
    ignoreCase: value("i", flags.ignoreCase),
    multiLine: value("m", flags.multiLine),
    dotAll: value("s", flags.dotAll),
  };
}

function readRepeat(reader: Reader): { min: number; max: number } | undefined {
  const [found, min, comma, max] =
    /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/.exec(reader.text.slice(reader.at, reader.at + 32)) ?? [];
  if (found === undefined) return undefined;
  reader.at += found.length;
  // What follows makes it possessive or repeats a repetition, which neither Go nor ECMAScript has.
  if (/[*+?]/.test(reader.text.charAt(reader.at))) throw new SyntaxError("nothing to repeat");
  if (found.startsWith("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (found.startsWith("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (found.startsWith("?")) return { min: 0, max: 1 };
  const least = Number(min);
  const most = comma === undefined ? least : max === "" || max === undefined ? Number.POSITIVE_INFINITY : Number(max);
  if (least > most || least > repeatMax || (Number.isFinite(most) && most > repeatMax)) {
    throw new SyntaxError("invalid repeat count");
  }
  return { min: least, max: most };
}

function readAtom(reader: Reader, flags: Flags): Pattern {
  const character = String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0);
  switch (character) {
    case "(":
      return readGroup(reader, flags);
    case "[":
      return { op: "set", set: readClass(reader, flags) };
    case "\\":
      return readEscape(reader, flags);
  }
  reader.at += character.length;
  switch (character) {
    case "^":
      return { op: "assert", at: flags.multiLine ? "beginLine" : "beginText" };
    case "$":
      return { op: "assert", at: flags.multiLine ? "endLine" : "endText" };
    case ".":
      return { op: "set", set: { negated: true, ranges: flags.dotAll ? [] : [single(10)], properties: [] } };
  }
  return literal(character.codePointAt(0) ?? 0, flags);
}

function readGroup(reader: Reader, flags: Flags): Pattern {
  const [opening = "("] =
    /^\((?:\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|[=!]|<[=!]|(?:[imsU]*)(?:-[imsU]+)?:))?/.exec(
      reader.text.slice(reader.at, reader.at + 128),
    ) ?? [];
  reader.at += opening.length;
  if (opening === "(" && reader.text.charAt(reader.at) === "?") throw new SyntaxError("invalid or unknown group");
  const look = /^\(\?(<?)([=!])$/.exec(opening);
  const [, on = "", off = ""] = /^\(\?([imsU]*)(?:-([imsU]+))?:$/.exec(opening) ?? [];
  const of = readChoice(reader, withFlags(flags, on, off));
  if (!accept(reader, ")")) throw new SyntaxError("missing )");
  if (look !== null) return { op: "look", ahead: look[1] === "", negative: look[2] === "!", of };
  if (opening.endsWith(":")) return of;
  return { op: "group", name: /<(\w+)>/.exec(opening)?.[1], of };
}

const escapedAssertions: Readonly<Record<string, Assertion>> = {
  A: "beginText",
  z: "endText",
  Z: "endText",
  b: "wordBoundary",
  B: "noWordBoundary",
};

function readEscape(reader: Reader, flags: Flags): Pattern {
  const letter = reader.text.charAt(reader.at + 1);
  const at = escapedAssertions[letter];
  if (at !== undefined) {
    reader.at += 2;
    return { op: "assert", at };
  }
  const back = /^\\(?:([1-9])(?!\d)|k<(\w+)>)/.exec(reader.text.slice(reader.at, reader.at + 64));
  if (back !== null && reader.dialect === "ecmascript") {
    reader.at += back[0].length;
    return { op: "back", to: back[0] };
  }
  const read = readEscapedSet(reader);
  if (read.codePoint !== undefined) return literal(read.codePoint, flags);
  return { op: "set", set: read.set };
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Reads an escape that stands for a character or a set of them, in a class or outside. */
function readEscapedSet(reader: Reader): { codePoint: number; set?: never } | { codePoint?: never; set: CharacterSet } {
  const rest = reader.text.slice(reader.at, reader.at + 48);
  const take = (length: number) => {
    reader.at += length;
  };
  const letter = String.fromCodePoint(rest.codePointAt(1) ?? 0);
  if (rest.length < 2) throw new SyntaxError("trailing backslash");
  const known = classOf(letter, reader.dialect);
  if (known !== undefined) {
    take(2);
    return { set: known };
  }
  const property = /^\\([pP])(?:\{(\^?)([A-Za-z_0-9=]+)\}|([A-Z]))/.exec(rest);
  if (property !== null) {
    take(property[0].length);
    const negated = (property[1] === "P") !== (property[2] === "^");
    return {
      set: { negated: false, ranges: [], properties: [unicodeProperty(property[3] ?? property[4] ?? "", negated)] },
    };
  }
  const code = /^\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\})/.exec(rest);
  if (code !== null) {
    take(code[0].length);
    const codePoint = Number.parseInt(code[1] ?? code[2] ?? code[3] ?? code[4] ?? "", 16);
    if (codePoint > lastCodePoint) throw new SyntaxError("no such code point");
    return { codePoint };
  }
  const octal = /^\\(0|[0-3]?[0-7]{2,3})/.exec(rest);
  if (octal !== null) {
    take(octal[0].length);
    return { codePoint: Number.parseInt(octal[1] ?? "", 8) };
  }
  const control = controls[letter];
  if (control === undefined && /[A-Za-z0-9]/.test(letter)) throw new SyntaxError(`unknown escape \\${letter}`);
  take(1 + letter.length);
  return { codePoint: control ?? letter.codePointAt(0) ?? 0 };
}

/** A property under the name that ECMAScript has for it; Go knows scripts and general categories without a prefix. */
function unicodeProperty(name: string, negated: boolean): string {
  for (const candidate of [name, `Script=${name}`]) {
    const text = `\\${negated ? "P" : "p"}{${candidate}}`;
    try {
      new RegExp(text, "u");
      return text;
    } catch {
      // It is the other of the two, or none.
    }
  }
  throw new SyntaxError(`unknown character property ${name}`);
}

function single(codePoint: number): Range {
  return { from: codePoint, to: codePoint };
}

function span(first: string, last = first): Range {
  return { from: first.charCodeAt(0), to: last.charCodeAt(0) };
}

const digits = [span("0", "9")];
const wordCharacters = [span("0", "9"), span("A", "Z"), span("_"), span("a", "z")];
const goSpaces = [span("\t", "\n"), span("\f", "\r"), span(" ")];
const spaces = [
  span("\t", "\r"),
  span(" "),
  span("\u00a0"),
  span("\u1680"),
  span("\u2000", "\u200a"),
  span("\u2028", "\u2029"),
  span("\u202f"),
  span("\u205f"),
  span("\u3000"),
  span("\ufeff"),
];

function classOf(letter: string, dialect: PatternDialect): CharacterSet | undefined {
  const byLetter: Readonly<Record<string, readonly Range[]>> = {
    d: digits,
    w: wordCharacters,
    s: dialect === "go" ? goSpaces : spaces,
  };
  const ranges = byLetter[letter.toLowerCase()];
  return ranges === undefined ? undefined : { negated: letter !== letter.toLowerCase(), ranges, properties: [] };
}

const posixClasses: Readonly<Record<string, readonly Range[]>> = {
  alnum: [span("0", "9"), span("A", "Z"), span("a", "z")],
  alpha: [span("A", "Z"), span("a", "z")],
  ascii: [{ from: 0, to: 127 }],
  blank: [span("\t"), span(" ")],
  cntrl: [{ from: 0, to: 31 }, single(127)],
  digit: digits,
  graph: [span("!", "~")],
  lower: [span("a", "z")],
  print: [span(" ", "~")],
  punct: [span("!", "/"), span(":", "@"), span("[", "`"), span("{", "~")],
  space: [span("\t", "\r"), span(" ")],
  upper: [span("A", "Z")],
  word: wordCharacters,
  xdigit: [span("0", "9"), span("A", "F"), span("a", "f")],
};

function readClass(reader: Reader, flags: Flags): CharacterSet {
  reader.at++;
  const negated = accept(reader, "^");
  const ranges: Range[] = [];
  const properties: string[] = [];
  let first = reader.dialect === "go";
  while (first || reader.text.charAt(reader.at) !== "]") {
    if (reader.at >= reader.text.length) throw new SyntaxError("missing closing ]");
    first = false;
    const posix = /^\[:(\^?)(\w+):\]/.exec(reader.text.slice(reader.at, reader.at + 16));
    const named = posixClasses[posix?.[2] ?? ""];
    if (posix !== null && named !== undefined) {
      reader.at += posix[0].length;
      ranges.push(...(posix[1] === "^" ? complement(named) : named));
      continue;
    }
    const start = readClassCharacter(reader);
    if (start.set !== undefined) {
      ranges.push(...(start.set.negated ? complement(start.set.ranges) : start.set.ranges));
      properties.push(...start.set.properties);
      continue;
    }
    const isRange = /^-[^\]]/.test(reader.text.slice(reader.at, reader.at + 2));
    if (!isRange) {
      ranges.push(...bothCases(single(start.codePoint), flags));
      continue;
    }
    reader.at++;
    const end = readClassCharacter(reader);
    if (end.codePoint === undefined) {
      // As in `[\w-\d]` and `[a-\d]`: outside of Unicode mode ECMAScript takes the hyphen for itself.
      ranges.push(
        single(start.codePoint),
        span("-"),
        ...(end.set.negated ? complement(end.set.ranges) : end.set.ranges),
      );
      properties.push(...end.set.properties);
      continue;
    }
    if (end.codePoint < start.codePoint) throw new SyntaxError("invalid character class range");
    ranges.push(...bothCases({ from: start.codePoint, to: end.codePoint }, flags));
  }
  reader.at++;
  return { negated, ranges, properties };
}

function readClassCharacter(reader: Reader): ReturnType<typeof readEscapedSet> {
  if (reader.text.charAt(reader.at) === "\\") {
    if (reader.text.charAt(reader.at + 1) === "b") {
      reader.at += 2;
      return { codePoint: 8 };
    }
    return readEscapedSet(reader);
  }
  const codePoint = reader.text.codePointAt(reader.at);
  if (codePoint === undefined) throw new SyntaxError("missing closing ]");
  reader.at += codePoint > 0xffff ? 2 : 1;
  return { codePoint };
}

/** What is in none of the ranges. */
function complement(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  let next = 0;
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    if (from > next) found.push({ from: next, to: from - 1 });
    next = Math.max(next, to + 1);
  }
  if (next <= lastCodePoint) found.push({ from: next, to: lastCodePoint });
  return found;
}

function literal(codePoint: number, flags: Flags): Pattern {
  return { op: "set", set: { negated: false, ranges: bothCases(single(codePoint), flags), properties: [] } };
}

/** Up to here letters are looked at one by one for their other case; patterns that ignore case are about Latin letters. */
const lastCased = 0x24f;

function bothCases(range: Range, { ignoreCase }: Flags): Range[] {
  if (!ignoreCase) return [range];
  const found = [range];
  for (let codePoint = range.from; codePoint <= Math.min(range.to, lastCased); codePoint++) {
    const character = String.fromCodePoint(codePoint);
    for (const other of [character.toLowerCase(), character.toUpperCase()]) {
      const code = other.codePointAt(0) ?? 0;
      const alone = other.length === 1 && code !== codePoint;
      if (alone && !found.some(({ from, to }) => from <= code && code <= to)) found.push(single(code));
    }
  }
  return found;
}

function accept(reader: Reader, text: string): boolean {
  const found = reader.text.startsWith(text, reader.at);
  if (found) reader.at += text.length;
  return found;
}
