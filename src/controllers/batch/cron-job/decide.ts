import { cloneJson } from "../../../apimachinery/index.ts";
import { CronError, type CronSchedule, isTimeZone, openZone } from "../../../apis/index.ts";
import { compareNames, controllerReference, timeMs } from "../../workloads/kinds.ts";
import { type CronJob, cronJobs, finishedCondition, type Job, type ObjectReference } from "../kinds.ts";
import { recentTime, scheduleOf, untilNextMs } from "./times.ts";

export type Event = { type: "Normal" | "Warning"; reason: string; message: string };
type Status = NonNullable<CronJob["status"]>;

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Jobs that are over and more than the history keeps, the oldest first. */
export function surplusHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const ended = (type: string) => jobs.filter((job) => finishedCondition(job)?.type === type).sort(byStart);
  const surplus = (all: Job[], limit: number | undefined) =>
    limit === undefined ? [] : all.slice(0, Math.max(0, all.length - limit));
  return [
    ...surplus(ended("Complete"), spec.successfulJobsHistoryLimit),
    ...surplus(ended("Failed"), spec.failedJobsHistoryLimit),
  ];
}

/** A job that never started is the newest. */
function byStart(a: Job, b: Job): number {
  const [x, y] = [a, b].map(({ status }) => timeMs(status?.startTime) ?? Number.POSITIVE_INFINITY);
  return x === y || x === undefined || y === undefined ? compareNames(a, b) : x - y;
}

/**
 * What the status says when jobs have ended or are gone.
 *
 * @param jobs those that name the CronJob as their controller
 * @param isGone whether a job that is not among them does not exist either
 */
export function followJobs(
  cronJob: CronJob,
  jobs: readonly Job[],
  isGone: (reference: ObjectReference) => boolean,
): { status: Status; events: Event[] } {
  let status: Status = { ...cronJob.status };
  const events: Event[] = [];
  for (const job of jobs) {
    const { name, uid } = job.metadata;
    const isListed = status.active?.some((reference) => reference.uid === uid) ?? false;
    const finished = finishedCondition(job);
    if (finished === undefined) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      if (!isListed) events.push({ type: "Warning", reason: "UnexpectedJob", message });
      continue;
    }
    if (isListed) {
      status = withoutActive(status, uid);
      const message = `Saw completed job: ${name}, condition: ${finished.type}`;
      events.push({ type: "Normal", reason: "SawCompletedJob", message });
    }
    const completedAt = finished.type === "Complete" ? job.status?.completionTime : undefined;
    if (completedAt !== undefined && (timeMs(completedAt) ?? 0) > (timeMs(status.lastSuccessfulTime) ?? 0))
      status.lastSuccessfulTime = completedAt;
  }
  const known = new Set(jobs.map(({ metadata }) => metadata.uid));
  for (const reference of status.active ?? []) {
    if (known.has(reference.uid) || !isGone(reference)) continue;
    events.push({ type: "Normal", reason: "MissingJob", message: `Active job went missing: ${reference.name}` });
    status = withoutActive(status, reference.uid);
  }
  return { status, events };
}

export function withoutActive({ active = [], ...rest }: Status, uid: string | undefined): Status {
  const left = active.filter((reference) => reference.uid !== uid);
  return left.length === 0 ? rest : { ...rest, active: left };
}

/** What is to be done now, and when to look again. */
export type Start = {
  events: Event[];
  /** The job to create, and its time. */
  start?: { job: Job; scheduledMs: number };
  /** Jobs that it takes the place of. */
  replace: ObjectReference[];
  afterMs?: number;
};

/** Decides whether a job is due; expects a status that has followed the jobs. */
export function decideStart(cronJob: CronJob, now: Date): Start {
  const { spec, metadata } = cronJob;
  const idle: Start = { events: [], replace: [] };
  if (metadata.deletionTimestamp !== undefined) return idle;
  const warn = (reason: string, message: string): Start => ({
    events: [{ type: "Warning", reason, message }],
    replace: [],
  });
  if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
    const zone = JSON.stringify(spec.timeZone);
    return warn("UnknownTimeZone", `invalid timeZone: ${zone}: unknown time zone ${spec.timeZone}`);
  }
  if (spec.suspend === true) return idle;
  const events = spec.schedule.includes("TZ") ? warn("UnsupportedSchedule", zonedText(spec.schedule)).events : [];
  const schedule = readSchedule(cronJob);
  if (typeof schedule === "string")
    return warn("UnparseableSchedule", `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${schedule}`);
  const recent = recentTime(cronJob, schedule, now, true);
  if (typeof recent === "string") return warn("InvalidSchedule", `invalid schedule: ${spec.schedule} : ${recent}`);
  const afterMs = untilNextMs(cronJob, schedule, now);
  const wait: Start = { events, replace: [], ...(afterMs !== undefined && { afterMs }) };
  const { recentMs } = recent;
  if (recentMs === undefined) return wait;
  if (recent.missed === "many") {
    const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
    events.push({ type: "Warning", reason: "TooManyMissedTimes", message });
  }
  return startAt(cronJob, recentMs, now, wait);
}

function startAt(cronJob: CronJob, scheduledMs: number, now: Date, wait: Start): Start {
  const { spec, metadata, status = {} } = cronJob;
  const { active = [] } = status;
  const { startingDeadlineSeconds: deadline } = spec;
  if (deadline !== undefined && scheduledMs + deadline * 1000 < now.getTime()) {
    const message = `Missed scheduled time to start a job: ${formatRfc1123(new Date(scheduledMs))}`;
    return { ...wait, events: [...wait.events, { type: "Warning", reason: "MissSchedule", message }] };
  }
  const name = jobName(cronJob, scheduledMs);
  const isStarted = active.some((job) => job.name === name && job.namespace === metadata.namespace);
  if (isStarted || timeMs(status.lastScheduleTime) === scheduledMs) return wait;
  if (spec.concurrencyPolicy === "Forbid" && active.length > 0) {
    const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
    return { ...wait, events: [...wait.events, { type: "Normal", reason: "JobAlreadyActive", message }] };
  }
  const replace = spec.concurrencyPolicy === "Replace" ? active : [];
  return { ...wait, replace, start: { job: newJob(cronJob, scheduledMs), scheduledMs } };
}

function readSchedule(cronJob: CronJob): CronSchedule | string {
  try {
    return scheduleOf(cronJob);
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

function zonedText(schedule: string): string {
  const page = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/";
  return `CRON_TZ or TZ used in schedule ${JSON.stringify(schedule)} is not officially supported, see ${page} for more details`;
}

/** The same for every run at one time, so that none is started twice. */
function jobName({ metadata }: CronJob, scheduledMs: number): string {
  return `${metadata.name}-${Math.floor(scheduledMs / 60_000)}`;
}

function newJob(cronJob: CronJob, scheduledMs: number): Job {
  const { jobTemplate, timeZone } = cronJob.spec;
  const { labels = {}, annotations = {} } = jobTemplate.metadata ?? {};
  const scheduled = { "batch.kubernetes.io/cronjob-scheduled-timestamp": formatLocal(scheduledMs, timeZone) };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(cronJob, scheduledMs),
      namespace: cronJob.metadata.namespace ?? "",
      labels: { ...labels },
      annotations: { ...annotations, ...scheduled },
      ownerReferences: [controllerReference(cronJobs, cronJob)],
    },
    spec: cloneJson(jobTemplate.spec),
  };
}

/** RFC 3339 with the offset of the zone, as Go writes it. */
function formatLocal(timeAt: number, timeZone: string | undefined): string {
  const offset = openZone(timeZone).offsetMs(timeAt) / 60_000;
  const local = new Date(timeAt + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${offset < 0 ? "-" : "+"}${pad(hours)}:${pad(minutes)}`;
}

/** Go's `time.RFC1123Z` in UTC. */
function formatRfc1123(date: Date): string {
  const [weekday, month] = [weekdays[date.getUTCDay()], months[date.getUTCMonth()]];
  const day = String(date.getUTCDate()).padStart(2, "0");
  return `${weekday}, ${day} ${month} ${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)} +0000`;
}
