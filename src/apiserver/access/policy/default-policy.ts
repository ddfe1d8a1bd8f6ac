import { deepEqual, type Fields, type KubeObject } from "../../../apimachinery/index.ts";
import type { Subject } from "../rbac/binding.ts";
import type { PolicyRule } from "../rbac/rule.ts";
import { clusterRoleSubjects, controllerSubject, roleSubjects } from "./bindings.ts";
import { clusterRoles } from "./cluster-roles.ts";
import { controllerRoles } from "./controller-roles.ts";
import { roles } from "./roles.ts";

export const rbacGroup = "rbac.authorization.k8s.io";
/** An object whose annotation says `false` is left as it is when the server starts. */
export const autoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

/** The roles for users, the smallest first: each gathers the rules of others, named in the order of the alphabet. */
const aggregated = {
  view: ["system:aggregate-to-view"],
  edit: ["system:aggregate-to-edit", "view"],
  admin: ["edit", "system:aggregate-to-admin"],
} as const;

const labelled = Object.entries(aggregated).flatMap(([whole, parts]) => parts.map((part) => [part, whole] as const));
/** Into which role the rules of a part go, as its label says. */
const wholeOf: ReadonlyMap<string, string> = new Map(labelled);

/**
 * What every cluster of Kubernetes 1.34 has from its first moment, as its API server and its controller for aggregated roles
 * leave it: by the part of the storage key behind the cluster, in the order of keys. Nobody may change these objects.
 */
export const defaultPolicy: ReadonlyMap<string, KubeObject> = new Map(
  [...bindingObjects(), ...roleObjects()]
    .map((object) => [keyOf(object), object] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

function roleObjects(): KubeObject[] {
  const controllers = Object.entries(controllerRoles).map(([name, rules]) => [controllerRole(name), rules] as const);
  const rulesOf = new Map([...Object.entries(clusterRoles), ...controllers]);
  for (const [name, parts] of Object.entries(aggregated)) rulesOf.set(name, union(parts, rulesOf));
  const cluster = [...rulesOf].map(([name, rules]) => {
    const aggregationRule =
      name in aggregated ? { clusterRoleSelectors: [{ matchLabels: labelFor(name) }] } : undefined;
    const whole = wholeOf.get(name);
    const labels = whole === undefined ? {} : labelFor(whole);
    return make("ClusterRole", "", name, { ...(aggregationRule && { aggregationRule }), rules }, labels);
  });
  const namespaced = Object.entries(roles).map(([path, rules]) => make("Role", ...split(path), { rules }));
  return [...cluster, ...namespaced];
}

function bindingObjects(): KubeObject[] {
  const controllers = Object.keys(controllerRoles).map(
    (name) => [controllerRole(name), [controllerSubject(name)]] as const,
  );
  const cluster = [...Object.entries(clusterRoleSubjects), ...controllers].map(([name, subjects]) =>
    make("ClusterRoleBinding", "", name, binding("ClusterRole", name, subjects)),
  );
  const namespaced = Object.entries(roleSubjects).map(([path, { role, subjects }]) => {
    const [namespace, name] = split(path);
    return make("RoleBinding", namespace, name, binding("Role", role ?? name, subjects));
  });
  return [...cluster, ...namespaced];
}

function controllerRole(name: string): string {
  return `system:controller:${name}`;
}

function labelFor(whole: string): Record<string, string> {
  return { [`${rbacGroup}/aggregate-to-${whole}`]: "true" };
}

/** All rules of some roles, each once: what the controller for aggregated roles makes of them. */
function union(names: readonly string[], rulesOf: ReadonlyMap<string, readonly PolicyRule[]>): PolicyRule[] {
  const all: PolicyRule[] = [];
  for (const rule of names.flatMap((name) => rulesOf.get(name) ?? []))
    if (!all.some((known) => deepEqual(known, rule))) all.push(rule);
  return all;
}

function binding(kind: string, name: string, subjects: readonly Subject[]): Fields {
  const roleRef = { apiGroup: rbacGroup, kind, name };
  return { roleRef, ...(subjects.length === 0 ? {} : { subjects: subjects.map(subjectFields) }) };
}

function subjectFields({ kind, name, namespace }: Subject): Fields {
  return kind === "ServiceAccount" ? { kind, name, namespace } : { apiGroup: rbacGroup, kind, name };
}

function split(path: string): [namespace: string, name: string] {
  const slash = path.indexOf("/");
  return [path.slice(0, slash), path.slice(slash + 1)];
}

function make(
  kind: string,
  namespace: string,
  name: string,
  rest: Fields,
  labels: Record<string, string> = {},
): KubeObject {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
      annotations: { [autoUpdate]: "true" },
    },
    ...rest,
  };
}

/** `clusterroles.rbac.authorization.k8s.io/admin` */
function keyOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  const storageName = `${kind.toLowerCase()}s.${rbacGroup}`;
  return namespace === undefined ? `${storageName}/${name}` : `${storageName}/${namespace}/${name}`;
}
