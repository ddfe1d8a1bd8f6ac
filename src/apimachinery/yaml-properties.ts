import type { Scanner } from "./yaml-scanner.ts";
import { isBlankOrEnd } from "./yaml-source.ts";

/** Reads the name behind `&` or `*`, where the scanner is. */
export function scanAnchor(scanner: Scanner): string {
  scanner.at++;
  const name = scanWord(scanner);
  const isEnded = isBlankOrEnd(scanner.text, scanner.at) || "?:,]}%@`".includes(scanner.text.charAt(scanner.at));
  if (name === "" || !isEnded) scanner.fail("did not find expected alphabetic or numeric character");
  return name;
}

/** Reads a tag. Without a handle the suffix is the whole tag. */
export function scanTag(scanner: Scanner): { handle: string; suffix: string } {
  const tag = scanner.text.charAt(scanner.at + 1) === "<" ? scanVerbatimTag(scanner) : scanShorthandTag(scanner);
  if (!isBlankOrEnd(scanner.text, scanner.at)) scanner.fail("did not find expected whitespace or line break");
  return tag;
}

function scanVerbatimTag(scanner: Scanner): { handle: string; suffix: string } {
  scanner.at += 2;
  const suffix = scanUri(scanner);
  if (suffix === "") scanner.fail("did not find expected tag URI");
  if (scanner.text.charAt(scanner.at) !== ">") scanner.fail("did not find the expected '>'");
  scanner.at++;
  return { handle: "", suffix };
}

function scanShorthandTag(scanner: Scanner): { handle: string; suffix: string } {
  const handle = scanHandle(scanner);
  if (handle.length > 1 && handle.endsWith("!")) {
    const suffix = scanUri(scanner);
    if (suffix === "") scanner.fail("did not find expected tag URI");
    return { handle, suffix };
  }
  const suffix = handle.slice(1) + scanUri(scanner);
  return suffix === "" ? { handle: "", suffix: "!" } : { handle: "!", suffix };
}

function scanHandle(scanner: Scanner): string {
  scanner.at++;
  const name = scanWord(scanner);
  if (scanner.text.charAt(scanner.at) !== "!") return `!${name}`;
  scanner.at++;
  return `!${name}!`;
}

function scanWord(scanner: Scanner): string {
  return scanMatch(scanner, /[\w-]*/y);
}

function scanMatch(scanner: Scanner, pattern: RegExp): string {
  pattern.lastIndex = scanner.at;
  const text = pattern.exec(scanner.text)?.[0] ?? "";
  scanner.at += text.length;
  return text;
}

/** What may stand in a tag, with `%` and two digits for each byte of another character. */
function scanUri(scanner: Scanner): string {
  let uri = "";
  for (;;) {
    uri += scanMatch(scanner, /[\w\-;/?:@&=+$,.!~*'()[\]]*/y);
    if (scanner.text.charAt(scanner.at) !== "%") return uri;
    uri += scanUriEscape(scanner);
  }
}

function scanUriEscape(scanner: Scanner): string {
  const octets: number[] = [];
  for (let length = 1; octets.length < length; ) {
    const digits = /^%([\da-fA-F]{2})/.exec(scanner.text.slice(scanner.at, scanner.at + 3))?.[1];
    if (digits === undefined) scanner.fail("did not find URI escaped octet");
    const octet = Number.parseInt(digits, 16);
    if (octets.length === 0) {
      length = utf8Length(octet);
      if (length === 0) scanner.fail("found an incorrect leading UTF-8 octet");
    } else if ((octet & 0xc0) !== 0x80) {
      scanner.fail("found an incorrect trailing UTF-8 octet");
    }
    octets.push(octet);
    scanner.at += 3;
  }
  return Buffer.from(octets).toString();
}

/** How many bytes a character has that begins with this one; 0 for one that begins none. */
function utf8Length(octet: number): number {
  if (octet < 0x80) return 1;
  if ((octet & 0xe0) === 0xc0) return 2;
  if ((octet & 0xf0) === 0xe0) return 3;
  return (octet & 0xf8) === 0xf0 ? 4 : 0;
}

/** `first` and `second` are a version and nothing, or the handle and the prefix of tags. */
type Directive = { isVersion: boolean; first: string; second: string };

/** Reads a line that begins with `%`. */
export function scanDirective(scanner: Scanner): Directive {
  scanner.at++;
  const name = scanWord(scanner);
  if (name === "") scanner.fail("could not find expected directive name");
  if (!isBlankOrEnd(scanner.text, scanner.at)) scanner.fail("found unexpected non-alphabetical character");
  const isVersion = name === "YAML";
  if (!isVersion && name !== "TAG") scanner.fail("found unknown directive name");
  skipBlanks(scanner);
  const directive = isVersion
    ? { isVersion, first: scanVersion(scanner), second: "" }
    : { isVersion, ...scanTagPrefix(scanner) };
  skipBlanks(scanner);
  scanMatch(scanner, /#[^\n\u2028\u2029]*/y);
  if (!/^[\n\u2028\u2029]?$/.test(scanner.text.charAt(scanner.at))) {
    scanner.fail("did not find expected comment or line break");
  }
  if (scanner.at < scanner.text.length) scanner.breakLine();
  return directive;
}

function skipBlanks(scanner: Scanner): void {
  scanMatch(scanner, /[ \t]*/y);
}

function scanVersion(scanner: Scanner): string {
  const major = scanVersionNumber(scanner);
  if (scanner.text.charAt(scanner.at) !== ".") scanner.fail("did not find expected digit or '.' character");
  scanner.at++;
  return `${major}.${scanVersionNumber(scanner)}`;
}

function scanVersionNumber(scanner: Scanner): number {
  const digits = scanMatch(scanner, /\d{0,2}/y);
  if (digits === "") scanner.fail("did not find expected version number");
  if (/\d/.test(scanner.text.charAt(scanner.at))) scanner.fail("found extremely long version number");
  return Number(digits);
}

function scanTagPrefix(scanner: Scanner): { first: string; second: string } {
  if (scanner.text.charAt(scanner.at) !== "!") scanner.fail("did not find expected '!'");
  const first = scanHandle(scanner);
  if (first !== "!" && !first.endsWith("!")) scanner.fail("did not find expected '!'");
  if (!/[ \t]/.test(scanner.text.charAt(scanner.at))) scanner.fail("did not find expected whitespace");
  skipBlanks(scanner);
  const second = scanUri(scanner);
  if (second === "") scanner.fail("did not find expected tag URI");
  if (!isBlankOrEnd(scanner.text, scanner.at)) scanner.fail("did not find expected whitespace or line break");
  return { first, second };
}
