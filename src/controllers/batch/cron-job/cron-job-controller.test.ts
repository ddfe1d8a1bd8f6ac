import assert from "node:assert/strict";
import { test } from "node:test";
import { type CronJob, cronJobs, type Job, jobs } from "../kinds.ts";
import { jobOf, openTestCluster, type TestCluster } from "../testing.ts";
import { startCronJobController } from "./cron-job-controller.ts";

const namespace = "default";
const open = async () => await openTestCluster([startCronJobController]);
const minuteMs = 60_000;

function cronJobOf(name: string, spec: Partial<CronJob["spec"]> = {}): CronJob {
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, namespace },
    spec: { schedule: "*/5 * * * *", jobTemplate: { spec: jobOf("template").spec }, ...spec },
  };
}

async function cronJob(cluster: TestCluster, name: string): Promise<CronJob> {
  const found = await cluster.client.get<CronJob>(cronJobs, { namespace, name });
  assert.ok(found);
  return found;
}

async function jobsOf(cluster: TestCluster): Promise<Job[]> {
  return (await cluster.client.list<Job>(jobs, { namespace })).items;
}

async function jobsUntil(cluster: TestCluster, names: string[]): Promise<Job[]> {
  return await cluster.until(`jobs ${names.join(" ")}`, async () => {
    const found = await jobsOf(cluster);
    return found.map(({ metadata }) => metadata.name).join() === names.join() && found;
  });
}

/** Moves the clock and makes the controller look, as its timer would. */
async function pass(cluster: TestCluster, name: string, ms: number): Promise<void> {
  await cluster.settled(cronJobs, name);
  cluster.clock.advance(ms);
  const annotations = { touched: String(cluster.clock.now.getTime()) };
  await cluster.client.patch(cronJobs, { namespace, name }, "merge", { metadata: { annotations } });
}

async function finish(cluster: TestCluster, name: string, type: "Complete" | "Failed"): Promise<void> {
  const at = `${cluster.clock.now.toISOString().slice(0, 19)}Z`;
  const condition = (of: string) => ({ type: of, status: "True", lastTransitionTime: at, reason: "Test", message: "" });
  const before = type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
  const status = {
    startTime: at,
    ...(type === "Complete" && { completionTime: at }),
    conditions: [condition(before), condition(type)],
  };
  await cluster.client.patch(jobs, { namespace, name }, "merge", { status }, { subresource: "status" });
}

/** 2026-01-02T03:05:00Z in minutes. */
const firstRun = Date.parse("2026-01-02T03:05:00Z") / minuteMs;

test("a job is started at its time, listed while it runs, and noted when it has succeeded", async () => {
  await using cluster = await open();
  const metadata = { labels: { app: "x" }, annotations: { note: "y" } };
  const jobTemplate = { metadata, spec: jobOf("t").spec };
  await cluster.client.create(cronJobs, cronJobOf("tick", { jobTemplate, timeZone: "Asia/Kathmandu" }));
  await pass(cluster, "tick", minuteMs);
  const [job] = await jobsUntil(cluster, [`tick-${firstRun}`]);
  const { uid } = (await cronJob(cluster, "tick")).metadata;
  assert.deepEqual(job?.metadata.ownerReferences, [
    { apiVersion: "batch/v1", kind: "CronJob", name: "tick", uid, controller: true, blockOwnerDeletion: true },
  ]);
  assert.deepEqual(job?.metadata.annotations, {
    note: "y",
    "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-02T08:50:00+05:45",
  });
  assert.equal(job?.metadata.labels?.["app"], "x");
  const status = await cluster.until(
    "the status",
    async () => (await cronJob(cluster, "tick")).status?.active && cronJob(cluster, "tick"),
  );
  assert.deepEqual(status.status, {
    active: [
      {
        kind: "Job",
        namespace,
        name: `tick-${firstRun}`,
        uid: job?.metadata.uid,
        apiVersion: "batch/v1",
        resourceVersion: job?.metadata.resourceVersion,
      },
    ],
    lastScheduleTime: "2026-01-02T03:05:00Z",
  });
  await finish(cluster, `tick-${firstRun}`, "Complete");
  await cluster.until("success", async () => (await cronJob(cluster, "tick")).status?.lastSuccessfulTime !== undefined);
  assert.equal((await cronJob(cluster, "tick")).status?.active, undefined);
  await cluster.until("events", async () => {
    const events = (await cluster.events("tick")).sort();
    return (
      events.join() ===
      [
        `Normal SawCompletedJob: Saw completed job: tick-${firstRun}, condition: Complete`,
        `Normal SuccessfulCreate: Created job tick-${firstRun}`,
      ].join()
    );
  });
});

test("Forbid waits for the last job", async () => {
  await using cluster = await open();
  await cluster.client.create(cronJobs, cronJobOf("one", { concurrencyPolicy: "Forbid" }));
  await pass(cluster, "one", minuteMs);
  await jobsUntil(cluster, [`one-${firstRun}`]);
  await pass(cluster, "one", 5 * minuteMs);
  await cluster.until("the event", async () =>
    (await cluster.events("one")).includes(
      "Normal JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid",
    ),
  );
  assert.equal((await jobsOf(cluster)).length, 1);
});

test("Replace deletes the last job", async () => {
  await using cluster = await open();
  await cluster.client.create(cronJobs, cronJobOf("next", { concurrencyPolicy: "Replace" }));
  await pass(cluster, "next", minuteMs);
  await jobsUntil(cluster, [`next-${firstRun}`]);
  await cluster.until("the status", async () => (await cronJob(cluster, "next")).status?.active?.length === 1);
  await pass(cluster, "next", 5 * minuteMs);
  await jobsUntil(cluster, [`next-${firstRun + 5}`]);
  await cluster.until("the list", async () => {
    const active = (await cronJob(cluster, "next")).status?.active;
    return active?.length === 1 && active[0]?.name === `next-${firstRun + 5}`;
  });
});

test("a suspended one starts nothing; too late is too late", async () => {
  await using cluster = await open();
  await cluster.client.create(cronJobs, cronJobOf("late", { suspend: true, startingDeadlineSeconds: 30 }));
  await pass(cluster, "late", minuteMs + 50_000);
  await cluster.client.patch(cronJobs, { namespace, name: "late" }, "merge", { spec: { suspend: false } });
  await pass(cluster, "late", 0);
  await cluster.settled(cronJobs, "late");
  assert.deepEqual(await jobsOf(cluster), []);
  await pass(cluster, "late", 4 * minuteMs + 10_000);
  await jobsUntil(cluster, [`late-${firstRun + 5}`]);
});

test("old jobs go when there are more than the history keeps", async () => {
  await using cluster = await open();
  await cluster.client.create(cronJobs, cronJobOf("old", { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 }));
  await pass(cluster, "old", minuteMs);
  await jobsUntil(cluster, [`old-${firstRun}`]);
  await finish(cluster, `old-${firstRun}`, "Complete");
  await pass(cluster, "old", 5 * minuteMs);
  await jobsUntil(cluster, [`old-${firstRun}`, `old-${firstRun + 5}`]);
  await finish(cluster, `old-${firstRun + 5}`, "Complete");
  await jobsUntil(cluster, [`old-${firstRun + 5}`]);
  await pass(cluster, "old", 5 * minuteMs);
  await jobsUntil(cluster, [`old-${firstRun + 5}`, `old-${firstRun + 10}`]);
  await finish(cluster, `old-${firstRun + 10}`, "Failed");
  await jobsUntil(cluster, [`old-${firstRun + 5}`]);
});

test("a schedule that is changed starts with its next time", async () => {
  await using cluster = await open();
  await cluster.client.create(cronJobs, cronJobOf("moved", { schedule: "0 0 1 1 *" }));
  await cluster.settled(cronJobs, "moved");
  cluster.clock.advance(60 * minuteMs);
  await cluster.client.patch(cronJobs, { namespace, name: "moved" }, "merge", { spec: { schedule: "0 * * * *" } });
  await cluster.client.create(cronJobs, cronJobOf("other", { schedule: "* * * * *" }));
  await pass(cluster, "other", minuteMs);
  await cluster.until("the other's job", async () => (await jobsOf(cluster)).length > 0);
  assert.ok((await jobsOf(cluster)).every(({ metadata }) => metadata.name?.startsWith("other-")));
});
