import assert from "node:assert/strict";
import { test } from "node:test";
import { podsToDelete } from "./deletion-order.ts";
import type { Pod } from "./kinds.ts";

const now = new Date("2026-01-02T00:00:00Z");
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();

type Fields = {
  node?: string;
  phase?: string;
  readyHours?: number;
  cost?: string;
  restarts?: number;
  sidecarRestarts?: number;
  hours?: number;
  uid?: string;
};

function pod(name: string, fields: Fields = {}): Pod {
  const { node = "n1", phase = "Running", readyHours, cost, restarts = 0, sidecarRestarts = 0, hours = 10 } = fields;
  const ready = { type: "Ready", status: "True", lastTransitionTime: ago(readyHours ?? 0) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: fields.uid ?? name,
      creationTimestamp: ago(hours),
      ...(cost !== undefined && { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
    },
    spec: { ...(node !== "" && { nodeName: node }), initContainers: [{ name: "side", restartPolicy: "Always" }] },
    status: {
      phase,
      conditions: readyHours === undefined ? [] : [ready],
      containerStatuses: [{ name: "main", restartCount: restarts }],
      initContainerStatuses: [{ name: "side", restartCount: sidecarRestarts }],
    },
  };
}

/** Of each pair the first goes before the second. */
const pairs: Record<string, [Fields, Fields]> = {
  "without a node": [{ node: "", phase: "Pending", cost: "9" }, { phase: "Pending" }],
  pending: [{ phase: "Pending", cost: "9" }, { phase: "Unknown" }],
  "of unknown state": [{ phase: "Unknown", cost: "9" }, { phase: "Running" }],
  "not ready": [{ cost: "9" }, { readyHours: 1 }],
  "of lower deletion cost": [
    { readyHours: 9, cost: "-3" },
    { readyHours: 1, cost: "2" },
  ],
  "of a cost that is no number, which is none": [
    { readyHours: 9, cost: "+5" },
    { readyHours: 1, cost: "1" },
  ],
  "ready for a shorter time": [{ readyHours: 1 }, { readyHours: 9 }],
  "of lower uid when ready about as long": [
    { readyHours: 9, uid: "a" },
    { readyHours: 8, uid: "b" },
  ],
  "restarted more often": [
    { restarts: 2, hours: 9 },
    { restarts: 1, hours: 1 },
  ],
  "whose sidecar was restarted more often": [
    { sidecarRestarts: 2, hours: 9 },
    { sidecarRestarts: 1, hours: 1 },
  ],
  younger: [{ hours: 1 }, { hours: 9 }],
};
for (const [name, [first, second]] of Object.entries(pairs)) {
  test(`a pod goes first when it is ${name}`, () => {
    const [a, b] = [pod("a", first), pod("b", second)];
    for (const all of [
      [a, b],
      [b, a],
    ])
      assert.deepEqual(podsToDelete(all, all, 1, now), [a]);
  });
}

test("pods go first from the node that has most of the siblings' pods", () => {
  const [a, b] = [pod("a", { readyHours: 9, node: "n1" }), pod("b", { readyHours: 1, node: "n2" })];
  const sibling = pod("c", { node: "n1" });
  assert.deepEqual(podsToDelete([a, b], [a, b, sibling], 1, now), [a]);
  const gone = { ...sibling, status: { phase: "Failed" } };
  assert.deepEqual(podsToDelete([a, b], [a, b, gone], 1, now), [b]);
});
