import { fromBytes, toBytes } from "../go-text.ts";

/** `url.QueryEscape`: a space becomes `+`. */
export function escapeQuery(text: string): string {
  return escapeBytes(text, /[A-Za-z0-9\-_.~]/).replaceAll("%20", "+");
}

/** Escapes every byte but those that stay. */
export function escapeBytes(text: string, kept: RegExp): string {
  return Array.from(toBytes(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (byte < 0x80 && kept.test(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** Resolves `%41`. The text must hold no malformed escape. */
export function unescapeBytes(text: string): string {
  if (!text.includes("%")) return text;
  const bytes: Uint8Array[] = [];
  let start = 0;
  for (const { 0: found, 1: digits = "", index } of text.matchAll(/%([\da-fA-F]{2})/g)) {
    bytes.push(toBytes(text.slice(start, index)), Uint8Array.of(Number.parseInt(digits, 16)));
    start = index + found.length;
  }
  bytes.push(toBytes(text.slice(start)));
  return fromBytes(Buffer.concat(bytes));
}
