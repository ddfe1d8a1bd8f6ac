import { type Result, startController } from "../../controller-runtime/index.ts";
import { type Node, nodes } from "../compute/node.ts";
import { isTerminal, keyOf, type Pod, pods, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { evictPod } from "./evict-pod.ts";

/** How long a node may be absent before its pods go with it: kube-controller-manager's quarantine. */
const quarantineMs = 40_000;

/** Removes the pods of nodes that are gone, which nobody is there to end, as kube-controller-manager's pod garbage collector does. */
export function startOrphanedPods({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const podInformer = informers.of<Pod>(pods);
  const nodeInformer = informers.of<Node>(nodes);
  const absentSince = new Map<string, number>();

  const controller = startController({
    name: "pod-garbage-collector",
    log,
    reconcile: async (key): Promise<Result> => {
      await nodeInformer.synced();
      const { namespace, name } = splitKey(key);
      const pod = podInformer.get(namespace, name);
      const { nodeName = "" } = pod?.spec ?? {};
      if (pod === undefined || nodeName === "" || nodeInformer.get(undefined, nodeName) !== undefined)
        return { state: "done" };
      const since = absentSince.get(nodeName) ?? now().getTime();
      absentSince.set(nodeName, since);
      const leftMs = since + quarantineMs - now().getTime();
      if (leftMs > 0) return { state: "again", afterMs: leftMs };
      // The cache may be behind; a node that is there keeps its pods.
      if ((await client.get(nodes, { name: nodeName })) !== undefined) return { state: "done" };
      const why = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists" };
      const failed = isTerminal(pod) ? {} : { phase: "Failed" as const };
      await evictPod(client, pod, why, { now: now(), ...failed, deletion: { gracePeriodSeconds: 0 } });
      return { state: "done" };
    },
  });
  const listening = [
    podInformer.listen({
      onChange(pod, previous) {
        const { nodeName = "" } = pod.spec;
        const isNew = previous === undefined || previous.spec.nodeName !== nodeName;
        if (nodeName !== "" && isNew) controller.enqueue(keyOf(pod));
      },
    }),
    nodeInformer.listen({
      onChange: ({ metadata }) => void absentSince.delete(metadata.name ?? ""),
      onDelete({ metadata }) {
        for (const pod of podInformer.all()) if (pod.spec.nodeName === metadata.name) controller.enqueue(keyOf(pod));
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
