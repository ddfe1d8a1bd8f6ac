/** A version as tags have it, `v1.2.3-rc.1+build`. Missing parts are zero. */
type Version = { numbers: readonly [number, number, number]; prerelease: readonly string[] };
type Comparator = (version: Version) => boolean;

/**
 * Reads a range over versions, as Argo CD takes one for a revision: `1.2.x`, `^1.2`, `~1.2.3`, `>=1.2 <2`, `1.2 - 1.4`, `*`,
 * joined by spaces or commas (both must hold) and `||` (one must).
 *
 * @returns picks the highest version out of names, or `undefined`; `undefined` when the text is a plain name or version
 */
export function parseRange(text: string): ((names: readonly string[]) => string | undefined) | undefined {
  if (!/[<>=~^*|, ]|(^|\.)[xX](\.|$)/.test(text)) return undefined;
  const alternatives = text.split("||").map(parseAll);
  if (alternatives.some((alternative) => alternative === undefined)) return undefined;
  const fits = (version: Version) => alternatives.some((alternative) => alternative?.(version) === true);
  return (names) => {
    const found = names.flatMap((name) => {
      const version = parseVersion(name);
      return version !== undefined && fits(version) ? [{ name, version }] : [];
    });
    return found.sort((a, b) => compare(b.version, a.version) || (a.name < b.name ? -1 : 1))[0]?.name;
  };
}

/** The tag with the highest version of a range, of those that begin with a prefix, which is no part of the version. */
export function highestTag(
  range: (names: readonly string[]) => string | undefined,
  tags: readonly string[],
  prefix: string,
): string | undefined {
  const versions = tags.filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length));
  const highest = range(versions);
  return highest === undefined ? undefined : prefix + highest;
}

/** `>=1.2, <2` or `1.2 - 1.4`: all parts must hold. */
function parseAll(text: string): Comparator | undefined {
  const [, from, to] = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(text) ?? [];
  const normal = from !== undefined && to !== undefined ? `>=${from} <=${to}` : text;
  const parts = normal
    .replace(/([<>=~^!]+)\s+/g, "$1")
    .split(/[\s,]+/)
    .filter(Boolean);
  const comparators = parts.map(parseComparator);
  if (comparators.length === 0 || comparators.some((comparator) => comparator === undefined)) return undefined;
  // A version that is not final is wanted only by somebody who names one.
  const prereleaseWanted = parts.some((part) => /\d-/.test(part));
  return (version) =>
    (prereleaseWanted || version.prerelease.length === 0) &&
    comparators.every((comparator) => comparator?.(version) === true);
}

const partial =
  /^(<=|=<|>=|=>|<|>|!=|=|~>|~|\^)?v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

function parseComparator(text: string): Comparator | undefined {
  const match = partial.exec(text);
  if (match === null) return undefined;
  const [, operator = "=", ...parts] = match;
  const numbers = parts
    .slice(0, 3)
    .map((part) => (part === undefined || /[xX*]/.test(part) ? undefined : Number(part)));
  const [major, minor, patch] = numbers;
  if (major === undefined) return operator === "!=" || operator === "<" || operator === ">" ? () => false : () => true;
  const prerelease = parts[3]?.slice(1).split(".") ?? [];
  const low: Version = { numbers: [major, minor ?? 0, patch ?? 0], prerelease };
  /** The first version above all that the written parts allow. */
  const above = (depth: 1 | 2 | 3): Version => {
    const next: [number, number, number] =
      depth === 1
        ? [major + 1, 0, 0]
        : depth === 2
          ? [major, (minor ?? 0) + 1, 0]
          : [major, minor ?? 0, (patch ?? 0) + 1];
    return { numbers: next, prerelease: ["0"] };
  };
  const written = minor === undefined ? 1 : patch === undefined ? 2 : 3;
  const between =
    (high: Version): Comparator =>
    (version) =>
      compare(version, low) >= 0 && compare(version, high) < 0;
  const same: Comparator = written === 3 ? (version) => compare(version, low) === 0 : between(above(written));
  switch (operator) {
    case "=":
      return same;
    case "!=":
      return (version) => !same(version);
    case ">":
      return written === 3
        ? (version) => compare(version, low) > 0
        : (version) => compare(version, above(written)) >= 0;
    case ">=":
    case "=>":
      return (version) => compare(version, low) >= 0;
    case "<":
      return (version) => compare(version, low) < 0;
    case "<=":
    case "=<":
      return written === 3
        ? (version) => compare(version, low) <= 0
        : (version) => compare(version, above(written)) < 0;
    case "~":
    case "~>":
      return between(above(written === 1 ? 1 : 2));
    case "^":
      // The leftmost part that is not zero stays as it is.
      return between(above(major > 0 || minor === undefined ? 1 : minor > 0 || patch === undefined ? 2 : 3));
    default:
      return undefined;
  }
}

function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text);
  if (match === null) return undefined;
  const [, major, minor = "0", patch = "0", prerelease] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease: prerelease?.split(".") ?? [] };
}

/** Precedence of SemVer 2.0, paragraph 11. */
function compare(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = a.numbers[index] - b.numbers[index];
    if (difference !== 0) return difference;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (let index = 0; ; index++) {
    const [left, right] = [a.prerelease[index], b.prerelease[index]];
    if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined);
    if (left === right) continue;
    const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftIsNumber && rightIsNumber) return Number(left) - Number(right);
    if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
    return left < right ? -1 : 1;
  }
}
