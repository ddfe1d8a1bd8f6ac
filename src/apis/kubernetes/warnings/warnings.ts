import type { Fields, KubeObject } from "../../../apimachinery/index.ts";
import type { BuiltinResource } from "../resources.ts";
import { kindKey } from "../strategy.ts";
import * as config from "./config.ts";
import * as network from "./network.ts";
import * as storage from "./storage.ts";
import * as workloads from "./workloads.ts";

/**
 * What whoever writes an object shall read although it is accepted: the warnings of Kubernetes 1.34 in its words and order.
 *
 * @param object with defaults and what the server puts into it, found valid
 * @param old what an update changes
 * @param subresource the endpoint through which it is updated; empty for the object's own
 */
export function warnOfBuiltin(
  resource: BuiltinResource,
  object: Readonly<KubeObject>,
  old?: Readonly<KubeObject>,
  subresource = "",
): string[] {
  const key = kindKey(resource);
  if (subresource === "status") return statuses[key]?.(object) ?? [];
  return subresource === "" || subresource === "scale" ? (kinds[key]?.(object, old) ?? []) : [];
}

const kinds: Readonly<Record<string, (object: Fields, old: Fields | undefined) => string[]>> = {
  Endpoints: network.warnOfEndpoints,
  Node: config.warnOfNode,
  PersistentVolume: storage.warnOfVolume,
  PersistentVolumeClaim: storage.warnOfClaim,
  Pod: workloads.warnOfNewPod,
  PodTemplate: workloads.warnOfPodTemplate,
  ReplicationController: workloads.warnOfReplicationController,
  Secret: config.warnOfSecret,
  Service: network.warnOfService,
  ServiceAccount: config.warnOfServiceAccount,
  "apiextensions.k8s.io/CustomResourceDefinition": config.warnOfDefinition,
  "apps/DaemonSet": workloads.warnOfDaemonSet,
  "apps/Deployment": workloads.warnOfReplicas,
  "apps/ReplicaSet": workloads.warnOfReplicas,
  "apps/StatefulSet": workloads.warnOfStatefulSet,
  "batch/CronJob": workloads.warnOfCronJob,
  "batch/Job": workloads.warnOfJob,
  "discovery.k8s.io/EndpointSlice": network.warnOfEndpointSlice,
  "networking.k8s.io/Ingress": network.warnOfIngress,
  "networking.k8s.io/NetworkPolicy": network.warnOfNetworkPolicy,
  "node.k8s.io/RuntimeClass": config.warnOfRuntimeClass,
  "storage.k8s.io/CSIStorageCapacity": storage.warnOfStorageCapacity,
  "storage.k8s.io/StorageClass": storage.warnOfStorageClass,
};

const statuses: Readonly<Record<string, (object: Fields) => string[]>> = {
  Pod: workloads.warnOfPodStatus,
  Service: network.warnOfBalancerStatus,
  "networking.k8s.io/Ingress": network.warnOfBalancerStatus,
};
