import { isJsonObject, type JsonObject, type JsonValue, textAt, textsAt } from "../../apimachinery/index.ts";

export type FormTextOptions = {
  /** Columns of the terminal. */
  width: number;
  color: boolean;
};

/** Forms are not deeper than a few levels; a schema that somebody wrote may be. */
const depthMax = 32;
/** Choices that are shown before the rest is only counted. */
const choicesShown = 12;
/** Names are this wide at most before what they are begins on the same line. */
const nameColumn = 28;

type Style = (text: string) => string;
type Styles = { strong: Style; faint: Style; mark: Style };
type Context = { options: FormTextOptions; styles: Styles };

/**
 * The pages of a template's form as text: every field with its type, a star when it must be filled in, its default, choices and bounds,
 * and its description below; fields of objects are indented.
 *
 * @param parameters pages as they stand in `spec.parameters` of a template
 */
export function formText(parameters: readonly JsonObject[], options: FormTextOptions): string {
  const style =
    (code: number): Style =>
    (text) =>
      options.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  const context = { options, styles: { strong: style(1), faint: style(2), mark: style(33) } };
  const pages = parameters.map((page, index) => pageText(page, `${index + 1} of ${parameters.length}`, context));
  return `${pages.flat().join("\n")}\n`;
}

function pageText(page: JsonObject, place: string, context: Context): string[] {
  const { strong, faint } = context.styles;
  return [
    `${strong(plain(textAt(page, "title")) || "Page")} ${faint(`(${place})`)}`,
    ...wrapped(textAt(page, "description"), 2, context).map(faint),
    ...fieldsText(page, 1, context),
    "",
  ];
}

function fieldsText(schema: JsonObject, depth: number, context: Context): string[] {
  if (depth > depthMax) return [`${indentOf(depth)}…`];
  const properties = objectAt(schema, "properties");
  const required = new Set(textsAt(schema, "required"));
  const lines = inOrder(schema, Object.keys(properties)).flatMap((name) =>
    fieldText(name, objectAt(properties, name), { required: required.has(name), depth }, context),
  );
  return [...lines, ...choicesText(schema, depth, context), ...dependenciesText(schema, depth, context)];
}

function fieldText(
  name: string,
  schema: JsonObject,
  { required, depth }: { required: boolean; depth: number },
  context: Context,
): string[] {
  if (schema["ui:widget"] === "hidden") return [];
  const { strong, faint, mark } = context.styles;
  const title = textAt(schema, "title");
  const star = required ? " *" : "";
  const padding = " ".repeat(Math.max(1, nameColumn - indentOf(depth).length - name.length - star.length));
  const head = `${indentOf(depth)}${strong(plain(name))}${required ? mark(star) : ""}${padding}${plain(factsOf(schema).join(", "))}`;
  const about = [title === "" || title === name ? "" : title, textAt(schema, "ui:help"), textAt(schema, "description")];
  const help = [...new Set(about)].filter((text) => text !== "").join(". ");
  return [head, ...wrapped(help, indentOf(depth).length + 2, context).map(faint), ...innerText(schema, depth, context)];
}

/** Fields below a field: of the object that it is, or of the objects in it. */
function innerText(schema: JsonObject, depth: number, context: Context): string[] {
  const { items, additionalProperties } = schema;
  const inner = isJsonObject(items) ? items : isJsonObject(additionalProperties) ? additionalProperties : undefined;
  return [
    ...fieldsText(schema, depth + 1, context),
    ...(inner === undefined || depth >= depthMax ? [] : innerText(inner, depth, context)),
  ];
}

/** What can be chosen between, with the fields that each choice brings. */
function choicesText(schema: JsonObject, depth: number, context: Context): string[] {
  return ["oneOf", "anyOf"].flatMap((keyword) => {
    const choices = objectsIn(schema[keyword]).filter((choice) => isJsonObject(choice["properties"]));
    return choices.flatMap((choice, index) => [
      `${indentOf(depth)}${context.styles.faint(`choice ${index + 1} of ${choices.length}:`)} ${plain(textAt(choice, "title"))}`.trimEnd(),
      ...fieldsText(choice, depth + 1, context),
    ]);
  });
}

function dependenciesText(schema: JsonObject, depth: number, context: Context): string[] {
  return Object.entries(objectAt(schema, "dependencies")).flatMap(([name, dependency]) => {
    if (!isJsonObject(dependency)) return [];
    const lines = fieldsText(dependency, depth + 1, context);
    return lines.length === 0
      ? []
      : [`${indentOf(depth)}${context.styles.faint(`depending on ${plain(name)}:`)}`, ...lines];
  });
}

/** What a value of the field is, in words. */
function factsOf(schema: JsonObject): string[] {
  const facts = [typeText(schema)];
  const { enum: choices, default: standard } = schema;
  if (Array.isArray(choices)) facts.push(`one of ${shortList(choices)}`);
  if ("const" in schema) facts.push(`always ${shown(schema["const"])}`);
  facts.push(...boundsOf(schema));
  if (standard !== undefined) facts.push(`default ${shown(standard)}`);
  return facts.filter((fact) => fact !== "");
}

const typeNames: Record<string, string> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "yes or no",
  object: "object",
  array: "list",
  null: "nothing",
};

function typeText(schema: JsonObject): string {
  const field = textAt(schema, "ui:field");
  if (field !== "") return field;
  const widget = textAt(schema, "ui:widget");
  if (widget === "password") return "secret text";
  const { type, items, additionalProperties } = schema;
  if (type === "array") return isJsonObject(items) ? `list of ${typeText(items)}` : "list";
  if (type === "object" && isJsonObject(additionalProperties)) return `keys with ${typeText(additionalProperties)}`;
  const names = (Array.isArray(type) ? type : [type]).map((name) => typeNames[String(name)] ?? "").filter(Boolean);
  if (names.length > 0) return names.join(" or ");
  const choices = [...objectsIn(schema["oneOf"]), ...objectsIn(schema["anyOf"])];
  return [...new Set(choices.map(typeText).filter((text) => text !== ""))].join(" or ") || "anything";
}

function boundsOf(schema: JsonObject): string[] {
  const facts: [keyword: string, words: (value: string) => string][] = [
    ["minimum", (value) => `at least ${value}`],
    ["exclusiveMinimum", (value) => `more than ${value}`],
    ["maximum", (value) => `at most ${value}`],
    ["exclusiveMaximum", (value) => `less than ${value}`],
    ["multipleOf", (value) => `a multiple of ${value}`],
    ["minLength", (value) => `at least ${value} characters`],
    ["maxLength", (value) => `at most ${value} characters`],
    ["minItems", (value) => `at least ${value} of them`],
    ["maxItems", (value) => `at most ${value} of them`],
    ["minProperties", (value) => `at least ${value} keys`],
    ["maxProperties", (value) => `at most ${value} keys`],
    ["format", (value) => `format ${value}`],
    ["pattern", (value) => `pattern ${value}`],
  ];
  const bounds = facts.flatMap(([keyword, words]) => {
    const value = schema[keyword];
    return typeof value === "number" || typeof value === "string" ? [words(String(value))] : [];
  });
  return schema["uniqueItems"] === true ? [...bounds, "each once"] : bounds;
}

function shortList(values: readonly JsonValue[]): string {
  const rest = values.length - choicesShown;
  const text = values
    .slice(0, choicesShown)
    .map((value) => (typeof value === "string" ? value : shown(value)))
    .join(", ");
  return rest > 0 ? `${text} and ${rest} more` : text;
}

/** A value on a line; a long one is cut. */
function shown(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** The order of `ui:order`, where `*` stands for the fields that it does not name. */
function inOrder(schema: JsonObject, names: readonly string[]): string[] {
  const order = textsAt(schema, "ui:order");
  if (order.length === 0) return [...names];
  const rest = names.filter((name) => !order.includes(name));
  const ordered = order.flatMap((name) => (name === "*" ? rest : names.includes(name) ? [name] : []));
  return order.includes("*") ? ordered : [...ordered, ...rest];
}

function wrapped(text: string, indent: number, { options }: Context): string[] {
  const width = Math.max(20, options.width - indent);
  const lines: string[] = [];
  let line = "";
  for (const word of plain(text)
    .split(/\s+/)
    .filter((one) => one !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines.map((one) => `${" ".repeat(indent)}${one}`);
}

/** What others wrote must not move the cursor of a terminal. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

function indentOf(depth: number): string {
  return "  ".repeat(depth);
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return isJsonObject(value) ? value : {};
}

function objectsIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
