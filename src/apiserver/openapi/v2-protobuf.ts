import { isFields } from "../../apimachinery/index.ts";
import { createProtobufWriter, type ProtobufWriter } from "./protobuf-writer.ts";

/**
 * Writes an OpenAPI v2 document as message `openapi.v2.Document` of github.com/google/gnostic-models, the only form that
 * kubectl reads up to 1.28.
 *
 * The message has a place for all that API servers say. Of the rest, headers, forms, files, OAuth2 and examples of
 * responses are left out, and so is a value of another type than its field: one odd schema must not take the
 * document from every client.
 *
 * @param document what `JSON.parse` makes of the document
 */
export function encodeOpenApiV2(document: unknown): Uint8Array {
  const writer = createProtobufWriter();
  if (isFields(document)) writeFields(writer, documentMessage, document);
  return writer.bytes();
}

/** Writes a value as a field of the message at hand; nothing where the field has no form for it. */
type Write = (writer: ProtobufWriter, number: number, value: unknown) => void;
type Field = readonly [number: number, write: Write];
type Message = {
  /** By name in JSON. */
  fields?: Readonly<Record<string, Field>>;
  /** The list for the fields whose names begin with `x-`: pairs of name and value. */
  extensions?: number;
  /** The list for all fields left: pairs of name and value too. */
  entries?: Field;
};

function writeFields(writer: ProtobufWriter, message: Message, values: Readonly<Record<string, unknown>>): void {
  const { fields = {}, extensions, entries } = message;
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined) field[1](writer, field[0], value);
    else if (extensions !== undefined && name.startsWith("x-")) writePair(writer, [extensions, any], name, value);
    else if (entries !== undefined) writePair(writer, entries, name, value);
  }
}

function writePair(writer: ProtobufWriter, [number, write]: Field, name: string, value: unknown): void {
  writer.message(number, () => {
    writer.text(1, name);
    write(writer, 2, value);
  });
}

// Empty text, zero and false are what an absent field says in proto3.
const text: Write = (writer, number, value) => {
  if (typeof value === "string" && value !== "") writer.text(number, value);
};
const bool: Write = (writer, number, value) => {
  if (value === true) writer.bool(number, true);
};
const integer: Write = (writer, number, value) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value !== 0) writer.integer(number, value);
};
const double: Write = (writer, number, value) => {
  if (typeof value === "number" && value !== 0) writer.double(number, value);
};
const any: Write = (writer, number, value) => {
  writer.message(number, () => writer.text(2, yamlOf(value)));
};

/** JSON is YAML, but for characters that YAML has only as escapes, and halves of characters that it has not at all. */
function yamlOf(value: unknown): string {
  return JSON.stringify(value)
    .replace(/\\(?:ud[89a-f]..|.)/g, (escaped) => (escaped.length > 2 ? "\\ufffd" : escaped))
    .replace(/[\x7f-\x9f\ufeff\ufffe\uffff]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
}

function list(write: Write): Write {
  return (writer, number, value) => {
    for (const item of Array.isArray(value) ? value : []) write(writer, number, item);
  };
}

/** One value may stand for a list of it. */
function oneOrMore(write: Write): Write {
  return (writer, number, value) => list(write)(writer, number, Array.isArray(value) ? value : [value]);
}

function message(of: Message): Write {
  return (writer, number, value) => {
    if (isFields(value)) writer.message(number, () => writeFields(writer, of, value));
  };
}

/** A message made for one field, which alone stands in the JSON. */
function wrapped(field: number, write: Write): Write {
  return (writer, number, value) => writer.message(number, () => write(writer, field, value));
}

/** The first form that fits the value. */
function either(...forms: readonly (readonly [fits: (value: unknown) => boolean, write: Write])[]): Write {
  return (writer, number, value) => forms.find(([fits]) => fits(value))?.[1](writer, number, value);
}

const isBoolean = (value: unknown) => typeof value === "boolean";
const isReference = (value: unknown) => isFields(value) && typeof value["$ref"] === "string";
const isIn = (place: string) => (value: unknown) => isFields(value) && value["in"] === place;

const reference = message({ fields: { $ref: [1, text], description: [2, text] } });

const externalDocs = message({ fields: { description: [1, text], url: [2, text] }, extensions: 3 });

/** Schemas hold schemas, so this names the message that it is part of. */
const schema: Write = (writer, number, value) => message(schemaMessage)(writer, number, value);
const namedSchemas = message({ entries: [1, schema] });
const schemaMessage: Message = {
  fields: {
    $ref: [1, text],
    format: [2, text],
    title: [3, text],
    description: [4, text],
    default: [5, any],
    multipleOf: [6, double],
    maximum: [7, double],
    exclusiveMaximum: [8, bool],
    minimum: [9, double],
    exclusiveMinimum: [10, bool],
    maxLength: [11, integer],
    minLength: [12, integer],
    pattern: [13, text],
    maxItems: [14, integer],
    minItems: [15, integer],
    uniqueItems: [16, bool],
    maxProperties: [17, integer],
    minProperties: [18, integer],
    required: [19, list(text)],
    enum: [20, list(any)],
    additionalProperties: [
      21,
      either(
        [isFields, wrapped(1, schema)],
        // As one of two forms, `false` says something.
        [isBoolean, wrapped(2, (writer, number, value) => writer.bool(number, value === true))],
      ),
    ],
    type: [22, wrapped(1, oneOrMore(text))],
    items: [23, wrapped(1, oneOrMore(schema))],
    allOf: [24, list(schema)],
    properties: [25, namedSchemas],
    discriminator: [26, text],
    readOnly: [27, bool],
    externalDocs: [29, externalDocs],
    example: [30, any],
  },
  extensions: 31,
};

/** What says which values a parameter takes; the numbers follow each other in every message that has these fields. */
const restrictions: readonly (readonly [name: string, write: Write])[] = [
  ["type", text],
  ["format", text],
  ["items", (writer, number, value) => message(itemsMessage)(writer, number, value)],
  ["collectionFormat", text],
  ["default", any],
  ["maximum", double],
  ["exclusiveMaximum", bool],
  ["minimum", double],
  ["exclusiveMinimum", bool],
  ["maxLength", integer],
  ["minLength", integer],
  ["pattern", text],
  ["maxItems", integer],
  ["minItems", integer],
  ["uniqueItems", bool],
  ["enum", list(any)],
  ["multipleOf", double],
];

function restricted(fields: Readonly<Record<string, Field>>): Message {
  const first = Object.keys(fields).length + 1;
  const numbered = restrictions.map(([name, write], index) => [name, [first + index, write]] as const);
  return { fields: { ...fields, ...Object.fromEntries(numbered) }, extensions: first + restrictions.length };
}

const itemsMessage = restricted({});
const placed: Readonly<Record<string, Field>> = {
  required: [1, bool],
  in: [2, text],
  description: [3, text],
  name: [4, text],
};
const headerOrPath = message(restricted(placed));
const query = message(restricted({ ...placed, allowEmptyValue: [5, bool] }));
const body = message({
  fields: { description: [1, text], name: [2, text], in: [3, text], required: [4, bool], schema: [5, schema] },
  extensions: 6,
});
const parameter = either(
  [isIn("body"), wrapped(1, body)],
  [isIn("header"), wrapped(2, wrapped(1, headerOrPath))],
  [isIn("query"), wrapped(2, wrapped(3, query))],
  [isIn("path"), wrapped(2, wrapped(4, headerOrPath))],
);
const parameters = list(either([isReference, wrapped(2, reference)], [isFields, wrapped(1, parameter)]));

const response = message({
  fields: { description: [1, text], schema: [2, wrapped(1, schema)] },
  extensions: 5,
});
const responses = message({
  entries: [1, either([isReference, wrapped(2, reference)], [isFields, wrapped(1, response)])],
  extensions: 2,
});

const security = list(message({ entries: [1, wrapped(1, list(text))] }));

const operation = message({
  fields: {
    tags: [1, list(text)],
    summary: [2, text],
    description: [3, text],
    externalDocs: [4, externalDocs],
    operationId: [5, text],
    produces: [6, list(text)],
    consumes: [7, list(text)],
    parameters: [8, parameters],
    responses: [9, responses],
    schemes: [10, list(text)],
    deprecated: [11, bool],
    security: [12, security],
  },
  extensions: 13,
});
const pathItem = message({
  fields: {
    $ref: [1, text],
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
    parameters: [9, parameters],
  },
  extensions: 10,
});

const apiKey = message({
  fields: { type: [1, text], name: [2, text], in: [3, text], description: [4, text] },
  extensions: 5,
});
const info = message({
  fields: { title: [1, text], version: [2, text], description: [3, text], termsOfService: [4, text] },
  extensions: 7,
});

const documentMessage: Message = {
  fields: {
    swagger: [1, text],
    info: [2, info],
    host: [3, text],
    basePath: [4, text],
    schemes: [5, list(text)],
    consumes: [6, list(text)],
    produces: [7, list(text)],
    paths: [8, message({ extensions: 1, entries: [2, pathItem] })],
    definitions: [9, namedSchemas],
    parameters: [10, message({ entries: [1, parameter] })],
    responses: [11, message({ entries: [1, response] })],
    security: [12, security],
    securityDefinitions: [
      13,
      message({
        entries: [1, either([(value) => isFields(value) && value["type"] === "apiKey", wrapped(2, apiKey)])],
      }),
    ],
    externalDocs: [15, externalDocs],
  },
  extensions: 16,
};
