import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCertificateAuthority } from "../../../../gateway/index.ts";
import { readBody } from "../../../../lib/index.ts";
import type { Json } from "../../../testing.ts";

/** What a test's webhook answers: JSON, or bytes with a status. */
export type WebhookAnswer = Json | { raw: string; status: number; type?: string };

/** An HTTPS server with a certificate of its own. */
export type WebhookServer = AsyncDisposable & {
  url(path: string): string;
  port: number;
  /** Base64 of the PEM of who signed its certificate. */
  caBundle: string;
  /** Everything it was asked, by the path asked. */
  calls: { path: string; query: string; headers: Record<string, unknown>; body: Json }[];
};

/** @param answer may wait; told the path without the query and the JSON that was sent */
export async function startWebhookServer(
  answer: (path: string, body: Json) => WebhookAnswer | Promise<WebhookAnswer>,
  names = { dnsNames: ["hook.default.svc"], ipAddresses: ["127.0.0.1"] },
): Promise<WebhookServer> {
  const dir = await mkdtemp(join(tmpdir(), "skiff-webhook-"));
  const authority = await openCertificateAuthority(dir);
  const pair = await authority.issueServer(names);
  await rm(dir, { recursive: true });
  const calls: WebhookServer["calls"] = [];
  const server = createServer(pair, (request, response) => {
    const handle = async () => {
      const [path = "", query = ""] = (request.url ?? "").split("?", 2);
      const body: Json = JSON.parse(Buffer.from(await readBody(request, 2 ** 26)).toString());
      calls.push({ path, query, headers: request.headers, body });
      const answered = await answer(path, body);
      const isRaw = typeof answered === "object" && answered !== null && "raw" in answered;
      const bytes = isRaw ? answered.raw : JSON.stringify(answered);
      response.writeHead(isRaw ? answered.status : 200, {
        "content-type": isRaw ? (answered.type ?? "application/json") : "application/json",
      });
      response.end(bytes);
    };
    handle().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    calls,
    url: (path) => `https://127.0.0.1:${port}${path}`,
    caBundle: Buffer.from(authority.caCertificatePem).toString("base64"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
