import {
  deepEqual,
  type Fields,
  fieldsAt,
  internalError,
  invalid,
  isFields,
  itemsAt,
  type KubeObject,
  textAt,
  valueAt,
} from "../../../apimachinery/index.ts";
import { groupKindOf } from "../../resource.ts";
import type { Server } from "../../server.ts";
import { type Admission, type Attempt, refused } from "../admit.ts";
import { objectAt, objectsOf } from "../lookup.ts";
import { briefly, detailed, violations } from "./evaluate.ts";
import type { PodParts } from "./pod.ts";
import { compareLevels, formatLevelVersion, type LevelVersion, policyOf, sameLevelVersion } from "./policy.ts";

/** How many pods a stricter namespace looks at, as in Kubernetes. */
const podsMax = 3000;

/** Holds pods to the level that the labels of their namespace name, and warns of templates that make pods which do not. */
export const podSecurity: Admission = {
  validate(server, attempt) {
    const { operation, resource } = attempt;
    if (operation === "DELETE") return;
    if (resource.storageName === "namespaces") checkNamespace(server, attempt);
    else if (resource.storageName === "pods") checkPod(server, attempt);
    else if (templates[resource.storageName] !== undefined) checkTemplate(server, attempt);
  },
};

/** Where workloads keep what their pods are made of. */
const templates: Readonly<Record<string, readonly string[]>> = {
  "cronjobs.batch": ["spec", "jobTemplate", "spec", "template"],
  "daemonsets.apps": ["spec", "template"],
  "deployments.apps": ["spec", "template"],
  "jobs.batch": ["spec", "template"],
  podtemplates: ["template"],
  "replicasets.apps": ["spec", "template"],
  replicationcontrollers: ["spec", "template"],
  "statefulsets.apps": ["spec", "template"],
};

const otherPaths = new Set(["attach", "binding", "eviction", "exec", "log", "portforward", "proxy", "status"]);

function checkNamespace(server: Server, attempt: Attempt): void {
  const { operation, resource, subresource, name, object, live, warnings } = attempt;
  if (subresource !== "" || object === undefined) return;
  const { policy, causes } = policyOf(object.metadata.labels);
  const before = live === undefined ? undefined : policyOf(live.metadata.labels);
  if (causes.length > 0 && !deepEqual(causes, before?.causes)) throw invalid(groupKindOf(resource), name, causes);
  if (operation !== "UPDATE" || before === undefined) return;
  const { enforce } = policy;
  const { enforce: old } = before.policy;
  if (sameLevelVersion(enforce, old) || enforce.level === "privileged") return;
  if (enforce.version === old.version && compareLevels(enforce.level, old.level) < 1) return;
  warnings.push(...podWarnings(server, name, enforce));
}

/** What the pods of a namespace do that its new level forbids. */
function podWarnings(server: Server, namespace: string, enforce: LevelVersion): string[] {
  const all = oneOfEachFirst(objectsOf(server, "pods", namespace));
  const offenders = new Map<string, string[]>();
  for (const pod of all.slice(0, podsMax)) {
    const found = violations(enforce, partsOf(pod));
    if (found.length === 0) continue;
    const reasons = briefly(found);
    offenders.set(reasons, [...(offenders.get(reasons) ?? []), pod.metadata.name ?? ""]);
  }
  const warnings = [...offenders].map(([reasons, names]) => {
    const others = names.length - 1;
    const more = others === 0 ? "" : ` (and ${others} other ${others === 1 ? "pod" : "pods"})`;
    return `${names.sort()[0]}${more}: ${reasons}`;
  });
  const head = [];
  if (all.length > podsMax)
    head.push(`new PodSecurity enforce level only checked against the first ${podsMax} of ${all.length} existing pods`);
  if (warnings.length > 0) {
    const level = JSON.stringify(formatLevelVersion(enforce));
    head.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${level}`,
    );
  }
  return [...head, ...warnings.sort()];
}

/** Pods of one owner are much the same: the second one of each comes after the first ones of all. */
function oneOfEachFirst(pods: readonly Readonly<KubeObject>[]): Readonly<KubeObject>[] {
  const owners = new Set<string>();
  const later: Readonly<KubeObject>[] = [];
  const first = pods.filter((pod) => {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (uid === undefined || !owners.has(uid)) {
      if (uid !== undefined) owners.add(uid);
      return true;
    }
    later.push(pod);
    return false;
  });
  return [...first, ...later];
}

function checkPod(server: Server, attempt: Attempt): void {
  const { operation, subresource, object, live } = attempt;
  if (otherPaths.has(subresource) || object === undefined) return;
  const labels = labelsOfNamespace(server, attempt);
  if (!hasPolicy(labels)) {
    attempt.annotations["pod-security.kubernetes.io/enforce-policy"] = "privileged:latest";
    return;
  }
  if (operation === "UPDATE" && live !== undefined && !changesContainers(object, live)) return;
  evaluate(attempt, labels, partsOf(object), true);
}

function checkTemplate(server: Server, attempt: Attempt): void {
  const { resource, subresource, object } = attempt;
  if (subresource !== "" || object === undefined) return;
  const labels = labelsOfNamespace(server, attempt);
  if (!hasPolicy(labels)) return;
  const template = valueAt(object, ...(templates[resource.storageName] ?? []));
  if (isFields(template)) evaluate(attempt, labels, partsOf(template), false);
}

/** Most namespaces say nothing, and then there is nothing to read. */
function hasPolicy(labels: Readonly<Record<string, string>>): boolean {
  for (const label in labels) if (label.startsWith("pod-security.kubernetes.io/")) return true;
  return false;
}

function labelsOfNamespace(server: Server, { namespace }: Attempt): Readonly<Record<string, string>> {
  const found = objectAt(server, "namespaces", { name: namespace });
  if (found === undefined) throw internalError(`failed to lookup namespace ${JSON.stringify(namespace)}`);
  return found.metadata.labels ?? {};
}

function partsOf(pod: Fields | KubeObject): PodParts {
  return { metadata: fieldsAt(pod, "metadata"), spec: fieldsAt(pod, "spec") };
}

function evaluate(attempt: Attempt, labels: Readonly<Record<string, string>>, pod: PodParts, enforced: boolean): void {
  const { annotations } = attempt;
  const { policy, causes } = policyOf(labels);
  if (causes.length > 0) {
    const why = causes.map(({ field, message }) => `${field}: ${message}`);
    const list = why.length === 1 ? why[0] : `[${why.join(", ")}]`;
    annotations["pod-security.kubernetes.io/error"] = `Failed to parse policy: ${list}`;
  }
  const text = (level: LevelVersion) => JSON.stringify(formatLevelVersion(level));
  const against = enforced ? violations(policy.enforce, pod) : [];
  if (enforced) annotations["pod-security.kubernetes.io/enforce-policy"] = formatLevelVersion(policy.enforce);
  const audited = violations(policy.audit, pod);
  if (audited.length > 0) {
    const found = `would violate PodSecurity ${text(policy.audit)}: ${detailed(audited)}`;
    annotations["pod-security.kubernetes.io/audit-violations"] = found;
  }
  if (against.length > 0) throw refused(attempt, `violates PodSecurity ${text(policy.enforce)}: ${detailed(against)}`);
  const warned = violations(policy.warn, pod);
  if (warned.length > 0) attempt.warnings.push(`would violate PodSecurity ${text(policy.warn)}: ${detailed(warned)}`);
}

/** Of what a policy looks at only images can change, and containers can be added for debugging. */
function changesContainers(pod: KubeObject, live: KubeObject): boolean {
  return ["containers", "initContainers", "ephemeralContainers"].some((list) => {
    const before = itemsAt(live, "spec", list);
    const now = itemsAt(pod, "spec", list);
    if (list !== "ephemeralContainers" && now.length !== before.length) return true;
    return now.some((container, index) => {
      const old =
        list === "ephemeralContainers" ? before.find(({ name }) => name === container["name"]) : before[index];
      return old === undefined || textAt(container, "image") !== textAt(old, "image");
    });
  });
}
