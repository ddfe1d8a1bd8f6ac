import type { KubeObject } from "../../apimachinery/index.ts";

/** Stands in a default object for the moment at which its cluster was made. */
export const timeOfBirth = "{time}";

/** An object that every cluster of Kubernetes 1.34 has from its first moment. Nobody may change it. */
export type DefaultObject = {
  /** The part of the storage key in front of its namespace and name. */
  storageName: string;
  /** Without what differs between clusters: uid, revision, times. */
  object: KubeObject;
  /** Whose fields these are. Default `kube-apiserver`. */
  manager?: string;
  /** What others than {@link manager} have applied: a field at the top, and their name. */
  applied?: { field: string; manager: string; subresource?: string };
};

/** The part of the storage key behind the cluster: `clusterroles.rbac.authorization.k8s.io/admin`. */
export function nameOfDefault({ storageName, object: { metadata } }: DefaultObject): string {
  const { namespace, name } = metadata;
  return namespace === undefined ? `${storageName}/${name}` : `${storageName}/${namespace}/${name}`;
}
