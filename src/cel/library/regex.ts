import { compileFinder } from "../../apimachinery/index.ts";
import { asNumber, asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, type Meter } from "../meter.ts";
import { type List, ValueList } from "../values.ts";

const { method } = declareWith();

/** Kubernetes' functions that look for a pattern. */
export const regexFunctions: FunctionTable = new Map<string, Overload[]>([
  [
    "find",
    [
      method("string_find_string", "string, string -> string", ([text, pattern], meter) => {
        const whole = asText(text);
        const match = finderOf(asText(pattern))(whole, 0, (count) => meter.step(count));
        return match === undefined ? "" : whole.slice(match.start, match.end);
      }),
    ],
  ],
  [
    "findAll",
    [
      method("string_find_all_string", "string, string -> list(string)", ([text, pattern], meter) =>
        findAll(asText(text), asText(pattern), -1, meter),
      ),
      method("string_find_all_string_int", "string, string, int -> list(string)", ([text, pattern, count], meter) =>
        findAll(asText(text), asText(pattern), asNumber(count), meter),
      ),
    ],
  ],
]);

type Finder = ReturnType<typeof compileFinder>;

/** Patterns of rules are few and used again and again. */
const findersMax = 1_000;
const finders = new Map<string, Finder>();

function finderOf(pattern: string): Finder {
  const known = finders.get(pattern);
  if (known !== undefined) return known;
  try {
    const finder = compileFinder(pattern);
    if (finders.size >= findersMax) finders.clear();
    finders.set(pattern, finder);
    return finder;
  } catch (error) {
    if (error instanceof SyntaxError) return fail(`Illegal regex: ${error.message}`);
    throw error;
  }
}

/** All matches that do not overlap; one of nothing right behind another match does not count. */
function findAll(text: string, pattern: string, countMax: number, meter: Meter): List {
  const find = finderOf(pattern);
  const found: string[] = [];
  let previousEnd = -1;
  for (let from = 0; from <= text.length && (countMax < 0 || found.length < countMax); ) {
    const match = find(text, from, (count) => meter.step(count));
    if (match === undefined) break;
    meter.step();
    const isEmpty = match.start === match.end;
    if (!isEmpty || match.start !== previousEnd) found.push(text.slice(match.start, match.end));
    previousEnd = match.end;
    from = isEmpty ? match.end + ((text.codePointAt(match.end) ?? 0) > 0xffff ? 2 : 1) : match.end;
  }
  return new ValueList(found);
}
