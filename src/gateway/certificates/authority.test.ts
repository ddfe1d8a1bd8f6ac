import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { promisify } from "node:util";
import { makeTestDirectory } from "../testing/authority.ts";
import { CertificateAuthorityError, openCertificateAuthority } from "./authority.ts";

const dayMs = 24 * 60 * 60 * 1000;
const now = new Date("2030-05-01T12:00:00Z");
const names = { dnsNames: ["skiff.localhost", "*.skiff.localhost", "localhost"], ipAddresses: ["127.0.0.1", "::1"] };

async function open(dir: string, at = now) {
  return await openCertificateAuthority(dir, { name: "skiff.localhost", now: () => at });
}

async function openssl(t: TestContext, args: string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)("openssl", args)).stdout;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      t.skip("openssl is not installed");
      return undefined;
    }
    throw error;
  }
}

test("an authority may sign servers and clients for ten years, but no further authorities", async (t) => {
  const authority = await open(await makeTestDirectory(t));
  const certificate = new X509Certificate(authority.caCertificatePem);
  assert.equal(certificate.subject, "O=Skiff\nCN=Skiff local CA skiff.localhost");
  assert.equal(certificate.ca, true);
  assert.ok(certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey));
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / dayMs;
  assert.equal(days, 3650);
  assert.ok(certificate.validFromDate < now);
  const text = await openssl(t, ["x509", "-in", authority.caCertificateFile, "-noout", "-text"]);
  assert.match(text ?? "", /Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
  assert.match(text ?? "", /Key Usage: critical\s+Certificate Sign, CRL Sign/);
  assert.match(text ?? "", /Subject Key Identifier/);
});

test("an authority stays the same, and its key is its owner's alone", async (t) => {
  const dir = await makeTestDirectory(t);
  const first = await open(dir);
  const again = await open(dir);
  assert.equal(again.caCertificatePem, first.caCertificatePem);
  assert.equal(await readFile(first.caCertificateFile, "utf8"), first.caCertificatePem);
  assert.equal((await stat(join(dir, "ca/ca.key"))).mode & 0o777, 0o600);
});

test("two processes that start at once get one authority", async (t) => {
  const dir = await makeTestDirectory(t);
  const opened = await Promise.all([open(dir), open(dir), open(dir)]);
  assert.equal(new Set(opened.map((authority) => authority.caCertificatePem)).size, 1);
  assert.deepEqual(await readdir(dir), ["ca"]);
});

test("openssl accepts what the authority issues, strictly and for its purpose only", async (t) => {
  const authority = await open(await makeTestDirectory(t), new Date());
  const dir = await makeTestDirectory(t);
  const server = join(dir, "server.pem");
  const client = join(dir, "client.pem");
  await writeFile(server, (await authority.issueServer(names)).cert);
  await writeFile(client, (await authority.issueClient({ commonName: "me", organizations: ["a", "b"] })).cert);
  const verify = (purpose: string, file: string, more: string[] = []) =>
    openssl(t, ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", authority.caCertificateFile, ...more, file]);
  assert.match((await verify("sslserver", server, ["-verify_hostname", "git.skiff.localhost"])) ?? "OK", /OK/);
  assert.match((await verify("sslserver", server, ["-verify_ip", "::1"])) ?? "OK", /OK/);
  assert.match((await verify("sslclient", client)) ?? "OK", /OK/);
  if (t.signal.aborted) return;
  await assert.rejects(verify("sslclient", server));
  await assert.rejects(verify("sslserver", client));
  await assert.rejects(verify("sslserver", server, ["-verify_hostname", "a.git.skiff.localhost"]));
});

test("a server certificate carries its names, for at most 397 days", async (t) => {
  const authority = await open(await makeTestDirectory(t));
  const { cert, key } = await authority.issueServer(names);
  const certificate = new X509Certificate(cert);
  assert.ok(certificate.checkHost("skiff.localhost") && certificate.checkHost("git.skiff.localhost"));
  assert.ok(certificate.checkIP("127.0.0.1") && certificate.checkIP("::1"));
  assert.equal(certificate.checkHost("example.org"), undefined);
  assert.ok(certificate.verify(new X509Certificate(authority.caCertificatePem).publicKey));
  assert.ok(certificate.validToDate.getTime() - certificate.validFromDate.getTime() <= 397 * dayMs);
  assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/);
  assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/);
});

test("a client certificate names a user and his groups", async (t) => {
  const authority = await open(await makeTestDirectory(t));
  const { cert } = await authority.issueClient({
    commonName: "kubernetes-admin",
    organizations: ["system:masters", "Ä/ö, =+"],
  });
  const { subject } = new X509Certificate(cert).toLegacyObject();
  assert.deepEqual({ ...subject }, { CN: "kubernetes-admin", O: ["system:masters", "Ä/ö, =+"] });
});

test("a certificate is kept until 30 days before its end, in whatever order names are given", async (t) => {
  const dir = await makeTestDirectory(t);
  const first = await (await open(dir)).issueServer(names);
  const later = (days: number) => new Date(now.getTime() + days * dayMs);
  const shuffled = { dnsNames: [...names.dnsNames].reverse(), ipAddresses: [...names.ipAddresses].reverse() };
  assert.deepEqual(await (await open(dir, later(366))).issueServer(shuffled), first);
  const renewed = await (await open(dir, later(368))).issueServer(names);
  assert.notEqual(renewed.cert, first.cert);
  assert.deepEqual(await (await open(dir, later(369))).issueServer(names), renewed);
});

test("other names, a damaged file and a new authority make a new certificate", async (t) => {
  const dir = await makeTestDirectory(t);
  const authority = await open(dir);
  const first = await authority.issueServer(names);
  const more = await authority.issueServer({ ...names, dnsNames: [...names.dnsNames, "cnoe.localtest.me"] });
  assert.ok(new X509Certificate(more.cert).checkHost("cnoe.localtest.me"));
  assert.deepEqual(await authority.issueServer(names), first);

  const files = (await readdir(dir)).filter((name) => name.startsWith("server-"));
  assert.equal(files.length, 2);
  for (const file of files) {
    assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600);
    await writeFile(join(dir, file), first.cert.slice(0, 200));
  }
  const second = await authority.issueServer(names);
  assert.ok(new X509Certificate(second.cert).checkHost("skiff.localhost"));

  await rm(join(dir, "ca"), { recursive: true });
  const replaced = await open(dir);
  const third = await replaced.issueServer(names);
  assert.ok(new X509Certificate(third.cert).verify(new X509Certificate(replaced.caCertificatePem).publicKey));
});

test("no certificate outlives its authority", async (t) => {
  const dir = await makeTestDirectory(t);
  const authority = await open(dir);
  const nearEnd = await open(
    dir,
    new Date(new X509Certificate(authority.caCertificatePem).validToDate.getTime() - 9 * dayMs),
  );
  const { cert } = await nearEnd.issueServer(names);
  assert.deepEqual(new X509Certificate(cert).validToDate, new X509Certificate(authority.caCertificatePem).validToDate);
});

const broken: Record<string, { damage: (folder: string) => Promise<void>; file: string; says: RegExp }> = {
  "without its key": {
    damage: (folder) => rm(join(folder, "ca.key")),
    file: "ca/ca.key",
    says: /ca\.key is missing\. Restore it/,
  },
  "without its certificate": {
    damage: (folder) => rm(join(folder, "ca.crt")),
    file: "ca/ca.crt",
    says: /ca\.crt is missing/,
  },
  "with half a certificate": {
    damage: async (folder) =>
      writeFile(join(folder, "ca.crt"), (await readFile(join(folder, "ca.crt"))).subarray(0, 99)),
    file: "ca/ca.crt",
    says: /is not a PEM certificate/,
  },
  "with an empty key": {
    damage: (folder) => writeFile(join(folder, "ca.key"), ""),
    file: "ca/ca.key",
    says: /is not a PEM private key/,
  },
};
for (const [name, { damage, file, says }] of Object.entries(broken)) {
  test(`an authority ${name} is refused with the file and the way out, and not replaced`, async (t) => {
    const dir = await makeTestDirectory(t);
    await open(dir);
    await damage(join(dir, "ca"));
    const before = await readdir(join(dir, "ca"));
    await assert.rejects(open(dir), (error) => {
      assert.ok(error instanceof CertificateAuthorityError);
      assert.equal(error.file, join(dir, file));
      assert.match(error.message, says);
      assert.match(error.fix, /remove .*ca and start again/);
      return true;
    });
    assert.deepEqual(await readdir(join(dir, "ca")), before);
  });
}

test("a key of another authority and an expired authority are refused", async (t) => {
  const dir = await makeTestDirectory(t);
  const other = await makeTestDirectory(t);
  await open(dir);
  await open(other);
  await assert.rejects(open(dir, new Date("2041-01-01")), /expired at 2040-.*Remove .* and start again/);
  await writeFile(join(dir, "ca/ca.key"), await readFile(join(other, "ca/ca.key")));
  await assert.rejects(open(dir), /ca\.key does not belong to .*ca\.crt/);
});

test("what a killed process left half-written goes away, what another just writes stays", async (t) => {
  const dir = await makeTestDirectory(t);
  const left = join(dir, "ca.00000000-0000-4000-8000-000000000000.new");
  const busy = join(dir, "ca.00000000-0000-4000-8000-000000000001.new");
  await mkdir(left);
  await mkdir(busy);
  await utimes(left, now, new Date(now.getTime() - 61_000));
  await utimes(busy, now, now);
  await open(dir);
  assert.deepEqual((await readdir(dir)).sort(), [busy.slice(dir.length + 1), "ca"].sort());
});

for (const bad of ["", "a b", "127.0.0.1", "-x", "*.*.x"]) {
  test(`no certificate is issued for the name ${JSON.stringify(bad)}`, async (t) => {
    const authority = await open(await makeTestDirectory(t));
    await assert.rejects(authority.issueServer({ dnsNames: [bad], ipAddresses: [] }), /it is not a host name/);
  });
}

test("a start that issues nothing does not load the library", async (t) => {
  const dir = await makeTestDirectory(t);
  await (await openCertificateAuthority(dir)).issueServer(names);
  const program = `
    import { openCertificateAuthority } from ${JSON.stringify(new URL("./authority.ts", import.meta.url).href)};
    const authority = await openCertificateAuthority(${JSON.stringify(dir)});
    await authority.issueServer(${JSON.stringify(names)});
    const before = "getMetadata" in Reflect;
    await authority.issueClient({ commonName: "new", organizations: [] });
    console.log(before, "getMetadata" in Reflect);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  assert.equal(stdout.trim(), "false true");
});
