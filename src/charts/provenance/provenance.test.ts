import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { sha256 } from "../content-cache.ts";
import { chartFiles, findHelm, makeDirectory, openStore, readBytes, run, writeFiles } from "../testing/charts.ts";
import { startRegistry } from "../testing/registry.ts";
import { serve } from "../testing/serve.ts";
import { verifyProvenance } from "./verify-provenance.ts";

const archive = Buffer.from("the bytes of an archive");
const file = "web-1.0.0.tgz";
const message = (digest = sha256(archive), name = file) =>
  `apiVersion: v2\nname: web\nversion: 1.0.0\n\n...\nfiles:\n  ${name}: ${digest}\n`;

/** A home with a key of gpg; `undefined` where there is no gpg. */
async function makeKey(t: TestContext, parameters: string) {
  const home = makeDirectory(t);
  mkdirSync(join(home, ".gnupg"), { mode: 0o700 });
  const gpg = (args: string[], input = "") =>
    run(
      "gpg",
      ["--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "", ...args],
      home,
      input,
    );
  if ((await gpg(["--version"])).code !== 0) return undefined;
  t.after(() => run("gpgconf", ["--kill", "all"], home));
  const made = await gpg(
    ["--gen-key"],
    `%no-protection\n${parameters}Name-Real: Somebody\nName-Email: somebody@example.com\n%commit\n`,
  );
  assert.equal(made.code, 0, made.stderr);
  const sign = async (text: string, more: string[] = []) => {
    const signed = await gpg([...more, "--clear-sign"], text);
    assert.equal(signed.code, 0, signed.stderr);
    return Buffer.from(signed.stdout);
  };
  const keyring = async (...args: string[]) => {
    assert.equal((await gpg([...args, "--output", join(home, "keyring"), "--export"])).code, 0);
    return readBytes(join(home, "keyring"));
  };
  const [, fingerprint = ""] =
    /^fpr:{9}([0-9A-F]{40}):/m.exec((await gpg(["--with-colons", "--list-keys"])).stdout) ?? [];
  return { home, gpg, sign, keyring, fingerprint: fingerprint.toLowerCase() };
}

const keys: Record<string, string> = {
  RSA: "Key-Type: RSA\nKey-Length: 2048\n",
  Ed25519: "Key-Type: EDDSA\nKey-Curve: ed25519\n",
  "ECDSA P-256": "Key-Type: ECDSA\nKey-Curve: nistp256\n",
  "ECDSA P-521": "Key-Type: ECDSA\nKey-Curve: nistp521\n",
  "an RSA subkey":
    "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: cert\nSubkey-Type: RSA\nSubkey-Length: 2048\nSubkey-Usage: sign\n",
  "an Ed25519 subkey":
    "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: cert\nSubkey-Type: EDDSA\nSubkey-Curve: ed25519\nSubkey-Usage: sign\n",
};
for (const [name, parameters] of Object.entries(keys)) {
  test(`what gpg has signed with ${name} is verified, and nothing else`, async (t) => {
    const key = await makeKey(t, parameters);
    if (key === undefined) return t.skip("there is no gpg");
    const signature = await key.sign(message());
    const now = Date.now();
    for (const keyring of [await key.keyring(), await key.keyring("--armor")]) {
      const signer = verifyProvenance({ signature, archive, file, keyring, now });
      assert.deepEqual(signer, { fingerprint: key.fingerprint, userIds: ["Somebody <somebody@example.com>"] });
    }
    const keyring = await key.keyring();
    const verify = (changed: object) => () => verifyProvenance({ signature, archive, file, keyring, now, ...changed });
    const edited = Buffer.from(signature.toString().replace("version: 1.0.0", "version: 1.0.1"));
    assert.throws(verify({ signature: edited }), { message: "openpgp: invalid signature: verification failure" });
    assert.throws(
      verify({ archive: Buffer.from("other") }),
      /^Error: sha256 sum does not match for web-1\.0\.0\.tgz: "sha256:[0-9a-f]{64}" != "sha256:[0-9a-f]{64}"$/,
    );
    assert.throws(verify({ file: "db-1.0.0.tgz" }), {
      message: 'provenance does not contain a SHA for a file named "db-1.0.0.tgz"',
    });
    assert.throws(verify({ signature: Buffer.from("nothing") }), { message: "signature block not found" });
    assert.throws(verify({ keyring: new Uint8Array() }), { message: "openpgp: signature made by unknown entity" });
    assert.throws(verify({ keyring: Buffer.from("nonsense") }), /^Error: failed to load keyring: /);
  });
}

test("keys that have ended, that were taken back, and weak hashes are refused", async (t) => {
  const key = await makeKey(t, `${keys["RSA"]}Expire-Date: 10\n`);
  if (key === undefined) return t.skip("there is no gpg");
  const day = 24 * 60 * 60 * 1000;
  const check = async (more: string[], now = Date.now()) =>
    verifyProvenance({ signature: await key.sign(message(), more), archive, file, keyring: await key.keyring(), now });
  await check([]);
  await assert.rejects(check([], Date.now() + 11 * day), { message: "openpgp: key expired" });
  await assert.rejects(check(["--default-sig-expire", "2d"], Date.now() + 3 * day), {
    message: "openpgp: signature expired",
  });
  await assert.rejects(check(["--digest-algo", "SHA1"]), {
    message: "openpgp: invalid signature: its hash is not secure",
  });
  await check(["--digest-algo", "SHA512"]);
  await check(["--digest-algo", "SHA224"]);
  const signature = await key.sign(message());
  const file1 = join(key.home, ".gnupg", "openpgp-revocs.d", `${key.fingerprint.toUpperCase()}.rev`);
  writeFileSync(
    join(key.home, "revoke"),
    Buffer.from(readBytes(file1))
      .toString()
      .replace(/^:-----/m, "-----"),
  );
  assert.equal((await key.gpg(["--import", "revoke"])).code, 0);
  const keyring = await key.keyring();
  assert.throws(() => verifyProvenance({ signature, archive, file, keyring, now: Date.now() }), {
    message: "openpgp: signature made by revoked key",
  });
});

test("lines that begin with hyphens and end with spaces are signed as they are", async (t) => {
  const key = await makeKey(t, keys["Ed25519"] ?? "");
  if (key === undefined) return t.skip("there is no gpg");
  const text = `- list: 1   \n-----BEGIN\n\t\nlast: x\n\n...\nfiles:\n  ${file}: ${sha256(archive)}\n`;
  verifyProvenance({ signature: await key.sign(text), archive, file, keyring: await key.keyring(), now: Date.now() });
});

test("a chart that the real helm has signed is verified from a repository and from a registry", async (t) => {
  const key = await makeKey(t, keys["RSA"] ?? "");
  if (key === undefined) return t.skip("there is no gpg");
  const helm = findHelm(key.home);
  if (helm === undefined) return t.skip("there is no helm for this machine");
  await key.gpg(["--output", join(key.home, "secret.gpg"), "--export-secret-keys"]);
  writeFiles(join(key.home, "web"), chartFiles("web", "1.0.0"));
  const packaged = await helm("package", "--sign", "--key", "Somebody", "--keyring", "secret.gpg", "web");
  assert.equal(packaged.code, 0, packaged.stderr);
  const [chart, signed] = [readBytes(join(key.home, file)), readBytes(join(key.home, `${file}.prov`))];
  const keyring = await key.keyring();
  assert.equal((await helm("verify", file, "--keyring", "keyring")).code, 0);
  const signer = { fingerprint: key.fingerprint, userIds: ["Somebody <somebody@example.com>"] };

  let served: Uint8Array | undefined = signed;
  const { url, seen } = await serve(t, (request) => {
    if (request.url === "/index.yaml")
      return { body: `apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n    urls: [${file}]\n` };
    if (request.url === `/${file}`) return { body: chart };
    return served === undefined ? undefined : { body: served };
  });
  const request = { repository: url, chart: "web", version: "1.0.0", provenance: { keyring, required: true } };
  const directory = makeDirectory(t);
  assert.deepEqual((await openStore(t, { directory }).fetch(request)).signer, signer);
  const requests = seen.length;
  assert.deepEqual((await openStore(t, { directory }).fetch(request)).signer, signer);
  assert.equal(seen.length, requests);
  served = undefined;
  await assert.rejects(openStore(t).fetch(request), { message: `failed to fetch provenance "${file}.prov"` });
  const lenient = await openStore(t).fetch({ ...request, provenance: { keyring } });
  assert.equal(lenient.signer, undefined);
  served = Buffer.from(Buffer.from(signed).toString().replace("name: web", "name: wab"));
  await assert.rejects(openStore(t).fetch({ ...request, provenance: { keyring } }), /invalid signature/);

  const registry = await startRegistry(t);
  await helm("push", file, `oci://${registry.host}/charts`, "--plain-http");
  const source = { repository: `oci://${registry.host}/charts`, chart: "web", version: "1.0.0" };
  assert.deepEqual((await openStore(t).fetch({ ...source, provenance: { keyring, required: true } })).signer, signer);
});

test("the same keyring may have keys that are not understood, and other packets", async (t) => {
  const key = await makeKey(t, keys["Ed25519"] ?? "");
  if (key === undefined) return t.skip("there is no gpg");
  const keyring = await key.keyring();
  // A key of version 3 with a user id and a signature, a marker, and private packets of an experiment.
  const strange = Buffer.concat([
    Buffer.from([0xc6, 2, 3, 0]),
    Buffer.from([0xcd, 1, 0x41]),
    Buffer.from([0xc2, 1, 3]),
    Buffer.from([0xca, 3, 0x50, 0x47, 0x50]),
    Buffer.from([0xfc, 0]),
  ]);
  const signature = await key.sign(message());
  verifyProvenance({ signature, archive, file, keyring: Buffer.concat([strange, keyring, strange]), now: Date.now() });
  appendFileSync(join(key.home, "cut"), keyring.subarray(0, keyring.length - 3));
  assert.throws(
    () => verifyProvenance({ signature, archive, file, keyring: readBytes(join(key.home, "cut")), now: Date.now() }),
    { message: "failed to load keyring: unexpected EOF" },
  );
});

test("nothing that is broken in a signature or a keyring is taken for good, or is a failure of ours", async (t) => {
  const key = await makeKey(t, keys["an Ed25519 subkey"] ?? "");
  if (key === undefined) return t.skip("there is no gpg");
  const now = Date.now();
  const signature = await key.sign(message());
  const keyring = await key.keyring();
  const [block = ""] =
    /\n\n[\s\S]*?(?=\n-----END)/.exec(
      signature.toString().slice(signature.toString().indexOf("BEGIN PGP SIGNATURE")),
    ) ?? [];
  const packets = Buffer.from(block.trim().replace(/\n=.*$/, ""), "base64");
  const armored = (bytes: Uint8Array) =>
    Buffer.from(signature.toString().replace(block, `\n\n${Buffer.from(bytes).toString("base64")}`));
  assert.equal(
    verifyProvenance({ signature: armored(packets), archive, file, keyring, now }).fingerprint,
    key.fingerprint,
  );
  let good = 0;
  const check = (changed: { signature?: Uint8Array; keyring?: Uint8Array }) => {
    try {
      verifyProvenance({ signature, archive, file, keyring, now, ...changed });
      good++;
    } catch (error) {
      assert.match(String(error), /^Error: (?:openpgp: |failed to load keyring: |signature block not found)/);
    }
  };
  const flipped = (bytes: Uint8Array, at: number, bit: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ (1 << bit);
    return copy;
  };
  for (let at = 0; at < packets.length; at++)
    for (const bit of [0, 7]) check({ signature: armored(flipped(packets, at, bit)) });
  for (let at = 0; at < packets.length; at += 3) check({ signature: armored(packets.subarray(0, at)) });
  const inSignature = good;
  // What is not hashed: issuer and fingerprint in the unhashed part, and the two bytes that only help to be quick.
  assert.ok(inSignature <= 30, `${inSignature} changes of the signature are taken for good`);
  for (let at = 0; at < keyring.length; at++) check({ keyring: flipped(keyring, at, at % 8) });
});
