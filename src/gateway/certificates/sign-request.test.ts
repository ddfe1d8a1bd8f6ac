import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority } from "./issue.ts";
import { readRequest, signRequest } from "./sign-request.ts";

const now = new Date("2026-01-02T03:04:05Z");

/** A request as OpenSSL makes it. */
function makeRequest(subject: string, ...more: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "csr-"));
  try {
    const file = (name: string) => join(directory, name);
    const args = ["req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", file("key"), "-out", file("csr")];
    execFileSync("openssl", [...args, "-subj", subject, ...more], { stdio: "ignore" });
    return readFileSync(file("csr"), "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("a request says whom it is for", async () => {
  const names = "subjectAltName=DNS:a.test,IP:192.0.2.1,email:a@test,URI:spiffe://test/a";
  const pem = makeRequest("/O=devs/O=ops/CN=jane", "-addext", names);
  assert.deepEqual(await readRequest(pem), {
    commonName: "jane",
    organizations: ["devs", "ops"],
    dnsNames: ["a.test"],
    ipAddresses: ["192.0.2.1"],
    emailAddresses: ["a@test"],
    uris: ["spiffe://test/a"],
  });
});

test("a certificate is for who asked, for what was allowed, from and until when it was said", async () => {
  const authority = await createAuthority("test", now);
  const pem = makeRequest(
    "/O=devs/CN=jane",
    "-addext",
    "subjectAltName=DNS:a.test",
    "-addext",
    "basicConstraints=CA:TRUE",
  );
  const notAfter = new Date(now.getTime() + 3600_000);
  const usages = ["digital signature", "key encipherment", "client auth"];
  const certificate = new X509Certificate(await signRequest(authority, pem, { usages, notBefore: now, notAfter }));
  assert.equal(certificate.subject, "O=devs\nCN=jane");
  assert.equal(certificate.subjectAltName, "DNS:a.test");
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
  assert.deepEqual([certificate.validFromDate, certificate.validToDate], [now, notAfter]);
  assert.ok(certificate.verify(new X509Certificate(authority.cert).publicKey));
});

test("a certificate ends with its authority, and there are no usages but those there are", async () => {
  const authority = await createAuthority("test", now);
  const pem = makeRequest("/CN=jane");
  const forever = { notBefore: now, notAfter: new Date("2100-01-01") };
  const certificate = new X509Certificate(await signRequest(authority, pem, { usages: ["client auth"], ...forever }));
  assert.deepEqual(certificate.validToDate, new X509Certificate(authority.cert).validToDate);
  await assert.rejects(signRequest(authority, pem, { usages: ["everything"], ...forever }), {
    message: 'unrecognized usage values: ["everything"]',
  });
});

test("what is no request, or was changed, is refused", async () => {
  await assert.rejects(readRequest("nothing"), { message: /it is no PKCS #10/ });
  const [one, other] = [makeRequest("/CN=jane"), makeRequest("/CN=jane")].map((pem) =>
    Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64"),
  );
  assert.ok(one !== undefined && other !== undefined);
  const mixed = Buffer.concat([one.subarray(0, -64), other.subarray(-64)]).toString("base64");
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${mixed}\n-----END CERTIFICATE REQUEST-----\n`;
  await assert.rejects(readRequest(pem), { message: /its signature is wrong/ });
});
