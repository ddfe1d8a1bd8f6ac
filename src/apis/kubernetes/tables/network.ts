import {
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  textAt,
  valueAt,
} from "../../../apimachinery/index.ts";
import { ageOf, labelsText, nameOf, none, selectorText, shorten, unset, type View } from "./text.ts";

/** How many hosts, ports or endpoints a column shows. */
const shown = 3;

/** What has to do with the network, by kind. */
export const networkViews: Record<string, View> = {
  Endpoints: {
    columns: "Name|Endpoints|Age",
    row: (object, now) => [nameOf(object), endpointsText(object), ageOf(object, now)],
  },
  Service: {
    columns: "Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*",
    row: (object, now) => [
      nameOf(object),
      textAt(object, "spec", "type"),
      String(listAt(object, "spec", "clusterIPs")[0] ?? none),
      externalAddress(object),
      itemsAt(object, "spec", "ports").map(portText).join(",") || none,
      ageOf(object, now),
      labelsText(valueAt(object, "spec", "selector")),
    ],
  },
  "discovery.k8s.io/EndpointSlice": {
    columns: "Name|AddressType|Ports|Endpoints|Age",
    row: (object, now) => [
      nameOf(object),
      textAt(object, "addressType"),
      shorten(
        itemsAt(object, "ports").map((port) => String(port["port"] ?? port["name"] ?? "*")),
        shown,
      ) || unset,
      shorten(
        itemsAt(object, "endpoints").flatMap((endpoint) => listAt(endpoint, "addresses").map(String)),
        shown,
      ) || unset,
      ageOf(object, now),
    ],
  },
  "networking.k8s.io/IPAddress": {
    columns: "Name|ParentRef",
    row: (object) => {
      const parent = fieldsAt(object, "spec", "parentRef");
      if (textAt(parent, "name") === "") return [nameOf(object), none];
      const resource = [parent["resource"], parent["group"]]
        .filter((part) => part !== "" && part !== undefined)
        .join(".");
      const path = [resource.toLowerCase(), parent["namespace"], parent["name"]];
      return [nameOf(object), path.filter((part) => part !== "" && part !== undefined).join("/")];
    },
  },
  "networking.k8s.io/Ingress": {
    columns: "Name|Class|Hosts|Address|Ports|Age",
    row: (object, now) => [
      nameOf(object),
      textAt(object, "spec", "ingressClassName") || none,
      hostsText(itemsAt(object, "spec", "rules")),
      balancerText(object),
      listAt(object, "spec", "tls").length > 0 ? "80, 443" : "80",
      ageOf(object, now),
    ],
  },
  "networking.k8s.io/IngressClass": {
    columns: "Name|Controller|Parameters|Age",
    row: (object, now) => {
      const parameters = valueAt(object, "spec", "parameters");
      const group = textAt(parameters, "apiGroup");
      const text = `${textAt(parameters, "kind")}${group === "" ? "" : `.${group}`}/${textAt(parameters, "name")}`;
      return [
        nameOf(object),
        textAt(object, "spec", "controller"),
        isFields(parameters) ? text : none,
        ageOf(object, now),
      ];
    },
  },
  "networking.k8s.io/NetworkPolicy": {
    columns: "Name|Pod-Selector|Age",
    row: (object, now) => [
      nameOf(object),
      selectorText(valueAt(object, "spec", "podSelector")) || none,
      ageOf(object, now),
    ],
  },
  "networking.k8s.io/ServiceCIDR": {
    columns: "Name|CIDRs|Age",
    row: (object, now) => [nameOf(object), listAt(object, "spec", "cidrs").join(","), ageOf(object, now)],
  },
};

function endpointsText(object: Fields): string {
  const subsets = itemsAt(object, "subsets");
  if (subsets.length === 0) return none;
  const all = subsets.flatMap((subset) => {
    const addresses = itemsAt(subset, "addresses").map((address) => textAt(address, "ip"));
    const ports = itemsAt(subset, "ports");
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) =>
      addresses.map((ip) => `${ip.includes(":") ? `[${ip}]` : ip}:${numberAt(port, ["port"])}`),
    );
  });
  return shorten(all, shown);
}

function externalAddress(service: Fields): string {
  const external = listAt(service, "spec", "externalIPs").map(String);
  switch (textAt(service, "spec", "type")) {
    case "ClusterIP":
    case "NodePort":
      return external.join(",") || none;
    case "LoadBalancer":
      return [balancerText(service), ...external].filter((part) => part !== "").join(",") || "<pending>";
    case "ExternalName":
      return textAt(service, "spec", "externalName");
    default:
      return "<unknown>";
  }
}

function balancerText(object: Fields): string {
  const addresses = itemsAt(object, "status", "loadBalancer", "ingress").map(
    (ingress) => textAt(ingress, "ip") || textAt(ingress, "hostname"),
  );
  return [...new Set(addresses.filter((address) => address !== ""))].sort().join(",");
}

function portText(port: Fields): string {
  const node = numberAt(port, ["nodePort"]);
  return `${numberAt(port, ["port"])}${node > 0 ? `:${node}` : ""}/${textAt(port, "protocol")}`;
}

function hostsText(rules: Fields[]): string {
  const hosts = rules.map((rule) => textAt(rule, "host")).filter((host) => host !== "");
  const text = hosts.slice(0, shown).join(",");
  if (text === "") return "*";
  // Rules without a host count as more once the column is full.
  const full = rules.findIndex(
    (_, index) => rules.slice(0, index).filter((rule) => textAt(rule, "host") !== "").length === shown,
  );
  return full < 0 ? text : `${text} + ${rules.length - shown} more...`;
}
