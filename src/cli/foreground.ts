import { rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createLog, errorText, type LogLevel, writeFileAtomically } from "../lib/index.ts";
import { type PlatformConfig, type StateDirectory, startPlatform } from "../platform/index.ts";
import { skiffVersion } from "./commands/version.ts";
import type { DaemonMessage, RunFile } from "./daemon.ts";
import { CliError } from "./errors.ts";
import { startFailure } from "./start-failure.ts";

/** Runs the platform in this process until a signal ends it. Log lines go to standard output. */
export async function runForeground(config: PlatformConfig, state: StateDirectory, logLevel: string): Promise<void> {
  const log = createLog({ level: logLevel as LogLevel, write: (line) => process.stdout.write(line) });
  // A full disk takes the log, and must not take the platform with it.
  process.stdout.on("error", () => {});
  const stopping = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.resolve(signal));
  process.on("SIGHUP", () => log.info("Ignored SIGHUP; stop the platform with SIGTERM"));
  const startedAt = new Date().toISOString();
  let holds = false;
  try {
    const opened = () => {
      holds = true;
      writeRunFile(state, { pid: process.pid, startedAt, ready: false });
    };
    await using platform = await startPlatform({ config, state, log, version: skiffVersion(), startedAt, opened });
    writeRunFile(state, { pid: process.pid, startedAt, ready: true });
    log.info("Platform is ready", { name: config.name, url: platform.url, afterMs: Math.round(performance.now()) });
    await tell({ type: "ready" });
    flushCompileCache();
    log.info("Platform stops", { signal: await stopping.promise });
    rmSync(state.run, { force: true });
  } catch (error) {
    const failure = startFailure(error, config, state);
    if (holds) rmSync(state.run, { force: true });
    log.error("Platform failed", { why: errorText(error), code: failure.code });
    if (process.send === undefined) throw new CliError(failure.code, failure.facts, { cause: error });
    await tell({ type: "failed", ...failure });
    process.exitCode = 1;
  }
  // All parts are stopped and all writes are on disk; kept connections must not keep the process.
  process.exit();
}

function writeRunFile(state: StateDirectory, run: RunFile): void {
  writeFileAtomically(state.run, `${JSON.stringify(run)}\n`);
}

/** The command that waits for this may have been killed; the platform runs on without it. */
async function tell(message: DaemonMessage): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  if (process.connected) process.disconnect();
}
