import {
  checkConstraints,
  compareVersions,
  parseConstraints,
  parseVersion,
  type SemanticVersion,
} from "../render/index.ts";

/** Something that has a version, as an entry of an index or a tag of a registry. */
type Versioned = { readonly version: string };

/** Whether a text names one version, `1.2.3`, `v1.2` or `1`, as semver.NewVersion reads it, and no range. */
export function isVersion(text: string): boolean {
  return versionOf(text) !== undefined;
}

/** The highest first. What is no version comes last, in the order given. */
export function sortVersions<T extends Versioned>(entries: readonly T[]): T[] {
  return entries
    .map((entry) => ({ entry, version: versionOf(entry.version) }))
    .toSorted((a, b) => {
      if (a.version === undefined || b.version === undefined)
        return Number(a.version === undefined) - Number(b.version === undefined);
      return compareVersions(b.version, a.version);
    })
    .map(({ entry }) => entry);
}

/**
 * Chooses as `helm pull --version` does: what is written exactly so, else the highest that the text as a constraint allows.
 *
 * @param wanted a version, a range, or empty for the latest that is no prerelease
 * @throws {Error} `improper constraint: …`
 */
export function chooseVersion<T extends Versioned>(sorted: readonly T[], wanted: string): T | undefined {
  const constraints = parseConstraints(wanted === "" ? "*" : wanted);
  const exact = wanted === "" ? undefined : sorted.find(({ version }) => version === wanted);
  return exact ?? sorted.find((entry) => allows(constraints, entry.version));
}

/** Whether two texts mean one version; build metadata does not count. What is no version is the same only as itself. */
export function isSameVersion(a: string, b: string): boolean {
  const [left, right] = [versionOf(a), versionOf(b)];
  if (left === undefined) return a === b;
  return right !== undefined && compareVersions(left, right) === 0;
}

/** The check of one version against a constraint of a dependency. @throws {Error} `improper constraint: …` */
export function satisfies(version: string, constraint: string): boolean {
  return allows(parseConstraints(constraint), version);
}

function allows(constraints: ReturnType<typeof parseConstraints>, text: string): boolean {
  const version = versionOf(text);
  return version !== undefined && checkConstraints(constraints, version);
}

function versionOf(text: string): SemanticVersion | undefined {
  try {
    return parseVersion(text);
  } catch {
    return undefined;
  }
}
