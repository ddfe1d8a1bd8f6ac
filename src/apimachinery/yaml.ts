import type { JsonValue } from "./object.ts";
import { Cursor, YamlError } from "./yaml-cursor.ts";
import { DocumentReader } from "./yaml-parse.ts";

export { YamlError };

/** How long one text may be, in UTF-16 units. The largest manifests we know of are 5 MB. */
export const yamlSizeMax = 16 * 2 ** 20;

/** How many nodes aliases may add to a text: go-yaml lets a text of up to this size consist of aliases entirely. */
const aliasNodesMax = 400_000;

/**
 * @property file shown in front of the place in error messages, `file.yaml:3:5: …`
 * @property duplicateKeys what happens to a key that stands twice in one map: the last one counts, as everywhere in
 *   Kubernetes (the default), or it is an error, as in `kubectl --validate=strict`
 */
export type YamlOptions = { file?: string; duplicateKeys?: "last" | "error" };

/** `line` is where the content of the document begins, counted from 1. */
export type YamlDocument = { value: JsonValue; line: number };

/**
 * Reads the first document of a text as Go programs do through sigs.k8s.io/yaml: YAML 1.1 turned into JSON. Keys become
 * strings (`y:` is `"true"`), dates stay text, `.inf` is refused; integers beyond 2^53 lose digits as in all JSON here.
 *
 * @returns `null` for a text without content
 * @throws {YamlError}
 */
export function parseYaml(text: string, options: YamlOptions = {}): JsonValue {
  for (const { value } of readDocuments(text, options)) return value;
  return null;
}

/**
 * Reads every document of a text; see {@link parseYaml}. Documents that are empty, only comments, or `null` are left out.
 *
 * @throws {YamlError} for the first thing wrong in any document
 */
export function parseYamlDocuments(text: string, options: YamlOptions = {}): YamlDocument[] {
  return [...readDocuments(text, options)].filter(({ value }) => value !== null);
}

function* readDocuments(text: string, { file, duplicateKeys }: YamlOptions): Generator<YamlDocument> {
  // Line breaks are `\n` in the result whatever they are in the text; no position moves to another line by this.
  const cursor = new Cursor(text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n"), file);
  if (text.length > yamlSizeMax) cursor.fail(`longer than ${yamlSizeMax} characters`);
  const control = cursor.text.search(unprintable);
  if (control >= 0) cursor.fail("control characters are not allowed", control);
  const refuse = (key: string, offset: number) => cursor.fail(`key ${JSON.stringify(key)} already set in map`, offset);
  const reader = new DocumentReader(cursor, {
    aliasNodesMax,
    aliasSizeMax: yamlSizeMax,
    ...(duplicateKeys === "error" && { onDuplicate: refuse }),
  });
  for (let document = reader.read(); document !== undefined; document = reader.read()) {
    yield { value: document.value, line: cursor.lineOf(document.at) };
  }
}

/** What YAML 1.1 has no place for, in text or outside. */
const unprintable = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;
