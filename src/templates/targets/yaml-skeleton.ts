import type { AnswerShape } from "./answer-shape.ts";
import { fieldOf, quoteLiteral, shapeTables } from "./nunjucks.ts";

/**
 * Characters that YAML does not read in quotes as they are. The step that fills in the skeleton passes them as `values.breaks`,
 * so that no file has to hold them.
 */
export const yamlBreaks = ["\u007f", "\u0085", "\u2028", "\u2029"];

/**
 * Macros that write answers as YAML, for the beginning of a skeleton: `word(text)` and `fields(object, indent, place)`, the
 * fields each on a line of its own that begins with a line break. Fields that were left blank, and objects and lists of
 * which nothing is left, do not appear. They use what nunjucks 3 and nunjitsu have in common, and no regular expressions,
 * which the scaffolder may not allow.
 */
export function yamlMacros(shape: AnswerShape): string {
  return `{#- From here to the first line of the manifest: how answers are written, and which of them may be blank. -#}
${shapeTables(shape)}${macros}`;
}

/** The fields of an object, each on a line of its own after this one. */
export function fieldLines(object: string, place: string): string {
  return `\n\${{- fields(${object}, "", ${quoteLiteral(place)}) }}`;
}

/** An object of the answers with these names, as an expression, after entries of its own. Blank ones are undefined in it. */
export function answersObject(names: readonly string[], entries: readonly string[] = []): string {
  const all = [...entries, ...names.map((name) => `${quoteLiteral(name)}: ${fieldOf("values.answers", name)}`)];
  return all.length === 0 ? "{}" : `{ ${all.join(", ")} }`;
}

const macros = `{%- macro quoted(text) -%}
  \${{ text | dump | replace(values.breaks[0], "\\\\u007f") | replace(values.breaks[1], "\\\\u0085") | replace(values.breaks[2], "\\\\u2028") | replace(values.breaks[3], "\\\\u2029") }}
{%- endmacro -%}
{%- macro word(text) -%}
  {%- if text | length and text | urlencode == text and (text | first | upper) != (text | first | lower) and not ((text | lower) in ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]) -%}
    \${{ text }}
  {%- else -%}
    \${{ quoted(text) }}
  {%- endif -%}
{%- endmacro -%}
{%- macro lines(text, pad) -%}
  {%- set dumped = text | dump -%}
  {%- set body = text | trim -%}
  {%- if "\\n" in body and (body == text or body ~ "\\n" == text) and not ("\\\\u" in dumped or "\\\\r" in dumped or "\\\\b" in dumped or "\\\\f" in dumped) and quoted(text) == dumped -%}
    \${{ ("|-" if body == text else "|") ~ "\\n" ~ pad ~ (body | replace("\\n", "\\n" ~ pad) | replace("\\n" ~ pad ~ "\\n", "\\n\\n") | replace("\\n" ~ pad ~ "\\n", "\\n\\n")) }}
  {%- elif "\\n" in text -%}
    \${{ quoted(text) }}
  {%- else -%}
    \${{ word(text) }}
  {%- endif -%}
{%- endmacro -%}
{%- macro block(value, pad, place) -%}
  {%- if value is string -%}
    \${{ " " ~ lines(value, pad ~ "  ") }}
  {%- elif value is mapping -%}
    {%- set inner = fields(value, pad ~ "  ", place) -%}
    \${{ inner if inner | length else " {}" }}
  {%- elif value is number or value === true or value === false or value === none -%}
    \${{ " " ~ (value | dump) }}
  {%- else -%}
    \${{ items(value, pad ~ "  ", place) if value | length else " []" }}
  {%- endif -%}
{%- endmacro -%}
{%- macro items(list, pad, place) -%}
  {%- for item in list -%}
    {%- set inner = block(item, pad, place ~ "/[]" if place != "*" else "*") -%}
    \${{ "\\n" ~ pad ~ "-" ~ (inner | replace("\\n" ~ pad ~ "  ", " ", 1) if not (item is string or item is number or item === true or item === false or item === none) else inner) }}
  {%- endfor -%}
{%- endmacro -%}
{%- macro fields(object, pad, place) -%}
  {%- set kind = "any" if place == "*" else maps[place] -%}
  {%- for key, value in object -%}
    {%- set own = not kind or named[place ~ "/" ~ key] -%}
    {%- set at = place ~ "/" ~ key if own else ("*" if kind == "any" else place ~ "/*") -%}
    {%- set text = block(value if value is defined else none, pad, at) -%}
    {%- set preset = presets[at] if own else none -%}
    {%- if value is defined and not (preset and preset == (value | dump)) and (not own or kept[at] or not (value === none or text == " {}" or text == " []")) -%}
      \${{ "\\n" ~ pad ~ word(key) ~ ":" ~ text }}
    {%- endif -%}
  {%- endfor -%}
{%- endmacro -%}
`;
