import type { PolicyRule } from "../rbac/rule.ts";
import { events, read, rule } from "./words.ts";

/** The Roles that every cluster starts with, by namespace and name. */
export const roles: Readonly<Record<string, readonly PolicyRule[]>> = {
  "kube-public/system:controller:bootstrap-signer": [
    rule(read, "", "configmaps"),
    rule("update", "", "configmaps", "cluster-info"),
    events,
  ],
  "kube-system/extension-apiserver-authentication-reader": [
    rule(read, "", "configmaps", "extension-apiserver-authentication"),
  ],
  "kube-system/system::leader-locking-kube-controller-manager": [
    rule("watch", "", "configmaps"),
    rule("get update", "", "configmaps", "kube-controller-manager"),
    rule("create get list update watch", "coordination.k8s.io", "leases"),
    rule("create get list update watch", "coordination.k8s.io", "leasecandidates"),
  ],
  "kube-system/system::leader-locking-kube-scheduler": [
    rule("watch", "", "configmaps"),
    rule("get update", "", "configmaps", "kube-scheduler"),
    rule("create get list update watch", "coordination.k8s.io", "leases"),
    rule("create get list update watch", "coordination.k8s.io", "leasecandidates"),
  ],
  "kube-system/system:controller:bootstrap-signer": [rule(read, "", "secrets")],
  "kube-system/system:controller:cloud-provider": [rule("create get list watch", "", "configmaps")],
  "kube-system/system:controller:token-cleaner": [rule("delete get list watch", "", "secrets"), events],
};
