import { goSpace, runesOf } from "../go-text.ts";
import { type FunctionTable, fn, string } from "../signature.ts";

/** `unicode.ToUpper`, which maps a character to one character: `ß` stays. */
export function upperRune(rune: string): string {
  const upper = rune.toUpperCase();
  return isOne(upper) ? upper : rune;
}

/** `unicode.ToLower` */
export function lowerRune(rune: string): string {
  if (rune === "\u0130") return "i";
  const lower = rune.toLowerCase();
  return isOne(lower) ? lower : rune;
}

/** `unicode.ToTitle`: upper case but for a few letters that stand for two. */
export function titleRune(rune: string): string {
  return titles[rune] ?? upperRune(rune);
}

const titles: Readonly<Record<string, string>> = {
  "\u01c4": "\u01c5",
  "\u01c6": "\u01c5",
  "\u01c7": "\u01c8",
  "\u01c9": "\u01c8",
  "\u01ca": "\u01cb",
  "\u01cc": "\u01cb",
  "\u01f1": "\u01f2",
  "\u01f3": "\u01f2",
};

function isOne(text: string): boolean {
  return Array.from(text).length === 1;
}

const asciiOnly = /^[\x00-\x7f]*$/;

export function toUpper(text: string): string {
  return asciiOnly.test(text) ? text.toUpperCase() : runesOf(text).map(upperRune).join("");
}

export function toLower(text: string): string {
  return asciiOnly.test(text) ? text.toLowerCase() : runesOf(text).map(lowerRune).join("");
}

const isUpper = (rune: string) => /\p{Lu}/u.test(rune);
const isConnector = (rune: string) => rune === "-" || rune === "_" || goSpace.test(rune);

/** Sprig's functions that change how words are written. */
export const caseFunctions: FunctionTable = {
  swapcase: fn([string], swapCase),
  camelcase: fn([string], pascalCase),
  snakecase: fn([string], (text) => joinWords(text, "_")),
  kebabcase: fn([string], (text) => joinWords(text, "-")),
};

function swapCase(text: string): string {
  let isWordStart = true;
  return runesOf(text)
    .map((rune) => {
      if (/[\p{Lu}\p{Lt}]/u.test(rune)) {
        isWordStart = false;
        return lowerRune(rune);
      }
      if (/\p{Ll}/u.test(rune)) {
        const swapped = isWordStart ? titleRune(rune) : upperRune(rune);
        isWordStart = false;
        return swapped;
      }
      isWordStart = goSpace.test(rune);
      return rune;
    })
    .join("");
}

/** Upper camel case as xstrings 1.5 makes it: connectors at the beginning stay, and one of several that are together. */
function pascalCase(text: string): string {
  const runes = runesOf(text);
  const start = runes.findIndex((rune) => !isConnector(rune));
  const first = runes[start];
  if (start < 0 || first === undefined) return text;
  let result = runes.slice(0, start).join("");
  let isUpperRun = isUpper(first);
  let previous = upperRune(first);
  for (const rune of runes.slice(start + 1)) {
    let current = rune;
    if (isConnector(rune) && isConnector(previous)) {
      result += previous;
      previous = rune;
      continue;
    }
    if (isConnector(previous)) {
      isUpperRun = isUpper(rune);
      current = upperRune(rune);
    } else {
      if (isUpperRun && isUpper(rune)) current = lowerRune(rune);
      else if (isUpperRun) isUpperRun = false;
      result += previous;
    }
    previous = current;
  }
  return result + previous;
}

type Word = {
  readonly kind: "number" | "upper" | "alphabet" | "connector" | "punctuation" | "other";
  readonly text: string;
};

const isNumber = (rune: string) => /\p{N}/u.test(rune);
const isPunctuation = (rune: string) => /\p{P}/u.test(rune);
/** Letters that have a case, or that are of no script that is written without spaces. */
const isLetter = (rune: string) =>
  /\p{L}/u.test(rune) && !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(rune);

/** Takes a text apart into runs; of several capitals the last one belongs to the word behind them. */
function wordsOf(text: string): Word[] {
  const runes = runesOf(text);
  const words: Word[] = [];
  for (let at = 0; at < runes.length; ) {
    const { kind, end } = wordAt(runes, at);
    words.push({ kind, text: runes.slice(at, end).join("") });
    at = end;
  }
  return words;
}

function wordAt(runes: readonly string[], at: number): { kind: Word["kind"]; end: number } {
  const run = (from: number, test: (rune: string) => boolean) => {
    let end = from;
    while (end < runes.length && test(runes[end] ?? "")) end++;
    return end;
  };
  const first = runes[at] ?? "";
  const isSmall = (rune: string) => isLetter(rune) && !isUpper(rune);
  if (isConnector(first)) return { kind: "connector", end: run(at, isConnector) };
  if (isPunctuation(first)) return { kind: "punctuation", end: run(at, isPunctuation) };
  if (isUpper(first)) {
    const capitals = run(at, isUpper);
    if (capitals === at + 1) return { kind: "upper", end: run(capitals, isSmall) };
    const next = runes[capitals];
    return { kind: "upper", end: next !== undefined && isLetter(next) ? capitals - 1 : capitals };
  }
  if (isLetter(first)) return { kind: "alphabet", end: run(at, isSmall) };
  if (isNumber(first)) return { kind: "number", end: run(at, isNumber) };
  const isOther = (rune: string) => !isConnector(rune) && !isLetter(rune) && !isNumber(rune) && !isPunctuation(rune);
  return { kind: "other", end: run(at, isOther) };
}

/** Lower case words with a connector between them: `HTTP20xOK` is `http_20x_ok`, `Bld4Floor3rd` is `bld4_floor_3rd`. */
function joinWords(text: string, connector: string): string {
  const words = wordsOf(text);
  let result = "";
  const write = ({ kind, text: word }: Word) => {
    result += kind === "connector" ? connector.repeat(Array.from(word).length) : toLower(word);
  };
  const isSeparate = (word: Word | undefined) =>
    word !== undefined && word.kind !== "connector" && word.kind !== "punctuation";
  let at = 0;
  let [word] = words;
  if (word === undefined) return "";
  while (at + 1 < words.length) {
    if (word.kind !== "connector") write(word);
    const previous: Word = word;
    let next: Word | undefined = words[++at];
    const takeRun = () => {
      while (next !== undefined && (next.kind === "alphabet" || next.kind === "number")) {
        write(next);
        next = words[++at];
      }
      if (isSeparate(next)) result += connector;
    };
    if (previous.kind === "number") {
      takeRun();
    } else if (previous.kind === "connector") {
      write(previous);
    } else if (previous.kind !== "punctuation") {
      if (next?.kind !== "number") {
        if (isSeparate(next)) result += connector;
      } else if (at + 1 < words.length) {
        const number = next;
        next = words[++at];
        if (next?.kind !== "alphabet") {
          write(number);
          if (isSeparate(next)) result += connector;
        } else {
          result += connector;
          write(number);
          takeRun();
        }
      }
    }
    if (next === undefined) return result;
    word = next;
  }
  write(word);
  return result;
}
