import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "./pod.ts";
import { createSimulatedCompute } from "./simulated.ts";
import { containerNamed, podNamed } from "./testing.ts";

const startMs = Date.parse("2026-01-02T03:04:05Z");
const place = { hostIp: "192.0.2.1", podIp: "10.128.0.1" };

/** When a pod has ended, in milliseconds after its deletion, and with what exit code. */
async function endOf(pod: Pod): Promise<[ms: number, exitCode: number | undefined]> {
  await using compute = createSimulatedCompute();
  await compute.sync({ pod, ...place }, new Date(startMs));
  const metadata = { ...pod.metadata, deletionTimestamp: "2026-01-02T03:05:05Z", deletionGracePeriodSeconds: 30 };
  const deleted: Pod = { ...pod, metadata };
  for (let ms = 0; ms < 60_000; ) {
    const {
      ended,
      status,
      afterMs = 60_000,
    } = await compute.sync({ pod: deleted, ...place }, new Date(startMs + 1000 + ms));
    if (ended === true) return [ms, status?.containerStatuses?.[0]?.state.terminated?.exitCode];
    ms += afterMs;
  }
  return assert.fail("the pod has not ended");
}

const ends: Record<string, { sleep?: number; want: [number, number] }> = {
  "soon after its deletion": { want: [100, 0] },
  "later when a hook sleeps first": { sleep: 5, want: [5100, 0] },
  "with its grace period when a hook sleeps longer": { sleep: 60, want: [30_000, 137] },
};

for (const [name, { sleep, want }] of Object.entries(ends)) {
  test(`a pod ends ${name}`, async () => {
    const lifecycle = sleep === undefined ? {} : { lifecycle: { preStop: { sleep: { seconds: sleep } } } };
    const pod = podNamed("a", { restartPolicy: "Always", containers: [containerNamed("c", lifecycle)] }, { uid: "u" });
    assert.deepEqual(await endOf(pod), want);
  });
}

test("all conditions are of the generation that the node has seen", async () => {
  await using compute = createSimulatedCompute();
  const pod = podNamed("a", {}, { uid: "u", generation: 3 });
  const scheduled = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: "2026-01-02T03:04:00Z",
  } as const;
  const bound: Pod = { ...pod, status: { conditions: [scheduled] } };
  const { status } = await compute.sync({ pod: bound, ...place }, new Date(startMs));
  assert.deepEqual(new Set(status?.conditions?.map(({ observedGeneration }) => observedGeneration)), new Set([3]));
  const told = status?.conditions?.find(({ type }) => type === "PodScheduled");
  assert.equal(told?.lastTransitionTime, scheduled.lastTransitionTime);
});
