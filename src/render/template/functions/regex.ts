import { GoError } from "../go-error.ts";
import { canBackquote, quoteText } from "../go-format.ts";
import { stringsType } from "../go-types.ts";
import type { Run } from "../run.ts";
import { type FunctionTable, fn, type GoFunction, int, type Param, runFn, string } from "../signature.ts";
import { nilOf, typedList, type Value } from "../values.ts";
import type { Regex, RegexMatch } from "./regex-match.ts";

/** Regular expressions in Go's syntax. */
export const regexFunctions: FunctionTable = {
  regexMatch: runFn([string, string], (run, pattern, text) => {
    try {
      return matches(run, pattern, text);
    } catch (error) {
      if (error instanceof GoError) return false;
      throw error;
    }
  }),
  mustRegexMatch: runFn([string, string], matches),
  ...both("regexFind", [string, string], (run, regex, text) => {
    const found = regex.find(text, 0, run);
    return found === undefined ? "" : text.slice(found.start, found.end);
  }),
  ...both("regexFindAll", [string, string, int], (run, regex, text, count) => {
    const found = findAll(run, regex, text, Number(count));
    if (found.length === 0) return nilOf(stringsType);
    return typedList(
      stringsType,
      found.map(({ start, end }) => text.slice(start, end)),
    );
  }),
  ...both("regexReplaceAll", [string, string, string], (run, regex, text, replacement) => {
    return replaceEach(run, regex, text, (match) => expand(String(replacement), text, match, regex.names));
  }),
  ...both("regexReplaceAllLiteral", [string, string, string], (run, regex, text, replacement) => {
    return replaceEach(run, regex, text, () => String(replacement));
  }),
  ...both("regexSplit", [string, string, int], (run, regex, text, count) => split(run, regex, text, Number(count))),
  regexQuoteMeta: fn([string], (text) => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")),
};

/** A function that panics on a malformed pattern, and one that returns the error, which says less. */
function both(
  name: string,
  params: readonly Param<string | number>[],
  call: (run: Run, regex: Regex, text: string, more: Value) => Value,
): FunctionTable {
  const variant = (isMust: boolean): GoFunction => ({
    params,
    variadic: undefined,
    call: (run, [pattern, text, more]: [string, string, Value]) => {
      return call(run, isMust ? run.memory.regex(pattern) : compileOrPanic(run, pattern), text, more);
    },
  });
  const must = `must${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return { [name]: variant(false), [must]: variant(true) };
}

function compileOrPanic(run: Run, pattern: string): Regex {
  try {
    return run.memory.regex(pattern);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw new GoError(`regexp: Compile(${quotePattern(pattern)}): ${error.message}`);
  }
}

function quotePattern(pattern: string): string {
  return canBackquote(pattern) ? `\`${pattern}\`` : quoteText(pattern);
}

function matches(run: Run, pattern: string, text: string): boolean {
  run.charge(1 + (text.length >> 6));
  return run.memory.regex(pattern).test(text);
}

/** Up to `count` matches that do not overlap, all for a negative count; none is empty right behind another. */
function findAll(run: Run, regex: Regex, text: string, count: number): RegexMatch[] {
  const found: RegexMatch[] = [];
  let previousEnd = -1;
  for (let at = 0; at <= text.length && found.length !== count; ) {
    const match = regex.find(text, at, run);
    if (match === undefined) break;
    const isEmpty = match.start === match.end;
    if (!isEmpty || match.start !== previousEnd) found.push(match);
    previousEnd = match.end;
    at = isEmpty ? match.end + characterSize(text, match.end) : match.end;
  }
  return found;
}

function characterSize(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function replaceEach(run: Run, regex: Regex, text: string, replace: (match: RegexMatch) => string): string {
  let result = "";
  let at = 0;
  for (const match of findAll(run, regex, text, -1)) {
    const replacement = replace(match);
    run.reserve(replacement.length);
    result += text.slice(at, match.start) + replacement;
    at = match.end;
  }
  return result + text.slice(at);
}

/** Puts groups in the place of `$1`, `${name}` and `$name`; `$$` is a dollar sign, a group that there is not is empty. */
function expand(
  template: string,
  text: string,
  { groups }: RegexMatch,
  names: readonly (string | undefined)[],
): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (all, braced?: string, plain?: string) => {
      const name = braced ?? plain;
      if (all === "$$") return "$";
      if (name === undefined) return all;
      const index = /^\d{1,8}$/.test(name) ? Number(name) : names.lastIndexOf(name);
      const group = index < 0 ? undefined : groups[index];
      return group === undefined ? "" : text.slice(group.start, group.end);
    },
  );
}

function split(run: Run, regex: Regex, text: string, count: number): Value {
  if (count === 0) return nilOf(stringsType);
  if (regex.pattern !== "" && text === "") return typedList(stringsType, [""]);
  const parts: string[] = [];
  let begin = 0;
  let end = 0;
  for (const match of findAll(run, regex, text, count)) {
    if (count > 0 && parts.length === count - 1) break;
    end = match.start;
    if (match.end !== 0) parts.push(text.slice(begin, end));
    begin = match.end;
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return typedList(stringsType, parts);
}
