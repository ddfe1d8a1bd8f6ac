/** What a plain scalar stands for. Integers are `bigint`, so that they are told from floats and keep all their digits. */
export type PlainValue = null | boolean | bigint | number | string;

const words: ReadonlyMap<string, PlainValue> = new Map<string, PlainValue>([
  ...spell(["", "~", "null", "Null", "NULL"], null),
  ...spell(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], true),
  ...spell(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], false),
  ...spell([".nan", ".NaN", ".NAN"], Number.NaN),
  ...spell([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], Number.POSITIVE_INFINITY),
  ...spell(["-.inf", "-.Inf", "-.INF"], Number.NEGATIVE_INFINITY),
]);

function spell(spellings: string[], value: PlainValue): [string, PlainValue][] {
  return spellings.map((spelling) => [spelling, value]);
}

/**
 * Says what an untagged plain scalar means to go-yaml v2, which reads YAML 1.1 with exceptions: `1:30` is text and not a
 * number to base 60, `0o17` is octal as `017` is, and a date is text.
 */
export function resolvePlain(text: string): PlainValue {
  const first = text.charCodeAt(0);
  // Words and numbers begin with few characters, and most text with others.
  if (first < 128 && startsText[first] === 1) return text;
  if (text.length <= wordLengthMax) {
    const word = words.get(text);
    if (word !== undefined) return word;
  }
  if (first === dot) return parseDotFloat(text) ?? text;
  if (first !== plus && first !== minus && !(first >= zero && first <= nine)) return text;
  return parseNumber(text) ?? text;
}

const [plus, minus, dot, zero, nine] = [0x2b, 0x2d, 0x2e, 0x30, 0x39];
const startsText = Uint8Array.from({ length: 128 }, (_, code) => {
  return "0123456789+-.~yYnNtTfFoO".includes(String.fromCharCode(code)) ? 0 : 1;
});

/** No longer text is a word that means something. */
export const wordLengthMax = Math.max(...Array.from(words.keys(), ({ length }) => length));

function parseNumber(text: string): bigint | number | undefined {
  // Nearly all numbers are short and decimal.
  if (text.length < 16 && /^-?(?:0|[1-9]\d*)$/.test(text)) return BigInt(text);
  const plain = text.replaceAll("_", "");
  return parseInteger(plain) ?? parseFloatNumber(plain);
}

/** Longer texts are no integers of 64 bits, which have at most 64 digits, a sign, a prefix. */
const integerLengthMax = 100;

/** Decimal, `0x`, `0o`, `0b` and octal by a leading zero. */
function parseInteger(plain: string): bigint | undefined {
  // Zeros in front of an octal number can be any number.
  const text = plain.length > integerLengthMax ? plain.replace(/^([-+]?0)[0]+/, "$1") : plain;
  if (text.length > integerLengthMax) return undefined;
  const match = /^([-+]?)(?:(0[xX][\da-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const size = BigInt(hex ?? binary ?? (octal === undefined ? (decimal ?? "0") : `0o${octal}`));
  // Go keeps integers in 64 bits, those without a sign in front in 64 bits without a sign too; longer ones are floats.
  if (sign === "-") return size <= 2n ** 63n ? -size : undefined;
  return size < 2n ** (sign === "+" ? 63n : 64n) ? size : undefined;
}

function parseFloatNumber(plain: string): number | undefined {
  if (!/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

/** What begins with a dot is a float if Go's `strconv` says so, which wants underscores between digits. */
function parseDotFloat(text: string): number | undefined {
  if (!/^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/.test(text)) return undefined;
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Whether text must be quoted so that no reader of YAML 1.1 takes it for something else: words and numbers, and also the
 * dates and numbers to base 60 that go-yaml reads as text itself.
 */
export function isAmbiguous(text: string): boolean {
  return typeof resolvePlain(text) !== "string" || isTimestamp(text) || isBase60(text);
}

function isBase60(text: string): boolean {
  return /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text);
}

const date = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?$/;

/** A date, or a date and a time with `T` and a zone, or with a space and none. */
export function isTimestamp(text: string): boolean {
  if (!/^\d{4}-/.test(text)) return false;
  const [day = "", time, ...rest] = text.split(/[Tt ]/);
  if (rest.length > 0 || !isDate(day)) return false;
  if (time === undefined) return true;
  if (text[day.length] === " ") return isClock(time);
  const zone = /(?:Z|[-+]\d\d:\d\d)$/.exec(time)?.[0];
  return zone !== undefined && isClock(time.slice(0, -zone.length));
}

function isDate(text: string): boolean {
  const [year, month, day] = numbersOf(date.exec(text));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

function isClock(text: string): boolean {
  const [hour, minute, second] = numbersOf(clock.exec(text));
  return hour < 24 && minute < 60 && second < 60;
}

function numbersOf(match: RegExpExecArray | null): [number, number, number] {
  return [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
}
