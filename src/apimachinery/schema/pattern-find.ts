import { assemblePattern, endOfText, holds } from "./pattern.ts";
import { parsePattern } from "./pattern-syntax.ts";

/** A match: offsets in the text, `end` behind its last character. */
export type Match = { readonly start: number; readonly end: number };

/**
 * Makes a search for the first match of a regular expression in Go's syntax at or behind an offset, the one that Go's
 * engine prefers. It takes time proportional to the text behind the offset times the pattern, and says so as it goes on.
 *
 * @returns a search; its `spend` is called with the number of characters looked at since the last call, and may throw
 * @throws {SyntaxError} in Go's words when the pattern is malformed
 */
export function compileFinder(
  pattern: string,
): (text: string, from: number, spend: (characters: number) => void) => Match | undefined {
  const { instructions, start } = assemblePattern(parsePattern(pattern));

  return (text, from, spend) => {
    // Threads in the order of preference: instructions, and where each thread's match began.
    let threads: Thread[] = [];
    let found: Match | undefined;
    let previous = from === 0 ? endOfText : characterBefore(text, from);
    for (let at = from; ; ) {
      const next = at < text.length ? (text.codePointAt(at) ?? endOfText) : endOfText;
      const reached = new Set<number>();
      const waiting: Thread[] = [];
      const follow = (thread: Thread): boolean => {
        const open = [thread.at];
        for (let index = open.pop(); index !== undefined; index = open.pop()) {
          if (reached.has(index)) continue;
          reached.add(index);
          const instruction = instructions[index];
          if (instruction?.op === "match") {
            found = { start: thread.start, end: at };
            return true;
          }
          if (instruction?.op === "split") open.push(...[...instruction.next].reverse());
          if (instruction?.op === "assert" && holds(instruction.at, previous, next)) open.push(instruction.next);
          if (instruction?.op === "character") waiting.push({ at: index, start: thread.start });
        }
        return false;
      };
      // Once a thread matches, those that are less preferred end, but those before it go on.
      const isMatched = threads.some(follow);
      if (!isMatched && found === undefined) follow({ at: start, start: at });
      if (next === endOfText || (waiting.length === 0 && found !== undefined)) return found;
      spend(1 + waiting.length);
      threads = waiting.flatMap((thread) => {
        const instruction = instructions[thread.at];
        if (instruction?.op !== "character" || !instruction.test(next)) return [];
        return [{ at: instruction.next, start: thread.start }];
      });
      previous = next;
      at += next > 0xffff ? 2 : 1;
    }
  };
}

type Thread = { readonly at: number; readonly start: number };

function characterBefore(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  const isLow = unit >= 0xdc00 && unit < 0xe000;
  return (isLow ? text.codePointAt(at - 2) : undefined) ?? unit;
}
