import type { Json, TestServer } from "../../testing.ts";

/** Where roles and bindings are, by kind; those in namespaces are in `default`. */
export const places: Readonly<Record<string, string>> = {
  ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
  RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
};

const apiVersion = "rbac.authorization.k8s.io/v1";

/** `may("get list", "pods", "apps")` */
export function may(verbs: string, resources: string, group = "", more: Json = {}): Json {
  return { verbs: verbs.split(" "), apiGroups: [group], resources: resources.split(" "), ...more };
}

export function role(kind: "ClusterRole" | "Role", name: string, ...rules: Json[]): Json {
  return { apiVersion, kind, metadata: { name }, rules };
}

/** @param of `ClusterRole/view` @param to `User/jane`, `Group/g`, `ServiceAccount/namespace/name` */
export function binding(kind: "ClusterRoleBinding" | "RoleBinding", name: string, of: string, ...to: string[]): Json {
  const [roleKind, roleName] = of.split("/");
  const subjects = to.map((subject) => {
    const [subjectKind, first, second] = subject.split("/");
    return second === undefined
      ? { kind: subjectKind, name: first }
      : { kind: subjectKind, namespace: first, name: second };
  });
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: roleKind, name: roleName };
  return { apiVersion, kind, metadata: { name }, roleRef, subjects };
}

/** Creates objects as the administrator. */
export async function create(server: TestServer, ...objects: Json[]): Promise<void> {
  for (const body of objects) await server.ok("POST", places[body.kind] ?? "", { body });
}
