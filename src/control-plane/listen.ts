import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
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

/** Opens a TLS port with a certificate of its own. */
export async function listen({ port, log }: { port: number; log: Log }): Promise<Endpoint> {
  let handler: Handler = async () => ({ status: 503, headers: { "retry-after": "1" } });
  const answer = serveHandler(
    (request) => handler(request),
    (error) => log.error("Cannot answer a request", { why: errorText(error) }),
  );
  const { ca, cert, key } = await certificates();
  const server = createServer({ cert, key }, answer);
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
      server.closeAllConnections();
      await closed;
    },
  };
}

async function certificates(): Promise<{ ca: string; cert: string; key: string }> {
  // Loaded when it is needed: it takes longer than the rest of the start.
  const { openCertificateAuthority } = await import("../gateway/index.ts");
  const dir = mkdtempSync(join(tmpdir(), "skiff-control-plane-"));
  try {
    const authority = await openCertificateAuthority(dir, { name: "control-plane" });
    const { cert, key } = await authority.issueServer({ dnsNames: ["localhost", "kubernetes"], ipAddresses: [host] });
    return { ca: authority.caCertificatePem, cert, key };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
