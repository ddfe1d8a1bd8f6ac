import { type Fields, isFields, itemsAt, listAt, textAt } from "../../../apimachinery/index.ts";
import { fill, fillEmpty, isEmpty, makeFields } from "../fields.ts";

/** How long a client stays with one endpoint when affinity by client address says no time: 3 h. */
const affinitySeconds = 10_800;

export function defaultService(service: Fields): void {
  const spec = makeFields(service, "spec");
  fillEmpty(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"];
  if (spec["sessionAffinity"] === "ClientIP")
    fill(makeFields(makeFields(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", affinitySeconds);
  fillEmpty(spec, "type", "ClusterIP");
  for (const port of itemsAt(spec, "ports")) {
    fillEmpty(port, "protocol", "TCP");
    fillEmpty(port, "targetPort", port["port"]);
  }
  const type = textAt(spec, "type");
  const outside =
    type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && listAt(spec, "externalIPs").length > 0);
  if (outside) fillEmpty(spec, "externalTrafficPolicy", "Cluster");
  if (type !== "ExternalName") fill(spec, "internalTrafficPolicy", "Cluster");
  const balancer = makeFields(makeFields(service, "status"), "loadBalancer");
  if (type === "LoadBalancer") {
    fill(spec, "allocateLoadBalancerNodePorts", true);
    for (const ingress of itemsAt(balancer, "ingress")) if (!isEmpty(ingress["ip"])) fill(ingress, "ipMode", "VIP");
  }
}

export function defaultEndpoints(endpoints: Fields): void {
  for (const subset of itemsAt(endpoints, "subsets"))
    for (const port of itemsAt(subset, "ports")) fillEmpty(port, "protocol", "TCP");
}

export function defaultEndpointSlice(slice: Fields): void {
  for (const port of itemsAt(slice, "ports")) {
    fill(port, "name", "");
    fill(port, "protocol", "TCP");
  }
}

export function defaultIngress(ingress: Fields): void {
  makeFields(makeFields(ingress, "status"), "loadBalancer");
}

export function defaultIngressClass(ingressClass: Fields): void {
  const parameters = makeFields(ingressClass, "spec")["parameters"];
  if (isFields(parameters)) fill(parameters, "scope", "Cluster");
}

export function defaultNetworkPolicy(policy: Fields): void {
  const spec = makeFields(policy, "spec");
  makeFields(spec, "podSelector");
  for (const rule of [...itemsAt(spec, "ingress"), ...itemsAt(spec, "egress")])
    for (const port of itemsAt(rule, "ports")) fill(port, "protocol", "TCP");
  if (isEmpty(spec["policyTypes"])) spec["policyTypes"] = isEmpty(spec["egress"]) ? ["Ingress"] : ["Ingress", "Egress"];
}
