import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import { PacketError, Reader } from "./packets.ts";

/**
 * A public key, RFC 9580 section 5.5.2.
 *
 * @property fingerprint 40 hex digits; the last 16 are the key id
 * @property body the part of the packet that signatures are over
 */
export type PublicKey = {
  fingerprint: string;
  algorithm: number;
  createdAtMs: number;
  key: KeyObject;
  body: Uint8Array;
};

/** Algorithms, RFC 9580 section 9.1. */
const rsa = [1, 3];
const ecdsa = 19;
const eddsaLegacy = 22;
const ed25519 = 27;

/** Shorter keys are refused, as by the library that Helm uses. */
const rsaBitsMin = 2047;

const curves: Readonly<Record<string, { name: string; sizeBytes: number }>> = {
  "2a8648ce3d030107": { name: "P-256", sizeBytes: 32 },
  "2b81040022": { name: "P-384", sizeBytes: 48 },
  "2b81040023": { name: "P-521", sizeBytes: 66 },
};
const ed25519Curve = "2b06010401da470f01";

/**
 * Reads a key packet; of a secret key its public part.
 *
 * @throws {PacketError} for versions and algorithms that are not understood
 */
export function readPublicKey(packet: Uint8Array): PublicKey {
  const reader = new Reader(packet);
  const version = reader.byte();
  if (version !== 4) throw new PacketError(`public key version ${version}`);
  const createdAtMs = reader.number(4) * 1000;
  const algorithm = reader.byte();
  const key = keyOf(readMaterial(reader, algorithm));
  const body = packet.subarray(0, reader.at);
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  const fingerprint = createHash("sha1").update(head).update(body).digest("hex");
  return { fingerprint, algorithm, createdAtMs, key, body };
}

function keyOf(material: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: material, format: "jwk" });
  } catch (cause) {
    throw new PacketError("public key that is none", { cause });
  }
}

function readMaterial(reader: Reader, algorithm: number): JsonWebKey {
  const url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  if (rsa.includes(algorithm)) {
    const [n, e] = [reader.integer(), reader.integer()];
    if (n.length * 8 < rsaBitsMin)
      throw new PacketError(`rsa keys of less than ${rsaBitsMin} bits are considered weak`);
    return { kty: "RSA", n: url(n), e: url(e) };
  }
  if (algorithm === ed25519) return { kty: "OKP", crv: "Ed25519", x: url(reader.bytes(32)) };
  if (algorithm !== ecdsa && algorithm !== eddsaLegacy) throw new PacketError(`public key type: ${algorithm}`);
  const curve = Buffer.from(reader.bytes(reader.byte())).toString("hex");
  const point = reader.integer();
  if (algorithm === eddsaLegacy) {
    if (curve !== ed25519Curve || point[0] !== 0x40 || point.length !== 33) throw new PacketError(`curve ${curve}`);
    return { kty: "OKP", crv: "Ed25519", x: url(point.subarray(1)) };
  }
  const { name, sizeBytes } = curves[curve] ?? {};
  if (name === undefined || sizeBytes === undefined || point[0] !== 4 || point.length !== 1 + 2 * sizeBytes)
    throw new PacketError(`curve ${curve}`);
  return { kty: "EC", crv: name, x: url(point.subarray(1, 1 + sizeBytes)), y: url(point.subarray(1 + sizeBytes)) };
}

/**
 * Whether a signature over some bytes is of a key.
 *
 * @param hash its name, `sha256`
 * @param material the rest of the signature packet
 */
export function verifyWith(key: PublicKey, hash: string, signed: Uint8Array, material: Uint8Array): boolean {
  const reader = new Reader(material);
  if (rsa.includes(key.algorithm)) {
    const sizeBytes = Math.ceil((key.key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
    return verify(hash, signed, key.key, padded(reader.integer(), sizeBytes));
  }
  if (key.algorithm === ecdsa) {
    const sizeBytes = Object.values(curves).find(
      ({ name }) => name === key.key.export({ format: "jwk" }).crv,
    )?.sizeBytes;
    const signature = Buffer.concat([
      padded(reader.integer(), sizeBytes ?? 0),
      padded(reader.integer(), sizeBytes ?? 0),
    ]);
    return verify(hash, signed, { key: key.key, dsaEncoding: "ieee-p1363" }, signature);
  }
  const digest = createHash(hash).update(signed).digest();
  const signature =
    key.algorithm === ed25519
      ? reader.bytes(64)
      : Buffer.concat([padded(reader.integer(), 32), padded(reader.integer(), 32)]);
  return verify(null, digest, key.key, signature);
}

/** Integers are written without zeros in front. */
function padded(integer: Uint8Array, sizeBytes: number): Uint8Array {
  return Buffer.concat([Buffer.alloc(Math.max(0, sizeBytes - integer.length)), integer]);
}
