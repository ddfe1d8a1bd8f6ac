import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** Who sends a request, as Kubernetes' `UserInfo` names it. */
export type User = {
  name: string;
  groups: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
};

/**
 * One request, whether it came over a socket or from a caller in this process.
 *
 * Not the web's `Request`: building one, with its streams, costs more than a read of the API server does.
 */
export type HttpRequest = {
  /** Upper case. */
  method: string;
  /** Path and query as sent, `/api/v1/pods?limit=1`. */
  target: string;
  /** Names in lower case. HTTP/2's `:authority` is there as `host`. */
  headers: IncomingHttpHeaders;
  /** Absent means empty. Read it with {@link readBody}, which bounds it. */
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Fires when the client is gone; a handler that streams or waits must stop then. */
  signal: AbortSignal;
  /** Common name and organisations of a client certificate that the TLS layer has verified. */
  clientCertificate?: { commonName: string; organizations: readonly string[] };
  /** Set only by callers inside the process, who are trusted to say who they are. Never set from the network. */
  user?: User;
};

/** A streamed body is written as it comes; its iterator is returned when the client goes away. */
export type HttpResponse = {
  status: number;
  headers: OutgoingHttpHeaders;
  body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
};

/** Answers a request. It throws only when it is broken: what a client does wrong is a response. */
export type Handler = (request: HttpRequest) => Promise<HttpResponse>;

/** The body is larger than the caller allows. */
export class BodyTooLargeError extends Error {
  readonly sizeBytesMax: number;
  constructor(sizeBytesMax: number) {
    super(`Request body is larger than ${sizeBytesMax} bytes`);
    this.sizeBytesMax = sizeBytesMax;
  }
}

/**
 * Reads a whole body.
 *
 * @throws {BodyTooLargeError} as soon as more than `sizeBytesMax` bytes have come
 */
export async function readBody(
  body: Uint8Array | string | AsyncIterable<Uint8Array | string> | undefined,
  sizeBytesMax: number,
): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  if (typeof body === "string" || body instanceof Uint8Array) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (bytes.byteLength > sizeBytesMax) throw new BodyTooLargeError(sizeBytesMax);
    return bytes;
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    sizeBytes += bytes.byteLength;
    if (sizeBytes > sizeBytesMax) throw new BodyTooLargeError(sizeBytesMax);
    chunks.push(bytes);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** A client that takes nothing for so long is not slow but stopped; its socket and what waits for it are let go. */
const stalledMs = 120_000;
const clientGone = new Error("The client is gone");

/**
 * Makes a listener for `node:http`, `node:https` or `node:http2` servers out of a handler.
 *
 * @param onError told of handlers that threw; the client gets a 500 without details
 */
export function serveHandler(handler: Handler, onError: (error: unknown, request: HttpRequest) => void) {
  return (message: IncomingMessage | Http2ServerRequest, reply: ServerResponse | Http2ServerResponse): void => {
    const gone = new AbortController();
    reply.on("close", () => {
      // Most requests end with their answer; then nobody has to be told, and a signal costs as much as a small read.
      if (!reply.writableEnded) gone.abort(clientGone);
    });
    const request = requestFrom(message, gone.signal);
    handler(request)
      .then((response) => writeResponse(request, response, reply as ServerResponse))
      .catch((error: unknown) => {
        if (gone.signal.aborted) return;
        onError(error, request);
        if (reply.headersSent) {
          (reply as ServerResponse).destroy();
          return;
        }
        (reply as ServerResponse).writeHead(500, { "content-type": "text/plain" }).end("Internal error\n");
      });
  };
}

function requestFrom(message: IncomingMessage | Http2ServerRequest, signal: AbortSignal): HttpRequest {
  const headers = message.headers;
  const authority = headers[":authority"];
  const request: HttpRequest = {
    method: message.method ?? "GET",
    target: message.url ?? "/",
    headers: typeof authority === "string" ? { ...headers, host: authority } : headers,
    signal,
  };
  const hasBody =
    headers["content-length"] !== undefined
      ? headers["content-length"] !== "0"
      : message.httpVersionMajor >= 2 || headers["transfer-encoding"] !== undefined;
  if (hasBody) request.body = message as AsyncIterable<Uint8Array>;
  const certificate = verifiedCertificate(message);
  if (certificate !== undefined) request.clientCertificate = certificate;
  return request;
}

type TlsSocketLike = {
  authorized?: boolean;
  getPeerCertificate?: () => { subject?: { CN?: string | string[]; O?: string | string[] } } | null;
};

/** By connection, since a certificate holds for all of it and decoding one takes as long as a whole request does. */
const certificates = new WeakMap<object, HttpRequest["clientCertificate"]>();

function verifiedCertificate(message: IncomingMessage | Http2ServerRequest): HttpRequest["clientCertificate"] {
  const stream = (message as Http2ServerRequest).stream as { session?: { socket?: unknown } } | undefined;
  const socket = (stream?.session?.socket ?? message.socket) as TlsSocketLike | undefined;
  if (socket?.authorized !== true || socket.getPeerCertificate === undefined) return undefined;
  if (certificates.has(socket)) return certificates.get(socket);
  // Absent where a resumed session had no certificate; Node calls such a connection authorized too.
  const subject = socket.getPeerCertificate()?.subject;
  // The last of several common names is the one that Go, and so Kubernetes, reads.
  const commonName = [subject?.CN].flat().at(-1);
  const certificate =
    commonName === undefined
      ? undefined
      : { commonName, organizations: subject?.O === undefined ? [] : [subject.O].flat() };
  certificates.set(socket, certificate);
  return certificate;
}

async function writeResponse(request: HttpRequest, response: HttpResponse, reply: ServerResponse): Promise<void> {
  const { status, headers, body } = response;
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    const sizeBytes = body === undefined ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    const bodyless = status === 204 || status === 304;
    reply.writeHead(status, bodyless ? headers : { ...headers, "content-length": sizeBytes });
    reply.end(request.method === "HEAD" || bodyless ? undefined : body);
    return;
  }
  reply.writeHead(status, headers);
  reply.flushHeaders?.();
  for await (const chunk of body) {
    if (request.signal.aborted) break;
    if (reply.write(chunk)) continue;
    await drained(reply);
  }
  reply.end();
}

async function drained(reply: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reply.destroy(), stalledMs);
  reply.once("drain", resolve);
  reply.once("close", resolve);
  await promise;
  clearTimeout(timer);
  reply.off("drain", resolve);
  reply.off("close", resolve);
}
