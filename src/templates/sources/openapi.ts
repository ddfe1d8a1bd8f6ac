import { isJsonObject, type JsonObject, type JsonValue, textAt } from "../../apimachinery/index.ts";
import { type Definition, type Note, type SchemaDialect, SourceError } from "../definition.ts";
import { kubernetesDefinitions } from "./kubernetes-openapi.ts";
import { readObject, slugOf } from "./read-document.ts";
import { followReference } from "./schema-walk.ts";
import { type CarriedSchema, createCarrier } from "./with-references.ts";

/** The field that holds the body of a request whose path or query has fields of its own, or whose body is no object. */
export const bodyField = "body";

/**
 * Reads an OpenAPI document, 3.0, 3.1 or Swagger 2.0, in JSON or YAML.
 *
 * Each operation that is sent JSON is a definition of the answers it takes: parameters of its path and query by their names, and
 * the body, whose fields stand beside nothing else when there are no parameters, and in the field {@link bodyField} when
 * there are. A document all of whose operations are sent fields of forms has those; one without either has a definition for each
 * schema of an object in it. Kubernetes' own documents
 * have one for each kind that can be created. What schemas refer to is at its place in the definition's schema,
 * `#/components/schemas/...` or `#/definitions/...`.
 *
 * @throws {SourceError} for what is no OpenAPI document, or one that no form can be made of
 */
export function readOpenApiDefinitions(text: string, { file }: { file: string }): Definition[] {
  const document = readObject(text, file);
  const version = String(document["openapi"] ?? document["swagger"] ?? "");
  if (!/^(?:3\.\d|2(?:\.0)?$)/.test(version)) {
    throw new SourceError('is no OpenAPI document: it has neither `openapi: 3.x` nor `swagger: "2.0"`', {
      file,
      line: 1,
    });
  }
  const carry = createCarrier(document);
  const source: Source = {
    document,
    carry,
    file,
    isSwagger: version.startsWith("2"),
    dialect: /^3\.0|^2/.test(version) ? "openapi-3.0" : "json-schema",
  };
  const kinds = kubernetesDefinitions(document, { file, carry });
  if (kinds.length > 0) return kinds;
  const found =
    [isJsonType, isFormType].map((isType) => operationsOf(source, isType)).find((one) => one.length > 0) ??
    schemasOf(source);
  if (found.length > 0) return withDistinctNames(found);
  const elsewhere = foreignPath(document);
  if (elsewhere !== undefined) {
    throw new SourceError(`has its paths in other documents, such as ${elsewhere}: bundle them into one`, {
      file,
      line: 1,
    });
  }
  throw new SourceError("has no operation with a body and no schema of an object", { file, line: 1 });
}

/** What the first path that is described in another document refers to. */
function foreignPath({ paths }: JsonObject): string | undefined {
  const items = Object.values(isJsonObject(paths) ? paths : {}).filter(isJsonObject);
  const places = items.flatMap((item) => [item, ...Object.values(item).filter(isJsonObject)]);
  return places
    .map((place) => textAt(place, "$ref"))
    .find((reference) => reference !== "" && !reference.startsWith("#"));
}

type Source = {
  readonly document: JsonObject;
  readonly carry: (schema: JsonObject) => CarriedSchema;
  readonly file: string;
  readonly isSwagger: boolean;
  readonly dialect: SchemaDialect;
};

/** In the order in which an interface lists what changes something. */
const methods = ["post", "put", "patch"];

/** Tells the media types of bodies that answers can become. */
type IsType = (type: unknown) => boolean;

function operationsOf(source: Source, isType: IsType): Definition[] {
  const paths = source.document["paths"];
  return Object.entries(isJsonObject(paths) ? paths : {}).flatMap(([path, value]) => {
    const item = objectOf(source, value);
    return methods.flatMap((method) => {
      const operation = item[method];
      return isJsonObject(operation) ? operationDefinition(source, { path, method, item, operation }, isType) : [];
    });
  });
}

type Operation = {
  readonly path: string;
  readonly method: string;
  readonly item: JsonObject;
  readonly operation: JsonObject;
};

function operationDefinition(
  source: Source,
  { path, method, item, operation }: Operation,
  isType: IsType,
): Definition[] {
  const parameters = parametersOf(source, [item["parameters"], operation["parameters"]]);
  const body = bodyOf(source, operation, parameters, isType);
  if (body === undefined) return [];
  const address = `${method.toUpperCase()} ${path}`;
  const operationId = textAt(operation, "operationId");
  const fields = parameters.flatMap((parameter) => parameterField(source, parameter) ?? []);
  const { schema, foreign } = answersSchema(source, body, fields);
  const summary = textAt(operation, "summary").trim();
  const description = textAt(operation, "description").trim() || summary;
  const title = summary !== "" && summary.length <= titleMax ? summary : operationId || address;
  return [
    {
      name: slugOf(operationId || `${method} ${path.replaceAll(/[{}]/g, "")}`),
      title,
      description: description === "" ? address : `${description}\n\n${address}`,
      source: "openapi",
      origin: { file: source.file },
      subject: { kind: "document" },
      dialect: source.dialect,
      schema,
      prominent: fields.filter(({ required }) => required).map(({ name }) => [name]),
      notes: foreignNotes(foreign),
    },
  ];
}

/** A title longer than that is a sentence, which belongs below it. */
const titleMax = 80;

type Parameter = JsonObject;

/** The parameters of an operation: its own take the place of those of its path. */
function parametersOf(source: Source, lists: readonly (JsonValue | undefined)[]): Parameter[] {
  const byPlace = new Map<string, Parameter>();
  for (const list of lists) {
    for (const item of Array.isArray(list) ? list : []) {
      const parameter = objectOf(source, item);
      byPlace.set(`${textAt(parameter, "in")} ${textAt(parameter, "name")}`, parameter);
    }
  }
  return [...byPlace.values()];
}

type Body = { readonly schema: JsonObject; readonly required: boolean; readonly description: string };

function bodyOf(
  source: Source,
  operation: JsonObject,
  parameters: readonly Parameter[],
  isType: IsType,
): Body | undefined {
  if (source.isSwagger) {
    const consumes = operation["consumes"] ?? source.document["consumes"];
    if (Array.isArray(consumes) && consumes.length > 0 && !consumes.some(isType)) return undefined;
    const parameter = parameters.find((one) => one["in"] === "body");
    if (parameter !== undefined) return bodyFrom(parameter["schema"], parameter);
    return isType === isFormType ? formBody(parameters.filter((one) => one["in"] === "formData")) : undefined;
  }
  const request = objectOf(source, operation["requestBody"]);
  const content = isJsonObject(request["content"]) ? request["content"] : {};
  const types = Object.keys(content).filter(isType);
  const type = types.find((one) => one.startsWith("application/json")) ?? types[0];
  return type === undefined ? undefined : bodyFrom(objectOf(source, content[type])["schema"], request);
}

function bodyFrom(schema: JsonValue | undefined, holder: JsonObject): Body | undefined {
  if (schema === undefined || schema === false) return undefined;
  const required = holder["required"] === true;
  return { schema: isJsonObject(schema) ? schema : {}, required, description: textAt(holder, "description") };
}

/** In Swagger 2.0 each field of a form is a parameter. Files are no answers. */
function formBody(parameters: readonly Parameter[]): Body | undefined {
  const fields = parameters.filter((one) => one["type"] !== "file" && textAt(one, "name") !== "");
  if (fields.length === 0) return undefined;
  const properties = fields.map((one): [string, JsonObject] => {
    const description = textAt(one, "description").trim();
    return [textAt(one, "name"), { ...(description !== "" && { description }), ...swaggerParameterSchema(one) }];
  });
  const required = fields.filter((one) => one["required"] === true).map((one) => textAt(one, "name"));
  const schema = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
  return { schema, required: required.length > 0, description: "" };
}

function isJsonType(type: unknown): boolean {
  return typeof type === "string" && /^(?:application\/(?:[\w.+-]+\+)?json|\*\/\*)\s*(?:;|$)/.test(type);
}

function isFormType(type: unknown): boolean {
  return (
    typeof type === "string" && /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/.test(type)
  );
}

type Field = { readonly name: string; readonly schema: JsonObject; readonly required: boolean };

function parameterField({ isSwagger, ...source }: Source, parameter: Parameter): Field | undefined {
  const name = textAt(parameter, "name");
  const place = textAt(parameter, "in");
  if (name === "" || (place !== "path" && place !== "query")) return undefined;
  const description = textAt(parameter, "description").trim();
  const schema = isSwagger ? swaggerParameterSchema(parameter) : parameterSchema({ isSwagger, ...source }, parameter);
  return {
    name,
    schema: { ...(description !== "" && schema["$ref"] === undefined && { description }), ...schema },
    required: place === "path" || parameter["required"] === true,
  };
}

function parameterSchema(source: Source, parameter: Parameter): JsonObject {
  if (isJsonObject(parameter["schema"])) return parameter["schema"];
  const [content] = Object.values(isJsonObject(parameter["content"]) ? parameter["content"] : {});
  const schema = objectOf(source, content)["schema"];
  return isJsonObject(schema) ? schema : { type: "string" };
}

/** In Swagger 2.0 a parameter is its own schema. */
function swaggerParameterSchema(parameter: Parameter): JsonObject {
  const { name, in: place, description, required, allowEmptyValue, collectionFormat, ...schema } = parameter;
  return schema;
}

function answersSchema(source: Source, body: Body, fields: readonly Field[]): CarriedSchema {
  const isObject = isObjectSchema(source.document, body.schema, 0);
  if (fields.length === 0 && isObject) return carryObject(source, body.schema);
  const taken = new Set(fields.map(({ name }) => name));
  const name = taken.has(bodyField) ? "requestBody" : bodyField;
  const description = body.description.trim();
  const isDescribed =
    description === "" || body.schema["$ref"] !== undefined || body.schema["description"] !== undefined;
  const bodySchema = isDescribed ? body.schema : { description, ...body.schema };
  return source.carry({
    type: "object",
    properties: Object.fromEntries([...fields.map((field) => [field.name, field.schema]), [name, bodySchema]]),
    required: [
      ...fields.filter(({ required }) => required).map((field) => field.name),
      ...(body.required ? [name] : []),
    ],
  });
}

function carryObject({ document, carry }: Source, schema: JsonObject): CarriedSchema {
  const found = followReference(document, schema);
  return carry(found["type"] === undefined ? { type: "object", ...found } : found);
}

function foreignNotes(foreign: readonly string[]): Note[] {
  return foreign.map((at) => ({
    at,
    message: "The reference leads to another document, so any value is accepted there",
  }));
}

function schemasOf(source: Source): Definition[] {
  const components = source.document["components"];
  const holder = source.isSwagger ? source.document["definitions"] : objectOf(source, components)["schemas"];
  return Object.entries(isJsonObject(holder) ? holder : {}).flatMap(([name, schema]) => {
    if (!isJsonObject(schema) || !isObjectSchema(source.document, schema, 0)) return [];
    const found = followReference(source.document, schema);
    const carried = carryObject(source, schema);
    const description = textAt(found, "description").trim();
    return [
      {
        name: slugOf(name),
        title: textAt(found, "title").trim() || name,
        ...(description !== "" && { description }),
        source: "openapi",
        origin: { file: source.file },
        subject: { kind: "document" },
        dialect: source.dialect,
        schema: carried.schema,
        prominent: [],
        notes: foreignNotes(carried.foreign),
      } satisfies Definition,
    ];
  });
}

/** How deep compositions of compositions are looked through. Generated documents have two levels, of classes that inherit. */
const compositionMax = 8;

/** Whether a schema is one of objects with fields: one of maps alone makes no form. */
function isObjectSchema(document: JsonObject, node: JsonObject, depth: number): boolean {
  if (depth > compositionMax) return false;
  const schema = followReference(document, node);
  if (isJsonObject(schema["properties"]) && Object.keys(schema["properties"]).length > 0) return true;
  const type = schema["type"];
  if (type !== undefined && type !== "object" && !(Array.isArray(type) && type.includes("object"))) return false;
  const branches = (word: string) => {
    const list = schema[word];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  };
  const isOne = (branch: JsonObject) => isObjectSchema(document, branch, depth + 1);
  if (branches("allOf").some(isOne)) return true;
  return ["oneOf", "anyOf"].some((word) => branches(word).length > 0 && branches(word).every(isOne));
}

/** What a value is, or what it refers to; an empty object for anything else. */
function objectOf({ document }: Source, value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? followReference(document, value) : {};
}

/** Two operations may have one name once it is a file's. */
function withDistinctNames(definitions: readonly Definition[]): Definition[] {
  const counts = new Map<string, number>();
  return definitions.map((definition) => {
    const count = (counts.get(definition.name) ?? 0) + 1;
    counts.set(definition.name, count);
    return count === 1 ? definition : { ...definition, name: `${definition.name}-${count}` };
  });
}
