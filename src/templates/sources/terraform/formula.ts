import type { JsonObject, JsonValue } from "../../../apimachinery/index.ts";

/** From a variable to a value inside it: an attribute, every element of a collection, every key of a map. */
export type Step = { attribute: string } | "each" | "key";
export type Path = readonly Step[];

export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** What a condition says of one value. */
export type Fact =
  /** The JSON Schema that its text keeps, or breaks. */
  | { kind: "text"; schema: JsonObject; negated: boolean }
  | { kind: "among"; values: JsonValue[]; ignoreCase: boolean; negated: boolean }
  | { kind: "length" | "number"; comparison: Comparison; limit: number }
  | { kind: "multiple"; of: number }
  | { kind: "distinct" }
  /** A collection that has this value among its elements. */
  | { kind: "holds"; value: JsonValue; negated: boolean }
  /** A map or object that has this key. */
  | { kind: "has"; key: string; negated: boolean };

/** A condition as far as it is understood. What is not understood is `unknown`. */
export type Formula =
  | { kind: "always" | "never" | "unknown" }
  | { kind: "all" | "any"; of: Formula[] }
  /** Null counts as absent: a form has no other way to say it. */
  | { kind: "present" | "absent"; at: Path }
  | { kind: "fact"; at: Path; fact: Fact };

export const always: Formula = { kind: "always" };
export const never: Formula = { kind: "never" };
export const unknown: Formula = { kind: "unknown" };

/** All of these, without what is true anyway; conjunctions inside are opened. */
export function allOf(formulas: Formula[]): Formula {
  const parts = formulas
    .flatMap((part) => (part.kind === "all" ? part.of : [part]))
    .filter(({ kind }) => kind !== "always");
  if (parts.some(({ kind }) => kind === "never")) return never;
  return parts.length > 1 ? { kind: "all", of: parts } : (parts[0] ?? always);
}

/** Any of these, without what is never true; with an unknown one nothing is known. */
export function anyOf(formulas: Formula[]): Formula {
  const parts = formulas
    .flatMap((part) => (part.kind === "any" ? part.of : [part]))
    .filter(({ kind }) => kind !== "never");
  if (parts.some(({ kind }) => kind === "always")) return always;
  if (parts.some(({ kind }) => kind === "unknown")) return unknown;
  return parts.length > 1 ? { kind: "any", of: parts } : (parts[0] ?? never);
}

const opposites = { "<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==" } as const;

/** That a fact holds, or does not; `unknown` where the opposite cannot be said. */
function factAt(at: Path, fact: Fact, negate: boolean): Formula {
  if (!negate) return { kind: "fact", at, fact };
  switch (fact.kind) {
    case "text":
    case "among":
    case "holds":
    case "has":
      return { kind: "fact", at, fact: { ...fact, negated: !fact.negated } };
    case "length":
    case "number":
      return { kind: "fact", at, fact: { ...fact, comparison: opposites[fact.comparison] } };
    default:
      return unknown;
  }
}

/**
 * That a fact holds of a value, or does not, and that there is a value where the condition needs one.
 *
 * @param absentTo how long a beginning of the path may be absent; see `Subject`
 * @param ofNull what the condition is for null: not computable, or not so
 */
export function factOf(
  { at, absentTo }: { at: Path; absentTo: number },
  fact: Fact,
  negate: boolean,
  ofNull: "error" | "false",
): Formula {
  const formula = factAt(at, fact, negate);
  if (formula.kind === "unknown" || (negate && ofNull === "false")) return formula;
  const present = Array.from({ length: at.length + 1 }, (_, length) => at.slice(0, length))
    .filter((place) => place.length > absentTo && typeof place.at(-1) !== "string")
    .map((place): Formula => ({ kind: "present", at: place }));
  return allOf([formula, ...present]);
}

/** Whether one value is inside another, or the same. */
export function startsWith(path: Path, start: Path): boolean {
  return start.every((step, index) => sameStep(step, path[index]));
}

function sameStep(a: Step, b: Step | undefined): boolean {
  if (typeof a === "string" || typeof b === "string" || b === undefined) return a === b;
  return a.attribute === b.attribute;
}
