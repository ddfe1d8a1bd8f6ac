import type { KubeObject, LabelSelectorObject } from "../../apimachinery/index.ts";
import { parseQuantity } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import type { ResourceList } from "../compute/pod.ts";

const core = { group: "", version: "v1" };
export const claims: Resource = {
  ...core,
  resource: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  namespaced: true,
};
export const volumes: Resource = {
  ...core,
  resource: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};
export const storageClasses: Resource = {
  group: "storage.k8s.io",
  version: "v1",
  resource: "storageclasses",
  kind: "StorageClass",
  namespaced: false,
};

export type ClaimReference = {
  apiVersion?: string;
  kind?: string;
  namespace: string;
  name: string;
  uid?: string;
  resourceVersion?: string;
};
export type PersistentVolume = KubeObject & {
  spec: {
    capacity?: ResourceList;
    accessModes?: readonly string[];
    claimRef?: ClaimReference;
    storageClassName?: string;
    volumeAttributesClassName?: string;
    volumeMode?: string;
    persistentVolumeReclaimPolicy?: string;
    nodeAffinity?: { required?: unknown };
    csi?: unknown;
  };
  status?: { phase?: string };
};
export type PersistentVolumeClaim = KubeObject & {
  spec: {
    accessModes?: readonly string[];
    resources?: { requests?: ResourceList };
    selector?: LabelSelectorObject;
    storageClassName?: string;
    volumeAttributesClassName?: string;
    volumeMode?: string;
    volumeName?: string;
    dataSource?: unknown;
    dataSourceRef?: unknown;
  };
  status?: { phase?: string; accessModes?: readonly string[]; capacity?: ResourceList };
};
export type StorageClass = KubeObject & {
  provisioner: string;
  reclaimPolicy?: string;
  mountOptions?: string[];
  volumeBindingMode?: string;
  allowVolumeExpansion?: boolean;
};

/** Annotations that binder, scheduler and provisioners speak through. */
export const volumeAnnotations = {
  bindCompleted: "pv.kubernetes.io/bind-completed",
  boundByController: "pv.kubernetes.io/bound-by-controller",
  provisionedBy: "pv.kubernetes.io/provisioned-by",
  selectedNode: "volume.kubernetes.io/selected-node",
  storageProvisioner: "volume.kubernetes.io/storage-provisioner",
  betaStorageProvisioner: "volume.beta.kubernetes.io/storage-provisioner",
  betaStorageClass: "volume.beta.kubernetes.io/storage-class",
} as const;

/** Provisioner of classes whose volumes are made by hand. */
export const noProvisioner = "kubernetes.io/no-provisioner";

export function classOfClaim({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[volumeAnnotations.betaStorageClass] ?? spec.storageClassName ?? "";
}

export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata.annotations?.[volumeAnnotations.betaStorageClass] ?? spec.storageClassName ?? "";
}

/** Whether a volume was made for this claim, by a user (who knows no uid) or by a provisioner. */
export function isMeantFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec;
  if (claimRef === undefined || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace)
    return false;
  return (claimRef.uid ?? "") === "" || claimRef.uid === metadata.uid;
}

export function isBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (spec.volumeName ?? "") !== "" && metadata.annotations?.[volumeAnnotations.bindCompleted] !== undefined;
}

export function sizeOf(list: ResourceList | undefined): bigint {
  const text = list?.["storage"];
  try {
    return text === undefined ? 0n : parseQuantity(text).nanos;
  } catch {
    return 0n;
  }
}
