import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "../../workloads/kinds.ts";
import { finishedCondition, type Job, jobs } from "../kinds.ts";
import { jobOf, openTestCluster, type TestCluster } from "../testing.ts";
import { startJobController } from "./job-controller.ts";

const namespace = "default";
const open = async () => await openTestCluster([startJobController]);
const failed = { phase: "Failed", containerStatuses: [terminated(1)] };

function terminated(exitCode: number) {
  return {
    name: "main",
    image: "busybox",
    imageID: "",
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode, finishedAt: "2026-01-02T03:04:05Z" } },
  };
}

async function podsOf(cluster: TestCluster, count: number) {
  return await cluster.until(`${count} pods`, async () => {
    const found = await cluster.pods();
    return found.length === count && found;
  });
}

/** A condition's type, status, reason and message in one line. */
function conditionsOf(job: Job): string[] {
  return (job.status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );
}

test("a job makes its pods, counts them and completes", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("work", { completions: 2, parallelism: 2 }));
  const [one, two] = await podsOf(cluster, 2);
  assert.ok(one && two);
  const { uid } = (await cluster.job("work")).metadata;
  assert.match(one.metadata.name ?? "", /^work-[a-z0-9]{5}$/);
  assert.deepEqual(one.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
  assert.deepEqual(one.metadata.labels, {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": "work",
    "controller-uid": uid,
    "job-name": "work",
  });
  const running = await cluster.jobUntil("work", "two active", ({ status }) => status?.active === 2);
  assert.deepEqual(running.status, {
    active: 2,
    ready: 0,
    startTime: "2026-01-02T03:04:05Z",
    terminating: 0,
    uncountedTerminatedPods: {},
  });
  await cluster.play(one, { phase: "Running", conditions: [{ type: "Ready", status: "True" }] });
  await cluster.jobUntil("work", "one ready", ({ status }) => status?.ready === 1);
  cluster.clock.advance(60_000);
  for (const pod of [one, two]) await cluster.play(pod, { phase: "Succeeded" });
  const done = await cluster.jobUntil("work", "complete", (job) => finishedCondition(job) !== undefined);
  const condition = {
    status: "True",
    lastProbeTime: "2026-01-02T03:05:05Z",
    lastTransitionTime: "2026-01-02T03:05:05Z",
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
  };
  assert.deepEqual(done.status, {
    completionTime: "2026-01-02T03:05:05Z",
    conditions: [
      { type: "SuccessCriteriaMet", ...condition },
      { type: "Complete", ...condition },
    ],
    ready: 0,
    startTime: "2026-01-02T03:04:05Z",
    succeeded: 2,
    terminating: 0,
    uncountedTerminatedPods: {},
  });
  for (const pod of await cluster.pods()) assert.equal(pod.metadata.finalizers, undefined);
  await cluster.until("events", async () => {
    const all = await cluster.events("work");
    return all.length === 3 && all.includes("Normal Completed: Job completed");
  });
  assert.ok((await cluster.events("work")).includes(`Normal SuccessfulCreate: Created pod: ${one.metadata.name}`));
});

test("an Indexed job gives each pod its index and says which are done", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("many", { completions: 5, parallelism: 4, completionMode: "Indexed" }));
  const all = await podsOf(cluster, 4);
  const byIndex = (index: number, from = all) =>
    from.find(({ metadata }) => metadata.labels?.["batch.kubernetes.io/job-completion-index"] === String(index));
  const first = byIndex(0);
  assert.ok(first);
  assert.match(first.metadata.name ?? "", /^many-0-[a-z0-9]{5}$/);
  assert.equal(first.metadata.annotations?.["batch.kubernetes.io/job-completion-index"], "0");
  assert.equal(first.spec["hostname"], "many-0");
  const [container] = first.spec["containers"] as { env: unknown[] }[];
  assert.deepEqual(container?.env, [
    {
      name: "JOB_COMPLETION_INDEX",
      valueFrom: {
        fieldRef: { apiVersion: "v1", fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" },
      },
    },
  ]);
  for (const index of [0, 1, 3]) await cluster.play(byIndex(index) ?? first, { phase: "Succeeded" });
  const job = await cluster.jobUntil("many", "three done", ({ status }) => status?.completedIndexes === "0,1,3");
  assert.equal(job.status?.succeeded, 3);
  const last = await cluster.until("the last index", async () => byIndex(4, await cluster.pods()));
  for (const pod of [byIndex(2) ?? first, last]) await cluster.play(pod, { phase: "Succeeded" });
  const done = await cluster.jobUntil("many", "complete", (one) => finishedCondition(one) !== undefined);
  assert.equal(done.status?.completedIndexes, "0-4");
});

test("a job that fails too often ends, and its other pods are deleted", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("bad", { completions: 3, parallelism: 2, backoffLimit: 0 }));
  const [one] = await podsOf(cluster, 2);
  assert.ok(one);
  await cluster.play(one, failed);
  const job = await cluster.jobUntil("bad", "failed", (job) => finishedCondition(job) !== undefined);
  assert.deepEqual(conditionsOf(job), [
    "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit",
    "Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit",
  ]);
  assert.equal(job.status?.failed, 2);
  await cluster.until("the event", async () =>
    (await cluster.events("bad")).includes("Warning BackoffLimitExceeded: Job has reached the specified backoff limit"),
  );
});

test("a failed pod is replaced after a wait that doubles", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("retry", { backoffLimit: 5 }));
  const [one] = await podsOf(cluster, 1);
  assert.ok(one);
  await cluster.play(one, failed);
  await cluster.jobUntil("retry", "one failed", ({ status }) => status?.failed === 1);
  assert.equal((await cluster.pods()).length, 1);
  cluster.clock.advance(10_000);
  await touch(cluster, "retry");
  assert.equal((await podsOf(cluster, 2)).length, 2);
});

async function touch(cluster: TestCluster, name: string): Promise<void> {
  const annotations = { touched: String(cluster.clock.now.getTime()) };
  await cluster.client.patch(jobs, { namespace, name }, "merge", { metadata: { annotations } });
}

test("a suspended job has no pods; resumed, its time begins anew", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("later", { suspend: true }));
  const suspended = await cluster.jobUntil("later", "suspended", ({ status }) => status?.conditions !== undefined);
  assert.deepEqual(conditionsOf(suspended), ["Suspended=True JobSuspended: Job suspended"]);
  assert.equal(suspended.status?.startTime, undefined);
  cluster.clock.advance(5_000);
  const suspend = async (value: boolean) => {
    await cluster.client.patch(jobs, { namespace, name: "later" }, "merge", { spec: { suspend: value } });
  };
  await suspend(false);
  await podsOf(cluster, 1);
  const resumed = await cluster.jobUntil("later", "resumed", ({ status }) => status?.startTime !== undefined);
  assert.deepEqual(conditionsOf(resumed), ["Suspended=False JobResumed: Job resumed"]);
  assert.equal(resumed.status?.startTime, "2026-01-02T03:04:10Z");
  await suspend(true);
  await podsOf(cluster, 0);
  const again = await cluster.jobUntil("later", "no pods", ({ status }) => (status?.active ?? 0) === 0);
  assert.equal(again.status?.failed, undefined);
});

test("a job past its deadline fails", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("slow", { activeDeadlineSeconds: 60 }));
  await podsOf(cluster, 1);
  await cluster.jobUntil("slow", "active", ({ status }) => status?.active === 1);
  cluster.clock.advance(60_000);
  await touch(cluster, "slow");
  const job = await cluster.jobUntil("slow", "failed", (one) => finishedCondition(one) !== undefined);
  assert.deepEqual(conditionsOf(job), [
    "FailureTarget=True DeadlineExceeded: Job was active longer than specified deadline",
    "Failed=True DeadlineExceeded: Job was active longer than specified deadline",
  ]);
  await podsOf(cluster, 0);
});

test("a pod failure policy can end the job, or make a failure count for nothing", async () => {
  await using cluster = await open();
  const onExitCodes = (values: number[]) => ({ onExitCodes: { containerName: "main", operator: "In", values } });
  const rules = [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailJob", ...onExitCodes([42]) },
  ];
  await cluster.client.create(jobs, jobOf("picky", { podFailurePolicy: { rules }, backoffLimit: 0 }));
  const [one] = await podsOf(cluster, 1);
  assert.ok(one);
  await cluster.play(one, { ...failed, conditions: [{ type: "DisruptionTarget", status: "True" }] });
  cluster.clock.advance(10_000);
  await touch(cluster, "picky");
  const two = await cluster.until("another pod", async () =>
    (await cluster.pods()).find(({ metadata }) => metadata.name !== one.metadata.name),
  );
  assert.equal((await cluster.job("picky")).status?.failed, undefined);
  await cluster.play(two, { phase: "Failed", containerStatuses: [terminated(42)] });
  const job = await cluster.jobUntil("picky", "failed", (found) => finishedCondition(found) !== undefined);
  const message = `Container main for pod default/${two.metadata.name} failed with exit code 42 matching FailJob rule at index 1`;
  assert.deepEqual(conditionsOf(job), [
    `FailureTarget=True PodFailurePolicy: ${message}`,
    `Failed=True PodFailurePolicy: ${message}`,
  ]);
});

test("indexes fail on their own when their failures are limited", async () => {
  await using cluster = await open();
  const spec = { completions: 2, parallelism: 2, completionMode: "Indexed", backoffLimitPerIndex: 1 };
  await cluster.client.create(jobs, jobOf("each", spec));
  const [one, two] = await podsOf(cluster, 2);
  assert.ok(one && two);
  assert.equal(one.metadata.annotations?.["batch.kubernetes.io/job-index-failure-count"], "0");
  const index = one.metadata.labels?.["batch.kubernetes.io/job-completion-index"] ?? "";
  await cluster.play(one, failed);
  await cluster.play(two, { phase: "Succeeded" });
  await cluster.jobUntil("each", "one index done", ({ status }) => status?.succeeded === 1);
  cluster.clock.advance(10_000);
  await touch(cluster, "each");
  const next = await cluster.until("another pod of the index", async () =>
    (await cluster.pods(`batch.kubernetes.io/job-completion-index=${index}`)).find(
      ({ metadata }) => metadata.name !== one.metadata.name,
    ),
  );
  assert.equal(next.metadata.annotations?.["batch.kubernetes.io/job-index-failure-count"], "1");
  await cluster.play(next, failed);
  const job = await cluster.jobUntil("each", "failed", (found) => finishedCondition(found) !== undefined);
  assert.equal(job.status?.failedIndexes, index);
  assert.deepEqual(conditionsOf(job), [
    "FailureTarget=True FailedIndexes: Job has failed indexes",
    "Failed=True FailedIndexes: Job has failed indexes",
  ]);
});

test("a success policy ends the job early, and what still runs is no failure", async () => {
  await using cluster = await open();
  const successPolicy = { rules: [{ succeededIndexes: "0", succeededCount: 1 }] };
  await cluster.client.create(
    jobs,
    jobOf("lead", { completions: 3, parallelism: 3, completionMode: "Indexed", successPolicy }),
  );
  const all = await podsOf(cluster, 3);
  const leader = all.find(({ metadata }) => metadata.labels?.["batch.kubernetes.io/job-completion-index"] === "0");
  assert.ok(leader);
  await cluster.play(leader, { phase: "Succeeded" });
  const job = await cluster.jobUntil("lead", "complete", (found) => finishedCondition(found) !== undefined);
  assert.deepEqual(conditionsOf(job), [
    "SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 0",
    "Complete=True SuccessPolicy: Matched rules at index 0",
  ]);
  assert.equal(job.status?.succeeded, 1);
});

test("a job takes in pods that match and have nobody, and lets go of those that no longer match", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("parent"));
  const [pod] = await podsOf(cluster, 1);
  const { name = "", uid } = pod?.metadata ?? {};
  await cluster.client.patch(pods, { namespace, name }, "merge", { metadata: { ownerReferences: null } });
  const adopted = await cluster.until("adoption", async () => {
    const found = await cluster.client.get(pods, { namespace, name });
    return found?.metadata.ownerReferences?.[0]?.kind === "Job" && found;
  });
  assert.equal(adopted.metadata.uid, uid);
  assert.deepEqual(adopted.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
  await cluster.client.patch(pods, { namespace, name }, "merge", { metadata: { labels: null } });
  await cluster.until("release", async () => {
    const found = await cluster.client.get(pods, { namespace, name });
    return found?.metadata.ownerReferences === undefined && found?.metadata.finalizers === undefined;
  });
});

test("pods of a job that is gone lose their finalizer", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("gone"));
  const [pod] = await podsOf(cluster, 1);
  await cluster.client.delete(jobs, { namespace, name: "gone" }, { propagationPolicy: "Background" });
  await cluster.until("release", async () => {
    const found = await cluster.client.get(pods, { namespace, name: pod?.metadata.name ?? "" });
    return found?.metadata.finalizers === undefined;
  });
});

test("a job that another controller manages is left alone", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("theirs", { managedBy: "example.com/jobs" }));
  await cluster.client.create(jobs, jobOf("ours"));
  await podsOf(cluster, 1);
  assert.equal((await cluster.job("theirs")).status?.active, undefined);
});

test("fewer pods at once: the surplus is deleted and counts for nothing", async () => {
  await using cluster = await open();
  await cluster.client.create(jobs, jobOf("scale", { completions: 5, parallelism: 3 }));
  await podsOf(cluster, 3);
  await cluster.client.patch(jobs, { namespace, name: "scale" }, "merge", { spec: { parallelism: 1 } });
  await podsOf(cluster, 1);
  const job = await cluster.jobUntil("scale", "one active", ({ status }) => status?.active === 1);
  assert.equal(job.status?.failed, undefined);
});
