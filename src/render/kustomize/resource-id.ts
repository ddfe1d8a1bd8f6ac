/** Group, version and kind; an empty part of a selector matches everything. */
export type Gvk = { readonly group: string; readonly version: string; readonly kind: string };

/** What kustomize tells resources apart by. `isClusterScoped` only when the schemas in use are certain. */
export type ResourceId = Gvk & { readonly name: string; readonly namespace: string; readonly isClusterScoped: boolean };

/** Where resources without a namespace are put. */
const clusterScope = "_non_namespaceable_";

export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  if (slash < 0) return { group: "", version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf({ group, version }: Gvk): string {
  return group === "" ? version : `${group}/${version}`;
}

export function sameGvk(a: Gvk, b: Gvk): boolean {
  return a.group === b.group && a.version === b.version && a.kind === b.kind;
}

export function isSelected(gvk: Gvk, selector: Gvk): boolean {
  return (
    (selector.group === "" || selector.group === gvk.group) &&
    (selector.version === "" || selector.version === gvk.version) &&
    (selector.kind === "" || selector.kind === gvk.kind)
  );
}

/** No namespace and `default` are the same one. */
export function effectiveNamespace(id: ResourceId): string {
  if (id.isClusterScoped) return clusterScope;
  return id.namespace === "" ? "default" : id.namespace;
}

export function sameGvkAndName(a: ResourceId, b: ResourceId): boolean {
  return a.name === b.name && sameGvk(a, b);
}

export function sameId(a: ResourceId, b: ResourceId): boolean {
  return sameGvkAndName(a, b) && effectiveNamespace(a) === effectiveNamespace(b);
}

/** Whether an id is one that a selector of a replacement means; empty parts match everything. */
export function isSelectedBy(id: ResourceId, selector: ResourceId): boolean {
  return (
    (selector.name === "" || selector.name === id.name) &&
    (selector.namespace === "" || effectiveNamespace(selector) === effectiveNamespace(id)) &&
    isSelected(id, selector)
  );
}

export function formatGvk({ group, version, kind }: Gvk): string {
  return `${kind || "[noKind]"}.${version || "[noVer]"}.${group || "[noGrp]"}`;
}

export function formatId(id: ResourceId): string {
  return `${formatGvk(id)}/${id.name || "[noName]"}.${id.namespace || "[noNs]"}`;
}

/** An id the way Go prints it with `%#v`, which some messages do. */
export function formatIdInGo(id: ResourceId): string {
  const { group, version, kind, isClusterScoped, name, namespace } = id;
  const gvk = `resid.Gvk{Group:"${group}", Version:"${version}", Kind:"${kind}", isClusterScoped:${isClusterScoped}}`;
  return `resid.ResId{Gvk:${gvk}, Name:"${name}", Namespace:"${namespace}"}`;
}

/** The kinds that come first and last in kustomize's fixed order; all others are in between. */
export const kindsFirst: readonly string[] =
  "Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget".split(
    " ",
  );
export const kindsLast: readonly string[] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/** The rank of kinds for an order; 0 for those that no list names. */
export function rankKinds(first: readonly string[], last: readonly string[]): ReadonlyMap<string, number> {
  return new Map([
    ...first.map((kind, index): [string, number] => [kind, index - first.length]),
    ...last.map((kind, index): [string, number] => [kind, index + 1]),
  ]);
}

const ranks = rankKinds(kindsFirst, kindsLast);

/** Sorts by rank of the kind, then by group, version and kind; empty parts come last. */
export function compareGvk(a: Gvk, b: Gvk, rank: ReadonlyMap<string, number> = ranks): number {
  const difference = (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0);
  if (difference !== 0) return difference;
  const [left, right] = [sortText(a), sortText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

export function sortText({ group, version, kind }: Gvk): string {
  return `${group || "~G"}_${version || "~V"}_${kind || "~K"}`;
}
