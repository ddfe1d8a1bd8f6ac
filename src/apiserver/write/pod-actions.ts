import {
  badRequest,
  cloneJson,
  conflict,
  type Fields,
  fieldsAt,
  isFields,
  type KubeObject,
  listAt,
  matchesLabels,
  StatusError,
  selectorFromObject,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { setAt } from "../http/fields.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { decodeStored } from "../stored.ts";
import type { Writing } from "./create.ts";
import { deleteObject, parseDeleteOptions } from "./delete.ts";
import { updateObject } from "./update.ts";

type Pod = { resource: ApiResource; namespace: string; name: string };

/** Gives a pod to a node, as a scheduler asks. @throws {StatusError} `Conflict` when it has one already or is going away */
export async function bindPod(server: Server, pod: Pod, binding: Fields, writing: Writing): Promise<void> {
  const node = textAt(binding, "target", "name");
  const kind = textAt(binding, "target", "kind");
  if (node === "" || (kind !== "" && kind !== "Node"))
    throw badRequest("the target of a binding must be a Node with a name");
  const resource = { group: "", resource: "pods/binding" };
  await updateObject(server, { ...pod, subresource: "binding" }, writing, (stored) => {
    const live = cloneJson(stored);
    const taken = textAt(live, "spec", "nodeName");
    if (live.metadata.deletionTimestamp !== undefined) {
      throw conflict(resource, pod.name, `pod ${pod.name} is being deleted, cannot be assigned to a host`);
    }
    if (taken !== "")
      throw conflict(resource, pod.name, `pod ${pod.name} is already assigned to node ${JSON.stringify(taken)}`);
    if (listAt(live, "spec", "schedulingGates").length > 0) {
      throw conflict(resource, pod.name, `pod ${pod.name} has non-empty .spec.schedulingGates`);
    }
    setAt(live, ["spec", "nodeName"], node);
    for (const [key, value] of Object.entries(fieldsAt(binding, "metadata", "annotations"))) {
      if (typeof value === "string") live.metadata.annotations = { ...live.metadata.annotations, [key]: value };
    }
    const scheduled = {
      type: "PodScheduled",
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: timestamp(server.now()),
    };
    const others = listAt(live, "status", "conditions").filter(
      (condition) => textAt(condition, "type") !== "PodScheduled",
    );
    setAt(live, ["status", "conditions"], [...others, scheduled]);
    return { object: live, internal: true };
  });
}

/** Seconds after which to ask again when a budget is used up; as in Kubernetes. */
const retryAfterSeconds = 10;

/**
 * Deletes a pod unless a PodDisruptionBudget forbids it.
 *
 * @throws {StatusError} `TooManyRequests` when no disruption is allowed now
 */
export async function evictPod(server: Server, pod: Pod, eviction: Fields, writing: Writing): Promise<void> {
  const options = parseDeleteOptions(valueAt(eviction, "deleteOptions"), new URLSearchParams());
  const entry = server.store.latest(server.keys.key("pods", pod.namespace, pod.name));
  const live = entry === undefined ? undefined : decodeStored(entry.value);
  if (live !== undefined && isDisruption(live))
    await useBudget(server, pod, live, { ...writing, dryRun: options.dryRun });
  await deleteObject(server, { ...pod, subresource: "" }, writing, options);
}

/** A pod that has ended, not begun or is going away is no loss. */
function isDisruption(pod: KubeObject): boolean {
  const phase = textAt(pod, "status", "phase");
  return phase === "Running" && pod.metadata.deletionTimestamp === undefined;
}

async function useBudget(server: Server, { namespace, name }: Pod, pod: KubeObject, writing: Writing): Promise<void> {
  const budgets = server.store
    .range(server.keys.prefix("poddisruptionbudgets.policy", namespace))
    .entries.map((entry) => server.parsed(entry.value))
    .filter((budget) => {
      const selector = valueAt(budget, "spec", "selector");
      return isFields(selector) && matchesLabels(selectorFromObject(selector), pod.metadata.labels);
    });
  const [budget] = budgets;
  if (budget === undefined) return;
  if (budgets.length > 1) {
    throw new StatusError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const resource = server.registry.catalog.find("policy", "v1", "poddisruptionbudgets");
  if (resource === undefined) return;
  const place = { resource, namespace, name: budget.metadata.name ?? "", subresource: "status" };
  await updateObject(server, place, writing, (live) => {
    const current = cloneJson(live);
    const { disruptionsAllowed, observedGeneration } = fieldsAt(current, "status");
    const known = observedGeneration === undefined || Number(observedGeneration) >= (current.metadata.generation ?? 0);
    if (!known || typeof disruptionsAllowed !== "number" || disruptionsAllowed <= 0) throw disrupted(current);
    setAt(current, ["status", "disruptionsAllowed"], disruptionsAllowed - 1);
    setAt(current, ["status", "disruptedPods"], {
      ...fieldsAt(current, "status", "disruptedPods"),
      [name]: timestamp(server.now()),
    });
    return { object: current };
  });
}

function disrupted(budget: KubeObject): StatusError {
  const { desiredHealthy, currentHealthy } = fieldsAt(budget, "status");
  const message = `The disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  const causes = [{ reason: "DisruptionBudget", message, field: "" }];
  return new StatusError("TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes,
    retryAfterSeconds,
  });
}
