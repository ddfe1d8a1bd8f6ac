import {
  isJsonObject,
  isStatusError,
  type JsonObject,
  type JsonValue,
  parseJson,
  parseYaml,
  YamlError,
} from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";

/**
 * Reads a file that is one document of JSON or YAML. What begins as JSON is read as JSON first, since YAML takes much longer for
 * it; JSON with comments or trailing commas, which people write, is read as the YAML it nearly is.
 *
 * @throws {SourceError} with line and column
 */
export function readDocument(text: string, file: string): JsonValue {
  const isJson = file.endsWith(".json");
  if (isJson || /^\uFEFF?\s*[[{]/.test(text)) {
    try {
      return parseJson(text.startsWith("\uFEFF") ? text.slice(1) : text);
    } catch (error) {
      if (!isStatusError(error)) throw error;
      if (isJson) throw jsonError(error, file);
    }
  }
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { line, column } = error;
    throw new SourceError(withoutPlace(error), { file, line, column }, { cause: error });
  }
}

/**
 * The same for a file that has to be an object.
 *
 * @throws {SourceError}
 */
export function readObject(text: string, file: string): JsonObject {
  const value = readDocument(text, file);
  if (isJsonObject(value)) return value;
  const found = value === null ? "empty" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
  throw new SourceError(`is ${found}, not an object`, { file, line: 1 });
}

function jsonError(error: Error, file: string): SourceError {
  const place = /^json parse error: (.*) at line (\d+), column (\d+)$/s.exec(error.message);
  if (place === null) return new SourceError(error.message, { file }, { cause: error });
  const [, why = "", line, column] = place;
  return new SourceError(why, { file, line: Number(line), column: Number(column) }, { cause: error });
}

function withoutPlace({ message }: YamlError): string {
  return message.replace(/^line \d+, column \d+: /, "");
}

/** A name of files made from a definition: `a-z0-9.-` only, without an ending of schema files. */
export function fileStem(path: string): string {
  const base = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return slugOf(base.replace(/(?:\.schema)?\.(?:json|ya?ml)$/i, "").replace(/^\.+/, ""));
}

/** Any text as a name: words of `a-z0-9.` with `-` between them; `schema` for a text without any. */
export function slugOf(text: string): string {
  const slug = text
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return slug === "" ? "schema" : slug;
}
