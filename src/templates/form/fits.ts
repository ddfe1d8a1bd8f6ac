import type { Format } from "ajv";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { canonicalJson, deepEqual, isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";

import { patternTest } from "./pattern.ts";

/** What does not fit, and where, as a path such as `spec.ports[0].name`; empty for the value itself. */
export type Misfit = { at: string; why: string };

/** Values of forms are small; what needs more checks than this is taken for unfit. */
const checksMax = 200_000;

/**
 * A check of values against schemas of forms, as draft-07 says, without compiling anything: for defaults, of which there are many
 * schemas with one value each, and for the search for samples. It remembers the patterns it has read.
 */
export function createFitCheck(): (value: JsonValue, schema: JsonValue) => Misfit | undefined {
  const patterns = new Map<string, (text: string) => boolean>();
  return (value, schema) => check({ patterns, checks: 0 }, value, schema, "");
}

type State = { readonly patterns: Map<string, (text: string) => boolean>; checks: number };

function check(state: State, value: JsonValue, schema: JsonValue | undefined, at: string): Misfit | undefined {
  if (schema === false) return { at, why: "nothing may stand here" };
  if (!isJsonObject(schema)) return undefined;
  if (++state.checks > checksMax) return { at, why: "it takes too long to check" };
  return (
    checkType(value, schema, at) ??
    checkValue(value, schema, at) ??
    (typeof value === "string" ? checkText(state, value, schema, at) : undefined) ??
    (typeof value === "number" ? checkNumber(value, schema, at) : undefined) ??
    (Array.isArray(value) ? checkList(state, value, schema, at) : undefined) ??
    (isJsonObject(value) ? checkObject(state, value, schema, at) : undefined) ??
    checkBranches(state, value, schema, at)
  );
}

export function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function checkType(value: JsonValue, { type }: JsonObject, at: string): Misfit | undefined {
  if (type === undefined) return undefined;
  const types = Array.isArray(type) ? type : [type];
  const actual = typeOf(value);
  if (types.includes(actual) || (actual === "integer" && types.includes("number"))) return undefined;
  return { at, why: `it must be ${types.join(" or ")}` };
}

function checkValue(value: JsonValue, schema: JsonObject, at: string): Misfit | undefined {
  if (Array.isArray(schema["enum"]) && !schema["enum"].some((one) => deepEqual(one, value))) {
    return { at, why: "it must be one of the listed values" };
  }
  if (schema["const"] !== undefined && !deepEqual(schema["const"], value))
    return { at, why: "it must be the constant" };
  return undefined;
}

function limit(schema: JsonObject, keyword: string): number | undefined {
  const found = schema[keyword];
  return typeof found === "number" ? found : undefined;
}

function checkText(state: State, value: string, schema: JsonObject, at: string): Misfit | undefined {
  const minLength = limit(schema, "minLength");
  const maxLength = limit(schema, "maxLength");
  if (minLength !== undefined || maxLength !== undefined) {
    const length = Array.from(value).length;
    if (minLength !== undefined && length < minLength)
      return { at, why: `it must have at least ${minLength} characters` };
    if (maxLength !== undefined && length > maxLength)
      return { at, why: `it must have at most ${maxLength} characters` };
  }
  if (typeof schema["pattern"] === "string" && !matches(state, schema["pattern"], value)) {
    return { at, why: `it must match ${schema["pattern"]}` };
  }
  if (typeof schema["format"] === "string" && !hasFormat(schema["format"], value)) {
    return { at, why: `it must have the format ${schema["format"]}` };
  }
  return undefined;
}

function matches(state: State, pattern: string, value: string): boolean {
  let known = state.patterns.get(pattern);
  if (known === undefined) {
    known = patternTest(pattern);
    state.patterns.set(pattern, known);
  }
  return known(value);
}

const knownFormats: ReadonlyMap<string, Format> = new Map(Object.entries(fullFormats));

function hasFormat(name: string, value: string): boolean {
  const format = knownFormats.get(name);
  if (format === undefined || typeof format === "boolean") return true;
  if (format instanceof RegExp) {
    format.lastIndex = 0;
    return format.test(value);
  }
  if (typeof format === "function") return format(value);
  if (typeof format !== "object" || format.type === "number" || typeof format.validate !== "function") return true;
  const verdict: unknown = Reflect.apply(format.validate, undefined, [value]);
  return verdict !== false;
}

/** To how many digits a quotient must be whole, as `multipleOfPrecision` of the form library's validator. */
const multipleOfPrecision = 1e-8;

function checkNumber(value: number, schema: JsonObject, at: string): Misfit | undefined {
  const [minimum, maximum, above, below, step] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
  ].map((keyword) => limit(schema, keyword));
  if (minimum !== undefined && value < minimum) return { at, why: `it must be at least ${minimum}` };
  if (maximum !== undefined && value > maximum) return { at, why: `it must be at most ${maximum}` };
  if (above !== undefined && value <= above) return { at, why: `it must be greater than ${above}` };
  if (below !== undefined && value >= below) return { at, why: `it must be less than ${below}` };
  if (step !== undefined && Math.abs(value / step - Math.round(value / step)) > multipleOfPrecision) {
    return { at, why: `it must be a multiple of ${step}` };
  }
  return undefined;
}

function checkList(state: State, value: JsonValue[], schema: JsonObject, at: string): Misfit | undefined {
  const least = limit(schema, "minItems") ?? 0;
  const most = limit(schema, "maxItems") ?? Number.POSITIVE_INFINITY;
  if (value.length < least) return { at, why: `it must have at least ${least} items` };
  if (value.length > most) return { at, why: `it must have at most ${most} items` };
  if (schema["uniqueItems"] === true && new Set(value.map(canonicalJson)).size < value.length) {
    return { at, why: "its items must differ" };
  }
  const { items, additionalItems, contains } = schema;
  for (const [index, item] of value.entries()) {
    const own = !Array.isArray(items) ? items : index < items.length ? items[index] : additionalItems;
    const found = check(state, item, own, `${at}[${index}]`);
    if (found !== undefined) return found;
  }
  if (contains !== undefined && !value.some((item) => check(state, item, contains, at) === undefined)) {
    return { at, why: "it lacks an item that must be there" };
  }
  return undefined;
}

function checkObject(state: State, value: JsonObject, schema: JsonObject, at: string): Misfit | undefined {
  const names = Object.keys(value);
  const least = limit(schema, "minProperties") ?? 0;
  const most = limit(schema, "maxProperties") ?? Number.POSITIVE_INFINITY;
  if (names.length < least) return { at, why: `it must have at least ${least} fields` };
  if (names.length > most) return { at, why: `it must have at most ${most} fields` };
  const lacking = missing(value, schema["required"]);
  if (lacking !== undefined) return { at: join(at, lacking), why: "it is required" };
  const { properties, patternProperties, additionalProperties, propertyNames, dependencies } = schema;
  for (const name of names) {
    const item = value[name] ?? null;
    const path = join(at, name);
    if (propertyNames !== undefined) {
      const found = check(state, name, propertyNames, path);
      if (found !== undefined) return { at: path, why: `its name does not fit: ${found.why}` };
    }
    let known = false;
    if (isJsonObject(properties) && Object.hasOwn(properties, name)) {
      known = true;
      const found = check(state, item, properties[name], path);
      if (found !== undefined) return found;
    }
    for (const [pattern, own] of isJsonObject(patternProperties) ? Object.entries(patternProperties) : []) {
      if (!matches(state, pattern, name)) continue;
      known = true;
      const found = check(state, item, own, path);
      if (found !== undefined) return found;
    }
    const found = known ? undefined : check(state, item, additionalProperties, path);
    if (found !== undefined) return found;
  }
  for (const [name, own] of isJsonObject(dependencies) ? Object.entries(dependencies) : []) {
    if (!Object.hasOwn(value, name)) continue;
    const wanted = Array.isArray(own) ? missing(value, own) : undefined;
    if (wanted !== undefined) return { at: join(at, wanted), why: `it is required beside ${name}` };
    const found = Array.isArray(own) ? undefined : check(state, value, own, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function missing(value: JsonObject, names: JsonValue | undefined): string | undefined {
  if (!Array.isArray(names)) return undefined;
  return names.filter((name) => typeof name === "string").find((name) => !Object.hasOwn(value, name));
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function checkBranches(state: State, value: JsonValue, schema: JsonObject, at: string): Misfit | undefined {
  const { allOf, anyOf, oneOf, not } = schema;
  for (const one of Array.isArray(allOf) ? allOf : []) {
    const found = check(state, value, one, at);
    if (found !== undefined) return found;
  }
  if (Array.isArray(anyOf)) {
    const misfits = anyOf.map((one) => check(state, value, one, at));
    if (!misfits.includes(undefined)) return misfits[0] ?? { at, why: "none of the alternatives fits" };
  }
  if (Array.isArray(oneOf)) {
    const misfits = oneOf.map((one) => check(state, value, one, at));
    const count = misfits.filter((misfit) => misfit === undefined).length;
    if (count === 0) return misfits[0] ?? { at, why: "none of the alternatives fits" };
    if (count > 1) return { at, why: "more than one of the alternatives fits" };
  }
  if (not !== undefined && check(state, value, not, at) === undefined) {
    return { at, why: "it fits what it must not" };
  }
  if (schema["if"] !== undefined) {
    const branch = check(state, value, schema["if"], at) === undefined ? schema["then"] : schema["else"];
    return check(state, value, branch, at);
  }
  return undefined;
}
