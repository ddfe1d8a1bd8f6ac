import type { ExactValue, JsonValue } from "./object.ts";
import { checkCharacters, decodeYamlBytes } from "./yaml-bytes.ts";
import { YamlError } from "./yaml-error.ts";
import { DocumentReader, type ScalarReader } from "./yaml-parse.ts";
import { YamlSource } from "./yaml-source.ts";

export { type ScalarReader, YamlError };

/** How long one text may be, in UTF-16 units. The largest manifests we know of are 5 MB. */
export const yamlSizeMax = 16 * 2 ** 20;

/**
 * @property file shown in front of the place in error messages, `file.yaml:3:5: …`
 * @property duplicateKeys what happens to a key that stands twice in one map: the last one counts, as everywhere in
 *   Kubernetes (the default), or it is an error, as in `kubectl --validate=strict`
 * @property integers whether those that no number holds are `bigint` and keep all their digits, or lose some (the default)
 * @property scalars what scalars become instead of values of JSON
 * @property mergeYields whether keys of a map win over those that a merge key brings wherever they stand, as in kyaml
 */
export type YamlOptions = {
  file?: string;
  duplicateKeys?: "last" | "error";
  integers?: "exact";
  scalars?: ScalarReader;
  mergeYields?: boolean;
};

type ExactOptions = YamlOptions & { integers: "exact" };

/** `line` is where the content of the document begins, counted from 1. */
export type YamlDocument<V = JsonValue> = { value: V; line: number };

/**
 * Reads the first document of a text as Go programs do through sigs.k8s.io/yaml: YAML 1.1 turned into JSON. Keys become
 * strings (`y:` is `"true"`), dates stay text, `.inf` is refused. What follows the first document is not read; it may be
 * anything.
 *
 * @param input text, or bytes in UTF-8 or with a BOM in UTF-16
 * @returns `null` for a text without content
 * @throws {YamlError}
 */
export function parseYaml(input: string | Uint8Array, options: ExactOptions): ExactValue;
export function parseYaml(input: string | Uint8Array, options?: YamlOptions): JsonValue;
export function parseYaml(input: string | Uint8Array, options: YamlOptions = {}): ExactValue {
  for (const { value } of readDocuments(input, options)) return value;
  return null;
}

/**
 * Reads every document of a text; see {@link parseYaml}. Documents that are empty, only comments, or `null` are left out.
 *
 * @throws {YamlError} for the first thing wrong in any document
 */
export function parseYamlDocuments(input: string | Uint8Array, options: ExactOptions): YamlDocument<ExactValue>[];
export function parseYamlDocuments(input: string | Uint8Array, options?: YamlOptions): YamlDocument[];
export function parseYamlDocuments(input: string | Uint8Array, options: YamlOptions = {}): YamlDocument<ExactValue>[] {
  const documents: YamlDocument<ExactValue>[] = [];
  for (const { value, line } of readDocuments(input, options)) {
    if (value !== null) documents.push({ value, line: line() });
  }
  return documents;
}

type LazyDocument = { value: ExactValue; line(): number };

function* readDocuments(input: string | Uint8Array, options: YamlOptions): Generator<LazyDocument> {
  const { text, fault } = typeof input === "string" ? checkCharacters(input) : decodeYamlBytes(input);
  // Line breaks are `\n` in the result whatever they are in the text; no position moves to another line by this.
  const source = new YamlSource(unifyBreaks(text), options.file);
  if (text.length > yamlSizeMax) throw source.error(`longer than ${yamlSizeMax} characters`, 0);
  const reader = new DocumentReader(source, {
    isStrict: options.duplicateKeys === "error",
    mergeYields: options.mergeYields === true,
    isExact: options.integers === "exact",
    aliasTextMax: yamlSizeMax,
    scalars: options.scalars,
  });
  for (;;) {
    const document =
      fault === undefined
        ? reader.read()
        : readBefore(reader, source, () => {
            return new YamlSource(unifyBreaks(fault.before), options.file).error(fault.why, fault.before.length);
          });
    if (document === undefined) return;
    yield { value: document.value, line: () => source.lineOf(document.at) };
  }
}

function unifyBreaks(text: string): string {
  return text.includes("\r") || text.includes("\x85") ? text.replace(/\r\n?|\x85/g, "\n") : text;
}

/** Reads a document if it ends before the end of the text, where something is that go-yaml refuses. */
function readBefore(
  reader: DocumentReader,
  source: YamlSource,
  refusal: () => YamlError,
): ReturnType<DocumentReader["read"]> {
  const reached = () => reader.at >= source.text.length - lookAhead;
  try {
    const document = reader.read();
    if (!reached()) return document;
  } catch (error) {
    if (!(error instanceof YamlError) || !reached()) throw error;
  }
  throw refusal();
}

/** How many characters go-yaml wants to see before it says what a token is. */
const lookAhead = 4;
