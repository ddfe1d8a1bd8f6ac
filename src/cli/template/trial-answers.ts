import {
  cloneJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  setField,
  textsAt,
} from "../../apimachinery/index.ts";
import { sampleOf, validateAnswers } from "../../templates/index.ts";

/** A choice that a form offers brings fields of its own; so many choices are tried. */
const choicesMax = 500;
/** Forms are a few levels deep; what others wrote may be deeper. */
const depthMax = 64;

/** Pages of a form in which one choice was made. `choice` is what was chosen, or empty where there is none. */
export type FormVariant = { choice: string; pages: JsonObject[] };

/** A form for each choice that it offers: of the resources of a collapsed template, for example. */
export function formVariants(pages: readonly JsonObject[]): FormVariant[] {
  for (const [index, page] of pages.entries()) {
    const chosen = pageVariants(page);
    if (chosen.length === 0) continue;
    return chosen.slice(0, choicesMax).map(({ choice, page: one }) => ({ choice, pages: pages.with(index, one) }));
  }
  return [{ choice: "", pages: [...pages] }];
}

/** What `dependencies` of a field with `oneOf` say: the fields of one branch stand beside the others when it is chosen. */
function pageVariants(page: JsonObject): { choice: string; page: JsonObject }[] {
  for (const [name, dependency] of Object.entries(objectAt(page, "dependencies"))) {
    const { dependencies: _, ...rest } = page;
    const branches = isJsonObject(dependency) && Array.isArray(dependency["oneOf"]) ? dependency["oneOf"] : [];
    const variants = branches.filter(isJsonObject).flatMap((branch) => {
      const values = objectAt(objectAt(branch, "properties"), name)["enum"];
      if (!Array.isArray(values)) return [];
      const properties = { ...objectAt(page, "properties"), ...objectAt(branch, "properties") };
      const required = [...new Set([...textsAt(page, "required"), ...textsAt(branch, "required"), name])];
      return [{ choice: String(values[0]), page: { ...rest, properties, required } }];
    });
    if (variants.length > 0) return variants;
  }
  return [];
}

/**
 * Answers of all pages together, as the portal sends them: pages may ask for parts of the same object, and fields that are left alone have
 * their defaults.
 */
export function sampleAnswers(pages: readonly JsonObject[], fill: "required" | "all"): JsonObject {
  let answers: JsonObject = {};
  for (const page of pages) {
    // A page is an object whether it says so or not.
    const sample = sampleOf({ type: "object", ...page }, { fill });
    if (isJsonObject(sample)) answers = joined(answers, sample);
  }
  for (const page of pages) answers = withDefaults(page, answers, 0);
  return answers;
}

function joined(answers: JsonObject, more: JsonObject): JsonObject {
  const all = { ...answers };
  for (const [name, value] of Object.entries(more)) {
    const before = Object.hasOwn(answers, name) ? answers[name] : undefined;
    setField(all, name, isJsonObject(before) && isJsonObject(value) ? joined(before, value) : value);
  }
  return all;
}

/**
 * What the form library makes of answers when it shows them: defaults at every depth, an empty list for each list, and objects in which
 * something stands then.
 */
function withDefaults(schema: JsonObject, answers: JsonObject, depth: number): JsonObject {
  const filled = { ...answers };
  if (depth > depthMax) return filled;
  for (const [name, property] of Object.entries(objectAt(schema, "properties"))) {
    if (!isJsonObject(property)) continue;
    const value = filledValue(property, Object.hasOwn(answers, name) ? answers[name] : undefined, depth);
    if (value !== undefined) setField(filled, name, value);
  }
  return filled;
}

function filledValue(property: JsonObject, value: JsonValue | undefined, depth: number): JsonValue | undefined {
  const { type, default: standard, minItems = 0 } = property;
  if (value !== undefined && !isJsonObject(value)) return value;
  if (value === undefined && standard !== undefined && !isJsonObject(standard)) return cloneJson(standard);
  if (type === "object") {
    const before = value ?? standard;
    const inside = withDefaults(property, isJsonObject(before) ? before : {}, depth + 1);
    if (value !== undefined) return inside;
    if (Object.keys(inside).length === 0) return undefined;
    // The object is there now, which nobody asked for: if its form takes it like that, it is sent like that.
    if (validateAnswers(property, inside).length === 0) return inside;
    const sample = sampleOf(property, { fill: "required" });
    return isJsonObject(sample) ? joined(sample, inside) : inside;
  }
  return value ?? standard ?? (type === "array" && minItems === 0 ? [] : undefined);
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}
