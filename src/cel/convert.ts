import { formatGoExponent } from "../apimachinery/index.ts";
import { EvaluationError, fail, noOverload } from "./meter.ts";
import {
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  secondsOf,
  timestampOfSeconds,
} from "./time.ts";
import { Duration, Timestamp, TypeValue, typeNameOf, Uint, type Value } from "./values.ts";

function cannot(value: Value, to: string): never {
  return fail(`type conversion error from '${typeNameOf(value)}' to '${to}'`);
}

export function intOf(value: bigint): bigint {
  return BigInt.asIntN(64, value) === value ? value : fail("integer overflow");
}

export function uintOf(value: bigint): Uint {
  return BigInt.asUintN(64, value) === value ? new Uint(value) : fail("unsigned integer overflow");
}

export function toInt(value: Value): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) return intOf(value.value);
  if (typeof value === "number") {
    // The bounds themselves are out: as doubles they are not exact.
    return Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : fail("integer overflow");
  }
  if (value instanceof Duration) return value.nanos;
  if (value instanceof Timestamp) return secondsOf(value);
  if (typeof value === "string" && /^[-+]?\d+$/.test(value)) {
    const parsed = BigInt(value.replace(/^\+/, ""));
    if (BigInt.asIntN(64, parsed) === parsed) return parsed;
  }
  return cannot(value, "int");
}

export function toUint(value: Value): Uint {
  if (value instanceof Uint) return value;
  if (typeof value === "bigint") return uintOf(value);
  if (typeof value === "number") {
    return value >= 0 && value < 2 ** 64 ? new Uint(BigInt(Math.trunc(value))) : fail("unsigned integer overflow");
  }
  if (typeof value === "string" && /^\d+$/.test(value)) {
    const parsed = BigInt(value);
    if (BigInt.asUintN(64, parsed) === parsed) return new Uint(parsed);
  }
  return cannot(value, "uint");
}

/** What Go's `strconv.ParseFloat` reads. */
const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const words: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  "+infinity": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

export function toDouble(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value === "string") {
    const word = words[value.toLowerCase()];
    if (word !== undefined) return word;
    if (decimal.test(value) && Number.isFinite(Number(value))) return Number(value);
  }
  return cannot(value, "double");
}

export function toBool(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && /^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (typeof value === "string" && /^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  return cannot(value, "bool");
}

export function toBytes(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return typeof value === "string" ? Buffer.from(value) : cannot(value, "bytes");
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return formatGoExponent(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof TypeValue) return value.name;
  if (!(value instanceof Uint8Array)) return cannot(value, "string");
  try {
    return utf8.decode(value);
  } catch {
    return fail("invalid UTF-8 in bytes, cannot convert to string");
  }
}

export function toDuration(value: Value): Duration {
  if (value instanceof Duration) return value;
  const parsed = typeof value === "string" ? parseDuration(value) : undefined;
  return parsed ?? cannot(value, "google.protobuf.Duration");
}

export function toTimestamp(value: Value): Timestamp {
  if (value instanceof Timestamp) return value;
  if (typeof value === "bigint") return timestampOfSeconds(value);
  const parsed = typeof value === "string" ? parseTimestamp(value) : undefined;
  return parsed ?? cannot(value, "google.protobuf.Timestamp");
}

/** The text, or `no such overload`. */
export function asText(value: Value | undefined): string {
  return typeof value === "string" ? value : noOverload();
}

export function asInt(value: Value | undefined): bigint {
  return typeof value === "bigint" ? value : noOverload();
}

/** An integer as an index or count; what is out of any range stays so. */
export function asNumber(value: Value | undefined): number {
  return Number(asInt(value));
}

/** An error as the message that it shows. */
export function messageOf(error: unknown): string {
  return error instanceof EvaluationError || error instanceof Error ? error.message : String(error);
}
