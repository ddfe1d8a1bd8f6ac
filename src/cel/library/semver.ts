import { quoteGo } from "../../apimachinery/index.ts";
import { asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { EvaluationError, fail, noOverload } from "../meter.ts";
import { objectType } from "../types.ts";
import { Foreign, type Value } from "../values.ts";

export const semverType = objectType("kubernetes.Semver");

/** A semantic version; build metadata is checked and then ignored. */
class Semver extends Foreign {
  override readonly type = semverType;
  readonly numbers: readonly [major: bigint, minor: bigint, patch: bigint];
  readonly prerelease: readonly string[];
  constructor(numbers: Semver["numbers"], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof Semver ? compareVersions(this, other) === 0 : undefined;
  }
}

const { overload, method } = declareWith({ Semver: semverType });

const parsed = ([text, normalize]: readonly Value[]) => parseVersion(asText(text), normalize === true);
const order = ([a, b]: readonly Value[]) => compareVersions(versionOf(a), versionOf(b));
const number = (index: 0 | 1 | 2) => (args: readonly Value[]) => versionOf(args[0]).numbers[index];

/** Kubernetes' functions of semantic versions. */
export const semverFunctions: FunctionTable = new Map<string, Overload[]>([
  [
    "semver",
    [
      overload("string_to_semver", "string -> Semver", parsed),
      overload("string_bool_to_semver", "string, bool -> Semver", parsed),
    ],
  ],
  [
    "isSemver",
    [
      overload("is_semver_string", "string -> bool", isVersion),
      overload("is_semver_string_bool", "string, bool -> bool", isVersion),
    ],
  ],
  ["isGreaterThan", [method("semver_is_greater_than", "Semver, Semver -> bool", (args) => order(args) > 0)]],
  ["isLessThan", [method("semver_is_less_than", "Semver, Semver -> bool", (args) => order(args) < 0)]],
  ["compareTo", [method("semver_compare_to", "Semver, Semver -> int", (args) => BigInt(order(args)))]],
  ["major", [method("semver_major", "Semver -> int", number(0))]],
  ["minor", [method("semver_minor", "Semver -> int", number(1))]],
  ["patch", [method("semver_patch", "Semver -> int", number(2))]],
]);

function versionOf(value: Value | undefined): Semver {
  return value instanceof Semver ? value : noOverload();
}

function isVersion(args: readonly Value[]): boolean {
  try {
    parsed(args);
    return true;
  } catch (error) {
    if (error instanceof EvaluationError) return false;
    throw error;
  }
}

function parseVersion(text: string, isLoose: boolean): Semver {
  const version = isLoose ? normalize(text) : text;
  if (version === "") return fail("Version string empty");
  const [major = "", minor, ...rest] = version.split(".");
  if (minor === undefined || rest.length === 0) return fail("No Major.Minor.Patch elements found");
  const tail = rest.join(".");
  const numbers: Semver["numbers"] = [numeral(major, "major"), numeral(minor, "minor"), 0n];
  const plus = tail.indexOf("+");
  const beforeBuild = plus < 0 ? tail : tail.slice(0, plus);
  const dash = beforeBuild.indexOf("-");
  const patch = numeral(dash < 0 ? beforeBuild : beforeBuild.slice(0, dash), "patch");
  const prerelease = dash < 0 ? [] : beforeBuild.slice(dash + 1).split(".");
  for (const part of prerelease) checkPrerelease(part);
  for (const part of plus < 0 ? [] : tail.slice(plus + 1).split(".")) {
    if (part === "") return fail("Build meta data is empty");
    if (!/^[0-9A-Za-z-]+$/.test(part)) return fail(`Invalid character(s) found in build meta data ${quoteGo(part)}`);
  }
  return new Semver([numbers[0], numbers[1], patch], prerelease);
}

function numeral(text: string, name: "major" | "minor" | "patch"): bigint {
  if (!/^\d*$/.test(text)) return fail(`Invalid character(s) found in ${name} number ${quoteGo(text)}`);
  if (/^0\d/.test(text)) {
    const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return fail(`${capital} number must not contain leading zeroes ${quoteGo(text)}`);
  }
  if (text === "") return fail('strconv.ParseUint: parsing "": invalid syntax');
  const value = BigInt(text);
  if (BigInt.asUintN(64, value) !== value)
    return fail(`strconv.ParseUint: parsing ${quoteGo(text)}: value out of range`);
  return value;
}

function checkPrerelease(part: string): void {
  if (part === "") fail("Prerelease is empty");
  if (/^0\d+$/.test(part)) fail(`Numeric PreRelease version must not contain leading zeroes ${quoteGo(part)}`);
  if (!/^[0-9A-Za-z-]+$/.test(part)) fail(`Invalid character(s) found in prerelease ${quoteGo(part)}`);
}

/** Without `v` before it, with all three numbers and no zeros before them. */
function normalize(text: string): string {
  const [first = "", second, ...rest] = text.replace(/^v/, "").split(".");
  const parts = [first, ...(second === undefined ? [] : [second]), ...(rest.length === 0 ? [] : [rest.join(".")])].map(
    (part) => (part.length > 1 ? part.replace(/^0+(?=\D|$)/, "0").replace(/^0+(?=\d)/, "") : part),
  );
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? "")) {
    return fail("short version cannot contain PreRelease/Build meta data");
  }
  while (parts.length < 3) parts.push("0");
  return parts.join(".");
}

function compareVersions(a: Semver, b: Semver): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0n;
    if (number !== other) return number > other ? 1 : -1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length - a.prerelease.length);
  }
  for (const [index, part] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1;
    const order = comparePrerelease(part, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length < b.prerelease.length ? -1 : 0;
}

function comparePrerelease(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  const [x, y] = isNumberA ? [BigInt(a), BigInt(b)] : [a, b];
  return x === y ? 0 : x > y ? 1 : -1;
}
