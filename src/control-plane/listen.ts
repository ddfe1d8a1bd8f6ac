import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText, type Handler, type Log, serveHandler } from "../lib/index.ts";

/** A port of this machine. Requests that come before there is something to serve are answered with 503. */
export type Endpoint = AsyncDisposable & {
  url: string;
  /** PEM of what signs its certificate. */
  caCertificate: string;
  serve(handler: Handler): void;
};

const host = "127.0.0.1";

type Gateway = typeof import("../gateway/index.ts");

/** Opens a TLS port with a certificate of its own. */
export async function listen({ port, log }: { port: number; log: Log }): Promise<Endpoint> {
  let handler: Handler = async () => ({ status: 503, headers: { "retry-after": "1" } });
  const answer = serveHandler(
    (request) => handler(request),
    (error) => log.error("Cannot answer a request", { why: errorText(error) }),
  );
  // Loaded when it is needed: it takes longer than the rest of the start.
  const gateway = await import("../gateway/index.ts");
  const { ca, cert, key } = await certificates(gateway);
  const server = createServer({ cert, key }, answer);
  const upgrade = gateway.webSocketWatches((request) => handler(request), log);
  gateway.takeUpgrades(server, { upgrade, log });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`Cannot listen on ${host}: no port was given`);
  return {
    url: `https://${host}:${address.port}`,
    caCertificate: ca,
    serve(next) {
      handler = next;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function certificates({ openCertificateAuthority }: Gateway): Promise<{ ca: string; cert: string; key: string }> {
  const dir = mkdtempSync(join(tmpdir(), "skiff-control-plane-"));
  try {
    const authority = await openCertificateAuthority(dir, { name: "control-plane" });
    const { cert, key } = await authority.issueServer({ dnsNames: ["localhost", "kubernetes"], ipAddresses: [host] });
    return { ca: authority.caCertificatePem, cert, key };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
