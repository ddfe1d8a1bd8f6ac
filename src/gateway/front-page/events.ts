import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { errorText, type HttpRequest, type HttpResponse, type Log } from "../../lib/index.ts";
import type { UpgradeHandler } from "../listener/listener.ts";
import { plainHeaders } from "./document.ts";
import type { PlatformStatus } from "./status.ts";

/** What listeners hear, when they connect and after each change; newer ones replace older ones that nobody has read. */
export type StatusEvent = { type: "status"; revision: string };

/** Tells browsers and programs that the status is another. What it is now they ask themselves. */
export type StatusEvents = Disposable & {
  /** Of the status now; its first half is another after each start of the platform. */
  revision(): string;
  /** Answers with server-sent events. */
  stream(request: HttpRequest): HttpResponse;
  /** The same messages over a WebSocket, for clients behind proxies that hold streams back. */
  upgrade: UpgradeHandler;
};

/** Changes come in bursts, as when an application is synced; people do not see more than ten pictures a second. */
const burstMs = 100;
/** Below the 30 s after which the most impatient of the usual proxies close silent connections. */
const aliveMs = 15_000;
/** Browser tabs; each has one connection. */
const listenersMax = 256;
/** Listeners have nothing to say. */
const messageBytesMax = 1024;

export function createStatusEvents(status: PlatformStatus, log: Log): StatusEvents {
  const start = randomUUID().slice(0, 8);
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  let changes = 0;
  let burst: NodeJS.Timeout | undefined;

  const subscription = status.onChange(() => {
    burst ??= setTimeout(() => {
      burst = undefined;
      changes += 1;
      for (const listener of listeners) listener();
    }, burstMs).unref();
  });
  const revision = () => `${start}-${changes}`;
  const message = () => JSON.stringify({ type: "status", revision: revision() } satisfies StatusEvent);

  async function* stream(gone: AbortSignal): AsyncGenerator<string> {
    let wake = () => {};
    let sent: string | undefined;
    const listener = () => wake();
    listeners.add(listener);
    gone.addEventListener("abort", listener);
    stop.signal.addEventListener("abort", listener);
    try {
      while (!gone.aborted && !stop.signal.aborted) {
        if (sent !== revision()) {
          sent = revision();
          yield `data: ${message()}\n\n`;
          continue;
        }
        const { promise, resolve } = Promise.withResolvers<"changed" | "silent">();
        wake = () => resolve("changed");
        const alive = setTimeout(() => resolve("silent"), aliveMs);
        const why = await promise;
        clearTimeout(alive);
        if (why === "silent") yield ": still here\n\n";
      }
    } finally {
      listeners.delete(listener);
      gone.removeEventListener("abort", listener);
      stop.signal.removeEventListener("abort", listener);
    }
  }

  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Loaded for the first listener only; most browsers use the other way.
    const { WebSocketServer } = await import("ws");
    const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: messageBytesMax });
    server.handleUpgrade(request, socket, head, (client) => {
      let answered = true;
      const tell = () => client.send(message());
      const close = () => client.close(1001, "The platform stops");
      const alive = setInterval(() => {
        if (!answered) return client.terminate();
        answered = false;
        client.ping();
      }, aliveMs).unref();
      client.on("pong", () => (answered = true));
      client.on("error", (error) => log.debug("WebSocket of the front page failed", { error: errorText(error) }));
      client.on("close", () => {
        listeners.delete(tell);
        stop.signal.removeEventListener("abort", close);
        clearInterval(alive);
      });
      listeners.add(tell);
      stop.signal.addEventListener("abort", close);
      tell();
    });
  };

  return {
    revision,
    stream(request) {
      if (listeners.size >= listenersMax) return { status: 503, headers: plainHeaders, body: "Too many listeners\n" };
      const headers = { ...plainHeaders, "content-type": "text/event-stream", "x-accel-buffering": "no" };
      return { status: 200, headers, body: stream(request.signal) };
    },
    upgrade(request, socket, head) {
      if (request.url?.split("?", 1)[0] !== "/events") return refuse(socket, "404 Not Found");
      if (!isSameOrigin(request)) return refuse(socket, "403 Forbidden");
      if (listeners.size >= listenersMax || stop.signal.aborted) return refuse(socket, "503 Service Unavailable");
      accept(request, socket, head).catch((error: unknown) => {
        log.error("Cannot open the WebSocket of the front page", { error });
        socket.destroy();
      });
    },
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      clearTimeout(burst);
      stop.abort();
    },
  };
}

/**
 * The rules that keep pages from reading other origins do not hold for WebSockets; the server has to look. Pages cannot
 * set the header of a proxy, so that one may vouch as well.
 */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  if (!URL.canParse(headers.origin)) return false;
  const { host } = new URL(headers.origin);
  return [headers.host, headers["x-forwarded-host"]].flat().some((name) => name?.toLowerCase() === host);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
