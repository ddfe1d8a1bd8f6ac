import type { Pod } from "../../workloads/kinds.ts";
import { isActive, isReady, isTerminal, isTerminating, phaseOf } from "../../workloads/pods.ts";
import type { Job } from "../kinds.ts";
import { type Backoff, updateBackoff } from "./backoff.ts";
import { countIndexes, hasIndex, type Indexes, parseIndexes, withIndexes } from "./indexes.ts";
import {
  allIndexFailures,
  counts,
  finishedAtMs,
  hasFailed,
  indexFailures,
  indexOf,
  isIndexed,
  isTracked,
} from "./pods.ts";
import { judgeFailure } from "./policies.ts";

/** What is known about a job when it is looked at. */
export type Observed = {
  job: Job;
  /** The pods that are the job's. */
  pods: readonly Pod[];
  /** Pods, by uid, whose finalizer has been taken away although the cache may not show it yet. */
  released: ReadonlySet<string>;
  backoff: Backoff;
  now: Date;
};

/** What follows from it. */
export type JobView = Observed & {
  active: Pod[];
  ready: number;
  terminating: number;
  /** Pods that have not been counted, or whose finalizer is still to go. */
  tracked: Pod[];
  succeeded: number;
  failed: number;
  succeededBefore: Indexes;
  succeededIndexes: Indexes;
  /** Only with a limit of failures per index. */
  failedIndexes?: Indexes;
  /** Failed pods, by index, that stay until their successor carries on their count. */
  successors: ReadonlyMap<number, Pod>;
};

export function viewJob(observed: Observed): JobView {
  const { job, pods, released } = observed;
  const { spec, status = {} } = job;
  const uncounted = { succeeded: new Set(status.uncountedTerminatedPods?.succeeded), failed: uncountedFailed(job) };
  const active = pods.filter(isActive);
  const tracked = pods.filter((pod) => isTracked(pod) && !released.has(pod.metadata.uid ?? ""));
  const counting = tracked.filter((pod) => counts(pod, job));
  const isNew = (known: ReadonlySet<string>) => (pod: Pod) => !known.has(pod.metadata.uid ?? "");
  const succeededPods = counting.filter(isNew(uncounted.succeeded)).filter((pod) => phaseOf(pod) === "Succeeded");
  const failedPods = counting.filter(isNew(uncounted.failed)).filter((pod) => hasFailed(pod, job));
  const counted = failedPods.filter((pod) => judgeFailure(spec.podFailurePolicy, pod).counted);
  const before = parseIndexes(status.completedIndexes ?? "", spec.completions ?? 0);
  const now = pods.filter((pod) => phaseOf(pod) === "Succeeded" && isTracked(pod)).map((pod) => indexOf(pod, job));
  const succeededIndexes = withIndexes(
    before,
    now.filter((index) => index !== undefined),
  );
  const view: JobView = {
    ...observed,
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)).length,
    tracked,
    succeeded: isIndexed(job)
      ? countIndexes(succeededIndexes)
      : (status.succeeded ?? 0) + succeededPods.length + uncounted.succeeded.size,
    failed: (status.failed ?? 0) + counted.length + uncounted.failed.size,
    succeededBefore: before,
    succeededIndexes,
    successors: new Map(),
    backoff: updateBackoff(observed.backoff, succeededPods, failedPods),
  };
  return isIndexed(job) && spec.backoffLimitPerIndex !== undefined ? withFailedIndexes(view, counting) : view;
}

export function uncountedFailed({ status }: Job): Set<string> {
  return new Set(status?.uncountedTerminatedPods?.failed);
}

function withFailedIndexes(view: JobView, counting: readonly Pod[]): JobView {
  const { job, pods, active, succeededIndexes } = view;
  const before = parseIndexes(job.status?.failedIndexes ?? "", job.spec.completions ?? 0);
  const now = pods.filter((pod) => isTracked(pod) && failsIndex(pod, job)).map((pod) => indexOf(pod, job));
  const failedIndexes = withIndexes(
    before,
    now.filter((index) => index !== undefined),
  );
  const running = new Set(active.map((pod) => indexOf(pod)));
  const successors = new Map<number, Pod>();
  for (const pod of counting) {
    const index = indexOf(pod, job);
    if (index === undefined || !hasFailed(pod, job) || running.has(index)) continue;
    if (hasIndex(succeededIndexes, index) || hasIndex(failedIndexes, index)) continue;
    const last = successors.get(index);
    if (last === undefined || isLater(pod, last)) successors.set(index, pod);
  }
  return { ...view, failedIndexes, successors };
}

function isLater(pod: Pod, other: Pod): boolean {
  return allIndexFailures(pod) >= allIndexFailures(other) && finishedAtMs(pod) >= finishedAtMs(other);
}

/** Whether this pod is one failure too many for its index. */
function failsIndex(pod: Pod, job: Job): boolean {
  if (!hasFailed(pod, job)) return false;
  const { action, counted } = judgeFailure(job.spec.podFailurePolicy, pod);
  return action === "FailIndex" || (counted && indexFailures(pod) >= (job.spec.backoffLimitPerIndex ?? 0));
}
