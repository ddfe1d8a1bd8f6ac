import { type Calls, type ProcessLimits, type RenderProcess, StoppedError, startProcess } from "./render-process.ts";

/**
 * @property workers processes at most
 * @property waitingMax jobs that wait for a process; each holds what it is to render
 * @property idleMs after which processes without work are ended
 */
export type PoolLimits = { workers: number; waitingMax: number; idleMs: number };

/** Processes that share what is to be done. The first one gets as much as it can, since it has the charts already. */
export type Pool = AsyncDisposable & {
  run(kind: "helm" | "kustomize", input: unknown, calls: Calls, signal?: AbortSignal): Promise<unknown>;
};

/** A further process is started when a job has waited for so long: starting one takes longer than most jobs. */
const patienceMs = 200;

type Job = { start: (process: RenderProcess) => void };
type Started = { wasNew: boolean; result: Promise<unknown> };

/** @param events.onEmpty told when the last process has been ended */
export function createPool(limits: ProcessLimits & PoolLimits, events: { onEmpty: () => void }): Pool {
  const processes: RenderProcess[] = [];
  const waiting: Job[] = [];
  let isDisposed = false;
  let patience: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;

  const endAll = async () => {
    const ended = processes.splice(0);
    events.onEmpty();
    await Promise.all(ended.map((process) => process[Symbol.asyncDispose]()));
  };

  /** Gives waiting jobs to processes that are free, and looks after their number. */
  const pump = (mayGrow = false): void => {
    clearTimeout(idle);
    for (const process of processes.filter(({ isAlive }) => !isAlive)) processes.splice(processes.indexOf(process), 1);
    for (;;) {
      const [job] = waiting;
      const free = processes.find(({ isBusy }) => !isBusy);
      if (job === undefined) break;
      if (free === undefined && processes.length > 0 && !(mayGrow && processes.length < limits.workers)) break;
      waiting.shift();
      mayGrow &&= free !== undefined;
      if (free === undefined) processes.push(startProcess(limits));
      const process = free ?? processes.at(-1);
      if (process !== undefined) job.start(process);
    }
    const isShort = waiting.length > 0 && processes.length < limits.workers;
    if (!isShort) {
      clearTimeout(patience);
      patience = undefined;
    } else {
      patience ??= setTimeout(() => {
        patience = undefined;
        pump(true);
      }, patienceMs);
    }
    if (processes.length > 0 && processes.every(({ isBusy }) => !isBusy))
      idle = setTimeout(() => void endAll(), limits.idleMs).unref();
  };

  /** Waits for a process, and gives it the job. */
  const begin = async (
    run: (process: RenderProcess) => Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<Started> => {
    if (waiting.length >= limits.waitingMax)
      throw new Error(`Cannot render: ${waiting.length} others are waiting already`);
    const turn = Promise.withResolvers<Started>();
    const job: Job = {
      start(process) {
        const wasNew = process.jobs === 0;
        // What cannot be sent to the process is the job's failure too.
        const result = (async () => await run(process))();
        const next = () => {
          if (!isDisposed) pump();
        };
        result.then(next, next);
        turn.resolve({ wasNew, result });
      },
    };
    const leave = () => {
      const at = waiting.indexOf(job);
      if (at >= 0) waiting.splice(at, 1);
      turn.reject(signal?.reason);
    };
    signal?.addEventListener("abort", leave);
    waiting.push(job);
    pump();
    return await turn.promise.finally(() => signal?.removeEventListener("abort", leave));
  };

  return {
    async run(kind, input, calls, signal) {
      signal?.throwIfAborted();
      if (isDisposed) throw new Error("Cannot render: Skiff is stopping");
      const give = (process: RenderProcess) => process.run(kind, input, calls);
      const { result, wasNew } = await begin(give, signal);
      try {
        return await abandonable(result, signal);
      } catch (error) {
        // Charts that were rendered before may have filled the memory; a new process tells.
        if (!(error instanceof StoppedError) || error.why !== "memory" || wasNew || isDisposed) throw error;
        return await abandonable((await begin(give, signal)).result, signal);
      }
    },

    async [Symbol.asyncDispose]() {
      isDisposed = true;
      clearTimeout(patience);
      clearTimeout(idle);
      await endAll();
    },
  };
}

/** Stops waiting when the signal fires. What has begun goes on to its end, which is not far. */
async function abandonable<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await result;
  signal.throwIfAborted();
  const gone = Promise.withResolvers<never>();
  const leave = () => gone.reject(signal.reason);
  signal.addEventListener("abort", leave);
  try {
    return await Promise.race([result, gone.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
