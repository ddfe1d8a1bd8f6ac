import { type JsonValue, quoteGo } from "../../../apimachinery/index.ts";
import { readJson } from "../../template/functions/json.ts";
import { GoError } from "../../template/go-error.ts";
import { fromBytes } from "../../template/go-text.ts";
import { type GoMap, hasKey, isMap, typeName } from "../../template/values.ts";
import { ChartError } from "../chart-error.ts";
import type { ChartMemory } from "../chart-memory.ts";
import type { ChartNode } from "../chart-node.ts";
import { SchemaCompiler, type SchemaNode } from "./compile-schema.ts";
import { formatFaults, SchemaError } from "./schema-error.ts";
import { validate } from "./validate.ts";

/** Under which URL a chart's schema is known to the schemas in it. */
const schemaUrl = "file:///values.schema.json";

/**
 * What schemas may refer to outside of their chart.
 *
 * @property documents by their URLs, without a fragment
 */
export type RemoteSchemas = ReadonlyMap<string, Uint8Array>;

/**
 * Holds the values of a chart, and of all charts in it, against their schemas.
 *
 * @param remote what they may refer to
 * @throws {ChartError} in Helm's words, with everything that does not fit
 */
export function validateValues(
  root: ChartNode,
  values: GoMap,
  memory: ChartMemory,
  remote: RemoteSchemas,
  warn: (warning: string) => void,
): void {
  const missingSchemas: string[] = [];
  const read = (url: string) => {
    const bytes = remote.get(url);
    if (bytes === undefined && /^https?:/.test(url)) missingSchemas.push(url);
    return bytes;
  };
  const problems = problemsOf(root, values, (schema) => {
    return memory.schemaOf(schema, () => compileSchema(schema, read, warn));
  });
  if (problems === "") return;
  const message = `values don't meet the specifications of the schema(s) in the following chart(s):\n${problems}`;
  throw new ChartError(message, { missingSchemas });
}

function problemsOf(node: ChartNode, values: GoMap, compile: (schema: Uint8Array) => SchemaNode): string {
  const { schema } = node.chart.contents;
  let problems = "";
  if (schema !== undefined) {
    const found = problemsIn(values, () => compile(schema));
    if (found !== "") problems += `${node.name}:\n${found}`;
  }
  for (const sub of node.charts) {
    const inner = hasKey(values, sub.name) ? values[sub.name] : undefined;
    if (inner === undefined || inner === null) continue;
    if (isMap(inner)) problems += problemsOf(sub, inner, compile);
    else problems += `${sub.name}:\ninvalid type for values: expected object (map), got ${typeName(inner)}\n`;
  }
  return problems;
}

function problemsIn(values: GoMap, compile: () => SchemaNode): string {
  let schema: SchemaNode;
  try {
    schema = compile();
  } catch (error) {
    if (error instanceof GoError) return error.message;
    throw error;
  }
  const faults = validate(schema, values);
  return faults.length === 0 ? "" : `${formatFaults(faults).join("\n")}\n`;
}

function compileSchema(
  schema: Uint8Array,
  read: (url: string) => Uint8Array | undefined,
  warn: (warning: string) => void,
): SchemaNode {
  const document = readSchema(schema);
  const load = (url: string): JsonValue => {
    if (url === schemaUrl) return document;
    if (url.startsWith("urn:")) {
      warn(`unresolved URN reference ignored; using permissive schema urn=${url}`);
      return true;
    }
    const bytes = read(url);
    if (bytes !== undefined) return readSchema(bytes);
    throw new SchemaError(`failing loading ${quoteGo(url)}: ${whyNot(url)}`);
  };
  return new SchemaCompiler(load).compile(schemaUrl);
}

function whyNot(url: string): string {
  const [, scheme = "", path = ""] = /^([^:]*):(?:\/\/[^/]*)?(.*)$/s.exec(url) ?? [];
  if (scheme === "file") return `open ${path}: no such file or directory`;
  if (scheme === "http" || scheme === "https") return "rendering a chart does not reach the network";
  return `no URLLoader registered for ${quoteGo(url)}`;
}

/** Reads JSON as a decoder of Go does, which tells a text that ends too early from one that never begins. */
function readSchema(bytes: Uint8Array): JsonValue {
  const text = fromBytes(bytes);
  if (text.trim() === "") throw new SchemaError("EOF");
  try {
    return toJson(readJson(text));
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    if (error.message.endsWith("after top-level value")) {
      throw new SchemaError("invalid character after top-level value");
    }
    throw error.message === "unexpected end of JSON input" ? new SchemaError("unexpected EOF") : error;
  }
}

function toJson(value: ReturnType<typeof readJson>): JsonValue {
  return JSON.parse(JSON.stringify(value));
}
