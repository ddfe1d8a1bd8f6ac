import {
  cloneJson,
  conflict,
  type Fields,
  fieldsAt,
  forbidden,
  isFields,
  isStatusError,
  itemsAt,
  type KubeObject,
  matchesLabels,
  notFound,
  numberAt,
  StatusError,
  selectorFromObject,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { setAt } from "../http/fields.ts";
import { type Server, timestamp } from "../server.ts";
import { decodeStored } from "../stored.ts";
import type { Writing } from "./create.ts";
import { type DeleteOptions, deleteObject, parseDeleteOptions } from "./delete.ts";
import type { PodPlace } from "./pod-actions.ts";
import { updateObject } from "./update.ts";

/** How often an eviction starts anew when the pod changes under it; as in Kubernetes. */
const attemptsMax = 20;
/** Evictions that the controller of budgets has not taken note of yet; as in Kubernetes. */
const disruptedPodsMax = 2000;
/** Seconds after which to ask again while a budget is not up to date; as in Kubernetes. */
const retryAfterSeconds = 10;

const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

/**
 * Deletes a pod unless a PodDisruptionBudget forbids it.
 *
 * @throws {StatusError} `TooManyRequests` with cause `DisruptionBudget` when no disruption is allowed now
 */
export async function evictPod(server: Server, place: PodPlace, eviction: Fields, writing: Writing): Promise<void> {
  const sent = parseDeleteOptions(valueAt(eviction, "deleteOptions"), new URLSearchParams());
  const options = { ...sent, dryRun: sent.dryRun || writing.dryRun };
  const deleting = { ...writing, dryRun: options.dryRun };
  for (let attempt = 1; ; attempt++) {
    const pod = readPod(server, place);
    const phase = textAt(pod, "status", "phase");
    const isLeaving = pod.metadata.deletionTimestamp !== undefined;
    // What has ended or is going away is no loss, whatever becomes of it; what has not begun might begin.
    const isNoLoss = isLeaving || phase === "Succeeded" || phase === "Failed";
    const mustStay = !isNoLoss && options.preconditions.resourceVersion === undefined;
    if (!isNoLoss && phase !== "Pending") {
      await evictRunning(server, place, pod, deleting, options);
      return;
    }
    try {
      await remove(server, place, deleting, mustStay ? unchanged(options, pod) : options);
      return;
    } catch (error) {
      if (!mustStay || attempt >= attemptsMax || !isStatusError(error, "Conflict")) throw error;
    }
  }
}

async function evictRunning(
  server: Server,
  place: PodPlace,
  pod: KubeObject,
  writing: Writing,
  options: DeleteOptions,
): Promise<void> {
  const budget = budgetOf(server, place, pod);
  if (budget === undefined) return await remove(server, place, writing, options);
  if (!isFree(budget, pod)) {
    await spendBudget(server, place, budget, writing);
    return await remove(server, place, writing, options);
  }
  try {
    await remove(server, place, writing, unchanged(options, pod));
  } catch (error) {
    // It may have become healthy since.
    if (isStatusError(error, "Conflict") && options.preconditions.resourceVersion === undefined)
      throw stillProcessed(budget);
    throw error;
  }
}

function readPod(server: Server, { namespace, name }: PodPlace): KubeObject {
  const entry = server.store.latest(server.keys.key("pods", namespace, name));
  if (entry === undefined) throw notFound({ group: "", resource: "pods" }, name);
  return decodeStored(entry.value);
}

function unchanged(options: DeleteOptions, { metadata }: KubeObject): DeleteOptions {
  return { ...options, preconditions: { ...options.preconditions, resourceVersion: metadata.resourceVersion } };
}

/** Says on the pod why it goes, then deletes it. */
async function remove(server: Server, place: PodPlace, writing: Writing, options: DeleteOptions): Promise<void> {
  if (options.dryRun) {
    await deleteObject(server, { ...place, subresource: "" }, writing, options);
    return;
  }
  const { uid, resourceVersion } = options.preconditions;
  const { entry } = await updateObject(server, { ...place, subresource: "status" }, writing, (stored) => {
    checkPrecondition(place.name, "UID", uid, stored.metadata.uid);
    checkPrecondition(place.name, "ResourceVersion", resourceVersion, stored.metadata.resourceVersion);
    return { object: withDisruption(cloneJson(stored), server.now()), internal: true };
  });
  const version = resourceVersion === undefined || entry === undefined ? undefined : String(entry.modRevision);
  const preconditions = { uid, resourceVersion: version };
  await deleteObject(server, { ...place, subresource: "" }, writing, { ...options, preconditions });
}

function checkPrecondition(name: string, what: "UID" | "ResourceVersion", want?: string, is?: string): void {
  if (want === undefined || want === "" || want === is) return;
  const why = what === "UID" ? "deleted and then recreated" : "modified";
  const resource = { group: "", resource: "Pod" };
  const message = `the ${what} in the precondition (${want}) does not match the ${what} in record (${is}). The object might have been ${why}`;
  throw conflict(resource, name, message);
}

function withDisruption(pod: KubeObject, now: Date): KubeObject {
  const conditions = itemsAt(pod, "status", "conditions");
  const before = conditions.find(({ type }) => type === "DisruptionTarget");
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: before?.["status"] === "True" ? before["lastTransitionTime"] : timestamp(now),
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  };
  const others = conditions.filter((one) => one !== before);
  setAt(pod, ["status", "conditions"], [...others, condition]);
  return pod;
}

function budgetOf(server: Server, { namespace }: PodPlace, pod: KubeObject): KubeObject | undefined {
  const budgets = server.store
    .range(server.keys.prefix("poddisruptionbudgets.policy", namespace))
    .entries.map((entry) => server.parsed(entry.value))
    .filter((budget) => {
      const selector = valueAt(budget, "spec", "selector");
      return isFields(selector) && matchesLabels(selectorFromObject(selector), pod.metadata.labels);
    });
  if (budgets.length <= 1) return budgets[0];
  const message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
  const error = new StatusError("InternalError", message);
  // Kubernetes gives no reason with this one.
  delete error.status.reason;
  throw error;
}

/** A pod that is not ready does not count as healthy: it may go when that is always so, or when enough others are. */
function isFree(budget: KubeObject, pod: KubeObject): boolean {
  const ready = itemsAt(pod, "status", "conditions").find(({ type }) => type === "Ready");
  if (ready?.["status"] === "True") return false;
  if (textAt(budget, "spec", "unhealthyPodEvictionPolicy") === "AlwaysAllow") return true;
  const desired = numberAt(budget, ["status", "desiredHealthy"]);
  return desired > 0 && numberAt(budget, ["status", "currentHealthy"]) >= desired;
}

async function spendBudget(server: Server, place: PodPlace, budget: KubeObject, writing: Writing): Promise<void> {
  const resource = server.registry.catalog.find("policy", "v1", "poddisruptionbudgets");
  if (resource === undefined) return;
  const { name = "" } = budget.metadata;
  const { namespace } = place;
  const asServer = { ...writing, manager: "kube-apiserver", admitted: true };
  await updateObject(server, { resource, namespace, name, subresource: "status" }, asServer, (stored) => {
    const live = cloneJson(stored);
    const { disruptedPods = {} } = fieldsAt(live, "status");
    const allowed = numberAt(live, ["status", "disruptionsAllowed"]);
    const observed = numberAt(live, ["status", "observedGeneration"]);
    if (observed < (live.metadata.generation ?? 0)) throw stillProcessed(live);
    if (allowed < 0) throw forbiddenBudget(name, "pdb disruptions allowed is negative");
    if (Object.keys(disruptedPods ?? {}).length > disruptedPodsMax) {
      const why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
      throw forbiddenBudget(name, why);
    }
    if (allowed === 0) throw usedUp(live);
    setAt(live, ["status", "disruptionsAllowed"], allowed - 1);
    if (allowed === 1) forbidDisruption(live, observed, server.now());
    const disrupted = { ...fieldsAt(live, "status", "disruptedPods"), [place.name]: timestamp(server.now()) };
    setAt(live, ["status", "disruptedPods"], disrupted);
    return { object: live };
  });
}

function forbiddenBudget(name: string, why: string): StatusError {
  return forbidden({ group: "policy", resource: "poddisruptionbudget" }, name, why);
}

function forbidDisruption(budget: KubeObject, observedGeneration: number, now: Date): void {
  const conditions = itemsAt(budget, "status", "conditions");
  const before = conditions.find(({ type }) => type === "DisruptionAllowed");
  const condition = {
    type: "DisruptionAllowed",
    status: "False",
    observedGeneration,
    lastTransitionTime: before?.["status"] === "False" ? before["lastTransitionTime"] : timestamp(now),
    reason: "InsufficientPods",
    message: "",
  };
  const others = conditions.filter((one) => one !== before);
  setAt(budget, ["status", "conditions"], [...others, condition]);
}

function usedUp(budget: KubeObject): StatusError {
  const desired = numberAt(budget, ["status", "desiredHealthy"]);
  const current = numberAt(budget, ["status", "currentHealthy"]);
  const message = `The disruption budget ${budget.metadata.name} needs ${desired} healthy pods and has ${current} currently`;
  return new StatusError("TooManyRequests", refusal, { causes: [{ reason: "DisruptionBudget", message, field: "" }] });
}

function stillProcessed({ metadata }: KubeObject): StatusError {
  const message = `The disruption budget ${metadata.name} is still being processed by the server.`;
  const causes = [{ reason: "DisruptionBudget", message, field: "" }];
  return new StatusError("TooManyRequests", refusal, { causes, retryAfterSeconds });
}
