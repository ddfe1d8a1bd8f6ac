import type { KubeObject, LabelSelectorObject, ObjectMeta } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import type { PodTemplate } from "../workloads/kinds.ts";

const batch = (resource: string, kind: string): Resource => ({
  group: "batch",
  version: "v1",
  resource,
  kind,
  namespaced: true,
});
export const jobs = batch("jobs", "Job");
export const cronJobs = batch("cronjobs", "CronJob");

/** Who a pod's finalizer waits for: the job that has yet to count it. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
export const completionIndexKey = "batch.kubernetes.io/job-completion-index";

export type JobCondition = {
  type: string;
  status: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string | null;
  reason?: string;
  message?: string;
};

export type FailurePolicyRule = {
  action: string;
  onExitCodes?: { containerName?: string; operator: string; values?: number[] };
  onPodConditions?: { type: string; status: string }[];
};
export type SuccessPolicyRule = { succeededIndexes?: string; succeededCount?: number };

export type JobSpec = {
  parallelism?: number;
  completions?: number;
  completionMode?: string;
  activeDeadlineSeconds?: number;
  backoffLimit?: number;
  backoffLimitPerIndex?: number;
  maxFailedIndexes?: number;
  podFailurePolicy?: { rules?: FailurePolicyRule[] };
  successPolicy?: { rules?: SuccessPolicyRule[] };
  podReplacementPolicy?: string;
  selector?: LabelSelectorObject;
  suspend?: boolean;
  ttlSecondsAfterFinished?: number;
  managedBy?: string;
  template: PodTemplate;
};

export type JobStatus = {
  conditions?: JobCondition[];
  startTime?: string;
  completionTime?: string;
  active?: number;
  ready?: number;
  terminating?: number;
  succeeded?: number;
  failed?: number;
  completedIndexes?: string;
  failedIndexes?: string;
  uncountedTerminatedPods?: { succeeded?: string[]; failed?: string[] };
};

export type Job = KubeObject & { spec: JobSpec; status?: JobStatus };

export type ObjectReference = {
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiVersion?: string;
  resourceVersion?: string;
};

export type CronJob = KubeObject & {
  spec: {
    schedule: string;
    timeZone?: string;
    startingDeadlineSeconds?: number;
    concurrencyPolicy?: string;
    suspend?: boolean;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: { metadata?: Pick<ObjectMeta, "labels" | "annotations">; spec: JobSpec };
  };
  status?: { active?: ObjectReference[]; lastScheduleTime?: string; lastSuccessfulTime?: string };
};

/** The condition that says that a job is over, `Complete` or `Failed`. */
export function finishedCondition(job: Job): JobCondition | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
}

/** Some other program looks after this job. */
export function isManagedElsewhere({ spec }: Job): boolean {
  return spec.managedBy !== undefined && spec.managedBy !== "kubernetes.io/job-controller";
}
