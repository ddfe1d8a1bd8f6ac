import type { IncomingMessage } from "node:http";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { WebSocket } from "ws";
import {
  errorText,
  type Handler,
  type HttpRequest,
  type HttpResponse,
  type Log,
  requestFrom,
  UnreadAnswers,
} from "../../lib/index.ts";
import type { UpgradeHandler } from "./listener.ts";

/** Browsers can set no headers, so Kubernetes takes a token, as base64url without padding, in a subprotocol as well. */
const bearerPrefix = "base64url.bearer.authorization.k8s.io.";
/** Whoever watches has nothing to say. */
const messageBytesMax = 4096;

/**
 * Takes WebSocket handshakes for a handler, as kube-apiserver does: a response with `lines` is sent line by line, each a
 * text message; any other is the plain answer to the handshake.
 */
export function webSocketWatches(handler: Handler, log: Log): UpgradeHandler {
  const unread = new UnreadAnswers();
  return (message, socket, head) => {
    const gone = new AbortController();
    socket.on("close", () => gone.abort());
    const { bearer, others } = subprotocols(message);
    const request = withToken(requestFrom(message, gone.signal), bearer, others);
    const answer = async () => {
      const response = await handler(request);
      if (response.lines !== true) return await refuse(socket, response);
      const client = await accept(message, socket, head, others[0]);
      await sendLines(client, response, { unread, log });
    };
    answer().catch((error: unknown) => {
      if (!gone.signal.aborted) log.error("Cannot answer a WebSocket handshake", { error });
      socket.destroy();
    });
  };
}

function subprotocols({ headers }: IncomingMessage): { bearer: string[]; others: string[] } {
  const asked = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const named = asked.filter((name) => name !== "");
  return {
    bearer: named.filter((name) => name.startsWith(bearerPrefix)),
    others: named.filter((name) => !name.startsWith(bearerPrefix)),
  };
}

/** A header says who it is, if there is one; then the token stands for it. */
function withToken(request: HttpRequest, bearer: readonly string[], others: readonly string[]): HttpRequest {
  const [first, ...more] = bearer;
  if (first === undefined || request.headers.authorization !== undefined) return request;
  // The token itself may not be echoed, and a browser closes a connection that echoes nothing: there must be another one.
  const token = more.length === 0 && others.length > 0 ? decodeToken(first.slice(bearerPrefix.length)) : undefined;
  // As it came it is nobody's token, and that is what a bad one has to be.
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token ?? first}` } };
}

function decodeToken(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, "base64url");
  const token = bytes.toString();
  // What was left out while decoding shows when it is encoded again; so do bytes that are no UTF-8, and line breaks.
  return bytes.toString("base64url") === encoded && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

/** Never comes back when the handshake is none: the answer says so, and then the connection ends. */
async function accept(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string | undefined,
): Promise<WebSocket> {
  // Loaded for the first client only: most programs watch over HTTP.
  const { WebSocketServer } = await import("ws");
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => protocol ?? false,
  });
  return await new Promise((resolve) => server.handleUpgrade(message, socket, head, resolve));
}

async function sendLines(
  client: WebSocket,
  { body = "" }: HttpResponse,
  { unread, log }: { unread: UnreadAnswers; log: Log },
): Promise<void> {
  client.on("error", (error) => log.debug("A WebSocket failed", { error: errorText(error) }));
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of typeof body === "string" || body instanceof Uint8Array ? [body] : body) {
    rest = rest.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([rest, Buffer.from(chunk)]);
    let start = 0;
    const lines: Buffer[] = [];
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, start)) {
      lines.push(rest.subarray(start, end + 1));
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (!(await sendAll(client, lines, unread))) return;
  }
  client.close(1000);
}

/** Comes back when the client has taken them. @returns false when it is gone */
async function sendAll(client: WebSocket, lines: readonly Buffer[], unread: UnreadAnswers): Promise<boolean> {
  const last = lines.at(-1);
  if (last === undefined) return client.readyState === client.OPEN;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const waiting = { destroy: () => client.terminate() };
  const sizeBytes = lines.reduce((sum, line) => sum + line.byteLength, 0);
  unread.add(waiting, sizeBytes);
  for (const line of lines)
    client.send(line, { binary: false }, line === last ? (error) => resolve(!error) : undefined);
  const taken = await promise;
  unread.delete(waiting);
  return taken;
}

/** Node leaves the connection of a handshake to us; it ends with the answer. */
async function refuse(socket: Duplex, { status, headers, body = "" }: HttpResponse): Promise<void> {
  const whole = typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : undefined;
  const all = { ...headers, "content-length": whole?.byteLength, date: new Date().toUTCString(), connection: "close" };
  const lines = Object.entries(all).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => `${name}: ${value}\r\n`),
  );
  socket.write(
    `HTTP/1.1 ${status} ${process.getBuiltinModule("node:http").STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`,
  );
  await pipeline(whole === undefined ? Readable.from(body) : [whole], socket);
}
