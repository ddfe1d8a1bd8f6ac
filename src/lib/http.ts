import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Turns } from "./turns.ts";
import { UnreadAnswers } from "./unread-answers.ts";
import { writeResponse } from "./write-response.ts";

/** Who sends a request, as Kubernetes' `UserInfo` names it. */
export type User = {
  name: string;
  groups: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
};

/** Whom a client certificate names. */
export type ClientCertificate = {
  commonName: string;
  organizations: readonly string[];
  /** Values of the attribute in which Kubernetes keeps a user's uid. */
  uids?: readonly string[];
  /** Of the whole certificate, as 64 hex digits. */
  sha256?: string;
  /** Milliseconds since 1970; a connection may live longer. */
  validUntilMs?: number;
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
  body?: Uint8Array | Chunks;
  /** Fires when the client is gone; a handler that streams or waits must stop then. */
  signal: AbortSignal;
  /** Every header as sent, names and values in turn: what came several times is apart here. */
  rawHeaders?: readonly string[];
  /** The client certificate that the TLS layer has verified. The same object for all requests of a connection. */
  clientCertificate?: ClientCertificate;
  /** Why the TLS layer refused the client's certificate; absent as well when there is none. */
  clientCertificateError?: string;
  /** The address at the other end of the connection; absent for callers in this process. */
  peerAddress?: () => string | undefined;
  /** Set only by callers inside the process, who are trusted to say who they are. Never set from the network. */
  user?: User;
};

/** A body that is still coming; `each` costs a fraction of what iterating does, and rejects with what `take` throws. */
export type Chunks = AsyncIterable<Uint8Array> & { each?(take: (chunk: Uint8Array) => void): Promise<void> };

/** A streamed body is written as it comes; its iterator is returned when the client goes away. */
export type HttpResponse = {
  status: number;
  headers: OutgoingHttpHeaders;
  body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** Each line of the body is a message of its own, for a client that asked for a WebSocket. */
  lines?: boolean;
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
  body: Uint8Array | string | Chunks | AsyncIterable<Uint8Array | string> | undefined,
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
  const take = (chunk: Uint8Array | string) => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    sizeBytes += bytes.byteLength;
    if (sizeBytes > sizeBytesMax) throw new BodyTooLargeError(sizeBytesMax);
    chunks.push(bytes);
  };
  if ("each" in body && body.each !== undefined) await body.each(take);
  else for await (const chunk of body) take(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const clientGone = new Error("The client is gone");
/** How long a client may go on sending a body that nobody reads, so that it comes to read the answer. */
const lingerMs = 2_000;

/**
 * Makes a listener for `node:http`, `node:https` or `node:http2` servers out of a handler. Of one HTTP/1.1 connection it
 * answers one request at a time, and answers that clients do not read are bounded together.
 *
 * @param onError told of handlers that threw; the client gets a 500 without details
 */
export function serveHandler(handler: Handler, onError: (error: unknown, request: HttpRequest) => void) {
  const unread = new UnreadAnswers();
  const turns = new Turns();
  const answer = (message: IncomingMessage | Http2ServerRequest, reply: ServerResponse | Http2ServerResponse) => {
    const gone = new AbortController();
    const { socket } = message;
    reply.on("close", () => {
      unread.delete(reply as ServerResponse);
      // Most requests end with their answer; then nobody has to be told, and a signal costs as much as a small read.
      if (!reply.writableEnded) gone.abort(clientGone);
      else if (!message.complete) endLater(message as IncomingMessage);
      turns.done(socket);
    });
    const request = requestFrom(message, gone.signal);
    handler(request)
      .then((response) => writeResponse(request, response, reply as ServerResponse, unread))
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
  return (message: IncomingMessage | Http2ServerRequest, reply: ServerResponse | Http2ServerResponse): void => {
    if (message.httpVersionMajor > 1) answer(message, reply);
    else turns.take(message.socket, () => answer(message, reply));
  };
}

/** Reads the rest of a body that the handler has left, so that the client can read the answer and keep the connection. */
function endLater(message: IncomingMessage): void {
  const { socket } = message;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  message.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
  message.resume();
}

/** What a request over the network is to a handler. */
export function requestFrom(message: IncomingMessage | Http2ServerRequest, signal: AbortSignal): HttpRequest {
  const headers = message.headers;
  const authority = headers[":authority"];
  const request: HttpRequest = {
    method: message.method ?? "GET",
    target: message.url ?? "/",
    headers: typeof authority === "string" ? { ...headers, host: authority } : headers,
    rawHeaders: message.rawHeaders,
    signal,
    peerAddress: () => message.socket.remoteAddress,
  };
  const hasBody =
    headers["content-length"] !== undefined
      ? headers["content-length"] !== "0"
      : message.httpVersionMajor >= 2 || headers["transfer-encoding"] !== undefined;
  if (hasBody) request.body = bodyOf(message);
  const shown = shownCertificate(message);
  if (typeof shown === "string") request.clientCertificateError = shown;
  else if (shown !== undefined) request.clientCertificate = shown;
  return request;
}

/** A body that may be left unread: by itself a stream that is not read to its end takes its connection with it. */
function bodyOf(message: IncomingMessage | Http2ServerRequest): Chunks {
  return {
    [Symbol.asyncIterator]: () => message.iterator({ destroyOnReturn: false }),
    each: (take) => eachChunk(message, take),
  };
}

async function eachChunk(message: IncomingMessage | Http2ServerRequest, take: (chunk: Uint8Array) => void) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onData = (chunk: Uint8Array) => {
    try {
      take(chunk);
    } catch (error) {
      message.pause();
      reject(error);
    }
  };
  const onClose = () => reject(message.errored ?? clientGone);
  message.on("data", onData).once("end", resolve).once("error", reject).once("close", onClose);
  try {
    await promise;
  } finally {
    message.off("data", onData).off("end", resolve).off("error", reject).off("close", onClose);
  }
}

type TlsSocketLike = {
  authorized?: boolean;
  authorizationError?: unknown;
  getPeerCertificate?: () => PeerCertificate | null;
};
type PeerCertificate = {
  subject?: { CN?: string | string[]; O?: string | string[]; [oid: string]: string | string[] | undefined };
  fingerprint256?: string;
  valid_to?: string;
};

/** `kubernetes.io` has this number at IANA, and 2 below it is a user's uid (KEP-4958). */
const uidAttribute = "1.3.6.1.4.1.57683.2";

/** By connection, since a certificate holds for all of it and decoding one takes as long as a whole request does. */
const certificates = new WeakMap<object, ClientCertificate | string | undefined>();

/** @returns the text is why a certificate is no good; `undefined` when none was shown or it names nobody */
function shownCertificate(message: IncomingMessage | Http2ServerRequest): ClientCertificate | string | undefined {
  const stream = (message as Http2ServerRequest).stream as { session?: { socket?: unknown } } | undefined;
  const socket = (stream?.session?.socket ?? message.socket) as TlsSocketLike | undefined;
  if (socket?.getPeerCertificate === undefined) return undefined;
  if (certificates.has(socket)) return certificates.get(socket);
  // Absent where a resumed session had no certificate; Node calls such a connection authorized too.
  const peer = socket.getPeerCertificate();
  const shown = socket.authorized === true ? certificateFrom(peer) : refusal(peer, socket.authorizationError);
  certificates.set(socket, shown);
  return shown;
}

function refusal(peer: PeerCertificate | null, why: unknown): string | undefined {
  return peer?.fingerprint256 === undefined ? undefined : String(why ?? "not verified");
}

function certificateFrom(peer: PeerCertificate | null): ClientCertificate | undefined {
  const subject = peer?.subject;
  // The last of several common names is the one that Go, and so Kubernetes, reads.
  const commonName = [subject?.CN].flat().at(-1);
  if (commonName === undefined) return undefined;
  const values = (attribute: string) => [subject?.[attribute] ?? []].flat();
  const { fingerprint256 = "", valid_to: validTo = "" } = peer ?? {};
  return {
    commonName,
    organizations: values("O"),
    uids: values(uidAttribute),
    sha256: fingerprint256.replaceAll(":", "").toLowerCase(),
    validUntilMs: Date.parse(validTo),
  };
}
