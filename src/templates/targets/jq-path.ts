import { type ExactObject, type ExactValue, isFields, setField } from "../../apimachinery/index.ts";

/** Steps into a document: fields by name, items by index, from the end when negative. Empty for the document itself. */
export type JqPath = readonly (string | number)[];

/** How deep a path may go; templates nest a dozen levels. */
const stepsMax = 100;

/**
 * Reads the part of jq that names one place: `.spec.parameters[0]`, `.a["b c"]`, `."a"`, `.a.[0]`, with `?` behind a step and
 * a comment at the end. Everything else that jq knows (`[]`, slices, pipes, functions, variables) names no single place.
 *
 * @throws {Error} that says at which character the text stops being such a path
 */
export function parseJqPath(text: string): JqPath {
  const reader = new PathReader(text);
  const path = reader.read();
  if (path.length > stepsMax) throw new Error(`Cannot read the path: more than ${stepsMax} steps`);
  return path;
}

class PathReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): (string | number)[] {
    this.#take(/\s+/y);
    if (this.#take(/\./y) === undefined) throw this.#fault("a path begins with a dot, as in .spec.parameters[0]");
    const path: (string | number)[] = [];
    // The first dot alone is the document; the name or bracket of the first step may follow it at once.
    const first = this.#name() ?? this.#bracket();
    if (first !== undefined) path.push(first);
    for (;;) {
      if (path.length > 0) this.#take(/\s*\?+/y);
      this.#take(/\s+/y);
      if (this.#at === this.#text.length || this.#take(/#.*$/sy) !== undefined) return path;
      const step = this.#take(/\./y) === undefined ? this.#bracket() : (this.#name() ?? this.#bracket());
      if (step === undefined || (path.length === 0 && typeof step === "string")) throw this.#fault(this.#hint());
      path.push(step);
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #name(): string | undefined {
    return this.#take(/[A-Za-z_][A-Za-z0-9_]*/y) ?? this.#string();
  }

  #string(): string | undefined {
    const start = this.#at;
    const literal = this.#take(/"(?:[^"\\]|\\.)*"/sy);
    if (literal === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(literal);
      if (typeof value === "string") return value;
    } catch {
      // Said below: jq's `\(…)` and unknown escapes.
    }
    this.#at = start;
    throw this.#fault(`${literal} is no text of JSON`);
  }

  #bracket(): string | number | undefined {
    const start = this.#at;
    if (this.#take(/\[\s*/y) === undefined) return undefined;
    const index = this.#take(/-?\d+(?![\d.eE])/y);
    const step = index === undefined ? this.#string() : Number(index);
    if (step !== undefined && this.#take(/\s*\]/y) !== undefined) return step;
    this.#at = start;
    throw this.#fault('in brackets stands one index or one name in quotes, as in [0] or ["a b"]');
  }

  #hint(): string {
    const rest = this.#text.slice(this.#at);
    if (/^[|,=+*/<>]|^(?:and|or|as)\b/.test(rest)) return "only a path can be given here, no other expression of jq";
    if (/^-/.test(rest)) return 'a name with other characters than letters, digits and _ needs quotes, as in ."a-b"';
    return 'a step is .name, ."name", [0] or ["name"]';
  }

  #fault(why: string): Error {
    const found = this.#at < this.#text.length ? `${JSON.stringify(this.#text.slice(this.#at))} at` : "its end, at";
    return new Error(`Cannot read the path ${JSON.stringify(this.#text)}: ${found} character ${this.#at + 1}: ${why}`);
  }
}

/**
 * What stands at a path, as jq reads it: `null` where there is nothing.
 *
 * @throws {Error} when the path goes into something that has no fields or no items
 */
export function readAt(document: ExactValue, path: JqPath): ExactValue {
  let here: ExactValue = document;
  for (const step of path) {
    if (here === null) return null;
    if (typeof step === "string") {
      if (!isFields(here)) throw misfit(step, here);
      here = Object.hasOwn(here, step) ? (here[step] ?? null) : null;
    } else {
      if (!Array.isArray(here)) throw misfit(step, here);
      here = here.at(step) ?? null;
    }
  }
  return here;
}

/** The same document with another value at a place that {@link readAt} finds; nothing that was given is changed. */
export function writeAt(document: ExactValue, path: JqPath, value: ExactValue): ExactValue {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "number") {
    if (!Array.isArray(document)) throw misfit(step, document);
    const index = step < 0 ? document.length + step : step;
    return document.map((item, at) => (at === index ? writeAt(item, rest, value) : item));
  }
  if (!isFields(document)) throw misfit(step, document);
  const copy: ExactObject = { ...document };
  setField(copy, step, writeAt(copy[step] ?? null, rest, value));
  return copy;
}

function misfit(step: string | number, found: ExactValue): Error {
  const want = typeof step === "string" ? "an object" : "an array";
  return new Error(`expected ${want} but got: ${nameOf(found)}`);
}

/** The name that jq has for a kind of value. */
export function nameOf(value: ExactValue): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
