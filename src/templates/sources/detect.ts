import {
  isJsonObject,
  type JsonObject,
  parseApiVersion,
  parseYamlDocuments,
  textAt,
  YamlError,
} from "../../apimachinery/index.ts";
import { SourceError, type SourceKind } from "../definition.ts";
import { readDocument } from "./read-document.ts";

/** What a file is to the makers of templates: a source, or a composition, which only says more about one. */
export type DetectedSource = SourceKind | "composition";

/**
 * Says what a file is, by its name and, for YAML and JSON, by its first document that is something. A chart is detected by its
 * Chart.yaml, a module by any of its `.tf` files.
 *
 * @returns `undefined` for what no template is made from
 * @throws {SourceError} for a file that looks like a source and cannot be parsed, with line and column
 */
export function detectSource(path: string, text: string): DetectedSource | undefined {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  if (/\.(?:tf|tofu)(?:\.json)?$/.test(name)) return "terraform";
  if (name === "Chart.yaml") return "helm";
  if (!/\.(?:ya?ml|json)$/i.test(name)) return undefined;
  if (!mentions.test(text)) return undefined;
  for (const document of documentsOf(text, path)) {
    const found = kindOf(document);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What stands in every file that is a source. Most files of a directory are none, and many of those, templates of charts for
 * example, are no YAML either: they are passed over without being parsed.
 */
const mentions =
  /CustomResourceDefinition|CompositeResourceDefinition|Composition\b|ResourceGraphDefinition|\b(?:openapi|swagger)\b|\$schema|\btype\b|\bproperties\b|\$ref/;

function documentsOf(text: string, file: string): JsonObject[] {
  if (file.endsWith(".json") || /^\uFEFF?\s*[[{]/.test(text)) return [readDocument(text, file)].filter(isJsonObject);
  try {
    return parseYamlDocuments(text)
      .map(({ value }) => value)
      .filter(isJsonObject);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    // What else is in a directory need not be YAML; only a file that says what it is has to be told about.
    if (!looksLikeSource(text)) return [];
    const { line, column } = error;
    const why = error.message.replace(/^line \d+, column \d+: /, "");
    throw new SourceError(why, { file, line, column }, { cause: error });
  }
}

function looksLikeSource(text: string): boolean {
  return /^kind:\s*["']?(?:CustomResourceDefinition|CompositeResourceDefinition|Composition|ResourceGraphDefinition)\b|^["']?(?:openapi|swagger|\$schema)["']?\s*:/m.test(
    text,
  );
}

function kindOf(document: JsonObject): DetectedSource | undefined {
  const [kind, { group }] = [textAt(document, "kind"), parseApiVersion(textAt(document, "apiVersion"))];
  if (kind !== "" && group !== "") {
    if (kind === "CustomResourceDefinition" && group === "apiextensions.k8s.io") return "crd";
    if (kind === "CompositeResourceDefinition" && group === "apiextensions.crossplane.io") return "xrd";
    if (kind === "Composition" && group === "apiextensions.crossplane.io") return "composition";
    if (kind === "ResourceGraphDefinition" && group === "kro.run") return "kro";
    return undefined;
  }
  if (isVersion(document["openapi"], /^3\.\d/) || isVersion(document["swagger"], /^2(?:\.0)?$/)) return "openapi";
  return isJsonSchema(document) ? "json-schema" : undefined;
}

/** Versions that nobody quoted are numbers in YAML. */
function isVersion(value: unknown, versions: RegExp): boolean {
  return (typeof value === "string" || typeof value === "number") && versions.test(String(value));
}

/** Whether a document is a schema rather than something that names the one it obeys, as `$schema` does in many files. */
function isJsonSchema(document: JsonObject): boolean {
  const schema = document["$schema"];
  if (typeof schema === "string" && /^https?:\/\/json-schema\.org\/.*schema#?$/.test(schema)) return true;
  const { type, properties } = { type: document["type"], properties: document["properties"] };
  if (type === "object" && isJsonObject(properties)) return areSchemas(properties);
  const { $defs, definitions } = { $defs: document["$defs"], definitions: document["definitions"] };
  const defs = isJsonObject($defs) ? $defs : definitions;
  if (!isJsonObject(defs) || !areSchemas(defs)) return false;
  return ["$ref", "oneOf", "anyOf", "allOf"].some((keyword) => document[keyword] !== undefined);
}

function areSchemas(map: JsonObject): boolean {
  return Object.values(map).every((value) => typeof value === "boolean" || isJsonObject(value));
}
