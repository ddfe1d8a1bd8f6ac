import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** The oldest git that takes its configuration from `GIT_CONFIG_COUNT`, which keeps passwords off the command line. */
const oldestVersion = [2, 31] as const;
/** How much of git's complaints is kept; the last lines say what went wrong. */
const stderrBytesMax = 16 * 2 ** 10;
/** Enough for the names of a million files or references; larger things are streamed. */
const stdoutBytesMax = 256 * 2 ** 20;
/** How long git may take to clean up after SIGTERM. */
const killGraceMs = 2_000;

const installHint = "Debian and Ubuntu: apt install git; Fedora: dnf install git; macOS: xcode-select --install";

export type Environment = Readonly<Record<string, string>>;
/** `gitDir` is the repository, if the command needs one. Git runs in `/`: our own directory may be gone. */
export type GitOptions = { environment: Environment; gitDir?: string };
export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** Git said no. `stderr` is what it wrote, its last lines at least. */
export class GitError extends Error {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  constructor(args: readonly string[], exitCode: number | undefined, stderr: string) {
    const command = args.find((argument) => !argument.startsWith("-")) ?? "";
    super(
      `git ${command} failed${exitCode === undefined ? "" : ` with exit code ${exitCode}`}: ${stderr.trim() || "no message"}`,
    );
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/**
 * What git sees when it works on repositories of ours: no configuration but the one given here, so that neither the
 * machine's nor the user's settings change what is served, and no hooks at all.
 */
export function ownEnvironment(home: string): Environment {
  const environment = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    // Anybody who may push could otherwise make an object id mean another object (refs/replace/…).
    GIT_NO_REPLACE_OBJECTS: "1",
    LC_ALL: "C",
    TZ: "UTC",
  };
  return withConfig(environment, [
    ["core.hooksPath", "/dev/null"],
    ["core.quotePath", "false"],
    // The directory may belong to somebody else when it is mounted into a container.
    ["safe.directory", "*"],
    // What is served is local; nothing here may be talked into reading from elsewhere.
    ["protocol.allow", "never"],
    // Collected by us, between pushes, where it can be stopped.
    ["gc.auto", "0"],
    ["receive.autogc", "false"],
    ["maintenance.auto", "false"],
    ["uploadpack.allowFilter", "true"],
    ["uploadpack.allowAnySHA1InWant", "true"],
    ["receive.denyNonFastForwards", "false"],
    ["receive.advertisePushOptions", "false"],
    // One commit, one pack: a single file to make durable, and no second process that unpacks it.
    ["fastimport.unpackLimit", "1"],
    ["core.fsync", "committed"],
    ["core.fsyncMethod", "batch"],
  ]);
}

/** The environment with more configuration, after what it has already. */
export function withConfig(
  environment: Environment,
  entries: readonly (readonly [key: string, value: string])[],
): Environment {
  const first = Number(environment["GIT_CONFIG_COUNT"] ?? "0") || 0;
  const result: Record<string, string> = { ...environment, GIT_CONFIG_COUNT: String(first + entries.length) };
  entries.forEach(([key, value], index) => {
    result[`GIT_CONFIG_KEY_${first + index}`] = key;
    result[`GIT_CONFIG_VALUE_${first + index}`] = value;
  });
  return result;
}

/**
 * Makes sure that git can be run.
 *
 * @throws {Error} `Cannot run git: it is not installed (…)`, or that it is too old
 */
export async function requireGit(environment: Environment): Promise<void> {
  const text = await runGit(["--version"], { environment, timeoutMs: 10_000 }).catch((cause: unknown) => {
    // On a Mac without developer tools there is a git that only says so.
    throw cause instanceof GitError
      ? new Error(`Cannot run git: ${cause.stderr.trim()} (${installHint})`, { cause })
      : cause;
  });
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text.toString()) ?? []).map(Number);
  const [oldestMajor, oldestMinor] = oldestVersion;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Error(
    `Cannot run git: version ${major}.${minor} is too old, ${oldestMajor}.${oldestMinor} or newer is needed (${installHint})`,
  );
}

/** Starts git in a process group of its own, so that {@link stopGit} reaches its helpers too. */
export function spawnGit(args: readonly string[], options: GitOptions): GitProcess {
  const all = options.gitDir === undefined ? args : [`--git-dir=${options.gitDir}`, ...args];
  return spawn("git", all, { stdio: ["pipe", "pipe", "pipe"], env: options.environment, cwd: "/", detached: true });
}

/** Ends git and its helpers: politely first, and by force when that does not help. */
export function stopGit(child: GitProcess): void {
  const send = (signal: NodeJS.Signals) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      child.kill(signal);
    }
  };
  send("SIGTERM");
  const force = setTimeout(send, killGraceMs, "SIGKILL");
  force.unref();
  child.once("exit", () => clearTimeout(force));
}

/** Waits for the end of a process and keeps the last of what it wrote to stderr. Call it right after the start. */
export function endOfGit(child: GitProcess): Promise<{ exitCode: number | undefined; stderr: string }> {
  let stderr = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    stderr = (stderr + text).slice(-stderrBytesMax);
  });
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => reject(startError(error)));
    child.once("close", (exitCode) => resolve({ exitCode: exitCode ?? undefined, stderr }));
  });
}

/**
 * Runs git to its end and gives what it wrote.
 *
 * @param options.input written to git's standard input
 * @param options.signal ends git early
 * @param options.cutBytes ends git without an error when it has written that much; the result is a little longer
 * @throws {GitError} when git fails; `Error` when it cannot be started, writes too much or takes longer than `timeoutMs`
 */
export async function runGit(
  args: readonly string[],
  options: GitOptions & { input?: string | Uint8Array; timeoutMs?: number; signal?: AbortSignal; cutBytes?: number },
): Promise<Buffer> {
  options.signal?.throwIfAborted();
  const child = spawnGit(args, options);
  const end = endOfGit(child);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let stopped: Error | undefined;
  let cut = false;
  const stop = (why: Error) => {
    stopped ??= why;
    stopGit(child);
  };
  const deadline =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop(new GitTimeoutError(options.timeoutMs ?? 0)), options.timeoutMs);
  const interrupt = () => stop(new Error("interrupted", { cause: options.signal?.reason }));
  options.signal?.addEventListener("abort", interrupt);
  child.stdout.on("data", (chunk: Buffer) => {
    if (cut) return;
    sizeBytes += chunk.byteLength;
    cut = options.cutBytes !== undefined && sizeBytes > options.cutBytes;
    if (cut) stopGit(child);
    if (sizeBytes > stdoutBytesMax) stop(new Error(`git wrote more than ${stdoutBytesMax} bytes`));
    else chunks.push(chunk);
  });
  // Git may end before it has read everything; its exit code says whether that was an error.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  try {
    const { exitCode, stderr } = await end;
    if (stopped !== undefined) throw stopped;
    if (exitCode !== 0 && !cut) throw new GitError(args, exitCode, stderr);
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(deadline);
    options.signal?.removeEventListener("abort", interrupt);
  }
}

/** Git was ended because it took too long. */
export class GitTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs / 1000} s`);
  }
}

function startError(error: NodeJS.ErrnoException): Error {
  if (error.code !== "ENOENT") return new Error(`Cannot run git: ${error.message}`, { cause: error });
  return new Error(`Cannot run git: it is not installed (${installHint})`, { cause: error });
}
