import { type Controller, type Result, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import { type Pod, pods as podResource, timeMs, timestamp } from "../workloads/kinds.ts";
import { isTerminal, isTerminating } from "../workloads/pods.ts";

/** How long a pod may say that it is to be disrupted without being deleted; as in kube-controller-manager. */
const staleAfterMs = 120_000;

/** Takes back the condition `DisruptionTarget` of pods that nobody has deleted in the end. */
export function startStaleDisruptionController({ client, informers, log, now }: ControllerContext): Controller {
  const pods = informers.of<Pod>(podResource);
  const controller = startController({
    name: "stale-disruptions",
    log,
    async reconcile(key): Promise<Result> {
      const [namespace = "", name = ""] = key.split("/");
      const pod = pods.get(namespace, name);
      const waitMs = pod && untilStaleMs(pod, now());
      if (pod === undefined || waitMs === undefined) return { state: "done" };
      if (waitMs > 0) return { state: "again", afterMs: waitMs };
      const written = await client.update<Pod>(podResource, withoutDisruption(pod, now()), { subresource: "status" });
      await pods.reached(written.metadata.resourceVersion);
      return { state: "done" };
    },
  });
  const listening = pods.listen({
    onChange: (pod) => {
      const waitMs = untilStaleMs(pod, now());
      if (waitMs !== undefined) controller.enqueue(`${pod.metadata.namespace}/${pod.metadata.name}`, waitMs);
    },
  });
  return {
    ...controller,
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Milliseconds; `undefined` for a pod that says nothing of the kind, ends, has ended, or has heard it from its kubelet. */
export function untilStaleMs(pod: Pod, now: Date): number | undefined {
  if (isTerminating(pod) || isTerminal(pod)) return undefined;
  const condition = pod.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  if (condition?.status !== "True" || condition.reason === "TerminationByKubelet") return undefined;
  const sinceMs = timeMs(condition.lastTransitionTime) ?? 0;
  return Math.max(0, sinceMs + staleAfterMs - now.getTime());
}

function withoutDisruption(pod: Pod, now: Date): Pod {
  const { generation } = pod.metadata;
  const condition = {
    type: "DisruptionTarget",
    ...(generation !== undefined && { observedGeneration: generation }),
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: timestamp(now),
  };
  const conditions = pod.status?.conditions?.map((one) => (one.type === condition.type ? condition : one)) ?? [];
  return { ...pod, status: { ...pod.status, conditions } };
}
