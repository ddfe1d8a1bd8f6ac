import { fail } from "./meter.ts";
import { Duration, Timestamp } from "./values.ts";

const nanosPerSecond = 1_000_000_000n;
/** The years 1 to 9999, in seconds since 1970. */
const secondsMin = -62_135_596_800n;
const secondsMax = 253_402_300_799n;

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: nanosPerSecond,
  m: 60n * nanosPerSecond,
  h: 3_600n * nanosPerSecond,
};

/** Reads a duration as Go writes it, `1h30m` or `-1.5s`; `undefined` for anything else or when it is too long. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return /^[-+]?0$/.test(text) ? new Duration(0n) : undefined;
  let nanos = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of (match[2] ?? "").matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const scale = units[unit] ?? 0n;
    nanos += BigInt(whole || "0") * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
  }
  if (match[1] === "-") nanos = -nanos;
  return BigInt.asIntN(64, nanos) === nanos ? new Duration(nanos) : undefined;
}

/** A duration in seconds, `3601.5s`. */
export function formatDuration({ nanos }: Duration): string {
  const seconds = Number(nanos / nanosPerSecond) + Number(nanos % nanosPerSecond) / 1e9;
  return `${formatPlain(seconds)}s`;
}

/** A number without exponent in as few digits as tell it from others. */
export function formatPlain(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", first = "", rest = "", exponent = ""] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0")}`;
}

export function durationOf(nanos: bigint): Duration {
  return BigInt.asIntN(64, nanos) === nanos ? new Duration(nanos) : fail("integer overflow");
}

/** A point in time between the years 1 and 9999. */
export function timestampOf(nanos: bigint, offsetSeconds = 0): Timestamp {
  const seconds = floorDivide(nanos, nanosPerSecond);
  if (seconds < secondsMin || seconds > secondsMax) fail("timestamp overflow");
  return new Timestamp(nanos, offsetSeconds);
}

export function timestampOfSeconds(seconds: bigint): Timestamp {
  return timestampOf(seconds * nanosPerSecond);
}

export function secondsOf({ nanos }: Timestamp): bigint {
  return floorDivide(nanos, nanosPerSecond);
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

/** Reads RFC 3339; `undefined` for anything else. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map(Number);
  const offset = (match[8] === "-" ? -60 : 60) * (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0));
  if (!isDay(year, month, day) || hours > 23 || minutes > 59 || seconds > 59 || Number(match[10] ?? 0) > 59) {
    return undefined;
  }
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hours, minutes, seconds);
  const fraction = BigInt((match[7] ?? "").slice(0, 9).padEnd(9, "0"));
  return timestampOf((BigInt(date.getTime()) / 1_000n - BigInt(offset)) * nanosPerSecond + fraction, offset);
}

/** A day in UTC as `2006-01-02`; `undefined` for anything else. */
export function parseDate(text: string): Timestamp | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return day <= last.getUTCDate();
}

/** RFC 3339 with as many digits of a second as needed, in the offset that the time was given with. */
export function formatTimestamp({ nanos, offsetSeconds }: Timestamp): string {
  const local = nanos + BigInt(offsetSeconds) * nanosPerSecond;
  const seconds = floorDivide(local, nanosPerSecond);
  const fraction = (local - seconds * nanosPerSecond).toString().padStart(9, "0").replace(/0+$/, "");
  const date = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  const minutes = Math.abs(offsetSeconds) / 60;
  const two = (value: number) => String(Math.trunc(value)).padStart(2, "0");
  const zone = offsetSeconds === 0 ? "Z" : `${offsetSeconds < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
  return `${date}${fraction === "" ? "" : `.${fraction}`}${zone}`;
}

/**
 * The clock and calendar of a time in a zone: fields are those of UTC of the returned date.
 *
 * @param zone a name of the time zone database, `UTC`, or an offset like `-02:00`
 */
export function localDate(time: Timestamp, zone: string): Date {
  const milliseconds = Number(floorDivide(time.nanos, 1_000_000n));
  return new Date(milliseconds + offsetIn(zone, milliseconds) * 1_000);
}

function offsetIn(zone: string, milliseconds: number): number {
  if (zone === "" || zone === "UTC") return 0;
  const colon = zone.indexOf(":");
  if (colon < 0) return namedOffset(zone, milliseconds);
  const [hours, minutes] = [zone.slice(0, colon), zone.slice(colon + 1)].map((part) => {
    if (/^[+-]?\d+$/.test(part)) return Number(part);
    return fail(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`);
  });
  const sign = zone.startsWith("-") ? -1 : 1;
  return ((hours ?? 0) * 60 + sign * (minutes ?? 0)) * 60;
}

function namedOffset(zone: string, milliseconds: number): number {
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    const name = format.formatToParts(milliseconds).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours, minutes = "0", seconds = "0"] = /([+-])(\d+)(?::(\d+))?(?::(\d+))?/.exec(name) ?? [];
    const size = Number(hours ?? 0) * 3_600 + Number(minutes) * 60 + Number(seconds);
    return sign === "-" ? -size : size;
  } catch {
    return fail(`unknown time zone ${zone}`);
  }
}
