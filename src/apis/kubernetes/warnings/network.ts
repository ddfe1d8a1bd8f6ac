import { type Fields, fieldsAt, isFields, itemsAt, listAt, quoteGo, textAt } from "../../../apimachinery/index.ts";
import { warnOfAddress, warnOfRange } from "./addresses.ts";

const topologyHints = "service.kubernetes.io/topology-aware-hints";
const topologyMode = "service.kubernetes.io/topology-mode";

export function warnOfService(service: Fields): string[] {
  const spec = fieldsAt(service, "spec");
  const type = textAt(spec, "type");
  const isHeadless = type === "ClusterIP" && spec["clusterIP"] === "None";
  const externalIps = listAt(spec, "externalIPs");
  const balancerIp = textAt(spec, "loadBalancerIP");
  const address = textAt(spec, "clusterIP");
  const warnings: string[] = [];
  if (fieldsAt(service, "metadata", "annotations")[topologyHints] !== undefined)
    warnings.push(`annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`);
  if (address !== "" && address !== "None")
    warnings.push(...listAt(spec, "clusterIPs").flatMap((ip, index) => warnOfAddress(`spec.clusterIPs[${index}]`, ip)));
  if (isHeadless) {
    if (balancerIp !== "") warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (externalIps.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec["sessionAffinity"] !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  warnings.push(...externalIps.flatMap((ip, index) => warnOfAddress(`spec.externalIPs[${index}]`, ip)));
  if (balancerIp !== "") warnings.push(...warnOfAddress("spec.loadBalancerIP", balancerIp));
  warnings.push(
    ...listAt(spec, "loadBalancerSourceRanges").flatMap((range, index) =>
      warnOfRange(`spec.loadBalancerSourceRanges[${index}]`, range),
    ),
  );
  if (type === "ExternalName" && externalIps.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== "ExternalName" && textAt(spec, "externalName") !== "")
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  return warnings;
}

/** Services and Ingresses. */
export function warnOfBalancerStatus(object: Fields): string[] {
  return itemsAt(object, "status", "loadBalancer", "ingress").flatMap(({ ip }, index) =>
    warnOfAddress(`status.loadBalancer.ingress[${index}]`, ip),
  );
}

const ingressClass = "kubernetes.io/ingress.class";

export function warnOfIngress(ingress: Fields, old: Fields | undefined): string[] {
  if (old !== undefined || fieldsAt(ingress, "metadata", "annotations")[ingressClass] === undefined) return [];
  if (typeof fieldsAt(ingress, "spec")["ingressClassName"] === "string") return [];
  return [`annotation ${quoteGo(ingressClass)} is deprecated, please use 'spec.ingressClassName' instead`];
}

export function warnOfNetworkPolicy(policy: Fields): string[] {
  const ranges = (direction: string, peers: string) =>
    itemsAt(policy, "spec", direction).flatMap((rule, index) =>
      itemsAt(rule, peers).flatMap(({ ipBlock }, position) => {
        if (!isFields(ipBlock)) return [];
        const at = `spec.${direction}[${index}].${peers}[${position}].ipBlock`;
        return [
          ...warnOfRange(`${at}.cidr`, ipBlock["cidr"]),
          ...listAt(ipBlock, "except").flatMap((range, place) => warnOfRange(`${at}.except[${place}]`, range)),
        ];
      }),
    );
  return [...ranges("ingress", "from"), ...ranges("egress", "to")];
}

/** Controllers that write addresses in their usual form. */
const controllers = new Set([
  "endpoint-controller",
  "endpointslice-controller.k8s.io",
  "endpointslicemirroring-controller.k8s.io",
]);

export function warnOfEndpoints(endpoints: Fields): string[] {
  if (controllers.has(textAt(endpoints, "metadata", "labels", "endpoints.kubernetes.io/managed-by"))) return [];
  return itemsAt(endpoints, "subsets").flatMap((subset, index) =>
    ["addresses", "notReadyAddresses"].flatMap((field) =>
      itemsAt(subset, field).flatMap(({ ip }, position) =>
        warnOfAddress(`subsets[${index}].${field}[${position}].ip`, ip),
      ),
    ),
  );
}

export function warnOfEndpointSlice(slice: Fields, old: Fields | undefined): string[] {
  const isName = old === undefined && slice["addressType"] === "FQDN";
  const names = isName ? ["spec.addressType: FQDN endpoints are deprecated"] : [];
  if (controllers.has(textAt(slice, "metadata", "labels", "endpointslice.kubernetes.io/managed-by"))) return names;
  const addresses = itemsAt(slice, "endpoints").flatMap((endpoint, index) =>
    listAt(endpoint, "addresses").flatMap((address, position) =>
      warnOfAddress(`endpoints[${index}].addresses[${position}]`, address),
    ),
  );
  return [...names, ...addresses];
}
