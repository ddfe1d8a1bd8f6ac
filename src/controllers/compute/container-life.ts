import type { Simulation } from "./simulation.ts";

/** Where one container is in its life at one moment; times in milliseconds since the epoch. */
export type ContainerMoment = {
  state: "waiting" | "running" | "ended" | "crash-loop";
  restarts: number;
  /** When it started last, and when it ended last, which for one that runs is the time before. */
  startedMs: number;
  endedMs: number;
  /** When what ended last had started. */
  previousMs: number;
  /** How it ended last; absent when it never did. */
  exitCode?: number;
  ready: boolean;
  /** When this changes by itself; `Infinity` is never. */
  nextMs: number;
};

/** kubelet's crash loop: at once, then 10 s, doubling, up to five minutes; forgotten after ten minutes of running. */
const backOffFirstMs = 10_000;
const backOffMaxMs = 300_000;
const backOffForgottenMs = 600_000;

const never = Number.POSITIVE_INFINITY;

export function notStarted(nextMs: number): ContainerMoment {
  return { state: "waiting", restarts: 0, startedMs: never, endedMs: never, previousMs: never, ready: false, nextMs };
}

/**
 * The life of one container that starts at a moment: it runs, ends, and is started again as the restart policy says.
 */
export function containerAt(
  nowMs: number,
  fromMs: number,
  { runMs, readyMs, exitCode }: Pick<Simulation, "runMs" | "readyMs" | "exitCode">,
  restarts: (exitCode: number) => boolean,
): ContainerMoment {
  if (nowMs < fromMs) return notStarted(fromMs);
  let startedMs = fromMs;
  let count = 0;
  const again = restarts(exitCode);
  for (;;) {
    const endedMs = startedMs + runMs;
    if (nowMs < endedMs) {
      const readyAtMs = startedMs + readyMs;
      const ready = nowMs >= readyAtMs;
      const lastMs = count > 0 ? startedMs - waitMs(count, runMs) : never;
      return {
        state: "running",
        restarts: count,
        startedMs,
        endedMs: lastMs,
        previousMs: lastMs - runMs,
        ...(count > 0 ? { exitCode } : {}),
        ready,
        nextMs: ready ? endedMs : Math.min(readyAtMs, endedMs),
      };
    }
    const moment = { restarts: count, startedMs, endedMs, previousMs: startedMs, exitCode, ready: false };
    if (!again) return { ...moment, state: "ended", nextMs: never };
    const nextMs = endedMs + waitMs(count + 1, runMs);
    if (nowMs < nextMs) return { ...moment, state: "crash-loop", nextMs };
    ({ startedMs, count } = skipAhead(nowMs, nextMs, count + 1, runMs));
  }
}

/** From the longest wait on all rounds are alike: those that are over are counted, not played. */
function skipAhead(
  nowMs: number,
  startedMs: number,
  count: number,
  runMs: number,
): { startedMs: number; count: number } {
  const roundMs = runMs + waitMs(count + 1, runMs);
  const isSteady = waitMs(count + 1, runMs) === waitMs(count + 2, runMs) && roundMs > 0;
  const rounds = isSteady ? Math.floor((nowMs - startedMs) / roundMs) : 0;
  return { startedMs: startedMs + rounds * roundMs, count: count + rounds };
}

/** How long the `count`th restart is waited for. */
function waitMs(count: number, runMs: number): number {
  if (count <= 1 || runMs >= backOffForgottenMs) return 0;
  return Math.min(backOffFirstMs * 2 ** (count - 2), backOffMaxMs);
}
