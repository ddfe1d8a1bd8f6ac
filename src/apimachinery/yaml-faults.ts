import { formatGoExponent, quoteGo } from "./go-format.ts";
import type { ExactValue } from "./object.ts";
import type { YamlError } from "./yaml-error.ts";
import type { YamlSource } from "./yaml-source.ts";

/** A key, as Go shows it, that its map has already, which a strict reader refuses. `at` is where its value is. */
export type Duplicate = { readonly key: string; readonly at: number };

/** Go tells of all of them, however many; nobody reads more. Aliases can multiply them without end. */
const duplicatesMax = 10_000;

/**
 * What is wrong with a document whose syntax is right. go-yaml decodes only when it has parsed everything, so a mistake in
 * syntax counts more than all of this, wherever it stands.
 */
export class DecodeFaults {
  readonly #source: YamlSource;
  #first: YamlError | undefined;
  readonly duplicates: Duplicate[] = [];
  #unsayableAt: number | undefined;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  /** What go-yaml gives up at. Only the first of these counts. */
  add(why: string, at: number): void {
    this.#first ??= this.#source.error(why, at);
  }

  addDuplicate(duplicate: Duplicate): void {
    if (this.duplicates.length < duplicatesMax) this.duplicates.push(duplicate);
  }

  /** There is a value or a key that JSON has no word for. Another one may still replace it. */
  noteUnsayable(at: number): void {
    this.#unsayableAt ??= at;
  }

  /** @throws {YamlError} for what counts most */
  raise(value: ExactValue): void {
    if (this.#first !== undefined) throw this.#first;
    const [duplicate] = this.duplicates;
    if (duplicate !== undefined) this.#raiseDuplicates(duplicate);
    if (this.#unsayableAt === undefined) return;
    const unsayable = findStrangeKey(value) ?? findInfinite(value);
    if (unsayable !== undefined) throw this.#source.error(unsayable, this.#unsayableAt, unsayable);
  }

  #raiseDuplicates(first: Duplicate): never {
    // Each place once and in order: counting lines backwards begins anew at the beginning of the text.
    const places = Array.from(new Set(this.duplicates.map(({ at }) => at))).sort((a, b) => a - b);
    const lines = new Map(places.map((at) => [at, this.#source.lineOf(at)]));
    const shown = this.duplicates.map(({ key, at }) => `  line ${lines.get(at)}: key ${key} already set in map`);
    const goText = `yaml: unmarshal errors:\n${shown.join("\n")}`;
    throw this.#source.error(`key ${first.key} already set in map`, first.at, goText);
  }
}

/** Begins keys that Go has no string for; an escape can make another key begin so, which only matters beside one of them. */
const strangeMark = "\0strange key: ";

/**
 * Stands for a key that Go refuses when it turns the map into JSON, if the key is still there then.
 *
 * @param what the type and the key as Go shows them
 */
export function strangeKey(what: string, at: number, faults: DecodeFaults): string {
  faults.noteUnsayable(at);
  return strangeMark + what;
}

function findStrangeKey(value: ExactValue): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (key.startsWith(strangeMark)) {
      return `unsupported map key of type: ${key.slice(strangeMark.length)}, value: ${formatGoSyntax(item)}`;
    }
    const found = findStrangeKey(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInfinite(value: ExactValue): string | undefined {
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : `json: unsupported value: ${formatGoExponent(value)}`;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const item of Object.values(value)) {
    const found = findInfinite(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How Go's `%#v` shows what go-yaml reads. */
export function formatGoSyntax(value: ExactValue, isInside = false): string {
  if (value === null) return isInside ? "interface {}(nil)" : "<nil>";
  if (typeof value === "string") return quoteGo(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatGoExponent(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map((item) => formatGoSyntax(item, true)).join(", ")}}`;
  const shown = Object.entries(value)
    .map(([key, item]) => ({ key: key.startsWith(strangeMark) ? "interface {}(nil)" : quoteGo(key), item }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, item }) => `${key}:${formatGoSyntax(item, true)}`);
  return `map[interface {}]interface {}{${shown.join(", ")}}`;
}
