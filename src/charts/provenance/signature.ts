import { PacketError, Reader } from "./packets.ts";
import { type PublicKey, verifyWith } from "./public-key.ts";

/**
 * A signature, RFC 9580 section 5.2.3.
 *
 * @property type what it says: 0x00 and 0x01 of data, 0x10 to 0x13 of a user id, 0x18 of a subkey, 0x20 and up take back
 * @property issuer the id of the key, 16 hex digits; empty when it does not say
 * @property expiresAtMs of the signature
 * @property keyLifeMs of the key that it is about
 * @property flags what the key may do; 0x02 is signing
 * @property embedded a signature in it, as of a subkey about its primary key
 */
export type Signature = {
  type: number;
  hash: string | undefined;
  issuer: string;
  createdAtMs: number;
  expiresAtMs: number | undefined;
  keyLifeMs: number | undefined;
  flags: number | undefined;
  embedded: Signature | undefined;
  trailer: Uint8Array;
  material: Uint8Array;
};

/** RFC 9580 section 9.5. MD5 and RIPEMD say nothing any more. */
const hashes: Readonly<Record<number, string>> = { 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224" };

/** @throws {PacketError} for versions that are not understood, and for critical parts that are not */
export function readSignature(packet: Uint8Array): Signature {
  const reader = new Reader(packet);
  const version = reader.byte();
  if (version !== 4) throw new PacketError(`signature packet version ${version}`);
  const type = reader.byte();
  reader.byte();
  const hash = hashes[reader.byte()];
  const hashed = readSubpackets(reader.bytes(reader.number(2)));
  const signedPart = packet.subarray(0, reader.at);
  const unhashed = readSubpackets(reader.bytes(reader.number(2)));
  reader.bytes(2);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(signedPart.length);
  const numberOf = (kind: number) => {
    const value = hashed.get(kind);
    return value === undefined ? undefined : new Reader(value).number(Math.min(4, value.length));
  };
  const critical = [...hashed.critical].find((kind) => !understood.has(kind));
  if (critical !== undefined) throw new PacketError(`unknown critical signature subpacket type ${critical}`);
  const createdAtMs = (numberOf(2) ?? 0) * 1000;
  const lifeSeconds = numberOf(3) ?? 0;
  const keyLifeSeconds = numberOf(9) ?? 0;
  const fingerprint = hashed.get(33) ?? unhashed.get(33);
  const issuer = hashed.get(16) ?? unhashed.get(16) ?? fingerprint?.subarray(-8);
  const embedded = hashed.get(32) ?? unhashed.get(32);
  return {
    type,
    hash,
    issuer: issuer === undefined ? "" : Buffer.from(issuer).toString("hex"),
    createdAtMs,
    expiresAtMs: lifeSeconds === 0 ? undefined : createdAtMs + lifeSeconds * 1000,
    keyLifeMs: keyLifeSeconds === 0 ? undefined : keyLifeSeconds * 1000,
    flags: hashed.get(27)?.[0],
    embedded: embedded === undefined ? undefined : readSignature(embedded),
    trailer: Buffer.concat([signedPart, Buffer.from([4, 0xff]), size]),
    material: packet.subarray(reader.at),
  };
}

/** Whether a key has made a signature over some bytes. */
export function isSignedBy(signature: Signature, key: PublicKey, ...signed: readonly Uint8Array[]): boolean {
  if (signature.hash === undefined) return false;
  try {
    return verifyWith(key, signature.hash, Buffer.concat([...signed, signature.trailer]), signature.material);
  } catch (error) {
    // A signature that is cut off, or of another algorithm than the key.
    if (error instanceof PacketError) return false;
    throw error;
  }
}

/** What the parts above read, and what changes nothing: preferences, policies, names of servers. */
const understood: ReadonlySet<number> = new Set([
  2, 3, 4, 7, 9, 11, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
]);

class Subpackets extends Map<number, Uint8Array> {
  readonly critical = new Set<number>();
}

function readSubpackets(area: Uint8Array): Subpackets {
  const found = new Subpackets();
  const reader = new Reader(area);
  while (!reader.atEnd) {
    const first = reader.byte();
    const length = first < 192 ? first : first < 255 ? ((first - 192) << 8) + reader.byte() + 192 : reader.number(4);
    const body = reader.bytes(length);
    const kind = (body[0] ?? 0) & 0x7f;
    if (((body[0] ?? 0) & 0x80) !== 0) found.critical.add(kind);
    if (!found.has(kind)) found.set(kind, body.subarray(1));
  }
  return found;
}
