import { spawn } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { Socket } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createClock } from "./clock.ts";
import { errorFromData, errorToData } from "./error-data.ts";
import { createFrameReader, encodeFrame, type FromProcess } from "./frames.ts";

/**
 * What a process may take.
 *
 * @property stackMb for templates that include each other; no more than what systems give a process, which is 8
 * @property timeoutMs for one job, without the time in which it waits for answers
 * @property cacheBytes of content of charts that stay parsed
 */
export type ProcessLimits = { heapMb: number; stackMb: number; timeoutMs: number; cacheBytes: number };

/** Answers the questions of one job. */
export type Calls = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** A process has ended before its job: `why`, and what it was at, as far as it has said. */
export class StoppedError extends Error {
  readonly why: "memory" | "time" | "end";
  readonly chart: string;
  readonly template: string;
  constructor(why: StoppedError["why"], at: string, detail: string) {
    super(detail === "" ? "the renderer has ended" : `the renderer has ended: ${detail}`);
    this.why = why;
    [this.chart = "", this.template = ""] = at.split("\n");
  }
}

/**
 * A process that renders.
 *
 * @property jobs how many it has been given
 * @property run does one job; only when it is not busy. Throws {@link StoppedError} when the process has ended; what the job
 * itself throws keeps its class
 */
export type RenderProcess = AsyncDisposable & {
  readonly isBusy: boolean;
  readonly isAlive: boolean;
  readonly jobs: number;
  run(kind: "helm" | "kustomize", input: unknown, calls: Calls): Promise<unknown>;
};

/** Questions of one job. Waiting for an answer does not count as time, so there must be an end to them. */
const callsMax = 100_000;
/** For the start of a process, which takes a tenth of a second where nothing else is done. */
const startMs = 60_000;
/** For a process that has nothing to do to end by itself. */
const leaveMs = 2_000;
/** What a process says when it dies. */
const lastWordsMax = 16 * 1024;

/** @returns at once; the process has no socket, file or name but those to this one */
export function startProcess(limits: ProcessLimits): RenderProcess {
  // Built code has another ending, which only import statements are rewritten to.
  const worker = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url),
  );
  const args = [
    "--disable-warning=ExperimentalWarning",
    `--max-old-space-size=${limits.heapMb}`,
    `--stack-size=${Math.floor(limits.stackMb * 1000)}`,
    worker,
    String(limits.cacheBytes),
  ];
  // The directory for this version of Node is in the one that was asked for.
  const compileCache = getCompileCacheDir();
  const libraries = process.env["LD_LIBRARY_PATH"];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    cwd: "/",
    // Nothing else of ours: there are passwords in environments.
    env: {
      ...(compileCache !== undefined && { NODE_COMPILE_CACHE: dirname(compileCache) }),
      ...(libraries !== undefined && { LD_LIBRARY_PATH: libraries }),
    },
  });
  const { stderr } = child;
  const socket = child.stdio[3];
  if (!(socket instanceof Socket) || !(stderr instanceof Socket))
    throw new Error("Cannot start a process that renders: it has no socket");
  let lastWords = "";
  let at = "";
  let job: { result: PromiseWithResolvers<unknown>; calls: Calls; count: number } | undefined;
  let isAlive = true;
  let jobs = 0;
  let leaving: NodeJS.Timeout | undefined;
  const ended = Promise.withResolvers<void>();

  /** It holds this process up only while somebody waits for it. */
  const hold = (isHeld: boolean): void => {
    for (const part of [child, socket, stderr]) isHeld ? part.ref() : part.unref();
  };
  const finish = (settle: (result: PromiseWithResolvers<unknown>) => void): void => {
    const result = job?.result;
    job = undefined;
    clock.stop();
    hold(false);
    if (result !== undefined) settle(result);
  };
  const stop = (why: StoppedError["why"], detail = ""): void => {
    isAlive = false;
    clearTimeout(starting);
    child.kill("SIGKILL");
    finish(({ reject }) => reject(new StoppedError(why, at, detail)));
  };
  const clock = createClock(limits.timeoutMs, () => stop("time"));
  /** Runs until the process has started; what is to be done is waiting for it. */
  let starting: NodeJS.Timeout | undefined = setTimeout(
    () => stop("end", `it has not started within ${startMs / 1000} s`),
    startMs,
  ).unref();

  const answer = async ({ name, args: asked }: FromProcess & { type: "call" }): Promise<void> => {
    const asking = job;
    if (asking === undefined) return;
    if (++asking.count > callsMax) {
      stop("time", `it has asked more than ${callsMax} questions`);
      return;
    }
    clock.pause();
    let frame: Buffer;
    try {
      frame = encodeFrame({ type: "answer", value: await asking.calls[name]?.(...asked) });
    } catch (error) {
      frame = encodeFrame({ type: "answer", error: errorToData(error) });
    }
    // It may have been ended in the meantime.
    if (job !== asking) return;
    clock.resume();
    socket.write(frame);
  };

  const read = createFrameReader((frame) => {
    const message = frame as FromProcess;
    if (message.type === "ready") {
      clearTimeout(starting);
      starting = undefined;
      if (job !== undefined) clock.start();
    } else if (message.type === "at") at = message.text;
    else if (message.type === "call") void answer(message);
    else if (message.type === "done") finish(({ resolve }) => resolve(message.result));
    else finish(({ reject }) => reject(errorFromData(message.error)));
  });
  socket.on("data", read);
  // That the other end is gone is told by its end.
  socket.on("error", () => {});
  stderr.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-lastWordsMax);
  });
  child.on("error", (error) => {
    stop("end", error.message);
    ended.resolve();
  });
  child.on("close", (code, signal) => {
    // V8 ends a process that is out of memory by SIGABRT or SIGTRAP, and the system by SIGKILL.
    const isMemory = isAlive && (/out of memory|Allocation failed/.test(lastWords) || signal === "SIGKILL");
    if (isAlive) stop(isMemory ? "memory" : "end", isMemory ? "" : lastWords || `code ${code}, signal ${signal}`);
    clearTimeout(leaving);
    ended.resolve();
  });
  hold(false);

  return {
    get isBusy() {
      return job !== undefined;
    },
    get isAlive() {
      return isAlive;
    },
    get jobs() {
      return jobs;
    },
    run(kind, input, calls) {
      const result = Promise.withResolvers<unknown>();
      const frame = encodeFrame({ type: "job", kind, input });
      job = { result, calls, count: 0 };
      jobs++;
      at = "";
      hold(true);
      if (starting === undefined) clock.start();
      socket.write(frame);
      return result.promise;
    },
    async [Symbol.asyncDispose]() {
      if (isAlive && job === undefined) {
        // It ends by itself when nobody is at the other end, and keeps what it has compiled.
        isAlive = false;
        clearTimeout(starting);
        socket.end();
        leaving = setTimeout(() => child.kill("SIGKILL"), leaveMs);
      } else if (isAlive) stop("end");
      hold(true);
      await ended.promise;
    },
  };
}
