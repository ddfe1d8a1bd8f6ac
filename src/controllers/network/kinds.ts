import type { KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";

export const services: Resource = { group: "", version: "v1", resource: "services", kind: "Service", namespaced: true };
export const ingresses: Resource = {
  group: "networking.k8s.io",
  version: "v1",
  resource: "ingresses",
  kind: "Ingress",
  namespaced: true,
};
export const endpoints: Resource = {
  group: "",
  version: "v1",
  resource: "endpoints",
  kind: "Endpoints",
  namespaced: true,
};
export const endpointSlices: Resource = {
  group: "discovery.k8s.io",
  version: "v1",
  resource: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
};

export type ServicePort = {
  name?: string;
  port: number;
  targetPort?: number | string;
  protocol?: string;
  appProtocol?: string;
};
export type Service = KubeObject & {
  spec: {
    type?: string;
    selector?: Readonly<Record<string, string>>;
    ports?: readonly ServicePort[];
    clusterIP?: string;
    ipFamilies?: readonly string[];
    publishNotReadyAddresses?: boolean;
  };
};

export type TargetReference = { kind: string; namespace?: string; name: string; uid?: string };
export type EndpointAddress = { ip: string; hostname?: string; nodeName?: string; targetRef?: TargetReference };
export type EndpointPort = { name?: string; port: number; protocol?: string; appProtocol?: string };
export type EndpointSubset = {
  addresses?: readonly EndpointAddress[];
  notReadyAddresses?: readonly EndpointAddress[];
  ports?: readonly EndpointPort[];
};
export type Endpoints = KubeObject & { subsets?: readonly EndpointSubset[] };

export type AddressType = "IPv4" | "IPv6";
export type Endpoint = {
  addresses: readonly string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  targetRef?: TargetReference;
  zone?: string;
};
export type EndpointSlice = KubeObject & {
  addressType: string;
  endpoints: readonly Endpoint[] | null;
  ports: readonly EndpointPort[] | null;
};

export const labels = {
  serviceName: "kubernetes.io/service-name",
  managedBy: "endpointslice.kubernetes.io/managed-by",
  skipMirror: "endpointslice.kubernetes.io/skip-mirror",
  headless: "service.kubernetes.io/headless",
  endpointsManagedBy: "endpoints.kubernetes.io/managed-by",
} as const;
export const annotations = {
  triggerTime: "endpoints.kubernetes.io/last-change-trigger-time",
  overCapacity: "endpoints.kubernetes.io/over-capacity",
  lastApplied: "kubectl.kubernetes.io/last-applied-configuration",
  leader: "control-plane.alpha.kubernetes.io/leader",
} as const;

export function isHeadless({ spec }: Service): boolean {
  return (spec.clusterIP ?? "") === "" || spec.clusterIP === "None";
}
