import { gunzipSync } from "node:zlib";
import { quoteGo } from "../../apimachinery/index.ts";
import { cleanPath } from "../template/functions/paths.ts";
import { fromBytes } from "../template/go-text.ts";
import { ChartError } from "./chart-error.ts";

/** How large the files of a chart may be together, and one of them: Helm's `MaxDecompressedChartSize` and `MaxDecompressedFileSize`. */
const chartBytesMax = 100 * 2 ** 20;
export const fileBytesMax = 5 * 2 ** 20;

/** How many files an archive may hold. The largest public charts have a thousand; headers of more than this are no chart. */
const entriesMax = 50_000;

const blockSize = 512;
const gzipHeaderSize = 10;

/** A file of a chart; `path` is relative to its root, with `/`. */
export type ChartFile = { readonly path: string; readonly bytes: Uint8Array };

/**
 * Unpacks a packed chart: the files without the directory that all of them are in. Paths that lead out of it are refused.
 *
 * @throws {ChartError}
 */
export function readArchive(tgz: Uint8Array): ChartFile[] {
  if (tgz.length < gzipHeaderSize) throw new ChartError(tgz.length === 0 ? "EOF" : "unexpected EOF");
  if (tgz[0] !== 0x1f || tgz[1] !== 0x8b) throw new ChartError("gzip: invalid header");
  const files: ChartFile[] = [];
  let left = chartBytesMax;
  for (const { name, bytes } of readTar(unzip(tgz))) {
    if (files.length >= entriesMax) throw new ChartError(`chart archive has more than ${entriesMax} files`);
    const path = pathInChart(name);
    if (bytes.length > left) throw tooLarge();
    if (bytes.length > fileBytesMax) {
      throw new ChartError(
        `decompressed chart file ${quoteGo(name)} is larger than the maximum file size ${fileBytesMax}`,
      );
    }
    left -= bytes.length;
    files.push({ path, bytes: withoutMark(bytes) });
  }
  if (files.length === 0) throw new ChartError("no files in chart archive");
  return files;
}

/** The bytes without the byte order mark that some editors put in front. */
export function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function tooLarge(): ChartError {
  return new ChartError(`decompressed chart is larger than the maximum size ${chartBytesMax}`);
}

function unzip(tgz: Uint8Array): Buffer {
  try {
    // Besides the files there are headers, two blocks for each with a long name.
    return gunzipSync(tgz, { maxOutputLength: chartBytesMax + 3 * blockSize * entriesMax });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge();
    const isCut = cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
    throw new ChartError(isCut ? "unexpected EOF" : "gzip: invalid checksum", { cause });
  }
}

function pathInChart(name: string): string {
  const delimiter = name.includes("\\") ? "\\" : "/";
  const [first, ...rest] = name.split(delimiter);
  const relative = rest.join("/");
  if (relative.startsWith("/")) throw new ChartError("chart illegally contains absolute paths");
  const path = cleanPath(relative);
  if (path === ".") {
    throw new ChartError(`chart illegally contains content outside the base directory: ${quoteGo(name)}`);
  }
  if (path.startsWith("..")) throw new ChartError("chart illegally references parent directory");
  if (/^[a-zA-Z]:\//.test(path)) throw new ChartError("chart contains illegally named files");
  if (first === "Chart.yaml") throw new ChartError("chart yaml not in base directory");
  return path;
}

/** @property isLink a hard or symbolic link; it has no bytes */
export type TarEntry = { readonly name: string; readonly bytes: Uint8Array; readonly isLink: boolean };

/** The entries of a tar archive that are no directories. @throws {ChartError} when it is malformed */
export function* readTar(tar: Buffer): Generator<TarEntry> {
  let long: { name?: string; size?: number } = {};
  for (let at = 0; at < tar.length; ) {
    const header = tar.subarray(at, at + blockSize);
    if (header.length < blockSize) throw new ChartError("unexpected EOF");
    if (header.every((byte) => byte === 0)) return;
    if (!hasValidSum(header)) throw new ChartError("archive/tar: invalid tar header");
    const type = String.fromCharCode(header[156] ?? 0);
    const isMeta = "xgLK".includes(type);
    const size = isMeta ? numberAt(header, 124, 12) : (long.size ?? numberAt(header, 124, 12));
    const hasBytes = isMeta || "0\x007".includes(type);
    const start = at + blockSize;
    const bytes = tar.subarray(start, hasBytes ? start + size : start);
    if (hasBytes && bytes.length < size) throw new ChartError("unexpected EOF");
    at = start + (hasBytes ? Math.ceil(size / blockSize) * blockSize : 0);
    if (type === "L") long = { ...long, name: textOf(bytes) };
    else if (type === "x") long = { ...long, ...readRecords(bytes) };
    else if (!isMeta) {
      const name = long.name ?? nameOf(header);
      long = {};
      if (type !== "5" && !name.endsWith("/")) yield { name, bytes, isLink: "12".includes(type) };
    }
  }
}

function nameOf(header: Buffer): string {
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : "";
  const name = textOf(header.subarray(0, 100));
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** The bytes up to the first that is zero. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return fromBytes(end < 0 ? bytes : bytes.subarray(0, end));
}

/** An octal number, or a binary one when the first bit is set. */
function numberAt(header: Buffer, start: number, length: number): number {
  if ((header[start] ?? 0) >= 0x80) {
    let value = BigInt((header[start] ?? 0) & 0x7f);
    for (const byte of header.subarray(start + 1, start + length)) value = value * 256n + BigInt(byte);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ChartError("archive/tar: invalid tar header");
    return Number(value);
  }
  const digits = header.toString("latin1", start, start + length).replace(/^[ \0]+|[ \0]+$/g, "");
  if (!/^[0-7]*$/.test(digits)) throw new ChartError("archive/tar: invalid tar header");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

/** The sum of all bytes, those of the sum itself taken for spaces. */
function hasValidSum(header: Buffer): boolean {
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum === numberAt(header, 148, 8);
}

/** The records of an extended header, `<length> <key>=<value>\n`, as far as they matter here. */
function readRecords(bytes: Uint8Array): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  const text = Buffer.from(bytes);
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(0x20, at);
    const length = Number(text.toString("latin1", at, Math.max(at, space)));
    if (space < 0 || !Number.isInteger(length) || length < 5 || at + length > text.length) {
      throw new ChartError("archive/tar: invalid tar header");
    }
    const [, key, value = ""] = /^([^=]*)=(.*)$/s.exec(fromBytes(text.subarray(space + 1, at + length - 1))) ?? [];
    if (key === "path") found.name = value;
    if (key === "size") found.size = sizeOf(value);
    at += length;
  }
  return found;
}

function sizeOf(digits: string): number {
  const size = Number(digits);
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(size)) throw new ChartError("archive/tar: invalid tar header");
  return size;
}
