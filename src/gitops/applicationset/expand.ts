import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import { expandGoTemplate, type GoTemplateOptions } from "./go-template.ts";

/** Expands every text in a value, names of fields included. */
export type Expand = <T extends JsonValue>(value: T) => T;

/** One set of parameters: nested for Go templates; flat texts, `metadata.labels.env`, for placeholders. */
export type Parameters = JsonObject;

/** Placeholders of parameters that do not exist stay as they are. */
export function placeholders(parameters: Parameters): Expand {
  return expandTexts((text) =>
    text.replace(/\{\{([^{}]*)\}\}/g, (whole, name: string) => {
      const value = parameters[name.trim()];
      return value === undefined ? whole : String(value);
    }),
  );
}

export function goTemplates(parameters: Parameters, options: GoTemplateOptions): Expand {
  return expandTexts((text) => (text.includes("{{") ? expandGoTemplate(text, parameters, options) : text));
}

function expandTexts(expand: (text: string) => string): Expand {
  const visit = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return expand(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [expand(name), visit(field)]));
  };
  return <T extends JsonValue>(value: T) => visit(value) as T;
}

/** Makes nested parameters flat, `{a: {b: 1}}` to `{"a.b": "1"}`; items of lists have their index as name. */
export function flatten(value: JsonObject, prefix = ""): Record<string, string> {
  const flat = Object.entries(value).flatMap(([name, field]): [string, string][] => {
    const path = `${prefix}${name}`;
    if (Array.isArray(field)) return Object.entries(flatten(Object.fromEntries(field.entries()), `${path}.`));
    if (typeof field === "object" && field !== null) return Object.entries(flatten(field, `${path}.`));
    return [[path, field === null ? "" : String(field)]];
  });
  return Object.fromEntries(flat);
}
