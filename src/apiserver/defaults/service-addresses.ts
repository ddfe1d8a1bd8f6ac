import type { KubeObject } from "../../apimachinery/index.ts";

const managedBy = "ipaddress.kubernetes.io/managed-by";
const allocator = "ipallocator.k8s.io";

/** The object that says whose a cluster address is, as the allocator of kube-apiserver writes it. */
export function addressObject(address: string, service: { namespace: string; name: string }): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: {
      name: address,
      labels: {
        "ipaddress.kubernetes.io/ip-family": address.includes(":") ? "IPv6" : "IPv4",
        [managedBy]: allocator,
      },
    },
    spec: { parentRef: { resource: "services", namespace: service.namespace, name: service.name } },
  };
}

/** Whether the allocator looks after an IPAddress, and nobody else. */
export function isManagedAddress({ metadata }: Readonly<KubeObject>): boolean {
  return metadata.labels?.[managedBy] === allocator;
}
