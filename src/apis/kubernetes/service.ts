import {
  cloneJson,
  type Fields,
  fieldsAt,
  invalid,
  invalidValue,
  itemsAt,
  type KubeObject,
  listAt,
  numberAt,
  type StatusCause,
  textAt,
} from "../../apimachinery/index.ts";
import { rangeHolds } from "./addresses.ts";
import { isEmpty, makeFields } from "./fields.ts";

/** Kubernetes' default node ports. */
const nodePortMin = 30_000;
const nodePortMax = 32_767;

/** What services have of what there is only once. */
export type Taken = {
  ips: ReadonlySet<string>;
  ports: ReadonlySet<number>;
  /** Where addresses may come from beside {@link serviceRange}, in their canonical form; those of IPv6 are not used. */
  ranges?: readonly string[];
};

/** The addresses and node ports that a service has, written or allocated. */
export function takenBy(service: Fields): { ips: string[]; ports: number[] } {
  const spec = fieldsAt(service, "spec");
  const ips = [textAt(spec, "clusterIP"), ...listAt(spec, "clusterIPs").map(String)].filter(
    (ip) => ip !== "" && ip !== "None",
  );
  const ports = [
    ...itemsAt(spec, "ports").map((port) => numberAt(port, ["nodePort"])),
    numberAt(spec, ["healthCheckNodePort"]),
  ];
  return { ips: [...new Set(ips)], ports: [...new Set(ports.filter((port) => port > 0))] };
}

/**
 * Gives a service what its type needs and it does not have: a cluster address out of the ranges, node ports out of
 * 30000–32767, and IPv4 as its family. The choice follows from the service's name, so it is the same each time while
 * it is free. Explicit ones and `None` are kept.
 *
 * @param taken what the other services have
 * @returns a copy
 * @throws {StatusError} `Invalid` when something asked for is taken or out of range, or nothing is left
 */
export function allocateService(service: KubeObject, taken: Taken): KubeObject {
  const result = cloneJson(service);
  const spec = makeFields(result, "spec");
  if (textAt(spec, "type") === "ExternalName") return result;
  const name = `${service.metadata.namespace ?? ""}/${service.metadata.name ?? ""}`;
  const causes: StatusCause[] = [];
  allocateFamilies(spec);
  allocateAddress(spec, name, taken, causes);
  allocatePorts(spec, name, taken, causes);
  if (causes.length > 0) throw invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", causes);
  return result;
}

/** Where cluster addresses come from; kubeadm's and kind's default range. */
export const serviceRange = "10.96.0.0/16";
/** The `kubernetes` service's address, the first of the range. */
export const apiServiceAddress = "10.96.0.1";

function allocateFamilies(spec: Fields): void {
  const headless = textAt(spec, "clusterIP") === "None" || listAt(spec, "clusterIPs")[0] === "None";
  // Without a selector somebody else writes the endpoints, of whichever family.
  if (headless && isEmpty(spec["selector"])) {
    spec["ipFamilyPolicy"] ??= "RequireDualStack";
    if (isEmpty(spec["ipFamilies"]))
      spec["ipFamilies"] = spec["ipFamilyPolicy"] === "SingleStack" ? ["IPv4"] : ["IPv4", "IPv6"];
    return;
  }
  spec["ipFamilyPolicy"] ??= "SingleStack";
  if (isEmpty(spec["ipFamilies"])) spec["ipFamilies"] = ["IPv4"];
}

function allocateAddress(spec: Fields, name: string, taken: Taken, causes: StatusCause[]): void {
  const written = textAt(spec, "clusterIP") || String(listAt(spec, "clusterIPs")[0] ?? "");
  const ranges = [serviceRange, ...(taken.ranges ?? [])];
  const isInRange = ranges.some((range) => rangeHolds(range, written));
  if (written === "None" || (written !== "" && isInRange && !taken.ips.has(written))) {
    spec["clusterIP"] = written;
    spec["clusterIPs"] = [written];
    return;
  }
  if (written !== "") {
    const why = isInRange
      ? "provided IP is already allocated"
      : `the provided network does not match the current range`;
    causes.push(invalidValue("spec.clusterIPs", [written], `failed to allocate IP ${written}: ${why}`));
    return;
  }
  for (const range of ranges) {
    const free = freeAddress(range, name, taken);
    if (free === undefined) continue;
    spec["clusterIP"] = free;
    spec["clusterIPs"] = [free];
    return;
  }
  causes.push(invalidValue("spec.clusterIPs", null, "failed to allocate a serviceIP: range is full"));
}

function freeAddress(range: string, name: string, taken: Taken): string | undefined {
  const [network = "", size = ""] = range.split("/");
  if (network.includes(":")) return undefined;
  const base = network.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const at = (index: number) => addressOf(base + index);
  // The first address is the network's, the last one its broadcast; in the default range the next one is the API's.
  const min = range === serviceRange ? 2 : 1;
  const max = 2 ** (32 - Number(size)) - 2;
  const free = max < min ? undefined : firstFree(hash(name), min, max, (index) => !taken.ips.has(at(index)));
  return free === undefined ? undefined : at(free);
}

function allocatePorts(spec: Fields, name: string, taken: Taken, causes: StatusCause[]): void {
  const type = textAt(spec, "type");
  const balanced = type === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] !== false;
  // Ports of one service may share a node port when their protocols differ; only other services' count.
  const own = new Map<number, string[]>();
  const asked: { holder: Fields; field: string; path: string; protocol: string; wanted: boolean }[] = itemsAt(
    spec,
    "ports",
  ).map((port, index) => ({
    holder: port,
    field: "nodePort",
    path: `spec.ports[${index}].nodePort`,
    protocol: `${textAt(port, "protocol")}`,
    wanted: type === "NodePort" || balanced,
  }));
  if (type === "LoadBalancer" && textAt(spec, "externalTrafficPolicy") === "Local")
    asked.push({
      holder: spec,
      field: "healthCheckNodePort",
      path: "spec.healthCheckNodePort",
      protocol: "*",
      wanted: true,
    });
  for (const { holder, field, path, protocol } of asked) {
    const port = numberAt(holder, [field]);
    if (port === 0) continue;
    if (port < nodePortMin || port > nodePortMax) {
      const range = `The range of valid ports is ${nodePortMin}-${nodePortMax}`;
      causes.push(invalidValue(path, port, `provided port is not in the valid range. ${range}`));
    } else if (taken.ports.has(port) || own.get(port)?.includes(protocol)) {
      causes.push(invalidValue(path, port, "provided port is already allocated"));
    }
    own.set(port, [...(own.get(port) ?? []), protocol]);
  }
  for (const { holder, field, path, protocol, wanted } of asked) {
    if (!wanted || numberAt(holder, [field]) !== 0) continue;
    const isFree = (port: number) => !taken.ports.has(port) && !own.has(port);
    const port = firstFree(hash(`${name}/${path}`), nodePortMin, nodePortMax, isFree);
    if (port === undefined) {
      causes.push(invalidValue(path, 0, "failed to allocate a nodePort: range is full"));
      return;
    }
    own.set(port, [protocol]);
    holder[field] = port;
  }
}

/**
 * What an update of a service that does not mention them keeps: its address and node ports; and what it loses when
 * its new type has no use for them.
 */
export function carryService(service: KubeObject, old: KubeObject): void {
  const spec = makeFields(service, "spec");
  const before = fieldsAt(old, "spec");
  const usesAddress = (one: Fields) => textAt(one, "type") !== "ExternalName";
  const usesPorts = (one: Fields) => textAt(one, "type") === "NodePort" || textAt(one, "type") === "LoadBalancer";
  if (usesAddress(spec) && usesAddress(before)) {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
      if (isEmpty(spec[field]) && before[field] !== undefined) spec[field] = cloneJson(before[field]);
  }
  if (usesPorts(spec) && usesPorts(before)) {
    for (const port of itemsAt(spec, "ports")) {
      if (numberAt(port, ["nodePort"]) !== 0) continue;
      const same = itemsAt(before, "ports").find(
        (one) => one["port"] === port["port"] && one["protocol"] === port["protocol"],
      );
      if (same?.["nodePort"] !== undefined) port["nodePort"] = same["nodePort"];
    }
    if (isEmpty(spec["healthCheckNodePort"]) && isLocalBalancer(spec) && before["healthCheckNodePort"] !== undefined)
      spec["healthCheckNodePort"] = before["healthCheckNodePort"];
  }
  dropUnused(spec, before, {
    address: usesAddress(before) && !usesAddress(spec),
    ports: usesPorts(before) && !usesPorts(spec),
  });
}

/** Only values that are still the old ones go; a new one is the writer's mistake, which validation names. */
function dropUnused(spec: Fields, before: Fields, lost: { address: boolean; ports: boolean }): void {
  if (lost.address) {
    const isOld = (address: unknown) => isEmpty(address) || address === before["clusterIP"];
    if (isOld(spec["clusterIP"]) && isOld(listAt(spec, "clusterIPs")[0]))
      for (const field of ["clusterIP", "clusterIPs"]) delete spec[field];
    for (const field of ["ipFamilies", "ipFamilyPolicy"]) delete spec[field];
  }
  if (lost.ports) {
    const had = new Set(itemsAt(before, "ports").map((port) => port["nodePort"]));
    for (const port of itemsAt(spec, "ports")) if (had.has(port["nodePort"])) delete port["nodePort"];
    if (spec["externalTrafficPolicy"] === before["externalTrafficPolicy"] && listAt(spec, "externalIPs").length === 0)
      delete spec["externalTrafficPolicy"];
  }
  if (!isLocalBalancer(spec) && spec["healthCheckNodePort"] === before["healthCheckNodePort"])
    delete spec["healthCheckNodePort"];
  if (textAt(spec, "type") !== "LoadBalancer" && textAt(before, "type") === "LoadBalancer") {
    for (const field of ["allocateLoadBalancerNodePorts", "loadBalancerClass"])
      if (spec[field] === before[field]) delete spec[field];
  }
}

function isLocalBalancer(spec: Fields): boolean {
  return textAt(spec, "type") === "LoadBalancer" && textAt(spec, "externalTrafficPolicy") === "Local";
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

function firstFree(start: number, min: number, max: number, isFree: (value: number) => boolean): number | undefined {
  const count = max - min + 1;
  for (let step = 0; step < count; step++) {
    const value = min + ((start + step) % count);
    if (isFree(value)) return value;
  }
  return undefined;
}

/** FNV-1a in 32 bits: spreads names over a range, the same each time. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return state;
}
