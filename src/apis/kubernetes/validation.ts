import { type Fields, fieldsAt, type KubeObject } from "../../apimachinery/index.ts";
import type { BuiltinResource } from "./resources.ts";
import { kindKey } from "./strategy.ts";
import * as policies from "./validation/admission-policies.ts";
import { validateAutoscaler, validateAutoscalerStatus } from "./validation/autoscaling.ts";
import { validateSigningAnswer, validateSigningRequest } from "./validation/certificates.ts";
import * as config from "./validation/config.ts";
import * as extensions from "./validation/extensions.ts";
import { validateJobStatus } from "./validation/job-status.ts";
import * as jobs from "./validation/jobs.ts";
import { validateMetadata, validateMetadataUpdate } from "./validation/metadata.ts";
import * as network from "./validation/network.ts";
import { validateNewPod, validatePod, validatePodUpdate, validateTemplate } from "./validation/pod.ts";
import { validateEphemeralContainers, validateResize } from "./validation/pod-endpoints.ts";
import * as rbac from "./validation/rbac.ts";
import * as addresses from "./validation/service-addresses.ts";
import * as storage from "./validation/storage.ts";
import type { Causes } from "./validation/values.ts";
import * as workloads from "./validation/workloads.ts";

/**
 * What is wrong with a built-in object, in Kubernetes' words and order; empty when nothing is. Expects it decoded,
 * defaulted and prepared.
 *
 * @param old what is stored when the object replaces it
 * @param subresource the endpoint written to; those that only change status are judged by metadata alone
 */
export function validateBuiltin(
  resource: BuiltinResource,
  object: KubeObject,
  old?: KubeObject,
  subresource = "",
): Causes {
  const rules = kinds[kindKey(resource)];
  if (old === undefined)
    return [...validateMetadata(resource, object), ...(rules?.create(object) ?? []), ...(rules?.first?.(object) ?? [])];
  const metadata = validateMetadataUpdate(resource, object, old);
  if (subresource === "ephemeralcontainers") return [...metadata, ...validateEphemeralContainers(object, old)];
  if (subresource === "resize") return [...metadata, ...validateResize(object, old)];
  if (subresource !== "" && subresource !== "scale") {
    return [...(rules?.endpoint?.(object, old, subresource) ?? []), ...metadata];
  }
  const judged = rules === undefined || rules.onlyNew === true ? [] : rules.create(object);
  return [...metadata, ...judged, ...(rules?.update?.(object, old) ?? [])];
}

type KindRules = {
  create: (object: Fields) => Causes;
  /** What only a new object can do wrong; comes after the rules for every object. */
  first?: (object: Fields) => Causes;
  /** What only a change can do wrong; comes after the rules for a new object. */
  update?: (object: Fields, old: Fields) => Causes;
  /** Judges what the endpoints beside the object's own have made of it. */
  endpoint?: (object: Fields, old: Fields, subresource: string) => Causes;
  /** Judges an object only when it is made: afterwards nothing but its other endpoints change it. */
  onlyNew?: boolean;
};

const kinds: Record<string, KindRules> = {
  ConfigMap: { create: config.validateConfigMap, update: config.validateConfigMapUpdate },
  Endpoints: { create: network.validateEndpoints },
  Event: { create: config.validateEvent, onlyNew: true },
  "events.k8s.io/Event": { create: config.validateNewEvent, onlyNew: true },
  LimitRange: { create: config.validateLimitRange },
  Namespace: { create: config.validateNamespace },
  Node: { create: config.validateNode },
  PersistentVolume: { create: storage.validateVolume, update: storage.validateVolumeUpdate },
  PersistentVolumeClaim: { create: storage.validateClaim, update: storage.validateClaimUpdate },
  Pod: { create: validatePod, first: validateNewPod, update: validatePodUpdate },
  PodTemplate: { create: (object) => validateTemplate("template", fieldsAt(object, "template")) },
  ReplicationController: { create: workloads.validateReplicationController },
  ResourceQuota: { create: config.validateResourceQuota, update: config.validateResourceQuotaUpdate },
  Secret: { create: config.validateSecret, update: config.validateSecretUpdate },
  Service: { create: network.validateService, update: network.validateServiceUpdate },
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": { create: extensions.validateWebhooks },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": { create: policies.validateAdmissionPolicy },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": { create: policies.validateAdmissionBinding },
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": { create: extensions.validateWebhooks },
  "apiextensions.k8s.io/CustomResourceDefinition": {
    create: extensions.validateDefinition,
    update: extensions.validateDefinitionUpdate,
  },
  "apiregistration.k8s.io/APIService": { create: extensions.validateApiService },
  "apps/ControllerRevision": {
    create: workloads.validateControllerRevision,
    update: workloads.validateControllerRevisionUpdate,
  },
  "apps/DaemonSet": { create: workloads.validateDaemonSet, update: workloads.validateSelectorUpdate },
  "apps/Deployment": { create: workloads.validateDeployment, update: workloads.validateSelectorUpdate },
  "apps/ReplicaSet": { create: workloads.validateReplicaSet, update: workloads.validateSelectorUpdate },
  "apps/StatefulSet": { create: workloads.validateStatefulSet, update: workloads.validateStatefulSetUpdate },
  "autoscaling/HorizontalPodAutoscaler": {
    create: validateAutoscaler,
    endpoint: (autoscaler, _old, subresource) => (subresource === "status" ? validateAutoscalerStatus(autoscaler) : []),
  },
  "batch/CronJob": { create: jobs.validateCronJob },
  "batch/Job": {
    create: jobs.validateJob,
    update: jobs.validateJobUpdate,
    endpoint: (job, old, subresource) => (subresource === "status" ? validateJobStatus(job, old) : []),
  },
  "certificates.k8s.io/CertificateSigningRequest": {
    create: validateSigningRequest,
    endpoint: validateSigningAnswer,
    onlyNew: true,
  },
  "coordination.k8s.io/Lease": { create: config.validateLease },
  "discovery.k8s.io/EndpointSlice": {
    create: network.validateEndpointSlice,
    update: network.validateEndpointSliceUpdate,
  },
  "networking.k8s.io/IPAddress": {
    create: addresses.validateIpAddress,
    update: addresses.validateIpAddressUpdate,
    onlyNew: true,
  },
  "networking.k8s.io/Ingress": { create: network.validateIngress },
  "networking.k8s.io/IngressClass": {
    create: network.validateIngressClass,
    update: network.validateIngressClassUpdate,
  },
  "networking.k8s.io/NetworkPolicy": { create: network.validateNetworkPolicy },
  "networking.k8s.io/ServiceCIDR": {
    create: addresses.validateServiceCidr,
    update: addresses.validateServiceCidrUpdate,
    onlyNew: true,
  },
  "node.k8s.io/RuntimeClass": { create: config.validateRuntimeClass, update: config.validateRuntimeClassUpdate },
  "policy/PodDisruptionBudget": { create: workloads.validateDisruptionBudget },
  "rbac.authorization.k8s.io/ClusterRole": { create: rbac.validateClusterRole },
  "rbac.authorization.k8s.io/ClusterRoleBinding": {
    create: rbac.validateClusterRoleBinding,
    update: rbac.validateBindingUpdate,
  },
  "rbac.authorization.k8s.io/Role": { create: rbac.validateRole },
  "rbac.authorization.k8s.io/RoleBinding": { create: rbac.validateRoleBinding, update: rbac.validateBindingUpdate },
  "scheduling.k8s.io/PriorityClass": {
    create: config.validatePriorityClass,
    update: config.validatePriorityClassUpdate,
  },
  "storage.k8s.io/CSIDriver": { create: storage.validateStorageDriver },
  "storage.k8s.io/StorageClass": { create: storage.validateStorageClass, update: storage.validateStorageClassUpdate },
  "storage.k8s.io/VolumeAttachment": {
    create: storage.validateVolumeAttachment,
    update: storage.validateVolumeAttachmentUpdate,
  },
  "storage.k8s.io/VolumeAttributesClass": {
    create: storage.validateAttributesClass,
    update: storage.validateAttributesClassUpdate,
  },
};
