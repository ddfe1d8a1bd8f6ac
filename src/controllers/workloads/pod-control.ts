import { type KubeObject, StatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import type { EventRecorder, SharedInformer } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import { type Pod, pods as podResource } from "./kinds.ts";
import { hasCause } from "./owner-loop.ts";

export type PodControl = {
  /**
   * Creates pods in batches of 1, 2, 4, …, so that what fails for one does not fail for hundreds. Pods of a namespace that
   * goes away are left out in silence.
   *
   * @returns errors of the batch that failed; none when all went well
   */
  create(owner: KubeObject, pods: readonly Pod[]): Promise<unknown[]>;
  /** Deletes pods, all at once; absent ones are no error. */
  remove(owner: KubeObject, pods: readonly Pod[]): Promise<unknown[]>;
};

/** Creates and deletes pods with the events that kube-controller-manager records, and waits until the cache shows it. */
export function createPodControl(client: Client, informer: SharedInformer<Pod>, record: EventRecorder): PodControl {
  const createOne = async (owner: KubeObject, pod: Pod): Promise<Pod | undefined> => {
    try {
      const created = await client.create(podResource, pod);
      record(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (hasCause(error, "NamespaceTerminating")) return undefined;
      record(owner, "Warning", "FailedCreate", `Error creating: ${errorText(error)}`);
      throw error;
    }
  };
  return {
    async create(owner, pods) {
      const { results, errors } = await slowStart(pods, async (pod) => await createOne(owner, pod));
      await informer.reached(newest(results.filter((pod) => pod !== undefined)));
      return errors;
    },
    async remove(owner, pods) {
      const outcomes = await Promise.allSettled(
        pods.map(async (pod) => {
          const { namespace, name = "", uid = "" } = pod.metadata;
          try {
            const answer = await client.delete(podResource, { namespace, name }, { preconditions: { uid } });
            if (answer !== undefined) record(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
          } catch (error) {
            // Another pod has its name by now.
            if (error instanceof StatusError && error.reason === "Conflict") return;
            record(owner, "Warning", "FailedDelete", `Error deleting: ${errorText(error)}`);
            throw new Error(`unable to delete pods: ${errorText(error)}`);
          }
          await informer.gone(pod);
        }),
      );
      return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    },
  };
}

/** Does something for each item, in batches that double from one; stops after a batch in which something failed. */
export async function slowStart<T, R>(
  items: readonly T[],
  act: (item: T) => Promise<R>,
): Promise<{ results: R[]; errors: unknown[] }> {
  const results: R[] = [];
  for (let at = 0, size = 1; at < items.length; at += size, size *= 2) {
    const outcomes = await Promise.allSettled(items.slice(at, at + size).map(act));
    const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    for (const outcome of outcomes) if (outcome.status === "fulfilled") results.push(outcome.value);
    if (errors.length > 0) return { results, errors };
  }
  return { results, errors: [] };
}

/** The last revision in which one of these was written. */
export function newest(objects: readonly KubeObject[]): string | undefined {
  const revisions = objects.map(({ metadata }) => Number(metadata.resourceVersion ?? 0));
  return revisions.length === 0 ? undefined : String(Math.max(...revisions));
}
