import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, hash, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { parseYaml, textAt } from "../../../apimachinery/index.ts";
import { compileTemplates } from "../compile-templates.ts";

const begin = Date.UTC(2030, 4, 6, 7, 8, 9);

/** The same bytes for the same seed: SHA-256 of seed and counter. */
function createRandom(seed: string): (size: number) => Uint8Array {
  let counter = 0;
  return (size) => {
    const parts: Buffer[] = [];
    for (let made = 0; made < size; made += 32) parts.push(hash("sha256", `${seed}/${counter++}`, "buffer"));
    return Buffer.concat(parts).subarray(0, size);
  };
}

function render(text: string, seed = "seed"): string {
  const bundle = compileTemplates([{ name: "x", text }]);
  return bundle.render("x", {}, { now: () => begin, random: createRandom(seed) });
}

/** Renders a map and reads it. */
function renderFields(text: string, seed?: string): (field: string) => string {
  const fields = parseYaml(render(text, seed));
  return (field) => textAt(fields, field);
}

const chain =
  '{{ $ca := genCA "my ca" 365 }}{{ $c := genSignedCert "x.example" (list "10.0.0.1" "::ffff:1.2.3.4" "fe80::1") (list "a.example" "*.b.example") 10 $ca }}' +
  '{{ dict "ca" $ca.Cert "caKey" $ca.Key "cert" $c.Cert "key" $c.Key | toYaml }}';

test("a signed certificate is one that its authority signed, for what was asked", () => {
  const field = renderFields(chain);
  const ca = new X509Certificate(field("ca"));
  const cert = new X509Certificate(field("cert"));
  assert.ok(cert.verify(ca.publicKey));
  assert.ok(ca.verify(ca.publicKey));
  assert.ok(cert.checkIssued(ca));
  assert.ok(cert.checkPrivateKey(createPrivateKey(field("key"))));
  assert.ok(ca.checkPrivateKey(createPrivateKey(field("caKey"))));
  assert.deepEqual([ca.ca, cert.ca], [true, false]);
  assert.equal(cert.subject, "CN=x.example");
  assert.equal(cert.issuer, "CN=my ca");
  const names =
    "DNS:a.example, DNS:*.b.example, IP Address:10.0.0.1, IP Address:1.2.3.4, IP Address:FE80:0:0:0:0:0:0:1";
  assert.equal(cert.subjectAltName, names);
  assert.deepEqual(cert.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  assert.equal(cert.validFromDate.getTime(), begin);
  assert.equal(cert.validToDate.getTime(), begin + 10 * 24 * 3600 * 1000);
  assert.match(field("key"), /^-----BEGIN RSA PRIVATE KEY-----\n/);
});

test("the same random bytes make the same certificates, others make others", () => {
  assert.equal(render(chain), render(chain));
  assert.notEqual(render(chain), render(chain, "other"));
});

test("certificates take keys of other kinds", () => {
  for (const kind of ["ecdsa", "ed25519"]) {
    const text = `{{ $k := genPrivateKey "${kind}" }}{{ $c := genSelfSignedCertWithKey "x" nil nil -1 $k }}{{ dict "cert" $c.Cert "key" $k | toYaml }}`;
    const field = renderFields(text);
    const cert = new X509Certificate(field("cert"));
    assert.ok(cert.verify(createPublicKey(field("key"))), kind);
    assert.equal(cert.subjectAltName, undefined);
  }
});

test("certificates that were made elsewhere are read", () => {
  const text =
    '{{ $ca := genCA "c" 1 }}{{ $b := buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key) }}{{ eq $b.Cert $ca.Cert }}{{ eq $b.Key $ca.Key }}';
  assert.equal(render(text), "truetrue");
});

const errors: Record<string, string> = {
  '{{ buildCustomCert "!" "" }}': "error calling buildCustomCert: unable to decode base64 certificate",
  '{{ buildCustomCert "YQ==" "YQ==" }}': "error calling buildCustomCert: unable to decode certificate",
  '{{ genCAWithKey "x" 1 "none" }}': "error calling genCAWithKey: parsing private key: no PEM data in input",
  '{{ genSelfSignedCert "x" (list "300.1.1.1") nil 1 }}':
    "error calling genSelfSignedCert: error parsing ip: 300.1.1.1",
  '{{ genSelfSignedCert "x" (list 1) nil 1 }}': "error calling genSelfSignedCert: error parsing ip: 1 is not a string",
  '{{ $k := genPrivateKey "dsa" }}{{ if hasPrefix "-----BEGIN DSA PRIVATE KEY-----" $k }}{{ genCAWithKey "x" 1 $k }}{{ end }}':
    "error calling genCAWithKey: error creating certificate: x509: certificate private key does not implement crypto.Signer",
  '{{ decryptAES "k" "YWJj" }}':
    "error calling decryptAES: runtime error: slice bounds out of range [:16] with capacity 3",
};

test("what is wrong with keys and certificates is said in sprig's words", () => {
  for (const [text, message] of Object.entries(errors)) {
    assert.throws(
      () => render(text),
      (error: Error) => error.message.endsWith(message),
      text,
    );
  }
});

test("what was encrypted is decrypted", () => {
  assert.equal(render('{{ encryptAES "secret" "plain text" | decryptAES "secret" }}'), "plain text");
});

/** Salt of zeros; verified with golang.org/x/crypto/bcrypt. */
test("bcrypt makes the hash that others check", () => {
  const bundle = compileTemplates([
    { name: "x", text: '{{ htpasswd "user" "password" }}{{ bcrypt (repeat 73 "x") }}' },
  ]);
  assert.equal(
    bundle.render("x", {}, { now: () => 0, random: (size) => new Uint8Array(size) }),
    "user:$2a$10$......................7zqaLmaKtn.i7IjPfuPGY2Ah/mNM6Sy" +
      "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
  );
});

test("random text has the characters that were asked for", () => {
  const text =
    "{{ randAlphaNum 40 }} {{ randAlpha 40 }} {{ randNumeric 40 }} {{ randAlphaNum 0 }}{{ uuidv4 }} {{ randBytes 6 }} {{ randInt 5 6 }}";
  const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
  assert.match(render(text), new RegExp(`^[A-Za-z0-9]{40} [A-Za-z]{40} [0-9]{40} ${uuid} [A-Za-z0-9+/]{8} 5$`));
  assert.equal(render('{{ randAscii 500 | regexMatch "^[ -~]{500}$" }}'), "true");
  assert.equal(Array.from(render('{{ shuffle "abcdef" }}')).sort().join(""), "abcdef");
});
