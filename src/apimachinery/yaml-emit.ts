import { formatGoExponent } from "./go-format.ts";
import { compareNatural } from "./natural-order.ts";
import { isAmbiguous } from "./yaml-scalar.ts";

/** @property lineWidth text is folded at the first space beyond this column; 80 as in Go when absent, 0 for never */
export type StringifyYamlOptions = { lineWidth?: number };

/**
 * Writes what `yaml.Marshal` of sigs.k8s.io/yaml writes for the same JSON, byte for byte: keys in natural order, sequences
 * not indented under their key, text with line breaks as a block. Fields that are `undefined` are left out.
 *
 * Only where Go's own output would be read as something else do we write something else: text with U+0085, U+2028, U+2029
 * or a lone carriage return, and the key `<<`, are quoted.
 */
export function stringifyYaml(value: unknown, { lineWidth = 80 }: StringifyYamlOptions = {}): string {
  return new Emitter(lineWidth > 0 ? lineWidth : Number.POSITIVE_INFINITY).emit(value);
}

/** How much deeper a collection stands than the one around it. */
const step = 2;

/** libyaml writes longer keys after a `? `; counted in bytes. */
const keySizeMax = 128;

class Emitter {
  readonly #width: number;
  readonly #lines: string[] = [];
  /** What is being written. No part of the text follows another that has line breaks, so this is one line where it matters. */
  #line = "";

  constructor(width: number) {
    this.#width = width;
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
    entries.sort(([a], [b]) => compareNatural(a, b));
    for (const [index, [key, value]] of entries.entries()) {
      if (index > 0) this.#startLine(indent);
      if (Buffer.byteLength(key) > keySizeMax || lineBreak.test(key)) {
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
      const inner = isSequence ? indent : indent + step;
      this.#startLine(inner);
      this.#emitInline(value, inner);
    } else {
      this.#line += " ";
      this.#emitScalar(value, indent + step);
    }
  }

  #emitScalar(value: unknown, indent: number): void {
    if (typeof value === "string") this.#emitText(value, Math.max(indent, step), false);
    else if (typeof value === "number") this.#line += formatNumber(value);
    else if (typeof value === "boolean" || typeof value === "bigint") this.#line += String(value);
    else if (Array.isArray(value)) this.#line += "[]";
    else this.#line += typeof value === "object" && value !== null ? "{}" : "null";
  }

  /** @param indent where further lines of the text begin */
  #emitText(text: string, indent: number, isKey: boolean): void {
    const wellFormed = text.toWellFormed();
    const fold = { column: this.#line.length, indent, width: isKey ? Number.POSITIVE_INFINITY : this.#width };
    if (!isKey && isBlockAllowed(wellFormed)) this.#line += writeBlock(wellFormed, indent);
    else if (isAmbiguous(wellFormed) || (isKey && text === "<<")) this.#line += writeDoubleQuoted(wellFormed, fold);
    else if (special.test(wellFormed) || lineBreak.test(wellFormed)) this.#line += writeDoubleQuoted(wellFormed, fold);
    else if (isPlainAllowed(wellFormed)) this.#line += writePlain(wellFormed, fold);
    else this.#line += writeSingleQuoted(wellFormed, fold);
  }

  #startLine(indent: number): void {
    this.#lines.push(this.#line.endsWith("\n") ? this.#line : `${this.#line}\n`);
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
  return Number.isInteger(value) && Math.abs(value) < 2 ** 64 ? String(value) : formatGoExponent(value);
}

const lineBreak = /[\n\r\x85\u2028\u2029]/;
/** What stands only in double quotes: all that libyaml does not print, which includes everything beyond U+FFFF. */
const special = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

function isBlockAllowed(text: string): boolean {
  return text.includes("\n") && !/ \n| $/.test(text) && !special.test(text);
}

function writeBlock(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? String(step) : "";
  const chomping = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "";
  return `|${hint}${chomping}\n${text.replace(/^(?=[^\n])/gm, " ".repeat(indent))}`;
}

function isPlainAllowed(text: string): boolean {
  return !/^(?:[ ,[\]{}#&*!|>'"%@`]|[-?:](?: |$)|---|\.\.\.)|: |:$| #| $/.test(text);
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
    if (column > width && text[index] === " " && text[index - 1] !== " " && text[index + 1] !== " " && isInside) {
      folded += `\n${" ".repeat(indent)}`;
      column = indent;
    } else {
      folded += text[index] ?? "";
      column++;
    }
  }
  return folded;
}

function writeDoubleQuoted(text: string, { column: start, indent, width }: Fold): string {
  let quoted = '"';
  let column = start + 1;
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const isFoldable = character === " " && characters[index - 1] !== " " && index > 0 && index < characters.length - 1;
    if (isFoldable && column > width) {
      // A space at the beginning of a line would be lost.
      const guard = characters[index + 1] === " " ? "\\" : "";
      quoted += `\n${" ".repeat(indent)}${guard}`;
      column = indent + guard.length;
    } else {
      const written = escapeCharacter(character);
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
  if (!special.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
