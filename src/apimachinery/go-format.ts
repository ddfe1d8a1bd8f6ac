/** Control characters that Go's `strconv.Quote` has a letter for. */
const letters: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Quotes a string as Go's `%q` does, which is how Kubernetes' messages show names and values. */
export function quoteGo(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${Array.from(text, quoteCharacter).join("")}"`;
}

function quoteCharacter(character: string): string {
  const letter = letters[character];
  if (letter !== undefined) return letter;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return "\\ufffd";
  if (character === " " || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)) return character;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/**
 * Shows a JSON value as Kubernetes' field errors do: strings by {@link quoteGo}, numbers and booleans by Go's `%v`,
 * everything else as Go's JSON.
 */
export function formatGoValue(value: unknown): string {
  if (typeof value === "string") return quoteGo(value);
  if (typeof value === "number") return formatGoFloat(value);
  return formatGoJson(value);
}

/** A number as Go's `%v` prints it: what JSON writes as a 64-bit integer in digits, all else by {@link formatGoExponent}. */
export function formatGoFloat(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? String(BigInt(value)) : formatGoExponent(value);
}

/** A number as Go's `strconv.FormatFloat(value, 'g', -1, 64)` prints it, with an exponent from a million up. */
export function formatGoExponent(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 6) return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  return value.toFixed(Math.max(0, digits.replace(/[-.]/g, "").length - 1 - power));
}

/** JSON as Go's `encoding/json` writes it: keys sorted by their bytes, `<`, `>`, `&` and line separators escaped. */
export function formatGoJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => formatGoJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([a], [b]) => compareUtf8(a, b));
    return `{${fields.map(([key, field]) => `${formatGoJson(key)}:${formatGoJson(field)}`).join(",")}}`;
  }
  return (JSON.stringify(value) ?? "null").replace(/[<>&\u2028\u2029]/g, escapeHtml);
}

function escapeHtml(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Orders strings by their UTF-8 bytes, as Go does; JavaScript's `<` differs above U+D7FF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they come after every other unit. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
