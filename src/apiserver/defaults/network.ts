import { apiServiceAddress, serviceRange } from "../../apis/index.ts";
import { type DefaultObject, timeOfBirth } from "./default-object.ts";
import { addressObject } from "./service-addresses.ts";

const apiVersion = "networking.k8s.io/v1";

/** The range of cluster addresses as its controller leaves it, and the address that the service `kubernetes` has of it. */
export function networkObjects(): DefaultObject[] {
  const ready = {
    type: "Ready",
    status: "True",
    lastTransitionTime: timeOfBirth,
    reason: "",
    message: "Kubernetes Service CIDR is ready",
  };
  const range = {
    apiVersion,
    kind: "ServiceCIDR",
    metadata: { name: "kubernetes", finalizers: ["networking.k8s.io/service-cidr-finalizer"] },
    spec: { cidrs: [serviceRange] },
    status: { conditions: [ready] },
  };
  const applied = { field: "status", manager: "service-cidr-controller", subresource: "status" };
  return [
    { storageName: "servicecidrs.networking.k8s.io", object: range, applied },
    {
      storageName: "ipaddresses.networking.k8s.io",
      object: addressObject(apiServiceAddress, { namespace: "default", name: "kubernetes" }),
    },
  ];
}
