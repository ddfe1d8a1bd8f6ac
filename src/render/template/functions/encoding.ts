import { createHash } from "node:crypto";
import { fromBytes, toBytes } from "../go-text.ts";
import { type FunctionTable, fn, string } from "../signature.ts";

/** Encodings and hashes. What cannot be decoded becomes the text of the error, as sprig has it. */
export const encodingFunctions: FunctionTable = {
  b64enc: fn([string], (text) => toBytes(text).toString("base64")),
  b64dec: fn([string], (text) => {
    const decoded = decodeBase64(text);
    return typeof decoded === "string" ? decoded : fromBytes(decoded);
  }),
  b32enc: fn([string], (text) => encodeBase32(toBytes(text))),
  b32dec: fn([string], decodeBase32),
  sha1sum: fn([string], (text) => createHash("sha1").update(toBytes(text)).digest("hex")),
  sha256sum: fn([string], (text) => createHash("sha256").update(toBytes(text)).digest("hex")),
  sha512sum: fn([string], (text) => createHash("sha512").update(toBytes(text)).digest("hex")),
  adler32sum: fn([string], (text) => String(adler32(toBytes(text)))),
};

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Decodes as `base64.StdEncoding`; a string says what is wrong in its words. */
export function decodeBase64(text: string): Buffer | string {
  const bad = (at: number) => `illegal base64 data at input byte ${at}`;
  const bytes = toBytes(text);
  let digits = "";
  let at = 0;
  const skipBreaks = () => {
    while (bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
  };
  for (skipBreaks(); at < bytes.length; skipBreaks()) {
    const quantum = at;
    let count = 0;
    for (; count < 4; count++) {
      skipBreaks();
      if (at >= bytes.length)
        return count === 0 ? Buffer.from(digits, "base64") : bad(at - count < 0 ? quantum : at - count);
      const character = String.fromCharCode(bytes[at] ?? 0);
      if (character === "=") break;
      if (!base64Digits.includes(character)) return bad(at);
      digits += character;
      at++;
    }
    if (count === 4) continue;
    if (count < 2) return bad(at);
    at++;
    if (count === 2) {
      skipBreaks();
      if (at >= bytes.length) return bad(bytes.length);
      if (bytes[at] !== 0x3d) return bad(at);
      at++;
    }
    skipBreaks();
    if (at < bytes.length) return bad(at);
  }
  return Buffer.from(digits, "base64");
}

const base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function encodeBase32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const digits =
    bits.match(/.{1,5}/g)?.map((group) => base32Digits[Number.parseInt(group.padEnd(5, "0"), 2)] ?? "") ?? [];
  return digits.join("").padEnd(Math.ceil(bytes.length / 5) * 8, "=");
}

function decodeBase32(text: string): string {
  const bad = (at: number) => `illegal base32 data at input byte ${at}`;
  const input = text.replace(/[\r\n]/g, "");
  const [, digits = "", padding = ""] = /^([^=]*)(=*)/.exec(input) ?? [];
  const wrong = Array.from(digits).findIndex((digit) => !base32Digits.includes(digit));
  if (wrong >= 0) return bad(wrong);
  if (digits.length + padding.length < input.length) return bad(digits.length + padding.length);
  if (input.length % 8 !== 0) return bad(padding === "" ? digits.length - (digits.length % 8) : digits.length);
  if (![0, 1, 3, 4, 6].includes(padding.length)) return bad(digits.length);
  let bits = "";
  for (const digit of digits) bits += base32Digits.indexOf(digit).toString(2).padStart(5, "0");
  return fromBytes(Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2)));
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}
