import { type Controller, type Result, startController } from "../../../controller-runtime/index.ts";
import type { ControllerContext } from "../../context.ts";
import { controllerOf, type Pod, pods as podResource } from "../../workloads/kinds.ts";
import { finishedCondition, isManagedElsewhere, type Job, jobs } from "../kinds.ts";
import { isTracked } from "./pods.ts";

/**
 * Takes the finalizer from pods that no job will count any more: their job is over, or gone, or has let them go.
 *
 * @param release takes it away
 */
export function startOrphanController(
  { informers, log }: ControllerContext,
  release: (pods: readonly Pod[]) => Promise<{ errors: unknown[] }>,
): Controller {
  const pods = informers.of<Pod>(podResource);
  const owners = informers.of<Job>(jobs);

  const ownerOf = (pod: Pod): Job | undefined => {
    const reference = controllerOf(pod);
    const job = reference && owners.get(pod.metadata.namespace, reference.name);
    return job?.metadata.uid === reference?.uid ? job : undefined;
  };
  const isOrphan = (pod: Pod): boolean => {
    if (!isTracked(pod)) return false;
    const reference = controllerOf(pod);
    if (reference === undefined) return true;
    if (reference.kind !== "Job" || reference.apiVersion !== "batch/v1") return false;
    const job = ownerOf(pod);
    return job === undefined || (!isManagedElsewhere(job) && finishedCondition(job) !== undefined);
  };
  const controller = startController({
    name: "job-orphans",
    log,
    async reconcile(key): Promise<Result> {
      await Promise.all([pods.synced(), owners.synced()]);
      const [namespace = "", name = ""] = key.split("/");
      const pod = pods.get(namespace, name);
      if (pod === undefined || !isOrphan(pod)) return { state: "done" };
      const { errors } = await release([pod]);
      if (errors.length > 0) throw errors[0];
      return { state: "done" };
    },
  });
  const wake = (pod: Pod) => {
    if (isOrphan(pod)) controller.enqueue(`${pod.metadata.namespace}/${pod.metadata.name}`);
  };
  const wakePods = (job: Job) => {
    for (const pod of pods.controlledBy(job.metadata.uid ?? "")) wake(pod);
  };
  const listening = [
    pods.listen({ onChange: wake }),
    owners.listen({
      onChange: (job) => {
        if (finishedCondition(job) !== undefined) wakePods(job);
      },
      onDelete: wakePods,
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
