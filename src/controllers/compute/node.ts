import type { KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import type { ResourceList } from "./pod.ts";

export const nodes: Resource = { group: "", version: "v1", resource: "nodes", kind: "Node", namespaced: false };

export type Taint = { key: string; value?: string; effect: string; timeAdded?: string };
export type NodeCondition = {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastHeartbeatTime?: string;
  lastTransitionTime?: string;
};
export type Node = KubeObject & {
  spec?: {
    unschedulable?: boolean;
    taints?: readonly Taint[];
    podCIDR?: string;
    podCIDRs?: string[];
    providerID?: string;
  };
  status?: {
    capacity?: ResourceList;
    allocatable?: ResourceList;
    addresses?: readonly { type: string; address: string }[];
    conditions?: readonly NodeCondition[];
    nodeInfo?: object;
    daemonEndpoints?: object;
  };
};

/** The first address of the type that is an IP. */
export function nodeAddress(node: Node): string | undefined {
  return node.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
}
