import type { Fields, KubeObject } from "../../apimachinery/index.ts";
import * as cluster from "./defaults/cluster.ts";
import * as extensions from "./defaults/extensions.ts";
import * as network from "./defaults/network.ts";
import { defaultPod, defaultTemplate } from "./defaults/pod.ts";
import * as workloads from "./defaults/workloads.ts";
import { makeFields } from "./fields.ts";
import type { BuiltinResource } from "./resources.ts";

/**
 * Fills in, in place, what Kubernetes 1.34 gives a built-in object that does not say it. Applying it twice changes nothing
 * more. Addresses, node ports and whatever depends on other objects are not among it.
 */
export function defaultBuiltin(resource: Pick<BuiltinResource, "definition">, object: KubeObject): void {
  defaulters[resource.definition.replace(/^io\.k8s\.(api\.)?/, "")]?.(object);
}

const apiextensions = "apiextensions-apiserver.pkg.apis.apiextensions.v1";

const defaulters: Record<string, (object: Fields) => void> = {
  "admissionregistration.v1.MutatingWebhookConfiguration": extensions.defaultWebhooks,
  "admissionregistration.v1.ValidatingAdmissionPolicy": extensions.defaultAdmissionPolicy,
  "admissionregistration.v1.ValidatingAdmissionPolicyBinding": extensions.defaultAdmissionBinding,
  "admissionregistration.v1.ValidatingWebhookConfiguration": extensions.defaultWebhooks,
  [`${apiextensions}.CustomResourceDefinition`]: extensions.defaultDefinition,
  "apps.v1.DaemonSet": workloads.defaultDaemonSet,
  "apps.v1.Deployment": workloads.defaultDeployment,
  "apps.v1.ReplicaSet": workloads.defaultReplicaSet,
  "apps.v1.StatefulSet": workloads.defaultStatefulSet,
  "authentication.v1.TokenRequest": cluster.defaultTokenRequest,
  "autoscaling.v1.HorizontalPodAutoscaler": workloads.defaultAutoscalerV1,
  "autoscaling.v2.HorizontalPodAutoscaler": workloads.defaultAutoscalerV2,
  "batch.v1.CronJob": workloads.defaultCronJob,
  "batch.v1.Job": workloads.defaultJob,
  "core.v1.Endpoints": network.defaultEndpoints,
  "core.v1.LimitRange": cluster.defaultLimitRange,
  "core.v1.Namespace": cluster.defaultNamespace,
  "core.v1.Node": cluster.defaultNode,
  "core.v1.PersistentVolume": cluster.defaultVolume,
  "core.v1.PersistentVolumeClaim": workloads.defaultClaim,
  "core.v1.Pod": defaultPod,
  "core.v1.PodTemplate": defaultTemplate,
  "core.v1.ReplicationController": workloads.defaultReplicationController,
  "core.v1.Secret": cluster.defaultSecret,
  "core.v1.Service": network.defaultService,
  "discovery.v1.EndpointSlice": network.defaultEndpointSlice,
  "flowcontrol.v1.FlowSchema": cluster.defaultFlowSchema,
  "flowcontrol.v1.PriorityLevelConfiguration": cluster.defaultPriorityLevel,
  "kube-aggregator.pkg.apis.apiregistration.v1.APIService": extensions.defaultApiService,
  "networking.v1.Ingress": network.defaultIngress,
  "networking.v1.IngressClass": network.defaultIngressClass,
  "networking.v1.NetworkPolicy": network.defaultNetworkPolicy,
  "rbac.v1.ClusterRoleBinding": cluster.defaultRoleBinding,
  "rbac.v1.RoleBinding": cluster.defaultRoleBinding,
  "resource.v1.ResourceClaim": (claim) => cluster.defaultClaimSpec(makeFields(claim, "spec")),
  "resource.v1.ResourceClaimTemplate": (template) =>
    cluster.defaultClaimSpec(makeFields(makeFields(template, "spec"), "spec")),
  "scheduling.v1.PriorityClass": cluster.defaultPriorityClass,
  "storage.v1.CSIDriver": cluster.defaultStorageDriver,
  "storage.v1.StorageClass": cluster.defaultStorageClass,
};
