import { compileGroupFinder, compilePattern, type GroupMatch } from "../../../apimachinery/index.ts";
import { GoError } from "../go-error.ts";
import type { Run } from "../run.ts";

export type RegexMatch = GroupMatch;

/** A regular expression that looks at each character a bounded number of times. */
export type Regex = {
  readonly pattern: string;
  readonly names: readonly (string | undefined)[];
  test(text: string): boolean;
  find(text: string, from: number, run: Run): RegexMatch | undefined;
};

/** @throws {GoError} in Go's words when the pattern is malformed */
export function compileRegex(pattern: string): Regex {
  const stray = pattern.search(/[\ud800-\udfff]/u);
  if (stray >= 0) throw new GoError(`error parsing regexp: invalid UTF-8: \`${pattern.slice(stray)}\``);
  try {
    const test = compilePattern(pattern);
    const { names, find } = compileGroupFinder(pattern);
    return {
      pattern,
      names,
      test,
      find(text, from, run) {
        // Most texts match nowhere, which the automaton without groups finds out much faster.
        if (from === 0) {
          run.charge(text.length >> 4);
          if (!test(text)) return undefined;
        }
        return find(text, from, (characters) => run.charge(characters));
      },
    };
  } catch (error) {
    if (error instanceof SyntaxError) throw new GoError(error.message);
    throw error;
  }
}
