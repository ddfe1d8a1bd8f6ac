import { isSidecar, isTerminal, type Pod } from "../compute/pod.ts";
import type { AddressType, EndpointPort, Service, ServicePort } from "./kinds.ts";

/** Whether a pod stands behind services at all. @param includesTerminating also while it ends */
export function isBehindServices(pod: Pod, includesTerminating: boolean): boolean {
  if (isTerminal(pod) || addressesOf(pod).length === 0) return false;
  return includesTerminating || pod.metadata.deletionTimestamp === undefined;
}

function addressesOf({ status }: Pod): string[] {
  const { podIP = "", podIPs = [] } = status ?? {};
  return podIPs.length > 0 ? podIPs.map(({ ip }) => ip) : podIP === "" ? [] : [podIP];
}

export function addressesOfType(pod: Pod, type: AddressType): string[] {
  return addressesOf(pod).filter((address) => address.includes(":") === (type === "IPv6"));
}

/** The families that a service has addresses of. */
export function addressTypes({ spec }: Service): AddressType[] {
  const families = (spec.ipFamilies ?? []).filter((family) => family === "IPv4" || family === "IPv6");
  return families.length > 0 ? families : ["IPv4"];
}

/** The port of a pod behind a port of a service: the number itself, or that of the container's port with the name. */
export function targetPort(
  { spec }: Pod,
  { targetPort: target, port, protocol = "TCP" }: ServicePort,
): number | undefined {
  if (target === undefined || target === 0 || target === "") return port;
  if (typeof target === "number") return target;
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)];
  for (const container of containers) {
    const found = container.ports?.find((one) => one.name === target && (one.protocol ?? "TCP") === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** The ports of a pod behind those of a service; ports that the pod does not have are left out. */
export function targetPorts(pod: Pod, service: Service): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetPort(pod, port);
    if (number === undefined) return [];
    const { name, protocol = "TCP", appProtocol } = port;
    return [
      {
        ...(name === undefined ? {} : { name }),
        port: number,
        protocol,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ];
  });
}

/** A pod gets a name of its own behind the headless service that governs it. */
export function hostnameBehind({ spec, metadata }: Pod, service: Service): string | undefined {
  const governs = spec.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace;
  return governs && (spec.hostname ?? "") !== "" ? spec.hostname : undefined;
}

export function referenceTo({ metadata }: Pod) {
  const { namespace, name = "", uid } = metadata;
  return {
    kind: "Pod",
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}
