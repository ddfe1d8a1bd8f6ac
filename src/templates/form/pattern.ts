import { compilePattern } from "../../apimachinery/index.ts";
import { type CharacterSet, type Pattern, type PatternDialect, type Range, readPattern } from "./pattern-syntax.ts";

/**
 * The same regular expression as the form library compiles it: ECMAScript's syntax in Unicode mode.
 *
 * @returns the text itself where it means the same there
 * @throws {SyntaxError} when there is no such expression
 */
export function translatePattern(text: string, dialect: PatternDialect): string {
  if (!foreignSyntax.test(text) && compiles(text)) return text;
  const pattern = readPattern(text, dialect);
  const printed = print(pattern, hasReference(pattern));
  if (!compiles(printed)) throw new SyntaxError("ECMAScript has no such expression");
  return printed;
}

/** What compiles in ECMAScript and means something else there than in Go, or compiles only without Unicode mode. */
const foreignSyntax = /\\[AzZQECa]|\(\?[imsUP-]|\[\[:|\[:\w+:\]|\[\]|\[\^\]/;

function compiles(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

/**
 * A test for texts by a pattern of a form. Patterns come from strangers: where Go's syntax has them they are matched in linear time,
 * and only those with lookaround or references by JavaScript's own engine.
 */
export function patternTest(text: string): (value: string) => boolean {
  if (!/\(\?[=!<]|\\[uk1-9cpP]/.test(text)) {
    try {
      return compilePattern(text);
    } catch {
      // It has something that only ECMAScript knows.
    }
  }
  const compiled = new RegExp(text, "u");
  return (value) => compiled.test(value);
}

function hasReference(pattern: Pattern): boolean {
  switch (pattern.op) {
    case "back":
      return true;
    case "sequence":
    case "choice":
      return pattern.parts.some(hasReference);
    case "look":
    case "group":
    case "repeat":
      return hasReference(pattern.of);
  }
  return false;
}

const assertions = {
  beginText: "^",
  endText: "$",
  beginLine: "(?<=^|\\n)",
  endLine: "(?=$|\\n)",
  wordBoundary: "\\b",
  noWordBoundary: "\\B",
};

function print(pattern: Pattern, capture: boolean): string {
  switch (pattern.op) {
    case "empty":
      return "";
    case "set":
      return printSet(pattern.set);
    case "assert":
      return assertions[pattern.at];
    case "back":
      return pattern.to;
    case "look":
      return `(?${pattern.ahead ? "" : "<"}${pattern.negative ? "!" : "="}${print(pattern.of, capture)})`;
    case "sequence":
      return pattern.parts
        .map((part) => (part.op === "choice" ? `(?:${print(part, capture)})` : print(part, capture)))
        .join("");
    case "choice":
      return pattern.parts.map((part) => print(part, capture)).join("|");
    case "group": {
      const opening = capture ? (pattern.name === undefined ? "(" : `(?<${pattern.name}>`) : "(?:";
      return `${opening}${print(pattern.of, capture)})`;
    }
    case "repeat": {
      const { of, min, max } = pattern;
      const alone = of.op === "set" || of.op === "group" || of.op === "back";
      const part = print(of, capture);
      return `${alone ? part : `(?:${part})`}${printCount(min, max)}`;
    }
  }
}

function printCount(min: number, max: number): string {
  if (min === 0 && max === 1) return "?";
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function printSet({ negated, ranges, properties }: CharacterSet): string {
  const [first, ...others] = ranges;
  if (first === undefined && properties.length === 0) return negated ? "[\\s\\S]" : "[^\\s\\S]";
  if (!negated && first !== undefined && others.length === 0 && properties.length === 0 && first.from === first.to) {
    return printCharacter(first.from, /[\\^$.*+?()[\]{}|/]/);
  }
  return `[${negated ? "^" : ""}${ranges.map(printRange).join("")}${properties.join("")}]`;
}

function printRange({ from, to }: Range): string {
  const special = /[\\\]^[-]/;
  if (from === to) return printCharacter(from, special);
  return `${printCharacter(from, special)}${to > from + 1 ? "-" : ""}${printCharacter(to, special)}`;
}

function printCharacter(codePoint: number, special: RegExp): string {
  const character = String.fromCodePoint(codePoint);
  if (special.test(character)) return `\\${character}`;
  const named = { 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r" }[codePoint];
  if (named !== undefined) return named;
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${codePoint.toString(16).padStart(2, "0")}`;
  if (codePoint >= 0x80) return `\\u{${codePoint.toString(16)}}`;
  return character;
}
