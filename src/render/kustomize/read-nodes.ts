import { type JsonValue, parseYaml, type ScalarReader, YamlError } from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { type MapNode, type Node, Scalar } from "./node.ts";
import { resolveScalar, type ScalarTag } from "./scalar-tag.ts";

/**
 * A document; `line` is where it begins, from 1.
 *
 * @property flaw why it cannot be written as JSON, which upstream notices only in the end
 */
export type ReadDocument = { node: Node; line: number; flaw?: string | undefined };

/**
 * Reads the documents of a text as kyaml does: separated at lines that begin with `---`, anchors resolved. Empty documents
 * are left out.
 *
 * @throws {KustomizeError}
 */
export function readDocuments(text: string): ReadDocument[] {
  const documents: ReadDocument[] = [];
  const whole = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  for (const { part, line } of splitDocuments(whole)) {
    const { node, flaw } = readDocument(part);
    if (!(node instanceof Scalar && node.tag === "null")) documents.push({ node, line, flaw });
  }
  return documents;
}

function splitDocuments(text: string): { part: string; line: number }[] {
  const parts: { part: string; line: number }[] = [];
  let begin = 0;
  let line = 1;
  const push = (part: string, next: number): void => {
    parts.push({ part, line });
    for (let at = begin; at < next; at++) if (text.charCodeAt(at) === 10) line++;
    begin = next;
  };
  for (const match of text.matchAll(/\n---(.*)\n/g)) {
    const rest = (match[1] ?? "").trim();
    if (rest !== "" && !rest.startsWith("#")) {
      throw new KustomizeError(`invalid document separator: ${match[0].trim()}`);
    }
    push(text.slice(begin, match.index + 1), match.index + match[0].length);
  }
  parts.push({ part: text.slice(begin), line });
  return parts;
}

function readDocument(text: string): { node: Node; flaw: string | undefined } {
  let flaw: string | undefined;
  const scalars: ScalarReader = {
    value: (scalar, isPlain, tag, isFlow) => ({ text: scalar, ...describe(scalar, isPlain, tag), isFlow }),
    key(scalar, isPlain, tag) {
      if (describe(scalar, isPlain, tag).tag !== "str") flaw ??= otherKeys;
      return scalar;
    },
  };
  try {
    return { node: toNode(parseYaml(text, { scalars, duplicateKeys: "error", mergeYields: true })), flaw };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const key = /\bkey (".*") already set in map/.exec(error.goText)?.[1];
    if (key === undefined) throw malformed(error);
    flaw = `yaml: unmarshal errors:\n  line ${error.line}: mapping key ${key} already defined`;
  }
  return { node: toNode(parseYaml(text, { scalars, mergeYields: true })), flaw };
}

/** Keys that are no texts: Go has maps for them, but cannot write them as JSON. */
export const otherKeys = "json: unsupported type: map[interface {}]interface {}";

/** Lines count from the beginning of the document, as upstream. */
function malformed(error: YamlError): KustomizeError {
  return new KustomizeError(`MalformedYAMLError: ${error.goTextV3}`, { cause: error, isMalformed: true });
}

const core = "tag:yaml.org,2002:";

function describe(text: string, isPlain: boolean, tag: string | undefined): { tag: ScalarTag; quoted: boolean } {
  if (tag === undefined) return { tag: isPlain ? resolveScalar(text) : "str", quoted: !isPlain };
  const name = tag.startsWith(core) ? tag.slice(core.length) : "";
  const isKnown = name === "int" || name === "float" || name === "bool" || name === "null" || name === "timestamp";
  return { tag: isKnown ? name : "str", quoted: !isPlain };
}

/** Scalars come as objects whose `text` is a string, which no field of a document can be. */
function toNode(value: JsonValue): Node {
  if (Array.isArray(value)) return value.map(toNode);
  // An empty text has no node of its own.
  if (typeof value !== "object" || value === null) return new Scalar("", "null");
  const { text, tag, quoted, isFlow } = value;
  if (typeof text === "string") {
    const scalar = new Scalar(text, isTag(tag) ? tag : "", quoted === true);
    scalar.isFlow = isFlow === true;
    return scalar;
  }
  const map: MapNode = new Map();
  for (const [key, field] of Object.entries(value)) map.set(key, toNode(field));
  return map;
}

function isTag(value: JsonValue | undefined): value is ScalarTag {
  return typeof value === "string";
}
