import {
  checkPrimeSync,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { GoError } from "../go-error.ts";
import { bitString, bytesOf, der, integer, numberOf, octetString, oid, readDer, sequence } from "./der.ts";
import { decodePem, encodePem } from "./pem.ts";

/** Fills as many bytes. */
export type Random = (size: number) => Uint8Array;

/** A key to sign with. DSA keys can be made and kept, but sign nothing: no certificate takes them. */
export type PrivateKey =
  | { readonly kind: "rsa" | "ec" | "ed25519"; readonly key: KeyObject; readonly pem: string }
  | { readonly kind: "dsa"; readonly pem: string };

const publicExponent = 65_537n;

/** An RSA key of as many bits. The same random bytes make the same key; without any the system makes one. */
export function generateRsaKey(random: Random | undefined, bits: number): PrivateKey {
  if (random === undefined) {
    const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: bits });
    return { kind: "rsa", key, pem: key.export({ type: "pkcs1", format: "pem" }).toString() };
  }
  for (;;) {
    const p = randomPrime(random, bits / 2);
    const q = randomPrime(random, bits / 2);
    const order = (p - 1n) * (q - 1n);
    if (p === q || order % publicExponent === 0n) continue;
    const d = invert(publicExponent, order);
    const numbers = [0n, p * q, publicExponent, d, p, q, d % (p - 1n), d % (q - 1n), invert(q, p)];
    return readKey("rsa", encodePem("RSA PRIVATE KEY", sequence(...numbers.map(integer))));
  }
}

/** A prime whose two highest bits are set, so that the product of two has all its bits. */
function randomPrime(random: Random, bits: number): bigint {
  for (;;) {
    const start = numberOf(random(bits / 8)) | (3n << BigInt(bits - 2)) | 1n;
    // Trying the numbers that follow is much cheaper than drawing anew.
    for (let candidate = start; candidate < start + 4096n; candidate += 2n) {
      if (
        candidate < 1n << BigInt(bits) &&
        candidate % 3n !== 0n &&
        candidate % 5n !== 0n &&
        checkPrimeSync(candidate)
      ) {
        return candidate;
      }
    }
  }
}

function invert(value: bigint, modulus: bigint): bigint {
  let [a, b] = [value % modulus, modulus];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return x < 0n ? x + modulus : x;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base % modulus, exponent]; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}

const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** An ECDSA key on P-256. */
export function generateEcKey(random: Random): PrivateKey {
  const secret = bytesOf((numberOf(random(40)) % (p256Order - 1n)) + 1n, 32);
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(secret);
  const parameters = der(0xa0, oid("1.2.840.10045.3.1.7"));
  const point = der(0xa1, bitString(curve.getPublicKey()));
  return readKey("ec", encodePem("EC PRIVATE KEY", sequence(integer(1n), octetString(secret), parameters, point)));
}

/** An Ed25519 key. */
export function generateEd25519Key(random: Random): PrivateKey {
  const seed = octetString(octetString(random(32)));
  return readKey("ed25519", encodePem("PRIVATE KEY", sequence(integer(0n), sequence(oid("1.3.101.112")), seed)));
}

/** A DSA key of 2048 bits with a subgroup of 256 bits. */
export function generateDsaKey(random: Random): PrivateKey {
  const q = randomPrime(random, 256);
  for (;;) {
    const start = numberOf(random(256)) | (1n << 2047n);
    const p = start - (start % (2n * q)) + 1n;
    if (p >> 2047n !== 1n || !checkPrimeSync(p)) continue;
    let generator = 1n;
    for (let base = 2n; generator === 1n; base++) generator = power(base, (p - 1n) / q, p);
    const x = (numberOf(random(40)) % (q - 1n)) + 1n;
    const numbers = [0n, p, q, generator, power(generator, x, p), x];
    return { kind: "dsa", pem: encodePem("DSA PRIVATE KEY", sequence(...numbers.map(integer))) };
  }
}

function readKey(kind: "rsa" | "ec" | "ed25519", pem: string): PrivateKey {
  return { kind, pem, key: createPrivateKey(pem) };
}

/** Reads a key as sprig does. @throws {GoError} in its words, but for what is wrong inside of the key */
export function parsePrivateKey(text: string): PrivateKey {
  const block = decodePem(text);
  if (block === undefined) throw new GoError("no PEM data in input");
  const { type, bytes } = block;
  if (type !== "PRIVATE KEY" && !type.endsWith(" PRIVATE KEY")) {
    throw new GoError(`no private key data in PEM block of type ${type}`);
  }
  const name = type === "PRIVATE KEY" ? "" : type.slice(0, -" PRIVATE KEY".length);
  if (name === "DSA") {
    if (readDer(bytes)?.[0]?.tag !== 0x30) throw new GoError("asn1: structure error: tags don't match");
    return { kind: "dsa", pem: encodePem(type, bytes) };
  }
  if (name !== "" && name !== "RSA" && name !== "EC") throw new GoError(`invalid private key type ${name}`);
  const what = name === "" ? "decoding PEM as PKCS#8" : `parsing ${name} private key from PEM`;
  let key: KeyObject;
  try {
    key = createPrivateKey(encodePem(type, bytes));
  } catch {
    throw new GoError(`${what}: x509: failed to parse private key`);
  }
  switch (key.asymmetricKeyType) {
    case "rsa":
      return { kind: "rsa", key, pem: key.export({ type: "pkcs1", format: "pem" }).toString() };
    case "ec":
      return { kind: "ec", key, pem: key.export({ type: "sec1", format: "pem" }).toString() };
    case "ed25519":
      return { kind: "ed25519", key, pem: key.export({ type: "pkcs8", format: "pem" }).toString() };
  }
  throw new GoError(`${what}: x509: PKCS#8 wrapping contained private key with unknown algorithm`);
}

/** The SubjectPublicKeyInfo of a key. */
export function publicKeyInfo({ key }: { readonly key: KeyObject }): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}
