import { createWriteStream, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorText } from "../../lib/index.ts";
import { BackupError, backupPlatform, restorePlatform, stateDirectory } from "../../platform/index.ts";
import { openPlatformStream, requireConfig } from "../connect.ts";
import { platformProcess, runningPlatform } from "../daemon.ts";
import { CliError } from "../errors.ts";

/** Writes a backup of a platform, running or not. `-` is standard output. */
export async function backup(file: string | undefined, { name }: { name: string }): Promise<void> {
  requireConfig(name);
  const state = stateDirectory(name);
  const target = file ?? `skiff-${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.tar.gz`;
  const running = runningPlatform(state) !== undefined;
  const source = running ? await openPlatformStream(name, "/skiff/backup") : backupPlatform(state);
  if (target === "-") {
    await pipeline(Readable.from(source), process.stdout);
    return;
  }
  const draft = `${target}.${process.pid}.tmp`;
  try {
    await pipeline(Readable.from(source), createWriteStream(draft, { flags: "wx", mode: 0o600 }));
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CliError("backup-failed", { name, file: target, why: errorText(error) }, { cause: error });
  }
  process.stdout.write(`Backup of platform ${name} is in ${resolve(target)}\nIt holds the platform's secrets\n`);
}

/** Brings back a platform; it is not started. */
export async function restore(
  file: string,
  { name, replace }: { name: string | undefined; replace: boolean },
): Promise<void> {
  try {
    const config = await restorePlatform(file, { name, replace, check: checkStopped });
    process.stdout.write(`Platform ${config.name} is restored; start it with: skiff start --name ${config.name}\n`);
  } catch (error) {
    if (error instanceof BackupError)
      throw new CliError("restore-failed", { why: error.message, file }, { cause: error });
    throw error;
  }
}

/** @throws {CliError} when the platform's process is alive */
function checkStopped(name: string): void {
  const run = platformProcess(stateDirectory(name));
  if (run !== undefined) throw new CliError("still-running", { name, pid: run.pid });
}
