import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateSigner } from "../controllers/index.ts";
import type { Handler, Log } from "../lib/index.ts";

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

export type EndpointOptions = {
  /** 0 lets the system choose. */
  port: number;
  /** Keeps the certificate authority, so that a kubeconfig trusts the next run too. */
  dir: string | undefined;
  log: Log;
};

const host = "127.0.0.1";

/** Opens a TLS port with a certificate of its own. */
export async function listen({ port, dir, log }: EndpointOptions): Promise<Endpoint> {
  // Loaded when it is needed: it takes longer than the rest of the start.
  const gateway = await import("../gateway/index.ts");
  let serving: Handler = async () => ({ status: 503, headers: { "retry-after": "1" } });
  const handler: Handler = (request) => serving(request);
  const { authority, ...pair } = await certificates(gateway, dir);
  const ca = authority.caCertificatePem;
  const listener = await gateway.startListener({
    host,
    port,
    alpn: ["http/1.1"],
    tls: { ...pair, ca, requestClientCertificate: true },
    handler,
    upgrade: gateway.webSocketWatches(handler, log),
    log,
  });
  return {
    url: listener.url,
    caCertificate: ca,
    signer: { read: gateway.readRequest, sign: authority.signRequest },
    address: { ip: host, port: listener.port },
    serve(next) {
      serving = next;
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

async function certificates(
  { openCertificateAuthority }: Pick<typeof import("../gateway/index.ts"), "openCertificateAuthority">,
  kept: string | undefined,
) {
  const dir = kept ?? mkdtempSync(join(tmpdir(), "skiff-control-plane-"));
  try {
    const authority = await openCertificateAuthority(dir, { name: "control-plane" });
    return {
      authority,
      ...(await authority.issueServer({ dnsNames: ["localhost", "kubernetes"], ipAddresses: [host] })),
    };
  } finally {
    if (kept === undefined) rmSync(dir, { recursive: true, force: true });
  }
}
