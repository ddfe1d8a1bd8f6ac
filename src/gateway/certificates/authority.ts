import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { domainToASCII } from "node:url";
import { writeFileAtomically } from "../../lib/index.ts";
import { isErrno, makeDirectoryAtomically, removeOldDrafts } from "./files.ts";
import { type CertificateUse, createAuthority, issueCertificate, type PemPair } from "./issue.ts";
import { type RequestSigning, signRequest } from "./sign-request.ts";

/** Signs the certificates of one platform. */
export type CertificateAuthority = {
  caCertificatePem: string;
  /** Where {@link caCertificatePem} lies, for tools that want a file. */
  caCertificateFile: string;
  /**
   * A certificate for a server, from disk while it serves the same names for another 30 days, else new.
   *
   * @param names wildcards are allowed as in `*.skiff.localhost`
   */
  issueServer(names: { dnsNames: readonly string[]; ipAddresses: readonly string[] }): Promise<PemPair>;
  /** A certificate that names a user and his groups as Kubernetes reads them; kept on disk like a server's. */
  issueClient(subject: { commonName: string; organizations: readonly string[] }): Promise<PemPair>;
  /** Signs the key of a PKCS #10 request; nothing is kept. @returns PEM. @throws {Error} for what is no such request */
  signRequest(request: string, signing: RequestSigning): Promise<string>;
};

/** The files of a certificate authority do not fit together. It is never replaced silently, since people trust it. */
export class CertificateAuthorityError extends Error {
  readonly file: string;
  readonly fix: string;
  constructor(file: string, why: string, fix: string, cause?: unknown) {
    super(`Cannot use the certificate authority: ${file} ${why}. ${fix}`, { cause });
    this.file = file;
    this.fix = fix;
  }
}

/** A certificate is renewed at a start this long before its end, so that it outlives weeks of uptime. */
const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;
/** Upper bound of a common name, X.520 `ub-common-name`. */
const commonNameLengthMax = 64;

/**
 * Opens the authority in `dir`, and makes one when there is none.
 *
 * @param options.name tells authorities apart in trust stores, like the platform's host; this machine's name by default
 * @throws {CertificateAuthorityError} when its files are damaged, missing in part or expired
 */
export async function openCertificateAuthority(
  dir: string,
  options: { name?: string; now?: () => Date } = {},
): Promise<CertificateAuthority> {
  const now = options.now ?? (() => new Date());
  const folder = join(dir, "ca");
  const files = { cert: join(folder, "ca.crt"), key: join(folder, "ca.key") };
  const name = `Skiff local CA ${options.name ?? hostname()}`.slice(0, commonNameLengthMax);

  await removeOldDrafts(dir, now());
  const authority = (await readAuthority(folder, files)) ?? (await makeAuthority(dir, folder, files, name, now()));
  const certificate = checkAuthority(folder, files, authority, now());

  const obtain = async (use: CertificateUse): Promise<PemPair> => {
    const file = join(dir, `${use.for}-${digest(use)}.pem`);
    const kept = parsePair(await readIfThere(file));
    if (kept !== undefined && serves(kept, certificate, now())) return kept;
    const issued = await issueCertificate(authority, use, now());
    // One file for both halves, so that they cannot come apart.
    writeFileAtomically(file, issued.key + issued.cert);
    return issued;
  };

  return {
    caCertificatePem: authority.cert,
    caCertificateFile: files.cert,
    issueServer: async (names) => await obtain({ for: "server", ...normalNames(names) }),
    signRequest: async (request, signing) => await signRequest(authority, request, signing),
    issueClient: async ({ commonName, organizations }) => await obtain({ for: "client", commonName, organizations }),
  };
}

async function readAuthority(folder: string, files: PemPair): Promise<PemPair | undefined> {
  const [cert, key] = [await readIfThere(files.cert), await readIfThere(files.key)];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) throw damaged(folder, files.cert, "is missing");
  if (key === undefined) throw damaged(folder, files.key, "is missing");
  // Whoever reads the key can impersonate any site to those who trust the authority.
  if (((await stat(files.key)).mode & 0o077) !== 0) await chmod(files.key, 0o600);
  return { cert, key };
}

async function makeAuthority(dir: string, folder: string, files: PemPair, name: string, now: Date): Promise<PemPair> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const made = await createAuthority(name, now);
  const first = await makeDirectoryAtomically(folder, [
    { name: "ca.key", text: made.key, mode: 0o600 },
    { name: "ca.crt", text: made.cert, mode: 0o644 },
  ]);
  if (first) return made;
  // Another process made one in the meantime. Its authority counts.
  const other = await readAuthority(folder, files);
  if (other === undefined) throw damaged(folder, folder, "has files of something else in it");
  return other;
}

function checkAuthority(folder: string, files: PemPair, { cert, key }: PemPair, now: Date): X509Certificate {
  const certificate = parseOrThrow(
    () => new X509Certificate(cert),
    (cause) => damaged(folder, files.cert, "is not a PEM certificate", cause),
  );
  const privateKey = parseOrThrow(
    () => createPrivateKey(key),
    (cause) => damaged(folder, files.key, "is not a PEM private key", cause),
  );
  if (!certificate.ca) throw damaged(folder, files.cert, "is not the certificate of an authority");
  if (!certificate.checkPrivateKey(privateKey)) throw damaged(folder, files.key, `does not belong to ${files.cert}`);
  if (certificate.validToDate <= now) {
    const fix = `Remove ${folder} and start again; a new authority is made, which has to be trusted anew (skiff trust).`;
    throw new CertificateAuthorityError(files.cert, `expired at ${certificate.validToDate.toISOString()}`, fix);
  }
  return certificate;
}

function damaged(folder: string, file: string, why: string, cause?: unknown): CertificateAuthorityError {
  const fix = `Restore it from a backup, or remove ${folder} and start again; the new authority that is made then has to be trusted anew (skiff trust).`;
  return new CertificateAuthorityError(file, why, fix, cause);
}

function serves({ cert, key }: PemPair, authority: X509Certificate, now: Date): boolean {
  const certificate = attempt(() => new X509Certificate(cert));
  const privateKey = attempt(() => createPrivateKey(key));
  if (certificate === undefined || privateKey === undefined) return false;
  return (
    certificate.validFromDate <= now &&
    certificate.validToDate.getTime() - now.getTime() > renewBeforeMs &&
    certificate.checkPrivateKey(privateKey) &&
    certificate.verify(authority.publicKey)
  );
}

function normalNames(names: { dnsNames: readonly string[]; ipAddresses: readonly string[] }) {
  const dnsNames = names.dnsNames.map((name) => {
    const ascii = domainToASCII(name.replace(/^\*\./, "").replace(/\.$/, ""));
    if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(ascii) || ascii.length > 253 || isIP(ascii) !== 0) {
      throw new Error(`Cannot issue a certificate for ${JSON.stringify(name)}: it is not a host name`);
    }
    return name.startsWith("*.") ? `*.${ascii}` : ascii;
  });
  const bad = names.ipAddresses.find((address) => isIP(address) === 0);
  if (bad !== undefined) {
    throw new Error(`Cannot issue a certificate for ${JSON.stringify(bad)}: it is not an IP address`);
  }
  return { dnsNames: [...new Set(dnsNames)].sort(), ipAddresses: [...new Set(names.ipAddresses)].sort() };
}

function digest(use: CertificateUse): string {
  return createHash("sha256").update(JSON.stringify(use)).digest("hex").slice(0, 16);
}

function parsePair(text: string | undefined): PemPair | undefined {
  const start = text?.indexOf("-----BEGIN CERTIFICATE-----") ?? -1;
  if (text === undefined || start < 0) return undefined;
  return { key: text.slice(0, start), cert: text.slice(start) };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isErrno(cause, "ENOENT")) return undefined;
    throw new Error(`Cannot read ${path}`, { cause });
  }
}

function parseOrThrow<T>(parse: () => T, wrap: (cause: unknown) => Error): T {
  try {
    return parse();
  } catch (cause) {
    throw wrap(cause);
  }
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
