import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from "node:http2";
import type { Server, Socket } from "node:net";

/**
 * How many connections may be open. An idle one costs 57 KiB of memory (measured with 900 of them), nearly all of it TLS's, so
 * that this is 230 MiB at the worst. Clients that speak HTTP/1.1 need a connection for each watch.
 */
const connectionsMax = 4096;
/** What is left of the files that the process may open is for others: files, and connections of other listeners. */
const shareOfOpenFiles = 1 / 3;

/** The connections of a listener, so many that one more has to be made room for. */
export type Connections = {
  /** Lets go of all of them, whatever they do. */
  destroyAll(): void;
  readonly size: number;
};

type Request = IncomingMessage | Http2ServerRequest;
type Connection = { socket: Socket; requests: number };

/**
 * Keeps the connections of a server below a bound, and lets newcomers in all the same: the connection that has had no request
 * for the longest time is closed for them, or when all have one, the one that has been busy for the longest time. So no
 * number of connections keeps a client out that asks as soon as it is connected; and clients know how to begin a watch anew.
 *
 * @param servers the TLS server first, then those to which it hands connections without TLS
 */
export function boundConnections(
  servers: readonly [Server, ...Server[]],
  options: { max?: number; onFull: () => void },
): Connections {
  const max = options.max ?? Math.min(connectionsMax, Math.floor(openFilesMax() * shareOfOpenFiles));
  const [first] = servers;
  // Both in the order in which their connections became what they are.
  const idle = new Set<Connection>();
  const busy = new Set<Connection>();
  const byPeer = new Map<string, Connection>();
  /** By what a request knows of its connection. */
  const known = new WeakMap<object, Connection>();

  first.on("connection", (socket: Socket) => {
    const connection: Connection = { socket, requests: 0 };
    const peer = peerOf(socket);
    idle.add(connection);
    byPeer.set(peer, connection);
    known.set(socket, connection);
    socket.on("close", () => {
      idle.delete(connection);
      busy.delete(connection);
      if (byPeer.get(peer) === connection) byPeer.delete(peer);
    });
    if (idle.size + busy.size <= max) return;
    options.onFull();
    const [longest] = idle.size > 1 || busy.size === 0 ? idle : busy;
    longest?.socket.destroy();
  });
  // What TLS makes of a connection has the same peer and is another object.
  const join = (part: object, socket: Socket) => {
    const connection = byPeer.get(peerOf(socket));
    if (connection !== undefined) known.set(part, connection);
  };
  first.on("secureConnection", (socket: Socket) => join(socket, socket));
  first.on("session", (session: ServerHttp2Session) => join(session, session.socket));

  const begin = (message: Request) => {
    const connection = known.get(partOf(message));
    if (connection === undefined) return undefined;
    if (connection.requests++ > 0) return connection;
    idle.delete(connection);
    busy.add(connection);
    return connection;
  };
  const end = (connection: Connection) => {
    // One that is gone is in neither set.
    if (--connection.requests > 0 || !busy.delete(connection)) return;
    idle.add(connection);
  };
  for (const server of servers) {
    server.on("request", (message: Request, reply: ServerResponse | Http2ServerResponse) => {
      const connection = begin(message);
      if (connection !== undefined) reply.on("close", () => end(connection));
    });
    // The connection is the WebSocket's from then on.
    server.on("upgrade", (message: IncomingMessage) => void begin(message));
  }
  return {
    destroyAll() {
      for (const { socket } of [...idle, ...busy]) socket.destroy();
    },
    get size() {
      return idle.size + busy.size;
    },
  };
}

function partOf(message: Request): object {
  return ("stream" in message ? message.stream.session : undefined) ?? message.socket;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** What systems allow at the least that tell us nothing. Node raises its limit to the highest that it may have. */
const openFilesDefault = 1024;

function openFilesMax(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return process.platform === "win32" ? Number.POSITIVE_INFINITY : openFilesDefault;
  }
}
