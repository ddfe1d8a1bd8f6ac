import type { KubeObject } from "../../apimachinery/index.ts";
import { fieldsAt, itemsAt } from "../../apimachinery/index.ts";
import type { Node } from "../compute/node.ts";
import { isTerminal, type Pod } from "../compute/pod.ts";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../storage/volumes.ts";
import { type HostPort, hostPortsOf } from "./host-ports.ts";
import { type Amounts, addAmounts, amountsOf, podRequests, subtractAmounts } from "./resources.ts";

/** What a pod means to scheduling, worked out once. */
export type PodInfo = {
  pod: Pod;
  requests: Amounts;
  ports: readonly HostPort[];
  /** Terms of `requiredDuringSchedulingIgnoredDuringExecution` against other pods. */
  antiAffinity: readonly unknown[];
};

/** A node and what is on it. */
export type NodeInfo = {
  node: Node;
  allocatable: Amounts;
  requested: Amounts;
  pods: Map<string, PodInfo>;
  /** Those of the pods that do not want others near them. */
  averse: Map<string, PodInfo>;
};

/** Looks up what pods refer to. */
export type Lookups = {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): readonly PersistentVolume[];
  storageClass(name: string): StorageClass | undefined;
  namespace(name: string): KubeObject | undefined;
};

/** The nodes with what is on them, the pods among it that are being given to a node right now. */
export type Cluster = {
  readonly nodes: ReadonlyMap<string, NodeInfo>;
  setNode(node: Node): void;
  deleteNode(name: string): void;
  /** Takes in what is now known of a pod: it takes room on its node unless it has ended. */
  setPod(pod: Pod): void;
  /** Counts a pod on a node before its binding is seen. */
  assume(info: PodInfo, node: string): void;
  deletePod(uid: string): void;
};

export function podInfoOf(pod: Pod): PodInfo {
  return {
    pod,
    requests: podRequests(pod),
    ports: hostPortsOf(pod),
    antiAffinity: itemsAt(
      fieldsAt(pod.spec.affinity, "podAntiAffinity"),
      "requiredDuringSchedulingIgnoredDuringExecution",
    ),
  };
}

export function addPod(node: NodeInfo, info: PodInfo): void {
  const { uid = "" } = info.pod.metadata;
  node.pods.set(uid, info);
  if (info.antiAffinity.length > 0) node.averse.set(uid, info);
  addAmounts(node.requested, info.requests);
}

export function removePod(node: NodeInfo, uid: string): void {
  const info = node.pods.get(uid);
  if (info === undefined) return;
  node.pods.delete(uid);
  node.averse.delete(uid);
  subtractAmounts(node.requested, info.requests);
}

/** A copy to try things on. */
export function copyNode(node: NodeInfo): NodeInfo {
  return { ...node, requested: new Map(node.requested), pods: new Map(node.pods), averse: new Map(node.averse) };
}

export function createCluster(): Cluster {
  const nodes = new Map<string, NodeInfo>();
  /** On which node each pod is counted, be the node known or not. */
  const places = new Map<string, { node: string; info: PodInfo }>();

  const put = (info: PodInfo, node: string) => {
    const uid = info.pod.metadata.uid ?? "";
    const before = places.get(uid);
    if (before !== undefined) take(uid, before.node);
    places.set(uid, { node, info });
    const target = nodes.get(node);
    if (target !== undefined) addPod(target, info);
  };
  const take = (uid: string, node: string) => {
    places.delete(uid);
    const target = nodes.get(node);
    if (target !== undefined) removePod(target, uid);
  };
  return {
    nodes,
    setNode(node) {
      const { name = "" } = node.metadata;
      const allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity);
      const before = nodes.get(name);
      if (before !== undefined) {
        nodes.set(name, { ...before, node, allocatable });
        return;
      }
      const fresh: NodeInfo = { node, allocatable, requested: new Map(), pods: new Map(), averse: new Map() };
      nodes.set(name, fresh);
      for (const place of places.values()) if (place.node === name) addPod(fresh, place.info);
    },
    deleteNode: (name) => void nodes.delete(name),
    setPod(pod) {
      const { uid = "" } = pod.metadata;
      const { nodeName = "" } = pod.spec;
      const before = places.get(uid);
      if (nodeName === "") {
        // Until its binding is seen an assumed pod stays where it was put.
        return;
      }
      if (isTerminal(pod)) {
        if (before !== undefined) take(uid, before.node);
        return;
      }
      put(podInfoOf(pod), nodeName);
    },
    assume: put,
    deletePod(uid) {
      const place = places.get(uid);
      if (place !== undefined) take(uid, place.node);
    },
  };
}
