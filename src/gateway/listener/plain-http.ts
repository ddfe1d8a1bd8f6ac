import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";

/** The content type of a TLS record that carries a handshake (RFC 8446, 5.1). */
const tlsHandshake = 22;

/**
 * Lets one port speak TLS and plain HTTP: looks at the first byte of each connection, and hands those that do not begin
 * with a handshake to `plain`.
 *
 * @param server must have no other listeners for `connection` yet than those that Node gave it
 * @param plain does not listen itself
 * @param firstByteTimeoutMs how long a client may be silent after it has connected
 */
export function divertPlainHttp(server: Server, plain: HttpServer, firstByteTimeoutMs: number): void {
  const startTls = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const abandon = () => socket.destroy();
    socket.setTimeout(firstByteTimeoutMs, abandon);
    socket.on("error", abandon);
    socket.once("readable", () => {
      socket.setTimeout(0, abandon);
      socket.off("error", abandon);
      const head: Buffer | null = socket.read();
      if (head === null) return abandon();
      socket.unshift(head);
      if (head[0] !== tlsHandshake) return plain.emit("connection", socket);
      for (const listener of startTls) Reflect.apply(listener, server, [socket]);
    });
  });
  // Node starts the clock that ends slow clients when a server begins to listen.
  server.on("listening", () => plain.emit("listening"));
}

/** Answers that the port speaks HTTPS; many people type `http://`. */
export function redirectToHttps(request: IncomingMessage, reply: ServerResponse): void {
  const { host } = request.headers;
  const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) {
    reply.writeHead(400, headers).end("This port speaks HTTPS only.\n");
    return;
  }
  const location = `https://${host}${request.url?.startsWith("/") ? request.url : "/"}`;
  reply.writeHead(307, { ...headers, location }).end(`This port speaks HTTPS only. Use ${location}\n`);
}
