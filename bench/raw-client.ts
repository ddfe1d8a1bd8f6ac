import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";

/** One kept HTTP/1.1 connection that sends one request after the other. */
export type RawClient = Disposable & {
  /** @returns the status. @throws when the connection ends or the answer has a form that is not known here */
  send(method: string, path: string, body?: string): Promise<number>;
};

/**
 * A client that costs a fraction of what Node's own does: server and clients share the two cores of the machines that this is
 * measured on, and what the clients need, the server has not. Reads bodies with a length and chunked ones, and keeps nothing of
 * them.
 */
export async function rawClient(
  options: ConnectionOptions & { host: string; port: number; token?: string },
): Promise<RawClient> {
  const authorization = options.token === undefined ? "" : `Authorization: Bearer ${options.token}\r\n`;
  const socket: TLSSocket = connect({ ...options, ALPNProtocols: ["http/1.1"] });
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  let answer: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  let head = "";
  /** Bytes of the body still to come; -1 while the head is read, -2 in a chunked body. */
  let left = -1;
  let status = 0;
  let tail = "";
  const done = () => {
    const waiting = answer;
    answer = undefined;
    left = -1;
    head = "";
    tail = "";
    waiting?.resolve(status);
  };
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    if (left === -1) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      status = Number(head.slice(9, 12));
      const length = /\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1];
      left = length === undefined ? -2 : Number(length);
      rest = Buffer.from(head.slice(end + 4), "latin1");
    }
    if (left >= 0) {
      left -= rest.byteLength;
      if (left <= 0) done();
      return;
    }
    tail = (tail + rest.toString("latin1")).slice(-7);
    if (tail.endsWith("0\r\n\r\n")) done();
  });
  const fail = (error: Error) => answer?.reject(error);
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("The connection was closed")));
  const host = `${options.host}:${options.port}`;
  return {
    send(method, path, body) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      answer = { resolve, reject };
      const framing =
        body === undefined ? "" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
      socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench/1.0\r\n${authorization}${framing}\r\n${body ?? ""}`,
      );
      return promise;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
