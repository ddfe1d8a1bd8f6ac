import type { OperationState, Retry } from "../../apis/index.ts";

/** Argo CD's defaults for `retry.backoff`. */
const firstWaitMs = 5_000;
const factorDefault = 2;
const longestWaitMs = 180_000;

/** How long a failed sync waits before attempt `retries + 1`. */
export function retryWaitMs({ backoff = {} }: Retry, retries: number): number {
  const first = parseDurationMs(backoff.duration) ?? firstWaitMs;
  const longest = parseDurationMs(backoff.maxDuration) ?? longestWaitMs;
  return Math.min(longest, first * (backoff.factor ?? factorDefault) ** retries);
}

/**
 * Ends an attempt: a failed one that may be tried again stays Running with a time at which it finished, any other is over.
 *
 * @param state with the phase and message that the attempt came to
 */
export function settleAttempt(state: OperationState, now: Date, wasTerminating: boolean): OperationState {
  if (state.phase === "Running" || state.phase === "Terminating") return state;
  const finishedAt = formatTime(now);
  if (state.phase === "Succeeded") return { ...state, finishedAt };
  const { retry = {} } = state.operation;
  const retries = state.retryCount ?? 0;
  const limit = retry.limit ?? 0;
  if (!wasTerminating && (limit < 0 || retries < limit)) {
    const retryAt = new Date(now.getTime() + retryWaitMs(retry, retries));
    const message = `${state.message ?? ""}. Retrying attempt #${retries + 1} at ${kitchenTime(retryAt)}.`;
    return { ...state, phase: "Running", finishedAt, retryCount: retries + 1, message };
  }
  const message = retries > 0 ? `${state.message ?? ""} (retried ${retries} times).` : state.message;
  return { ...state, finishedAt, ...(message !== undefined && { message }) };
}

/** When an operation that has failed begins its next attempt; `undefined` when it does not wait for one. */
export function nextAttemptAt({ phase, finishedAt, retryCount = 0, operation }: OperationState): Date | undefined {
  if (phase !== "Running" || finishedAt === undefined) return undefined;
  return new Date(Date.parse(finishedAt) + retryWaitMs(operation.retry ?? {}, retryCount - 1));
}

/** Begins the next attempt: what the last one did is forgotten. */
export function beginAttempt(state: OperationState): OperationState {
  const { finishedAt, syncResult, ...kept } = state;
  const refresh = state.operation.retry?.refresh === true;
  const { revision, revisions, ...sync } = state.operation.sync ?? {};
  return {
    ...kept,
    operation: refresh ? { ...state.operation, sync } : state.operation,
    message: `Retrying operation${refresh ? " with latest revisions" : ""}. Attempt #${state.retryCount ?? 0}`,
  };
}

const unitsMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Reads a duration as Go writes it, `1m30s`; a plain number means seconds. */
export function parseDurationMs(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g);
  return [...parts].reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitsMs[unit] ?? 0), 0);
}

/** The time of day as Go's `time.Kitchen` says it, `3:04PM`. */
function kitchenTime(time: Date): string {
  const hours = time.getHours();
  const minutes = String(time.getMinutes()).padStart(2, "0");
  return `${hours % 12 === 0 ? 12 : hours % 12}:${minutes}${hours < 12 ? "AM" : "PM"}`;
}

/** Kubernetes' times have whole seconds. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
