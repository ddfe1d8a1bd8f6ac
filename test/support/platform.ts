import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mainModule } from "../../scripts/bundle.mjs";

export const root = join(import.meta.dirname, "..", "..");

export type Result = { code: number; stdout: string; stderr: string };

/** A user's machine: a home of its own, and the commands that are typed on it. */
export type Machine = AsyncDisposable & {
  home: string;
  port: number;
  env: NodeJS.ProcessEnv;
  /** Runs the real command line in a process of its own. */
  skiff(...args: string[]): Promise<Result>;
  run(file: string, args: readonly string[], options?: { cwd?: string; input?: string }): Promise<Result>;
  /** A copy of a folder of this project that may be changed. */
  copy(folder: string): string;
};

export async function newMachine(): Promise<Machine> {
  const home = mkdtempSync(join(tmpdir(), "skiff-e2e-"));
  const port = await freePort();
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    KUBECONFIG: join(home, "kubeconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    CI: "1",
  };
  const run: Machine["run"] = (file, args, options = {}) => execute(file, args, { env, ...options });
  const main = await mainModule(root);
  const skiff = async (...args: string[]) =>
    await run(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args]);
  return {
    home,
    port,
    env,
    run,
    skiff,
    copy(folder) {
      const target = join(home, "copies", String(Math.random()).slice(2), folder.split("/").at(-1) ?? "");
      cpSync(join(root, folder), target, { recursive: true });
      return target;
    },
    async [Symbol.asyncDispose]() {
      await skiff("delete");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Runs a command to its end, at most a minute. */
async function execute(
  file: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; input?: string },
): Promise<Result> {
  const child = spawn(file, args, {
    env: options.env,
    cwd: options.cwd,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 60_000,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  // Commands need not read what they are given.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (ended) => resolve(ended ?? -1));
  });
  return { code, stdout, stderr };
}

/** Asks until the answer is right; fails with the last answer when it is not within the time. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > deadlineMs)
      throw new Error(`Still not right after ${withinMs} ms: ${JSON.stringify(answer)}`);
    await delay(50);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
