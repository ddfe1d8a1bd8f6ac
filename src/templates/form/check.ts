import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { isJsonObject, type JsonObject, type JsonValue, textAt, textsAt } from "../../apimachinery/index.ts";
import { createFitCheck } from "./fits.ts";
import { extractUiSchema } from "./ui-schema.ts";

/** The validator as the portal's form library sets it up: `createAjvInstance` of @rjsf/validator-ajv8 5.24. */
function createValidator(): Ajv {
  const warnings: string[] = [];
  const ajv = new Ajv({
    allErrors: true,
    multipleOfPrecision: 8,
    strict: false,
    verbose: true,
    discriminator: false,
    // Formats that it does not know are ignored with a warning, which `checkForm` makes a problem of.
    logger: { log: () => undefined, warn: (...parts) => warnings.push(parts.join(" ")), error: () => undefined },
  });
  addFormats.default(ajv);
  ajv.addFormat("data-url", /^data:([a-z]+\/[a-z0-9-+.]+)?;(?:name=(.*);)?base64,(.*)$/);
  ajv.addFormat("color", /^(?:#?(?:[0-9A-Fa-f]{3}){1,2}|[a-z]+|rgb\(.*\))$/);
  ajv.addKeyword("__additional_property");
  ajv.addKeyword("__rjsf_additionalProperties");
  ajv.addKeyword("errorMessage");
  warningsOf.set(ajv, warnings);
  return ajv;
}

const warningsOf = new WeakMap<Ajv, string[]>();

/** Problems are for people; the first ones tell what is wrong. */
const problemsMax = 100;

/**
 * Loads the pages of a template as the portal does and says what its form library would not accept: a page that is no schema of
 * draft-07, does not compile, cannot be drawn, or has a default that does not fit.
 *
 * @param parameters the pages, as in `spec.parameters` of a template
 * @returns one sentence a problem, each beginning with the page it is on; empty when there is none
 */
export function checkForm(parameters: readonly JsonValue[]): string[] {
  const problems: string[] = [];
  const fits = createFitCheck();
  for (const [index, page] of parameters.entries()) {
    const title = textAt(page, "title");
    const name = `page ${index + 1}${title === "" ? "" : ` (${title})`}`;
    const add = (problem: string) => {
      if (problems.length < problemsMax) problems.push(`${name}: ${problem}`);
    };
    if (!isJsonObject(page)) add("it is no object");
    else checkPage(page, title, fits, add);
  }
  return problems;
}

type FitCheck = ReturnType<typeof createFitCheck>;

function checkPage(page: JsonObject, title: string, fits: FitCheck, add: (problem: string) => void): void {
  if (title === "") add("it has no title, which the portal shows above it");
  const { properties } = page;
  if (!isJsonObject(properties)) add("it has no properties, and so no fields");
  if (page["additionalProperties"] === false) add("it allows no other fields, but answers hold those of all pages");
  const { schema, uiSchema } = extractUiSchema(page);
  const ajv = createValidator();
  if (ajv.validateSchema(schema) !== true) {
    for (const error of ajv.errors ?? []) add(`it is no draft-07 schema: ${errorText(error)}`);
    return;
  }
  try {
    ajv.compile(schema);
  } catch (error) {
    add(`it does not compile: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  for (const warning of warningsOf.get(ajv) ?? []) add(warning);
  checkField({ schema: page, ui: uiSchema, at: "", fits, add, depth: 0, inForm: true });
}

type Field = {
  schema: JsonObject;
  ui: JsonValue | undefined;
  at: string;
  fits: FitCheck;
  add: (problem: string) => void;
  depth: number;
  /** Whether hints for widgets are read here. */
  inForm: boolean;
};

const depthMax = 200;

/** Looks for what the library draws as an error or stumbles over. */
function checkField(field: Field): void {
  const { schema, at, fits, add, depth } = field;
  if (depth > depthMax) {
    add(`${at}: it nests too deeply`);
    return;
  }
  const where = at === "" ? "" : `${at}: `;
  if (schema["default"] !== undefined) {
    const misfit = fits(schema["default"], schema);
    if (misfit !== undefined)
      add(`${where}the default does not fit: ${misfit.at === "" ? "" : `${misfit.at}: `}${misfit.why}`);
  }
  const { properties, items, additionalProperties } = schema;
  const drawable =
    typeof schema["$ref"] === "string" || schema["ui:field"] !== undefined || drawnAs(schema) !== undefined;
  if (!drawable) add(`${where}the form library draws no field without a type`);
  if (drawnAs(schema) === "array" && items === undefined) add(`${where}the form library draws no list without items`);
  checkWidget(field);
  for (const name of textsAt(schema, "required")) {
    const known = isJsonObject(properties) && Object.hasOwn(properties, name);
    if (!known && !hasBranchWith(schema, name)) add(`${where}${name} is required and is no field`);
  }
  const below = (one: JsonValue | undefined, name: string, inForm = field.inForm) => {
    if (isJsonObject(one)) checkField({ ...field, schema: one, at: name, depth: depth + 1, inForm });
  };
  for (const [name, one] of isJsonObject(properties) ? Object.entries(properties) : []) {
    below(one, at === "" ? name : `${at}.${name}`);
  }
  if (Array.isArray(items)) for (const [index, one] of items.entries()) below(one, `${at}[${index}]`, false);
  else below(items, `${at}[*]`);
  below(additionalProperties, `${at}.*`, false);
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (Array.isArray(branches) && !branches.every(isFixed))
      for (const [index, one] of branches.entries()) below(one, `${at}<${index + 1}>`);
  }
}

/** The type by which the library chooses a field, as its `getSchemaType` finds it; "" for one that is only a choice. */
function drawnAs(schema: JsonObject): string | undefined {
  const { type } = schema;
  if (typeof type === "string") return type;
  // Of several types the first decides, but for null.
  if (Array.isArray(type)) {
    const [first] = type.length === 2 ? type.filter((one) => one !== "null") : type;
    return typeof first === "string" ? first : undefined;
  }
  if (schema["const"] !== undefined || schema["enum"] !== undefined) return "string";
  if (schema["properties"] !== undefined || schema["additionalProperties"] !== undefined) return "object";
  return schema["anyOf"] !== undefined || schema["oneOf"] !== undefined ? "" : undefined;
}

function isFixed(branch: JsonValue): boolean {
  if (!isJsonObject(branch)) return false;
  return branch["const"] !== undefined || (Array.isArray(branch["enum"]) && branch["enum"].length === 1);
}

function hasBranchWith(schema: JsonObject, name: string): boolean {
  const dependencies = isJsonObject(schema["dependencies"]) ? Object.values(schema["dependencies"]) : [];
  const branches = [schema["anyOf"], schema["oneOf"], schema["allOf"]].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  return [...branches, ...dependencies, schema["then"], schema["else"]].some(
    (branch) => isJsonObject(branch) && isJsonObject(branch["properties"]) && Object.hasOwn(branch["properties"], name),
  );
}

/** The widgets that the library has for each type; `getWidget` throws for others. */
const widgets: Readonly<Record<string, readonly string[]>> = {
  string: [
    "text",
    "password",
    "email",
    "textarea",
    "radio",
    "select",
    "hidden",
    "date",
    "date-time",
    "time",
    "color",
    "uri",
    "file",
  ],
  number: ["text", "select", "updown", "range", "radio", "hidden"],
  integer: ["text", "select", "updown", "range", "radio", "hidden"],
  boolean: ["checkbox", "radio", "select", "hidden"],
  array: ["select", "checkboxes", "files", "hidden"],
  object: ["hidden"],
};

function checkWidget({ schema, at, add, inForm }: Field): void {
  const widget = schema["ui:widget"];
  if (typeof widget !== "string" || !inForm) return;
  const type = drawnAs(schema) ?? "";
  const known = widgets[type];
  if (known !== undefined && !known.includes(widget) && !/^[A-Z]/.test(widget)) {
    add(`${at}: there is no widget ${widget} for the type ${type}`);
  }
}

function errorText({ instancePath, message }: ErrorObject): string {
  return `${instancePath === "" ? "it" : instancePath} ${message ?? "is wrong"}`;
}

const validators = new WeakMap<JsonObject, ValidateFunction>();

/**
 * Checks answers as the portal does before it goes on to the next page.
 *
 * @param schema a page, or the schema of any field
 * @returns one sentence a problem, each beginning with a path such as `/config/name`; empty when the answers are valid
 * @throws {Error} when the schema is none
 */
export function validateAnswers(schema: JsonObject, answers: JsonValue): string[] {
  let validate = validators.get(schema);
  if (validate === undefined) {
    try {
      validate = createValidator().compile(extractUiSchema(schema).schema);
    } catch (cause) {
      throw new Error(`Cannot validate answers: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    validators.set(schema, validate);
  }
  if (validate(answers)) return [];
  return (validate.errors ?? []).slice(0, problemsMax).map(errorText);
}
