import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";

/** A certificate and its private key, both PEM; the key is PKCS #8. Named as `node:tls` wants them. */
export type PemPair = { cert: string; key: string };

/** Whom a certificate is for. Server names go into the subject alternative name only. */
export type CertificateUse =
  | { for: "server"; dnsNames: readonly string[]; ipAddresses: readonly string[] }
  | { for: "client"; commonName: string; organizations: readonly string[] };

const dayMs = 24 * 60 * 60 * 1000;
/** Long enough that nobody has to trust a second authority during the life of a platform. */
const authorityDays = 10 * 365;
/** What browsers accept of public authorities (CA/Browser Forum ballot SC31: 398 days), less one for rounding. */
const leafDays = 397;
/** Certificates begin in the past, since clocks of virtual machines lag behind after a suspend. */
const clockSkewMs = 60 * 60 * 1000;

export const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/**
 * Makes a certificate authority that may sign servers and clients but no further authorities.
 *
 * @param name the common name, at most 64 characters
 */
export async function createAuthority(name: string, now: Date): Promise<PemPair> {
  const x509 = await loadX509();
  const keys = await createKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerial(),
    name: [{ O: ["Skiff"] }, { CN: [name] }],
    ...validity(now, authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: toPem(certificate), key: await exportKey(keys.privateKey) };
}

/** Signs a new key pair. Serves for 397 days, never longer than the authority itself. */
export async function issueCertificate(authority: PemPair, use: CertificateUse, now: Date): Promise<PemPair> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = createPrivateKey(authority.key).toCryptoKey(algorithm, false, ["sign"]);
  const keys = await createKeys();
  const { notBefore, notAfter } = validity(now, leafDays);
  const server = use.for === "server";
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    issuer: issuer.subjectName,
    subject: server ? [{ O: ["Skiff"] }] : [...use.organizations.map((O) => ({ O: [O] })), { CN: [use.commonName] }],
    notBefore,
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        server ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(server ? [new x509.SubjectAlternativeNameExtension(alternativeNames(use))] : []),
    ],
  });
  return { cert: toPem(certificate), key: await exportKey(keys.privateKey) };
}

/** Loading the library takes about 90 ms, so a start that issues nothing does without it. */
export async function loadX509() {
  await import("./reflect-metadata.ts");
  return await import("@peculiar/x509");
}

function alternativeNames(use: { dnsNames: readonly string[]; ipAddresses: readonly string[] }) {
  return [
    ...use.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...use.ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
}

async function createKeys() {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, "$&\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

export function toPem(certificate: { toString(format: "pem"): string }): string {
  return certificate.toString("pem").trimEnd() + "\n";
}

/** 16 random bytes as hex; the first is between 0x40 and 0x7f, which keeps the number positive and its length fixed. */
export function createSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  // X.509 has whole seconds.
  const start = Math.floor((now.getTime() - clockSkewMs) / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * dayMs) };
}
