import { readSync, writeFileSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { deserialize } from "node:v8";
import { encodeFrame, type FromProcess, headBytes, type ToProcess } from "./frames.ts";
import { serveJobs } from "./serve-jobs.ts";

/** The socket to the process that has started this one. It blocks: nothing else is to be done here while it waits. */
const socket = 3;

function readBytes(count: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(count);
  for (let at = 0; at < count; ) {
    const read = readSync(socket, bytes, at, count - at, null);
    if (read === 0) return undefined;
    at += read;
  }
  return bytes;
}

/** @returns never, when the other process has gone */
function receive(): ToProcess {
  const size = readBytes(headBytes)?.readUInt32LE();
  const body = size === undefined ? undefined : readBytes(size);
  if (body === undefined) process.exit(0);
  return deserialize(body);
}

function send(message: FromProcess): void {
  const frame = encodeFrame(message);
  for (let at = 0; at < frame.length; ) at += writeSync(socket, frame, at);
}

// Of all processes this is the one that the system should end when it has no memory left.
if (process.platform === "linux") {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Not everywhere may it be set.
  }
}

try {
  send({ type: "ready" });
  // Who ends this process does not let it end by itself, when it would keep what it has compiled.
  await serveJobs({ receive, send, afterFirst: flushCompileCache, cacheBytes: Number(process.argv[2]) });
} catch (error) {
  // Nobody is there any more to be told.
  const isGone = error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ECONNRESET");
  if (!isGone) throw error;
}
