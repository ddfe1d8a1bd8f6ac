import { isUtf8 } from "node:buffer";
import { bufferOf } from "../../lib/index.ts";

/**
 * Text of Go is bytes. Those that are not UTF-8 are kept as lone surrogates from U+DC80 to U+DCFF, one for each byte; every
 * function that counts or cuts by bytes goes through here.
 */
const strayByte = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;

const ascii = /^[\x00-\x7f]*$/;

/** Whether every character is one byte, so that offsets in bytes and in characters are the same. */
export function isAscii(text: string): boolean {
  return ascii.test(text);
}

/** The bytes of a text. */
export function toBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let start = 0;
  for (const { 0: found, index } of text.matchAll(strayByte)) {
    if (found.length > 1) continue;
    parts.push(Buffer.from(text.slice(start, index), "utf8"));
    const code = found.charCodeAt(0);
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from("\ufffd"));
    start = index + 1;
  }
  parts.push(Buffer.from(text.slice(start), "utf8"));
  return Buffer.concat(parts);
}

/** The text that bytes are. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = bufferOf(bytes);
  if (isUtf8(buffer)) return buffer.toString("utf8");
  let text = "";
  let start = 0;
  for (let at = 0; at < buffer.length; ) {
    const size = characterSize(buffer, at);
    if (size === 0) {
      text += buffer.toString("utf8", start, at) + String.fromCharCode(0xdc00 + (buffer[at] ?? 0));
      start = at + 1;
    }
    at += size || 1;
  }
  return text + buffer.toString("utf8", start);
}

/** How many bytes the well-formed character at an offset has; 0 when there is none. */
function characterSize(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return at + size <= buffer.length && isUtf8(buffer.subarray(at, at + size)) ? size : 0;
}

/** How many bytes a text has: what `len` says. */
export function byteLength(text: string): number {
  if (isAscii(text)) return text.length;
  return text.isWellFormed() ? Buffer.byteLength(text) : toBytes(text).length;
}

/** The bytes from `start` up to `end` as text; a character may be cut in pieces. */
export function sliceBytes(text: string, start: number, end?: number): string {
  return isAscii(text) ? text.slice(start, end) : fromBytes(toBytes(text).subarray(start, end));
}

/** Two texts one after the other: pieces of a character that meet are a character again. */
export function rejoin(text: string): string {
  return text.isWellFormed() ? text : fromBytes(toBytes(text));
}

/** The code points of a text, U+FFFD for each byte that is not part of one: what `range` over a string and `[]rune` give. */
export function runesOf(text: string): string[] {
  return text.isWellFormed() ? Array.from(text) : Array.from(text, (rune) => rune.toWellFormed());
}

/** What `unicode.IsSpace` takes for a space. */
export const goSpace = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** `strings.TrimSpace`. */
export function trimGoSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpaceAt(text, start)) start++;
  while (end > start && isSpaceAt(text, end - 1)) end--;
  return text.slice(start, end);
}

function isSpaceAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  // Asking the expression takes longer, and most characters are of ASCII.
  return code < 0x80 ? code === 0x20 || (code >= 0x09 && code <= 0x0d) : goSpace.test(text.charAt(at));
}
