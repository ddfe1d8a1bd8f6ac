import assert from "node:assert/strict";
import { test } from "node:test";
import { type Job, jobs } from "./kinds.ts";
import { jobOf, openTestCluster } from "./testing.ts";
import { remainingTtlMs, startTtlAfterFinishedController } from "./ttl-after-finished.ts";

const now = new Date("2026-01-02T03:04:05Z");
const finished = (ttlSecondsAfterFinished: number): Job => ({
  ...jobOf("done", { ttlSecondsAfterFinished }),
  status: { conditions: [{ type: "Complete", status: "True", lastTransitionTime: "2026-01-02T03:04:00Z" }] },
});

test("the time to live counts from the end", () => {
  assert.equal(remainingTtlMs(finished(60), now), 55_000);
  assert.equal(remainingTtlMs(finished(0), now), -5_000);
  assert.equal(remainingTtlMs(jobOf("runs", { ttlSecondsAfterFinished: 0 }), now), undefined);
});

test("a job whose time has passed is deleted with its dependents", async () => {
  await using cluster = await openTestCluster([startTtlAfterFinishedController]);
  const at = "2026-01-02T03:04:05Z";
  const conditions = ["FailureTarget", "Failed"].map((type) => ({ type, status: "True", lastTransitionTime: at }));
  for (const [name, ttlSecondsAfterFinished] of [
    ["kept", 3600],
    ["gone", 0],
  ] as const) {
    await cluster.client.create(jobs, jobOf(name, { ttlSecondsAfterFinished }));
    const status = { startTime: at, conditions };
    await cluster.client.patch(jobs, { namespace: "default", name }, "merge", { status }, { subresource: "status" });
  }
  await cluster.until("deletion", async () => {
    const gone = await cluster.client.get(jobs, { namespace: "default", name: "gone" });
    return gone === undefined || gone.metadata.finalizers?.includes("foregroundDeletion");
  });
  assert.equal((await cluster.job("kept")).metadata.deletionTimestamp, undefined);
});
