import { formatGoExponent, quoteGo } from "../../apimachinery/index.ts";
import { formatFloat } from "./float-format.ts";
import { Fuse } from "./fuse.ts";
import { byteLength, fromBytes, runesOf, toBytes } from "./go-text.ts";
import { anyType, bytesType, type GoType, isUnsigned } from "./go-types.ts";
import { sortKeys } from "./sort-keys.ts";
import {
  entriesOf,
  GoBytes,
  GoInt,
  type GoMap,
  GoObject,
  isNilContainer,
  itemsOf,
  typeName,
  typeOf,
  type Value,
} from "./values.ts";

/** How deep values may nest that are printed: a map can hold itself, which Go does not survive. */
const depthMax = 1000;

/** The flags, width and precision of a verb. `sharpV` and `plusV` are `%#v` and `%+v`. */
type Verb = {
  readonly letter: string;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly sharpV: boolean;
  readonly plusV: boolean;
};

const plainVerb: Verb = {
  letter: "v",
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
  sharpV: false,
  plusV: false,
};

/** A value as `%v` prints it. */
export function formatValue(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatGoExponent(value);
  if (typeof value === "boolean") return String(value);
  return formatArgument(value, plainVerb);
}

/** `fmt.Sprint`: a space between two operands of which neither is a string. */
export function sprint(args: readonly Value[]): string {
  return args
    .map((arg, index) => {
      const needsSpace = index > 0 && typeof arg !== "string" && typeof args[index - 1] !== "string";
      return (needsSpace ? " " : "") + formatValue(arg);
    })
    .join("");
}

/** `fmt.Sprintln` */
export function sprintln(args: readonly Value[]): string {
  return `${args.map(formatValue).join(" ")}\n`;
}

/** `fmt.Sprintf` */
export function sprintf(format: string, args: readonly Value[]): string {
  return new Formatter(format, args).format();
}

/** Widths and precisions beyond this are taken for nonsense: `tooLarge` of Go's fmt. */
const sizeMax = 1_000_000;

class Formatter {
  readonly #format: string;
  readonly #args: readonly Value[];
  #at = 0;
  #next = 0;
  #isReordered = false;
  #isIndexGood = true;
  #isAfterIndex = false;

  constructor(format: string, args: readonly Value[]) {
    this.#format = format;
    this.#args = args;
  }

  format(): string {
    let result = "";
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf("%", this.#at);
      const end = percent < 0 ? this.#format.length : percent;
      result += this.#format.slice(this.#at, end);
      this.#at = end + 1;
      if (percent >= 0) result += this.#verb();
    }
    if (this.#isReordered || this.#next >= this.#args.length) return result;
    const extra = this.#args.slice(this.#next).map((arg) => {
      return (arg ?? null) === null ? "<nil>" : `${typeName(arg)}=${formatValue(arg)}`;
    });
    return `${result}%!(EXTRA ${extra.join(", ")})`;
  }

  #verb(): string {
    this.#isIndexGood = true;
    this.#isAfterIndex = false;
    let problem = "";
    const flags = new Set<string>();
    for (; "#0+- ".includes(this.#format[this.#at] ?? "x"); this.#at++) flags.add(this.#format.charAt(this.#at));
    this.#argumentIndex();
    let width: number | undefined;
    if (this.#accept("*")) {
      width = this.#integerArgument();
      if (width === undefined) problem += "%!(BADWIDTH)";
      if (width !== undefined && width < 0) {
        width = -width;
        flags.add("-").delete("0");
      }
      this.#isAfterIndex = false;
    } else {
      width = this.#number();
      if (this.#isAfterIndex && width !== undefined) this.#isIndexGood = false;
    }
    let precision: number | undefined;
    if (this.#at + 1 < this.#format.length && this.#accept(".")) {
      if (this.#isAfterIndex) this.#isIndexGood = false;
      this.#argumentIndex();
      if (this.#accept("*")) {
        precision = this.#integerArgument();
        if (precision === undefined || precision < 0) {
          precision = undefined;
          problem += "%!(BADPREC)";
        }
        this.#isAfterIndex = false;
      } else {
        precision = this.#number() ?? 0;
      }
    }
    if (!this.#isAfterIndex) this.#argumentIndex();
    if (this.#at >= this.#format.length) return `${problem}%!(NOVERB)`;
    const letter = String.fromCodePoint(this.#format.codePointAt(this.#at) ?? 0);
    this.#at += letter.length;
    if (letter === "%") return `${problem}%`;
    if (!this.#isIndexGood) return `${problem}%!${letter}(BADINDEX)`;
    if (this.#next >= this.#args.length) return `${problem}%!${letter}(MISSING)`;
    const isV = letter === "v" || letter === "w";
    const verb: Verb = {
      letter,
      plus: flags.has("+") && !isV,
      minus: flags.has("-"),
      sharp: flags.has("#") && !isV,
      space: flags.has(" "),
      zero: flags.has("0"),
      width,
      precision,
      sharpV: flags.has("#") && isV,
      plusV: flags.has("+") && isV,
    };
    return problem + formatArgument(this.#args[this.#next++], verb);
  }

  #accept(character: string): boolean {
    if (this.#format[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #number(): number | undefined {
    const start = this.#at;
    let value = 0;
    for (; /\d/.test(this.#format[this.#at] ?? ""); this.#at++) {
      if (value > sizeMax) {
        this.#at = this.#format.length;
        return undefined;
      }
      value = value * 10 + Number(this.#format[this.#at]);
    }
    return this.#at > start ? value : undefined;
  }

  /** `[3]`: which argument comes next. */
  #argumentIndex(): void {
    this.#isAfterIndex = false;
    if (this.#format[this.#at] !== "[") return;
    this.#isReordered = true;
    const close = this.#format.indexOf("]", this.#at + 1);
    const digits = close < 0 ? "" : this.#format.slice(this.#at + 1, close);
    this.#at = close < 0 ? this.#at + 1 : close + 1;
    const index = /^\d{1,7}$/.test(digits) ? Number(digits) - 1 : -1;
    if (index >= 0 && index < this.#args.length) {
      this.#next = index;
      this.#isAfterIndex = true;
    } else {
      this.#isIndexGood = false;
      this.#isAfterIndex = /^\d+$/.test(digits);
    }
  }

  #integerArgument(): number | undefined {
    if (this.#next >= this.#args.length) return undefined;
    const arg = this.#args[this.#next++];
    const value = arg instanceof GoInt ? Number(arg.value) : Number.NaN;
    return Math.abs(value) <= sizeMax ? value : undefined;
  }
}

function formatArgument(value: Value, verb: Verb): string {
  if ((value ?? null) === null) {
    return verb.letter === "v" || verb.letter === "T" ? pad("<nil>", verb) : `%!${verb.letter}(<nil>)`;
  }
  if (verb.letter === "T") return pad(truncate(typeName(value), verb), verb);
  if (verb.letter === "p") return badVerb(value, verb);
  if (verb.letter === "w") return badVerb(value, verb);
  return print(value, verb, 0, new Fuse());
}

function badVerb(value: Value, verb: Verb): string {
  // The flags of the verb hold for the value, but not methods of its type.
  const inner: Verb = { ...verb, letter: "v" };
  const shown = (value ?? null) === null ? "<nil>" : `${typeName(value)}=${print(value, inner, 0, new Fuse(), true)}`;
  return `%!${verb.letter}(${shown})`;
}

function print(value: Value, verb: Verb, depth: number, fuse: Fuse, withoutMethods = false): string {
  fuse.burn();
  if (depth > depthMax) return "...";
  switch (typeof value) {
    case "string":
      return printString(value, verb);
    case "number":
      return printFloat(value, verb);
    case "boolean":
      return /[tv]/.test(verb.letter) ? pad(String(value), verb) : badVerb(value, verb);
    case "undefined":
      return printNil(verb);
  }
  if (value === null) return printNil(verb);
  if (value instanceof GoInt) {
    const named = withoutMethods ? undefined : enumName(value);
    if (named !== undefined && "vsxXq".includes(verb.letter) && !verb.sharpV) return printString(named, verb);
    return printInteger(value.value, value.type, verb, value);
  }
  if (value instanceof GoBytes) return printBytes(value, verb);
  if (value instanceof GoObject) {
    const text = withoutMethods || verb.sharpV || !"vsxXq".includes(verb.letter) ? undefined : value.text();
    if (text !== undefined) return printString(text, verb);
    if (value.entries() === undefined && value.items() === undefined) return printStruct(value, verb, depth, fuse);
  }
  const type = typeOf(value) ?? anyType;
  const list = itemsOf(value);
  if (list !== undefined) {
    if (verb.sharpV && Array.isArray(value) && isNilContainer(value)) return `${type.name}(nil)`;
    const items = list.map((item) => printElement(item, type, verb, depth, fuse));
    return verb.sharpV ? `${type.name}{${items.join(", ")}}` : `[${items.join(" ")}]`;
  }
  return printMap(entriesOf(value) ?? {}, type, verb, depth, fuse);
}

/** An element of interface type that is nil is printed with its type in `%#v`. */
function printElement(item: Value, type: GoType, verb: Verb, depth: number, fuse: Fuse): string {
  if ((item ?? null) === null && verb.sharpV) return `${type.element?.name ?? "interface {}"}(nil)`;
  if ((item ?? null) === null) return "<nil>";
  return print(item, verb, depth + 1, fuse);
}

function printNil(verb: Verb): string {
  return verb.letter === "v" ? "<nil>" : `%!${verb.letter}(<nil>)`;
}

function printMap(map: GoMap, type: GoType, verb: Verb, depth: number, fuse: Fuse): string {
  if (verb.sharpV && isNilContainer(map)) return `${type.name}(nil)`;
  const entries = sortKeys(Object.keys(map)).map((key) => {
    return `${print(key, verb, depth + 1, fuse)}:${printElement(map[key], type, verb, depth, fuse)}`;
  });
  return verb.sharpV ? `${type.name}{${entries.join(", ")}}` : `map[${entries.join(" ")}]`;
}

function printStruct(value: GoObject, verb: Verb, depth: number, fuse: Fuse): string {
  const isPointer = value.type.kind === "ptr";
  if (isPointer && depth > 0) return "0xc000000000";
  const fields = value.fields().map(([name, field]) => {
    return (verb.plusV || verb.sharpV ? `${name}:` : "") + print(field, verb, depth + 1, fuse);
  });
  const body = verb.sharpV ? `${value.type.name.replace(/^\*/, "")}{${fields.join(", ")}}` : `{${fields.join(" ")}}`;
  return isPointer ? `&${body}` : body;
}

function printBytes(value: GoBytes, verb: Verb): string {
  const { bytes } = value;
  if (verb.letter === "s") return pad(truncate(fromBytes(bytes), verb), verb);
  if ("xXq".includes(verb.letter)) return printString(fromBytes(bytes), verb);
  if (verb.sharpV) {
    const items = Array.from(bytes, (byte) => `0x${byte.toString(16)}`);
    return `[]byte{${items.join(", ")}}`;
  }
  if (verb.letter === "v" && verb.width === undefined && verb.precision === undefined) return `[${bytes.join(" ")}]`;
  const items = Array.from(bytes, (byte) => {
    const element = new GoInt(bytesType.element ?? anyType, BigInt(byte));
    return printInteger(element.value, element.type, verb, element);
  });
  return `[${items.join(" ")}]`;
}

function printString(text: string, verb: Verb): string {
  switch (verb.letter) {
    case "v":
      return verb.sharpV ? pad(quote(truncate(text, verb), verb), verb) : pad(truncate(text, verb), verb);
    case "s":
      return pad(truncate(text, verb), verb);
    case "q":
      return pad(quote(truncate(text, verb), verb), verb);
    case "x":
    case "X":
      return printHex(text, verb);
  }
  return badVerb(text, verb);
}

function quote(text: string, verb: Verb): string {
  if (verb.sharp && canBackquote(text)) return `\`${text}\``;
  const quoted = quoteText(text);
  return verb.plus ? quoted.replace(/[^\x00-\x7f]/gu, escapeRune) : quoted;
}

/** `strconv.CanBackquote`: whether a text can stand in backquotes as it is. */
export function canBackquote(text: string): boolean {
  return text.isWellFormed() && !/[`\x00-\x08\x0a-\x1f\x7f\ufeff]/.test(text);
}

/** `strconv.Quote`; bytes that are no characters are shown as `\xff`. */
export function quoteText(text: string): string {
  if (text.isWellFormed()) return quoteGo(text);
  return `"${Array.from(text, (rune) => {
    const code = rune.charCodeAt(0);
    const isByte = rune.length === 1 && code >= 0xdc80 && code <= 0xdcff;
    return isByte ? `\\x${(code - 0xdc00).toString(16)}` : quoteGo(rune).slice(1, -1);
  }).join("")}"`;
}

function escapeRune(rune: string): string {
  const code = rune.codePointAt(0) ?? 0;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

function printHex(text: string, verb: Verb): string {
  const all = toBytes(text);
  const bytes = verb.precision === undefined ? all : all.subarray(0, verb.precision);
  const isUpper = verb.letter === "X";
  const prefix = verb.sharp ? (isUpper ? "0X" : "0x") : "";
  const digits = Array.from(bytes, (byte) => {
    const pair = byte.toString(16).padStart(2, "0");
    return isUpper ? pair.toUpperCase() : pair;
  });
  if (digits.length === 0) return pad("", verb);
  const written = verb.space ? digits.map((pair) => prefix + pair).join(" ") : prefix + digits.join("");
  return pad(written, verb);
}

const bases: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, x: 16, X: 16 };

function printInteger(value: bigint, type: GoType, verb: Verb, whole: Value): string {
  switch (verb.letter) {
    case "v":
      if (verb.sharpV && isUnsigned(type)) return writeInteger(value, 16, { ...verb, sharp: true });
      return writeInteger(value, 10, verb);
    case "d":
      return writeInteger(value, 10, verb);
    case "b":
    case "o":
    case "O":
    case "x":
    case "X":
      return writeInteger(value, bases[verb.letter] ?? 10, verb);
    case "c":
      return pad(runeOf(value), verb);
    case "q":
      return pad(quoteRune(runeOf(value), verb), verb);
    case "U":
      return printUnicode(value, verb);
  }
  return badVerb(whole, verb);
}

function runeOf(value: bigint): string {
  const isRune = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  return isRune ? String.fromCodePoint(Number(value)) : "\ufffd";
}

function quoteRune(rune: string, verb: Verb): string {
  const inner = rune === "'" ? "\\'" : rune === '"' ? '"' : quoteGo(rune).slice(1, -1);
  return `'${verb.plus ? inner.replace(/[^\x00-\x7f]/gu, escapeRune) : inner}'`;
}

function printUnicode(value: bigint, verb: Verb): string {
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const code = `U+${digits.padStart(Math.max(4, verb.precision ?? 0), "0")}`;
  const rune = runeOf(value);
  const isShown = verb.sharp && value >= 0n && value <= 0x10ffffn && /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(rune);
  return pad(isShown ? `${code} '${rune}'` : code, { ...verb, zero: false });
}

function writeInteger(value: bigint, base: number, verb: Verb): string {
  const isNegative = value < 0n;
  const size = isNegative ? -value : value;
  const spaces: Verb = { ...verb, zero: false };
  if (verb.precision === 0 && size === 0n) return pad("", spaces);
  const hasSign = isNegative || verb.plus || verb.space;
  let digitsMin = verb.precision ?? 0;
  if (verb.precision === undefined && verb.zero && !verb.minus) digitsMin = (verb.width ?? 0) - (hasSign ? 1 : 0);
  let digits = size.toString(base).padStart(digitsMin, "0");
  if (verb.letter === "X") digits = digits.toUpperCase();
  if (verb.sharp && base === 2) digits = `0b${digits}`;
  if (verb.sharp && base === 8 && !digits.startsWith("0")) digits = `0${digits}`;
  if (verb.sharp && base === 16) digits = `0${verb.letter === "X" ? "X" : "x"}${digits}`;
  if (verb.letter === "O") digits = `0o${digits}`;
  const sign = isNegative ? "-" : verb.plus ? "+" : verb.space ? " " : "";
  return pad(sign + digits, spaces);
}

function printFloat(value: number, verb: Verb): string {
  switch (verb.letter) {
    case "v":
      return writeFloat(value, "g", verb.precision ?? -1, verb);
    case "b":
    case "g":
    case "G":
    case "x":
    case "X":
      return writeFloat(value, verb.letter, verb.precision ?? -1, verb);
    case "e":
    case "E":
    case "f":
      return writeFloat(value, verb.letter, verb.precision ?? 6, verb);
    case "F":
      return writeFloat(value, "f", verb.precision ?? 6, verb);
  }
  return badVerb(value, verb);
}

function writeFloat(value: number, letter: string, precision: number, verb: Verb): string {
  const isNumber = Number.isFinite(value);
  const isNegative = value < 0 || Object.is(value, -0);
  let digits = isNumber ? formatFloat(Math.abs(value), letter, precision) : Number.isNaN(value) ? "NaN" : "Inf";
  if (verb.sharp && isNumber && letter !== "b") digits = keepPoint(digits, letter, precision);
  const wantsPlus = verb.plus || value === Number.POSITIVE_INFINITY;
  const sign = isNegative ? "-" : wantsPlus ? "+" : verb.space ? " " : "";
  if (isNumber && verb.zero && !verb.minus && sign !== "" && (verb.width ?? 0) > sign.length + digits.length) {
    return sign + digits.padStart((verb.width ?? 0) - sign.length, "0");
  }
  return pad(sign + digits, isNumber ? verb : { ...verb, zero: false });
}

/** `%#g`: the point stays, and so do zeros behind it. */
function keepPoint(digits: string, letter: string, precision: number): string {
  const [, mantissa = digits, exponent = ""] = /^([^eEpP]*)([eEpP].*)?$/.exec(digits) ?? [];
  const isG = letter === "g" || letter === "G" || letter === "v";
  const significant = mantissa.replace(".", "").replace(/^0+/, "").length || 1;
  const missing = isG ? Math.max(0, (precision === -1 ? 6 : precision) - significant) : 0;
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.`}${"0".repeat(missing)}${exponent}`;
}

function truncate(text: string, { precision }: Verb): string {
  if (precision === undefined || byteLength(text) <= precision) return text;
  return Array.from(text).slice(0, precision).join("");
}

function pad(text: string, { width, minus, zero }: Verb): string {
  if (width === undefined || width === 0) return text;
  const missing = Math.max(0, width - runesOf(text).length);
  if (minus) return text + " ".repeat(missing);
  return (zero ? "0" : " ").repeat(missing) + text;
}

/** What the `String` method of `time.Month` and `time.Weekday` returns, and that of `time.Duration`. */
function enumName(value: GoInt): string | undefined {
  return integerNames.get(value.type)?.(value.value);
}

const integerNames = new Map<GoType, (value: bigint) => string>();

/** Makes integers of a named type print as its `String` method does. */
export function nameIntegers(type: GoType, format: (value: bigint) => string): GoType {
  integerNames.set(type, format);
  return type;
}
