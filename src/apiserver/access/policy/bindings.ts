import type { Subject } from "../rbac/binding.ts";

const group = (name: string): Subject => ({ kind: "Group", name, namespace: "" });
const user = (name: string): Subject => ({ kind: "User", name, namespace: "" });
const account = (name: string): Subject => ({ kind: "ServiceAccount", name, namespace: "kube-system" });

/** Whom the ClusterRoles of every cluster are bound to, in bindings of the same name; those of controllers not among them. */
export const clusterRoleSubjects: Readonly<Record<string, readonly Subject[]>> = {
  "cluster-admin": [group("system:masters")],
  "system:basic-user": [group("system:authenticated")],
  "system:discovery": [group("system:authenticated")],
  "system:kube-controller-manager": [user("system:kube-controller-manager")],
  "system:kube-dns": [account("kube-dns")],
  "system:kube-scheduler": [user("system:kube-scheduler")],
  "system:monitoring": [group("system:monitoring")],
  // A node is allowed what concerns it, one by one; the binding is there for those who add to it.
  "system:node": [],
  "system:node-proxier": [user("system:kube-proxy")],
  "system:public-info-viewer": [group("system:authenticated"), group("system:unauthenticated")],
  "system:service-account-issuer-discovery": [group("system:serviceaccounts")],
  "system:volume-scheduler": [user("system:kube-scheduler")],
};

export const controllerSubject = account;

/** The RoleBindings of every cluster, by namespace and name; the Role has the same name unless `role` says another. */
export const roleSubjects: Readonly<Record<string, { role?: string; subjects: readonly Subject[] }>> = {
  "kube-public/system:controller:bootstrap-signer": { subjects: [account("bootstrap-signer")] },
  "kube-system/system::extension-apiserver-authentication-reader": {
    role: "extension-apiserver-authentication-reader",
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler")],
  },
  "kube-system/system::leader-locking-kube-controller-manager": {
    subjects: [
      user("system:kube-controller-manager"),
      account("kube-controller-manager"),
      account("leader-election-controller"),
    ],
  },
  "kube-system/system::leader-locking-kube-scheduler": {
    subjects: [user("system:kube-scheduler"), account("kube-scheduler")],
  },
  "kube-system/system:controller:bootstrap-signer": { subjects: [account("bootstrap-signer")] },
  "kube-system/system:controller:cloud-provider": { subjects: [account("cloud-provider")] },
  "kube-system/system:controller:token-cleaner": { subjects: [account("token-cleaner")] },
};
