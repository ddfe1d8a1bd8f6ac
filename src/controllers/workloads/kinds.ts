import type { Fields, KubeObject, LabelSelectorObject, ObjectMeta, OwnerReference } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";

/** A condition as most kinds have it; `lastUpdateTime` is Deployment's alone. */
export type Condition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string | null;
};

export type Toleration = {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
};
export type NodeSelectorRequirement = { key: string; operator: string; values?: string[] };
export type NodeSelectorTerm = {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
};
export type NodeAffinity = {
  requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] };
};
export type Affinity = Fields & { nodeAffinity?: NodeAffinity };
export type Volume = Fields & { name: string; persistentVolumeClaim?: { claimName: string; readOnly?: boolean } };

export type PodSpec = Fields & {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: Affinity;
  tolerations?: Toleration[];
  volumes?: Volume[];
  hostNetwork?: boolean;
  initContainers?: { name: string; restartPolicy?: string }[];
};
export type PodTemplate = {
  metadata?: Pick<ObjectMeta, "labels" | "annotations" | "finalizers">;
  spec: PodSpec;
};

type ContainerStatus = { name: string; restartCount?: number };
export type Pod = KubeObject & {
  spec: PodSpec;
  status?: {
    phase?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
};

/** What owns pods made from a template. */
export type Workload = KubeObject & {
  spec: { replicas?: number; minReadySeconds?: number; selector?: unknown; template?: PodTemplate };
  status?: { observedGeneration?: number };
};

export type ReplicaStatus = {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  observedGeneration?: number;
  conditions?: Condition[];
};
/** A ReplicaSet; a ReplicationController differs in its selector, which is a plain map of labels. */
export type ReplicaSet = KubeObject & {
  spec: { replicas?: number; minReadySeconds?: number; selector?: LabelSelectorObject; template: PodTemplate };
  status?: ReplicaStatus;
};

/** A count, or a share of the pods like `25%`. */
export type IntOrPercent = number | string;

export type DeploymentStatus = {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  conditions?: Condition[];
  collisionCount?: number;
};
export type Deployment = KubeObject & {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    selector?: LabelSelectorObject;
    template: PodTemplate;
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrPercent; maxUnavailable?: IntOrPercent } };
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    paused?: boolean;
  };
  status?: DeploymentStatus;
};

export type ControllerRevision = KubeObject & { data?: { spec?: { template?: PodTemplate } }; revision: number };

export type ClaimTemplate = Fields & { metadata: ObjectMeta; spec?: unknown };
export type Claim = KubeObject;
export type StatefulSetStatus = {
  observedGeneration?: number;
  replicas: number;
  readyReplicas?: number;
  currentReplicas?: number;
  updatedReplicas?: number;
  availableReplicas: number;
  currentRevision?: string;
  updateRevision?: string;
  collisionCount?: number;
};
export type StatefulSet = KubeObject & {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    selector?: LabelSelectorObject;
    template: PodTemplate;
    serviceName?: string;
    podManagementPolicy?: string;
    ordinals?: { start?: number };
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    revisionHistoryLimit?: number;
    volumeClaimTemplates?: ClaimTemplate[];
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string; whenScaled?: string };
  };
  status?: StatefulSetStatus;
};

export type DaemonSetStatus = {
  currentNumberScheduled: number;
  numberMisscheduled: number;
  desiredNumberScheduled: number;
  numberReady: number;
  observedGeneration?: number;
  updatedNumberScheduled?: number;
  numberAvailable?: number;
  numberUnavailable?: number;
  collisionCount?: number;
};
export type DaemonSet = KubeObject & {
  spec: {
    minReadySeconds?: number;
    selector?: LabelSelectorObject;
    template: PodTemplate;
    updateStrategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrPercent; maxUnavailable?: IntOrPercent } };
    revisionHistoryLimit?: number;
  };
  status?: DaemonSetStatus;
};

const apps = (resource: string, kind: string): Resource => ({
  group: "apps",
  version: "v1",
  resource,
  kind,
  namespaced: true,
});
const core = (resource: string, kind: string): Resource => ({
  group: "",
  version: "v1",
  resource,
  kind,
  namespaced: true,
});

export const deployments = apps("deployments", "Deployment");
export const replicaSets = apps("replicasets", "ReplicaSet");
export const statefulSets = apps("statefulsets", "StatefulSet");
export const daemonSets = apps("daemonsets", "DaemonSet");
export const controllerRevisions = apps("controllerrevisions", "ControllerRevision");
export const replicationControllers = core("replicationcontrollers", "ReplicationController");
export const pods = core("pods", "Pod");
export const persistentVolumeClaims = core("persistentvolumeclaims", "PersistentVolumeClaim");

/** The reference that makes an object the controlling owner of another. */
export function controllerReference(resource: Resource, owner: KubeObject): OwnerReference {
  return {
    apiVersion: resource.group === "" ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    name: owner.metadata.name ?? "",
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The reference to an object's controlling owner. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** A time as Kubernetes writes it in conditions: whole seconds. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch of a time in an object; `undefined` when there is none. */
export function timeMs(text: string | null | undefined): number | undefined {
  return text === undefined || text === null || text === "" ? undefined : Date.parse(text);
}

/** The count that a number or a percentage of `total` means. */
export function scaledValue(value: IntOrPercent | undefined, total: number, round: "up" | "down"): number {
  if (typeof value !== "string") return value ?? 0;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return round === "up" ? Math.ceil(share) : Math.floor(share);
}

/** Orders objects from the oldest; those of one second by name. */
export function byCreation(a: KubeObject, b: KubeObject): number {
  const older = (timeMs(a.metadata.creationTimestamp) ?? 0) - (timeMs(b.metadata.creationTimestamp) ?? 0);
  return older !== 0 ? older : compareNames(a, b);
}

export function compareNames(a: KubeObject, b: KubeObject): number {
  const [x = "", y = ""] = [a.metadata.name, b.metadata.name];
  return x < y ? -1 : x > y ? 1 : 0;
}
