import type { BuiltinResource } from "./resources.ts";

/** How a server treats writes of a kind, beyond its fields. */
export type Strategy = {
  /** A PUT to a name that does not exist creates the object. */
  createOnUpdate: boolean;
  /** A PUT without a resource version is accepted and wins. */
  unconditionalUpdate: boolean;
  /** Whether `metadata.generation` counts the changes of what is desired, and whether it is 1 at first. */
  generation: "from the start" | "from the first change" | "never";
};

const createOnUpdate = new Set([
  "Endpoints",
  "Event",
  "LimitRange",
  "Service",
  "events.k8s.io/Event",
  "coordination.k8s.io/Lease",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
]);

const conditionalUpdate = new Set([
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "apiregistration.k8s.io/APIService",
  "coordination.k8s.io/Lease",
  "node.k8s.io/RuntimeClass",
  "policy/PodDisruptionBudget",
  "storage.k8s.io/CSIDriver",
  "storage.k8s.io/CSINode",
  "storage.k8s.io/CSIStorageCapacity",
  "storage.k8s.io/VolumeAttachment",
]);

const counted = new Set([
  "Pod",
  "PodTemplate",
  "ReplicationController",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "apps/DaemonSet",
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/StatefulSet",
  "batch/CronJob",
  "batch/Job",
  "discovery.k8s.io/EndpointSlice",
  "flowcontrol.apiserver.k8s.io/FlowSchema",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
  "networking.k8s.io/Ingress",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/NetworkPolicy",
  "policy/PodDisruptionBudget",
  "resource.k8s.io/DeviceClass",
  "resource.k8s.io/ResourceSlice",
  "scheduling.k8s.io/PriorityClass",
  "storage.k8s.io/CSIDriver",
]);

const countedLater = "storage.k8s.io/CSIDriver";

/** `apps/Deployment`, `Pod`: a kind in any of its versions. */
export function kindKey({ group, kind }: Pick<BuiltinResource, "group" | "kind">): string {
  return group === "" ? kind : `${group}/${kind}`;
}

export function strategyOf(resource: Pick<BuiltinResource, "group" | "kind">): Strategy {
  const key = kindKey(resource);
  return {
    createOnUpdate: createOnUpdate.has(key),
    unconditionalUpdate: !conditionalUpdate.has(key),
    generation: !counted.has(key) ? "never" : key === countedLater ? "from the first change" : "from the start",
  };
}
