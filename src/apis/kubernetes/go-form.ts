import { isAlwaysThere, keepsEmpty } from "./protobuf.ts";

/**
 * How Go writes a field that holds nothing, which is what clients of Kubernetes see: left out when its tag says
 * `omitempty` and it is no pointer, else written as `""`, `0`, `false`, `null` or an empty struct.
 */
export type GoForm = {
  /** Whether a value of nothing is left out. A pointer to nothing is kept. */
  dropsEmpty(value: unknown): boolean;
  /** Whether the field stands in the JSON of each value of its type. */
  isWritten: boolean;
  /** What it holds then when nobody set it; `undefined` for a struct, which is filled by the same rules. */
  zero: string | number | boolean | null | undefined;
};

/** Fields that clients need not send and that are written all the same. */
const writtenUnasked: Readonly<Record<string, string>> = {
  "api.apps.v1.StatefulSetOrdinals": "start",
  "api.apps.v1.StatefulSetSpec": "serviceName",
  "api.apps.v1.StatefulSetStatus": "availableReplicas",
  "api.authentication.v1.TokenRequestSpec": "audiences boundObjectRef expirationSeconds",
  "api.authentication.v1.TokenRequestStatus": "token expirationTimestamp",
  "api.autoscaling.v2.HorizontalPodAutoscalerStatus": "currentMetrics",
  "api.batch.v1.PodFailurePolicyOnPodConditionsPattern": "status",
  "api.core.v1.AzureFilePersistentVolumeSource": "secretNamespace",
  "api.core.v1.ContainerImage": "names",
  "api.core.v1.Event": "reportingComponent reportingInstance",
  "api.core.v1.GRPCAction": "service",
  "api.core.v1.NodeRuntimeHandler": "name",
  "api.core.v1.ProjectedVolumeSource": "sources",
  "api.core.v1.TypedLocalObjectReference": "apiGroup",
  "api.core.v1.TypedObjectReference": "apiGroup",
  "api.discovery.v1.EndpointSlice": "endpoints ports",
  "api.flowcontrol.v1.FlowSchemaSpec": "matchingPrecedence",
  "api.flowcontrol.v1.LimitedPriorityLevelConfiguration": "nominalConcurrencyShares",
  "api.flowcontrol.v1.QueuingConfiguration": "handSize queueLengthLimit queues",
  "api.flowcontrol.v1.ResourcePolicyRule": "namespaces",
  "api.networking.v1.IngressClassParametersReference": "scope",
  "api.policy.v1.PodDisruptionBudgetStatus": "currentHealthy desiredHealthy disruptionsAllowed expectedPods",
  "api.rbac.v1.ClusterRole": "rules",
  "api.rbac.v1.Role": "rules",
  "api.rbac.v1.RoleRef": "apiGroup",
  "api.resource.v1.AllocatedDeviceStatus": "conditions",
  "api.resource.v1.CapacityRequestPolicy": "default",
  "api.resource.v1.DeviceClaim": "requests",
  "api.resource.v1.ResourceSliceSpec": "devices",
  "api.scheduling.v1.PriorityClass": "value",
  "api.storage.v1.CSINodeDriver": "topologyKeys",
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus": "conditions storedVersions",
};

/** Fields that clients have to send and that are left out all the same when they are empty. */
const leftOutThough: Readonly<Record<string, string>> = {
  "api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": "policyName validationActions",
  "api.authentication.v1.TokenReviewSpec": "token",
  "api.core.v1.ContainerRestartRule": "action",
  "api.core.v1.ContainerRestartRuleOnExitCodes": "operator",
  "api.core.v1.PodCertificateProjection": "keyType signerName",
  "api.networking.v1.IPAddressSpec": "parentRef",
  "api.networking.v1.ParentReference": "name resource",
  "api.resource.v1.CapacityRequestPolicyRange": "min",
  "api.resource.v1.CounterSet": "counters",
  "api.resource.v1.DeviceCounterConsumption": "counters",
};

/** Scalars that are written and pointers, so `null` when nobody set them. */
const writtenPointers: Readonly<Record<string, string>> = {
  "api.admissionregistration.v1.MutatingWebhook": "sideEffects",
  "api.admissionregistration.v1.ValidatingWebhook": "sideEffects",
  "api.authentication.v1.TokenRequestSpec": "expirationSeconds",
  "api.core.v1.AzureFilePersistentVolumeSource": "secretNamespace",
  "api.core.v1.GRPCAction": "service",
  "api.core.v1.TypedLocalObjectReference": "apiGroup",
  "api.core.v1.TypedObjectReference": "apiGroup",
  "api.flowcontrol.v1.LimitedPriorityLevelConfiguration": "nominalConcurrencyShares",
  "api.networking.v1.HTTPIngressPath": "pathType",
  "api.networking.v1.IngressClassParametersReference": "scope",
  "api.resource.v1.CapacityRequestPolicy": "default",
};

const never = () => false;

/** @param owner the type that has the field, without `io.k8s.` */
export function goFormOf(owner: string, field: { name: string; type: string; required: boolean }): GoForm {
  const { name, type, required } = field;
  const isStruct = type.includes(".") && !type.startsWith("[]") && !type.startsWith("{}");
  if (isStruct) {
    const isPlain = isAlwaysThere(owner, name);
    const isNull = !isPlain && required && !has(leftOutThough, owner, name);
    const isWritten = isPlain || isNull || has(writtenUnasked, owner, name);
    return { dropsEmpty: never, isWritten, zero: isPlain ? undefined : null };
  }
  const isKept = keepsEmpty(owner, name);
  // Go's `omitempty` never leaves out structs, and these are some; the one exception has a tag of its own.
  const isPlainStruct =
    (type === "time" || type === "microtime" || type === "quantity" || type === "int-or-string") &&
    !isKept &&
    name !== "creationTimestamp";
  const isWritten = isPlainStruct || (required && !has(leftOutThough, owner, name)) || has(writtenUnasked, owner, name);
  const zero = has(writtenPointers, owner, name) ? null : (zeros[type] ?? null);
  // An empty list of managers is a wish, to track them anew.
  if (isWritten || name === "managedFields") return { dropsEmpty: never, isWritten, zero };
  return { dropsEmpty: isKept ? never : isNothing, isWritten, zero };
}

const zeros: Readonly<Record<string, string | number | boolean>> = {
  bool: false,
  double: 0,
  int32: 0,
  int64: 0,
  "int-or-string": 0,
  quantity: "0",
  string: "",
};

function isNothing(value: unknown): boolean {
  if (value === "" || value === 0 || value === false) return true;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

function has(table: Readonly<Record<string, string>>, owner: string, field: string): boolean {
  return table[owner]?.split(" ").includes(field) ?? false;
}
