import { formatGoExponent } from "./go-format.ts";
import { compareNatural, compareNaturalV3 } from "./natural-order.ts";
import { isAmbiguous, wordLengthMax } from "./yaml-scalar.ts";

/**
 * @property lineWidth text is folded at the first space beyond this column; 80 as in Go when absent, 0 for never
 * @property isFaithful writes what Go does also where Go does not read the same again: the key `<<`, and text with U+2028 or
 *   U+2029 that is no part of a collection, are then not quoted
 * @property v3 writes what go-yaml v3 does with an indentation of 2, and without JSON in between
 */
export type StringifyYamlOptions = { lineWidth?: number; isFaithful?: boolean; v3?: V3Options };

/**
 * In go-yaml v3 sequences are indented under their key, a number is a float unless it is a `bigint`, keys have another
 * order, and text in blocks can have tabs. It folds no lines.
 *
 * @property isOrdered whether an object's keys stay in their order, as fields of structs do
 * @property bytesOf what text stands for that is not well-formed; it is written as `!!binary`
 */
export type V3Options = { isOrdered(object: object): boolean; bytesOf(text: string): Uint8Array };

/**
 * Writes what `yaml.Marshal` of sigs.k8s.io/yaml writes for the same JSON, byte for byte: keys in natural order, sequences
 * not indented under their key, text with line breaks as a block. Fields that are `undefined` are left out.
 *
 * Unless `isFaithful`, what is written is read as what it was.
 */
export function stringifyYaml(value: unknown, options: StringifyYamlOptions = {}): string {
  return new Emitter(options).emit(value);
}

/** How much deeper a collection stands than the one around it. */
const step = 2;

/** libyaml writes longer keys after a `? `; counted in bytes. */
const keySizeMax = 128;

class Emitter {
  readonly #width: number;
  readonly #isFaithful: boolean;
  readonly #v3: V3Options | undefined;
  readonly #lines: string[] = [];
  /** What is being written. No part of the text follows another that has line breaks, so this is one line where it matters. */
  #line = "";

  constructor({ lineWidth = 80, isFaithful = false, v3 }: StringifyYamlOptions) {
    this.#width = lineWidth > 0 && v3 === undefined ? lineWidth : Number.POSITIVE_INFINITY;
    this.#isFaithful = isFaithful;
    this.#v3 = v3;
  }

  emit(value: unknown): string {
    this.#emitInline(value, 0);
    this.#startLine(0);
    return this.#lines.join("");
  }

  /** A value that begins where the text ends; its own lines and parts stand at `indent`. */
  #emitInline(value: unknown, indent: number): void {
    if (Array.isArray(value) && value.length > 0) this.#emitSequence(value, indent);
    else if (isFilledObject(value)) this.#emitMapping(value, indent);
    else this.#emitScalar(value, indent);
  }

  #emitSequence(items: readonly unknown[], indent: number): void {
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#startLine(indent);
      this.#line += "- ";
      this.#emitInline(item, indent + step);
    }
  }

  #emitMapping(object: object, indent: number): void {
    const entries = Object.entries(object).filter(([, value]) => value !== undefined);
    const compare = this.#v3 === undefined ? compareNatural : compareNaturalV3;
    if (this.#v3?.isOrdered(object) !== true) entries.sort(([a], [b]) => compare(a, b));
    for (const [index, [key, value]] of entries.entries()) {
      if (index > 0) this.#startLine(indent);
      if ((3 * key.length > keySizeMax && Buffer.byteLength(key) > keySizeMax) || lineBreak.test(key)) {
        this.#line += "? ";
        this.#emitText(key, indent + step, false);
        this.#startLine(indent);
        this.#line += ": ";
        this.#emitInline(value, indent + step);
      } else {
        this.#emitText(key, indent + step, true);
        this.#line += ":";
        this.#emitValue(value, indent);
      }
    }
  }

  /** What follows `key:`. */
  #emitValue(value: unknown, indent: number): void {
    const isSequence = Array.isArray(value) && value.length > 0;
    if (isSequence || isFilledObject(value)) {
      const inner = isSequence && this.#v3 === undefined ? indent : indent + step;
      this.#startLine(inner);
      this.#emitInline(value, inner);
    } else {
      this.#line += " ";
      this.#emitScalar(value, indent + step);
    }
  }

  #emitScalar(value: unknown, indent: number): void {
    if (typeof value === "string") this.#emitText(value, Math.max(indent, step), false);
    else if (typeof value === "number") this.#line += this.#v3 ? formatGoExponent(value) : formatNumber(value);
    else if (typeof value === "boolean" || typeof value === "bigint") this.#line += String(value);
    else if (Array.isArray(value)) this.#line += "[]";
    else this.#line += typeof value === "object" && value !== null ? "{}" : "null";
  }

  /** @param indent where further lines of the text begin */
  #emitText(text: string, indent: number, isKey: boolean): void {
    if (simple.test(text) && (text.length > wordLengthMax || !isAmbiguous(text))) {
      this.#line += text;
      return;
    }
    if (this.#v3 !== undefined && !text.isWellFormed()) {
      this.#emitBinary(this.#v3.bytesOf(text), indent, isKey);
      return;
    }
    const wellFormed = text.toWellFormed();
    const fold = { column: this.#line.length, indent, width: isKey ? Number.POSITIVE_INFINITY : this.#width };
    if (!isKey && isBlockAllowed(wellFormed, this.#v3 === undefined ? special : specialInV3))
      this.#line += writeBlock(wellFormed, indent);
    else if (isAmbiguous(wellFormed) || (isKey && text === "<<" && !this.#isFaithful))
      this.#line += writeDoubleQuoted(wellFormed, fold);
    else if (special.test(wellFormed) || isBroken(wellFormed, this.#line === "" && !this.#isFaithful))
      this.#line += writeDoubleQuoted(wellFormed, fold);
    else if (isPlainAllowed(wellFormed)) this.#line += writePlain(wellFormed, fold);
    else this.#line += writeSingleQuoted(wellFormed, fold);
  }

  /** Bytes that are no text, in lines of 70 letters if they are more. */
  #emitBinary(bytes: Uint8Array, indent: number, isKey: boolean): void {
    const base64 = Buffer.from(bytes).toString("base64");
    const lines = base64.length < 70 ? base64 : base64.replace(/.{1,70}/g, "$&\n");
    this.#line += "!!binary ";
    this.#emitText(lines, indent, isKey);
  }

  #startLine(indent: number): void {
    this.#lines.push(/[\n\u2028\u2029]$/.test(this.#line) ? this.#line : `${this.#line}\n`);
    this.#line = " ".repeat(indent);
  }
}

function isFilledObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const field of Object.keys(value)) if (Reflect.get(value, field) !== undefined) return true;
  return false;
}

/** As Go reads the number back from JSON: an integer if it has no fraction and 64 bits hold it. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "null";
  return Number.isInteger(value) && value < 2 ** 64 && value > -(2 ** 63) ? String(value) : formatGoExponent(value);
}

/** Most text: nothing in it means anything to YAML, unless it is a word. */
const simple = /^[A-Za-z/][\w\-./]*$/;

const lineBreak = /[\n\r\x85\u2028\u2029]/;
/** What stands only in double quotes: all that libyaml does not print, which includes everything beyond U+FFFF. */
const special = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

const specialInV3 = new RegExp(special.source.replace("^", "^\\t"));

function isBlockAllowed(text: string, notAllowed: RegExp): boolean {
  return text.includes("\n") && !/ [\n\u2028\u2029]| $(?![\n\u2028\u2029])/.test(text) && !notAllowed.test(text);
}

function writeBlock(text: string, indent: number): string {
  const hint = /^[ \n\u2028\u2029]/.test(text) ? String(step) : "";
  const breaks = /[\n\u2028\u2029]{0,2}$/.exec(text)?.[0].length ?? 0;
  const chomping = breaks === 0 ? "-" : breaks === 2 || text.length === 1 ? "+" : "";
  return `|${hint}${chomping}\n${text.replace(/^(?=[^\n\u2028\u2029])/gm, " ".repeat(indent))}`;
}

/** Whether text has line breaks that stand in no single quotes: those beside spaces, and all where nothing is indented. */
function isBroken(text: string, isAlone: boolean): boolean {
  return lineBreak.test(text) && (isAlone || /[\n\u2028\u2029] | [\n\u2028\u2029]|\n/.test(text));
}

function isPlainAllowed(text: string): boolean {
  return !/^(?:[ ,[\]{}#&*!|>'"%@`]|[-?:](?: |$)|---|\.\.\.)|: |:$| #| $|[\u2028\u2029]/.test(text);
}

/** Where the text begins and where it goes on when it is folded. */
type Fold = { column: number; indent: number; width: number };

function writePlain(text: string, fold: Fold): string {
  return text.length + fold.column <= fold.width ? text : foldWords(text, fold, false);
}

function writeSingleQuoted(text: string, fold: Fold): string {
  return `'${foldWords(text.replaceAll("'", "''"), { ...fold, column: fold.column + 1 }, true)}'`;
}

/** Breaks the line at a single space beyond the width; in quotes not at the first or last character. */
function foldWords(text: string, { column: start, indent, width }: Fold, isQuoted: boolean): string {
  let folded = "";
  let column = start;
  for (let index = 0; index < text.length; index++) {
    const isInside = !isQuoted || (index > 0 && index < text.length - 1);
    const character = text[index] ?? "";
    if (column > width && character === " " && text[index - 1] !== " " && text[index + 1] !== " " && isInside) {
      folded += `\n${" ".repeat(indent)}`;
      column = indent;
    } else if (character === "\u2028" || character === "\u2029") {
      folded += character;
      column = 0;
    } else {
      if (column === 0 && index > 0) folded += " ".repeat(indent);
      column = column === 0 && index > 0 ? indent + 1 : column + 1;
      folded += character;
    }
  }
  return folded;
}

function writeDoubleQuoted(text: string, { column: start, indent, width }: Fold): string {
  let quoted = '"';
  let column = start + 1;
  // libyaml looks for a BOM at the beginning only, and then takes every character for one.
  const write = text.startsWith("\ufeff") ? escapeAlways : escapeCharacter;
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const isFoldable =
      write === escapeCharacter &&
      character === " " &&
      characters[index - 1] !== " " &&
      index > 0 &&
      index < characters.length - 1;
    if (isFoldable && column > width) {
      // A space at the beginning of a line would be lost.
      const guard = characters[index + 1] === " " ? "\\" : "";
      quoted += `\n${" ".repeat(indent)}${guard}`;
      column = indent + guard.length;
    } else {
      const written = write(character);
      quoted += written;
      column += written.length;
    }
  }
  return `${quoted}"`;
}

const escapes: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function escapeCharacter(character: string): string {
  const known = escapes[character];
  if (known !== undefined) return known;
  return special.test(character) ? escapeAlways(character) : character;
}

function escapeAlways(character: string): string {
  const known = character === "\xa0" ? "\\_" : escapes[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
