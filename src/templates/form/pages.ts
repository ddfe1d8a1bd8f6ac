import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import { uniqueTexts } from "./constraint.ts";

/** One page of a form: a schema of draft-07 with `ui:*` keys inside, as it stands in `spec.parameters` of a template. */
export type FormPage = { title: string; description?: string; schema: JsonObject };

type Heading = { title: string; description: string; prominent: readonly (readonly string[])[] };

/** Fields that fit on a page without scrolling for long. */
const fieldsOfPage = 30;
/** The first page shows at least these when nothing is required. */
const firstFieldsMin = 8;
/** Pages are steps of the portal, and many small ones are as tiresome as a long one. */
const pagesMax = 6;

/**
 * Splits answers into pages: what is required and prominent first, then the rest in pages of about the same length. An object
 * named `config` may be on several pages with some of its fields each; the portal keeps all answers in one object.
 */
export function splitPages(answers: JsonObject, heading: Heading): FormPage[] {
  const { properties, ...rest } = answers;
  const fields = isJsonObject(properties) ? properties : {};
  const config = fields["config"];
  if (countFields(answers) <= fieldsOfPage) return [page(answers, heading.title, heading.description)];
  const inConfig = isJsonObject(config) && canSplit(config);
  const outer = inConfig
    ? [
        ["config"],
        ...Object.keys(fields)
          .filter((name) => name !== "config")
          .map((name) => [name]),
      ]
    : [];
  const { first, others } = inConfig
    ? divide(
        config,
        heading.prominent.filter(([start]) => start === "config").map((path) => path.slice(1)),
      )
    : canSplit(answers)
      ? divide(answers, heading.prominent)
      : { first: Object.keys(fields), others: [] };
  if (others.length === 0) return [page(answers, heading.title, heading.description)];
  const pages = [first, ...others].map((names, index) => {
    const isFirst = index === 0;
    const isLast = index === others.length;
    const title = isFirst
      ? heading.title
      : others.length === 1
        ? "More settings"
        : `More settings (${index} of ${others.length})`;
    if (!inConfig) return page(part(answers, names, isFirst, isLast), title, isFirst ? heading.description : "");
    const own = part(config, names, isFirst, isLast);
    const shown: JsonObject = {};
    for (const [name, one] of Object.entries(fields)) {
      if (name === "config") shown["config"] = own;
      else if (isFirst) setField(shown, name, one);
    }
    const schema: JsonObject = isFirst ? { ...rest, properties: shown } : { type: "object", properties: shown };
    return page(schema, title, isFirst ? heading.description : "");
  });
  return outer.length === 0 && inConfig ? [page(answers, heading.title, heading.description)] : pages;
}

function page(schema: JsonObject, title: string, description: string): FormPage {
  const { type, ...rest } = schema;
  return {
    title,
    ...(description !== "" && { description }),
    schema: { title, ...(description !== "" && { description }), type: type ?? "object", ...rest },
  };
}

/** Other fields than those of the page would be shown as additional ones, and a choice is one for the whole object. */
function canSplit(schema: JsonObject): boolean {
  const open = schema["additionalProperties"] !== undefined && schema["additionalProperties"] !== false;
  return !open && ["anyOf", "oneOf", "propertyNames"].every((keyword) => schema[keyword] === undefined);
}

/** How many inputs a schema shows; lists and maps count as one. */
function countFields(schema: JsonValue): number {
  if (!isJsonObject(schema)) return 0;
  const branches = [schema["anyOf"], schema["oneOf"]].flatMap((list) => (Array.isArray(list) ? list : []));
  const children = isJsonObject(schema["properties"]) ? Object.values(schema["properties"]) : [];
  if (children.length === 0 && branches.length === 0) return 1;
  const most = branches.length === 0 ? 0 : Math.max(...branches.map(countFields));
  return children.reduce((sum: number, child) => sum + countFields(child), most);
}

function divide(
  schema: JsonObject,
  prominent: readonly (readonly string[])[],
): { first: string[]; others: string[][] } {
  const fields = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const names = Object.keys(fields);
  const known = new Set(names);
  const leading = prominent.map(([name = ""]) => name);
  const asked = new Set(
    [...leading, ...uniqueTexts(schema["required"]), ...mentioned(schema)].filter((name) => known.has(name)),
  );
  const first = names.filter((name) => asked.has(name));
  const rest = names.filter((name) => !asked.has(name));
  let shown = first.reduce((sum, name) => sum + countFields(fields[name] ?? null), 0);
  while (rest.length > 0 && first.length < firstFieldsMin && shown < fieldsOfPage) {
    const name = rest.shift() ?? "";
    first.push(name);
    shown += countFields(fields[name] ?? null);
  }
  const total = rest.reduce((sum, name) => sum + countFields(fields[name] ?? null), 0);
  const perPage = Math.max(fieldsOfPage, Math.ceil(total / (pagesMax - 1)));
  const others: string[][] = [];
  let room = 0;
  for (const name of rest) {
    const count = countFields(fields[name] ?? null);
    const last = others.at(-1);
    if (last !== undefined && count <= room) {
      last.push(name);
      room -= count;
    } else if (last !== undefined && others.length === pagesMax - 1) last.push(name);
    else {
      others.push([name]);
      room = perPage - count;
    }
  }
  return { first: names.filter((name) => first.includes(name)), others };
}

/** Fields that conditions are about, which the library shows only together. */
function mentioned(schema: JsonObject): string[] {
  const found = new Set<string>();
  const look = (condition: JsonValue | undefined, depth: number): void => {
    if (Array.isArray(condition)) for (const one of condition) look(one, depth + 1);
    if (!isJsonObject(condition) || depth > conditionDepthMax) return;
    for (const name of uniqueTexts(condition["required"])) found.add(name);
    for (const name of Object.keys(isJsonObject(condition["properties"]) ? condition["properties"] : {}))
      found.add(name);
    for (const keyword of conditionKeywords) look(condition[keyword], depth + 1);
  };
  for (const keyword of ["allOf", "if", "then", "else"]) look(schema[keyword], 0);
  const dependencies = isJsonObject(schema["dependencies"]) ? schema["dependencies"] : {};
  for (const [name, one] of Object.entries(dependencies)) {
    found.add(name);
    for (const other of uniqueTexts(one)) found.add(other);
    look(one, 0);
  }
  return [...found];
}

const conditionKeywords = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/** Conditions nest as deep as their rules; deeper ones are about the same fields. */
const conditionDepthMax = 12;

/** An object with some of its fields; conditions on all of it are asked on the last page, when all answers are there. */
function part(schema: JsonObject, names: readonly string[], isFirst: boolean, isLast: boolean): JsonObject {
  const { properties, required, not, errorMessage, minProperties, maxProperties, additionalProperties, ...rest } =
    schema;
  const fields = isJsonObject(properties) ? properties : {};
  const own: JsonObject = {};
  for (const name of names) setField(own, name, fields[name] ?? {});
  const asked = uniqueTexts(required).filter((name) => names.includes(name));
  const { title, description, type, ...conditions } = rest;
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && isFirst && { description }),
    type: type ?? "object",
    properties: own,
    ...(asked.length > 0 && { required: asked }),
    ...(isFirst && conditions),
    ...(isLast && {
      ...(not !== undefined && { not }),
      ...(errorMessage !== undefined && { errorMessage }),
      ...(minProperties !== undefined && { minProperties }),
      ...(maxProperties !== undefined && { maxProperties }),
    }),
  };
}
