import {
  type ExactObject,
  type ExactValue,
  isFields,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseYamlDocuments,
  setField,
  stringifyYaml,
  YamlError,
} from "../../apimachinery/index.ts";
import { type Definition, type OutputFile, SourceError } from "../definition.ts";
import { type CnoeFields, type CnoeFieldsOptions, cnoeFields, fileStem, isStruct } from "./cnoe-fields.ts";
import { type JqPath, nameOf, parseJqPath, readAt, writeAt } from "./jq-path.ts";

/** Where cnoe-cli puts its fields unless told otherwise. */
export const insertAtDefault = ".spec.parameters[0]";

/**
 * @property name, title, description what `metadata` of the template says instead, where given
 */
export type TemplateMetadata = { name?: string; title?: string; description?: string };

/**
 * A template to put fields into.
 *
 * @property text YAML of one document
 * @property file its name, for messages
 * @property insertAt jq path of the object that gets them, {@link insertAtDefault} when absent
 */
export type GivenTemplate = { text: string; file: string; insertAt?: string; metadata?: TemplateMetadata };

/**
 * @property fields what stands in the form instead of the source's own schema, as {@link cnoeFields} would make it; it is asked
 *   once for each definition
 */
export type CnoeOptions = {
  verifiers?: readonly string[];
  fields?(definition: Definition, options: CnoeFieldsOptions): CnoeFields;
};

/** The schema of a definition alone, with neither template nor step: cnoe-cli's `--raw`. */
export function rawProperties(definition: Definition, options: CnoeOptions = {}): OutputFile {
  return { path: `${fileStem(definition)}.yaml`, content: write(fieldsOf(definition, options, false)) };
}

/**
 * A copy of a template with the fields of a definition merged into the object at a path, as `P = P * fields` of jq does, and
 * what they require added to what is required there already: cnoe-cli's default mode.
 *
 * @throws {SourceError} when the template is no single document of YAML
 * @throws {Error} when the path cannot be read, or names nothing that fields can be merged into
 */
export function insertIntoTemplate(
  definition: Definition,
  given: GivenTemplate,
  options: CnoeOptions = {},
): OutputFile {
  const template = readTemplate(given);
  const path = parseJqPath(given.insertAt ?? insertAtDefault);
  const { required, ...fields } = fieldsOf(definition, options, false);
  const content = write(insert(template, path, fields, required));
  return { path: `${fileStem(definition)}.yaml`, content };
}

/**
 * One template in which a definition is chosen: `template.yaml` with the choice at a path, and for each definition a file
 * `resources/<name>.yaml` that the choice refers to with `$yaml`. Both names and their order are those of the definitions.
 * Nothing comes of no definitions.
 *
 * @throws as {@link insertIntoTemplate}
 */
export function collapseIntoTemplate(
  definitions: readonly Definition[],
  given: GivenTemplate,
  options: CnoeOptions = {},
): OutputFile[] {
  const template = readTemplate(given);
  const path = parseJqPath(given.insertAt ?? insertAtDefault);
  if (definitions.length === 0) return [];
  const branches = definitions.map((definition) => ({
    path: `resources/${fileStem(definition)}.yaml`,
    content: write(fieldsOf(definition, options, true)),
  }));
  const choice: JsonObject = {
    properties: { resources: { type: "string", enum: definitions.map(fileStem) } },
    dependencies: { resources: { oneOf: branches.map(({ path }): JsonValue => ({ $yaml: path })) } },
  };
  return [...branches, { path: "template.yaml", content: write(insert(template, path, choice)) }];
}

function fieldsOf(
  definition: Definition,
  { verifiers = [], fields = cnoeFields }: CnoeOptions,
  isBranch: boolean,
): CnoeFields {
  return fields(definition, { verifiers, isBranch });
}

function readTemplate({ text, file, metadata = {} }: GivenTemplate): JsonObject {
  const [first, second] = readDocuments(text, file);
  if (second !== undefined) {
    throw new SourceError("a second document begins here; a template is one document", { file, line: second.line });
  }
  if (!isJsonObject(first?.value)) throw new SourceError("is no template: it holds no object", { file });
  const told = Object.entries(metadata).filter(([, value]) => value !== undefined);
  if (told.length === 0) return first.value;
  const own = first.value["metadata"];
  return { ...first.value, metadata: { ...(isJsonObject(own) ? own : {}), ...Object.fromEntries(told) } };
}

function readDocuments(text: string, file: string): ReturnType<typeof parseYamlDocuments> {
  try {
    return parseYamlDocuments(text);
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    const { line, column, message } = cause;
    throw new SourceError(message.replace(/^line \d+, column \d+: /, ""), { file, line, column }, { cause });
  }
}

function insert(template: JsonObject, path: JqPath, fields: JsonObject, required: readonly string[] = []): ExactValue {
  const target = readAt(template, path);
  if (!isFields(target)) {
    throw new Error(
      `cannot multiply: ${nameOf(target)} and object: the path names nothing that fields can be merged into`,
    );
  }
  const merged = merge(target, asIntegers(fields));
  if (required.length > 0) merged["required"] = addRequired(merged["required"], required);
  return writeAt(template, path, merged);
}

function addRequired(already: ExactValue | undefined, names: readonly string[]): ExactValue[] {
  if (already === undefined || already === null) return [...names];
  if (!Array.isArray(already)) throw new Error(`cannot add: ${nameOf(already)} and array: required is no list there`);
  return [...already, ...names];
}

/** jq's `*`: objects are merged at every depth, of everything else the right one counts. */
function merge(left: ExactObject, right: ExactObject): ExactObject {
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const own = Object.hasOwn(left, key) ? left[key] : undefined;
    setField(merged, key, isFields(own) && isFields(value) ? merge(own, value) : value);
  }
  return merged;
}

/** Numbers as gojq has them: those of the query are integers where they are whole, those of the template stay floats. */
function asIntegers(object: JsonObject): ExactObject {
  const converted: ExactObject = {};
  for (const [key, value] of Object.entries(object)) setField(converted, key, asInteger(value));
  return converted;
}

function asInteger(value: JsonValue): ExactValue {
  if (Array.isArray(value)) return value.map(asInteger);
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < exponentFrom) return BigInt(value);
  return isJsonObject(value) ? asIntegers(value) : value;
}

/** From here on Go's JSON has an exponent, which makes a float of the number. */
const exponentFrom = 1e21;

/** As cnoe-cli's writer does, go-yaml v3 with an indentation of 2. */
function write(value: unknown): string {
  return stringifyYaml(value, { v3: { isOrdered: isStruct, bytesOf: (text) => Buffer.from(text) } });
}
