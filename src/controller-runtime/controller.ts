import { isStatusError } from "../apimachinery/index.ts";
import { backoffMs, errorText, type Log } from "../lib/index.ts";

/** What a reconcile found; an error that is thrown counts as `retry` with growing waits. */
export type Result =
  | { state: "done" }
  /** Look again after this time even if nothing happens. */
  | { state: "again"; afterMs: number }
  /** It failed for a reason that may go away; the wait grows with each failure in a row unless `afterMs` is given. */
  | { state: "retry"; reason: string; afterMs?: number };

export type ControllerOptions = {
  /** Names the controller in logs. */
  name: string;
  reconcile: (key: string, signal: AbortSignal) => Promise<Result>;
  /** How many keys are reconciled at the same time; one key never twice at once. */
  concurrency?: number;
  log: Log;
};

export type Controller = AsyncDisposable & {
  /** Reconciles a key soon, or after a wait; a key that is queued already is not queued twice, the earlier time wins. */
  enqueue(key: string, afterMs?: number): void;
  /** Resolves when nothing is queued for now and nothing runs; keys that wait for a later time do not count. */
  idle(): Promise<void>;
};

/** client-go's default controller rate limiter: 5 ms doubling; the longest wait is cut from its 1000 s to half a minute. */
const retryFirstMs = 5;
const retryMaxMs = 30_000;
/** What a timer can wait; a longer wait is one of this length, and the reconcile then says how long to go on. */
const timerMsMax = 2 ** 31 - 1;
/** Whatever comes sooner would see the same: what is written is not published before a turn of the event loop has ended. */
const turnMs = 1;

/** Reconciles that begin in one turn of the event loop: those that never wait for anything would keep all others from theirs. */
const startsPerTurnMax = 100;

/** Runs a work queue of keys: each is reconciled once at a time, again when it was queued meanwhile, later when it failed. */
export function startController(options: ControllerOptions): Controller {
  const { name, reconcile, log } = options;
  const concurrency = options.concurrency ?? 4;
  const stop = new AbortController();
  const ready = new Set<string>();
  const running = new Set<string>();
  const timers = new Map<string, { atMs: number; timer: NodeJS.Timeout }>();
  const failures = new Map<string, number>();
  let idleWaiters: (() => void)[] = [];
  let starts = 0;

  const enqueue = (key: string, sentMs = 0) => {
    if (stop.signal.aborted || ready.has(key)) return;
    if (Number.isNaN(sentMs)) log.error("A time to wait is no number", { controller: name, key });
    const afterMs = Number.isNaN(sentMs) ? retryMaxMs : Math.min(sentMs, timerMsMax);
    const atMs = performance.now() + afterMs;
    const waiting = timers.get(key);
    if (waiting !== undefined) {
      if (waiting.atMs <= atMs) return;
      clearTimeout(waiting.timer);
      timers.delete(key);
    }
    if (afterMs > 0) {
      const timer = setTimeout(() => {
        timers.delete(key);
        enqueue(key);
      }, afterMs);
      timers.set(key, { atMs, timer });
      return;
    }
    ready.add(key);
    queueMicrotask(pump);
  };
  const pump = () => {
    for (const key of ready) {
      if (running.size >= concurrency) return;
      if (starts >= startsPerTurnMax) return;
      if (running.has(key)) continue;
      ready.delete(key);
      running.add(key);
      if (starts++ === 0) {
        setImmediate(() => {
          starts = 0;
          pump();
        });
      }
      void work(key);
    }
    if (ready.size === 0 && running.size === 0) {
      for (const resolve of idleWaiters) resolve();
      idleWaiters = [];
    }
  };
  const work = async (key: string) => {
    const result = await reconcile(key, stop.signal).catch((error: unknown): Result => {
      // Somebody else was faster: what to do is decided again with what they wrote.
      const isRace = isStatusError(error, "Conflict");
      if (!isRace && !stop.signal.aborted) {
        log.warn("Reconcile failed", { controller: name, key, why: errorText(error), error });
      }
      return { state: "retry", reason: errorText(error) };
    });
    running.delete(key);
    if (!stop.signal.aborted) schedule(key, result);
    pump();
  };
  const schedule = (key: string, result: Result) => {
    switch (result.state) {
      case "done":
        failures.delete(key);
        return;
      case "again":
        failures.delete(key);
        enqueue(key, Math.max(turnMs, result.afterMs));
        return;
      case "retry": {
        const count = (failures.get(key) ?? 0) + 1;
        failures.set(key, count);
        // The first failure tells why; those after it would say the same, at growing distances.
        log[count === 1 ? "info" : "debug"]("Reconcile will be tried again", {
          controller: name,
          key,
          why: result.reason,
        });
        enqueue(key, Math.max(turnMs, result.afterMs ?? backoffMs(count, retryFirstMs, retryMaxMs)));
      }
    }
  };
  const idle = async () => {
    if (ready.size === 0 && running.size === 0) return;
    await new Promise<void>((resolve) => idleWaiters.push(resolve));
  };
  return {
    enqueue,
    idle,
    async [Symbol.asyncDispose]() {
      stop.abort();
      ready.clear();
      for (const { timer } of timers.values()) clearTimeout(timer);
      timers.clear();
      await idle();
    },
  };
}
