import { deepEqual, StatusError } from "../../../apimachinery/index.ts";
import {
  type Controller,
  createEventRecorder,
  type Result,
  startController,
} from "../../../controller-runtime/index.ts";
import { errorText } from "../../../lib/index.ts";
import type { ControllerContext } from "../../context.ts";
import { controllerOf, timestamp } from "../../workloads/kinds.ts";
import { hasCause } from "../../workloads/owner-loop.ts";
import { type CronJob, cronJobs, type Job, jobs, type ObjectReference } from "../kinds.ts";
import { decideStart, type Event, followJobs, surplusHistory, withoutActive } from "./decide.ts";
import { scheduleOf, untilNextMs } from "./times.ts";

/** Node's timers end at 24.8 days; whoever waits longer is asked once a day. */
const waitMaxMs = 86_400_000;

/** Starts Jobs at the times that CronJobs name, and removes old ones. */
export function startCronJobController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const owners = informers.of<CronJob>(cronJobs);
  const children = informers.of<Job>(jobs);
  const record = createEventRecorder(client, "cronjob-controller", log, now);

  const reconcile = async (key: string): Promise<Result> => {
    await Promise.all([owners.synced(), children.synced()]);
    const [namespace = "", name = ""] = key.split("/");
    const live = owners.get(namespace, name);
    if (live === undefined) return { state: "done" };
    const tell = (events: readonly Event[]) => {
      for (const { type, reason, message } of events) record(live, type, reason, message);
    };
    const owned = children.inNamespace(namespace).filter((job) => {
      const reference = controllerOf(job);
      return reference?.kind === "CronJob" && reference.name === name;
    });
    let cronJob = live;
    for (const job of surplusHistory(live, owned)) cronJob = await removeJob(cronJob, job);
    const followed = followJobs(cronJob, owned, await absentOf(cronJob, owned));
    cronJob = { ...cronJob, status: followed.status };
    tell(followed.events);
    const start = decideStart(cronJob, now());
    tell(start.events);
    let failure: unknown;
    try {
      for (const reference of start.replace) cronJob = await replaceJob(cronJob, reference);
      if (start.start !== undefined) cronJob = await startJob(cronJob, start.start.job, start.start.scheduledMs);
    } catch (error) {
      failure = error;
    }
    await writeStatus(live, cronJob);
    if (failure !== undefined) throw failure;
    return start.afterMs === undefined ? { state: "done" } : { state: "again", afterMs: waitFor(start.afterMs) };
  };

  /** Listed jobs that the cache does not have may have been made a moment ago. */
  const absentOf = async ({ status }: CronJob, owned: readonly Job[]) => {
    const known = new Set(owned.map(({ metadata }) => metadata.uid));
    const absent = new Set<string>();
    for (const { namespace, name = "", uid = "" } of status?.active ?? []) {
      if (known.has(uid)) continue;
      if ((await client.get(jobs, { ...(namespace && { namespace }), name })) === undefined) absent.add(uid);
    }
    return ({ uid = "" }: ObjectReference) => absent.has(uid);
  };

  /** Old jobs go on being tried at later times when they cannot be deleted now. */
  const removeJob = async (cronJob: CronJob, job: Job): Promise<CronJob> => {
    const { namespace, name = "", uid } = job.metadata;
    try {
      await client.delete(jobs, { namespace, name }, { propagationPolicy: "Background" });
    } catch (error) {
      record(cronJob, "Warning", "FailedDelete", `Deleted job: ${errorText(error)}`);
      return cronJob;
    }
    record(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
    await children.gone(job);
    return { ...cronJob, status: withoutActive(cronJob.status ?? {}, uid) };
  };

  const replaceJob = async (cronJob: CronJob, { namespace, name = "", uid }: ObjectReference): Promise<CronJob> => {
    const job = await client.get<Job>(jobs, { ...(namespace && { namespace }), name });
    if (job === undefined) {
      record(cronJob, "Warning", "FailedGet", `Get job: jobs.batch ${JSON.stringify(name)} not found`);
      throw new Error(`jobs.batch ${JSON.stringify(name)} not found`);
    }
    const replaced = await removeJob(cronJob, job);
    if (replaced.status?.active?.some((reference) => reference.uid === uid))
      throw new Error(`could not replace job ${namespace}/${name}`);
    return replaced;
  };

  const startJob = async (cronJob: CronJob, job: Job, scheduledMs: number): Promise<CronJob> => {
    const created = await createJob(cronJob, job);
    if (created === undefined) return cronJob;
    const { namespace = "", name = "", uid = "", resourceVersion = "" } = created.metadata;
    const reference: ObjectReference = { kind: "Job", namespace, name, uid, apiVersion: "batch/v1", resourceVersion };
    const active = [...(cronJob.status?.active ?? []), reference];
    return { ...cronJob, status: { ...cronJob.status, active, lastScheduleTime: timestamp(new Date(scheduledMs)) } };
  };

  /** @returns `undefined` when somebody else has a job of this name, or ours is listed already */
  const createJob = async (cronJob: CronJob, job: Job): Promise<Job | undefined> => {
    try {
      const created = await client.create(jobs, job);
      record(cronJob, "Normal", "SuccessfulCreate", `Created job ${created.metadata.name}`);
      await children.reached(created.metadata.resourceVersion);
      return created;
    } catch (error) {
      if (hasCause(error, "NamespaceTerminating")) throw error;
      if (error instanceof StatusError && error.reason === "AlreadyExists") {
        const { namespace, name = "" } = job.metadata;
        const found = await client.get<Job>(jobs, { namespace, name });
        const isOurs = found !== undefined && controllerOf(found)?.uid === cronJob.metadata.uid;
        const isListed = cronJob.status?.active?.some(({ uid }) => uid === found?.metadata.uid);
        return isOurs && isListed !== true ? found : undefined;
      }
      record(cronJob, "Warning", "FailedCreate", `Error creating job: ${errorText(error)}`);
      throw error;
    }
  };

  const writeStatus = async (live: CronJob, { status }: CronJob): Promise<void> => {
    if (deepEqual(status ?? {}, live.status ?? {})) return;
    const written = await client.update<CronJob>(
      cronJobs,
      { ...live, status: status ?? {} },
      { subresource: "status" },
    );
    await owners.reached(written.metadata.resourceVersion);
  };

  const controller = startController({ name: "cronjob", log, reconcile });
  const keyOf = ({ metadata }: CronJob) => `${metadata.namespace}/${metadata.name}`;
  const wakeOwner = (job: Job) => {
    const reference = controllerOf(job);
    if (reference?.kind !== "CronJob") return;
    const owner = owners.get(job.metadata.namespace, reference.name);
    if (owner?.metadata.uid === reference.uid) controller.enqueue(keyOf(owner));
  };
  const listening = [
    owners.listen({
      onChange: (cronJob, previous) => controller.enqueue(keyOf(cronJob), waitAfterChange(cronJob, previous, now())),
    }),
    children.listen({ onChange: wakeOwner, onDelete: wakeOwner }),
  ];
  return {
    ...controller,
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** A new schedule starts with its next time: those that it would have had before are not made up for. */
function waitAfterChange(cronJob: CronJob, previous: CronJob | undefined, now: Date): number {
  const { schedule, timeZone } = cronJob.spec;
  if (previous === undefined) return 0;
  if (previous.spec.schedule === schedule && previous.spec.timeZone === timeZone) return 0;
  try {
    return waitFor(untilNextMs(cronJob, scheduleOf(cronJob), now) ?? 0);
  } catch {
    return 0;
  }
}

function waitFor(afterMs: number): number {
  return Math.min(Math.max(Math.ceil(afterMs), 1), waitMaxMs);
}
