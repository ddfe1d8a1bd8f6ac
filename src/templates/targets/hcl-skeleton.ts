import type { AnswerShape } from "./answer-shape.ts";
import { shapeTables } from "./nunjucks.ts";

/**
 * Macros that write answers as HCL, for the beginning of a skeleton: `argument(name, value, place)`, one argument of a block on a
 * line of its own that begins with a line break, nothing for one that was left blank. See `yamlMacros` for what is used.
 */
export function hclMacros(shape: AnswerShape): string {
  return `{#- From here to the first line of HCL: how answers are written, and which of them may be blank. -#}
${shapeTables(shape)}${macros}`;
}

// JSON's escapes are HCL's, except for two control characters, before which backslashes have to be told apart from escapes.
const macros = `{%- macro quoted(text) -%}
  {%- set dumped = text | dump -%}
  {%- if "\\\\b" in dumped or "\\\\f" in dumped -%}
    {%- set dumped = dumped | replace("\\\\\\\\", "\\\\u005c") | replace("\\\\b", "\\\\u0008") | replace("\\\\f", "\\\\u000c") -%}
  {%- endif -%}
  \${{ dumped | replace("\${", "$\${") | replace("%{", "%%{") }}
{%- endmacro -%}
{%- macro literal(value, pad, place) -%}
  {%- if value is string -%}
    \${{ quoted(value) }}
  {%- elif value is mapping -%}
    {%- set inner = entries(value, pad ~ "  ", place) -%}
    \${{ "{" ~ inner ~ "\\n" ~ pad ~ "}" if inner | length else "{}" }}
  {%- elif value is number or value === true or value === false or value === none -%}
    \${{ value | dump }}
  {%- else -%}
    \${{ "[" ~ items(value, pad ~ "  ", place) ~ "\\n" ~ pad ~ "]" if value | length else "[]" }}
  {%- endif -%}
{%- endmacro -%}
{%- macro items(list, pad, place) -%}
  {%- for item in list -%}
    \${{ "\\n" ~ pad ~ literal(item, pad, place ~ "/[]" if place != "*" else "*") ~ "," }}
  {%- endfor -%}
{%- endmacro -%}
{%- macro entries(object, pad, place) -%}
  {%- set kind = "any" if place == "*" else maps[place] -%}
  {%- for key, value in object -%}
    {%- set own = not kind or named[place ~ "/" ~ key] -%}
    {%- set at = place ~ "/" ~ key if own else ("*" if kind == "any" else place ~ "/*") -%}
    {%- set text = literal(value, pad, at) -%}
    {%- if not own or kept[at] or not (value === none or text == "{}" or text == "[]") -%}
      \${{ "\\n" ~ pad ~ quoted(key) ~ " = " ~ text }}
    {%- endif -%}
  {%- endfor -%}
{%- endmacro -%}
{%- macro argument(name, value, place) -%}
  {%- if value is defined and not (value === none) -%}
    {%- set text = literal(value, "  ", place) -%}
    {%- if kept[place] or not (text == "{}" or text == "[]") -%}
      \${{ "\\n  " ~ name ~ " = " ~ text }}
    {%- endif -%}
  {%- endif -%}
{%- endmacro -%}
`;
