import { itemsAt, textAt } from "../apimachinery/index.ts";
import { type Controller, type Result, startController } from "../controller-runtime/index.ts";
import { errorText } from "../lib/index.ts";
import { type Node, nodes as nodeResource } from "./compute/node.ts";
import type { ControllerContext } from "./context.ts";
import { byCreation, type Pod, pods as podResource } from "./workloads/kinds.ts";
import { isTerminal, isTerminating, phaseOf } from "./workloads/pods.ts";

/** How many pods that have ended are kept; `--terminated-pod-gc-threshold` of kube-controller-manager. */
const endedPodsMax = 12_500;

/** Stands in the queue for all that have ended; no pod has such a key. */
const endedKey = "ended";
const outOfService = "node.kubernetes.io/out-of-service";

/**
 * Removes pods that nobody else does: those that are deleted before any node took them, those that are to end on a node that
 * is out of service, and the oldest of very many that have ended. Those of nodes that are gone are the nodes' business.
 */
export function startPodGcController({ client, informers, log }: ControllerContext): Controller {
  const pods = informers.of<Pod>(podResource);
  const nodes = informers.of<Node>(nodeResource);
  const ended = new Set<string>();

  /** Nobody else would ever say that such a pod has ended. */
  const fail = async (pod: Pod): Promise<void> => {
    const { namespace, name = "", uid = "", generation } = pod.metadata;
    if (!isTerminal(pod)) {
      const observed = generation === undefined ? {} : { observedGeneration: generation };
      const patch = { metadata: { uid }, status: { phase: "Failed", ...observed } };
      await client.patch(podResource, { namespace, name }, "strategic", patch, { subresource: "status" });
    }
    await client.delete(podResource, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
  };
  const failAll = async (all: readonly Pod[]): Promise<Result> => {
    const failures: unknown[] = [];
    for (const pod of all) await fail(pod).catch((error: unknown) => failures.push(error));
    return failures.length === 0 ? { state: "done" } : { state: "retry", reason: errorText(failures[0]) };
  };

  const controller = startController({
    name: "pod-gc",
    log,
    async reconcile(key): Promise<Result> {
      await Promise.all([pods.synced(), nodes.synced()]);
      if (key === endedKey) return await failAll(oldestEnded(pods.all(), endedPodsMax));
      const [namespace = "", name = ""] = key.split("/");
      const pod = pods.get(namespace, name);
      const node = nodes.get(undefined, pod?.spec.nodeName ?? "");
      return pod !== undefined && isStuck(pod, node) ? await failAll([pod]) : { state: "done" };
    },
  });

  const keyOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`;
  const look = (pod: Pod) => {
    if (isEnded(pod)) ended.add(keyOf(pod));
    else ended.delete(keyOf(pod));
    if (ended.size > endedPodsMax) controller.enqueue(endedKey);
    if (isStuck(pod, nodes.get(undefined, pod.spec.nodeName ?? ""))) controller.enqueue(keyOf(pod));
  };
  const lookOn = ({ metadata }: Node) => {
    for (const pod of pods.all()) if (pod.spec.nodeName === metadata.name) look(pod);
  };
  const listening = [
    pods.listen({ onChange: look, onDelete: (pod) => void ended.delete(keyOf(pod)) }),
    nodes.listen({
      onChange: (node, previous) => {
        if (isOutOfService(node) && (previous === undefined || !isOutOfService(previous))) lookOn(node);
      },
    }),
  ];
  return {
    ...controller,
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Whether no kubelet will ever finish the deletion of this pod. */
export function isStuck(pod: Pod, node: Node | undefined): boolean {
  if (!isTerminating(pod)) return false;
  return (pod.spec.nodeName ?? "") === "" || (node !== undefined && isOutOfService(node));
}

/** The pods that are too many of those that have ended: evicted ones first, then the oldest. */
export function oldestEnded(pods: readonly Pod[], max: number): Pod[] {
  const ended = pods.filter(isEnded);
  if (ended.length <= max) return [];
  const sorted = ended.sort((a, b) => Number(isEvicted(b)) - Number(isEvicted(a)) || byCreation(a, b));
  return sorted.slice(0, ended.length - max);
}

function isEnded(pod: Pod): boolean {
  return !["Pending", "Running", "Unknown"].includes(phaseOf(pod));
}

function isEvicted(pod: Pod): boolean {
  return phaseOf(pod) === "Failed" && textAt(pod.status, "reason") === "Evicted";
}

function isOutOfService(node: Node): boolean {
  const ready = itemsAt(node, "status", "conditions").find(({ type }) => type === "Ready");
  if (ready?.["status"] === "True") return false;
  return node.spec?.taints?.some(({ key }) => key === outOfService) ?? false;
}
