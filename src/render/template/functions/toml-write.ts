import { formatGoExponent } from "../../../apimachinery/index.ts";
import { Fuse } from "../fuse.ts";
import { GoError } from "../go-error.ts";
import { sortKeys } from "../sort-keys.ts";
import {
  entriesOf,
  GoInt,
  type GoMap,
  GoObject,
  isNilContainer,
  itemsOf,
  newMap,
  typeName,
  type Value,
} from "../values.ts";
import { strval } from "./convert.ts";

/** How deep tables may nest that are written; a map that holds itself nests without end. */
const depthMax = 1000;

/** A value as BurntSushi/toml writes it: plain keys first, then tables, indented by depth. @throws {GoError} in its words */
export function writeToml(value: Value): string {
  if (value === null || value === undefined) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  const writer = new TomlWriter();
  writer.encode([], value);
  return writer.text;
}

class TomlWriter {
  text = "";
  readonly #fuse = new Fuse();

  encode(key: readonly string[], value: Value): void {
    this.#fuse.burn();
    if (isNil(value) && (key.length > 0 || !Array.isArray(value))) return;
    const table = tableOf(value);
    if (table !== undefined) this.#table(key, table);
    else if (isTableArray(value)) this.#tables(key, itemsOf(value) ?? []);
    else if (key.length === 0) this.text += element(value, this.#fuse);
    else this.text += `${this.#indent(key)}${quoteKey(key.at(-1) ?? "")} = ${element(value, this.#fuse)}\n`;
  }

  #indent(key: readonly string[]): string {
    return "  ".repeat(key.length - 1);
  }

  #newLine(): void {
    if (this.text !== "") this.text += "\n";
  }

  #table(key: readonly string[], table: Table): void {
    if (key.length > depthMax) throw new GoError("toml: tables nest too deeply");
    if (key.length === 1) this.#newLine();
    if (key.length > 0) this.text += `${this.#indent(key)}[${key.map(quoteKey).join(".")}]\n`;
    this.#entries(key, table);
  }

  #entries(key: readonly string[], table: Table): void {
    const { direct, tables } = splitKeys(table);
    for (const name of [...direct, ...tables]) this.encode([...key, name], table.map[name]);
  }

  #tables(key: readonly string[], items: readonly Value[]): void {
    if (key.length === 0) throw new GoError("toml: top-level values must be Go maps or structs");
    for (const item of items) {
      const table = tableOf(item);
      if (table === undefined || isNil(item)) continue;
      this.#newLine();
      this.text += `${this.#indent(key)}[[${key.map(quoteKey).join(".")}]]\n`;
      this.#entries(key, table);
    }
  }
}

/** The fields of a struct have their order, the keys of a map are sorted. */
type Table = { readonly map: GoMap; readonly isStruct: boolean };

function splitKeys({ map, isStruct }: Table): { direct: string[]; tables: string[] } {
  const direct: string[] = [];
  const tables: string[] = [];
  const keys = Object.keys(map);
  for (const name of isStruct ? keys : sortKeys(keys)) {
    const value = map[name];
    const isTable = !isNil(value) && (tableOf(value) !== undefined || isTableArray(value));
    (isTable ? tables : direct).push(name);
  }
  return { direct, tables };
}

function isNil(value: Value): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return isNilContainer(value);
  const map = value instanceof GoObject ? undefined : entriesOf(value);
  return map !== undefined && isNilContainer(map);
}

/** Maps and structs; what has a text of its own is a string. */
function tableOf(value: Value): Table | undefined {
  const map = entriesOf(value);
  if (map !== undefined) return { map, isStruct: false };
  if (!(value instanceof GoObject) || itemsOf(value) !== undefined || value.text() !== undefined) return undefined;
  const fields = newMap();
  for (const [name, field] of value.fields()) if (/^[A-Z]/.test(name)) fields[name] = field;
  return { map: fields, isStruct: true };
}

function isTableArray(value: Value): boolean {
  const items = itemsOf(value);
  if (items === undefined || items.length === 0) return false;
  if (items.some(isNil)) throw new GoError("toml: cannot encode array with nil element");
  return items.every((item) => tableOf(item) !== undefined);
}

function element(value: Value, fuse: Fuse): string {
  fuse.burn();
  if (typeof value === "string") return quoteToml(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return formatNumber(value);
  if (value instanceof GoInt) return String(value.value);
  const items = itemsOf(value);
  if (items !== undefined) {
    if (items.some(isNil)) throw new GoError("toml: cannot encode array with nil element");
    return `[${items.map((item) => element(item, fuse)).join(", ")}]`;
  }
  const table = tableOf(value);
  if (table !== undefined) return inlineTable(table, fuse);
  if (value instanceof GoObject && value.type.name === "time.Time") return String(value.toData());
  if (value instanceof GoObject) return quoteToml(strval(value));
  throw new GoError(`unexpected type: ${typeName(value)}`);
}

function inlineTable(table: Table, fuse: Fuse): string {
  const { map } = table;
  const { direct, tables } = splitKeys(table);
  const names = [...direct, ...tables].filter((name) => !isNil(map[name]));
  return `{${names.map((name) => `${quoteKey(name)} = ${element(map[name], fuse)}`).join(", ")}}`;
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  const text = formatGoExponent(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function quoteKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoteToml(key);
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

function quoteToml(text: string): string {
  return `"${text.replace(/["\\\x00-\x1f\x7f]/g, (character) => {
    return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  })}"`;
}
