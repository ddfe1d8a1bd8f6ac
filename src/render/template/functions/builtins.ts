import { GoError } from "../go-error.ts";
import { sprint, sprintf, sprintln } from "../go-format.ts";
import { byteLength, toBytes } from "../go-text.ts";
import { anyType } from "../go-types.ts";
import { any, type FunctionTable, fn, reflect, string, variadicFn } from "../signature.ts";
import {
  entriesOf,
  GoInt,
  type GoMap,
  goInt,
  hasKey,
  isTrue,
  itemsOf,
  typeName,
  typeOf,
  uint8,
  type Value,
  zeroOf,
} from "../values.ts";
import { comparisons } from "./comparison.ts";
import { escapeQuery } from "./url-escape.ts";

/** The functions that `text/template` has by itself. `slice` is missing: sprig has another one. */
export const builtins: FunctionTable = {
  ...comparisons,
  and: { ...variadicFn([reflect], reflect, (first) => first), choice: "and" },
  or: { ...variadicFn([reflect], reflect, (first) => first), choice: "or" },
  not: fn([reflect], (value) => !isTrue(value)),
  len: fn([reflect], (value) => goInt(lengthOf(value))),
  index: variadicFn([reflect], reflect, indexInto),
  call: variadicFn([reflect], reflect, (called) => {
    if (called === null || called === undefined) throw new GoError("call of nil");
    throw new GoError(`non-function of type ${typeName(called)}`);
  }),
  print: variadicFn([], any, (...args) => sprint(args)),
  printf: variadicFn([string], any, (format, ...args) => sprintf(format, args)),
  println: variadicFn([], any, (...args) => sprintln(args)),
  html: variadicFn([], any, (...args) => escapeHtml(textOf(args))),
  js: variadicFn([], any, (...args) => escapeJs(textOf(args))),
  urlquery: variadicFn([], any, (...args) => escapeQuery(textOf(args))),
};

function lengthOf(value: Value): number {
  if (value === null) throw new GoError("len of nil pointer");
  if (typeof value === "string") return byteLength(value);
  const items = itemsOf(value);
  if (items !== undefined) return items.length;
  const entries = entriesOf(value);
  if (entries !== undefined) return Object.keys(entries).length;
  // Go asks a value that is none for its type and fails.
  if (value === undefined) {
    throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  }
  // Of a pointer Go names what it points to.
  throw new GoError(`len of type ${typeName(value).replace(/^\*/, "")}`);
}

function indexInto(item: Value, ...indexes: Value[]): Value {
  if (item === null || item === undefined) throw new GoError("index of untyped nil");
  let value: Value = item;
  for (const index of indexes) {
    if (value === null || value === undefined) throw new GoError("index of nil pointer");
    const items = itemsOf(value);
    if (items !== undefined) {
      const offset = offsetOf(index, items.length);
      if (offset === items.length) throw new GoError("reflect: slice index out of range");
      value = items[offset] ?? null;
    } else if (typeof value === "string") {
      const bytes = toBytes(value);
      const byte = bytes[offsetOf(index, bytes.length)];
      if (byte === undefined) throw new GoError("reflect: string index out of range");
      value = uint8(byte);
    } else {
      value = entryAt(value, entriesOf(value), index);
    }
  }
  return value;
}

function entryAt(value: Value, map: GoMap | undefined, index: Value): Value {
  if (map === undefined) throw new GoError(`can't index item of type ${typeName(value)}`);
  if (typeof index !== "string") {
    throw new GoError(
      index === null || index === undefined
        ? "value is nil; should be of type string"
        : `value has type ${typeName(index)}; should be string`,
    );
  }
  return hasKey(map, index) ? (map[index] ?? null) : zeroOf(typeOf(value)?.element ?? anyType);
}

/** An index equal to the length is let through: Go refuses it later, in other words. */
function offsetOf(index: Value, length: number): number {
  if (index === null || index === undefined) throw new GoError("cannot index slice/array with nil");
  if (!(index instanceof GoInt)) throw new GoError(`cannot index slice/array with type ${typeName(index)}`);
  if (index.value < 0n || index.value > length) throw new GoError(`index out of range: ${index.value}`);
  return Number(index.value);
}

function textOf(args: readonly Value[]): string {
  return sprint(args.map((arg) => (arg === null || arg === undefined ? "<no value>" : arg)));
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => htmlEscapes[character] ?? character);
}

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\x00-\x1f]|[^\x00-\x7f]/gu, (character) => {
    if (character === "\\" || character === "'" || character === '"') return `\\${character}`;
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x80 && /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)) return character;
    return `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
  });
}
