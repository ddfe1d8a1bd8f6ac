import type { Pod } from "../../workloads/kinds.ts";
import { finishedAtMs } from "./pods.ts";

/** Waits between failing pods of a job, from the first to the longest; as in kube-controller-manager. */
const firstWaitMs = 10_000;
const longestWaitMs = 600_000;

/** How often pods have failed since the last one that succeeded, and when one last did. */
export type Backoff = { failures: number; lastFailureMs?: number };

/** Takes pods into account that have ended and were not counted before. */
export function updateBackoff(before: Backoff, succeeded: readonly Pod[], failed: readonly Pod[]): Backoff {
  if (succeeded.length === 0 && failed.length === 0) return before;
  const lastSuccessMs = Math.max(...succeeded.map(finishedAtMs), Number.NEGATIVE_INFINITY);
  const since = failed.map(finishedAtMs).filter((endMs) => endMs > lastSuccessMs);
  const failures = (succeeded.length === 0 ? before.failures : 0) + since.length;
  return since.length === 0 ? { failures } : { failures, lastFailureMs: Math.max(...since) };
}

/** Milliseconds until the next pod may be made; 0 when it may be now. */
export function remainingMs({ failures, lastFailureMs }: Backoff, now: Date): number {
  if (failures === 0 || lastFailureMs === undefined) return 0;
  const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(0, lastFailureMs + waitMs - now.getTime());
}
