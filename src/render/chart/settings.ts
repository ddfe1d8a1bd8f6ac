import { isFields, quoteGo } from "../../apimachinery/index.ts";
import { readJson } from "../template/functions/json.ts";
import { GoError } from "../template/go-error.ts";
import { fromBytes, goSpace, runesOf } from "../template/go-text.ts";
import { type GoMap, goInt64, hasKey, isMap, newMap, typeName, type Value } from "../template/values.ts";

/** The largest index of a list that a setting may name, and how many dots its name may have: Helm's own limits. */
const indexMax = 65_536;
const nestingMax = 30;

/**
 * How what follows `=` is read: as `--set` does, always as text, as the path of a file, as JSON, or as text to the end of the
 * setting, in which no character has a meaning.
 */
export type SettingKind = "typed" | "string" | "file" | "json" | "literal";

/** What may be wrong with a setting, in the words of Helm's parser. */
export class SettingError extends GoError {
  override readonly name: string = "SettingError";
}

/** The text ends where something had to follow: an error in places only, since Helm takes it for the end of the setting. */
class EndError extends SettingError {
  override readonly name = "EndError";
}

/**
 * Reads one argument of `--set` or its like, `a.b=1,c[0]=x,d={y,z}`, into values.
 *
 * @param into is changed, also when there is an error later in the text
 * @param readFile gives what a file holds, for the kind `file`
 * @throws {SettingError} in the words of Helm's parser
 */
export function parseSetting(
  text: string,
  into: GoMap,
  kind: SettingKind,
  readFile: (path: string) => Uint8Array = missingFile,
): void {
  const read = (value: string): Value => {
    if (kind === "typed") return typed(value);
    return kind === "file" ? fromBytes(readFile(value)) : value;
  };
  const parser = new SettingParser(text, kind, read);
  try {
    for (;;) parser.key(into, 0);
  } catch (error) {
    if (!(error instanceof EndError)) throw error;
  }
}

/**
 * The paths that arguments of `--set-file` name, so that the files can be read before.
 *
 * @throws {SettingError}
 */
export function settingFiles(settings: readonly string[]): string[] {
  const paths = new Set<string>();
  const note = (path: string) => {
    paths.add(path);
    return new Uint8Array();
  };
  for (const setting of settings) parseSetting(setting, newMap(), "file", note);
  return [...paths];
}

function missingFile(path: string): never {
  throw new SettingError(`open ${path}: no such file or directory`);
}

class SettingParser {
  readonly #runes: readonly string[];
  readonly #kind: SettingKind;
  readonly #read: (value: string) => Value;
  #at = 0;

  constructor(text: string, kind: SettingKind, read: (value: string) => Value) {
    this.#runes = runesOf(text);
    this.#kind = kind;
    this.#read = read;
  }

  /** Reads `name=value`, where the name may go on with `.` or `[`, and what follows up to the next name. */
  key(data: GoMap, depth: number): void {
    const { text: name, stop } = this.#until(this.#kind === "literal" ? "=[." : "=[,.");
    switch (stop) {
      case undefined:
        throw name === "" ? new EndError("EOF") : new SettingError(`key ${quoteGo(name)} has no value`);
      case "[":
        this.#indexed(data, name, depth);
        return;
      case "=":
        if (this.#assign((value) => set(data, name, value))) throw new EndError("EOF");
        return;
      case ",":
        set(data, name, "");
        throw new SettingError(`key ${quoteGo(name)} has no value (cannot end with ,)`);
      default:
        this.#nested(data, name, depth + 1);
    }
  }

  #nested(data: GoMap, name: string, depth: number): void {
    if (depth > nestingMax) {
      throw new SettingError(`value name nested level is greater than maximum supported nested level of ${nestingMax}`);
    }
    const known = hasKey(data, name) ? data[name] : newMap();
    if (!isMap(known)) throw wrongKind(known, "map[string]interface {}");
    try {
      this.key(known, depth);
      if (Object.keys(known).length === 0) throw new SettingError(`key map ${quoteGo(name)} has no value`);
    } finally {
      // Also what stands before a mistake is set.
      if (Object.keys(known).length > 0) set(data, name, known);
    }
  }

  #indexed(data: GoMap, name: string, depth: number): void {
    const index = this.#index();
    const known = hasKey(data, name) ? data[name] : [];
    if (!Array.isArray(known)) throw wrongKind(known, "[]interface {}");
    try {
      this.#item(known, index, depth);
    } finally {
      set(data, name, known);
    }
  }

  #index(): number {
    const { text, stop } = this.#until("]");
    if (stop === undefined) throw new EndError("error parsing index: EOF");
    const problem = !/^[+-]?\d+$/.test(text) ? "invalid syntax" : undefined;
    const value = problem === undefined ? BigInt(text.replace("+", "")) : 0n;
    const why = problem ?? (value === BigInt.asIntN(64, value) ? undefined : "value out of range");
    if (why !== undefined) {
      throw new SettingError(`error parsing index: strconv.Atoi: parsing ${quoteGo(text)}: ${why}`);
    }
    return Number(value);
  }

  /** Reads what follows `name[index]`. */
  #item(list: Value[], index: number, depth: number): void {
    if (index < 0) throw new SettingError(`negative ${index} index not allowed`);
    const { text, stop } = this.#until("[.=");
    if (text !== "") throw new SettingError(`unexpected data at end of array index: ${quoteRunes(text)}`);
    if (stop === undefined) throw new EndError("EOF");
    if (stop === "=") {
      this.#assign((value) => setItem(list, index, value));
    } else if (stop === "[") {
      const next = this.#index();
      const known = list[index] ?? [];
      if (!Array.isArray(known)) throw wrongKind(known, "[]interface {}");
      this.#item(known, next, depth);
      setItem(list, index, known);
    } else {
      const known = list[index];
      const inner = isMap(known) ? known : newMap();
      if (index < list.length && inner !== known) list[index] = inner;
      this.key(inner, depth);
      setItem(list, index, inner);
    }
  }

  /** Reads the value behind `=`. @returns whether there was nothing */
  #assign(store: (value: Value) => void): boolean {
    if (this.#kind === "literal") {
      store(this.#until("").text);
    } else if (this.#kind === "json") {
      store(this.#skipToValue() ? null : this.#json());
    } else if (this.#runes[this.#at] === undefined) {
      store("");
      return true;
    } else if (this.#runes[this.#at] === "{") {
      this.#at++;
      store(this.#list());
    } else {
      store(this.#read(this.#until(",").text));
    }
    return false;
  }

  #list(): Value[] {
    const items: Value[] = [];
    for (;;) {
      const { text, stop } = this.#until(",}");
      if (stop === undefined) throw new SettingError("list must terminate with '}'");
      items.push(this.#read(text));
      if (stop === ",") continue;
      if (this.#runes[this.#at] === ",") this.#at++;
      return items;
    }
  }

  #json(): Value {
    const rest = this.#runes.slice(this.#at).join("");
    const text = firstJson(rest);
    const value = readJson(text);
    this.#at += Array.from(text).length;
    this.#skipToValue();
    return value;
  }

  /** Skips spaces. @returns whether there is no value: a comma, which is skipped too, or the end */
  #skipToValue(): boolean {
    for (;;) {
      const rune = this.#runes[this.#at];
      if (rune === undefined) return true;
      if (rune !== "," && !goSpace.test(rune)) return false;
      this.#at++;
      if (rune === ",") return true;
    }
  }

  /** Reads up to one of some characters, which is skipped; `\` takes the next character as it is, but not in literals. */
  #until(stops: string): { text: string; stop: string | undefined } {
    let text = "";
    for (;;) {
      let rune = this.#runes[this.#at++];
      if (rune === "\\" && this.#kind !== "literal") rune = this.#runes[this.#at++];
      else if (rune !== undefined && stops.includes(rune)) return { text, stop: rune };
      if (rune === undefined) {
        this.#at = this.#runes.length;
        return { text, stop: undefined };
      }
      text += rune;
    }
  }
}

function set(data: GoMap, name: string, value: Value): void {
  if (name !== "") data[name] = value;
}

function setItem(list: Value[], index: number, value: Value): void {
  if (index > indexMax) {
    throw new SettingError(`index of ${index} is greater than maximum supported index of ${indexMax}`);
  }
  while (list.length <= index) list.push(null);
  list[index] = value;
}

/** A value of `--set`: what looks like a truth value, null or an integer is one. */
function typed(text: string): Value {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  if (lower === "null") return null;
  if (text === "0") return goInt64(0);
  if (/^(?:[1-9]|[+-]\d)\d*$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value === BigInt.asIntN(64, value)) return goInt64(value);
  }
  return text;
}

/** The JSON value at the beginning of a text. What is malformed is found by who reads it. */
function firstJson(text: string): string {
  if (/^[[{]/.test(text)) {
    let depth = 0;
    for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
      if (token === "[" || token === "{") depth++;
      else if (token === "]" || token === "}") depth--;
      if (depth === 0) return text.slice(0, index + 1);
    }
    return text;
  }
  const scalar = /^(?:"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d*)?(?:[eE][+-]?\d*)?|true|false|null)/s.exec(text);
  return scalar?.[0] ?? text;
}

/** What the recovered panic of a type assertion says. */
function wrongKind(value: Value, wanted: string): SettingError {
  const got = value === null || value === undefined ? "nil" : typeName(value);
  return new SettingError(`unable to parse key: interface conversion: interface {} is ${got}, not ${wanted}`);
}

/** `%q` of a list of runes. */
function quoteRunes(text: string): string {
  return `[${Array.from(text, (rune) => `'${quoteGo(rune).slice(1, -1).replace('\\"', '"').replace("'", "\\'")}'`).join(" ")}]`;
}

/** Whether an argument of `--set-json` is an object for the root and not `name=value`. */
export function isJsonObject(text: string): boolean {
  return text.replace(/^\s+/, "").startsWith("{");
}

/** Reads such an object. @throws {GoError} */
export function readJsonObject(text: string): GoMap {
  const value = readJson(text.trim());
  if (isFields(value) && isMap(value)) return value;
  throw new GoError("not an object");
}
