import type { DefaultObject } from "./default-object.ts";

const system = {
  "system-cluster-critical": {
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
  "system-node-critical": {
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
};

/** The classes above all that users can make, which pods of the system name. */
export function priorityClassObjects(): DefaultObject[] {
  return Object.entries(system).map(([name, fields]) => ({
    storageName: "priorityclasses.scheduling.k8s.io",
    object: {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name, generation: 1 },
      preemptionPolicy: "PreemptLowerPriority",
      ...fields,
    },
  }));
}
