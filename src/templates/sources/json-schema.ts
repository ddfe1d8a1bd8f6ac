import { isJsonObject, type JsonObject, type JsonValue, textAt } from "../../apimachinery/index.ts";
import { type Definition, type Note, SourceError } from "../definition.ts";
import { localizeReferences } from "./local-references.ts";
import { fileStem, readDocument } from "./read-document.ts";
import { followReference } from "./schema-walk.ts";

/** The field that holds what a schema describes when that is no object: forms consist of fields. */
export const wrapperField = "value";

/**
 * Reads a JSON Schema, draft 4 to 2020-12, written in JSON or YAML. A schema of something else than an object, or of an object
 * among other things, describes the field {@link wrapperField} of the definition's. References are pointers into the schema
 * afterwards.
 *
 * @throws {SourceError} for what is no schema, or one that nothing fits
 */
export function readJsonSchemaDefinition(text: string, { file }: { file: string }): Definition {
  const value = readDocument(text, file);
  if (value === false) throw new SourceError("the schema is `false`, which no value fits", { file, line: 1 });
  const root = value === true ? {} : value;
  if (!isJsonObject(root)) throw new SourceError("a schema is an object, true or false", { file, line: 1 });
  const reference = textAt(root, "$ref");
  if (
    reference !== "" &&
    !reference.startsWith("#") &&
    Object.keys(root).every((keyword) => besideReference.has(keyword))
  ) {
    throw new SourceError(`is nothing but a reference to another document, ${reference}`, { file, line: 1 });
  }
  return documentDefinition(root, { file, name: fileStem(file) });
}

/** The definition of a document that a schema describes. */
export function documentDefinition(root: JsonObject, { file, name }: { file: string; name: string }): Definition {
  const found = followReference(root, root);
  const { schema, notes } = rootSchema(root);
  const title = textAt(root, "title") || textAt(found, "title");
  const description = textAt(root, "description") || textAt(found, "description");
  return {
    name,
    title: title.trim() === "" ? name : title.trim(),
    ...(description.trim() !== "" && { description: description.trim() }),
    source: "json-schema",
    origin: { file },
    subject: { kind: "document" },
    dialect: "json-schema",
    schema,
    prominent: [],
    notes,
  };
}

/** A schema whose values are objects, made of one of anything. */
function rootSchema(root: JsonObject): { schema: JsonObject; notes: Note[] } {
  if (describesObject(root, root, 0)) {
    const { schema, notes } = localizeReferences(root);
    return { schema: withRootInlined(schema), notes };
  }
  const { schema, notes } = localizeReferences(root, { prefix: `/properties/${wrapperField}` });
  const { $schema, ...wrapped } = schema;
  const message = `The schema describes something else than an object, which is the field ${wrapperField} here`;
  return {
    schema: {
      ...($schema !== undefined && { $schema }),
      type: "object",
      properties: { [wrapperField]: wrapped },
      required: [wrapperField],
    },
    notes: [...notes, { at: "", message }],
  };
}

/** How deep a root is looked through for objects: a reference to a choice of compositions is three. */
const lookMax = 8;

/** Whether all values of a schema are objects, as far as it says so itself. */
function describesObject(root: JsonObject, node: JsonObject, depth: number): boolean {
  if (depth > lookMax) return false;
  const schema = followReference(root, node);
  const type = schema["type"];
  if (type !== undefined) return type === "object" || isObjectOrNull(type);
  if (objectWords.some((word) => schema[word] !== undefined)) return true;
  const branches = (word: string) => listed(schema[word]).filter(isJsonObject);
  const isOne = (branch: JsonObject) => describesObject(root, branch, depth + 1);
  if (branches("allOf").some(isOne)) return true;
  return ["oneOf", "anyOf"].some((word) => branches(word).length > 0 && branches(word).every(isOne));
}

function isObjectOrNull(type: JsonValue): boolean {
  return Array.isArray(type) && type.includes("object") && type.every((one) => one === "object" || one === "null");
}

/** Keywords that mean nothing but for objects. */
const objectWords = ["properties", "required", "patternProperties", "additionalProperties", "propertyNames"];

/** Annotations may stand beside a reference in every draft; other keywords are ignored there until draft 7. */
const besideReference = new Set(["$schema", "$comment", "title", "description", "definitions", "$defs", "$ref"]);

/** A schema whose root is no reference any more. */
function withRootInlined(schema: JsonObject): JsonObject {
  const target = followReference(schema, schema);
  if (target === schema) return schema["type"] === undefined ? { type: "object", ...schema } : schema;
  const { $ref, ...rest } = schema;
  if (typeof $ref !== "string") return schema;
  const hasOthers = Object.keys(rest).some((keyword) => !besideReference.has(keyword));
  if (hasOthers) return { type: "object", ...rest, allOf: [...listed(rest["allOf"]), { $ref }] };
  return { ...target, ...rest };
}

function listed(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}
