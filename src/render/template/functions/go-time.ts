import { toBytes } from "../go-text.ts";
import { findZone, utc, type Zone } from "./time-zone.ts";

/** A moment, in nanoseconds since 1970, seen from a place. */
export type Moment = { readonly nanoseconds: bigint; readonly zone: Zone };

/** The calendar and clock of a moment at its place. */
export type Civil = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** From Sunday, 0. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
  readonly offsetSeconds: number;
  readonly zoneName: string;
};

const second = 1_000_000_000n;

/** The zero `time.Time`: the beginning of the year 1. */
export const zeroMoment: Moment = { nanoseconds: -62_135_596_800n * second, zone: utc };

export function floorDivide(a: bigint, b: bigint): bigint {
  return a >= 0n ? a / b : -((-a + b - 1n) / b);
}

export function unixSeconds({ nanoseconds }: Moment): bigint {
  return floorDivide(nanoseconds, second);
}

export function momentOf(unixMs: number, zone: Zone): Moment {
  return { nanoseconds: BigInt(Math.round(unixMs * 1000)) * 1000n, zone };
}

/** `time.LoadLocation`; what Go calls `Local` is said by the caller. */
export function loadZone(name: string, local: string): Zone | undefined {
  return findZone(name === "Local" ? local : name);
}

export function civilOf({ nanoseconds, zone }: Moment): Civil {
  const unix = floorDivide(nanoseconds, second);
  const { seconds: offsetSeconds, name: zoneName } = zone.at(Number(unix) * 1000);
  const local = Number(unix) + offsetSeconds;
  const days = Math.floor(local / 86_400);
  const clock = local - days * 86_400;
  const { year, month, day } = dateOf(days);
  return {
    year,
    month,
    day,
    hour: Math.floor(clock / 3600),
    minute: Math.floor(clock / 60) % 60,
    second: clock % 60,
    nanosecond: Number(nanoseconds - unix * second),
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysOf(year, 1, 1) + 1,
    offsetSeconds,
    zoneName,
  };
}

/** Days since 1970 of a date in the Gregorian calendar, months and days out of range carried over. */
export function daysOf(year: number, month: number, day: number): number {
  const years = year + Math.floor((month - 1) / 12);
  const inYear = (((month - 1) % 12) + 12) % 12;
  // The year is taken to begin in March, so that the day that comes and goes is its last.
  const shifted = inYear < 2 ? years - 1 : years;
  const monthDays = Math.floor((153 * ((inYear + 10) % 12) + 2) / 5);
  const yearDays = 365 * shifted + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return yearDays + monthDays + day - 1 - 719_468;
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const inEra = shifted - era * 146_097;
  const yearInEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * yearInEra + Math.floor(yearInEra / 4) - Math.floor(yearInEra / 100));
  const shiftedMonth = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearInEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** A moment by what the clock at a place shows. */
export function momentAt(
  civil: Pick<Civil, "year" | "month" | "day" | "hour" | "minute" | "second" | "nanosecond">,
  zone: Zone,
): Moment {
  const { year, month, day, hour, minute, second: seconds, nanosecond } = civil;
  const local = daysOf(year, month, day) * 86_400 + hour * 3600 + minute * 60 + seconds;
  // The offset is that of the moment, which the offset decides: a second look settles it.
  const guess = local - zone.at(local * 1000).seconds;
  const unix = local - zone.at(guess * 1000).seconds;
  return { nanoseconds: BigInt(unix) * second + BigInt(nanosecond), zone };
}

/** How package `time` quotes text in its errors: other characters than ASCII byte by byte. */
export function quoteTime(text: string): string {
  const quoted = Array.from(toBytes(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") return `\\${character}`;
    return byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, "0")}` : character;
  });
  return `"${quoted.join("")}"`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  "\u00b5s": 1000n,
  "\u03bcs": 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

/** `time.ParseDuration`, in nanoseconds; a string says what is wrong in its words. */
export function parseDuration(text: string): bigint | string {
  const invalid = `time: invalid duration ${quoteTime(text)}`;
  const [, sign = "", body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === "0") return 0n;
  if (body === "") return invalid;
  let total = 0n;
  const part = /(\d*)(?:\.(\d*))?([^\d.]*)/y;
  while (part.lastIndex < body.length) {
    const [all, whole = "", fraction = "", unit = ""] = part.exec(body) ?? [""];
    if (all === "" || whole + fraction === "") return invalid;
    if (unit === "") return `time: missing unit in duration ${quoteTime(text)}`;
    const size = units[unit];
    if (size === undefined) return `time: unknown unit ${quoteTime(unit)} in duration ${quoteTime(text)}`;
    total += BigInt(whole || "0") * size;
    if (fraction !== "") total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
    if (total > 2n ** 63n) return invalid;
  }
  return sign === "-" ? -total : total;
}

/** `time.Duration` as its `String` method shows it: `1h2m3.5s`. */
export function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size === 0n) return "0s";
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1000n, 3)}\u00b5s`;
  if (size < second) return `${sign}${decimal(size, 1_000_000n, 6)}ms`;
  const minutes = size / (60n * second);
  const seconds = `${decimal(size % (60n * second), second, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return `${sign}${hours > 0n ? `${hours}h` : ""}${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = String(value % unit)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(value / unit) : `${value / unit}.${fraction}`;
}
