import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorText, isAlive, makeDirectory, sleep, waitUntil } from "../lib/index.ts";
import { compileCache, type PlatformConfig, readJsonFile, type StateDirectory } from "../platform/index.ts";
import { CliError, isErrorCode } from "./errors.ts";

/** How long a platform may take to start; a database of 200,000 objects takes a few seconds. */
const startTimeoutMs = 60_000;
/** How long a process that some other command started may take to be ready, or to be gone. */
const otherProcessMs = 20_000;
/** Some 200,000 lines. */
const logBytesMax = 50 * 2 ** 20;
/** A message in the pipe is read within milliseconds. */
const lastWordMs = 200;
/** How long a process that reported its failure may take to end. */
const endMs = 3000;
/** How long a platform may take to stop by itself before it is killed. */
const stopTimeoutMs = 15_000;

/** What a platform's process writes about itself once it holds the platform's database. */
export type RunFile = { pid: number; startedAt: string; ready: boolean };

/** What the platform's process tells the command that started it. */
export type DaemonMessage =
  | { type: "ready" }
  | { type: "failed"; code: string; facts: Record<string, string | number> };

/** @returns what the running platform wrote about itself, or `undefined` when none is alive and ready */
export function runningPlatform(state: StateDirectory): RunFile | undefined {
  const run = platformProcess(state);
  return run?.ready ? run : undefined;
}

/** The platform's process, also while it starts or stops. */
export function platformProcess(state: StateDirectory): RunFile | undefined {
  const run = readRunFile(state);
  return run !== undefined && isPlatform(run.pid) ? run : undefined;
}

/**
 * Starts the platform unless it runs. A process that another command started, or that still stops, is waited for: after a
 * command was killed there may be one that nobody waits for any more.
 *
 * @throws {CliError} with the reason why it does not start
 */
export async function ensureDaemon(config: PlatformConfig, state: StateDirectory, logLevel: string): Promise<void> {
  const deadlineMs = performance.now() + otherProcessMs;
  while (runningPlatform(state) === undefined) {
    if (platformProcess(state) !== undefined && performance.now() < deadlineMs) {
      await sleep(50);
      continue;
    }
    try {
      await startDaemon(config, state, logLevel);
    } catch (error) {
      const taken = error instanceof CliError && error.code === "locked";
      if (!taken || performance.now() >= deadlineMs) throw error;
      await sleep(200);
    }
  }
}

/** How often a command that waits looks whether the platform is still there. */
const endCheckMs = 250;

/** Looks, until it is disposed, whether the platform still runs; `promise` rejects with the error `ended` when it does not. */
export function watchForEnd(state: StateDirectory, name: string): Disposable & { promise: Promise<never> } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const timer = setInterval(() => {
    if (runningPlatform(state) === undefined) reject(new CliError("ended", { name, log: state.log }));
  }, endCheckMs);
  return { promise, [Symbol.dispose]: () => clearInterval(timer) };
}

/** After a reboot the process id may belong to somebody else, who must not be signalled. */
function isPlatform(pid: number): boolean {
  if (!isAlive(pid)) return false;
  return commandOf(pid).includes("--foreground");
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
  }
}

function readRunFile(state: StateDirectory): RunFile | undefined {
  try {
    const value = readJsonFile(state.run);
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, startedAt, ready } = value as Partial<RunFile>;
    return typeof pid === "number" && typeof startedAt === "string"
      ? { pid, startedAt, ready: ready === true }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Starts the platform's process in the background and waits until it is ready.
 *
 * @throws {CliError} with the reason the process gave
 */
async function startDaemon(config: PlatformConfig, state: StateDirectory, logLevel: string): Promise<void> {
  makeDirectory(dirname(state.log), 0o700);
  rotateLog(state.log);
  const output = openSync(state.log, "a", 0o600);
  const main = process.argv[1] ?? "";
  const args = [...process.execArgv, main, "start", "--foreground", "--name", config.name, "--log-level", logLevel];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
    cwd: "/",
    // In force before the first of our modules is read; what main.ts asks for comes too late for itself.
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache() },
  });
  closeSync(output);
  const failed = (why: string) => new CliError("start-failed", { name: config.name, why, log: state.log });
  let message: DaemonMessage;
  try {
    message = await firstMessage(child, failed);
    if (message.type === "failed" && child.exitCode === null) await Promise.race([once(child, "exit"), sleep(endMs)]);
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
  if (message.type === "ready") return;
  const { code, facts } = message;
  throw isErrorCode(code) ? new CliError(code, facts) : failed(String(facts["why"] ?? code));
}

/** A log that has grown large starts anew with the platform; the one before is kept as `.1`. */
function rotateLog(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) renameSync(file, `${file}.1`);
}

async function firstMessage(child: ChildProcess, failed: (why: string) => CliError): Promise<DaemonMessage> {
  return await new Promise<DaemonMessage>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(failed(`it was not ready after ${startTimeoutMs / 1000} s`));
    }, startTimeoutMs);
    const end = (then: () => void) => {
      clearTimeout(timer);
      then();
    };
    child.once("message", (message) => end(() => resolve(message as DaemonMessage)));
    child.once("error", (error) => end(() => reject(failed(errorText(error)))));
    child.once("exit", (code, signal) => {
      // What it said last may be read after its end is known.
      setTimeout(() => end(() => reject(failed(`its process ended with ${signal ?? `code ${code}`}`))), lastWordMs);
    });
  });
}

/**
 * Asks the platform to stop and waits until its process is gone.
 *
 * @param force kills a process that does not stop in time
 * @returns whether there was something to stop
 */
export async function stopDaemon(state: StateDirectory, name: string, options: { force: boolean }): Promise<boolean> {
  const run = platformProcess(state);
  if (run === undefined) {
    rmSync(state.run, { force: true });
    return false;
  }
  process.kill(run.pid, "SIGTERM");
  const gone = () => (isAlive(run.pid) ? undefined : true);
  try {
    await waitUntil(gone, {
      what: `process ${run.pid} to end`,
      timeoutMs: options.force ? 3000 : stopTimeoutMs,
      intervalMs: 20,
    });
  } catch (error) {
    if (!options.force) throw new CliError("stale-process", { name, pid: run.pid, why: errorText(error) });
    process.kill(run.pid, "SIGKILL");
    await waitUntil(gone, { what: `process ${run.pid} to be gone`, timeoutMs: 5000, intervalMs: 20 });
  }
  rmSync(state.run, { force: true });
  return true;
}

/** @throws {CliError} when the directory is there but lacks what every platform has */
export function checkWhole(state: StateDirectory, name: string, created: boolean): void {
  if (!existsSync(state.root)) return;
  // A command may have been killed while it wrote the first file.
  if (readdirSync(state.root).every((file) => file.endsWith(".tmp"))) return;
  if (!existsSync(state.config))
    throw new CliError("half-deleted", { directory: state.root, missing: "config.json", name });
  if (created && !existsSync(state.database))
    throw new CliError("half-deleted", { directory: state.root, missing: "its database", name });
}
