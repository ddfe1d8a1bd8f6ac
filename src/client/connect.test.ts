import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openCertificateAuthority } from "../gateway/index.ts";
import { readBody } from "../lib/index.ts";
import { connectCluster } from "./connect.ts";

const body = Buffer.from('{"propagationPolicy":"Orphan"}');
async function* inPieces() {
  yield body.subarray(0, 10);
  yield body.subarray(10);
}

for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
  test(`the body of a ${method} arrives whole, and the connection is good for the next request`, async () => {
    const dir = await mkdtemp(join(tmpdir(), "skiff-connect-"));
    const authority = await openCertificateAuthority(dir);
    const seen: string[] = [];
    const server = createServer(
      await authority.issueServer({ dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] }),
      async (request, response) => {
        seen.push(`${request.method} ${(await readBody(request, 1000)).toString()}`);
        response.end("ok");
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const handler = connectCluster({ server: `https://127.0.0.1:${port}`, caCertificate: authority.caCertificatePem });
    try {
      for (const content of [body, inPieces(), body]) {
        const { signal } = new AbortController();
        const response = await handler({ method, target: "/", headers: {}, body: content, signal });
        assert.equal(response.status, 200);
      }
      assert.deepEqual(seen, Array(3).fill(`${method} ${body}`));
    } finally {
      handler[Symbol.dispose]();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true });
    }
  });
}
