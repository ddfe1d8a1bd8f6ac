import { isStatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import type { EventRecorder } from "../../controller-runtime/index.ts";
import { changedCondition, type Pod, type PodCondition, pods, timeText } from "../compute/pod.ts";
import { preemptedReason } from "./preemption.ts";

const fieldManager = "kube-scheduler";

/** Says on pods, and to those who read events, what was decided against them. */
export type Verdicts = {
  /** @param nominated the node on which room is being made; absent takes back what was said before */
  unschedulable(pod: Pod, message: string, nominated: string | undefined): Promise<void>;
  /** Removes a pod for a more important one. */
  preempt(victim: Pod, preemptor: Pod, node: string): Promise<void>;
};

export function createVerdicts(client: Client, record: EventRecorder, now: () => Date): Verdicts {
  const patchStatus = async (pod: Pod, condition: PodCondition | undefined, more: object) => {
    if (condition === undefined && Object.keys(more).length === 0) return;
    const { namespace, name = "", uid } = pod.metadata;
    const status = { ...(condition === undefined ? {} : { conditions: [condition] }), ...more };
    const patch = { metadata: { uid }, status };
    await client
      .patch(pods, { namespace, name }, "strategic", patch, { fieldManager, subresource: "status" })
      .catch(unlessGone);
  };
  return {
    async unschedulable(pod, message, nominated) {
      record(pod, "Warning", "FailedScheduling", message);
      const wanted = { type: "PodScheduled", status: "False", reason: "Unschedulable", message } as const;
      const before = pod.status?.nominatedNodeName;
      const more = before === nominated ? {} : { nominatedNodeName: nominated ?? null };
      await patchStatus(pod, changedCondition(pod, wanted, timeText(now())), more);
    },
    async preempt(victim, preemptor, node) {
      if (victim.metadata.deletionTimestamp !== undefined) return;
      const message = `default-scheduler: preempting to accommodate a higher priority pod`;
      const wanted = { type: "DisruptionTarget", status: "True", reason: preemptedReason, message } as const;
      await patchStatus(victim, changedCondition(victim, wanted, timeText(now())), {});
      const { namespace, name = "", uid } = victim.metadata;
      await client
        .delete(pods, { namespace, name }, uid === undefined ? {} : { preconditions: { uid } })
        .catch(unlessGone);
      record(victim, "Normal", "Preempted", `Preempted by pod ${preemptor.metadata.uid} on node ${node}`);
    },
  };
}

/** The pod has gone, or another has its name. */
function unlessGone(error: unknown): undefined {
  if (isStatusError(error, "NotFound") || isStatusError(error, "Conflict")) return undefined;
  throw error;
}
