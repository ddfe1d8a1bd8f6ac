import { createReadStream, existsSync, readFileSync, statSync, watch } from "node:fs";
import { pipeline } from "node:stream/promises";
import { stateDirectory } from "../../platform/index.ts";
import { requireConfig } from "../connect.ts";

/** The end of the log that `--tail` looks at; a line is rarely longer than a few hundred bytes. */
const tailBytesMax = 8 * 2 ** 20;

export async function logs({ name, follow, tail }: { name: string; follow: boolean; tail?: number }): Promise<void> {
  requireConfig(name);
  const { log } = stateDirectory(name);
  if (!existsSync(log)) return;
  let from = 0;
  const size = statSync(log).size;
  if (tail !== undefined) {
    const bytes = readFileSync(log).subarray(Math.max(0, size - tailBytesMax));
    const lines = bytes.toString().split("\n").slice(0, -1);
    process.stdout.write(
      lines
        .slice(Math.max(0, lines.length - tail))
        .map((line) => `${line}\n`)
        .join(""),
    );
    from = size;
  }
  from = await copyFrom(log, from);
  if (!follow) return;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const wake = { now: Promise.withResolvers<void>() };
  const watcher = watch(log, { persistent: true }, () => wake.now.resolve());
  stop.signal.addEventListener("abort", () => wake.now.resolve());
  while (!stop.signal.aborted) {
    await wake.now.promise;
    wake.now = Promise.withResolvers<void>();
    from = await copyFrom(log, Math.min(from, statSync(log).size));
  }
  watcher.close();
}

/** @returns where the next copy continues */
async function copyFrom(file: string, start: number): Promise<number> {
  const size = statSync(file).size;
  if (size > start) await pipeline(createReadStream(file, { start, end: size - 1 }), process.stdout, { end: false });
  return size;
}
