import { isStatusError } from "../../apimachinery/index.ts";
import type { Client, DeleteOptions } from "../../client/index.ts";
import { changedCondition, type Pod, pods, timeText } from "../compute/pod.ts";

const fieldManager = "kube-controller-manager";

/** Says on a pod why it is disrupted, then deletes it. One that has gone meanwhile is no error. */
export async function evictPod(
  client: Client,
  pod: Pod,
  why: { reason: string; message: string },
  options: { now: Date; phase?: "Failed"; deletion?: DeleteOptions },
): Promise<void> {
  const { namespace, name = "", uid } = pod.metadata;
  const wanted = { type: "DisruptionTarget", status: "True", ...why } as const;
  const condition = changedCondition(pod, wanted, timeText(options.now));
  try {
    if (condition !== undefined || options.phase !== undefined) {
      const status = { ...(condition && { conditions: [condition] }), ...(options.phase && { phase: options.phase }) };
      const at = { namespace, name };
      await client.patch(pods, at, "strategic", { metadata: { uid }, status }, { fieldManager, subresource: "status" });
    }
    const preconditions = uid === undefined ? {} : { uid };
    await client.delete(pods, { namespace, name }, { ...options.deletion, preconditions });
  } catch (error) {
    if (!isStatusError(error, "NotFound") && !isStatusError(error, "Conflict")) throw error;
  }
}
