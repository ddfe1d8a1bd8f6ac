import { cloneJson, itemsAt, textAt } from "../../../apimachinery/index.ts";
import { type Pod, timeMs } from "../../workloads/kinds.ts";
import { isTerminating, phaseOf, podFromTemplate, readyCondition } from "../../workloads/pods.ts";
import { completionIndexKey, type Job, jobs, trackingFinalizer } from "../kinds.ts";

/** How often pods of this index have failed, and how often that was ignored by the pod failure policy. */
const failureCountKey = "batch.kubernetes.io/job-index-failure-count";
const ignoredFailureCountKey = "batch.kubernetes.io/job-index-ignored-failure-count";
const indexVariable = "JOB_COMPLETION_INDEX";

/** Longest name that the API server puts its five random characters behind. */
const generateNameLengthMax = 58;

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === "Indexed";
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** The completion index of a pod; `undefined` for one without or beyond the completions. */
export function indexOf(pod: Pod, job?: Job): number | undefined {
  const text = pod.metadata.annotations?.[completionIndexKey] ?? "";
  if (!/^\+?\d+$/.test(text)) return undefined;
  const index = Number(text);
  return job === undefined || index < (job.spec.completions ?? 0) ? index : undefined;
}

/** Whether a pod counts for its job at all: every one, and of an Indexed job those with an index. */
export function counts(pod: Pod, job: Job): boolean {
  return !isIndexed(job) || indexOf(pod, job) !== undefined;
}

/** Pods that are being deleted are replaced only when they have ended. */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec.podReplacementPolicy === "Failed" || spec.podFailurePolicy !== undefined;
}

/** A pod that is being deleted has failed, as it might never come to say so; unless the job waits for that. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (phaseOf(pod) === "Failed") return true;
  return !replacesOnlyFailed(job) && isTerminating(pod) && phaseOf(pod) !== "Succeeded";
}

/** Failures of a pod's index that count towards the limit per index. */
export function indexFailures(pod: Pod): number {
  return annotatedCount(pod, failureCountKey);
}

export function allIndexFailures(pod: Pod): number {
  return indexFailures(pod) + annotatedCount(pod, ignoredFailureCountKey);
}

function annotatedCount({ metadata }: Pod, key: string): number {
  const text = metadata.annotations?.[key] ?? "";
  return /^\+?\d+$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : 0;
}

/** When a pod ended: with its last container, else when it stopped being ready, else when it was deleted. Milliseconds. */
export function finishedAtMs(pod: Pod): number {
  const sidecars = itemsAt(pod.spec, "initContainers")
    .filter(({ restartPolicy }) => restartPolicy === "Always")
    .map((container) => textAt(container, "name"));
  const ends = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.includes(name)),
  ].map((status) => timeMs(textAt(status, "state", "terminated", "finishedAt")));
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...ends);
  const ready = readyCondition(pod);
  const unreadyAt = ready?.status === "False" ? timeMs(ready.lastTransitionTime) : undefined;
  const deletedAt = timeMs(pod.metadata.deletionTimestamp);
  const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return (
    unreadyAt ??
    (deletedAt === undefined ? undefined : deletedAt - graceMs) ??
    timeMs(pod.metadata.creationTimestamp) ??
    0
  );
}

/**
 * The pod that a job makes.
 *
 * @param index of an Indexed job
 * @param failures what the failures of this index have come to, when they are limited per index
 */
export function newPod(job: Job, index?: number, failures?: { counted: number; ignored: number }): Pod {
  const pod = podFromTemplate(jobs, job, job.spec.template);
  const { metadata } = pod;
  const finalizers = metadata.finalizers ?? [];
  metadata.finalizers = finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer];
  if (index === undefined) return pod;
  metadata.annotations = { ...metadata.annotations, [completionIndexKey]: String(index) };
  metadata.labels = { ...metadata.labels, [completionIndexKey]: String(index) };
  metadata.generateName = indexedPrefix(job.metadata.name ?? "", index);
  if (failures !== undefined) {
    metadata.annotations[failureCountKey] = String(failures.counted);
    if (failures.ignored > 0) metadata.annotations[ignoredFailureCountKey] = String(failures.ignored);
  }
  pod.spec["hostname"] = `${job.metadata.name}-${index}`;
  for (const container of [...itemsAt(pod.spec, "initContainers"), ...itemsAt(pod.spec, "containers")]) {
    const env = itemsAt(container, "env");
    if (env.some(({ name }) => name === indexVariable)) continue;
    const fieldRef = { fieldPath: `metadata.labels['${completionIndexKey}']` };
    container["env"] = [...cloneJson(env), { name: indexVariable, valueFrom: { fieldRef } }];
  }
  return pod;
}

function indexedPrefix(name: string, index: number): string {
  const suffix = `-${index}-`;
  return `${name.slice(0, generateNameLengthMax - suffix.length)}${suffix}`;
}
