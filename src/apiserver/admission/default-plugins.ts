import { type Admission, namespaceLifecycle } from "./admit.ts";
import { deviceAdminAccess } from "./device-admin-access.ts";
import { defaultIngressClass } from "./ingress-class.ts";
import { limitRanger } from "./limit-ranges.ts";
import { taintNodesByCondition } from "./nodes.ts";
import { podSecurity } from "./pod-security/pod-security.ts";
import { defaultTolerationSeconds } from "./pod-tolerations.ts";
import { priority } from "./priority.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAllocation } from "./services.ts";
import { defaultStorageClass, persistentVolumeClaimResize, storageObjectInUseProtection } from "./storage.ts";

/**
 * The plug-ins of a kube-apiserver 1.34 without options, in its order, up to those that ask others.
 *
 * @param accounts come where Kubernetes looks at ServiceAccounts
 * @param certificates come where it looks at requests for certificates
 */
export function defaultPlugins({
  accounts = [],
  certificates = [],
}: {
  accounts?: readonly Admission[];
  certificates?: readonly Admission[];
}): Admission[] {
  return [
    namespaceLifecycle,
    limitRanger,
    ...accounts,
    taintNodesByCondition,
    podSecurity,
    priority,
    defaultTolerationSeconds,
    defaultStorageClass,
    storageObjectInUseProtection,
    persistentVolumeClaimResize,
    runtimeClass,
    ...certificates,
    defaultIngressClass,
    serviceAllocation,
    deviceAdminAccess,
  ];
}
