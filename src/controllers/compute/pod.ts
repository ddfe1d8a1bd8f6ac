import { deepEqual, type Fields, type KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";

export const pods: Resource = { group: "", version: "v1", resource: "pods", kind: "Pod", namespaced: true };

export type ContainerPort = {
  name?: string;
  containerPort: number;
  hostPort?: number;
  hostIP?: string;
  protocol?: string;
};
export type ResourceList = Readonly<Record<string, string>>;
export type Container = {
  name: string;
  image?: string;
  restartPolicy?: string;
  ports?: readonly ContainerPort[];
  resources?: { requests?: ResourceList; limits?: ResourceList };
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
};
export type Toleration = {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
};
export type Volume = {
  name: string;
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  ephemeral?: Fields;
};

/** What is read of a pod's spec. */
export type PodSpec = {
  nodeName?: string;
  schedulerName?: string;
  schedulingGates?: readonly { name: string }[];
  hostNetwork?: boolean;
  os?: { name: string };
  hostname?: string;
  subdomain?: string;
  restartPolicy?: string;
  containers: readonly Container[];
  initContainers?: readonly Container[];
  ephemeralContainers?: readonly Container[];
  volumes?: readonly Volume[];
  resources?: { requests?: ResourceList; limits?: ResourceList };
  overhead?: ResourceList;
  nodeSelector?: Readonly<Record<string, string>>;
  affinity?: Fields;
  tolerations?: readonly Toleration[];
  topologySpreadConstraints?: readonly Fields[];
  priority?: number;
  preemptionPolicy?: string;
  readinessGates?: readonly { conditionType: string }[];
  activeDeadlineSeconds?: number;
};

export type PodCondition = {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
  observedGeneration?: number;
};
export type ContainerState = {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: {
    exitCode: number;
    reason: string;
    startedAt: string;
    finishedAt: string;
    containerID?: string;
    message?: string;
  };
};
export type ContainerStatus = {
  name: string;
  state: ContainerState;
  lastState: ContainerState;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  containerID?: string;
  allocatedResources?: ResourceList;
  resources?: { requests?: ResourceList; limits?: ResourceList };
};
export type PodStatus = {
  observedGeneration?: number;
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: readonly PodCondition[];
  hostIP?: string;
  hostIPs?: readonly { ip: string }[];
  podIP?: string;
  podIPs?: readonly { ip: string }[];
  startTime?: string;
  nominatedNodeName?: string;
  initContainerStatuses?: readonly ContainerStatus[];
  containerStatuses?: readonly ContainerStatus[];
  ephemeralContainerStatuses?: readonly ContainerStatus[];
};
export type Pod = KubeObject & { spec: PodSpec; status?: PodStatus };

/** Has ended and will not run again. */
export function isTerminal({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
}

export function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** An init container that keeps running beside the others. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

/**
 * The condition as it is to be written: the time of its last change is kept while its status stays.
 *
 * @param at RFC 3339
 * @returns `undefined` when the pod says this already
 */
export function changedCondition(
  pod: Pod,
  wanted: Omit<PodCondition, "lastTransitionTime" | "lastProbeTime" | "observedGeneration">,
  at: string,
): PodCondition | undefined {
  const before = conditionOf(pod, wanted.type);
  const { lastTransitionTime, lastProbeTime: _probed, observedGeneration: _seen, ...said } = before ?? {};
  if (deepEqual(said, { ...wanted })) return undefined;
  const { generation } = pod.metadata;
  return {
    ...wanted,
    lastProbeTime: null,
    lastTransitionTime: before?.status === wanted.status ? (lastTransitionTime ?? at) : at,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

/** RFC 3339 in seconds, as Kubernetes writes times. */
export function timeText(date: Date | number): string {
  return `${new Date(date).toISOString().slice(0, 19)}Z`;
}

/** The key of a pod, or of anything in a namespace, in a work queue. */
export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
