import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { parseExactJson, stringifyYaml } from "../../apimachinery/index.ts";
import type { ListText, Pieces } from "../read/present.ts";

/** As in Kubernetes: above level 1 it costs much and saves little. */
export const gzipLevel = 1;
/** What is written to a connection at once. */
const chunkBytes = 64 * 1024;

/** The text of a list, item by item: `json` is indented for people, `plain` is not. */
export function listText(list: ListText, format: "plain" | "json" | "yaml"): Iterable<Uint8Array> {
  switch (format) {
    case "plain":
      return plainText(list);
    case "json":
      return indentedText(list);
    case "yaml":
      return yamlText(list);
  }
}

const comma = Buffer.from(",");
const tail = Buffer.from("]}\n");

function* plainText({ head, items }: ListText): Generator<Uint8Array> {
  yield Buffer.from(head);
  let first = true;
  for (const item of items) {
    if (!first) yield comma;
    first = false;
    yield* item;
  }
  yield tail;
}

/** As `JSON.stringify` indents it. */
function* indentedText({ head, items }: ListText): Generator<Uint8Array> {
  const frame = JSON.stringify(JSON.parse(`${head}]}`), null, 2);
  yield Buffer.from(frame.slice(0, -"]\n}".length));
  let before = "\n    ";
  for (const item of items) {
    // In JSON a line only ends between values.
    yield Buffer.from(before + indented(objectOf(item)).replaceAll("\n", "\n    "));
    before = ",\n    ";
  }
  yield Buffer.from("\n  ]\n}");
}

/** Fields in the order of their names, so that some of the list's own come after its items. */
function* yamlText({ head, items }: ListText): Generator<Uint8Array> {
  const [before = "", name = "", after = ""] = stringifyYaml(JSON.parse(`${head}]}`)).split(/^(items|rows): \[\]\n/m);
  yield Buffer.from(`${before}${name}:\n`);
  for (const item of items) yield Buffer.from(asYaml(objectOf(item)));
  yield Buffer.from(after);
}

/** How much white space may indent one value; nested deeply, a megabyte would become half a gigabyte. */
const indentationMax = 16 * 2 ** 20;

/** Whether a value can be shown to people. What cannot is written without white space, which is YAML as well. */
export function canIndent(value: unknown): boolean {
  return indentation(value, 0, indentationMax) < indentationMax;
}

/** The length of the white space before the lines of a value, or more than `max`. */
function indentation(value: unknown, depth: number, max: number): number {
  let length = 2 * depth;
  if (typeof value !== "object" || value === null) return length;
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    length += indentation(item, depth + 1, max - length);
    if (length >= max) break;
  }
  return length;
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, canIndent(value) ? 2 : 0);
}

function asYaml(value: unknown): string {
  return canIndent(value) ? stringifyYaml([value]) : `- ${JSON.stringify(value)}\n`;
}

function objectOf(item: Pieces): unknown {
  return parseExactJson(Buffer.concat(item).toString());
}

/** Joins what is small; what is large stays as it is. */
export function* joined(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const piece of pieces) {
    if (sizeBytes > 0 && sizeBytes + piece.byteLength > chunkBytes) {
      yield Buffer.concat(waiting);
      waiting = [];
      sizeBytes = 0;
    }
    if (piece.byteLength > chunkBytes) {
      yield piece;
      continue;
    }
    waiting.push(piece);
    sizeBytes += piece.byteLength;
  }
  if (sizeBytes > 0) yield Buffer.concat(waiting);
}

/** Compresses bit by bit, so that neither memory nor the threads that compress are one client's alone. */
export function zipped(chunks: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const zip = createGzip({ level: gzipLevel });
  // What fails, fails for whoever reads.
  pipeline(Readable.from(chunks, { highWaterMark: 1 }), zip, () => {});
  return zip;
}
