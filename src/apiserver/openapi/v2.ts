import { isFields, notAcceptable } from "../../apimachinery/index.ts";
import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { Catalog } from "../catalog.ts";
import type { VersionInfo } from "../discovery/version.ts";
import { parseMediaType } from "../http/negotiate.ts";
import { hashOf } from "../stored.ts";
import { partOf } from "./document.ts";
import { encodeOpenApiV2 } from "./v2-protobuf.ts";
import { unlessKnown } from "./v3.ts";

/** OpenAPI v2, one document for everything: what older kubectl, Terraform and the Python client read. */
export type OpenApiV2 = { document(catalog: Catalog, request: HttpRequest): HttpResponse };

const protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** How a v2 document is written, by media type. */
const encoders: Readonly<Record<string, { type: string; encode: (document: unknown) => Uint8Array }>> = {
  "application/json": { type: "application/json", encode: (document) => Buffer.from(JSON.stringify(document)) },
  [protobuf]: { type: protobuf, encode: encodeOpenApiV2 },
  // What kubectl asks for; as @ has no place in a media type, the answer has the other name.
  "application/com.github.proto-openapi.spec.v2@v1.0+protobuf": { type: protobuf, encode: encodeOpenApiV2 },
};

export function createOpenApiV2(info: VersionInfo): OpenApiV2 {
  const encoded = new WeakMap<Catalog, Map<string, { bytes: Uint8Array; etag: string }>>();
  return {
    document(catalog, request) {
      const { type, encode } = encoderFor(request.headers.accept);
      const forms = encoded.get(catalog) ?? new Map<string, { bytes: Uint8Array; etag: string }>();
      encoded.set(catalog, forms);
      let form = forms.get(type);
      if (form === undefined) {
        const bytes = encode(v2Document(catalog, info));
        form = { bytes, etag: `"${hashOf(bytes)}"` };
        forms.set(type, form);
      }
      const { bytes, etag } = form;
      return unlessKnown(request, etag, { "content-type": type }, () => bytes);
    },
  };
}

function encoderFor(accept: string | undefined) {
  for (const clause of (accept ?? "application/json").split(",")) {
    const { type } = parseMediaType(clause);
    const found = encoders[type === "*/*" || type === "application/*" || type === "" ? "application/json" : type];
    if (found !== undefined) return found;
  }
  throw notAcceptable(Object.keys(encoders));
}

function v2Document(catalog: Catalog, info: VersionInfo): unknown {
  const paths: Record<string, unknown> = {};
  const definitions: Record<string, unknown> = {};
  for (const version of catalog.groups.flatMap((group) => group.versions)) {
    const part = partOf(version);
    for (const [path, item] of Object.entries(part.paths)) paths[path] = pathToV2(item);
    for (const [name, schema] of Object.entries(part.schemas)) definitions[name] ??= definitionToV2(schema);
  }
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: info.gitVersion },
    paths,
    definitions,
    securityDefinitions: {
      BearerToken: { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" },
    },
    security: [{ BearerToken: [] }],
  };
}

const methods = new Set(["get", "put", "post", "patch", "delete"]);

function pathToV2(item: unknown): unknown {
  if (!isFields(item)) return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => {
      if (methods.has(key)) return [key, operationToV2(value)];
      return [key, Array.isArray(value) ? value.map(parameterToV2) : value];
    }),
  );
}

function operationToV2(operation: unknown): unknown {
  if (!isFields(operation)) return operation;
  const { requestBody, parameters, responses, ...rest } = operation;
  const list = Array.isArray(parameters) ? parameters.map(parameterToV2) : [];
  const produces = new Set<string>();
  const answers = Object.entries(isFields(responses) ? responses : {}).map(([code, response]) => {
    if (!isFields(response)) return [code, response];
    const { content, ...plain } = response;
    const [first] = Object.values(isFields(content) ? content : {});
    for (const type of Object.keys(isFields(content) ? content : {})) produces.add(type);
    return [
      code,
      first === undefined ? plain : { ...plain, schema: schemaToV2(isFields(first) ? first["schema"] : {}) },
    ];
  });
  const content = isFields(requestBody) && isFields(requestBody["content"]) ? requestBody["content"] : {};
  const [body] = Object.values(content);
  if (isFields(body)) {
    const required = isFields(requestBody) && requestBody["required"] === true;
    list.unshift({ name: "body", in: "body", ...(required && { required }), schema: schemaToV2(body["schema"]) });
  }
  return {
    ...rest,
    consumes: Object.keys(content).length > 0 ? Object.keys(content) : ["*/*"],
    produces: [...produces],
    schemes: ["https"],
    ...(list.length > 0 && { parameters: list }),
    responses: Object.fromEntries(answers),
  };
}

function parameterToV2(parameter: unknown): unknown {
  if (!isFields(parameter)) return parameter;
  const { schema, ...rest } = parameter;
  return { ...rest, ...(isFields(schema) ? schema : {}) };
}

/** What v2 has no words for; a value that it would forbid must not be forbidden, so such parts go away. */
const dropped = new Set(["oneOf", "anyOf", "not", "nullable", "default", "deprecated", "readOnly", "writeOnly", "xml"]);
const intOrString = "x-kubernetes-int-or-string";
const preserveUnknownFields = "x-kubernetes-preserve-unknown-fields";

/** A kind that allows everything is an object, and no more is said. */
function definitionToV2(schema: unknown): unknown {
  if (!isFields(schema) || schema[preserveUnknownFields] !== true) return schemaToV2(schema);
  const { description, "x-kubernetes-group-version-kind": kinds } = schema;
  return {
    ...(description !== undefined && { description }),
    type: "object",
    "x-kubernetes-group-version-kind": kinds,
  };
}

function schemaToV2(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(schemaToV2);
  if (!isFields(schema)) return schema;
  const { allOf, ...fields } = schema;
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? allOf : [];
  // v3 wraps a reference to stand a description beside it; v2 clients read it from the definition or from here.
  if (isFields(only) && typeof only["$ref"] === "string") return { ...schemaFields(fields), ...schemaFields(only) };
  return schemaFields(loosened(fields));
}

/**
 * kubectl refuses what does not fit a type, a list of properties or the items of an array. Where a value may be more
 * than they say, and v2 has no words for it, they go away, as in Kubernetes.
 */
function loosened(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (isOneOfTypes(fields["oneOf"])) return { ...fields, type: "string" };
  const { type, items, properties, required, ...rest } = fields;
  const open = fields[preserveUnknownFields] === true;
  const anything = fields["nullable"] === true || fields[intOrString] === true || (open && type === "object");
  const isTyped = !anything && (type !== "array" || (items !== undefined && !open));
  const needed = Array.isArray(required) ? required.filter((name) => !isNullable(properties, name)) : [];
  return {
    ...rest,
    ...(isTyped && { type }),
    ...(!anything && !open && { items, properties }),
    ...(needed.length > 0 && { required: needed }),
  };
}

/** How v3 says what IntOrString and Quantity are; other alternatives are of the type beside them. */
function isOneOfTypes(oneOf: unknown): boolean {
  return Array.isArray(oneOf) && oneOf.every((schema) => isFields(schema) && schema["type"] !== undefined);
}

function isNullable(properties: unknown, name: unknown): boolean {
  const property = isFields(properties) ? properties[String(name)] : undefined;
  return isFields(property) && property["nullable"] === true;
}

/** Fields whose values are schemas by name. */
const namedSchemas = new Set(["properties", "definitions", "patternProperties"]);
/** Fields whose values are data or words, however much they look like schemas. */
const asIs = new Set([
  "default",
  "enum",
  "example",
  "required",
  "x-kubernetes-group-version-kind",
  "x-kubernetes-validations",
]);

function schemaFields(fields: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (dropped.has(key) || value === undefined) continue;
    if (key === "$ref") result[key] = String(value).replace("#/components/schemas/", "#/definitions/");
    else if (asIs.has(key)) result[key] = value;
    else if (namedSchemas.has(key) && isFields(value)) {
      result[key] = Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, schemaToV2(schema)]));
    } else result[key] = schemaToV2(value);
  }
  return result;
}
