import { readYaml } from "../template/functions/yaml.ts";
import { GoError } from "../template/go-error.ts";
import { goSpace, trimGoSpace } from "../template/go-text.ts";
import { type GoMap, isMap } from "../template/values.ts";
import { type Decoded, decodeStruct, type Shape } from "./struct.ts";
import { kindWord, mergeLayers } from "./value-maps.ts";

/**
 * Reads the first document of a text into a struct.
 *
 * @returns `undefined` when there is nothing in it
 * @throws {GoError} in the words of sigs.k8s.io/yaml
 */
export function readStruct(text: string, shape: Shape): Decoded | undefined {
  return decodeYaml(readYaml(text), shape);
}

/** The same for what has been read already. */
export function decodeYaml(value: unknown, shape: Shape): Decoded | undefined {
  try {
    return decodeStruct(value, shape);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw new GoError(`error unmarshaling JSON: while decoding JSON: ${error.message}`);
  }
}

/**
 * Reads values: several documents are merged, the later one wins.
 *
 * @throws {GoError} in Helm's words
 */
export function readValues(text: string): GoMap {
  let values: GoMap = {};
  for (const document of splitDocuments(text)) {
    try {
      values = mergeLayers(values, readMap(document));
    } catch (error) {
      if (error instanceof GoError) throw new GoError(`cannot unmarshal yaml document: ${error.message}`);
      throw error;
    }
  }
  return values;
}

function readMap(document: string): GoMap {
  const value = readYaml(document);
  if (isMap(value)) return value;
  if (value === null || value === undefined) return {};
  const why = `json: cannot unmarshal ${kindWord(value)} into Go value of type map[string]interface {}`;
  throw new GoError(`error unmarshaling JSON: while decoding JSON: ${why}`);
}

/**
 * Splits a text as the YAML reader of k8s.io/apimachinery does: at lines that begin with `---` and have nothing but a comment
 * behind it. One that nothing stands before is part of the document behind it.
 */
function splitDocuments(text: string): string[] {
  const documents: string[] = [];
  let start = 0;
  let end = 0;
  const add = (to: number) => {
    // A last line counts as ended.
    if (to > start) documents.push(text.slice(start, to) + (text[to - 1] === "\n" ? "" : "\n"));
  };
  for (let at = 0; at < text.length; at = end) {
    const newLine = text.indexOf("\n", at);
    end = newLine < 0 ? text.length : newLine + 1;
    if (at === start || !text.startsWith("---", at) || !isCommentOrBlank(text.slice(at + 3, end))) continue;
    add(at);
    start = end;
  }
  add(text.length);
  return documents;
}

function isCommentOrBlank(text: string): boolean {
  const rest = trimGoSpace(text);
  return rest === "" || rest.startsWith("#");
}

/** A document of a manifest file and where it begins, in characters from the beginning of the text. */
export type Part = { readonly text: string; readonly at: number };

/**
 * Splits what a template rendered into its documents, as Helm does: at every line that begins with `---`, with all space
 * around it. Those that are empty are left out.
 */
export function splitManifests(text: string): Part[] {
  const trimmed = trimGoSpace(text);
  const offset = spaceBefore(text);
  const parts: Part[] = [];
  const add = (from: number, to: number) => {
    if (from === to) return;
    const raw = trimmed.slice(from, to);
    parts.push({ text: trimGoSpace(raw), at: offset + from + spaceBefore(raw) });
  };
  let from = trimmed.startsWith("---") ? skipSpace(trimmed, 3) : 0;
  for (;;) {
    const line = trimmed.indexOf("\n---", from);
    if (line < 0) break;
    let to = line;
    while (to > from && separatorSpace.test(trimmed.charAt(to - 1))) to--;
    add(from, to);
    from = skipSpace(trimmed, line + 4);
  }
  add(from, trimmed.length);
  return parts;
}

/** How many characters of space a text begins with; for one that is nothing else, none. */
function spaceBefore(text: string): number {
  let at = 0;
  while (at < text.length && goSpace.test(text.charAt(at))) at++;
  return at === text.length ? 0 : at;
}

/** `\s` of a Go regular expression. */
const separatorSpace = /[\t\n\f\r ]/;

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && separatorSpace.test(text.charAt(at))) at++;
  return at;
}

/** Whether there is nothing but space in a text. */
export function isBlank(text: string): boolean {
  for (const character of text) if (!goSpace.test(character)) return false;
  return true;
}
