import {
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  requiredValue,
  textAt,
  tooLong,
  validateDns1035Label,
  validateLabel,
  validatePathSegment,
  validateQualifiedName,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import { validatePortReference } from "./containers.ts";
import {
  type Causes,
  choice,
  eachItem,
  immutable,
  named,
  pointedChoice,
  portNumber,
  required,
  requiredName,
  validateCidr,
  validateIp,
  validateLabels,
  validateSelector,
} from "./values.ts";

const protocols = ["SCTP", "TCP", "UDP"];

/** Longest affinity by client address: a day. */
const affinitySecondsMax = 86_400;

export function validateService(service: Fields): Causes {
  const spec = fieldsAt(service, "spec");
  const type = textAt(spec, "type");
  const headless = textAt(spec, "clusterIP") === "None" || listAt(spec, "clusterIPs")[0] === "None";
  const causes: Causes = [];
  if (itemsAt(spec, "ports").length === 0 && !headless && type !== "ExternalName")
    causes.push(requiredValue("spec.ports"));
  if (type === "LoadBalancer" && headless)
    causes.push(invalidValue("spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services"));
  if (type === "NodePort" && headless)
    causes.push(invalidValue("spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services"));
  if (type === "ExternalName") {
    if (!isEmpty(spec["clusterIPs"]))
      causes.push(forbiddenValue("spec.clusterIPs", "may not be set for ExternalName services"));
    const name = textAt(spec, "externalName").replace(/\.$/, "");
    causes.push(...requiredName("spec.externalName", name, validateSubdomain));
  }
  return [
    ...causes,
    ...validateServicePorts(spec, type, headless),
    ...validateLabels("spec.selector", spec["selector"]),
    ...choice("spec.type", type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], "required"),
    ...validateAffinity(spec),
    ...validateAddresses(spec),
    ...validateBalancer(spec, type),
    ...validateTraffic(spec, type),
  ];
}

function validateServicePorts(spec: Fields, type: string, headless: boolean): Causes {
  const several = itemsAt(spec, "ports").length > 1;
  const names = new Set<string>();
  const seen = new Set<string>();
  const nodePorts = new Set<string>();
  return eachItem(spec, "spec", "ports", (port, path) => {
    const name = textAt(port, "name");
    const protocol = textAt(port, "protocol");
    const number = port["port"];
    const causes: Causes = [];
    if (name === "") {
      if (several) causes.push(requiredValue(`${path}.name`));
    } else {
      causes.push(...named(`${path}.name`, name, validateLabel));
      if (names.has(name)) causes.push(duplicateValue(`${path}.name`, name));
      names.add(name);
    }
    causes.push(
      ...portNumber(`${path}.port`, number ?? 0),
      ...choice(`${path}.protocol`, protocol, protocols, "required"),
    );
    causes.push(...validatePortReference(`${path}.targetPort`, port["targetPort"] ?? number));
    if (typeof port["appProtocol"] === "string")
      causes.push(...named(`${path}.appProtocol`, port["appProtocol"], validateQualifiedName));
    if (
      headless &&
      port["targetPort"] !== undefined &&
      typeof port["targetPort"] === "number" &&
      port["targetPort"] !== number &&
      isEmpty(spec["selector"])
    )
      causes.push(
        invalidValue(
          `${path}.targetPort`,
          port["targetPort"],
          "must be equal to the value of 'port' when clusterIP = None",
        ),
      );
    const key = `${protocol}/${number}`;
    if (seen.has(key)) {
      // Kubernetes prints a value of its own here.
      const shown = `{"Name":"","Protocol":"${protocol}","AppProtocol":null,"Port":${number},"TargetPort":0,"NodePort":0}`;
      causes.push({ reason: "FieldValueDuplicate", message: `Duplicate value: ${shown}`, field: path });
    }
    seen.add(key);
    const node = numberAt(port, ["nodePort"]);
    if (node === 0) return causes;
    if (type === "ClusterIP" || type === "ExternalName")
      causes.push(forbiddenValue(`${path}.nodePort`, `may not be used when \`type\` is '${type}'`));
    if (nodePorts.has(`${protocol}/${node}`)) causes.push(duplicateValue(`${path}.nodePort`, node));
    nodePorts.add(`${protocol}/${node}`);
    return causes;
  });
}

function validateAffinity(spec: Fields): Causes {
  const affinity = textAt(spec, "sessionAffinity");
  const causes = choice("spec.sessionAffinity", affinity, ["ClientIP", "None"], "required");
  const config = spec["sessionAffinityConfig"];
  if (affinity === "None" && isFields(config))
    causes.push(forbiddenValue("spec.sessionAffinityConfig", "must not be set when session affinity is None"));
  const seconds = fieldsAt(config, "clientIP")["timeoutSeconds"];
  if (typeof seconds === "number" && (seconds <= 0 || seconds > affinitySecondsMax)) {
    const words = `must be greater than 0 and less than ${affinitySecondsMax}`;
    causes.push(invalidValue("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, words));
  }
  return causes;
}

function validateAddresses(spec: Fields): Causes {
  const addresses = listAt(spec, "clusterIPs");
  const single = textAt(spec, "clusterIP");
  const causes = addresses.flatMap((address, index) =>
    address === "None" && index === 0 ? [] : validateIp(`spec.clusterIPs[${index}]`, address),
  );
  if (addresses.length === 0 && single !== "" && single !== "None")
    causes.push(...validateIp("spec.clusterIPs[0]", single));
  if (addresses.length > 0 && addresses[0] !== single)
    causes.push(invalidValue("spec.clusterIPs", addresses, "first value must match `clusterIP`"));
  if (addresses.length > 2) causes.push(invalidValue("spec.clusterIPs", addresses, "may only hold up to 2 values"));
  return [
    ...validateFamilies(spec),
    ...causes,
    ...listAt(spec, "externalIPs").flatMap((address, index) => validateIp(`spec.externalIPs[${index}]`, address)),
  ];
}

function validateFamilies(spec: Fields): Causes {
  const families = listAt(spec, "ipFamilies").map((family) => String(family ?? ""));
  const causes = families.flatMap((family, index) => {
    const path = `spec.ipFamilies[${index}]`;
    if (families.indexOf(family) < index) return [duplicateValue(path, family)];
    return pointedChoice(path, family, ["IPv4", "IPv6"]);
  });
  const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
  return [...causes, ...pointedChoice("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], policies)];
}

/** What only a load balancer has. */
function validateBalancer(spec: Fields, type: string): Causes {
  const only = (field: string) => forbiddenValue(field, "may only be used when `type` is 'LoadBalancer'");
  const isBalancer = type === "LoadBalancer";
  const ranges = listAt(spec, "loadBalancerSourceRanges");
  const causes = ranges.length > 0 && !isBalancer ? [only("spec.LoadBalancerSourceRanges")] : [];
  for (const [index, range] of ranges.entries())
    causes.push(...validateCidr(`spec.LoadBalancerSourceRanges[${index}]`, range));
  const { allocateLoadBalancerNodePorts: allocates, loadBalancerClass } = spec;
  if (allocates !== undefined && !isBalancer) causes.push(only("spec.allocateLoadBalancerNodePorts"));
  if (typeof loadBalancerClass !== "string") return causes;
  if (!isBalancer) return [...causes, only("spec.loadBalancerClass")];
  return [...causes, ...named("spec.loadBalancerClass", loadBalancerClass, validateQualifiedName)];
}

const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];

function validateTraffic(spec: Fields, type: string): Causes {
  const outside =
    type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && listAt(spec, "externalIPs").length > 0);
  const policy = textAt(spec, "externalTrafficPolicy");
  const causes: Causes = [];
  if (policy !== "" && !outside)
    causes.push(
      invalidValue("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"),
    );
  if (outside) causes.push(...choice("spec.externalTrafficPolicy", policy, ["Cluster", "Local"], "required"));
  causes.push(
    ...pointedChoice("spec.internalTrafficPolicy", spec["internalTrafficPolicy"], ["Cluster", "Local"]),
    ...pointedChoice("spec.trafficDistribution", spec["trafficDistribution"], distributions),
  );
  if (numberAt(spec, ["healthCheckNodePort"]) !== 0 && !(type === "LoadBalancer" && policy === "Local")) {
    const words = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    causes.push(invalidValue("spec.healthCheckNodePort", spec["healthCheckNodePort"], words));
  }
  return causes;
}

/** A service keeps its address as long as it has one. */
export function validateServiceUpdate(service: Fields, old: Fields): Causes {
  const spec = fieldsAt(service, "spec");
  const before = fieldsAt(old, "spec");
  if (textAt(spec, "type") === "ExternalName" || textAt(before, "type") === "ExternalName") return [];
  const causes: Causes = [];
  const [address, addressBefore] = [listAt(spec, "clusterIPs")[0], listAt(before, "clusterIPs")[0]];
  if (addressBefore !== undefined && address !== addressBefore)
    causes.push(invalidValue("spec.clusterIPs[0]", listAt(spec, "clusterIPs"), "may not change once set"));
  const [family, familyBefore] = [listAt(spec, "ipFamilies")[0], listAt(before, "ipFamilies")[0]];
  if (familyBefore !== undefined && family !== familyBefore)
    causes.push(invalidValue("spec.ipFamilies[0]", listAt(spec, "ipFamilies"), "primary ipFamily can not be unset"));
  if (
    textAt(before, "loadBalancerClass") !== "" &&
    textAt(spec, "type") === "LoadBalancer" &&
    spec["loadBalancerClass"] !== before["loadBalancerClass"]
  )
    causes.push(invalidValue("spec.loadBalancerClass", spec["loadBalancerClass"] ?? null, "may not change once set"));
  return causes;
}

export function validateEndpoints(endpoints: Fields): Causes {
  return eachItem(endpoints, "", "subsets", (subset, at) => {
    const path = at.slice(1);
    const several = itemsAt(subset, "ports").length > 1;
    const causes: Causes = [];
    if (itemsAt(subset, "addresses").length + itemsAt(subset, "notReadyAddresses").length === 0)
      causes.push(requiredValue(path, "must specify `addresses` or `notReadyAddresses`"));
    return [
      ...causes,
      ...["addresses", "notReadyAddresses"].flatMap((list) =>
        eachItem(subset, path, list, (address, here) => validateIp(`${here}.ip`, address["ip"])),
      ),
      ...eachItem(subset, path, "ports", (port, here) => [
        ...(several ? requiredName(`${here}.name`, textAt(port, "name"), validateLabel) : []),
        ...portNumber(`${here}.port`, port["port"] ?? 0),
        ...choice(`${here}.protocol`, port["protocol"], protocols, "required"),
      ]),
    ];
  });
}

export function validateEndpointSlice(slice: Fields): Causes {
  const type = textAt(slice, "addressType");
  const causes = choice("addressType", type, ["FQDN", "IPv4", "IPv6"], "required");
  const names = new Set<string>();
  for (const [index, endpoint] of itemsAt(slice, "endpoints").entries()) {
    const path = `endpoints[${index}].addresses`;
    const addresses = listAt(endpoint, "addresses");
    if (addresses.length === 0) causes.push(requiredValue(path, "must contain at least 1 address"));
    for (const [at, address] of addresses.entries())
      causes.push(
        ...(type === "FQDN"
          ? named(`${path}[${at}]`, String(address), validateSubdomain)
          : validateIp(`${path}[${at}]`, address)),
      );
  }
  for (const [index, port] of itemsAt(slice, "ports").entries()) {
    const name = textAt(port, "name");
    if (name !== "") causes.push(...named(`ports[${index}].name`, name, validateLabel));
    if (names.has(name)) causes.push(duplicateValue(`ports[${index}].name`, name));
    names.add(name);
    causes.push(...choice(`ports[${index}].protocol`, port["protocol"], protocols, "required"));
  }
  return causes;
}

export function validateEndpointSliceUpdate(slice: Fields, old: Fields): Causes {
  return immutable("addressType", slice["addressType"], old["addressType"]);
}

export function validateIngress(ingress: Fields): Causes {
  const spec = fieldsAt(ingress, "spec");
  const causes: Causes = [];
  const rules = itemsAt(spec, "rules");
  if (rules.length === 0 && !isFields(spec["defaultBackend"]))
    causes.push(invalidValue("spec", null, "either `defaultBackend` or `rules` must be specified"));
  if (isFields(spec["defaultBackend"])) causes.push(...validateBackend("spec.defaultBackend", spec["defaultBackend"]));
  causes.push(
    ...eachItem(spec, "spec", "rules", (rule, at) => {
      const host = textAt(rule, "host");
      const found = host === "" ? [] : validateHost(`${at}.host`, host);
      const http = rule["http"];
      if (!isFields(http)) return found;
      if (itemsAt(http, "paths").length === 0) return [...found, requiredValue(`${at}.http.paths`)];
      return [...found, ...eachItem(http, `${at}.http`, "paths", validateHttpPath)];
    }),
    ...eachItem(spec, "spec", "tls", (tls, at) => {
      const secret = textAt(tls, "secretName");
      return [
        ...listAt(tls, "hosts").flatMap((host, index) => validateHost(`${at}.hosts[${index}]`, String(host))),
        ...(secret === "" ? [] : named(`${at}.secretName`, secret, validateSubdomain)),
      ];
    }),
  );
  const className = spec["ingressClassName"];
  if (typeof className === "string") causes.push(...named("spec.ingressClassName", className, validateSubdomain));
  return causes;
}

/** A host name; `*.` may stand for one label at its beginning. */
function validateHost(path: string, host: string): Causes {
  const causes =
    /^\d+(\.\d+){3}$/.test(host) || host.includes(":")
      ? [invalidValue(path, host, "must be a DNS name, not an IP address")]
      : [];
  if (!host.includes("*")) return [...causes, ...named(path, host, validateSubdomain)];
  if (/^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(host)) return causes;
  const pattern = "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
  const words =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [
    ...causes,
    invalidValue(path, host, `${words} (e.g. '*.example.com', regex used for validation is '${pattern}')`),
  ];
}

function validateHttpPath(path: Fields, at: string): Causes {
  const type = textAt(path, "pathType");
  const text = textAt(path, "path");
  const causes: Causes = [];
  if (type === "") return [requiredValue(`${at}.pathType`, "pathType must be specified")];
  causes.push(...choice(`${at}.pathType`, type, ["Exact", "ImplementationSpecific", "Prefix"]));
  if (type === "Exact" || type === "Prefix") {
    if (!text.startsWith("/")) causes.push(invalidValue(`${at}.path`, text, "must be an absolute path"));
    for (const part of ["//", "/./", "/../", "%2f", "%2F"])
      if (text.includes(part)) causes.push(invalidValue(`${at}.path`, text, `must not contain '${part}'`));
    for (const part of ["/..", "/."])
      if (text.endsWith(part)) causes.push(invalidValue(`${at}.path`, text, `cannot end with '${part}'`));
  } else if (text !== "" && !text.startsWith("/"))
    causes.push(invalidValue(`${at}.path`, text, "must be an absolute path"));
  return [...causes, ...validateBackend(`${at}.backend`, fieldsAt(path, "backend"))];
}

function validateBackend(path: string, { service, resource }: Fields): Causes {
  if (isFields(resource)) {
    if (isFields(service)) return [invalidValue(path, "", "cannot set both resource and service backends")];
    const group = resource["apiGroup"];
    return [
      ...(typeof group === "string" ? named(`${path}.resource.apiGroup`, group, validateSubdomain) : []),
      ...requiredName(`${path}.resource.kind`, textAt(resource, "kind"), validatePathSegment),
      ...requiredName(`${path}.resource.name`, textAt(resource, "name"), validatePathSegment),
    ];
  }
  if (!isFields(service)) return [invalidValue(path, "", "resource or service backend is required")];
  const at = `${path}.service`;
  const causes = requiredName(`${at}.name`, textAt(service, "name"), validateDns1035Label);
  const name = textAt(service, "port", "name");
  const number = numberAt(service, ["port", "number"]);
  if (name !== "" && number !== 0)
    return [...causes, invalidValue(path, "", "cannot set both port name & port number")];
  if (name !== "") return [...causes, ...validatePortReference(`${at}.port.name`, name)];
  if (number === 0) return [...causes, requiredValue(path, "port name or number is required")];
  return [...causes, ...portNumber(`${at}.port.number`, number)];
}

const controllerLengthMax = 250;

/** `acme.io/foo`: who defines it, and which of theirs. */
function isDomainPath(text: string): boolean {
  const slash = text.indexOf("/");
  const path = text.slice(slash + 1);
  if (slash < 0 || path === "" || validateSubdomain(text.slice(0, slash)).length > 0) return false;
  return /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path);
}

export function validateIngressClass(ingressClass: Fields): Causes {
  const controller = textAt(ingressClass, "spec", "controller");
  const causes = required("spec.controller", controller);
  if (controller.length > controllerLengthMax) causes.push(tooLong("spec.controller", controllerLengthMax));
  if (controller !== "" && !isDomainPath(controller)) {
    const words = 'must be a domain-prefixed path (such as "acme.io/foo")';
    causes.push(invalidValue("spec.controller", controller, words));
  }
  const parameters = fieldsAt(ingressClass, "spec")["parameters"];
  if (!isFields(parameters)) return causes;
  return [
    ...causes,
    ...(typeof parameters["apiGroup"] === "string"
      ? named("spec.parameters.apiGroup", parameters["apiGroup"], validateSubdomain)
      : []),
    ...requiredName("spec.parameters.kind", textAt(parameters, "kind"), validatePathSegment),
    ...requiredName("spec.parameters.name", textAt(parameters, "name"), validatePathSegment),
    ...choice("spec.parameters.scope", parameters["scope"], ["Cluster", "Namespace"]),
  ];
}

export function validateIngressClassUpdate(ingressClass: Fields, old: Fields): Causes {
  return immutable(
    "spec.controller",
    fieldsAt(ingressClass, "spec")["controller"],
    fieldsAt(old, "spec")["controller"],
  );
}

export function validateNetworkPolicy(policy: Fields): Causes {
  const spec = fieldsAt(policy, "spec");
  const types = listAt(spec, "policyTypes");
  const causes = validateSelector("spec.podSelector", spec["podSelector"]);
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    causes.push(
      ...eachItem(spec, "spec", direction, (rule, at) => [
        ...eachItem(rule, at, "ports", validatePolicyPort),
        ...eachItem(rule, at, peers, validatePeer),
      ]),
    );
  }
  if (types.length > 2)
    causes.push(invalidValue("spec.policyTypes", types, "may not specify more than two policyTypes"));
  for (const [index, type] of types.entries())
    causes.push(...pointedChoice(`spec.policyTypes[${index}]`, type, ["Ingress", "Egress"]));
  return causes;
}

function validatePolicyPort(port: Fields, path: string): Causes {
  const causes = pointedChoice(`${path}.protocol`, port["protocol"], ["TCP", "UDP", "SCTP"]);
  if (port["port"] !== undefined) causes.push(...validatePortReference(`${path}.port`, port["port"]));
  const end = port["endPort"];
  if (end === undefined) return causes;
  if (typeof port["port"] !== "number") {
    const words = port["port"] === undefined ? "not specified" : "non-numeric";
    return [...causes, invalidValue(`${path}.endPort`, end, `may not be specified when \`port\` is ${words}`)];
  }
  if (typeof end === "number" && end < port["port"])
    causes.push(invalidValue(`${path}.endPort`, port["port"], "must be greater than or equal to `port`"));
  return [...causes, ...portNumber(`${path}.endPort`, end)];
}

function validatePeer(peer: Fields, path: string): Causes {
  const causes = ["podSelector", "namespaceSelector"].flatMap((field) =>
    validateSelector(`${path}.${field}`, peer[field]),
  );
  const block = peer["ipBlock"];
  const selecting = isFields(peer["podSelector"]) || isFields(peer["namespaceSelector"]);
  if (!isFields(block)) return selecting ? causes : [...causes, requiredValue(path, "must specify a peer")];
  if (selecting) causes.push(forbiddenValue(path, "may not specify both ipBlock and another peer"));
  if (textAt(block, "cidr") === "") return [...causes, requiredValue(`${path}.ipBlock.cidr`)];
  const exceptions = listAt(block, "except").flatMap((range, index) =>
    validateCidr(`${path}.ipBlock.except[${index}]`, range),
  );
  return [...causes, ...validateCidr(`${path}.ipBlock.cidr`, block["cidr"]), ...exceptions];
}
