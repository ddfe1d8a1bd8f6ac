import { fieldsAt, itemsAt, type KubeObject, numberAt, textAt } from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";

/** The condition `Available` of an APIService, without a time. */
export type Availability = { type: "Available"; status: "True" | "False"; reason: string; message: string };

/** Whether the version that an APIService stands for is served, in the words of kube-aggregator. */
export function availabilityOf(server: Server, apiService: Readonly<KubeObject>): Availability {
  const spec = fieldsAt(apiService, "spec");
  if (spec["service"] === undefined) {
    return { type: "Available", status: "True", reason: "Local", message: "Local APIServices are always available" };
  }
  const not = (reason: string, message: string): Availability => {
    return { type: "Available", status: "False", reason, message };
  };
  const [namespace, name] = [textAt(spec, "service", "namespace"), textAt(spec, "service", "name")];
  const port = numberAt(spec, ["service", "port"]);
  const which = `service/${name} in ${JSON.stringify(namespace)}`;
  const entry = server.store.get(server.keys.key("services", namespace, name));
  if (entry === undefined) return not("ServiceNotFound", `${which} is not present`);
  const service = server.parsed(entry.value);
  if (textAt(service, "spec", "type") === "ClusterIP") {
    const found = itemsAt(service, "spec", "ports").find((one) => one["port"] === port);
    if (found === undefined) return not("ServicePortError", `${which} is not listening on port ${port}`);
    const slices = slicesOf(server, namespace, name);
    if (slices.length === 0) return not("EndpointsNotFound", `cannot find endpointslices for ${which}`);
    const portName = textAt(found, "name");
    if (!slices.some((slice) => isReady(slice) && hasPort(slice, portName))) {
      const message = `endpointslices for ${which} have no addresses with port name ${JSON.stringify(portName)}`;
      return not("MissingEndpoints", message);
    }
  }
  const [group, version] = [textAt(spec, "group"), textAt(spec, "version")];
  const url = `https://${textAt(service, "spec", "clusterIP")}:${port}/apis/${group}/${version}`;
  const why = "this platform forwards no requests to other API servers";
  return not("FailedDiscoveryCheck", `failing or missing response from ${url}: ${why}`);
}

function slicesOf(server: Server, namespace: string, service: string): Readonly<KubeObject>[] {
  return server.store
    .range(server.keys.prefix("endpointslices.discovery.k8s.io", namespace))
    .entries.map(({ value }) => server.parsed(value))
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
}

function isReady(slice: Readonly<KubeObject>): boolean {
  return itemsAt(slice, "endpoints").some((endpoint) => fieldsAt(endpoint, "conditions")["ready"] !== false);
}

function hasPort(slice: Readonly<KubeObject>, name: string): boolean {
  return itemsAt(slice, "ports").some((port) => textAt(port, "name") === name && port["port"] !== undefined);
}
