import { constants, createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { type Fields, isFields, textAt } from "../../apimachinery/index.ts";

/** A token in JWS compact form (RFC 7515), read but not yet verified. */
export type Jwt = {
  algorithm: string;
  /** Empty when the token names none. */
  keyId: string;
  claims: Fields;
  /** What is signed: header and payload as sent. */
  signed: string;
  signature: Buffer;
};

/** A public key as a key set (RFC 7517) shows it. */
export type PublicKey = { keyId: string; algorithm: string; key: KeyObject };

/** @returns `undefined` for what is no JWT */
export function parseJwt(token: string): Jwt | undefined {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (signature === "" || more.length > 0) return undefined;
  const head = jsonPart(header);
  const claims = jsonPart(payload);
  if (head === undefined || claims === undefined) return undefined;
  return {
    algorithm: textAt(head, "alg"),
    keyId: textAt(head, "kid"),
    claims,
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, "base64url"),
  };
}

function jsonPart(part: string): Fields | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What an algorithm asks of `node:crypto`; RFC 7518, section 3.1. */
type Algorithm = { hash: string; type: "rsa" | "ec"; curve?: string; padding?: number; saltLength?: number };

const algorithms: Readonly<Record<string, Algorithm>> = {
  ...Object.fromEntries(
    [256, 384, 512].flatMap((bits): [string, Algorithm][] => [
      [`RS${bits}`, { hash: `sha${bits}`, type: "rsa", padding: constants.RSA_PKCS1_PADDING }],
      [
        `PS${bits}`,
        { hash: `sha${bits}`, type: "rsa", padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
      ],
    ]),
  ),
  ES256: { hash: "sha256", type: "ec", curve: "prime256v1" },
  ES384: { hash: "sha384", type: "ec", curve: "secp384r1" },
  ES512: { hash: "sha512", type: "ec", curve: "secp521r1" },
};

/** The algorithms that tokens may be signed with. Those with shared secrets, and `none`, are not among them. */
export const signingAlgorithms: readonly string[] = Object.keys(algorithms).sort();

/** Whether a key made the signature of a token, in the algorithm that the token names. */
export function isSignedBy(jwt: Jwt, key: KeyObject): boolean {
  const algorithm = algorithms[jwt.algorithm];
  if (algorithm === undefined || !fits(key, algorithm)) return false;
  try {
    return verify(algorithm.hash, Buffer.from(jwt.signed), optionsOf(key, algorithm), jwt.signature);
  } catch {
    // A signature of the wrong length is thrown, not answered.
    return false;
  }
}

/** Signs claims; their names come out in order, as Go writes them. */
export function signJwt(claims: Fields, key: KeyObject, { keyId, algorithm: name }: PublicKey): string {
  const algorithm = algorithms[name];
  if (algorithm === undefined) throw new Error(`Cannot sign a token: there is no algorithm ${name}`);
  const encode = (value: Fields) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const ordered = Object.fromEntries(Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1)));
  const signed = `${encode({ alg: name, kid: keyId })}.${encode(ordered)}`;
  const signature = sign(algorithm.hash, Buffer.from(signed), optionsOf(key, algorithm));
  return `${signed}.${signature.toString("base64url")}`;
}

function optionsOf(key: KeyObject, { type, padding, saltLength }: Algorithm) {
  if (type === "ec") return { key, dsaEncoding: "ieee-p1363" as const };
  return { key, ...(padding === undefined ? {} : { padding }), ...(saltLength === undefined ? {} : { saltLength }) };
}

function fits(key: KeyObject, { type, curve }: Algorithm): boolean {
  return key.asymmetricKeyType === type && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
}

/** The algorithm that Kubernetes signs with a key: RS256, or the one of an elliptic curve. `undefined` for other keys. */
export function algorithmOf(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  return Object.entries(algorithms).find(([, algorithm]) => algorithm.type === "ec" && fits(key, algorithm))?.[0];
}

/** Kubernetes' name of a key: the hash of its SubjectPublicKeyInfo, so that it says nothing about where it lies. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
}

/** Reads the keys of a JSON Web Key Set that can verify signatures; others in it are left out. */
export function parseKeySet(keySet: unknown): PublicKey[] {
  const keys = isFields(keySet) && Array.isArray(keySet["keys"]) ? keySet["keys"] : [];
  return keys.filter(isFields).flatMap((jwk) => {
    const use = textAt(jwk, "use");
    if (use !== "" && use !== "sig") return [];
    try {
      const key = createPublicKey({ key: jwk, format: "jwk" });
      return [{ keyId: textAt(jwk, "kid"), algorithm: textAt(jwk, "alg"), key }];
    } catch {
      // Another kind of key than those that sign, such as one of a newer curve.
      return [];
    }
  });
}
