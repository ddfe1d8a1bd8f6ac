import { asInt, asNumber, asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, LimitExceeded, type Meter, noOverload, textLengthMax } from "../meter.ts";
import { List, type Value, ValueList } from "../values.ts";
import { formatText } from "./format-text.ts";

const { overload, method } = declareWith();

/** The extension of strings, in its second version. */
export const stringFunctions: FunctionTable = new Map<string, Overload[]>([
  ["charAt", [method("string_char_at_int", "string, int -> string", ([text, at]) => charAt(asText(text), asInt(at)))]],
  [
    "indexOf",
    [
      method("string_index_of_string", "string, string -> int", ([text, part]) => indexOf(text, part, 0n)),
      method("string_index_of_string_int", "string, string, int -> int", ([text, part, from]) =>
        indexOf(text, part, asInt(from)),
      ),
    ],
  ],
  [
    "lastIndexOf",
    [
      method("string_last_index_of_string", "string, string -> int", ([text, part]) => lastIndexOf(text, part)),
      method("string_last_index_of_string_int", "string, string, int -> int", ([text, part, from]) =>
        lastIndexOf(text, part, asInt(from)),
      ),
    ],
  ],
  [
    "lowerAscii",
    [
      method("string_lower_ascii", "string -> string", ([text]) =>
        asText(text).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
      ),
    ],
  ],
  [
    "replace",
    [
      method("string_replace_string_string", "string, string, string -> string", ([text, from, to]) =>
        replace(text, from, to, -1),
      ),
      method("string_replace_string_string_int", "string, string, string, int -> string", ([text, from, to, count]) =>
        replace(text, from, to, asNumber(count)),
      ),
    ],
  ],
  [
    "split",
    [
      method("string_split_string", "string, string -> list(string)", ([text, by]) => split(text, by, -1)),
      method("string_split_string_int", "string, string, int -> list(string)", ([text, by, count]) =>
        split(text, by, asNumber(count)),
      ),
    ],
  ],
  [
    "substring",
    [
      method("string_substring_int", "string, int -> string", ([text, from]) => substring(asText(text), asInt(from))),
      method("string_substring_int_int", "string, int, int -> string", ([text, from, to]) =>
        substring(asText(text), asInt(from), asInt(to)),
      ),
    ],
  ],
  ["trim", [method("string_trim", "string -> string", ([text]) => asText(text).replace(outerSpace, ""))]],
  [
    "upperAscii",
    [
      method("string_upper_ascii", "string -> string", ([text]) =>
        asText(text).replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
      ),
    ],
  ],
  ["format", [method("string_format", "string, list(dyn) -> string", format)]],
  ["strings.quote", [overload("strings_quote", "string -> string", ([text]) => quote(asText(text)))]],
  [
    "join",
    [
      method("list_join", "list(string) -> string", ([list], meter) => join(list, "", meter)),
      method("list_join_string", "list(string), string -> string", ([list, between], meter) =>
        join(list, asText(between), meter),
      ),
    ],
  ],
]);

/** What Go's `strings.TrimSpace` removes. */
const outerSpace =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

/** Characters as code points, which is what positions count. */
function characters(text: string): string[] {
  return Array.from(text);
}

function charAt(text: string, at: bigint): string {
  const all = characters(text);
  if (at < 0n || at > BigInt(all.length)) return fail(`index out of range: ${at}`);
  return all[Number(at)] ?? "";
}

function substring(text: string, from: bigint, to?: bigint): string {
  const all = characters(text);
  const end = to ?? BigInt(all.length);
  if (to !== undefined && from > to) return fail(`invalid substring range. start: ${from}, end: ${to}`);
  for (const bound of [from, end]) {
    if (bound < 0n || bound > BigInt(all.length)) return fail(`index out of range: ${bound}`);
  }
  return all.slice(Number(from), Number(end)).join("");
}

function indexOf(text: Value | undefined, part: Value | undefined, from: bigint): bigint {
  const [all, wanted] = [characters(asText(text)), characters(asText(part))];
  if (wanted.length === 0) return from;
  if (from < 0n) return fail(`index out of range: ${from}`);
  for (let at = Number(from); at <= all.length - wanted.length; at++) {
    if (standsAt(all, wanted, at)) return BigInt(at);
  }
  return -1n;
}

function lastIndexOf(text: Value | undefined, part: Value | undefined, from?: bigint): bigint {
  const [all, wanted] = [characters(asText(text)), characters(asText(part))];
  if (wanted.length === 0) return from ?? BigInt(all.length);
  if (from !== undefined && from < 0n) return fail(`index out of range: ${from}`);
  if (from !== undefined && from >= BigInt(all.length)) return -1n;
  const last = all.length - wanted.length;
  for (let at = from === undefined ? last : Math.min(Number(from), last); at >= 0; at--) {
    if (standsAt(all, wanted, at)) return BigInt(at);
  }
  return -1n;
}

function standsAt(all: readonly string[], wanted: readonly string[], at: number): boolean {
  return wanted.every((character, index) => all[at + index] === character);
}

function replace(text: Value | undefined, from: Value | undefined, to: Value | undefined, count: number): string {
  const [whole, old, fresh] = [asText(text), asText(from), asText(to)];
  const parts = old === "" ? ["", ...characters(whole), ""] : whole.split(old);
  const replaced = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  if (whole.length + replaced * fresh.length > textLengthMax) throw new LimitExceeded();
  if (replaced === parts.length - 1) return parts.join(fresh);
  return (
    parts.slice(0, replaced + 1).join(fresh) +
    parts
      .slice(replaced)
      .slice(1)
      .map((part) => old + part)
      .join("")
  );
}

function split(text: Value | undefined, by: Value | undefined, count: number): List {
  const [whole, separator] = [asText(text), asText(by)];
  if (count === 0) return new ValueList([]);
  const parts = separator === "" ? characters(whole) : whole.split(separator);
  if (count < 0 || parts.length <= count) return new ValueList(parts);
  return new ValueList([...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]);
}

function join(list: Value | undefined, between: string, meter: Meter): string {
  if (!(list instanceof List)) return noOverload();
  const parts: string[] = [];
  let length = 0;
  for (const item of list) {
    if (typeof item !== "string") return fail(`join: invalid input: ${String(item)}`);
    meter.step();
    length += item.length + between.length;
    if (length > textLengthMax) throw new LimitExceeded();
    parts.push(item);
  }
  return parts.join(between);
}

const letters: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function quote(text: string): string {
  return `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => letters[character] ?? character)}"`;
}

function format([text, args]: readonly Value[], meter: Meter): string {
  if (!(args instanceof List)) return noOverload();
  return formatText(asText(text), args, meter);
}
