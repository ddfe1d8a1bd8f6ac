import { isJsonObject, type JsonObject, type JsonValue } from "../../../apimachinery/index.ts";
import type { Note } from "../../definition.ts";
import { createFitCheck } from "../../form/fits.ts";
import { readCondition } from "./condition.ts";
import { type Block, bodies } from "./configuration.ts";
import { constantOf } from "./constant.ts";
import { constrain } from "./constrain.ts";
import { type Expression, parseExpression, parseTemplate } from "./expression.ts";
import { allOf, type Formula, unknown } from "./formula.ts";
import { typeOfFormula } from "./infer-type.ts";
import { anything, readType, type Tell, type Type, typeName, typeOfValue } from "./type.ts";
import { typeSchema } from "./type-schema.ts";
import { admitNulls, fitValue } from "./value.ts";

/** A variable of a module as a property of a form. */
export type Variable = {
  name: string;
  schema: JsonObject;
  required: boolean;
  sensitive: boolean;
  notes: Note[];
};

/** How deep a default nests before it is not read, as types; recursion over it stays far from the end of the stack. */
const defaultDepthMax = 100;

/** What the arguments and blocks of a call are named that are no variables. */
const reservedNames = new Set([
  "source",
  "version",
  "providers",
  "count",
  "for_each",
  "lifecycle",
  "depends_on",
  "locals",
]);

/**
 * Reads a `variable` block: its type as a schema, with its default and with what its validations ask as far as a schema says it.
 *
 * The schema carries `x-terraform`, which says the variable as it was declared: `type` as source text, `default` where it is another
 * value than the schema has, and the `messages` of the validations that the schema does not enforce.
 */
export function readVariable({ name, body }: Pick<Block, "name" | "body">): Variable {
  const notes: Note[] = [];
  const tell: Tell = (message) => void notes.push({ at: name, message: sentence(message) });
  if (reservedNames.has(name)) tell("its name means something else in a call of a module, and Terraform refuses it");
  const declared = typeTextOf(body["type"]);
  const preset = presetOf(body["default"], tell);
  const validations = bodies(body["validation"]).map((block) => readValidation(block, name));
  const constraint = declared ? declaredType(declared, tell) : anything;
  const type = constraint.kind === "any" ? guessedType(declared, preset, validations, tell) : constraint;
  const fitted = fittedDefault(preset, constraint, tell);
  const bare = typeSchema(type, tell);
  const shaped = fitted === undefined ? bare : admitNulls(bare, fitted);
  const held = withValidations(shaped, type, validations, tell);
  const broken = fitted === undefined ? undefined : createFitCheck()(fitted, held.schema);
  if (broken) tell(`its default breaks its own validation (${describeMisfit(broken)}), so that a value is asked for`);

  const sensitive = isTrue(body["sensitive"]);
  const description = textOf(body["description"]);
  const deprecated = textOf(body["deprecated"]);
  if (deprecated !== "") tell(`it is deprecated: ${deprecated}`);
  if (isTrue(body["ephemeral"]))
    tell("it is ephemeral, so that Terraform keeps its value nowhere and has to be given it in every run");
  const presetKept = fitted !== undefined && !broken;
  const origin: JsonObject = {
    ...(declared !== undefined && { type: declared.text }),
    ...(preset !== undefined &&
      JSON.stringify(preset) !== JSON.stringify(presetKept ? fitted : undefined) && { default: preset }),
    ...(held.messages.length > 0 && { messages: held.messages }),
  };
  const schema: JsonObject = {
    ...held.schema,
    ...(description !== "" && { description }),
    ...(presetKept && { default: fitted }),
    ...(deprecated !== "" && { deprecated: true }),
    ...(sensitive && { writeOnly: true }),
    ...(Object.keys(origin).length > 0 && { "x-terraform": origin }),
  };
  const isGiven = Object.hasOwn(body, "default");
  return {
    name,
    schema,
    required: !isGiven || (held.required && !presetKept) || broken !== undefined,
    sensitive,
    notes,
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function describeMisfit({ at, why }: { at: string; why: string }): string {
  return at === "" ? why : `${at}: ${why}`;
}

/** A type as it was written, and whether in quotes, as Terraform 0.11 had it. */
type TypeText = { text: string; quoted: boolean };

function typeTextOf(value: JsonValue | undefined): TypeText | undefined {
  if (typeof value !== "string") return undefined;
  if (!value.startsWith("${") || !value.endsWith("}")) return { text: value, quoted: true };
  return { text: value.slice(2, -1), quoted: false };
}

/** The default as a value; `undefined` when there is none, or none that can be known without Terraform. */
function presetOf(value: JsonValue | undefined, tell: Tell): JsonValue | undefined {
  if (value === undefined) return undefined;
  const constant = constantIn(value, 0);
  if (constant === undefined) tell("its default is no constant, or nests too deeply, and is left out");
  return constant;
}

/** Strings of the parsed default may hold expressions, which Terraform computes when they need nothing else. */
function constantIn(value: JsonValue, depth: number): JsonValue | undefined {
  if (depth > defaultDepthMax) return undefined;
  if (typeof value === "string") return constantOf(parseTemplate(value) ?? unreadable);
  if (Array.isArray(value)) {
    const items = value.map((item) => constantIn(item, depth + 1)).filter((item) => item !== undefined);
    return items.length === value.length ? items : undefined;
  }
  if (!isJsonObject(value)) return value;
  const fields: [string, JsonValue][] = [];
  for (const [name, field] of Object.entries(value)) {
    const key = name.includes("{") ? constantIn(name, depth + 1) : name;
    const constant = constantIn(field, depth + 1);
    if (constant === undefined || key === undefined || typeof key === "object") return undefined;
    fields.push([String(key), constant]);
  }
  return Object.fromEntries(fields);
}

/** Stands for what is not read; it has no value. */
const unreadable: Expression = { kind: "reference", name: "" };

/** What to ask for where Terraform takes anything. */
function guessedType(
  declared: TypeText | undefined,
  preset: JsonValue | undefined,
  validations: Validation[],
  tell: Tell,
): Type {
  const words = declared ? "its type is any" : "it declares no type";
  if (preset !== undefined && preset !== null) {
    const shape = typeOfValue(preset);
    tell(`${words}, so that a value like its default is asked for: ${typeName(shape)}`);
    return shape;
  }
  const validated = typeOfFormula(allOf(validations.map(({ formula }) => formula)));
  if (validated.kind !== "any")
    tell(`${words}, so that what its validation can check is asked for: ${typeName(validated)}`);
  else if (!declared) tell("it declares no type, so that any value is taken");
  return validated;
}

function declaredType({ text, quoted }: TypeText, tell: Tell): Type {
  if (quoted) {
    tell(`its type is written in quotes, "${text}", which Terraform refuses since version 1`);
    // What quoted lists and maps are made of was never written, and was text.
    if (text === "list" || text === "map") return { kind: text, of: { kind: "string" } };
  }
  const expression = parseExpression(text);
  if (expression) return readType(expression, tell);
  tell("its type cannot be read, so that any value is taken");
  return anything;
}

/** @returns `undefined` for a default that is null, which says as much as none */
function fittedDefault(preset: JsonValue | undefined, type: Type, tell: Tell): JsonValue | undefined {
  if (preset === undefined || preset === null) return undefined;
  const fitted = fitValue(preset, type);
  if ("value" in fitted) return fitted.value;
  tell(`its default is not of its type (${fitted.problem}), and is left out`);
  return undefined;
}

/** What a `validation` block asks, and what it says when it is not so. */
type Validation = { formula: Formula; message: string };

function readValidation({ condition, error_message: said }: JsonObject, variable: string): Validation {
  const expression = conditionOf(condition);
  return { formula: expression ? readCondition(expression, variable) : unknown, message: messageOf(said) };
}

type Validated = { schema: JsonObject; required: boolean; messages: string[] };

function withValidations(schema: JsonObject, type: Type, validations: Validation[], tell: Tell): Validated {
  const result: Validated = { schema, required: false, messages: [] };
  for (const { formula, message } of validations) {
    const next = constrain(result.schema, type, formula);
    result.schema = next.schema;
    result.required ||= next.required;
    if (next.complete) continue;
    if (message !== "") result.messages.push(message);
    tell(`only Terraform checks one of its validations${message === "" ? "" : `: ${message}`}`);
  }
  return result;
}

function conditionOf(condition: JsonValue | undefined): Expression | undefined {
  if (typeof condition === "boolean") return { kind: "literal", value: condition };
  return typeof condition === "string" ? parseTemplate(condition) : undefined;
}

/** What it says with the value filled in is said without it. */
function messageOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? plainText(value).replaceAll(/\s+/g, " ").trim().replace(/\.$/, "") : "";
}

function plainText(text: string): string {
  const expression = parseTemplate(text);
  if (!expression) return text;
  const parts = expression.kind === "template" ? expression.parts : [expression];
  return parts.map((part) => (part.kind === "literal" ? String(part.value) : "…")).join("");
}

/** A text that Terraform wants to be constant. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value !== "string") return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  const constant = constantIn(value, 0);
  return typeof constant === "string" ? constant : value;
}

export function isTrue(value: JsonValue | undefined): boolean {
  return value === true || value === "true";
}
