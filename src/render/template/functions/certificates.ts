import { createHash, createPublicKey, sign } from "node:crypto";
import { isIP } from "node:net";
import { GoError } from "../go-error.ts";
import { formatValue, quoteText } from "../go-format.ts";
import { toBytes } from "../go-text.ts";
import type { GoType } from "../go-types.ts";
import type { Run } from "../run.ts";
import { type FunctionTable, fn, int, list, object, runFn, string } from "../signature.ts";
import { GoStruct, type Value } from "../values.ts";
import { bitString, type Der, der, integer, numberOf, octetString, oid, readDer, sequence, tags, time } from "./der.ts";
import { decodeBase64 } from "./encoding.ts";
import { decodePem, encodePem } from "./pem.ts";
import { generateRsaKey, type PrivateKey, parsePrivateKey, publicKeyInfo } from "./private-keys.ts";

const certificateType: GoType = { name: "sprig.certificate", kind: "struct" };
const certificate = object(
  certificateType,
  (value): value is GoStruct => value instanceof GoStruct && value.type === certificateType,
);

/** Sprig's certificates, signed by real keys. They begin when the caller of the render says that it is now. */
export const certificateFunctions: FunctionTable = {
  genCA: runFn([string, int], (run, name, days) => authority(run, name, days, newKey(run))),
  genCAWithKey: runFn([string, int, string], (run, name, days, key) => authority(run, name, days, readKey(key))),
  genSelfSignedCert: runFn([string, list, list, int], (run, name, ips, dnsNames, days) => {
    return selfSigned(run, { name, ips, dnsNames, days }, newKey(run));
  }),
  genSelfSignedCertWithKey: runFn([string, list, list, int, string], (run, name, ips, dnsNames, days, key) => {
    return selfSigned(run, { name, ips, dnsNames, days }, readKey(key));
  }),
  genSignedCert: runFn([string, list, list, int, certificate], (run, name, ips, dnsNames, days, ca) => {
    return signedBy(run, { name, ips, dnsNames, days }, newKey(run), ca);
  }),
  genSignedCertWithKey: runFn(
    [string, list, list, int, certificate, string],
    (run, name, ips, dnsNames, days, ca, key) => signedBy(run, { name, ips, dnsNames, days }, readKey(key), ca),
  ),
  buildCustomCert: fn([string, string], (certText, keyText) => {
    const cert = decodeBase64(certText);
    if (typeof cert === "string") throw new GoError("unable to decode base64 certificate");
    const key = decodeBase64(keyText);
    if (typeof key === "string") throw new GoError("unable to decode base64 private key");
    readCertificate(cert.toString("latin1"), "decodedCert.Bytes");
    parseSigner(key.toString("latin1"));
    return pair(cert.toString("utf8"), key.toString("utf8"));
  }),
};

type Request = {
  readonly name: string;
  readonly ips: readonly Value[];
  readonly dnsNames: readonly Value[];
  readonly days: number;
};
/** Who signs: its name and the identifier of its key as in its own certificate. */
type Issuer = { readonly name: Buffer; readonly keyId: Buffer | undefined; readonly key: PrivateKey };

/** Making a key takes as long as this many other steps, and more. */
const keySteps = 300_000;

function newKey(run: Run): PrivateKey {
  run.charge(keySteps);
  const { random, systemKeys } = run.options;
  return generateRsaKey(systemKeys ? undefined : random, 2048);
}

function readKey(text: string): PrivateKey {
  try {
    return parsePrivateKey(text);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`parsing private key: ${error.message}`);
    throw error;
  }
}

function parseSigner(text: string): PrivateKey {
  try {
    return parsePrivateKey(text);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`error parsing private key: ${error.message}`);
    throw error;
  }
}

function pair(cert: string, key: string): Value {
  return new GoStruct(certificateType, { Cert: cert, Key: key });
}

function authority(run: Run, name: string, days: number, key: PrivateKey): Value {
  const issuer = { name: nameOf(name), keyId: undefined, key };
  return issue(run, { name, ips: [], dnsNames: [], days }, key, issuer, true);
}

function selfSigned(run: Run, request: Request, key: PrivateKey): Value {
  return issue(run, request, key, { name: nameOf(request.name), keyId: undefined, key }, false);
}

function signedBy(run: Run, request: Request, key: PrivateKey, ca: GoStruct): Value {
  const { subject, keyId, publicKey } = readCertificate(String(ca.field("Cert")), "decodedSignerCert.Bytes");
  const signer = parseSigner(String(ca.field("Key")));
  if (signer.kind !== "dsa" && !publicKeyInfo(signer).equals(publicKey)) {
    throw new GoError("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey");
  }
  return issue(run, request, key, { name: subject, keyId, key: signer }, false);
}

const dayMs = 24 * 3600 * 1000;

function issue(run: Run, request: Request, key: PrivateKey, issuer: Issuer, isAuthority: boolean): Value {
  const addresses = request.ips.map(addressOf);
  const names = request.dnsNames.map(dnsNameOf);
  if (issuer.key.kind === "dsa") {
    throw new GoError("error creating certificate: x509: certificate private key does not implement crypto.Signer");
  }
  if (key.kind === "dsa") {
    throw new GoError("error creating certificate: x509: unsupported public key type: *dsa.PublicKey");
  }
  const signer = { key: issuer.key.key };
  const { algorithm, hash } = signatureOf(issuer.key);
  const subject = nameOf(request.name);
  const publicKey = publicKeyInfo({ key: key.key });
  const begin = run.options.now();
  const authorityId = issuer.name.equals(subject) ? undefined : issuer.keyId;
  const extensions = [
    extension("2.5.29.15", isAuthority ? bitString(Uint8Array.of(0xa4), 2) : bitString(Uint8Array.of(0xa0), 5), true),
    extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"))),
    extension("2.5.29.19", isAuthority ? sequence(der(tags.boolean, Uint8Array.of(0xff))) : sequence(), true),
    ...(isAuthority ? [extension("2.5.29.14", octetString(keyIdOf(publicKey)))] : []),
    ...(authorityId === undefined ? [] : [extension("2.5.29.35", sequence(der(0x80, authorityId)))]),
    ...(names.length + addresses.length === 0
      ? []
      : [extension("2.5.29.17", sequence(...names, ...addresses), request.name === "")]),
  ];
  const body = sequence(
    der(0xa0, integer(2n)),
    integer(numberOf(run.options.random(16))),
    algorithm,
    issuer.name,
    sequence(time(begin), time(begin + request.days * dayMs)),
    subject,
    publicKey,
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign(hash, body, signer.key);
  return pair(encodePem("CERTIFICATE", sequence(body, algorithm, bitString(signature))), key.pem);
}

function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  const critical = isCritical ? [der(tags.boolean, Uint8Array.of(0xff))] : [];
  return sequence(oid(id), ...critical, octetString(value));
}

/** Of a public key, as RFC 7093 has it: the beginning of the SHA-256 of its bits. */
function keyIdOf(publicKey: Buffer): Buffer {
  const bits = readDer(readDer(publicKey)?.[0]?.content ?? publicKey)?.[1]?.content ?? publicKey;
  return createHash("sha256").update(bits.subarray(1)).digest().subarray(0, 20);
}

function nameOf(commonName: string): Buffer {
  if (commonName === "") return sequence();
  const tag = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/.test(commonName) ? tags.printableString : tags.utf8String;
  return sequence(der(tags.set, sequence(oid("2.5.4.3"), der(tag, toBytes(commonName)))));
}

function addressOf(value: Value): Buffer {
  if (typeof value !== "string") throw new GoError(`error parsing ip: ${formatValue(value)} is not a string`);
  const version = value.includes("%") ? 0 : isIP(value);
  if (version === 4) return der(0x87, Uint8Array.from(value.split("."), Number));
  if (version === 6) return der(0x87, ipv6Bytes(value));
  throw new GoError(`error parsing ip: ${value}`);
}

/** The 16 bytes of an address; the 4 of one that stands for an address of version 4. */
function ipv6Bytes(text: string): Uint8Array {
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const middle = new Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill("0");
  const bytes = Buffer.from([...before, ...middle, ...after].map((group) => group.padStart(4, "0")).join(""), "hex");
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  return isMapped ? bytes.subarray(12) : bytes;
}

function dnsNameOf(value: Value): Buffer {
  if (typeof value !== "string") {
    throw new GoError(`error processing alternate dns name: ${formatValue(value)} is not a string`);
  }
  if (!/^[\x00-\x7f]*$/.test(value)) {
    throw new GoError(`error creating certificate: x509: ${quoteText(value)} cannot be encoded as an IA5String`);
  }
  return der(0x82, Buffer.from(value));
}

/** How a key signs: the AlgorithmIdentifier, and the hash for `node:crypto`. */
function signatureOf(key: PrivateKey & { kind: "rsa" | "ec" | "ed25519" }): { algorithm: Buffer; hash: string | null } {
  if (key.kind === "ed25519") return { algorithm: sequence(oid("1.3.101.112")), hash: null };
  if (key.kind === "rsa") return { algorithm: sequence(oid("1.2.840.113549.1.1.11"), der(tags.null)), hash: "sha256" };
  switch (key.key.asymmetricKeyDetails?.namedCurve) {
    case "secp384r1":
      return { algorithm: sequence(oid("1.2.840.10045.4.3.3")), hash: "sha384" };
    case "secp521r1":
      return { algorithm: sequence(oid("1.2.840.10045.4.3.4")), hash: "sha512" };
  }
  return { algorithm: sequence(oid("1.2.840.10045.4.3.2")), hash: "sha256" };
}

type Certificate = { readonly subject: Buffer; readonly keyId: Buffer | undefined; readonly publicKey: Buffer };

/** @param what how sprig calls the bytes in its error */
function readCertificate(text: string, what: string): Certificate {
  const block = decodePem(text);
  if (block === undefined) throw new GoError("unable to decode certificate");
  const malformed = new GoError(`error parsing certificate: ${what}: x509: malformed certificate`);
  const fields = inner(inner(readDer(block.bytes)?.[0])?.[0]);
  // The version is left out of certificates of the first one.
  const rest = fields?.[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  const [, , , , subject, publicKey, ...optional] = rest ?? [];
  if (subject === undefined || publicKey === undefined) throw malformed;
  try {
    createPublicKey({ key: publicKey.all, format: "der", type: "spki" });
  } catch {
    throw malformed;
  }
  const extensions = inner(inner(optional.find(({ tag }) => tag === 0xa3))?.[0]) ?? [];
  const subjectKeyId = oid("2.5.29.14");
  const found = extensions.map((one) => inner(one) ?? []).find(([id]) => id?.all.equals(subjectKeyId));
  const keyId = readDer(found?.at(-1)?.content ?? Buffer.alloc(0))?.[0]?.content;
  return { subject: subject.all, keyId, publicKey: publicKey.all };
}

function inner(value: Der | undefined): Der[] | undefined {
  return value && readDer(value.content);
}
