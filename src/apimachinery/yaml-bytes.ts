import { isUtf8 } from "node:buffer";
import { bufferOf } from "../lib/index.ts";

/**
 * A text, or as much of it as go-yaml uses before it refuses something.
 *
 * @property fault what it refuses, in its words, and all text before that
 */
export type YamlText = { text: string; fault?: { why: string; before: string } };

/** go-yaml reads its input in pieces of so many bytes, and looks through a piece before it uses any of it. */
const pieceSize = 512;

/** What a BOM says, and UTF-8 otherwise. */
export function decodeYamlBytes(bytes: Uint8Array): YamlText {
  const buffer = bufferOf(bytes);
  const [first, second] = buffer;
  if (first === 0xff && second === 0xfe) return decodeUtf16(buffer.subarray(2));
  if (first === 0xfe && second === 0xff) {
    const even = buffer.length & ~1;
    const swapped = Buffer.from(buffer.subarray(2, even)).swap16();
    return decodeUtf16(even === buffer.length ? swapped : Buffer.concat([swapped, buffer.subarray(even)]));
  }
  if (isUtf8(buffer)) return checkCharacters(buffer.toString());
  const { offset, why } = findInvalid(buffer);
  const before = buffer.toString("utf8", 0, offset);
  const checked = checkCharacters(before);
  // What comes before a character that is cut off is used.
  if (checked.fault !== undefined || why === incomplete) return { fault: { why, before }, ...checked };
  return { text: buffer.toString("utf8", 0, offset - (offset % pieceSize)), fault: { why, before } };
}

function decodeUtf16(buffer: Buffer): YamlText {
  const text = buffer.toString("utf16le");
  if (!text.isWellFormed()) return { text: "", fault: { why: "unexpected low surrogate area", before: "" } };
  if (buffer.length % 2 === 0) return checkCharacters(text);
  return { text, fault: { why: "incomplete UTF-16 character", before: text } };
}

/** Looks for characters that YAML 1.1 has no place for, in text or outside. A BOM in front is left out. */
export function checkCharacters(input: string): YamlText {
  const text = input.charCodeAt(0) === 0xfeff ? input.slice(1) : input;
  const at = text.search(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/);
  if (at < 0) return { text };
  const before = text.slice(0, at);
  const bytes = Buffer.from(before);
  const used = bytes.toString("utf8", 0, bytes.length - (bytes.length % pieceSize)).replace(/\ufffd$/, "");
  return { text: used, fault: { why: "control characters are not allowed", before } };
}

/** Bytes as Go's JSON writes them: U+FFFD for each one that is not part of a character. */
export function decodeLoosely(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString();
  let text = "";
  for (let offset = 0; offset < bytes.length; ) {
    const character = bytes.subarray(offset, offset + Math.max(lengthOf(bytes[offset] ?? 0), 1));
    const isCharacter = isUtf8(character);
    text += isCharacter ? Buffer.from(character).toString() : "\ufffd";
    offset += isCharacter ? character.length : 1;
  }
  return text;
}

function findInvalid(bytes: Uint8Array): { offset: number; why: string } {
  for (let offset = 0; offset < bytes.length; ) {
    const length = lengthOf(bytes[offset] ?? 0);
    if (length === 0) return { offset, why: "invalid leading UTF-8 octet" };
    if (offset + length > bytes.length) return { offset, why: incomplete };
    const character = bytes.subarray(offset, offset + length);
    if (!character.subarray(1).every((octet) => (octet & 0xc0) === 0x80)) {
      return { offset, why: "invalid trailing UTF-8 octet" };
    }
    if (!isUtf8(character)) return { offset, why: whyInvalid(character) };
    offset += length;
  }
  return { offset: bytes.length, why: incomplete };
}

const incomplete = "incomplete UTF-8 octet sequence";

function lengthOf(octet: number): number {
  if (octet < 0x80) return 1;
  if ((octet & 0xe0) === 0xc0) return 2;
  if ((octet & 0xf0) === 0xe0) return 3;
  return (octet & 0xf8) === 0xf0 ? 4 : 0;
}

/** A character of the right form is longer than it has to be, half of a pair, or beyond U+10FFFF. */
function whyInvalid([first = 0, second = 0]: Uint8Array): string {
  const isLong = first < 0xc2 || (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  return isLong ? "invalid length of a UTF-8 sequence" : "invalid Unicode character";
}
