import { compilePattern } from "../apimachinery/index.ts";
import { type Call, type Expression, everyPart, partsOf } from "./ast.ts";
import type { Checked } from "./check.ts";
import { toDuration, toTimestamp } from "./convert.ts";
import { type Clause, clauseFault, parseFormat } from "./library/format-text.ts";
import type { Issue } from "./source.ts";
import { dynType, formatType, sameType, type Type, unwrapOptional } from "./types.ts";

/** Checks what types do not say: constants that functions take, and lists and maps whose elements have several types. */
export function validate({ expression, types }: Checked): Issue[] {
  const issues: Issue[] = [];
  const typeOf = (part: Expression) => types.get(part) ?? dynType;
  const calls: Call[] = [];
  for (const part of everyPart(expression)) if (part.kind === "call") calls.push(part);
  for (const call of calls) {
    const [argument] = call.args;
    if (argument?.kind !== "literal") continue;
    const { name } = call;
    if ((name === "duration" || name === "timestamp") && call.target === undefined) {
      const convert = name === "duration" ? toDuration : toTimestamp;
      if (!succeeds(() => convert(argument.value))) issues.push(wrongArgument(argument, name));
    } else if (name === "matches" && call.target !== undefined) {
      const { value } = argument;
      if (typeof value === "string" && !succeeds(() => compilePattern(value)))
        issues.push(wrongArgument(argument, name));
    }
  }
  issues.push(...mixedElements(expression, typeOf, false));
  for (const call of calls) issues.push(...formatIssues(call, typeOf));
  return issues;
}

function wrongArgument({ at }: Expression, name: string): Issue {
  return { at, message: `invalid ${name} argument` };
}

function succeeds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

/** The arguments of `format` may be of several types. */
function mixedElements(part: Expression, typeOf: (part: Expression) => Type, isExempt: boolean): Issue[] {
  const issues: Issue[] = [];
  const compare = (elements: readonly Expression[], isOptional: (index: number) => boolean) => {
    let first: Type | undefined;
    for (const [index, element] of elements.entries()) {
      const type = isOptional(index) ? unwrapOptional(typeOf(element)).type : typeOf(element);
      first ??= type;
      if (sameType(first, type, false)) continue;
      const message = `expected type '${formatType(first)}' but found '${formatType(type)}'`;
      issues.push({ at: element.at, message });
    }
  };
  if (part.kind === "list" && !isExempt) {
    compare(part.items, (index) => part.optional.has(index));
    issues.splice(1);
  } else if (part.kind === "map" && !isExempt) {
    compare(
      part.entries.map(({ key }) => key),
      () => false,
    );
    compare(
      part.entries.map(({ value }) => value),
      (index) => part.entries[index]?.optional === true,
    );
  }
  const isFormat = part.kind === "call" && part.name === "format";
  return [...issues, ...partsOf(part).flatMap((inner) => mixedElements(inner, typeOf, isExempt || isFormat))];
}

const shown: readonly string[] = [
  "list",
  "map",
  "int",
  "uint",
  "double",
  "bool",
  "string",
  "timestamp",
  "bytes",
  "duration",
  "type",
  "null",
];
const kinds: Readonly<Record<string, readonly string[]>> = {
  d: ["int", "uint"],
  f: ["double", "string"],
  e: ["double", "string"],
  b: ["int", "uint", "bool"],
  x: ["int", "uint", "string", "bytes"],
  X: ["int", "uint", "string", "bytes"],
  o: ["int", "uint"],
  s: shown,
};

/** A format that is a constant must fit the arguments that are written beside it. */
function formatIssues(call: Call, typeOf: (part: Expression) => Type): Issue[] {
  const [args] = call.args;
  const format = call.name === "format" && call.target?.kind === "literal" ? call.target.value : undefined;
  if (typeof format !== "string" || args?.kind !== "list" || call.args.length !== 1) return [];
  const here = (message: string): Issue[] => [{ at: call.at, message }];
  let used = 0;
  for (const part of parseFormat(format)) {
    if ("text" in part) continue;
    if ("error" in part && part.error === "unexpected end of string") return here(part.error);
    const argument = args.items[used];
    if (argument === undefined) return here(`index ${used} out of range`);
    used++;
    if ("error" in part) return here(part.error);
    const wrong = misfit(part.clause, argument, typeOf);
    if (wrong !== undefined) {
      const message = `error during formatting: ${clauseFault(part.clause, typeOf(wrong).name)}`;
      return [{ at: wrong.at, message }];
    }
  }
  if (args.items.length <= used) return [];
  return here(`too many arguments supplied to string.format (expected ${used}, got ${args.items.length})`);
}

/** The part of an argument that a clause cannot show. */
function misfit(clause: Clause, argument: Expression, typeOf: (part: Expression) => Type): Expression | undefined {
  const { kind } = typeOf(argument);
  if (kind !== "dyn" && kinds[clause.letter]?.includes(kind) !== true) return argument;
  if (clause.letter !== "s" || (argument.kind !== "list" && argument.kind !== "map")) return undefined;
  for (const inner of partsOf(argument)) {
    const wrong = misfit(clause, inner, typeOf);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
