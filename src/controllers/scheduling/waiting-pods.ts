import { type Pod, timeText } from "../compute/pod.ts";
import { priorityOf } from "./preemption.ts";
import type { Cause } from "./refusal.ts";

/** kube-scheduler's back-off for a pod that was tried in vain: one second, doubling, up to ten. The first retry is free. */
const backOffFirstMs = 1000;
const backOffMaxMs = 10_000;

type Waiting = { pod: Pod; attempts: number; causes: ReadonlySet<Cause> | undefined; notBeforeMs: number };

/** Pods without a node: those to be tried, in the order of their priority and age, and those that wait for a change. */
export type WaitingPods = {
  /** A pod that is new or has changed is tried at once. */
  put(pod: Pod): void;
  /** It has changed in what does not decide about its place. */
  refresh(pod: Pod): void;
  delete(uid: string): void;
  /** The next one to try; it is in neither group until it is put back. */
  next(nowMs: number): Pod | undefined;
  /** It has been tried in vain. */
  park(pod: Pod, causes: ReadonlySet<Cause>, nowMs: number): void;
  /** Something has changed that may help pods that wait because of it. */
  wake(cause: Cause): void;
  /** Milliseconds until the next one may be tried; `undefined` when all wait for a change. */
  dueInMs(nowMs: number): number | undefined;
};

export function createWaitingPods(): WaitingPods {
  const all = new Map<string, Waiting>();
  /** Those of them that are to be tried, once sorted with the next at the end, and some that are no longer; gone when there are more. */
  let order: string[] | undefined;

  const isActive = ({ causes }: Waiting) => causes === undefined;
  const sorted = () => {
    order ??= [...all]
      .filter(([, waiting]) => isActive(waiting))
      .sort(([, a], [, b]) => compare(a.pod, b.pod))
      .map(([uid]) => uid);
    return order;
  };
  return {
    put(pod) {
      const { uid = "" } = pod.metadata;
      const before = all.get(uid);
      all.set(uid, { pod, attempts: before?.attempts ?? 0, causes: undefined, notBeforeMs: before?.notBeforeMs ?? 0 });
      order = undefined;
    },
    refresh(pod) {
      const waiting = all.get(pod.metadata.uid ?? "");
      if (waiting !== undefined) waiting.pod = pod;
    },
    delete: (uid) => void all.delete(uid),
    next(nowMs) {
      const pods = sorted();
      for (let index = pods.length - 1; index >= 0; index--) {
        const uid = pods[index] ?? "";
        const waiting = all.get(uid);
        if (waiting !== undefined && isActive(waiting) && waiting.notBeforeMs > nowMs) continue;
        pods.splice(index, 1);
        if (waiting === undefined || !isActive(waiting)) continue;
        waiting.causes = new Set();
        return waiting.pod;
      }
      return undefined;
    },
    park(pod, causes, nowMs) {
      const { uid = "" } = pod.metadata;
      const attempts = (all.get(uid)?.attempts ?? 0) + 1;
      const waitMs = attempts === 1 ? 0 : Math.min(backOffFirstMs * 2 ** (attempts - 2), backOffMaxMs);
      all.set(uid, { pod, attempts, causes, notBeforeMs: nowMs + waitMs });
    },
    wake(cause) {
      for (const waiting of all.values()) {
        if (waiting.causes?.has(cause) !== true) continue;
        waiting.causes = undefined;
        order = undefined;
      }
    },
    dueInMs(nowMs) {
      let earliest: number | undefined;
      for (const uid of sorted()) {
        const waiting = all.get(uid);
        if (waiting === undefined || !isActive(waiting)) continue;
        const inMs = Math.max(0, waiting.notBeforeMs - nowMs);
        if (earliest === undefined || inMs < earliest) earliest = inMs;
      }
      return earliest;
    },
  };
}

/** Positive when `a` comes before `b`. */
function compare(a: Pod, b: Pod): number {
  const age = (pod: Pod) => pod.metadata.creationTimestamp ?? timeText(0);
  const older =
    age(a) < age(b)
      ? 1
      : age(a) > age(b)
        ? -1
        : Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion);
  return priorityOf(a) - priorityOf(b) || older;
}
