import { assemblePattern, endOfText, holds, type Instruction } from "./pattern.ts";
import type { Match } from "./pattern-find.ts";
import { type Expression, parsePattern } from "./pattern-syntax.ts";

/** A match with its groups: the first is the whole match; `undefined` stands for those that took no part. */
export type GroupMatch = Match & { readonly groups: readonly (Match | undefined)[] };

/**
 * Makes a search like that of `compileFinder`, which also tells what each group of the pattern captured.
 *
 * @property names the names of the groups by number; the whole match has none
 * @throws {SyntaxError} in Go's words when the pattern is malformed
 */
export function compileGroupFinder(pattern: string): {
  readonly names: readonly (string | undefined)[];
  readonly find: (text: string, from: number, spend: (characters: number) => void) => GroupMatch | undefined;
} {
  const expression = parsePattern(pattern);
  const names: (string | undefined)[] = [undefined];
  nameGroups(expression, names);
  const program = assemblePattern(expression, { withGroups: true });
  return { names, find: (text, from, spend) => search(program, 2 * names.length, text, from, spend) };
}

function nameGroups(expression: Expression, names: (string | undefined)[]): void {
  if (expression.op === "group") names[expression.index] = expression.name;
  if (expression.op === "group" || expression.op === "repeat") nameGroups(expression.of, names);
  if (expression.op === "sequence" || expression.op === "choice") {
    for (const part of expression.parts) nameGroups(part, names);
  }
}

/** One way to go on: an instruction, and where groups began and ended on the way there. */
type Thread = { readonly at: number; readonly slots: readonly number[] };

function search(
  { instructions, start }: { readonly instructions: readonly Instruction[]; readonly start: number },
  slotCount: number,
  text: string,
  from: number,
  spend: (characters: number) => void,
): GroupMatch | undefined {
  const none: readonly number[] = new Array<number>(slotCount).fill(-1);
  let threads: Thread[] = [];
  let found: readonly number[] | undefined;
  let previous = from === 0 ? endOfText : codePointBefore(text, from);
  for (let at = from; ; ) {
    const next = at < text.length ? (text.codePointAt(at) ?? endOfText) : endOfText;
    const reached = new Set<number>();
    const waiting: Thread[] = [];
    const follow = (thread: Thread): boolean => {
      const open = [thread];
      for (let here = open.pop(); here !== undefined; here = open.pop()) {
        if (reached.has(here.at)) continue;
        reached.add(here.at);
        const { slots } = here;
        const instruction = instructions[here.at];
        switch (instruction?.op) {
          case "match":
            found = slots.with(1, at);
            return true;
          case "split":
            for (const to of instruction.next.toReversed()) open.push({ at: to, slots });
            break;
          case "save":
            open.push({ at: instruction.next, slots: slots.with(instruction.slot, at) });
            break;
          case "assert":
            if (holds(instruction.at, previous, next)) open.push({ at: instruction.next, slots });
            break;
          case "character":
            waiting.push(here);
        }
      }
      return false;
    };
    // Once a thread matches, those that are less preferred end, but those before it go on.
    const isMatched = threads.some(follow);
    if (!isMatched && found === undefined) follow({ at: start, slots: none.with(0, at) });
    if (next === endOfText || (waiting.length === 0 && found !== undefined)) break;
    spend(1 + waiting.length);
    threads = waiting.flatMap(({ at: index, slots }) => {
      const instruction = instructions[index];
      return instruction?.op === "character" && instruction.test(next) ? [{ at: instruction.next, slots }] : [];
    });
    previous = next;
    at += next > 0xffff ? 2 : 1;
  }
  return found && matchOf(found);
}

function matchOf(slots: readonly number[]): GroupMatch {
  const groups: (Match | undefined)[] = [];
  for (let slot = 0; slot < slots.length; slot += 2) {
    const [start = -1, end = -1] = slots.slice(slot, slot + 2);
    groups.push(start < 0 || end < 0 ? undefined : { start, end });
  }
  const [whole = { start: 0, end: 0 }] = groups;
  return { ...whole, groups };
}

function codePointBefore(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  const isLow = unit >= 0xdc00 && unit < 0xe000;
  return (isLow ? text.codePointAt(at - 2) : undefined) ?? unit;
}
