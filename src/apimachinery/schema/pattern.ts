import { type Assertion, type CharacterTest, type Expression, isWord, parsePattern } from "./pattern-syntax.ts";

/**
 * Makes a test whether a text contains a match of a regular expression in Go's syntax. It takes time proportional to
 * the text whatever the pattern is, which JavaScript's own engine does not promise, and both come from users.
 *
 * @throws {SyntaxError} in Go's words when the pattern is malformed
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const program = assemblePattern(parsePattern(pattern));
  const states = createStates(program);
  return (text) => {
    let state = states.start();
    for (let i = 0; i < text.length; i++) {
      let unit = text.charCodeAt(i);
      if (unit >= 0xd800 && unit < 0xdc00) {
        unit = text.codePointAt(i) ?? unit;
        if (unit > 0xffff) i++;
      }
      const next = state.next.get(unit) ?? states.step(state, unit);
      if (next === true) return true;
      if (next === false) return false;
      state = next;
    }
    return (state.next.get(endOfText) ?? states.step(state, endOfText)) === true;
  };
}

/** An instruction of a non-deterministic automaton; numbers are indexes of instructions, the preferred one first. */
export type Instruction =
  | { readonly op: "character"; readonly test: CharacterTest; readonly next: number }
  | { readonly op: "assert"; readonly at: Assertion; readonly next: number }
  | { op: "split"; next: readonly number[] }
  | { readonly op: "save"; readonly slot: number; readonly next: number }
  | { readonly op: "match" };

export type Program = { readonly instructions: readonly Instruction[]; readonly start: number };

/** How large a program may grow when its repetitions are written out; Go's limit on the same, `maxSize` of regexp/syntax. */
const instructionsMax = 128 * 1024;

/**
 * Builds from the end to the beginning, so that each instruction knows its successor.
 *
 * @param withGroups whether `save` instructions say where group n begins, slot 2n, and ends, slot 2n + 1
 */
export function assemblePattern(expression: Expression, { withGroups = false } = {}): Program {
  const instructions: Instruction[] = [{ op: "match" }];
  const emit = (instruction: Instruction): number => {
    if (instructions.length >= instructionsMax) throw new SyntaxError("error parsing regexp: expression too large");
    return instructions.push(instruction) - 1;
  };
  const before = (part: Expression, next: number): number => {
    switch (part.op) {
      case "empty":
        return next;
      case "character":
        return emit({ op: "character", test: part.test, next });
      case "assert":
        return emit({ op: "assert", at: part.at, next });
      case "sequence":
        return part.parts.reduceRight((following, one) => before(one, following), next);
      case "choice":
        return emit({ op: "split", next: part.parts.map((one) => before(one, next)) });
      case "group": {
        if (!withGroups) return before(part.of, next);
        const end = emit({ op: "save", slot: 2 * part.index + 1, next });
        return emit({ op: "save", slot: 2 * part.index, next: before(part.of, end) });
      }
      case "repeat":
        return repeat(part, next);
    }
  };
  const repeat = ({ of: part, min, max, lazy }: Expression & { op: "repeat" }, next: number): number => {
    const prefer = (again: number) => (lazy ? [next, again] : [again, next]);
    let following = next;
    let copies = min;
    if (max === Number.POSITIVE_INFINITY) {
      const loop: Instruction = { op: "split", next: [] };
      const again = emit(loop);
      const body = before(part, again);
      loop.next = prefer(body);
      // What may be empty is tried once before it is left out, so that its groups are empty and not absent, as in Go.
      following = min > 0 ? body : canBeEmpty(part) ? emit({ op: "split", next: prefer(body) }) : again;
      copies = Math.max(0, min - 1);
    }
    for (let i = min; Number.isFinite(max) && i < max; i++) {
      following = emit({ op: "split", next: prefer(before(part, following)) });
    }
    for (let i = 0; i < copies; i++) following = before(part, following);
    return following;
  };
  const start = before(expression, 0);
  return { instructions, start };
}

function canBeEmpty(expression: Expression): boolean {
  switch (expression.op) {
    case "character":
      return false;
    case "sequence":
      return expression.parts.every(canBeEmpty);
    case "choice":
      return expression.parts.some(canBeEmpty);
    case "group":
      return canBeEmpty(expression.of);
    case "repeat":
      return expression.min === 0 || canBeEmpty(expression.of);
  }
  return true;
}

/** No code point: what stands after the last character, and before the first. */
export const endOfText = -1;

/**
 * A state of the deterministic automaton: the instructions to go on from, and the character before. A transition leads to
 * a state, or to `true` once the text has a match and to `false` once it cannot have one.
 */
type State = { readonly at: readonly number[]; readonly previous: number; readonly next: Map<number, State | boolean> };

/** How many states and transitions are remembered before starting afresh; patterns of real schemas need a few dozen. */
const statesMax = 2_000;
const transitionsMax = 20_000;

function createStates({ instructions, start }: Program) {
  let known = new Map<string, State>();
  let transitions = 0;

  function intern(at: readonly number[], previous: number): State {
    const key = `${previous}:${at.join()}`;
    let state = known.get(key);
    if (state === undefined) {
      if (known.size >= statesMax || transitions >= transitionsMax) {
        known = new Map();
        transitions = 0;
      }
      state = { at, previous, next: new Map() };
      known.set(key, state);
    }
    return state;
  }

  function step(state: State, codePoint: number): State | boolean {
    const next = follow(state, codePoint);
    // A state forgotten by `intern` may still be on its way; it must not grow.
    if (++transitions < transitionsMax) state.next.set(codePoint, next);
    return next;
  }

  function follow({ at, previous }: State, codePoint: number): State | boolean {
    const reached = new Set<number>();
    const open = [...at];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached.has(index)) continue;
      reached.add(index);
      const instruction = instructions[index];
      if (instruction?.op === "match") return true;
      if (instruction?.op === "split") open.push(...instruction.next);
      if (instruction?.op === "assert" && holds(instruction.at, previous, codePoint)) open.push(instruction.next);
    }
    if (codePoint === endOfText) return false;
    const after = new Set<number>();
    for (const index of reached) {
      const instruction = instructions[index];
      if (instruction?.op === "character" && instruction.test(codePoint)) after.add(instruction.next);
    }
    // A match may begin at every character.
    if (!anchored) after.add(start);
    if (after.size === 0) return false;
    return intern(
      [...after].sort((a, b) => a - b),
      relevant(codePoint),
    );
  }

  const anchored = beginsAtStart(instructions, start);
  return { start: () => intern([start], endOfText), step };
}

/** Of the character before, only what an assertion can ask: whether it ends a line or is part of a word. */
function relevant(codePoint: number): number {
  if (codePoint === 10) return 10;
  return isWord(codePoint) ? 97 : 32;
}

/** Whether every way to a match begins at the beginning of the text. */
function beginsAtStart(instructions: readonly Instruction[], start: number): boolean {
  const seen = new Set([start]);
  for (const index of seen) {
    const instruction = instructions[index];
    if (instruction?.op === "split") for (const next of instruction.next) seen.add(next);
    else if (instruction?.op !== "assert" || instruction.at !== "beginText") return false;
  }
  return true;
}

export function holds(assertion: Assertion, previous: number, next: number): boolean {
  switch (assertion) {
    case "beginText":
      return previous === endOfText;
    case "endText":
      return next === endOfText;
    case "beginLine":
      return previous === endOfText || previous === 10;
    case "endLine":
      return next === endOfText || next === 10;
    case "wordBoundary":
      return isWord(previous) !== isWord(next);
    case "noWordBoundary":
      return isWord(previous) === isWord(next);
  }
}
