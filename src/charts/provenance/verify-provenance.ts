import { parseYaml, textAt } from "../../apimachinery/index.ts";
import { sha256 } from "../content-cache.ts";
import { type ClearSigned, readClearSigned } from "./armor.ts";
import { readKeyring } from "./keyring.ts";
import { PacketError, readPackets, tags } from "./packets.ts";
import { isSignedBy, readSignature, type Signature } from "./signature.ts";

/**
 * Who has signed a chart.
 *
 * @property fingerprint of the primary key, 40 hex digits
 * @property userIds of its owner, `Name <address>`
 */
export type Signer = { fingerprint: string; userIds: string[] };

/**
 * Verifies that the owner of a key in a keyring has signed a chart: that the provenance file has a good signature, and that
 * the digest in it is the archive's. RFC 9580 for keys and signatures of version 4, made with RSA, Ed25519 or ECDSA.
 *
 * @param options.signature the content of `<archive>.prov`
 * @param options.file the archive's name, under which the provenance file has its digest
 * @param options.keyring public keys as `gpg --export` writes them, armored or not
 * @param options.now milliseconds since 1970; keys and signatures may have expired
 * @throws {Error} in Helm's words when the chart is not as somebody known has signed it
 */
export function verifyProvenance(options: {
  signature: Uint8Array;
  archive: Uint8Array;
  file: string;
  keyring: Uint8Array;
  now: number;
}): Signer {
  const { archive, file, keyring, now } = options;
  const message = readClearSigned(options.signature);
  if (message === undefined) throw new Error("signature block not found");
  const signer = signerOf(message, keyring, now);
  const [, sums] = message.text.split("\n...\n");
  if (sums === undefined) throw new Error("message block must have at least two parts");
  const named = textAt(parseYaml(sums), "files", file);
  const actual = sha256(archive);
  if (named === "") throw new Error(`provenance does not contain a SHA for a file named ${JSON.stringify(file)}`);
  if (named !== actual)
    throw new Error(`sha256 sum does not match for ${file}: ${JSON.stringify(named)} != ${JSON.stringify(actual)}`);
  return signer;
}

function signerOf(message: ClearSigned, keyring: Uint8Array, now: number): Signer {
  const keys = readKeys(keyring);
  for (const signature of signaturesOf(message.signature)) {
    const candidates = keys.filter(({ key }) => key.fingerprint.endsWith(signature.issuer) && signature.issuer !== "");
    if (candidates.length === 0) continue;
    if (signature.hash === undefined || signature.hash === "sha1")
      throw new Error("openpgp: invalid signature: its hash is not secure");
    const found = candidates.find(({ key }) => isSignedBy(signature, key, message.signed));
    if (found === undefined) throw new Error("openpgp: invalid signature: verification failure");
    if (found.isRevoked) throw new Error("openpgp: signature made by revoked key");
    if (found.expiresAtMs !== undefined && found.expiresAtMs <= now) throw new Error("openpgp: key expired");
    if (signature.expiresAtMs !== undefined && signature.expiresAtMs <= now)
      throw new Error("openpgp: signature expired");
    return { fingerprint: found.primary.fingerprint, userIds: found.userIds };
  }
  throw new Error("openpgp: signature made by unknown entity");
}

function readKeys(keyring: Uint8Array) {
  try {
    return readKeyring(keyring);
  } catch (cause) {
    throw new Error(`failed to load keyring: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Signatures of data. A text that is signed has only those. */
function signaturesOf(packets: Uint8Array): Signature[] {
  try {
    return readPackets(packets)
      .filter(({ tag }) => tag === tags.signature)
      .map(({ body }) => readSignature(body))
      .filter(({ type }) => type === 0x00 || type === 0x01);
  } catch (cause) {
    if (!(cause instanceof PacketError)) throw cause;
    throw new Error(`openpgp: invalid data: ${cause.message}`, { cause });
  }
}
