import {
  compareQuantities,
  type Fields,
  fieldsAt,
  itemsAt,
  listAt,
  matchesLabels,
  type Quantity,
  quantityUnits,
  selectorFromObject,
  textAt,
  textsAt,
  valueAt,
} from "../../../apimachinery/index.ts";
import { qosClass } from "../qos.ts";
import {
  type Amounts,
  addAmounts,
  amountsAt,
  hasPodLevelResources,
  none,
  podLimits,
  podRequests,
  units,
} from "./amounts.ts";

/** A resource by group and plural: what a quota counts. */
export type CountedResource = { group: string; resource: string };

/** How one resource is charged to quotas. */
export type Meter = {
  /** Which of a quota's limits concern objects of this resource. */
  matching(names: Iterable<string>): string[];
  /** What one object uses. @param now a pod that should be gone by then uses nothing but its place */
  usage(object: Fields, now: Date): Amounts;
  /** Whether an object is in a scope; objects of most resources are in none. */
  inScope(requirement: Fields, object: Fields): boolean;
  /** What must be said of an object for it to be charged. @returns the complaint, empty when there is none */
  missing(names: readonly string[], object: Fields): string;
  /** Whether a write through this path can change what is used. */
  charges(operation: "CREATE" | "UPDATE", subresource: string, object: Fields, live: Fields | undefined): boolean;
};

/** The meter of a resource; there is one for every resource, which counts objects at least. */
export function meterOf({ group, resource }: CountedResource): Meter {
  const special = group === (resource === "resourceclaims" ? "resource.k8s.io" : "") ? meters[resource] : undefined;
  return special ?? counter(countName({ group, resource }), group === "" ? olderNames[resource] : undefined);
}

/** `count/deployments.apps` */
export function countName({ group, resource }: CountedResource): string {
  return group === "" ? `count/${resource}` : `count/${resource}.${group}`;
}

/** The resources that limits of these names are about; what a name says nothing about is left out. */
export function countedResources(names: Iterable<string>): CountedResource[] {
  const found = new Map<string, CountedResource>();
  for (const name of names) {
    const counted = /^count\/([^.]+)(?:\.(.+))?$/.exec(name);
    const resource = counted?.[1] ?? Object.keys(meters).find((known) => meters[known]?.matching([name]).length === 1);
    const older = Object.keys(olderNames).find((known) => olderNames[known] === name);
    const plural = resource ?? older;
    if (plural === undefined) continue;
    const group = counted?.[2] ?? (plural === "resourceclaims" && counted === null ? "resource.k8s.io" : "");
    found.set(countName({ group, resource: plural }), { group, resource: plural });
  }
  return [...found.values()];
}

/** The scopes of a quota as requirements: those of `scopes` must exist. */
export function scopesOf(quota: unknown): Fields[] {
  const named = textsAt(quota, "spec", "scopes").map((scopeName) => ({ scopeName, operator: "Exists" }));
  return [...named, ...itemsAt(quota, "spec", "scopeSelector", "matchExpressions")];
}

/** Whether a quota limits anything of an object. @param hard names of its limits */
export function quotaMatches(quota: Fields, hard: Iterable<string>, meter: Meter, object: Fields): boolean {
  return meter.matching(hard).length > 0 && scopesOf(quota).every((requirement) => meter.inScope(requirement, object));
}

const olderNames: Record<string, string> = {
  configmaps: "configmaps",
  replicationcontrollers: "replicationcontrollers",
  resourcequotas: "resourcequotas",
  secrets: "secrets",
};

function counter(name: string, older: string | undefined): Meter {
  const names = older === undefined ? [name] : [name, older];
  const usage = new Map(names.map((own) => [own, units(1)]));
  return {
    matching: (asked) => [...asked].filter((own) => names.includes(own)).sort(),
    usage: () => usage,
    inScope: () => false,
    missing: () => "",
    charges: (operation, subresource) => operation === "CREATE" && subresource === "",
  };
}

const podNames = new Set([
  "count/pods",
  "pods",
  ...["cpu", "memory", "ephemeral-storage"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);

/** What each container must say when a quota limits it: a rule from before there were QoS classes. */
const mustBeSaid = new Set(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);

const pods: Meter = {
  matching: (names) =>
    [...names]
      .filter(
        (name) =>
          podNames.has(name) ||
          name.startsWith("hugepages-") ||
          name.startsWith("requests.hugepages-") ||
          isExtendedRequest(name),
      )
      .sort(),
  usage(pod, now) {
    const place: Amounts = new Map([["count/pods", units(1)]]);
    if (!isCharged(pod, now)) return place;
    const options = { overhead: true, status: true };
    return addAmounts(place, computeUsage(podRequests(pod, options), podLimits(pod, options)));
  },
  inScope: (requirement, pod) => podInScope(requirement, pod),
  missing(names, pod) {
    if (hasPodLevelResources(pod)) return "";
    const required = names.filter((name) => mustBeSaid.has(name)).sort();
    const containers = [...itemsAt(pod, "spec", "containers"), ...itemsAt(pod, "spec", "initContainers")];
    const complaints = required.flatMap((name) => {
      const silent = containers.filter((container) => {
        const said = computeUsage(
          amountsAt(container, "resources", "requests"),
          amountsAt(container, "resources", "limits"),
        );
        return !said.has(name);
      });
      const who = [...new Set(silent.map((container) => textAt(container, "name")))].sort();
      return who.length === 0 ? [] : [`${name} for: ${who.join(",")}`];
    });
    return complaints.length === 0 ? "" : `must specify ${complaints.join("; ")}`;
  },
  charges(operation, subresource, pod, live) {
    if (subresource === "resize") return operation === "UPDATE";
    if (subresource !== "") return false;
    return operation === "CREATE" || (live !== undefined && hasDeadline(pod) !== hasDeadline(live));
  },
};

/** `requests.example.com/gpu`: a thing that only some nodes have. */
function isExtendedRequest(name: string): boolean {
  return name.startsWith("requests.") && !isNative(name);
}

function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** A pod that has ended, or that should be gone by now, is not charged for what it no longer uses. */
function isCharged(pod: Fields, now: Date): boolean {
  const phase = textAt(pod, "status", "phase");
  if (phase === "Failed" || phase === "Succeeded") return false;
  const { deletionTimestamp, deletionGracePeriodSeconds: grace } = fieldsAt(pod, "metadata");
  if (typeof deletionTimestamp !== "string" || typeof grace !== "number") return true;
  return now.getTime() <= Date.parse(deletionTimestamp) + grace * 1000;
}

function computeUsage(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map<string, Quantity>([["pods", units(1)]]);
  for (const name of ["cpu", "memory", "ephemeral-storage"]) {
    const request = requests.get(name);
    const limit = limits.get(name);
    if (request !== undefined) usage.set(name, request).set(`requests.${name}`, request);
    if (limit !== undefined) usage.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (name.startsWith("hugepages-")) usage.set(name, request).set(`requests.${name}`, request);
    if (!isNative(name) && !name.startsWith("requests.")) usage.set(`requests.${name}`, request);
  }
  return usage;
}

function podInScope(requirement: Fields, pod: Fields): boolean {
  switch (requirement["scopeName"]) {
    case "Terminating":
      return hasDeadline(pod);
    case "NotTerminating":
      return !hasDeadline(pod);
    case "BestEffort":
      return qosClass(pod) === "BestEffort";
    case "NotBestEffort":
      return qosClass(pod) !== "BestEffort";
    case "PriorityClass": {
      const name = textAt(pod, "spec", "priorityClassName");
      return matchesRequirement(requirement, name === "" ? [] : [name]);
    }
    case "CrossNamespacePodAffinity":
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

function hasDeadline(pod: Fields): boolean {
  const seconds = valueAt(pod, "spec", "activeDeadlineSeconds");
  return typeof seconds === "number" && seconds >= 0;
}

function reachesOtherNamespaces(pod: Fields): boolean {
  return ["podAffinity", "podAntiAffinity"].some((kind) => {
    const affinity = fieldsAt(pod, "spec", "affinity", kind);
    const required = itemsAt(affinity, "requiredDuringSchedulingIgnoredDuringExecution");
    const preferred = itemsAt(affinity, "preferredDuringSchedulingIgnoredDuringExecution");
    const terms = [...required, ...preferred.map((weighted) => fieldsAt(weighted, "podAffinityTerm"))];
    return terms.some(
      (term) => listAt(term, "namespaces").length > 0 || valueAt(term, "namespaceSelector") !== undefined,
    );
  });
}

/** Whether one of the values that an object has in a scope satisfies the requirement. */
function matchesRequirement(requirement: Fields, own: readonly string[]): boolean {
  const operator = textAt(requirement, "operator");
  if (operator === "Exists") return own.length > 0;
  const expression = { key: "scope", operator, values: textsAt(requirement, "values") };
  const selector = selectorFromObject({ matchExpressions: [expression] });
  const labels = own.length === 0 ? [{}] : own.map((value) => ({ scope: value }));
  return labels.some((label) => matchesLabels(selector, label));
}

const claimNames = ["persistentvolumeclaims", "requests.storage"];
const classSuffix = ".storageclass.storage.k8s.io/";

const claims: Meter = {
  matching: (names) =>
    [...names]
      .filter(
        (name) =>
          name === "count/persistentvolumeclaims" ||
          claimNames.includes(name) ||
          claimNames.some((own) => name.endsWith(`${classSuffix}${own}`)),
      )
      .sort(),
  usage(claim) {
    const usage = new Map<string, Quantity>([
      ["persistentvolumeclaims", units(1)],
      ["count/persistentvolumeclaims", units(1)],
    ]);
    const annotated = textAt(claim, "metadata", "annotations", "volume.beta.kubernetes.io/storage-class");
    const storageClass = annotated || textAt(claim, "spec", "storageClassName");
    const storage = storageOf(claim);
    if (storage !== undefined) usage.set("requests.storage", storage);
    if (storageClass === "") return usage;
    usage.set(`${storageClass}${classSuffix}persistentvolumeclaims`, units(1));
    if (storage !== undefined) usage.set(`${storageClass}${classSuffix}requests.storage`, storage);
    return usage;
  },
  inScope(requirement, claim) {
    if (requirement["scopeName"] !== "VolumeAttributesClass") return false;
    const names = [
      textAt(claim, "spec", "volumeAttributesClassName"),
      textAt(claim, "status", "currentVolumeAttributesClassName"),
      textAt(claim, "status", "modifyVolumeStatus", "targetVolumeAttributesClassName"),
    ];
    return matchesRequirement(
      requirement,
      names.filter((name) => name !== ""),
    );
  },
  missing: () => "",
  charges: (_operation, subresource) => subresource === "" || subresource === "status",
};

/** What a claim asks for, or what it is being given when that is more; in whole bytes. */
function storageOf(claim: Fields): Quantity | undefined {
  const asked = amountsAt(claim, "spec", "resources", "requests").get("storage");
  const allocated = amountsAt(claim, "status", "allocatedResources").get("storage");
  if (asked === undefined) return undefined;
  const most = allocated !== undefined && compareQuantities(allocated, asked) > 0 ? allocated : asked;
  return { nanos: quantityUnits(most) * 10n ** 9n, format: most.format };
}

const serviceNames = ["count/services", "services", "services.nodeports", "services.loadbalancers"];

const services: Meter = {
  matching: (names) => [...names].filter((name) => serviceNames.includes(name)).sort(),
  usage(service) {
    const ports = itemsAt(service, "spec", "ports");
    const type = textAt(service, "spec", "type");
    const onlyNamed = type === "LoadBalancer" && valueAt(service, "spec", "allocateLoadBalancerNodePorts") === false;
    const nodePorts = onlyNamed ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
    const exposed = type === "NodePort" || type === "LoadBalancer";
    return new Map([
      ["count/services", units(1)],
      ["services", units(1)],
      ["services.nodeports", exposed ? units(nodePorts) : none],
      ["services.loadbalancers", type === "LoadBalancer" ? units(1) : none],
    ]);
  },
  inScope: () => false,
  missing: () => "",
  charges: (_operation, subresource) => subresource === "",
};

const deviceSuffix = ".deviceclass.resource.k8s.io/devices";
/** Devices that one claim can be given at most (`AllocationResultsMaxSize`); what `All` counts as. */
const devicesMax = 32;

const resourceClaims: Meter = {
  matching: (names) =>
    [...names].filter((name) => name === "count/resourceclaims.resource.k8s.io" || name.endsWith(deviceSuffix)).sort(),
  usage(claim) {
    let usage = new Map<string, Quantity>([["count/resourceclaims.resource.k8s.io", units(1)]]);
    for (const request of itemsAt(claim, "spec", "devices", "requests")) {
      const choices = itemsAt(request, "firstAvailable");
      const most = new Map<string, number>();
      for (const choice of choices.length > 0 ? choices : [fieldsAt(request, "exactly")]) {
        const name = `${textAt(choice, "deviceClassName")}${deviceSuffix}`;
        most.set(name, Math.max(most.get(name) ?? 0, devicesOf(choice)));
      }
      usage = addAmounts(usage, new Map([...most].map(([name, count]) => [name, units(count)])));
    }
    return usage;
  },
  inScope: () => false,
  missing: () => "",
  charges: (_operation, subresource) => subresource === "",
};

function devicesOf({ allocationMode, count }: Fields): number {
  if (allocationMode === "All") return devicesMax;
  return allocationMode === "ExactCount" && typeof count === "number" ? count : 0;
}

const meters: Record<string, Meter | undefined> = {
  persistentvolumeclaims: claims,
  pods,
  resourceclaims: resourceClaims,
  services,
};
