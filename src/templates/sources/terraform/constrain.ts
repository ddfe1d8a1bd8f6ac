import type { JsonObject } from "../../../apimachinery/index.ts";
import { factSchema } from "./fact-schema.ts";
import { allOf, type Fact, type Formula, type Path, startsWith } from "./formula.ts";
import { merged, oneOf } from "./merge.ts";
import { changeAt } from "./place.ts";
import type { Type } from "./type.ts";

/** A schema that says what a condition asks, as far as a schema can. */
export type Constrained = {
  schema: JsonObject;
  /** Whether the condition asks for the variable itself to be given. */
  required: boolean;
  /** Whether it asks for more than the schema says now. */
  complete: boolean;
};

/** Adds what a condition asks to the schema of a variable, at the places that it speaks of. */
export function constrain(schema: JsonObject, type: Type, formula: Formula): Constrained {
  const parts = formula.kind === "all" ? formula.of : [formula];
  let result: Constrained = { schema, required: false, complete: true };
  for (const part of parts) {
    if (part.kind === "present" && part.at.length === 0) {
      result = { ...result, required: true };
      continue;
    }
    const next = withPart(result.schema, type, part);
    result = next ? { ...result, schema: next } : { ...result, complete: false };
  }
  return result;
}

/** @returns `undefined` when the schema cannot say it, or only a part of it */
function withPart(schema: JsonObject, type: Type, part: Formula): JsonObject | undefined {
  switch (part.kind) {
    case "always":
      return schema;
    case "fact":
      return changeAt(schema, type, part.at, (here, ofType) => {
        const asked = factSchema(part.fact, ofType);
        return asked && merged(here, asked);
      });
    case "present":
      return withPresent(schema, type, part.at);
    case "all":
      return part.of.reduce<JsonObject | undefined>((now, each) => now && withPart(now, type, each), schema);
    case "any":
      return withAny(schema, type, part.of);
    default:
      return undefined;
  }
}

function withPresent(schema: JsonObject, type: Type, at: Path): JsonObject | undefined {
  const last = at.at(-1);
  // A form has no nulls in lists and maps.
  if (last === "each" || last === "key") return schema;
  if (last === undefined) return schema;
  return changeAt(schema, type, at.slice(0, -1), (here, object) => {
    // Left out, it has the value that the type gives it.
    if (object.kind === "object" && (object.attributes.get(last.attribute)?.fallback ?? null) !== null) return here;
    return merged(here, { required: [last.attribute] });
  });
}

/**
 * Alternatives. "It is absent, or ..." is what a schema says anyway of a value that is not required; others are merged into one
 * schema where all of them speak of the same place.
 */
function withAny(schema: JsonObject, type: Type, alternatives: Formula[]): JsonObject | undefined {
  const vacuous: Vacuous[] = [];
  const others: Formula[] = [];
  for (const alternative of alternatives) {
    const empty = emptyCollection(alternative);
    if (alternative.kind === "absent") vacuous.push({ at: alternative.at, inside: false });
    else if (empty) vacuous.push({ at: empty, inside: true });
    else others.push(alternative);
  }
  if (others.length === 0 && !vacuous.some(({ inside }) => inside)) return neverTogether(schema, type, vacuous);
  const passes = (at: Path) =>
    vacuous.every((empty) => startsWith(at, empty.inside ? [...empty.at, "each"] : empty.at));
  const remaining = others.map((other) => withoutPresence(other, vacuous));
  if (!remaining.every((other) => placesOf(other).every(passes))) return withFacts(schema, type, alternatives);
  const [only] = remaining;
  if (only && remaining.length === 1) return withPart(schema, type, only);
  return withFacts(schema, type, remaining);
}

/** What is absent, or a collection without elements: nothing inside has to be as the other alternatives say. */
type Vacuous = { at: Path; inside: boolean };
type FactPart = Extract<Formula, { kind: "fact" }>;

function emptyCollection(part: Formula): Path | undefined {
  const [only, ...more] = factsOf(part) ?? [];
  if (only?.fact.kind !== "length" || more.length > 0) return undefined;
  const { comparison, limit } = only.fact;
  const isNone = ((comparison === "==" || comparison === "<=") && limit === 0) || (comparison === "<" && limit === 1);
  return isNone ? only.at : undefined;
}

/** "It is absent, or present and ...": presence says nothing more then, nor that of what it is in. */
function withoutPresence(part: Formula, vacuous: Vacuous[]): Formula {
  if (part.kind === "present") return isSaid(part.at, vacuous) ? { kind: "always" } : part;
  if (part.kind === "all" || part.kind === "any") {
    const inner = part.of.map((each) => withoutPresence(each, vacuous));
    return part.kind === "all" ? allOf(inner) : { kind: "any", of: inner };
  }
  return part;
}

function isSaid(at: Path, vacuous: Vacuous[]): boolean {
  return vacuous.some((empty) => startsWith(empty.at, at));
}

/** Every place that a formula speaks of; one that must be present is spoken of by the object around it. */
function placesOf(formula: Formula): Path[] {
  switch (formula.kind) {
    case "all":
    case "any":
      return formula.of.flatMap(placesOf);
    case "fact":
      return [formula.at];
    case "present":
      return [formula.at.slice(0, -1)];
    default:
      // Nothing is vacuous because of what is not understood.
      return [[]];
  }
}

/** "This or that is absent": of two attributes of one object, not both. */
function neverTogether(schema: JsonObject, type: Type, absent: { at: Path }[]): JsonObject | undefined {
  const [first, second, ...more] = absent.map(({ at }) => at);
  const one = first?.at(-1);
  const other = second?.at(-1);
  if (!first || !second || more.length > 0 || typeof one !== "object" || typeof other !== "object") return undefined;
  const parent = first.slice(0, -1);
  if (first.length !== second.length || !startsWith(second, parent)) return undefined;
  const both = [one.attribute, other.attribute];
  return changeAt(schema, type, parent, (here, object) => {
    const canBeAbsent = (name: string) =>
      object.kind === "object" &&
      object.attributes.get(name)?.optional &&
      (object.attributes.get(name)?.fallback ?? null) === null;
    return both.every(canBeAbsent) ? merged(here, { not: { required: both } }) : undefined;
  });
}

/** Alternatives that are facts of one place. */
function withFacts(schema: JsonObject, type: Type, alternatives: Formula[]): JsonObject | undefined {
  const groups = alternatives.map((alternative) => factsOf(alternative) ?? []);
  const at = groups[0]?.[0]?.at;
  if (!at) return undefined;
  const same = (part: FactPart) => part.at.length === at.length && startsWith(part.at, at);
  if (!groups.every((group) => group.length > 0 && group.every(same))) return undefined;
  const changed = changeAt(schema, type, at, (here, ofType) => {
    const schemas = groups.map((group) =>
      schemaOfAll(
        group.map(({ fact }) => fact),
        ofType,
      ),
    );
    const known = schemas.filter((each) => each !== undefined);
    return known.length === schemas.length ? merged(here, oneOf(known)) : undefined;
  });
  return presentInAll(alternatives).reduce<JsonObject | undefined>(
    (now, place) => now && withPresent(now, type, place),
    changed,
  );
}

/** The facts of a conjunction of facts; `undefined` when there is more in it than them, and that what they speak of is present. */
function factsOf(part: Formula): FactPart[] | undefined {
  if (part.kind === "fact") return [part];
  if (part.kind !== "all") return undefined;
  const facts = part.of.filter((each) => each.kind === "fact");
  const isSpokenOf = (at: Path) => facts.some((fact) => startsWith(fact.at, at));
  const isPlain = part.of.every((each) => each.kind === "fact" || (each.kind === "present" && isSpokenOf(each.at)));
  return isPlain ? facts : undefined;
}

/** What has to be present whichever alternative it is. */
function presentInAll([first, ...more]: Formula[]): Path[] {
  const presentIn = (part: Formula | undefined) =>
    part?.kind === "all" ? part.of.flatMap((each) => (each.kind === "present" ? [each.at] : [])) : [];
  const isIn = (part: Formula, place: Path) =>
    presentIn(part).some((other) => other.length === place.length && startsWith(other, place));
  return presentIn(first).filter((place) => place.length > 0 && more.every((part) => isIn(part, place)));
}

function schemaOfAll(facts: Fact[], type: Type): JsonObject | undefined {
  let together: JsonObject | undefined = {};
  for (const fact of facts) {
    const schema = factSchema(fact, type);
    together = schema && together && merged(together, schema);
  }
  return together;
}
