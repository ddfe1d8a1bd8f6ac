import { GoError } from "../go-error.ts";
import { quoteText } from "../go-format.ts";
import { type GoType, mapType } from "../go-types.ts";
import { inInt64, parseGoInteger } from "../literals.ts";
import { type GoMap, goInt64, hasKey, isMap, newMap, typedList, type Value } from "../values.ts";
import { tomlTime } from "./dates.ts";

/** How deep arrays and inline tables may nest. */
const depthMax = 200;

const tablesType: GoType = { name: "[]map[string]interface {}", kind: "slice", element: mapType };

/** Reads a TOML document. @throws {GoError} with the line, and the key that was read last */
export function readToml(text: string): GoMap {
  return new TomlReader(text).read();
}

class TomlReader {
  readonly #text: string;
  #at = 0;
  #lastKey: string[] = [];
  /** Tables that were opened by `[name]`, or closed for additions as inline tables are. */
  readonly #defined = new Set<GoMap>();
  readonly #closed = new Set<GoMap>();
  readonly #arrays = new Map<Value, GoMap[]>();
  #depth = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  }

  read(): GoMap {
    const stray = this.#text.search(/[\ud800-\udfff]/u);
    if (stray >= 0) {
      this.#at = stray;
      this.#fail(`invalid UTF-8 byte: 0x${(this.#text.charCodeAt(stray) & 0xff).toString(16)}`);
    }
    const root = newMap();
    let table = root;
    for (this.#skipLines(); this.#at < this.#text.length; this.#skipLines()) {
      if (this.#accept("[[")) table = this.#openElement(root, this.#header("]]"));
      else if (this.#accept("[")) table = this.#openTable(root, this.#header("]"));
      else this.#keyValue(table);
      this.#endLine();
    }
    this.#finishArrays(root);
    return root;
  }

  #fail(message: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    const last = this.#lastKey.length === 0 ? "" : ` (last key ${quoteText(this.#lastKey.join("."))})`;
    throw new GoError(`toml: line ${line}${last}: ${message}`);
  }

  #character(): string {
    return this.#text[this.#at] ?? "";
  }

  #accept(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipBlanks(): void {
    this.#match(/[ \t]*/y);
  }

  #skipLines(): void {
    this.#match(/(?:[ \t\n]|#[^\n]*)*/y);
  }

  #endLine(): void {
    this.#match(/[ \t]*(?:#[^\n]*)?/y);
    if (this.#at < this.#text.length && this.#character() !== "\n") {
      this.#fail(
        `expected a top-level item to end with a newline, comment, or EOF, but got ${quoteCharacter(this.#character())} instead`,
      );
    }
  }

  #header(close: string): string[] {
    this.#skipBlanks();
    const key = this.#key();
    this.#skipBlanks();
    if (!this.#accept(close)) {
      this.#fail(
        `expected end of table array name delimiter ${quoteText("]")}, but got ${quoteCharacter(this.#character())} instead`,
      );
    }
    this.#lastKey = key;
    return key;
  }

  #key(): string[] {
    const key: string[] = [];
    do {
      this.#skipBlanks();
      const character = this.#character();
      if (character === '"' || character === "'") key.push(this.#quoted());
      else {
        const bare = this.#match(/[A-Za-z0-9_-]+/y);
        if (bare === undefined) {
          if (character === "." && key.length === 0) this.#fail("unexpected '.': keys cannot start with a '.'");
          this.#fail(
            character === ""
              ? "unexpected EOF; expected key separator '='"
              : `expected '.' or '=', but got ${quoteCharacter(character)} instead`,
          );
        }
        key.push(bare);
      }
      this.#skipBlanks();
    } while (this.#accept("."));
    return key;
  }

  #keyValue(table: GoMap): void {
    this.#lastKey = [];
    const key = this.#key();
    this.#skipBlanks();
    if (this.#character() === "") this.#fail("unexpected EOF; expected key separator '='");
    if (!this.#accept("=")) this.#fail(`expected '.' or '=', but got ${quoteCharacter(this.#character())} instead`);
    this.#lastKey = key;
    this.#skipBlanks();
    const value = this.#value();
    const inner = this.#descend(table, key.slice(0, -1), true);
    const name = key.at(-1) ?? "";
    if (hasKey(inner, name)) this.#fail(`Key '${key.join(".")}' has already been defined.`);
    inner[name] = value;
  }

  /** The table at a path, made where there is none. */
  #descend(table: GoMap, path: readonly string[], isDotted: boolean): GoMap {
    let here = table;
    for (const name of path) {
      const known = hasKey(here, name) ? here[name] : undefined;
      const items = this.#arrays.get(known);
      const next: Value = items?.at(-1) ?? known ?? newMap();
      if (known === undefined) here[name] = next;
      if (!isMap(next) || this.#closed.has(next) || (isDotted && this.#defined.has(next))) {
        this.#fail(`Key '${path.join(".")}' has already been defined.`);
      }
      here = next;
    }
    return here;
  }

  #openTable(root: GoMap, key: readonly string[]): GoMap {
    const parent = this.#descend(root, key.slice(0, -1), false);
    const name = key.at(-1) ?? "";
    const known = hasKey(parent, name) ? parent[name] : undefined;
    if (known !== undefined && (!isMap(known) || this.#defined.has(known) || this.#closed.has(known))) {
      this.#fail(`Key '${key.join(".")}' has already been defined.`);
    }
    const table = isMap(known) ? known : newMap();
    parent[name] = table;
    this.#defined.add(table);
    return table;
  }

  #openElement(root: GoMap, key: readonly string[]): GoMap {
    const parent = this.#descend(root, key.slice(0, -1), false);
    const name = key.at(-1) ?? "";
    let array = hasKey(parent, name) ? parent[name] : undefined;
    if (array !== undefined && !this.#arrays.has(array)) {
      this.#fail(`Key '${key.join(".")}' was already created and cannot be used as an array.`);
    }
    if (array === undefined) {
      array = [];
      parent[name] = array;
      this.#arrays.set(array, []);
    }
    const table = newMap();
    this.#arrays.get(array)?.push(table);
    return table;
  }

  /** Puts lists in the place of what stood for arrays of tables. */
  #finishArrays(table: GoMap): void {
    for (const key of Object.keys(table)) {
      const value = table[key];
      const items = this.#arrays.get(value);
      if (items !== undefined) {
        for (const item of items) this.#finishArrays(item);
        table[key] = typedList(tablesType, items);
      } else if (isMap(value)) {
        this.#finishArrays(value);
      }
    }
  }

  #value(): Value {
    const character = this.#character();
    switch (character) {
      case "":
        return this.#fail("unexpected EOF; expected value");
      case '"':
      case "'":
        return this.#accept('"""') ? this.#multiline('"') : this.#accept("'''") ? this.#multiline("'") : this.#quoted();
      case "[":
        return this.#array();
      case "{":
        return this.#inlineTable();
    }
    const word = this.#match(/[^\s,\]}#=]+(?: \d\d:[^\s,\]}#]*)?/y);
    if (word === undefined) return this.#fail(`expected value but found ${quoteCharacter(character)} instead`);
    return this.#word(word);
  }

  #word(word: string): Value {
    if (word === "true" || word === "false") return word === "true";
    if (/^[+-]?(?:inf|nan)$/.test(word)) {
      return word.endsWith("nan")
        ? Number.NaN
        : word.startsWith("-")
          ? Number.NEGATIVE_INFINITY
          : Number.POSITIVE_INFINITY;
    }
    if (/^\d{4}-\d\d-\d\d|^\d\d:\d\d/.test(word)) {
      return tomlTime(word) ?? this.#fail(`Invalid TOML Datetime: ${quoteText(word)}.`);
    }
    if (
      /^(?:[+-]?(?:0|[1-9](?:_?\d)*)|0x[\da-fA-F]+(?:_[\da-fA-F]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*)$/.test(
        word,
      )
    ) {
      const integer = parseGoInteger(word.replaceAll("_", ""), 0);
      if (integer === undefined || !inInt64(integer))
        return this.#fail(`Integer '${word}' is out of the range of 64-bit signed integers.`);
      return goInt64(integer);
    }
    if (/^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/.test(word))
      return Number(word.replaceAll("_", ""));
    return this.#fail(`expected value but found ${quoteText(word)} instead`);
  }

  #array(): Value {
    if (++this.#depth > depthMax) this.#fail("arrays nest too deeply");
    this.#at++;
    const items: Value[] = [];
    for (;;) {
      this.#skipLines();
      if (this.#accept("]")) break;
      items.push(this.#value());
      this.#skipLines();
      if (this.#accept(",")) continue;
      if (this.#accept("]")) break;
      this.#fail(`expected a comma (',') or array terminator (']'), but got ${quoteCharacter(this.#character())}`);
    }
    this.#depth--;
    return items;
  }

  #inlineTable(): Value {
    if (++this.#depth > depthMax) this.#fail("inline tables nest too deeply");
    this.#at++;
    const table = newMap();
    for (;;) {
      this.#skipLines();
      if (this.#accept("}")) break;
      this.#keyValue(table);
      this.#skipLines();
      if (this.#accept(",")) continue;
      if (this.#accept("}")) break;
      this.#fail(
        `expected a comma or an inline table terminator '}', but got ${quoteCharacter(this.#character())} instead`,
      );
    }
    this.#closed.add(table);
    this.#depth--;
    return table;
  }

  #quoted(): string {
    const quote = this.#character();
    this.#at++;
    const body = this.#match(quote === "'" ? /[^'\n]*/y : /(?:[^"\\\n]|\\[^\n])*/y) ?? "";
    if (!this.#accept(quote))
      this.#fail(this.#character() === "" ? `unexpected EOF; expected '${quote}'` : "strings cannot contain newlines");
    return quote === "'" ? body : this.#unescape(body);
  }

  #multiline(quote: string): string {
    this.#accept("\n");
    const close = quote.repeat(3);
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      if (quote === '"' && this.#character() === "\\") this.#at++;
      else if (this.#text.startsWith(close, this.#at)) {
        // Up to two quotes may stand right in front of the three that close the text.
        while (this.#text[this.#at + 3] === quote) this.#at++;
        const body = this.#text.slice(start, this.#at);
        this.#at += 3;
        return quote === "'" ? body : this.#unescape(body.replace(/\\[ \t]*\n\s*/g, ""));
      }
    }
    return this.#fail(`unexpected EOF; expected '${close}'`);
  }

  #unescape(body: string): string {
    return body.replace(
      /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|(.))/gs,
      (_all, short, long, byte, letter) => {
        if (letter !== undefined) {
          return letters[letter] ?? this.#fail(`invalid escape character ${quoteCharacter(letter)}`);
        }
        const code = Number.parseInt(short ?? long ?? byte, 16);
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
          this.#fail(`Escaped character '\\u${short ?? long}' is not valid UTF-8.`);
        return String.fromCodePoint(code);
      },
    );
  }
}

const letters: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\x1b",
  '"': '"',
  "\\": "\\",
};

function quoteCharacter(character: string): string {
  return character === "" ? "EOF" : `'${quoteText(character).slice(1, -1)}'`;
}
