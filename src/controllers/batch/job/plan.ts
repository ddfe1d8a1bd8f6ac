import { podsToDelete } from "../../workloads/deletion-order.ts";
import type { Pod } from "../../workloads/kinds.ts";
import { timeMs, timestamp } from "../../workloads/kinds.ts";
import { isTerminating, phaseOf } from "../../workloads/pods.ts";
import type { Job, JobCondition } from "../kinds.ts";
import { remainingMs } from "./backoff.ts";
import { countIndexes, firstMissing, mergeIndexes, withIndexes } from "./indexes.ts";
import {
  allIndexFailures,
  finishedAtMs,
  indexFailures,
  indexOf,
  isIndexed,
  newPod,
  replacesOnlyFailed,
} from "./pods.ts";
import { failJobMessage, judgeFailure, successMessage } from "./policies.ts";
import type { JobView } from "./view.ts";

/** How many pods one look at a job makes or deletes at most; as in kube-controller-manager. */
const podsPerSyncMax = 500;

/** What is to happen to a job's pods. */
export type Plan = {
  /** What the job comes to: `FailureTarget` and `SuccessCriteriaMet` when that is new, else `Failed`. */
  ending?: JobCondition;
  remove: Pod[];
  /** Pods of a job that ends are still to be counted when they are gone. */
  keepFinalizers: boolean;
  create: Pod[];
  /** Whether the number of pods was looked after, so that the job is or is no more suspended. */
  managed: boolean;
  /** Milliseconds until something is due. */
  afterMs?: number;
};

export function planJob(view: JobView): Plan {
  const { job, active } = view;
  const ending = endingOf(view);
  if (ending !== undefined) return { ending, remove: active, keepFinalizers: true, create: [], managed: false };
  const managed = job.metadata.deletionTimestamp === undefined;
  const pods = managed ? planPods(view) : { remove: [], create: [] };
  const waits = [pods.afterMs, untilDeadlineMs(view)].filter((wait) => wait !== undefined);
  return {
    remove: pods.remove,
    create: pods.create,
    keepFinalizers: false,
    managed,
    ...(waits.length > 0 && { afterMs: Math.min(...waits) }),
  };
}

export function newCondition(type: string, reason: string, message: string, now: Date): JobCondition {
  const at = timestamp(now);
  return { type, status: "True", lastProbeTime: at, lastTransitionTime: at, reason, message };
}

export function trueCondition({ status }: Job, type: string): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === "True");
}

/** What was decided before stands; then failure comes before success. */
function endingOf(view: JobView): JobCondition | undefined {
  const { job, pods, now } = view;
  const met = trueCondition(job, "SuccessCriteriaMet");
  if (met !== undefined) return met;
  const target = trueCondition(job, "FailureTarget");
  if (target !== undefined) return newCondition("Failed", target.reason ?? "", target.message ?? "", now);
  const failure = failureOf(view, failJobMessage(job, pods));
  if (failure !== undefined) return newCondition("FailureTarget", failure.reason, failure.message, now);
  const success = isIndexed(job) ? successMessage(job.spec, view.succeededIndexes) : undefined;
  return success === undefined ? undefined : newCondition("SuccessCriteriaMet", "SuccessPolicy", success, now);
}

function failureOf(view: JobView, policyMessage?: string): { reason: string; message: string } | undefined {
  const { spec } = view.job;
  if (policyMessage !== undefined) return { reason: "PodFailurePolicy", message: policyMessage };
  if (view.failed > (spec.backoffLimit ?? 0) || restartsExceed(view))
    return { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
  const leftMs = untilDeadlineMs(view);
  if (leftMs !== undefined && leftMs <= 0)
    return { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
  const failed = countIndexes(view.failedIndexes ?? []);
  if (spec.maxFailedIndexes !== undefined && failed > spec.maxFailedIndexes) {
    const message = "Job has exceeded the specified maximal number of failed indexes";
    return { reason: "MaxFailedIndexesExceeded", message };
  }
  if (failed > 0 && failed + countIndexes(view.succeededIndexes) >= (spec.completions ?? 0))
    return { reason: "FailedIndexes", message: "Job has failed indexes" };
  return undefined;
}

/** Containers that are restarted in place count instead of pods. */
function restartsExceed({ job, pods }: JobView): boolean {
  if (job.spec.template.spec["restartPolicy"] !== "OnFailure") return false;
  const running = pods.filter((pod) => ["Running", "Pending"].includes(phaseOf(pod)));
  const restarts = running
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  const { backoffLimit = 0 } = job.spec;
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

/** A job that is only now starting has all of its time before it. */
function untilDeadlineMs({ job: { spec, status }, now }: JobView): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || spec.suspend === true) return undefined;
  const startMs = timeMs(status?.startTime) ?? now.getTime();
  return startMs + spec.activeDeadlineSeconds * 1000 - now.getTime();
}

type PodPlan = { remove: Pod[]; create: Pod[]; afterMs?: number };

function planPods(view: JobView): PodPlan {
  const { job, active, succeeded, now } = view;
  const { suspend, completions, parallelism = 0 } = job.spec;
  if (suspend === true) return { remove: surplus(view, active.length), create: [] };
  const wanted =
    completions === undefined
      ? succeeded > 0
        ? active.length
        : parallelism
      : Math.max(0, Math.min(completions - succeeded, parallelism));
  const remove = surplus(view, Math.max(0, active.length - wanted)).slice(0, podsPerSyncMax);
  if (remove.length > 0) return { remove, create: [] };
  const missing = wanted - active.length - (replacesOnlyFailed(job) ? view.terminating : 0);
  if (missing <= 0) return { remove, create: [] };
  const waitMs = view.failedIndexes === undefined ? remainingMs(view.backoff, now) : 0;
  if (waitMs > 0) return { remove, create: [], afterMs: waitMs };
  const count = Math.min(missing, podsPerSyncMax);
  if (isIndexed(job)) return planIndexes(view, count);
  return { remove, create: new Array<Pod>(count).fill(newPod(job)) };
}

function planIndexes(view: JobView, count: number): PodPlan {
  const { job, active, pods, succeededIndexes, failedIndexes, successors, now } = view;
  const held = replacesOnlyFailed(job) ? pods.filter((pod) => isTerminating(pod) && !isEnded(pod)) : [];
  const taken = [...active, ...held].map((pod) => indexOf(pod)).filter((index) => index !== undefined);
  const done = mergeIndexes(withIndexes(succeededIndexes, taken), failedIndexes ?? []);
  const missing = firstMissing(done, count, job.spec.completions ?? 0);
  if (failedIndexes === undefined) return { remove: [], create: missing.map((index) => newPod(job, index)) };
  const waits = missing.map((index) => ({ index, waitMs: indexWaitMs(successors.get(index), now) }));
  const due = waits.filter(({ waitMs }) => waitMs === 0);
  if (due.length === 0) return { remove: [], create: [], afterMs: Math.min(...waits.map(({ waitMs }) => waitMs)) };
  const create = due.map(({ index }) => newPod(job, index, failuresBefore(job, successors.get(index))));
  return { remove: [], create };
}

function isEnded(pod: Pod): boolean {
  return phaseOf(pod) === "Succeeded" || phaseOf(pod) === "Failed";
}

function indexWaitMs(failed: Pod | undefined, now: Date): number {
  if (failed === undefined) return 0;
  return remainingMs({ failures: allIndexFailures(failed) + 1, lastFailureMs: finishedAtMs(failed) }, now);
}

function failuresBefore(job: Job, failed: Pod | undefined): { counted: number; ignored: number } {
  if (failed === undefined) return { counted: 0, ignored: 0 };
  const ignored = allIndexFailures(failed) - indexFailures(failed);
  const { counted } = judgeFailure(job.spec.podFailurePolicy, failed);
  return { counted: indexFailures(failed) + (counted ? 1 : 0), ignored: ignored + (counted ? 0 : 1) };
}

/** Pods to delete: at least so many, and of an Indexed job every one with no index of its own. */
function surplus({ job, active, now }: JobView, atLeast: number): Pod[] {
  if (!isIndexed(job)) return podsToDelete(active, [], atLeast, now);
  const byIndex = Map.groupBy(active, (pod) => indexOf(pod, job));
  const remove = [...(byIndex.get(undefined) ?? [])];
  const left: Pod[] = [];
  for (const [index, pods] of byIndex) {
    if (index === undefined) continue;
    const ordered = podsToDelete(pods, [], pods.length, now);
    const extra = podsToDelete(pods, [], pods.length - 1, now);
    remove.push(...extra);
    left.push(...ordered.filter((pod) => !extra.includes(pod)));
  }
  return [...remove, ...podsToDelete(left, [], Math.max(0, atLeast - remove.length), now)];
}
