import type { Pod } from "../../workloads/kinds.ts";
import { timestamp } from "../../workloads/kinds.ts";
import { phaseOf } from "../../workloads/pods.ts";
import type { Job, JobCondition, JobStatus } from "../kinds.ts";
import { countIndexes, formatIndexes, hasIndex } from "./indexes.ts";
import { newCondition, type Plan } from "./plan.ts";
import { counts, hasFailed, indexOf, isIndexed } from "./pods.ts";
import { judgeFailure } from "./policies.ts";
import { type JobView, uncountedFailed } from "./view.ts";

/** How many pods wait in the status to be counted: keeps their uids below 20 KB, as in kube-controller-manager. */
const uncountedMax = 500;

/** What became of a plan. */
export type Done = { active: number; ready: number; terminating: number; allRemoved: boolean };

export type Event = { type: "Normal" | "Warning"; reason: string; message: string };

/** The status that is written before finalizers are taken away, and what follows when they are. */
export type Tracking = {
  status: JobStatus;
  events: Event[];
  /** Pods whose finalizer goes once the status is written. */
  release: Pod[];
  /** `Complete` or `Failed`, when nothing is left to count. */
  ending?: JobCondition;
};

/** Notes in the status which pods have ended, so that none is forgotten and none counted twice whenever we are cut off. */
export function trackJob(view: JobView, plan: Plan, done: Done): Tracking {
  const { job, now } = view;
  const ending = plan.ending === undefined ? completion(view, done) : done.allRemoved ? plan.ending : undefined;
  const suspension = plan.managed && ending === undefined ? suspensionOf(job, now) : undefined;
  const conditions = suspension?.conditions ?? job.status?.conditions ?? [];
  const status: JobStatus = {
    ...job.status,
    ...(conditions.length > 0 && { conditions }),
    ...startTime(job, suspension?.restart === true, now),
    active: done.active,
    ready: done.ready,
    terminating: done.terminating,
  };
  const counted = settle(status, new Set(view.tracked.map(({ metadata }) => metadata.uid ?? "")));
  const { release, status: tracked, complete } = listUncounted(view, counted, ending);
  if (isIndexed(job)) {
    tracked.succeeded = countIndexes(view.succeededIndexes);
    tracked.completedIndexes = formatIndexes(view.succeededIndexes);
    if (view.failedIndexes !== undefined) tracked.failedIndexes = formatIndexes(view.failedIndexes);
  }
  const isInterim = ending?.type === "FailureTarget" || ending?.type === "SuccessCriteriaMet";
  if (
    ending !== undefined &&
    isInterim &&
    !conditions.some(({ type, status: is }) => type === ending.type && is === "True")
  )
    tracked.conditions = [...conditions, ending];
  return {
    status: tracked,
    events: suspension?.events ?? [],
    release,
    ...(ending !== undefined && complete && { ending: finalCondition(ending, now) }),
  };
}

/**
 * Counts pods whose finalizer is gone, and ends the job when nothing is left to wait for.
 *
 * @param status as it was written
 * @param tracked uids of pods that still have their finalizer
 */
export function finishTracking(
  status: JobStatus,
  tracked: ReadonlySet<string>,
  ending: JobCondition | undefined,
  job: Job,
): { status: JobStatus; events: Event[] } {
  const settled = settle(status, tracked);
  const { succeeded = [], failed = [] } = settled.uncountedTerminatedPods ?? {};
  if (ending === undefined || succeeded.length + failed.length > 0 || (settled.terminating ?? 0) > 0)
    return { status: settled, events: [] };
  const others = (settled.conditions ?? []).filter(({ type }) => type !== ending.type);
  const conditions = [...others, ending];
  if (ending.type === "Failed") {
    const event: Event = { type: "Warning", reason: ending.reason ?? "", message: ending.message ?? "" };
    return { status: { ...settled, conditions }, events: [event] };
  }
  const tooMany = job.spec.completions !== undefined && (settled.succeeded ?? 0) > job.spec.completions;
  const events: Event[] = [{ type: "Normal", reason: "Completed", message: "Job completed" }];
  if (tooMany) {
    const message = "Too many succeeded pods running after completion count reached";
    events.unshift({ type: "Warning", reason: "TooManySucceededPods", message });
  }
  return { status: { ...settled, conditions, completionTime: ending.lastTransitionTime ?? "" }, events };
}

/** Enough pods have succeeded, and none is running any more. */
function completion({ job, succeeded, now }: JobView, { active }: Done): JobCondition | undefined {
  const { completions } = job.spec;
  const enough = completions === undefined ? succeeded > 0 : succeeded >= completions;
  if (!enough || active > 0) return undefined;
  return newCondition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods", now);
}

function finalCondition(ending: JobCondition, now: Date): JobCondition {
  const { type, reason = "", message = "" } = ending;
  const final = type === "SuccessCriteriaMet" ? "Complete" : "Failed";
  return newCondition(final, reason, message, now);
}

/** A job that is resumed begins its time anew. */
function startTime({ spec, status }: Job, restart: boolean, now: Date): { startTime?: string } {
  if (restart || (status?.startTime === undefined && spec.suspend !== true)) return { startTime: timestamp(now) };
  return {};
}

/** As Go writes it: counters of nothing are left out, but not those that may be unknown. */
export function compactStatus(status: JobStatus): JobStatus {
  const { active, succeeded, failed, completedIndexes, ...rest } = status;
  return {
    ...rest,
    ...(active !== undefined && active > 0 && { active }),
    ...(succeeded !== undefined && succeeded > 0 && { succeeded }),
    ...(failed !== undefined && failed > 0 && { failed }),
    ...(completedIndexes !== undefined && completedIndexes !== "" && { completedIndexes }),
  };
}

type Suspension = { conditions: JobCondition[]; events: Event[]; restart: boolean };

function suspensionOf(job: Job, now: Date): Suspension | undefined {
  const conditions = job.status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === "Suspended");
  const suspend = job.spec.suspend === true;
  if (known === undefined && !suspend) return undefined;
  const [reason, message] = suspend ? ["JobSuspended", "Job suspended"] : ["JobResumed", "Job resumed"];
  const status = suspend ? "True" : "False";
  if (known?.status === status && known.reason === reason && known.message === message) return undefined;
  const condition = { ...newCondition("Suspended", reason, message, now), status };
  return {
    conditions:
      known === undefined ? [...conditions, condition] : conditions.map((one) => (one === known ? condition : one)),
    events: [{ type: "Normal", reason: suspend ? "Suspended" : "Resumed", message }],
    restart: !suspend,
  };
}

/** Uncounted pods that have lost their finalizer become numbers. */
function settle(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const still = (uids: readonly string[]) => uids.filter((uid) => tracked.has(uid));
  const [succeededLeft, failedLeft] = [still(succeeded), still(failed)];
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - succeededLeft.length,
    failed: (status.failed ?? 0) + failed.length - failedLeft.length,
    uncountedTerminatedPods: {
      ...(succeededLeft.length > 0 && { succeeded: succeededLeft }),
      ...(failedLeft.length > 0 && { failed: failedLeft }),
    },
  };
}

function listUncounted(
  view: JobView,
  status: JobStatus,
  ending: JobCondition | undefined,
): { status: JobStatus; release: Pod[]; complete: boolean } {
  const { job, succeededBefore } = view;
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])];
  const knownFailed = uncountedFailed(job);
  const knownSucceeded = new Set(job.status?.uncountedTerminatedPods?.succeeded);
  const release: Pod[] = [];
  let newIndexes = 0;
  let complete = true;
  const losesAll = ending !== undefined && ending.type !== "SuccessCriteriaMet";
  for (const pod of isIndexed(job) ? byIndex(view.tracked) : view.tracked) {
    const uid = pod.metadata.uid ?? "";
    const isFailed = hasFailed(pod, job);
    if (!mayRelease(view, pod, isFailed, ending)) continue;
    release.push(pod);
    if (phaseOf(pod) === "Succeeded" && !knownFailed.has(uid)) {
      const index = indexOf(pod, job);
      if (!isIndexed(job)) {
        if (!knownSucceeded.has(uid)) succeeded.push(uid);
      } else if (index !== undefined && !hasIndex(succeededBefore, index)) newIndexes += 1;
    } else if ((isFailed || losesAll) && !knownFailed.has(uid) && counts(pod, job)) {
      if (judgeFailure(job.spec.podFailurePolicy, pod).counted) failed.push(uid);
    }
    if (newIndexes + succeeded.length + failed.length >= uncountedMax) {
      complete = false;
      break;
    }
  }
  const uncountedTerminatedPods = {
    ...(succeeded.length > 0 && { succeeded }),
    ...(failed.length > 0 && { failed }),
  };
  return { status: { ...status, uncountedTerminatedPods }, release, complete };
}

/** A failed pod whose successor is still to learn how often its index has failed has to stay. */
function mayRelease(
  { job, successors }: JobView,
  pod: Pod,
  isFailed: boolean,
  ending: JobCondition | undefined,
): boolean {
  if (job.metadata.deletionTimestamp !== undefined || ending !== undefined) return true;
  if (phaseOf(pod) === "Succeeded") return true;
  if (!isFailed) return false;
  const index = indexOf(pod);
  return index === undefined || successors.get(index)?.metadata.uid !== pod.metadata.uid;
}

function byIndex(pods: readonly Pod[]): Pod[] {
  return [...pods].sort((a, b) => (indexOf(a) ?? -1) - (indexOf(b) ?? -1));
}
