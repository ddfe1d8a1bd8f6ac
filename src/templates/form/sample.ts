import {
  canonicalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  setField,
  valueAt,
} from "../../apimachinery/index.ts";
import { uniqueTexts } from "./constraint.ts";
import { createFitCheck } from "./fits.ts";
import { readRule } from "./rule-syntax.ts";
import { comparisonsOf, rulePrefix } from "./rules.ts";
import { textCandidates } from "./sample-text.ts";

export type SampleOptions = {
  /** `required`, the default, answers only what must be answered; `all` everything that can be beside it. */
  fill?: "required" | "all";
};

/** There is no sample of a schema, or none was found; it says of which field, as a path such as `config.name`. */
export class SampleError extends Error {
  override readonly name = "SampleError";
  readonly at: string;

  constructor(at: string, why: string) {
    super(`Cannot make a sample${at === "" ? "" : ` of ${at}`}: ${why}`);
    this.at = at;
  }
}

/**
 * Answers that fit a schema of a form, the same every time. Defaults and the first of listed values are taken; texts are what fields
 * of their format, pattern or name usually hold, so that an API server which looks closer than the schema tends to accept them too.
 *
 * @throws {SampleError} when none is found
 */
export function sampleOf(schema: JsonObject, { fill = "required" }: SampleOptions = {}): JsonValue {
  const search: Search = { fits: createFitCheck(), fill, steps: { left: stepsMax } };
  return generate([schema], { at: "", name: "", ordinal: 0, depth: 0 }, search);
}

/** How many values are tried: the largest forms need some ten thousand, and a search that needs more has lost its way. */
const stepsMax = 60_000;
/** Nobody fills in a form deeper than this. */
const depthMax = 40;
/** In how many ways the alternatives of one schema are combined. */
const combinationsMax = 64;
/** How many lists of optional fields are tried for an object whose required ones do not fit. */
const selectionsMax = 300;

type Search = {
  readonly fits: ReturnType<typeof createFitCheck>;
  readonly fill: "required" | "all";
  readonly steps: { left: number };
};
type Place = { at: string; name: string; ordinal: number; depth: number };

/** A value that fits all of the schemas. */
function generate(all: readonly JsonValue[], place: Place, search: Search): JsonValue {
  if (all.includes(false)) throw new SampleError(place.at, "nothing may stand there");
  if (place.depth > depthMax) throw new SampleError(place.at, "it lies too deep");
  const schemas = all.filter(isJsonObject);
  let lastWhy = "nothing fits";
  const failures: SampleError[] = [];
  for (const combination of combinations(schemas)) {
    for (const candidate of candidates(combination, place, search, failures)) {
      if (--search.steps.left < 0) throw new SampleError(place.at, "the search takes too long");
      const misfit = firstMisfit(candidate, schemas, search);
      if (misfit === undefined) return candidate;
      lastWhy = misfit;
    }
  }
  throw failures[0] ?? new SampleError(place.at, lastWhy);
}

function firstMisfit(value: JsonValue, schemas: readonly JsonObject[], { fits }: Search): string | undefined {
  for (const schema of schemas) {
    const misfit = fits(value, schema);
    if (misfit !== undefined) return misfit.at === "" ? misfit.why : `${misfit.at}: ${misfit.why}`;
  }
  return undefined;
}

/** Schemas that must all hold, with one branch of each choice among them. */
function* combinations(schemas: readonly JsonObject[]): Generator<JsonObject[]> {
  let left = combinationsMax;
  function* choose(done: JsonObject[], open: JsonObject[]): Generator<JsonObject[]> {
    const [next, ...others] = open;
    if (next === undefined) {
      if (left-- > 0) yield done;
      return;
    }
    const more = [...others];
    for (const one of listOf(next["allOf"])) more.push(one);
    more.push(...demandsOf(next["not"]));
    // "Unless it is blank": what is chosen to be there is not.
    if (next["if"] !== undefined && next["then"] === undefined && isJsonObject(next["else"])) more.push(next["else"]);
    const choices = [listOf(next["anyOf"]), listOf(next["oneOf"])].filter((branches) => branches.length > 0);
    const [first, second] = choices;
    if (first === undefined) {
      yield* choose([...done, next], more);
      return;
    }
    for (const branch of first) {
      if (left <= 0) return;
      if (second === undefined) yield* choose([...done, next], [...more, branch]);
      else for (const other of second) yield* choose([...done, next], [...more, branch, other]);
    }
  }
  yield* choose([], [...schemas]);
}

function listOf(list: JsonValue | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** What a double negation asks for. */
function demandsOf(not: JsonValue | undefined): JsonObject[] {
  if (!isJsonObject(not)) return [];
  const keywords = Object.keys(not);
  if (keywords.length !== 1) return [];
  if (isJsonObject(not["not"])) return [not["not"]];
  return listOf(not["anyOf"]).flatMap((one) =>
    Object.keys(one).length === 1 && isJsonObject(one["not"]) ? [one["not"]] : [],
  );
}

function* candidates(
  schemas: readonly JsonObject[],
  place: Place,
  search: Search,
  failures: SampleError[],
): Generator<JsonValue> {
  for (const { default: value } of schemas) if (value !== undefined && place.ordinal === 0) yield value;
  const listed = schemas.map((schema) =>
    Array.isArray(schema["enum"]) ? schema["enum"] : schema["const"] === undefined ? undefined : [schema["const"]],
  );
  const known = listed.filter((one) => one !== undefined);
  if (known.length > 0) {
    const values = [...known].sort((a, b) => a.length - b.length)[0] ?? [];
    const start = values.length === 0 ? 0 : place.ordinal % values.length;
    yield* [...values.slice(start), ...values.slice(0, start)];
    return;
  }
  for (const type of typesOf(schemas)) {
    switch (type) {
      case "null":
        yield null;
        break;
      case "boolean":
        yield place.ordinal % 2 === 1;
        yield place.ordinal % 2 === 0;
        break;
      case "integer":
      case "number":
        yield* numbers(schemas, type, place);
        break;
      case "string":
        yield* texts(schemas, place);
        break;
      case "array":
        yield* lists(schemas, place, search, failures);
        break;
      case "object":
        yield* objects(schemas, place, search, failures);
        break;
    }
  }
}

const allTypes = ["object", "string", "integer", "number", "boolean", "array", "null"];

/** The types that all allow; null last, for it says nothing. */
function typesOf(schemas: readonly JsonObject[]): string[] {
  let types = allTypes;
  for (const { type } of schemas) {
    if (type === undefined) continue;
    const told = Array.isArray(type) ? type : [type];
    types = types.filter((one) => told.includes(one) || (one === "integer" && told.includes("number")));
  }
  if (types.includes("number")) types = ["integer", ...types.filter((one) => one !== "integer")];
  if (types.length < allTypes.length) return types;
  const has = (keyword: string) => schemas.some((schema) => schema[keyword] !== undefined);
  if (has("properties") || has("required")) return types;
  if (has("items")) return ["array", ...types];
  return ["string", ...types];
}

function numbersOf(schemas: readonly JsonObject[], keyword: string): number[] {
  return schemas.map((schema) => schema[keyword]).filter((limit) => typeof limit === "number");
}

function* numbers(
  schemas: readonly JsonObject[],
  type: "integer" | "number",
  { name, ordinal }: Place,
): Generator<number> {
  const steps = numbersOf(schemas, "multipleOf");
  const step = steps.reduce(
    (a, b) => (a % b === 0 ? a : b % a === 0 ? b : a * b),
    steps.length === 0 ? (type === "integer" ? 1 : 0) : 1,
  );
  const unit =
    type === "integer" && step !== 0 && !Number.isInteger(step) ? integerMultiple(step) : step === 0 ? 0.5 : step;
  const least = Math.max(
    ...numbersOf(schemas, "minimum"),
    ...numbersOf(schemas, "exclusiveMinimum"),
    Number.NEGATIVE_INFINITY,
  );
  const most = Math.min(
    ...numbersOf(schemas, "maximum"),
    ...numbersOf(schemas, "exclusiveMaximum"),
    Number.POSITIVE_INFINITY,
  );
  if (/port$/i.test(name)) yield 80 + ordinal;
  yield 1 + ordinal;
  const start = Number.isFinite(least)
    ? Math.ceil(least / unit) * unit
    : Number.isFinite(most)
      ? Math.floor(most / unit) * unit
      : 0;
  const direction = Number.isFinite(least) || !Number.isFinite(most) ? 1 : -1;
  for (const count of [0, 1, 2]) yield tidy(start + direction * (count + ordinal) * unit);
  if (Number.isFinite(least)) yield least;
  if (Number.isFinite(most)) {
    yield tidy(Math.floor(most / unit) * unit);
    yield most;
  }
  if (Number.isFinite(least) && Number.isFinite(most)) yield (least + most) / 2;
  yield 0;
}

/** Of a multiple with a fraction, the first that is whole. */
function integerMultiple(step: number): number {
  for (let i = 1; i <= 1000; i++) if (Number.isInteger(tidy(step * i))) return tidy(step * i);
  return 1;
}

/** Without the dust that products of fractions have. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

function* texts(schemas: readonly JsonObject[], { name, ordinal }: Place): Generator<string> {
  const told = (keyword: string) => schemas.map((schema) => schema[keyword]).filter((one) => typeof one === "string");
  yield* textCandidates({
    name,
    ordinal,
    patterns: told("pattern"),
    formats: told("format"),
    minLength: Math.max(0, ...numbersOf(schemas, "minLength")),
    maxLength: Math.min(Number.MAX_SAFE_INTEGER, ...numbersOf(schemas, "maxLength")),
  });
}

/** Lists that nobody could type; a schema that asks for more has no sample. */
const itemsMax = 1_000;

function* lists(
  schemas: readonly JsonObject[],
  place: Place,
  search: Search,
  failures: SampleError[],
): Generator<JsonValue[]> {
  const least = Math.max(0, ...numbersOf(schemas, "minItems"));
  const most = Math.min(itemsMax, ...numbersOf(schemas, "maxItems"));
  if (least > itemsMax) throw new SampleError(place.at, `it must have at least ${least} items`);
  const contains = schemas.some((schema) => isJsonObject(schema["contains"]));
  const isKnown = schemas.some((schema) => itemSchema(schema, 0).some((item) => !isFree(item)));
  const wanted = (search.fill === "all" && isKnown) || contains ? Math.max(least, Math.min(1, most)) : least;
  for (const count of new Set([wanted, least, Math.min(least + 1, most)])) {
    // What is true of the whole list may not be so with everything in its items.
    for (const fill of search.fill === "all" ? (["all", "required"] as const) : (["required"] as const)) {
      try {
        yield makeList(schemas, count, place, { ...search, fill });
      } catch (error) {
        if (!(error instanceof SampleError)) throw error;
        failures.push(error);
      }
    }
  }
}

function makeList(schemas: readonly JsonObject[], count: number, place: Place, search: Search): JsonValue[] {
  const unique = schemas.some((schema) => schema["uniqueItems"] === true);
  const contained = schemas.map((schema) => schema["contains"]).filter(isJsonObject);
  const items: JsonValue[] = [];
  const known = new Set<string>();
  for (let ordinal = 0; items.length < count; ordinal++) {
    const index = items.length;
    const own = schemas.flatMap((schema) => itemSchema(schema, index));
    if (index === 0) own.push(...contained);
    const isPlaced = !unique && schemas.some(({ items }) => Array.isArray(items));
    const at = `${place.at}[${index}]`;
    const item = generate(own, { ...place, at, ordinal: isPlaced ? 0 : ordinal, depth: place.depth + 1 }, search);
    const text = canonicalJson(item);
    if (unique && known.has(text)) {
      if (ordinal > count + repeatsMax) throw new SampleError(place.at, "too few different items were found");
      continue;
    }
    known.add(text);
    items.push(item);
  }
  return items;
}

/** How often the same item may come again before others are given up. */
const repeatsMax = 40;

function itemSchema({ items, additionalItems }: JsonObject, index: number): JsonValue[] {
  const own = !Array.isArray(items) ? items : index < items.length ? items[index] : additionalItems;
  return own === undefined ? [] : [own];
}

function* objects(
  schemas: readonly JsonObject[],
  place: Place,
  search: Search,
  failures: SampleError[],
): Generator<JsonObject> {
  const minimal = minimalObject(schemas, place, search, failures);
  for (const found of minimal) {
    if (search.fill === "required" || firstMisfit(found.value, schemas, search) !== undefined) {
      yield found.value;
      continue;
    }
    yield filledObject(found, place, search);
    yield found.value;
  }
}

type Made = { value: JsonObject; schemas: readonly JsonObject[] };

/** Objects with what is required, then with one or two optional fields besides, or whatever a condition asks for. */
function* minimalObject(
  schemas: readonly JsonObject[],
  place: Place,
  search: Search,
  failures: SampleError[],
): Generator<Made> {
  const optional = [...new Set(schemas.flatMap((schema) => Object.keys(propertiesOf(schema))))];
  let left = selectionsMax;
  for (const extra of selections(optional)) {
    if (left-- <= 0 || search.steps.left <= 0) return;
    try {
      yield makeObject(schemas, extra, place, search);
    } catch (error) {
      if (!(error instanceof SampleError)) throw error;
      failures.push(error);
      // What is required is so in every selection.
      if (extra.length === 0 && !schemas.some(isConditional)) return;
    }
  }
}

function isConditional(schema: JsonObject): boolean {
  return ["if", "not", "dependencies", "anyOf", "oneOf", "allOf"].some((keyword) => schema[keyword] !== undefined);
}

function* selections(names: readonly string[]): Generator<string[]> {
  yield [];
  for (const name of names) yield [name];
  for (const [index, first] of names.entries()) for (const second of names.slice(index + 1)) yield [first, second];
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? properties : {};
}

/** How often an object is made anew because what is in it brings further demands. */
const revisionsMax = 12;

function makeObject(schemas: readonly JsonObject[], extra: readonly string[], place: Place, search: Search): Made {
  let demands: JsonObject[] = [...schemas];
  const names = new Set([...schemas.flatMap((schema) => uniqueTexts(schema["required"])), ...extra]);
  const made: JsonObject = {};
  for (let i = 0; i < revisionsMax; i++) {
    for (const demand of demands) for (const name of uniqueTexts(demand["required"])) names.add(name);
    for (const name of Object.keys(made)) delete made[name];
    for (const name of names) setField(made, name, fieldValue(demands, name, place, search));
    addEntries(made, demands, place, search);
    const more = furtherDemands(made, demands, names, search);
    if (more.length === 0) break;
    demands = [...demands, ...more];
  }
  return { value: { ...made }, schemas: demands };
}

/** What conditions and dependencies ask for besides, now that the object has these fields. */
function furtherDemands(
  made: JsonObject,
  demands: readonly JsonObject[],
  names: Set<string>,
  search: Search,
): JsonObject[] {
  const more: JsonObject[] = [];
  const size = names.size;
  for (const demand of demands) {
    if (demand["if"] !== undefined) {
      const branch = search.fits(made, demand["if"]) === undefined ? demand["then"] : demand["else"];
      if (isJsonObject(branch) && search.fits(made, branch) !== undefined) more.push(...firstCombination(branch));
    }
    for (const [name, one] of Object.entries(isJsonObject(demand["dependencies"]) ? demand["dependencies"] : {})) {
      if (!Object.hasOwn(made, name)) continue;
      if (Array.isArray(one)) for (const other of uniqueTexts(one)) names.add(other);
      else if (isJsonObject(one) && search.fits(made, one) !== undefined)
        more.push(...firstCombination(one, made, search));
    }
  }
  if (more.length === 0) more.push(...comparedFields(made, demands, search));
  const fresh = more.filter((one) => !demands.includes(one));
  return fresh.length > 0 ? fresh : names.size > size ? [{}] : [];
}

/** Demands that make fields compare as rules ask for: the one that must be more becomes so, or the other one less. */
function comparedFields(made: JsonObject, demands: readonly JsonObject[], search: Search): JsonObject[] {
  for (const { $comment } of demands) {
    if (typeof $comment !== "string") continue;
    for (const line of $comment.split("\n")) {
      const rule = line.startsWith(rulePrefix) ? readRule(line.slice(rulePrefix.length)) : undefined;
      for (const { less, more, strict } of rule === undefined ? [] : comparisonsOf(rule)) {
        const [low, high] = [valueAt(made, ...less), valueAt(made, ...more)];
        if (typeof low !== "number" || typeof high !== "number") continue;
        if (strict ? low < high : low <= high) continue;
        const raised = fieldDemand(more, { [strict ? "exclusiveMinimum" : "minimum"]: low });
        const lowered = fieldDemand(less, { [strict ? "exclusiveMaximum" : "maximum"]: high });
        const found = [raised, lowered].find((demand) => canBe([...demands, demand], demand, search));
        if (found !== undefined) return [found];
      }
    }
  }
  return [];
}

function fieldDemand(path: readonly string[], condition: JsonObject): JsonObject {
  return path.reduceRight<JsonObject>((inner, name) => ({ properties: { [name]: inner } }), condition);
}

/** Whether the field that a demand is about can be as it asks. */
function canBe(demands: readonly JsonObject[], demand: JsonObject, search: Search): boolean {
  const [name] = Object.keys(propertiesOf(demand));
  if (name === undefined) return false;
  try {
    fieldValue(demands, name, { at: "", name: "", ordinal: 0, depth: 1 }, search);
    return true;
  } catch (error) {
    if (error instanceof SampleError) return false;
    throw error;
  }
}

/** Of a branch with alternatives the first that says nothing against what is there already. */
function firstCombination(branch: JsonObject, made?: JsonObject, search?: Search): JsonObject[] {
  const all = [...combinations([branch])];
  if (made !== undefined && search !== undefined) {
    const suiting = all.find((one) =>
      one.every((schema) =>
        Object.entries(propertiesOf(schema)).every(
          ([name, own]) => !Object.hasOwn(made, name) || search.fits(made[name] ?? null, own) === undefined,
        ),
      ),
    );
    if (suiting !== undefined) return suiting;
  }
  return all[0] ?? [branch];
}

function fieldValue(schemas: readonly JsonObject[], name: string, place: Place, search: Search): JsonValue {
  const own = schemas.flatMap((schema) => fieldSchema(schema, name));
  const at = place.at === "" ? name : `${place.at}.${name}`;
  return generate(own, { at, name, ordinal: place.ordinal, depth: place.depth + 1 }, search);
}

function fieldSchema(schema: JsonObject, name: string): JsonValue[] {
  const properties = propertiesOf(schema);
  const patterned = Object.entries(isJsonObject(schema["patternProperties"]) ? schema["patternProperties"] : {})
    .filter(([pattern]) => new RegExp(pattern, "u").test(name))
    .map(([, one]) => one);
  if (Object.hasOwn(properties, name)) return [properties[name] ?? {}, ...patterned];
  if (patterned.length > 0) return patterned;
  const { additionalProperties } = schema;
  return additionalProperties === undefined ? [] : [additionalProperties];
}

/** Entries of a map: as many as there must be, or one for show. */
function addEntries(made: JsonObject, schemas: readonly JsonObject[], place: Place, search: Search): void {
  const least = Math.max(0, ...numbersOf(schemas, "minProperties"));
  const isMap = schemas.some(({ additionalProperties: one }) => isJsonObject(one) && !isFree(one));
  const hasFields = schemas.some((schema) => Object.keys(propertiesOf(schema)).length > 0);
  const wanted = Math.max(least, search.fill === "all" && isMap && !hasFields ? 1 : 0);
  if (wanted > itemsMax) throw new SampleError(place.at, `it must have at least ${wanted} fields`);
  const names = [...new Set(schemas.flatMap((schema) => Object.keys(propertiesOf(schema))))];
  const isKnown = (name: string) => !schemas.flatMap((schema) => fieldSchema(schema, name)).every(isFree);
  for (const name of [...names.filter(isKnown), ...names.filter((one) => !isKnown(one))]) {
    if (Object.keys(made).length >= wanted) return;
    if (Object.hasOwn(made, name)) continue;
    try {
      setField(made, name, fieldValue(schemas, name, place, search));
    } catch (error) {
      if (!(error instanceof SampleError)) throw error;
    }
  }
  const named = schemas.map((schema) => schema["propertyNames"]).filter((one) => one !== undefined);
  for (let ordinal = 0; Object.keys(made).length < wanted && ordinal < wanted + repeatsMax; ordinal++) {
    const name = generate(
      [{ type: "string" }, ...named],
      { ...place, name: "", ordinal, depth: place.depth + 1 },
      search,
    );
    if (typeof name !== "string" || Object.hasOwn(made, name)) continue;
    const own = schemas.flatMap((schema) => fieldSchema(schema, name));
    if (own.includes(false)) throw new SampleError(place.at, "it may have no further fields, and must");
    const at = place.at === "" ? name : `${place.at}.${name}`;
    setField(made, name, generate(own, { at, name, ordinal, depth: place.depth + 1 }, search));
  }
}

/** Adds one optional field after the other, as long as the object fits with it. */
function filledObject({ value, schemas }: Made, place: Place, search: Search): JsonObject {
  let filled = value;
  for (const name of new Set(schemas.flatMap((schema) => Object.keys(propertiesOf(schema))))) {
    if (Object.hasOwn(filled, name)) continue;
    const own = schemas.flatMap((schema) => fieldSchema(schema, name));
    if (own.every(isFree) || search.steps.left <= 0) continue;
    try {
      const next = { ...filled };
      setField(next, name, fieldValue(schemas, name, place, search));
      const isEmpty = Object.keys(Object(next[name])).length === 0 && typeof next[name] === "object";
      if (!isEmpty && firstMisfit(next, schemas, search) === undefined) filled = next;
    } catch (error) {
      if (!(error instanceof SampleError)) throw error;
    }
  }
  return filled;
}

/** Whether anything may stand there: then nothing is known about what should. */
function isFree(schema: JsonValue): boolean {
  if (!isJsonObject(schema)) return true;
  if (schema["type"] === "object" && schema["additionalProperties"] === true) return schema["properties"] === undefined;
  return schema["type"] === undefined && listOf(schema["anyOf"]).some(isFree);
}
