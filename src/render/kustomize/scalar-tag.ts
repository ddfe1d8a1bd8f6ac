/** What a scalar is, as YAML's core schema names it; empty where nobody has said. */
export type ScalarTag = "" | "str" | "int" | "float" | "bool" | "null" | "timestamp";

const words: ReadonlyMap<string, ScalarTag> = new Map<string, ScalarTag>([
  ...["", "~", "null", "Null", "NULL"].map((word): [string, ScalarTag] => [word, "null"]),
  ...["true", "True", "TRUE", "false", "False", "FALSE"].map((word): [string, ScalarTag] => [word, "bool"]),
  ...[".nan", ".NaN", ".NAN"].map((word): [string, ScalarTag] => [word, "float"]),
  ...["", "+", "-"].flatMap((sign) =>
    [".inf", ".Inf", ".INF"].map((word): [string, ScalarTag] => [sign + word, "float"]),
  ),
]);

/**
 * Says what plain text means to go-yaml v3, which kustomize reads with. Unlike v2, which reads manifests elsewhere, it takes
 * `yes` and `on` for text and dates for dates.
 */
export function resolveScalar(text: string): ScalarTag {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  if ((first < 0x30 || first > 0x39) && first !== 0x2b && first !== 0x2d && first !== 0x2e) return "str";
  if (text.length > numberLengthMax) return "str";
  if (first !== 0x2e) {
    if (parseTimestamp(text) !== undefined) return "timestamp";
    if (isInteger(text.replaceAll("_", ""))) return "int";
  }
  return isFloat(first === 0x2e ? text : text.replaceAll("_", "")) ? "float" : "str";
}

/** Integers of 64 bits have at most 64 digits, floats at most a few hundred; longer text is text. */
const numberLengthMax = 400;

function isInteger(plain: string): boolean {
  const match = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/.exec(plain);
  if (match === null) return false;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  const size = BigInt(digits ?? "0");
  return sign === "-" ? size <= 2n ** 63n : size < 2n ** 64n;
}

function isFloat(plain: string): boolean {
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain) && Number.isFinite(Number(plain));
}

type Moment = { date: string; time: string; zone: string };

/** The layouts that go-yaml tries: a date, or a date and a time with `T`, `t` or a space between them. */
function parseTimestamp(text: string): Moment | undefined {
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d\d:\d\d))|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?))?$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, year = "", month = "", day = ""] = match;
  const isWithTime = match[4] !== undefined || match[9] !== undefined;
  const [hour = "0", minute = "0", second = "0"] = match[4] === undefined ? match.slice(9, 12) : match.slice(4, 7);
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year));
  if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const fraction = ((match[4] === undefined ? match[12] : match[7]) ?? "").replace(/\.?0+$/, "").slice(0, 10);
  const two = (number: string): string => number.padStart(2, "0");
  const zone = match[8] ?? "Z";
  return {
    date: `${year}-${two(month)}-${two(day)}`,
    time: isWithTime ? `${two(hour)}:${two(minute)}:${two(second)}${fraction}` : "00:00:00",
    zone: /^[-+]00:00$/.test(zone) ? "Z" : zone,
  };
}

/** A date as Go writes it into JSON. */
export function toRfc3339(text: string): string {
  const moment = parseTimestamp(text);
  return moment === undefined ? text : `${moment.date}T${moment.time}${moment.zone}`;
}
