import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { parseExactJson, type Status, stringifyYaml } from "../../apimachinery/index.ts";
import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { ListText, Pieces } from "../read/present.ts";
import { canIndent, gzipLevel, joined, listText, zipped } from "./list-text.ts";
import type { Accepted } from "./negotiate.ts";
import { isPretty, jsonText } from "./pretty.ts";

/** As in Kubernetes (`defaultGzipThresholdBytes`): below it compressing costs more than it saves. */
const gzipBytesMin = 128 * 1024;
/** Larger lists are made while the client reads them; for smaller ones one write is quicker. */
const streamBytesMin = 128 * 1024;

/** A whole answer to a request for objects. */
export type Answer = { status: number } & ({ pieces: Pieces } | { list: ListText });

/** Writes an answer in the format that the client accepts, with its warnings. */
export async function answerResponse(
  request: HttpRequest,
  answer: Answer,
  accepted: Accepted,
  warnings: readonly string[],
): Promise<HttpResponse> {
  const { status } = answer;
  const headers: Record<string, string | string[]> = {
    "content-type": accepted.format === "yaml" ? "application/yaml" : "application/json",
    "cache-control": "no-cache, private",
  };
  if (warnings.length > 0) headers["warning"] = warningHeaders(warnings);
  const plain = accepted.format === "json" && !accepted.pretty && !isPretty(request);
  const compress = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const zipHeaders = { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" };
  if ("list" in answer && answer.list.sizeBytes > streamBytesMin) {
    const chunks = joined(listText(answer.list, plain ? "plain" : accepted.format));
    return compress ? { status, headers: zipHeaders, body: zipped(chunks) } : { status, headers, body: later(chunks) };
  }
  const pieces = "list" in answer ? [...listText(answer.list, "plain")] : [...answer.pieces, newline];
  const bytes = plain ? Buffer.concat(pieces) : reformat(pieces, accepted.format);
  if (!compress || bytes.byteLength < gzipBytesMin) return { status, headers, body: bytes };
  const body = await promisify(gzip)(bytes, { level: gzipLevel, strategy: constants.Z_DEFAULT_STRATEGY });
  return { status, headers: zipHeaders, body };
}

/** A `Status` that says yes; what a finished delete answers. */
export function statusPieces(status: Omit<Status, "code"> & { code?: number }): Pieces {
  return [Buffer.from(JSON.stringify(status))];
}

const newline = Buffer.from("\n");

async function* later(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function reformat(pieces: Pieces, format: "json" | "yaml"): Buffer {
  const value: unknown = parseExactJson(Buffer.concat(pieces).toString());
  if (!canIndent(value)) return Buffer.concat(pieces);
  return Buffer.from(format === "yaml" ? stringifyYaml(value) : jsonText(value, true));
}

/** Letters of all warnings of an answer together, as in Kubernetes (`truncateAtTotalRunes`). */
const warningsMax = 4096;
/** Letters of one warning when they are too many together. */
const shortWarningMax = 256;

/** `299 - "text"`, each once; shortened when they are too long together. What holds control characters is left out. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const unique = [...new Set(warnings)].filter((text) => text !== "" && !/\p{Cc}/u.test(text));
  const total = unique.reduce((sum, text) => sum + [...text].length, 0);
  if (total <= warningsMax) return unique.map(warningHeader);
  const headers: string[] = [];
  let written = 0;
  for (const text of unique) {
    if (written >= warningsMax) break;
    const letters = [...text].slice(0, shortWarningMax);
    written += letters.length;
    headers.push(warningHeader(letters.join("")));
  }
  return headers;
}

/** Headers are bytes to clients and Latin-1 to Node: what goes over the wire is UTF-8. */
function warningHeader(text: string): string {
  return `299 - "${Buffer.from(text.replace(/["\\]/g, "\\$&")).toString("latin1")}"`;
}
