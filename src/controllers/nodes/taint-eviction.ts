import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { type Node, nodes, type Taint } from "../compute/node.ts";
import { keyOf, type Pod, pods, splitKey, type Toleration } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { tolerates } from "../scheduling/taints.ts";
import { evictPod } from "./evict-pod.ts";

/** How long a pod may stay on a node with these taints: milliseconds from when they are there; `Infinity` for ever. */
export function staysMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  const used: Toleration[] = [];
  for (const taint of taints) {
    const toleration = tolerations.find((candidate) => tolerates(candidate, taint));
    if (toleration === undefined) return 0;
    used.push(toleration);
  }
  const limits = used.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [tolerationSeconds]));
  return limits.length === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.min(...limits)) * 1000;
}

/**
 * Deletes pods from nodes with `NoExecute` taints that they do not tolerate, or no longer, as kube-controller-manager's taint
 * eviction controller does.
 */
export function startTaintEviction({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const podInformer = informers.of<Pod>(pods);
  const nodeInformer = informers.of<Node>(nodes);
  const record = createEventRecorder(client, "taint-eviction-controller", log, now);
  /** Since when each pod is on a node that it may not stay on for ever. */
  const since = new Map<string, { uid: string; atMs: number }>();

  const controller = startController({
    name: "taint-eviction",
    log,
    reconcile: async (key): Promise<Result> => {
      const { namespace, name } = splitKey(key);
      const pod = podInformer.get(namespace, name);
      const taints = driving(nodeInformer.get(undefined, pod?.spec.nodeName ?? ""));
      const limitMs = pod === undefined ? Number.POSITIVE_INFINITY : staysMs(pod.spec.tolerations ?? [], taints);
      const known = since.get(key);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || limitMs === Number.POSITIVE_INFINITY) {
        if (since.delete(key) && pod !== undefined && pod.metadata.deletionTimestamp === undefined)
          record(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
        return { state: "done" };
      }
      const { uid = "" } = pod.metadata;
      const start = known?.uid === uid ? known : { uid, atMs: now().getTime() };
      const leftMs = start.atMs + limitMs - now().getTime();
      if (leftMs > 0) {
        since.set(key, start);
        return { state: "again", afterMs: leftMs };
      }
      since.delete(key);
      record(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${key}`);
      const why = { reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint" };
      await evictPod(client, pod, why, { now: now() });
      return { state: "done" };
    },
  });
  const listening = [
    podInformer.listen({
      onChange(pod) {
        const { nodeName = "" } = pod.spec;
        if (nodeName === "") return;
        if (since.has(keyOf(pod)) || driving(nodeInformer.get(undefined, nodeName)).length > 0)
          controller.enqueue(keyOf(pod));
      },
      onDelete: (pod) => void since.delete(keyOf(pod)),
    }),
    nodeInformer.listen({
      onChange(node, previous) {
        if (driving(node).length === 0 && driving(previous).length === 0) return;
        for (const pod of podInformer.all())
          if (pod.spec.nodeName === node.metadata.name) controller.enqueue(keyOf(pod));
      },
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

function driving(node: Node | undefined): readonly Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
}
