import { type GoType, uint64Type } from "../go-types.ts";
import { type FunctionTable, fn, type GoFunction, object, string } from "../signature.ts";
import { GoInt, GoObject, goInt, type Value } from "../values.ts";
import { checkConstraints, parseConstraints } from "./semver-constraint.ts";
import { compareVersions, formatVersion, parseVersion, type SemanticVersion } from "./semver-version.ts";

const versionType: GoType = { name: "*semver.Version", kind: "ptr" };

/** Semantic versions as Masterminds/semver knows them. */
export const semverFunctions: FunctionTable = {
  semver: fn([string], (text) => new GoVersion(parseVersion(text))),
  semverCompare: fn([string, string], (constraint, version) => {
    const constraints = parseConstraints(constraint);
    return checkConstraints(constraints, parseVersion(version));
  }),
};

/** A `*semver.Version`: a template sees its methods. */
class GoVersion extends GoObject {
  readonly type: GoType = versionType;
  readonly version: SemanticVersion;

  constructor(version: SemanticVersion) {
    super();
    this.version = version;
  }

  override text(): string {
    return formatVersion(this.version);
  }

  override toData(): Value {
    return this.text();
  }

  override method(name: string): GoFunction | undefined {
    return Object.hasOwn(methods, name) ? methods[name] : undefined;
  }
}

const version = object(versionType, (value) => value instanceof GoVersion);
const uint64 = (value: bigint) => new GoInt(uint64Type, value);

const methods: Readonly<Record<string, GoFunction>> = {
  String: fn([version], (self) => self.text()),
  Original: fn([version], (self) => self.version.original),
  Major: fn([version], (self) => uint64(self.version.major)),
  Minor: fn([version], (self) => uint64(self.version.minor)),
  Patch: fn([version], (self) => uint64(self.version.patch)),
  Prerelease: fn([version], (self) => self.version.prerelease),
  Metadata: fn([version], (self) => self.version.metadata),
  Compare: fn([version, version], (self, other) => goInt(compareVersions(self.version, other.version))),
  Equal: fn([version, version], (self, other) => compareVersions(self.version, other.version) === 0),
  LessThan: fn([version, version], (self, other) => compareVersions(self.version, other.version) < 0),
  LessThanEqual: fn([version, version], (self, other) => compareVersions(self.version, other.version) <= 0),
  GreaterThan: fn([version, version], (self, other) => compareVersions(self.version, other.version) > 0),
  GreaterThanEqual: fn([version, version], (self, other) => compareVersions(self.version, other.version) >= 0),
  IncMajor: fn([version], (self) => next(self.version, { major: self.version.major + 1n, minor: 0n, patch: 0n })),
  IncMinor: fn([version], (self) => next(self.version, { minor: self.version.minor + 1n, patch: 0n })),
  IncPatch: fn([version], (self) => {
    // A prerelease comes before its release, which is the next patch.
    return next(self.version, { patch: self.version.patch + (self.version.prerelease === "" ? 1n : 0n) });
  }),
  SetPrerelease: fn([version, string], (self, prerelease) => {
    return next(self.version, { prerelease, metadata: self.version.metadata });
  }),
  SetMetadata: fn([version, string], (self, metadata) => {
    return next(self.version, { prerelease: self.version.prerelease, metadata });
  }),
};

function next(from: SemanticVersion, change: Partial<SemanticVersion>): GoVersion {
  const changed = { ...from, prerelease: "", metadata: "", ...change };
  const original = (from.original.startsWith("v") ? "v" : "") + formatVersion(changed);
  // What is put together must be a version.
  if (changed.prerelease !== "" || changed.metadata !== "") parseVersion(formatVersion(changed));
  return new GoVersion({ ...changed, original });
}
