import { type Compute, simulatedCondition } from "./compute.ts";
import { conditionOf, isTerminal, type PodCondition, timeText } from "./pod.ts";

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
      const since = (type: string, status: PodCondition["status"]) => {
        const before = conditionOf(pod, type);
        return before?.status === status ? (before.lastTransitionTime ?? at) : at;
      };
      // Those that were simulated before had containers that were ready, and said so.
      const unready = ["Ready", "ContainersReady", simulatedCondition].filter(
        (type) => conditionOf(pod, type) !== undefined,
      );
      const conditions: PodCondition[] = [
        ...unready.map((type) => ({
          type,
          status: "False" as const,
          reason,
          lastProbeTime: null,
          lastTransitionTime: since(type, "False"),
        })),
        {
          type: "PodScheduled",
          status: "True",
          lastProbeTime: null,
          lastTransitionTime: since("PodScheduled", "True"),
        },
      ];
      return {
        status: { phase: "Pending", reason, message: notRunMessage, conditions },
        events: [{ type: "Warning", reason, message: notRunMessage }],
      };
    },
    forget() {},
    async [Symbol.asyncDispose]() {},
  };
}
