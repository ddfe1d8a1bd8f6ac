import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HttpRequest, HttpResponse } from "./http.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/**
 * How much is given to a connection at once. A client that does not read costs as much, and as much again encrypted; and
 * writing it takes less time than others notice. A TLS record holds 16 KiB.
 */
const sliceBytes = 64 * 1024;

/** Writes an answer as fast as its client reads it. A streamed body's iterator is returned when the client goes away. */
export async function writeResponse(
  request: HttpRequest,
  response: HttpResponse,
  reply: ServerResponse,
  unread: UnreadAnswers,
): Promise<void> {
  const { status, headers } = response;
  const body = typeof response.body === "string" ? Buffer.from(response.body) : response.body;
  if (body === undefined || body instanceof Uint8Array) {
    const sizeBytes = body?.byteLength ?? 0;
    const bodyless = status === 204 || status === 304;
    reply.writeHead(status, bodyless ? headers : { ...headers, "content-length": sizeBytes });
    if (request.method === "HEAD" || bodyless || body === undefined || sizeBytes <= sliceBytes) {
      reply.end(request.method === "HEAD" || bodyless ? undefined : body);
      unread.add(reply, sizeBytes);
      return;
    }
  } else {
    reply.writeHead(status, headers);
    reply.flushHeaders?.();
  }
  // A whole body is kept until the last of it is read.
  const keptBytes = body instanceof Uint8Array ? body.byteLength : sliceBytes;
  let writtenBytes = 0;
  for await (const slice of slices(body)) {
    if (request.signal.aborted) break;
    writtenBytes += slice.byteLength;
    if (!reply.write(slice)) await drained(reply, unread, keptBytes);
    if (writtenBytes < sliceBytes) continue;
    // A quick reader would otherwise be served without a break, and everybody else would wait.
    writtenBytes = 0;
    await nextTurn();
  }
  reply.end();
  // Ending an answer that is gone says nothing any more.
  if (!request.signal.aborted) unread.add(reply, keptBytes);
}

async function* slices(body: Uint8Array | AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (bytes.byteLength <= sliceBytes) yield bytes;
    else for (let at = 0; at < bytes.byteLength; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
  }
}

async function drained(reply: ServerResponse, unread: UnreadAnswers, keptBytes: number): Promise<void> {
  if (reply.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  unread.add(reply, keptBytes);
  reply.once("drain", resolve);
  reply.once("close", resolve);
  await promise;
  unread.delete(reply);
  reply.off("drain", resolve);
  reply.off("close", resolve);
}
