import { deserialize, serialize } from "node:v8";
import type { ErrorData } from "./error-data.ts";

/** To a render process. It is given one job at a time, and asks nothing while it has none. */
export type ToProcess =
  | { type: "job"; kind: "helm" | "kustomize"; input: unknown }
  | { type: "answer"; value?: unknown; error?: ErrorData };

/** From a render process: that it has started, where it is, a question that it waits for the answer to, or the end of its job. */
export type FromProcess =
  | { type: "ready" }
  | { type: "at"; text: string }
  | { type: "call"; name: string; args: unknown[] }
  | { type: "done"; result: unknown }
  | { type: "failed"; error: ErrorData };

/** A frame is its length in four bytes, then a value in the format of `node:v8`, which both sides are of one version of. */
export const headBytes = 4;

/** More than any result that the limits of rendering allow. */
export const frameBytesMax = 2 ** 30;

export function encodeFrame(message: ToProcess | FromProcess): Buffer {
  const body = serialize(message);
  const frame = Buffer.allocUnsafe(headBytes + body.length);
  frame.writeUInt32LE(body.length);
  frame.set(body, headBytes);
  return frame;
}

/** Puts frames together out of what comes, and hands each to `onMessage`. */
export function createFrameReader(onMessage: (message: unknown) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let haveBytes = 0;
  return (chunk) => {
    chunks.push(chunk);
    haveBytes += chunk.length;
    for (;;) {
      if (haveBytes < headBytes) return;
      // A head may come in parts; a body is put together once, when all of it is there.
      if ((chunks[0]?.length ?? 0) < headBytes) chunks = [Buffer.concat(chunks)];
      const size = chunks[0]?.readUInt32LE() ?? 0;
      if (size > frameBytesMax) throw new Error(`A render process sends ${size} bytes at once`);
      if (haveBytes < headBytes + size) return;
      const all = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
      const rest = all.subarray(headBytes + size);
      chunks = rest.length === 0 ? [] : [rest];
      haveBytes = rest.length;
      onMessage(deserialize(all.subarray(headBytes, headBytes + size)));
    }
  };
}
