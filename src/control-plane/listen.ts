import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateSigner } from "../controllers/index.ts";
import { errorText, type Handler, type Log, serveHandler } from "../lib/index.ts";

/** A port of this machine. Requests that come before there is something to serve are answered with 503. */
export type Endpoint = AsyncDisposable & {
  url: string;
  /** PEM of what signs its certificate. */
  caCertificate: string;
  /** Signs for its authority; who shows such a certificate is the user it names. */
  signer: CertificateSigner;
  address: { ip: string; port: number };
  serve(handler: Handler): void;
};

const host = "127.0.0.1";

type Gateway = typeof import("../gateway/index.ts");

export type ListenOptions = {
  port: number;
  /** Keeps the certificate authority, so that a kubeconfig trusts the next run too. */
  dir: string | undefined;
  log: Log;
};

/** Opens a TLS port with a certificate of its own. */
export async function listen({ port, dir, log }: ListenOptions): Promise<Endpoint> {
  let handler: Handler = async () => ({ status: 503, headers: { "retry-after": "1" } });
  const answer = serveHandler(
    (request) => handler(request),
    (error) => log.error("Cannot answer a request", { why: errorText(error) }),
  );
  // Loaded when it is needed: it takes longer than the rest of the start.
  const gateway = await import("../gateway/index.ts");
  const { authority, cert, key } = await certificates(gateway, dir);
  const ca = authority.caCertificatePem;
  // Whoever has no certificate of ours may still have a token.
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false }, answer);
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
    signer: { read: gateway.readRequest, sign: authority.signRequest },
    address: { ip: host, port: address.port },
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

async function certificates({ openCertificateAuthority }: Gateway, kept: string | undefined) {
  const dir = kept ?? mkdtempSync(join(tmpdir(), "skiff-control-plane-"));
  try {
    const authority = await openCertificateAuthority(dir, { name: "control-plane" });
    const pair = await authority.issueServer({ dnsNames: ["localhost", "kubernetes"], ipAddresses: [host] });
    return { authority, ...pair };
  } finally {
    if (kept === undefined) rmSync(dir, { recursive: true, force: true });
  }
}
