import type { JsonObject } from "../../../apimachinery/index.ts";
import { factSchema } from "./fact-schema.ts";
import type { Fact, Formula, Path } from "./formula.ts";
import { merged, oneOf } from "./merge.ts";
import { changeAt } from "./place.ts";
import { startsWith } from "./subject.ts";
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
  if (last === undefined) return undefined;
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
  const vacuous: { at: Path; inside: boolean }[] = [];
  const others: Formula[] = [];
  for (const alternative of alternatives) {
    if (alternative.kind === "absent") vacuous.push({ at: alternative.at, inside: false });
    else if (isEmptiness(alternative)) vacuous.push({ at: alternative.at, inside: true });
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

type FactPart = Extract<Formula, { kind: "fact" }>;

function isEmptiness(part: Formula): part is FactPart {
  if (part.kind !== "fact" || part.fact.kind !== "length") return false;
  const { comparison, limit } = part.fact;
  return ((comparison === "==" || comparison === "<=") && limit === 0) || (comparison === "<" && limit === 1);
}

/** "It is absent, or present and ...": presence says nothing more then. */
function withoutPresence(part: Formula, absent: { at: Path }[]): Formula {
  if (part.kind !== "all") return part;
  const kept = part.of.filter(
    (each) =>
      each.kind !== "present" || !absent.some(({ at }) => at.length === each.at.length && startsWith(each.at, at)),
  );
  const [only] = kept;
  return only && kept.length === 1 ? only : { kind: "all", of: kept };
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
  const groups = alternatives.map(factsOf);
  const at = groups[0]?.[0]?.at;
  if (!at) return undefined;
  const same = (part: FactPart) => part.at.length === at.length && startsWith(part.at, at);
  if (!groups.every((group) => group.length > 0 && group.every(same))) return undefined;
  return changeAt(schema, type, at, (here, ofType) => {
    const schemas = groups.map((group) =>
      schemaOfAll(
        group.map(({ fact }) => fact),
        ofType,
      ),
    );
    const known = schemas.filter((each) => each !== undefined);
    return known.length === schemas.length ? merged(here, oneOf(known)) : undefined;
  });
}

function factsOf(part: Formula): FactPart[] {
  if (part.kind === "fact") return [part];
  if (part.kind !== "all") return [];
  const facts = part.of.filter((each) => each.kind === "fact");
  return facts.length === part.of.length ? facts : [];
}

function schemaOfAll(facts: Fact[], type: Type): JsonObject | undefined {
  let together: JsonObject | undefined = {};
  for (const fact of facts) {
    const schema = factSchema(fact, type);
    together = schema && together && merged(together, schema);
  }
  return together;
}
