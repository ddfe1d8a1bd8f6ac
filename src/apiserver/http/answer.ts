import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { type Status, stringifyYaml } from "../../apimachinery/index.ts";
import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { Pieces } from "../read/present.ts";
import type { Accepted } from "./negotiate.ts";
import { isPretty, jsonText } from "./pretty.ts";

/** As in Kubernetes (`defaultGzipThresholdBytes`): below it compressing costs more than it saves. */
const gzipBytesMin = 128 * 1024;
/** Above it an answer is written in parts; below it one write is quicker. */
const streamBytesMin = 4 * 2 ** 20;
const chunkBytes = 256 * 1024;
/** As in Kubernetes: above level 1 it costs much and saves little. */
const gzipLevel = 1;

/** A whole answer to a request for objects. */
export type Answer = { status: number; pieces: Pieces };

/** Writes an answer in the format that the client accepts, with its warnings. */
export async function answerResponse(
  request: HttpRequest,
  { status, pieces }: Answer,
  accepted: Accepted,
  query: URLSearchParams,
  warnings: readonly string[],
): Promise<HttpResponse> {
  const headers: Record<string, string | string[]> = {
    "content-type": accepted.format === "yaml" ? "application/yaml" : "application/json",
    "cache-control": "no-cache, private",
  };
  if (warnings.length > 0) headers["warning"] = warningHeaders(warnings);
  const plain = accepted.format === "json" && !accepted.pretty && !isPretty(request);
  const compress = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  if (plain && !compress && sizeOf(pieces) > streamBytesMin) return { status, headers, body: chunks(pieces) };
  const bytes = plain ? Buffer.concat([...pieces, newline]) : reformat(pieces, accepted.format);
  if (!compress || bytes.byteLength < gzipBytesMin) return { status, headers, body: bytes };
  const body = await promisify(gzip)(bytes, { level: gzipLevel, strategy: constants.Z_DEFAULT_STRATEGY });
  return { status, headers: { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" }, body };
}

function sizeOf(pieces: Pieces): number {
  return pieces.length === 1
    ? (pieces[0]?.byteLength ?? 0)
    : pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Joins what is small, so that a large list is copied bit by bit while the client reads it. */
async function* chunks(pieces: Pieces): AsyncGenerator<Uint8Array> {
  let start = 0;
  let sizeBytes = 0;
  for (const [index, piece] of pieces.entries()) {
    sizeBytes += piece.byteLength;
    if (sizeBytes < chunkBytes) continue;
    yield Buffer.concat(pieces.slice(start, index + 1));
    start = index + 1;
    sizeBytes = 0;
  }
  yield Buffer.concat([...pieces.slice(start), newline]);
}

/** A `Status` that says yes; what a finished delete answers. */
export function statusPieces(status: Omit<Status, "code"> & { code?: number }): Pieces {
  return [Buffer.from(JSON.stringify(status))];
}

const newline = Buffer.from("\n");

function reformat(pieces: Pieces, format: "json" | "yaml"): Buffer {
  const value: unknown = JSON.parse(Buffer.concat(pieces).toString());
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
