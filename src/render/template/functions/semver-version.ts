import { compareUtf8 } from "../../../apimachinery/index.ts";
import { GoError } from "../go-error.ts";
import { inUint64 } from "../literals.ts";

export type SemanticVersion = {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: string;
  readonly metadata: string;
  /** As it was written, with `v` and without what was left out. */
  readonly original: string;
};

const loose =
  /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?$/;

/** Reads a version as generously as `semver.NewVersion`. @throws {GoError} in its words */
export function parseVersion(text: string): SemanticVersion {
  const found = loose.exec(text);
  if (found === null) throw new GoError("invalid semantic version");
  const [, major = "0", minor = "0", patch = "0", prerelease = "", metadata = ""] = found;
  if (prerelease.split(".").some((part) => /^0\d+$/.test(part))) throw new GoError("version segment starts with 0");
  return { major: segment(major), minor: segment(minor), patch: segment(patch), prerelease, metadata, original: text };
}

function segment(digits: string): bigint {
  const value = BigInt(digits);
  if (inUint64(value)) return value;
  throw new GoError(`error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`);
}

export function formatVersion({ major, minor, patch, prerelease, metadata }: SemanticVersion): string {
  const suffix = (prerelease && `-${prerelease}`) + (metadata && `+${metadata}`);
  return `${major}.${minor}.${patch}${suffix}`;
}

/** Metadata does not count. @returns -1, 0 or 1 */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  for (const part of ["major", "minor", "patch"] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  }
  if (a.prerelease === b.prerelease) return 0;
  if (a.prerelease === "" || b.prerelease === "") return a.prerelease === "" ? 1 : -1;
  return comparePrereleases(a.prerelease, b.prerelease);
}

export function comparePrereleases(a: string, b: string): number {
  const [left, right] = [a.split("."), b.split(".")];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = comparePart(left[index] ?? "", right[index] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers come before words, and nothing before anything. */
function comparePart(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "" || b === "") return a === "" ? -1 : 1;
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) return left > right ? 1 : -1;
  if (left === undefined && right === undefined) return compareUtf8(a, b) > 0 ? 1 : -1;
  return left === undefined ? 1 : -1;
}

function numberOf(part: string): bigint | undefined {
  if (!/^\d+$/.test(part)) return undefined;
  const value = BigInt(part);
  return inUint64(value) ? value : undefined;
}
