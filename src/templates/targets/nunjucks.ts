import { isJsonObject, type JsonObject } from "../../apimachinery/index.ts";
import type { AnswerShape } from "./answer-shape.ts";

/** Text as it stands in a template whose rendering is to give the same text. */
export function literalText(text: string): string {
  if (!/\$\{\{|\{%|\{#/.test(text)) return text;
  // A raw block ends at the first tag of that name, wherever it comes from.
  const safe = text.replace(/\{(?=%-?\s*(?:end)?raw\b)/g, '{% endraw %}${{ "{" }}{% raw %}');
  return `{% raw %}${safe}{% endraw %}`;
}

/** A text as a literal of the template language. */
export function quoteLiteral(text: string): string {
  return `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n").replace(/\t/g, "\\t").replace(/\r/g, "\\r")}"`;
}

/** The expression for a field, `parameters.name` or `parameters["a b"]`. */
export function fieldOf(holder: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name) ? `${holder}.${name}` : `${holder}[${quoteLiteral(name)}]`;
}

/** Words that stand for something else, or are refused, after a dot. */
const reserved = new Set([
  "constructor",
  "prototype",
  "__proto__",
  "true",
  "false",
  "none",
  "null",
  "in",
  "is",
  "not",
  "and",
  "or",
]);

/** `${{ expression }}`. */
export function expression(text: string): string {
  return `\${{ ${text} }}`;
}

/** The tables that the macros of skeletons look places up in. */
export function shapeTables({ maps, named, kept, presets = new Map() }: AnswerShape): string {
  const mapRows = [...maps].map(([place, kind]) => `${quoteLiteral(place)}: ${quoteLiteral(kind)}`);
  const rows = (places: ReadonlySet<string>) => [...places].map((place) => `${quoteLiteral(place)}: true`);
  const presetRows = [...presets].map(([place, preset]) => `${quoteLiteral(place)}: ${quoteLiteral(preset)}`);
  return `${table("presets", presetRows)}${table("maps", mapRows)}${table("named", rows(named))}${table("kept", rows(kept))}`;
}

function table(name: string, rows: readonly string[]): string {
  if (rows.length === 0) return `{%- set ${name} = {} -%}\n`;
  return `{%- set ${name} = {\n${[...rows]
    .sort()
    .map((row) => `  ${row}`)
    .join(",\n")}\n} -%}\n`;
}

/** The properties that pages of a form ask for, by name in their order. One that several pages ask for in parts has a schema each. */
export function propertiesOf(pages: readonly { schema: JsonObject }[]): Map<string, JsonObject[]> {
  const found = new Map<string, JsonObject[]>();
  for (const { schema } of pages) {
    for (const part of [schema, ...dependent(schema)]) {
      const { properties } = part;
      if (!isJsonObject(properties)) continue;
      for (const [name, property] of Object.entries(properties)) {
        if (isJsonObject(property)) found.set(name, [...(found.get(name) ?? []), property]);
      }
    }
  }
  return found;
}

function dependent({ dependencies, allOf, oneOf, anyOf }: JsonObject): JsonObject[] {
  const direct = isJsonObject(dependencies) ? Object.values(dependencies).filter(isJsonObject) : [];
  const nested = [allOf, oneOf, anyOf, ...direct.map((part) => part["oneOf"])];
  return [...direct, ...nested.flatMap((list) => (Array.isArray(list) ? list.filter(isJsonObject) : []))];
}
