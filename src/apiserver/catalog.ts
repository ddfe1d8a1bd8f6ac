import type { ApiResource } from "./resource.ts";

/** One version of a group; the same object as long as its resources are the same, so that documents about it can be kept. */
export type ApiVersion = { group: string; version: string; apiVersion: string; resources: readonly ApiResource[] };
/** A group with its versions, the preferred one first. */
export type ApiGroup = { group: string; versions: readonly ApiVersion[] };

/** What is served at one moment. It never changes; another one takes its place. */
export type Catalog = {
  /** In the order of discovery: built-in groups, then those of CRDs by name. */
  readonly groups: readonly ApiGroup[];
  find(group: string, version: string, resource: string): ApiResource | undefined;
  group(group: string): ApiGroup | undefined;
  version(group: string, version: string): ApiVersion | undefined;
};

/**
 * Orders resources into groups and versions.
 *
 * @param builtin in the order of discovery; its versions are in the order of preference
 * @param custom in any order
 * @param before the catalog that this one replaces, whose unchanged versions it takes over
 */
export function createCatalog(
  builtin: readonly ApiResource[],
  custom: readonly ApiResource[],
  before?: Catalog,
): Catalog {
  const names = [...new Set(builtin.map(({ group }) => group))];
  const customNames = [...new Set(custom.map(({ group }) => group))].filter((name) => !names.includes(name)).sort();
  const byGroup = Map.groupBy([...builtin, ...custom], ({ group }) => group);
  const groups = [...names, ...customNames].map((group): ApiGroup => {
    const resources = byGroup.get(group) ?? [];
    const builtinVersions = [...new Set(resources.filter(isBuiltin).map(({ version }) => version))];
    const customVersions = [...new Set(resources.map(({ version }) => version))].filter(
      (version) => !builtinVersions.includes(version),
    );
    const versions = [...builtinVersions, ...customVersions.sort(compareVersions)];
    return {
      group,
      versions: versions.map((version) => versionOf(group, version, resources, before?.version(group, version))),
    };
  });
  const groupsByName = new Map(groups.map((group) => [group.group, group]));
  const versionsByName = new Map(
    groups.flatMap(({ versions }) => versions.map((version) => [version.apiVersion, version])),
  );
  const resourcesByName = new Map(
    [...custom, ...builtin].map((resource) => [`${resource.apiVersion}/${resource.resource}`, resource]),
  );
  const apiVersionOf = (group: string, version: string) => (group === "" ? version : `${group}/${version}`);
  return {
    groups,
    find: (group, version, resource) => resourcesByName.get(`${apiVersionOf(group, version)}/${resource}`),
    group: (group) => groupsByName.get(group),
    version: (group, version) => versionsByName.get(apiVersionOf(group, version)),
  };
}

function isBuiltin({ custom }: ApiResource): boolean {
  return custom === undefined;
}

function versionOf(
  group: string,
  version: string,
  all: readonly ApiResource[],
  before: ApiVersion | undefined,
): ApiVersion {
  const resources = all
    .filter((resource) => resource.version === version)
    .sort((a, b) => (a.resource < b.resource ? -1 : 1));
  const same =
    before?.resources.length === resources.length &&
    resources.every((resource, index) => resource === before.resources[index]);
  if (before !== undefined && same) return before;
  return { group, version, apiVersion: group === "" ? version : `${group}/${version}`, resources };
}

/**
 * Orders versions as Kubernetes prefers them: stable before beta before alpha, higher numbers first, other names last
 * and alphabetically. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
 */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [rankOf(a), rankOf(b)];
  if (one === undefined || other === undefined) {
    if (one !== undefined) return -1;
    return other !== undefined ? 1 : a < b ? -1 : 1;
  }
  const difference = one.map((part, index) => (other[index] ?? 0) - part).find((part) => part !== 0);
  return difference ?? 0;
}

const stages = ["alpha", "beta", undefined];

function rankOf(version: string): number[] | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return undefined;
  const [, major, stage, minor] = match;
  return [stages.indexOf(stage), Number(major), Number(minor ?? 0)];
}
