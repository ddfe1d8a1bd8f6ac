import type { Compute } from "./compute.ts";
import { conditionOf, isTerminal, timeText } from "./pod.ts";

/** Shown by `kubectl get pods` in place of the phase. */
const reason = "PodsAreNotRun";
export const notRunMessage =
  "This platform does not run pods: they are assigned to a node and wait. Start it with --compute=simulated to have their life cycle played";

/** Leaves pods waiting, and says so. */
export function createNoCompute(): Compute {
  return {
    mode: "none",
    async sync({ pod }, now) {
      if (pod.metadata.deletionTimestamp !== undefined) return { ended: true };
      if (isTerminal(pod) || pod.status?.reason === reason) return {};
      const at = timeText(now);
      const scheduled = conditionOf(pod, "PodScheduled");
      const since = scheduled?.status === "True" ? (scheduled.lastTransitionTime ?? at) : at;
      return {
        status: {
          phase: "Pending",
          reason,
          message: notRunMessage,
          conditions: [{ type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: since }],
        },
        events: [{ type: "Warning", reason, message: notRunMessage }],
      };
    },
    forget() {},
    async [Symbol.asyncDispose]() {},
  };
}
