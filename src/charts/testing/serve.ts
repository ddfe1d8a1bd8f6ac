import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { TestContext } from "node:test";

export type Answer = { status?: number; headers?: Record<string, string>; body?: string | Uint8Array };
/** One request as it came. */
export type Seen = {
  method: string;
  url: string;
  authorization?: string;
  headers: IncomingMessage["headers"];
  isAuthorized?: boolean;
};

/**
 * A server for one test, on a port of its own.
 *
 * @returns its URL without a slash at the end, and every request that it has seen
 */
export async function serve(
  t: TestContext,
  answer: (request: Seen, body: Buffer) => Answer | Promise<Answer> | undefined,
  tls?: ServerOptions,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const listener = async (request: IncomingMessage, reply: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers, socket } = request;
    const isAuthorized = "authorized" in socket ? socket.authorized === true : undefined;
    const one = { method, url, authorization: headers.authorization, headers, isAuthorized };
    seen.push(one);
    const { status = 200, headers: more = {}, body } = (await answer(one, Buffer.concat(chunks))) ?? { status: 404 };
    reply.writeHead(status, more).end(method === "HEAD" ? undefined : body);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`, seen };
}
