import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientCertificate, HttpRequest } from "../../lib/index.ts";
import { type AuthenticatorOptions, createAuthenticator, staticTokens } from "./authenticate.ts";
import { type Identity, TokenError } from "./identity.ts";

const audiences = ["https://api.test"];
const now = new Date("2026-01-02T03:04:05Z");
const known = staticTokens(new Map([["good", { name: "dev", groups: ["a"] }]]), audiences);

function authenticatorWith(options: Partial<AuthenticatorOptions> = {}) {
  return createAuthenticator({ audiences, tokens: [known], now: () => now, ...options });
}

function requestWith(more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", target: "/api", headers: {}, signal: new AbortController().signal, ...more };
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const certificate: ClientCertificate = { commonName: "jane", organizations: ["devs"] };
const jane = { name: "jane", groups: ["devs", "system:authenticated"] };
const dev = { name: "dev", groups: ["a", "system:authenticated"] };
const nobody = { name: "system:anonymous", groups: ["system:unauthenticated"] };

const cases: Record<string, { request: Partial<HttpRequest>; want: Identity["user"] | undefined }> = {
  "a caller in the process": {
    request: { user: { name: "me", groups: [] } },
    want: { name: "me", groups: ["system:authenticated"] },
  },
  "a token": { request: bearer("good"), want: dev },
  "a token after spaces around it": { request: { headers: { authorization: "  bearer good " } }, want: dev },
  "an unknown token": { request: bearer("bad"), want: undefined },
  "another scheme": { request: { headers: { authorization: "Basic Z29vZA==" } }, want: nobody },
  nothing: { request: {}, want: nobody },
  "a certificate": { request: { clientCertificate: certificate }, want: jane },
  "a certificate before a token": { request: { clientCertificate: certificate, ...bearer("bad") }, want: jane },
  "a certificate with a uid and a hash": {
    request: { clientCertificate: { ...certificate, uids: ["u1"], sha256: "ab" } },
    want: { ...jane, uid: "u1", extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=ab"] } },
  },
  "a certificate with two uids": {
    request: { clientCertificate: { ...certificate, uids: ["u1", "u2"] } },
    want: undefined,
  },
  "a certificate that has ended": {
    request: { clientCertificate: { ...certificate, validUntilMs: now.getTime() - 1 } },
    want: undefined,
  },
  "a certificate of others": { request: { clientCertificateError: "DEPTH_ZERO_SELF_SIGNED_CERT" }, want: undefined },
  "a certificate of others beside a token": {
    request: { clientCertificateError: "DEPTH_ZERO_SELF_SIGNED_CERT", ...bearer("good") },
    want: dev,
  },
};
for (const [name, { request, want }] of Object.entries(cases)) {
  test(`who comes with ${name} is ${want?.name ?? "refused"}`, async () => {
    const identity = await authenticatorWith().request(requestWith(request), "/api");
    assert.deepEqual(identity?.user, want);
  });
}

test("strangers may be kept to some paths, or out", async () => {
  const some = authenticatorWith({ anonymous: { enabled: true, paths: ["/livez"] } });
  assert.deepEqual((await some.request(requestWith(), "/livez"))?.user, nobody);
  assert.equal(await some.request(requestWith(), "/api"), undefined);
  const none = authenticatorWith({ anonymous: { enabled: false } });
  assert.equal(await none.request(requestWith(), "/livez"), undefined);
});

test("a token is asked of one authenticator after the other, and waits only for those who wait", async () => {
  const asked: string[] = [];
  const refusing = () => {
    asked.push("first");
    throw new TokenError("the first says no");
  };
  const slow = async () => {
    asked.push("second");
    return await Promise.reject(new TokenError("the second says no"));
  };
  const tokens = [refusing, slow, known];
  const authenticator = authenticatorWith({ tokens });
  assert.deepEqual((await authenticator.token("good", audiences)).user, dev);
  assert.deepEqual(asked, ["first", "second"]);
  await assert.rejects(async () => await authenticator.token("bad", audiences), {
    message: "[invalid bearer token, the first says no, the second says no]",
  });
  assert.equal(authenticatorWith().request(requestWith(bearer("good")), "/api") instanceof Promise, false);
});

test("a failure that is not the token's is not hidden", async () => {
  const broken = async () => await Promise.reject(new Error("broken"));
  const authenticator = authenticatorWith({ tokens: [broken] });
  await assert.rejects(async () => await authenticator.request(requestWith(bearer("x")), "/api"), {
    message: "broken",
  });
});
