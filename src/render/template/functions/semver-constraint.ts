import { GoError } from "../go-error.ts";
import { comparePrereleases, compareVersions, parseVersion, type SemanticVersion } from "./semver-version.ts";

/** One comparison: `~1.2.x` has the operator `~`, the version 1.2.0 and leaves the patch open. */
type Constraint = {
  readonly operator: string;
  readonly version: SemanticVersion;
  /** What was left open: everything from here on. */
  readonly open: "major" | "minor" | "patch" | undefined;
};

/** Alternatives; of each all comparisons must hold. */
export type Constraints = readonly (readonly Constraint[])[];

const version =
  "v?([0-9|xX*]+)(\\.[0-9|xX*]+)?(\\.[0-9|xX*]+)?(-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?";
const operators = "=||!=|>|<|>=|=>|<=|=<|~|~>|\\^";
const plainVersion = version.replaceAll("(\\", "(?:\\").replace("([", "(?:[").replace("(-", "(?:-");
const rangePattern = new RegExp(`\\s*(${plainVersion})\\s+-\\s+(${plainVersion})\\s*`, "g");
const one = `(?:${operators})\\s*(?:${plainVersion})`;
const validPattern = new RegExp(`^\\s*${one}\\s*(?:(?:\\s+|,\\s*)${one}\\s*)*$`);
const findPattern = new RegExp(one, "g");
const constraintPattern = new RegExp(`^\\s*(${operators})\\s*(?:${version})\\s*$`);

/** How long a constraint may be: matching takes time that grows with the square of it. */
const lengthMax = 1000;

/** Reads a constraint as `semver.NewConstraint`. @throws {GoError} in its words */
export function parseConstraints(text: string): Constraints {
  if (text.length > lengthMax) throw new GoError(`improper constraint: ${text}`);
  const rewritten = text.replace(rangePattern, (_all, low: string, high: string) => `>= ${low}, <= ${high} `);
  return rewritten.split("||").map((part) => {
    if (!validPattern.test(part)) throw new GoError(`improper constraint: ${part}`);
    return (part.match(findPattern) ?? [part]).map(parseConstraint);
  });
}

function parseConstraint(text: string): Constraint {
  if (text === "") return { operator: "", version: parseVersion("0.0.0"), open: "patch" };
  const found = constraintPattern.exec(text);
  if (found === null) throw new GoError(`improper constraint: ${text}`);
  const [, operator = "", major = "", minor = "", patch = "", prerelease = ""] = found;
  const isOpen = (part: string) => /^\.?[xX*]?$/.test(part);
  const read = (written: string) => {
    try {
      return parseVersion(written);
    } catch {
      throw new GoError("constraint parser error");
    }
  };
  if (isOpen(major)) return { operator, version: read(`0.0.0${prerelease}`), open: "major" };
  if (isOpen(minor)) return { operator, version: read(`${major}.0.0${prerelease}`), open: "minor" };
  if (isOpen(patch)) return { operator, version: read(`${major}${minor}.0${prerelease}`), open: "patch" };
  const whole = /v?[0-9].*$/s.exec(text.trimEnd())?.[0] ?? "";
  return { operator, version: read(whole), open: undefined };
}

/** Whether a version is in one of the alternatives. Prereleases are only in those that name one themselves. */
export function checkConstraints(alternatives: Constraints, version: SemanticVersion): boolean {
  return alternatives.some((constraints) => {
    const allowsPrerelease = constraints.some((constraint) => constraint.version.prerelease !== "");
    if (version.prerelease !== "" && !allowsPrerelease) return false;
    return constraints.every((constraint) => holds(constraint, version));
  });
}

function holds({ operator, version: wanted, open }: Constraint, version: SemanticVersion): boolean {
  const order = compareVersions(version, wanted);
  const isMajor = version.major === wanted.major;
  const isMinor = version.minor === wanted.minor;
  // What leaves the minor version open leaves the patch open too, but Go marks only the first.
  const isMinorOpen = open === "minor";
  const isPatchOpen = open === "patch";
  switch (operator) {
    case "":
    case "=":
      return open === undefined ? order === 0 : isNear(version, wanted, isMinorOpen, isPatchOpen, order);
    case "!=":
      return differs(version, wanted, open, order);
    case ">":
      if (open === undefined || version.major !== wanted.major)
        return open === undefined ? order > 0 : version.major > wanted.major;
      if (isMinorOpen) return false;
      return isPatchOpen ? version.minor > wanted.minor : order > 0;
    case "<":
      return order < 0;
    case ">=":
    case "=>":
      return order >= 0;
    case "<=":
    case "=<":
      if (open === undefined) return order <= 0;
      if (version.major > wanted.major) return false;
      return !(isMajor && version.minor > wanted.minor && !isMinorOpen);
    case "~":
    case "~>":
      return isNear(version, wanted, isMinorOpen, isPatchOpen, order);
  }
  if (order < 0) return false;
  if (wanted.major > 0n || isMinorOpen) return isMajor;
  if (version.major > 0n) return false;
  if (wanted.minor > 0n || isPatchOpen) return isMinor;
  return version.minor === 0n && version.patch === wanted.patch;
}

/** `~1.2`: the same minor version, or the same major version when that is open. */
function isNear(
  version: SemanticVersion,
  wanted: SemanticVersion,
  isMinorOpen: boolean,
  isPatchOpen: boolean,
  order: number,
): boolean {
  if (order < 0) return false;
  const isZero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n;
  if (isZero && !isMinorOpen && !isPatchOpen) return true;
  return version.major === wanted.major && (version.minor === wanted.minor || isMinorOpen);
}

function differs(version: SemanticVersion, wanted: SemanticVersion, open: Constraint["open"], order: number): boolean {
  if (open === undefined) return order !== 0;
  if (version.major !== wanted.major) return true;
  if (version.minor !== wanted.minor && open !== "minor") return true;
  if (open === "minor") return false;
  if (version.patch !== wanted.patch && open !== "patch") return true;
  if (open !== "patch") return order !== 0;
  if (version.prerelease === "" && wanted.prerelease === "") return false;
  return comparePrereleases(version.prerelease, wanted.prerelease) !== 0;
}
