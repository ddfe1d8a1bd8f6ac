import { GoError } from "../go-error.ts";
import { formatValue, quoteText } from "../go-format.ts";
import { byteLength, fromBytes, goSpace, isAscii, runesOf, sliceBytes, toBytes, trimGoSpace } from "../go-text.ts";
import { stringMapType, stringsType } from "../go-types.ts";
import { inInt64, parseGoInteger } from "../literals.ts";
import type { Run } from "../run.ts";
import { any, type FunctionTable, fn, int, runFn, string, variadicFn } from "../signature.ts";
import { goInt, typedList, typedMap, type Value } from "../values.ts";
import { strslice, strval } from "./convert.ts";
import { lowerRune, titleRune, toLower, toUpper } from "./letter-case.ts";

/** Sprig's functions on text. Offsets and lengths count bytes. */
export const stringFunctions: FunctionTable = {
  trim: fn([string], trimGoSpace),
  trimAll: fn([string, string], (cutset, text) => trimRunes(text, cutset)),
  trimall: fn([string, string], (cutset, text) => trimRunes(text, cutset)),
  trimSuffix: fn([string, string], (suffix, text) =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  ),
  trimPrefix: fn([string, string], (prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  upper: fn([string], toUpper),
  lower: fn([string], toLower),
  title: fn([string], (text) =>
    eachRune(text, (rune, before) => (before === "" || isSeparator(before) ? titleRune(rune) : rune)),
  ),
  untitle: fn([string], (text) => {
    return eachRune(text, (rune, before) => (before === "" || goSpace.test(before) ? lowerRune(rune) : rune));
  }),
  substr: fn([int, int, string], substring),
  trunc: fn([int, string], truncate),
  repeat: runFn([int, string], (run, count, text) => {
    if (count < 0) throw new GoError("strings: negative Repeat count");
    run.reserve(count * text.length);
    return text.repeat(count);
  }),
  abbrev: fn([int, string], (width, text) => (width < 4 ? text : abbreviate(text, 0, width))),
  abbrevboth: fn([int, int, string], (left, right, text) => {
    return right < 4 || (left > 0 && right < 7) ? text : abbreviate(text, left, right);
  }),
  nospace: fn([string], (text) => eachByte(text, (character) => (goSpace.test(character) ? "" : character))),
  initials: fn([string], initials),
  contains: fn([string, string], (part, text) => text.includes(part)),
  hasPrefix: fn([string, string], (prefix, text) => text.startsWith(prefix)),
  hasSuffix: fn([string, string], (suffix, text) => text.endsWith(suffix)),
  quote: variadicFn([], any, (...values) => joinPresent(values, (value) => quoteText(strval(value)))),
  squote: variadicFn([], any, (...values) => joinPresent(values, (value) => `'${formatValue(value)}'`)),
  cat: variadicFn([], any, (...values) => joinPresent(values, formatValue)),
  indent: runFn([int, string], indent),
  nindent: runFn([int, string], (run, spaces, text) => `\n${indent(run, spaces, text)}`),
  replace: runFn([string, string, string], (run, from, to, text) => replaceAll(run, text, from, to)),
  plural: fn([string, string, int], (one, many, count) => (count === 1 ? one : many)),
  toString: fn([any], strval),
  toStrings: fn([any], (value) => typedList(stringsType, strslice(value))),
  join: runFn([string, any], (run, separator, value) => {
    const parts = strslice(value);
    run.reserve(separator.length * parts.length);
    return parts.join(separator);
  }),
  split: fn([string, string], (separator, text) => numbered(splitText(text, separator))),
  splitn: fn([string, int, string], (separator, count, text) => numbered(splitText(text, separator, count))),
  splitList: fn([string, string], (separator, text) => typedList(stringsType, splitText(text, separator))),
  wrap: fn([int, string], (width, text) => wrapText(text, width, "\n", false)),
  wrapWith: fn([int, string, string], (width, newLine, text) => wrapText(text, width, newLine || "\n", true)),
  atoi: fn([string], (text) => {
    const value = parseGoInteger(text, 10);
    if (value === undefined) return goInt(0);
    return goInt(inInt64(value) ? value : value < 0n ? -(2n ** 63n) : 2n ** 63n - 1n);
  }),
  hello: fn([], () => "Hello!"),
};

function joinPresent(values: readonly Value[], format: (value: Value) => string): string {
  return values
    .filter((value) => value !== null && value !== undefined)
    .map(format)
    .join(" ");
}

/** More spaces than anybody indents by: from here on lines are counted before they are indented. */
const padFree = 1000;

/** @throws {GoError} for a negative number of spaces, as `strings.Repeat` does */
function indent(run: Run, spaces: number, text: string): string {
  if (spaces < 0) throw new GoError("strings: negative Repeat count");
  run.reserve(spaces);
  const pad = " ".repeat(spaces);
  if (spaces > padFree) run.reserve(spaces * (text.split("\n").length - 1));
  return pad + text.replaceAll("\n", `\n${pad}`);
}

function trimRunes(text: string, cutset: string): string {
  const cut = new Set(runesOf(cutset));
  const runes = Array.from(text);
  let start = 0;
  let end = runes.length;
  while (start < end && cut.has(runes[start] ?? "")) start++;
  while (end > start && cut.has(runes[end - 1] ?? "")) end--;
  return runes.slice(start, end).join("");
}

/** `strings.ReplaceAll`: an empty text to replace is found before every character and at the end. */
function replaceAll(run: Run, text: string, from: string, to: string): string {
  const parts = from === "" ? runesOf(text) : text.split(from);
  run.reserve(to.length * parts.length);
  return from === "" ? to + parts.map((rune) => rune + to).join("") : parts.join(to);
}

/** `strings.SplitN`: no more than `limit` parts, all for a negative limit; an empty separator splits characters. */
export function splitText(text: string, separator: string, limit = -1): string[] {
  if (limit === 0) return [];
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function numbered(parts: readonly string[]): Value {
  return typedMap(
    stringMapType,
    parts.map((part, index) => [`_${index}`, part]),
  );
}

function outOfRange(start: number, end: number, length: number): never {
  const range = end < 0 ? `[:${end}]` : end > length ? `[:${end}] with length ${length}` : `[${start}:${end}]`;
  throw new GoError(`runtime error: slice bounds out of range ${range}`);
}

function substring(start: number, end: number, text: string): string {
  const length = byteLength(text);
  const from = Math.max(start, 0);
  const to = start >= 0 && (end < 0 || end > length) ? length : end;
  if (to < 0 || to > length || from > to) outOfRange(from, to, length);
  return sliceBytes(text, from, to);
}

function truncate(count: number, text: string): string {
  const length = byteLength(text);
  if (count < 0 && length + count > 0) return sliceBytes(text, length + count);
  return count >= 0 && length > count ? sliceBytes(text, 0, count) : text;
}

function abbreviate(text: string, left: number, width: number): string {
  const length = byteLength(text);
  if (length <= width) return text;
  let offset = Math.min(left, length);
  if (length - offset < width - 3) offset = length - (width - 3);
  if (offset <= 4) return `${sliceBytes(text, 0, width - 3)}...`;
  if (offset + width - 3 < length) return `...${abbreviateEnd(sliceBytes(text, offset), width - 3)}`;
  return `...${sliceBytes(text, length - (width - 3))}`;
}

function abbreviateEnd(text: string, width: number): string {
  return width < 4 ? "" : abbreviate(text, 0, width);
}

/** Walks the bytes as goutils does, which takes each for a character of Latin-1. */
function eachByte(text: string, map: (character: string) => string): string {
  if (isAscii(text)) return Array.from(text, map).join("");
  const result = Array.from(toBytes(text), (byte) => map(String.fromCharCode(byte))).join("");
  return result.length === byteLength(text) ? text : result;
}

function initials(text: string): string {
  let result = "";
  let isAfterGap = true;
  for (const byte of toBytes(text)) {
    const character = String.fromCharCode(byte);
    const isGap = goSpace.test(character);
    if (!isGap && isAfterGap) result += character;
    isAfterGap = isGap;
  }
  return result;
}

function eachRune(text: string, map: (rune: string, before: string) => string): string {
  let before = "";
  return runesOf(text)
    .map((rune) => {
      const mapped = map(rune, before);
      before = rune;
      return mapped;
    })
    .join("");
}

/** Where `strings.Title` sees the end of a word. */
function isSeparator(rune: string): boolean {
  if (rune <= "\x7f") return !/[\w]/.test(rune);
  return !/[\p{L}\p{Nd}]/u.test(rune) && goSpace.test(rune);
}

function wrapText(text: string, width: number, newLine: string, wrapLongWords: boolean): string {
  const bytes = toBytes(text);
  const size = Math.max(width, 1);
  const space = 0x20;
  const lines: string[] = [];
  let offset = 0;
  while (bytes.length - offset > size) {
    if (bytes[offset] === space) {
      offset++;
      continue;
    }
    const last = bytes.subarray(offset, offset + size + 1).lastIndexOf(space);
    let end = last < 0 ? -1 : offset + last;
    if (end < 0 && wrapLongWords) {
      lines.push(fromBytes(bytes.subarray(offset, offset + size)));
      offset += size;
      continue;
    }
    if (end < 0) end = bytes.indexOf(space, offset + size);
    if (end < 0) break;
    lines.push(fromBytes(bytes.subarray(offset, end)));
    offset = end + 1;
  }
  return lines.map((line) => line + newLine).join("") + fromBytes(bytes.subarray(offset));
}
