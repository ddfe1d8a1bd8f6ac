import { formatGoExponent, quoteGo } from "./go-format.ts";
import { decodeLoosely } from "./yaml-bytes.ts";
import { type DecodeFaults, strangeKey } from "./yaml-faults.ts";
import { isTimestamp, type PlainValue, resolvePlain } from "./yaml-scalar.ts";

/** Text that is not yet a value: what it becomes depends on whether it is a key. `tag` has its handle resolved. */
export type Scalar = { at: number; text: string; isPlain: boolean; tag: string };

/** What a scalar says. What is wrong with it is told to `faults`. */
export function resolveScalar(scalar: Scalar, faults: DecodeFaults): PlainValue {
  const { text, tag } = scalar;
  if (tag === "") return scalar.isPlain ? resolvePlain(text) : text;
  return tag.startsWith(core) ? resolveTagged(scalar, tag.slice(core.length), faults) : text;
}

const core = "tag:yaml.org,2002:";

function resolveTagged({ text, at }: Scalar, type: string, faults: DecodeFaults): PlainValue {
  if (type === "binary") return decodeBinary(text, at, faults);
  if (type !== "null" && type !== "bool" && type !== "int" && type !== "float" && type !== "timestamp") return text;
  const value = resolvePlain(text);
  const found = typeof value === "string" && isTimestamp(text) ? "timestamp" : typeOf(value);
  if (found === type) return value;
  // Go makes a float of an integer that 64 bits with a sign hold.
  if (type === "float" && typeof value === "bigint" && BigInt.asIntN(64, value) === value) return Number(value);
  faults.add(`cannot decode !!${found} \`${text}\` as a !!${type}`, at);
  return null;
}

function typeOf(value: PlainValue): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  return typeof value === "number" ? "float" : "str";
}

function decodeBinary(text: string, at: number, faults: DecodeFaults): string {
  const base64 = text.replace(/\n/g, "");
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(base64)) {
    faults.add("!!binary value contains invalid base64 data", at);
  }
  return decodeLoosely(Buffer.from(base64, "base64"));
}

/** A float as JSON has it. `.inf` and `.nan`, which JSON lacks, stay and are noted. */
export function toNumber(value: number, at: number, faults: DecodeFaults): number {
  if (!Number.isFinite(value)) faults.noteUnsayable(at);
  return value === 0 ? 0 : value;
}

/** The string that a map key becomes. What Go has no string for becomes one that {@link strangeKey} makes, and is noted. */
export function toKey(value: PlainValue, at: number, faults: DecodeFaults): string {
  if (typeof value === "string") return value;
  if (value === null) return strangeKey("%!s(<nil>), key: <nil>", at, faults);
  if (typeof value === "number") return formatKeyNumber(value);
  if (typeof value === "boolean" || value < 2n ** 63n) return String(value);
  return strangeKey(`uint64, key: 0x${value.toString(16)}`, at, faults);
}

/** How Go's `%#v` shows a key; it is the same only for keys that go-yaml takes for the same. */
export function showKey(value: PlainValue): string {
  if (typeof value === "string") return quoteGo(value);
  if (value === null) return "<nil>";
  if (typeof value === "bigint" && value >= 2n ** 63n) return `0x${value.toString(16)}`;
  return typeof value === "number" ? formatGoExponent(value) : String(value);
}

/** sigs.k8s.io/yaml prints keys in single precision. */
function formatKeyNumber(value: number): string {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return ".nan";
  if (!Number.isFinite(single)) return single > 0 ? ".inf" : "-.inf";
  let digits = 1;
  while (digits < 9 && Math.fround(Number(single.toPrecision(digits))) !== single) digits++;
  return formatGoExponent(Number(single.toPrecision(digits)));
}

/** A `<<` that is not quoted. */
export function isMergeKey({ text, isPlain, tag }: Scalar): boolean {
  return text === "<<" && (tag === "" ? isPlain : tag === "!" || tag === `${core}merge`);
}
