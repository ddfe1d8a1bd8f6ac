import { once } from "node:events";
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type TlsOptions, type Server as TlsServer } from "node:tls";
import { errorText, type Handler, type Log, serveHandler } from "../../lib/index.ts";
import type { PemPair } from "../certificates/issue.ts";
import { boundConnections, type Connections } from "./connections.ts";
import { divertPlainHttp, redirectToHttps } from "./plain-http.ts";

/** As an import it would load all that it exports, undici among it: 25 ms of every start. */
const nodeHttp = process.getBuiltinModule("node:http");

/** Takes over the connection of a WebSocket handshake; it answers the request itself, refusals too. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A TLS port that is being served. Disposing it stops at once to accept, and gives open requests two seconds. */
export type Listener = AsyncDisposable & {
  host: string;
  port: number;
  /** `https://127.0.0.1:8443`; `localhost` where it listens on every address. */
  url: string;
};

export type ListenOptions = {
  /** 0 lets the system choose. */
  port: number;
  /** An address, `127.0.0.1` or `::`. */
  host: string;
  /**
   * The certificate shown to clients that name no host or one not in `sni`.
   *
   * `requestClientCertificate` asks clients for a certificate of `ca`. Who has none is served as well, and so is who has one
   * of somebody else, with the reason in `HttpRequest.clientCertificateError`. Browsers show a dialog then, so only listeners for programs ask.
   */
  tls: PemPair & { ca?: string; requestClientCertificate?: boolean };
  /** Certificates by host name; `*.skiff.localhost` stands for every name one label below. */
  sni?: ReadonlyMap<string, PemPair>;
  /** What to offer, best first; `["http/1.1"]` is the fastest for programs that ask small things one after the other. */
  alpn?: readonly ("h2" | "http/1.1")[];
  /** What becomes of requests without TLS on the same port: sent to `https://` unless told otherwise. */
  plainHttp?: "redirect" | "serve";
  handler: Handler;
  /** Without it a WebSocket handshake is a plain request to `handler`. */
  upgrade?: UpgradeHandler;
  /** How many connections may be open before others are closed for new ones. Default 4,096, or fewer where files are few. */
  connectionsMax?: number;
  log: Log;
};

/** Somebody else listens on the port. */
export class PortTakenError extends Error {
  readonly port: number;
  readonly host: string;
  constructor(port: number, host: string, cause?: unknown) {
    super(`Cannot listen on ${authority(host, port)}: another program uses this port`, { cause });
    this.port = port;
    this.host = host;
  }
}

/** The system keeps the port for the administrator, as it does with those below 1024. */
export class PortForbiddenError extends Error {
  readonly port: number;
  readonly host: string;
  constructor(port: number, host: string, cause?: unknown) {
    super(`Cannot listen on ${authority(host, port)}: this user may not open this port`, { cause });
    this.port = port;
    this.host = host;
  }
}

/** What open requests have left when the listener is closed. */
const closeGraceMs = 2000;
/** How often a closing listener looks for connections that have become idle. */
const closeIntervalMs = 25;
/** A client has to begin within this time, and to end its handshake within another; what Go's own clients give servers. */
const handshakeTimeoutMs = 10_000;
const headersTimeoutMs = 30_000;
/** How often Node looks for clients that take longer; by itself only every 30 s. */
const headersLookMs = 5_000;
/** A log that is full of one line helps nobody. */
const fullWarningMs = 60_000;
/**
 * Longer than the 90 s after which Go's clients close idle connections: who sends on one that we are about to close gets an
 * error, and a write is not sent again.
 */
const keepAliveTimeoutMs = 120_000;
/** What idpbuilder's ingress allows (`large-client-header-buffers`); cookies of identity providers are long. */
const headersBytesMax = 32 * 1024;
/** Go's `http2.Server.MaxConcurrentStreams`. */
const streamsMax = 250;

/**
 * Serves a handler over TLS, with HTTP/2 and HTTP/1.1.
 *
 * @throws {PortTakenError} @throws {PortForbiddenError}
 */
export async function startListener(options: ListenOptions): Promise<Listener> {
  const { host, log } = options;
  const { secure, plain } = createServers(options);
  divertPlainHttp(secure, plain, handshakeTimeoutMs);
  const connections = boundConnections([secure, plain], {
    ...(options.connectionsMax === undefined ? {} : { max: options.connectionsMax }),
    onFull: atMostEvery(fullWarningMs, () => log.warn("Closed a connection for a new one: as many are open as may be")),
  });
  secure.on("tlsClientError", (error) => log.debug("TLS handshake failed", { error: errorText(error) }));
  secure.on("sessionError", (error: Error) => log.debug("HTTP/2 session failed", { error: errorText(error) }));

  await listen(secure, options.port, host);
  const address = secure.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host;

  let closed: Promise<void> | undefined;
  return {
    host,
    port,
    url: `https://${authority(name, port)}`,
    [Symbol.asyncDispose]: () => (closed ??= close({ secure, plain }, connections)),
  };
}

type Servers = { secure: TlsServer; plain: HttpServer };

async function close({ secure, plain }: Servers, connections: Connections): Promise<void> {
  const closed = once(secure, "close");
  secure.close();
  plain.close();
  const idle = setInterval(() => {
    closeIdleConnections(secure);
    plain.closeIdleConnections();
  }, closeIntervalMs);
  const limit = setTimeout(() => connections.destroyAll(), closeGraceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(limit);
}

/** HTTP/2 servers have this method as well, though the type does not say so. */
function closeIdleConnections(server: TlsServer): void {
  if ("closeIdleConnections" in server && typeof server.closeIdleConnections === "function") {
    server.closeIdleConnections();
  }
}

function createServers(options: ListenOptions): Servers {
  const { tls, sni, handler, log } = options;
  const listener = serveHandler(handler, (error, { method, target }) => {
    log.error("Request failed", { method, path: pathOf(target), error });
  });
  const alpn = options.alpn ?? ["h2", "http/1.1"];
  const http = {
    noDelay: true,
    // Finds out about peers that vanished without a word, like a laptop that was closed.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    maxHeaderSize: headersBytesMax,
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: headersLookMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // A push of a big repository may take as long as it takes.
    requestTimeout: 0,
  };
  const https = { ...http, ...tlsOptions(tls, sni), ALPNProtocols: [...alpn] };
  const streams = { maxConcurrentStreams: streamsMax, maxHeaderListSize: headersBytesMax };
  const secure = alpn.includes("h2")
    ? createSecureServer({ ...https, allowHTTP1: true, settings: streams }, listener)
    : createHttpsServer(https, listener);
  const serves = options.plainHttp === "serve";
  const plain = nodeHttp.createServer(http, serves ? listener : redirectToHttps);
  takeUpgrades(secure, options);
  if (serves) takeUpgrades(plain, options);
  return { secure, plain };
}

function takeUpgrades(server: TlsServer | HttpServer, { upgrade, log }: ListenOptions): void {
  if (upgrade === undefined) return;
  // Other upgrades, such as curl's to h2c, may be ignored by a server (RFC 9110, 7.8).
  const isWebSocket = (message: IncomingMessage) => message.headers.upgrade?.toLowerCase() === "websocket";
  Object.assign(server, { shouldUpgradeCallback: isWebSocket });
  server.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", (error) => log.debug("WebSocket connection failed", { error: errorText(error) }));
    upgrade(message, socket, head);
  });
}

function tlsOptions(tls: ListenOptions["tls"], sni: ListenOptions["sni"]): TlsOptions {
  const common = { ca: tls.ca, minVersion: "TLSv1.2" } as const;
  const contexts = new Map(
    [...(sni ?? [])].map(([name, pair]) => [name.toLowerCase(), createSecureContext({ ...common, ...pair })]),
  );
  return {
    ...common,
    key: tls.key,
    cert: tls.cert,
    requestCert: tls.requestClientCertificate ?? false,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMs,
    SNICallback: (servername, done) => {
      const name = servername.toLowerCase();
      done(null, contexts.get(name) ?? contexts.get(name.replace(/^[^.]+/, "*")));
    },
  };
}

async function listen(server: TlsServer, port: number, host: string): Promise<void> {
  try {
    server.listen({ port, host });
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE") throw new PortTakenError(port, host, cause);
    if (code === "EACCES") throw new PortForbiddenError(port, host, cause);
    throw new Error(`Cannot listen on ${authority(host, port)}`, { cause });
  }
}

/** Calls at once, and then not again before the time has passed. */
function atMostEvery(periodMs: number, call: () => void): () => void {
  let calledMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - calledMs < periodMs) return;
    calledMs = nowMs;
    call();
  };
}

function authority(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Without the query, which may hold tokens. */
function pathOf(target: string): string {
  return target.split("?", 1)[0] ?? target;
}
