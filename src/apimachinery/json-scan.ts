import { quoteGo } from "./go-format.ts";

/** `message` is in the words of Go's `encoding/json`; `offset` counts UTF-16 units from the start of the text. */
export type JsonFault = { message: string; offset: number };

/** An array (without `keys`) or an object that is still open, and the field or item of it that is being read. */
type Level = { keys?: Map<string, number>; key: string; index: number };

/** Told of each field as it comes: how often its object has had it by now, and its path, which costs as much as it is long. */
export type OnKey = (key: string, count: number, path: () => string) => void;

/**
 * Walks over JSON without building values, and says of broken JSON what is wrong and where. It keeps its own stack, so no
 * input can exhaust the call stack.
 */
export function scanJson(text: string, onKey?: OnKey): JsonFault | undefined {
  try {
    scan(text, onKey);
    return undefined;
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return { message: error.message, offset: error.offset };
  }
}

class ScanError extends Error {
  readonly offset: number;
  constructor(text: string, offset: number, context: string) {
    const code = text.codePointAt(offset);
    super(code === undefined ? "unexpected end of JSON input" : `invalid character ${quoteRune(code)} ${context}`);
    this.offset = offset;
  }
}

function quoteRune(code: number): string {
  const character = String.fromCodePoint(code);
  if (character === "'") return "'\\''";
  return character === '"' ? `'"'` : `'${quoteGo(character).slice(1, -1)}'`;
}

function scan(text: string, onKey: OnKey | undefined): void {
  const levels: Level[] = [];
  const path = () => pathOf(levels);
  let expect: "value" | "first" | "key" | "end" = "value";
  let at = 0;
  for (;;) {
    at = skipSpace(text, at);
    const level = levels.at(-1);
    if (expect === "end") {
      if (level === undefined) {
        if (at < text.length) throw new ScanError(text, at, "after top-level value");
        return;
      }
      const isObject = level.keys !== undefined;
      const character = text[at];
      if (character !== "," && character !== (isObject ? "}" : "]")) {
        throw new ScanError(text, at, isObject ? "after object key:value pair" : "after array element");
      }
      at++;
      if (character !== ",") levels.pop();
      else if (isObject) expect = "key";
      else {
        level.index++;
        expect = "value";
      }
    } else if (expect === "first" && text[at] === (level?.keys === undefined ? "]" : "}")) {
      levels.pop();
      at++;
      expect = "end";
    } else if (expect !== "value" && level?.keys !== undefined) {
      const { end, count } = scanKey(text, at, level, level.keys);
      onKey?.(level.key, count, path);
      at = end;
      expect = "value";
    } else if (text[at] === "{" || text[at] === "[") {
      levels.push(text[at] === "{" ? { keys: new Map(), key: "", index: 0 } : { key: "", index: 0 });
      at++;
      expect = "first";
    } else {
      at = scanScalar(text, at);
      expect = "end";
    }
  }
}

/** Reads `"key" :` and says how often the object has had that key now. */
function scanKey(text: string, start: number, level: Level, keys: Map<string, number>): { end: number; count: number } {
  if (text[start] !== '"') throw new ScanError(text, start, "looking for beginning of object key string");
  const end = scanString(text, start);
  level.key = String(JSON.parse(text.slice(start, end)));
  const count = (keys.get(level.key) ?? 0) + 1;
  keys.set(level.key, count);
  const colon = skipSpace(text, end);
  if (text[colon] !== ":") throw new ScanError(text, colon, "after object key");
  return { end: colon + 1, count };
}

function pathOf(levels: readonly Level[]): string {
  return levels
    .map(({ keys, key, index }) => (keys === undefined ? `[${index}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
}

function skipSpace(text: string, at: number): number {
  while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at++;
  return at;
}

function scanScalar(text: string, at: number): number {
  const character = text[at] ?? "";
  if (character === '"') return scanString(text, at);
  if (character === "-" || isDigit(character)) return scanNumber(text, at);
  const word = ["true", "false", "null"].find((known) => known[0] === character);
  if (word === undefined) throw new ScanError(text, at, "looking for beginning of value");
  for (let index = 1; index < word.length; index++) {
    if (text[at + index] !== word[index]) {
      throw new ScanError(text, at + index, `in literal ${word} (expecting '${word[index]}')`);
    }
  }
  return at + word.length;
}

function scanString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const character = text[at];
    if (character === undefined || character < " ") throw new ScanError(text, at, "in string literal");
    if (character === '"') return at + 1;
    if (character !== "\\") continue;
    const code = text[++at] ?? "";
    if (code === "" || !'"\\/bfnrtu'.includes(code)) throw new ScanError(text, at, "in string escape code");
    if (code !== "u") continue;
    for (let digits = 0; digits < 4; digits++) {
      if (!/^[0-9a-fA-F]$/.test(text[++at] ?? "")) {
        throw new ScanError(text, at, "in \\u hexadecimal character escape");
      }
    }
  }
}

function scanNumber(text: string, start: number): number {
  let at = text[start] === "-" ? start + 1 : start;
  if (text[at] === "0") at++;
  else at = scanDigits(text, at, "in numeric literal");
  if (text[at] === ".") at = scanDigits(text, at + 1, "after decimal point in numeric literal");
  if (text[at] !== "e" && text[at] !== "E") return at;
  at++;
  if (text[at] === "+" || text[at] === "-") at++;
  return scanDigits(text, at, "in exponent of numeric literal");
}

function scanDigits(text: string, at: number, context: string): number {
  if (!isDigit(text[at])) throw new ScanError(text, at, context);
  while (isDigit(text[at])) at++;
  return at;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}
