import { type CharacterSet, type Pattern, readPattern } from "./pattern-syntax.ts";

/** Texts grow no longer than this, whatever repetitions ask for. */
const lengthMax = 10_000;

/**
 * Texts that probably match a pattern, the shortest first; who uses them must look whether they do, for lookaround and references
 * are left out of account.
 *
 * @param minLength texts of about this length are among them
 */
export function samplesOfPattern(text: string, minLength = 0): string[] {
  let pattern: Pattern;
  try {
    pattern = readPattern(text, "ecmascript");
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const found = new Set<string>();
  const extras = [0, 1, 2, 3, 5, 8, 12, 20, 36, minLength, Math.ceil(minLength / 2), Math.ceil(minLength / 3)];
  for (const extra of extras) {
    for (let choice = 0; choice < choicesMax; choice++) {
      found.add(build(pattern, { extra, choice, shift: 0, left: lengthMax }));
    }
  }
  for (let shift = 1; shift <= shiftsMax; shift++) {
    for (const extra of [0, 1, minLength]) found.add(build(pattern, { extra, choice: 0, shift, left: lengthMax }));
  }
  return [...found];
}

/** How many alternatives of a choice are tried; those of enumerations are all as good as the first. */
const choicesMax = 8;

/** How many different characters are tried, for who needs several texts of one pattern. */
const shiftsMax = 12;

/** `shift`: which of the fitting characters is taken; `extra`: how often more than the least something is repeated; `choice`: which alternative is taken. */
type Way = { readonly extra: number; readonly choice: number; readonly shift: number; left: number };

function build(pattern: Pattern, way: Way): string {
  if (way.left <= 0) return "";
  switch (pattern.op) {
    case "set": {
      way.left--;
      return characterOf(pattern.set, way.shift);
    }
    case "sequence":
      return pattern.parts.map((part) => build(part, way)).join("");
    case "choice": {
      const part = pattern.parts[way.choice % pattern.parts.length];
      return part === undefined ? "" : build(part, way);
    }
    case "group":
      return build(pattern.of, way);
    case "repeat": {
      const count = Math.min(pattern.max, pattern.min + way.extra);
      let text = "";
      for (let i = 0; i < count && way.left > 0; i++) text += build(pattern.of, way);
      return text;
    }
  }
  return "";
}

/** Characters that are allowed nearly everywhere come first. */
const preferred = Array.from("a0A-./_:1bZz9 @,=+{}[]()\"'\n");

const further = Array.from("a0bcdefghijk123456789ABCDEFGHIJK-");

function characterOf(set: CharacterSet, shift: number): string {
  const fitting = (shift === 0 ? preferred : further).filter((character) => isIn(character, set));
  const chosen = fitting[shift % Math.max(fitting.length, 1)];
  if (chosen !== undefined) return chosen;
  for (const { from } of set.negated ? [] : set.ranges) return String.fromCodePoint(from);
  for (let code = 33; code < 0x250; code++) {
    const character = String.fromCodePoint(code);
    if (isIn(character, set)) return character;
  }
  return "";
}

function isIn(character: string, { negated, ranges, properties }: CharacterSet): boolean {
  const code = character.codePointAt(0) ?? 0;
  const found =
    ranges.some(({ from, to }) => from <= code && code <= to) ||
    properties.some((property) => new RegExp(property, "u").test(character));
  return found !== negated;
}
