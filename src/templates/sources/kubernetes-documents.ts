import {
  isFields,
  isJsonObject,
  isStatusError,
  type JsonObject,
  type JsonValue,
  parseJson,
  parseYamlDocuments,
  textAt,
  YamlError,
} from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";

/** An object of a file and the line where its document begins. */
export type PlacedObject = { object: JsonObject; line: number };

/**
 * Reads the objects of a YAML or JSON file with any number of documents. Lists (`kind: List` and those of one kind) are taken
 * apart, what is no object is an empty one. A document that is broken costs only itself, as far as documents can be told apart
 * without reading them.
 *
 * @returns `problems` with the place of each mistake
 */
export function readKubernetesDocuments(
  text: string,
  file: string,
): { objects: PlacedObject[]; problems: SourceError[] } {
  const { documents, problems } = looksLikeJson.test(text) ? readJson(text, file) : readYaml(text, file);
  const objects = documents.flatMap(({ value, line }) => takeApart(value).map((object) => ({ object, line })));
  return { objects, problems };
}

/** Two braces begin a template of a chart. */
const looksLikeJson = /^\uFEFF?\s*(?:\[|\{(?!\{))/;

type PlacedValue = { value: JsonValue; line: number };
type Read = { documents: PlacedValue[]; problems: SourceError[] };

function readYaml(text: string, file: string): Read {
  try {
    return { documents: parseYamlDocuments(text), problems: [] };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
  }
  const read: Read = { documents: [], problems: [] };
  for (const { part, line } of splitDocuments(text)) {
    try {
      for (const document of parseYamlDocuments(part)) {
        read.documents.push({ ...document, line: document.line + line - 1 });
      }
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      const place = { file, line: error.line + line - 1, column: error.column };
      const why = error.message.replace(/^line \d+, column \d+: /, "");
      const hint = part.includes("{{") ? "; a template of a chart has to be rendered first" : "";
      read.problems.push(new SourceError(why + hint, place, { cause: error }));
    }
  }
  return read;
}

/** A line that begins with `---` or is `...` ends a document wherever it stands, even in a text block. */
function splitDocuments(text: string): { part: string; line: number }[] {
  const parts: { part: string; line: number }[] = [];
  let begin = 0;
  const lines = text.split(/\r\n?|\n/);
  for (const [index, line] of lines.entries()) {
    if (!/^(?:---|\.\.\.)(?:\s|$)/.test(line)) continue;
    parts.push({ part: lines.slice(begin, index).join("\n"), line: begin + 1 });
    begin = index;
  }
  parts.push({ part: lines.slice(begin).join("\n"), line: begin + 1 });
  // A document after `...` is read with that line, which the reader of YAML passes over as the end of an empty one.
  return parts.filter(({ part }) => part.trim() !== "");
}

/** One value, or several in a row, as `kubectl get -o json` of several commands prints them; or YAML that begins with a brace. */
function readJson(text: string, file: string): Read {
  const whole = readJsonPart({ part: text.replace(/^\uFEFF/, ""), line: 1 }, file);
  if (!(whole instanceof SourceError)) return { documents: [whole], problems: [] };
  const parts = splitJson(text);
  if (parts.length < 2) return file.endsWith(".json") ? { documents: [], problems: [whole] } : readYaml(text, file);
  const read: Read = { documents: [], problems: [] };
  for (const part of parts) {
    const value = readJsonPart(part, file);
    if (value instanceof SourceError) read.problems.push(value);
    else read.documents.push(value);
  }
  return read;
}

function readJsonPart({ part, line }: { part: string; line: number }, file: string): PlacedValue | SourceError {
  try {
    return { value: parseJson(part), line };
  } catch (error) {
    if (!isStatusError(error)) throw error;
    const match = /^json parse error: (.*) at line (\d+), column (\d+)$/s.exec(error.message);
    const [, why = error.message, row = "1", column] = match ?? [];
    const place = { file, line: line + Number(row) - 1, ...(column !== undefined && { column: Number(column) }) };
    return new SourceError(why, place, { cause: error });
  }
}

/** Cuts a text after each bracket that closes the outermost one. Nothing but white space may be outside. */
function splitJson(text: string): { part: string; line: number }[] {
  const parts: { part: string; line: number }[] = [];
  let [depth, begin, line, beginLine] = [0, 0, 1, 1];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[[{}\]\n]|[^\s\uFEFF"{}[\]]+|"/g)) {
    if (token === "\n") line++;
    else if (token === "{" || token === "[") {
      if (depth === 0) [begin, beginLine] = [index, line];
      depth++;
    } else if (token === "}" || token === "]") {
      depth--;
      if (depth < 0) return [];
      if (depth === 0) parts.push({ part: text.slice(begin, index + 1), line: beginLine });
    } else if (depth === 0) return [];
  }
  if (depth > 0) parts.push({ part: text.slice(begin), line: beginLine });
  return parts;
}

/** How deep lists may stand in lists. `kubectl` makes one level of them. */
const listDepthMax = 4;

function takeApart(value: JsonValue): JsonObject[] {
  let values: JsonValue[] = [value];
  for (let depth = 0; depth < listDepthMax && values.some(isList); depth++) values = values.flatMap(itemsOf);
  return values.map((item) => (isJsonObject(item) ? item : {}));
}

function isList(value: JsonValue): boolean {
  return (
    Array.isArray(value) || (isFields(value) && /List$/.test(textAt(value, "kind")) && Array.isArray(value["items"]))
  );
}

/** Items of a typed list, as the API server sends them, do not say what they are. */
function itemsOf(list: JsonValue): JsonValue[] {
  if (Array.isArray(list)) return list;
  if (!isJsonObject(list) || !isList(list)) return [list];
  const kind = textAt(list, "kind").slice(0, -"List".length);
  const items = list["items"];
  return (Array.isArray(items) ? items : []).map((item) => {
    if (kind === "" || !isJsonObject(item) || item["kind"] !== undefined) return item;
    return { apiVersion: textAt(list, "apiVersion"), kind, ...item };
  });
}
