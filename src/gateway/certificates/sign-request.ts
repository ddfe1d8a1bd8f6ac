import { createPrivateKey } from "node:crypto";
import type * as X509 from "@peculiar/x509";
import { algorithm, createSerial, loadX509, type PemPair, toPem } from "./issue.ts";

/** Whom a certificate is asked for. */
export type RequestedSubject = {
  /** Empty when there is none; the last of several. */
  commonName: string;
  organizations: readonly string[];
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  emailAddresses: readonly string[];
  uris: readonly string[];
};

export type RequestSigning = {
  /** Words of Kubernetes' certificates API, such as `digital signature` and `client auth`. */
  usages: readonly string[];
  notBefore: Date;
  /** A certificate ends with its authority at the latest. */
  notAfter: Date;
};

/**
 * Reads a request for a certificate (PKCS #10, RFC 2986).
 *
 * @throws {Error} for what is no such request, or not signed by the key in it
 */
export async function readRequest(pem: string): Promise<RequestedSubject> {
  const x509 = await loadX509();
  const { request, names } = await parseRequest(x509, pem);
  const of = (type: string) => names.flatMap((name) => (name.type === type ? [name.value] : []));
  return {
    commonName: request.subjectName.getField("CN").at(-1) ?? "",
    organizations: request.subjectName.getField("O"),
    dnsNames: of("dns"),
    ipAddresses: of("ip"),
    emailAddresses: of("email"),
    uris: of("url"),
  };
}

/** Signs the key, the subject and the alternative names of a request. What else it asks for is left out. */
export async function signRequest(authority: PemPair, pem: string, signing: RequestSigning): Promise<string> {
  const x509 = await loadX509();
  const { request, names } = await parseRequest(x509, pem);
  const { keyUsages, extendedUsages } = usagesFrom(x509, signing.usages);
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = createPrivateKey(authority.key).toCryptoKey(algorithm, false, ["sign"]);
  const notAfter = new Date(Math.min(signing.notAfter.getTime(), issuer.notAfter.getTime()));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    issuer: issuer.subjectName,
    subject: request.subjectName,
    notBefore: wholeSeconds(signing.notBefore),
    notAfter: wholeSeconds(notAfter),
    publicKey: request.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...(keyUsages === 0 ? [] : [new x509.KeyUsagesExtension(keyUsages, true)]),
      ...(extendedUsages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extendedUsages)]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])]),
    ],
  });
  return toPem(certificate);
}

/** `id-ce-subjectAltName`, RFC 5280. */
const alternativeNames = "2.5.29.17";

async function parseRequest(x509: typeof X509, pem: string) {
  let request: X509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
  } catch (cause) {
    throw new Error("Cannot read a certificate request: it is no PKCS #10", { cause });
  }
  if (!(await request.verify())) throw new Error("Cannot read a certificate request: its signature is wrong");
  const found = request.getExtension(alternativeNames);
  const names = found === null ? [] : new x509.SubjectAlternativeNameExtension(found.rawData).names.items;
  return { request, names: names.map(({ type, value }) => ({ type, value })) };
}

/** X.509 has whole seconds. */
function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function usagesFrom(x509: typeof X509, usages: readonly string[]) {
  const { KeyUsageFlags: flags, ExtendedKeyUsage: extended } = x509;
  const keyUsage: Readonly<Record<string, number>> = {
    signing: flags.digitalSignature,
    "digital signature": flags.digitalSignature,
    "content commitment": flags.nonRepudiation,
    "key encipherment": flags.keyEncipherment,
    "key agreement": flags.keyAgreement,
    "data encipherment": flags.dataEncipherment,
    "cert sign": flags.keyCertSign,
    "crl sign": flags.cRLSign,
    "encipher only": flags.encipherOnly,
    "decipher only": flags.decipherOnly,
  };
  const extendedUsage: Readonly<Record<string, string>> = {
    any: "2.5.29.37.0",
    "server auth": extended.serverAuth,
    "client auth": extended.clientAuth,
    "code signing": extended.codeSigning,
    "email protection": extended.emailProtection,
    "s/mime": extended.emailProtection,
    "ipsec end system": "1.3.6.1.5.5.7.3.5",
    "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec user": "1.3.6.1.5.5.7.3.7",
    timestamping: extended.timeStamping,
    "ocsp signing": extended.ocspSigning,
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
    "netscape sgc": "2.16.840.1.113730.4.1",
  };
  const unknown = usages.filter((usage) => keyUsage[usage] === undefined && extendedUsage[usage] === undefined);
  if (unknown.length > 0)
    throw new Error(`unrecognized usage values: [${unknown.map((usage) => JSON.stringify(usage)).join(" ")}]`);
  return {
    keyUsages: usages.reduce((sum, usage) => sum | (keyUsage[usage] ?? 0), 0),
    extendedUsages: [...new Set(usages.flatMap((usage) => extendedUsage[usage] ?? []))],
  };
}
