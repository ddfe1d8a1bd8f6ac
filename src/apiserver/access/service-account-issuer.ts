import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Fields } from "../../apimachinery/index.ts";
import { algorithmOf, isSignedBy, type Jwt, keyIdOf, signJwt } from "./jwt.ts";

/** What kubeadm and most other installers set with `--service-account-issuer`. */
export const defaultIssuer = "https://kubernetes.default.svc.cluster.local";

/** Signs the tokens of ServiceAccounts, and knows them again. */
export type ServiceAccountIssuer = {
  /** Its URL, the `iss` of its tokens and the one audience of the API server. */
  url: string;
  /** Signs claims as they are, with an issuer of their own or this one. */
  sign(claims: Fields): string;
  isSigned(jwt: Jwt): boolean;
  /** Whether it has the key that a token names; a token that names none may be signed with it. */
  hasKey(keyId: string): boolean;
  /** The documents of OpenID Connect discovery. */
  keySet: { keys: Fields[] };
  discovery(keySetUrl: string): Fields;
};

/** A new key pair as PEM, for {@link createServiceAccountIssuer}. ECDSA: made in a millisecond, where RSA takes a start's time. */
export function generateServiceAccountKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * @param options.privateKey PEM of an RSA key or one of the curves P-256, P-384 and P-521
 * @throws {Error} when it is none of these
 */
export function createServiceAccountIssuer(options: { privateKey: string; url?: string }): ServiceAccountIssuer {
  const { url = defaultIssuer } = options;
  const key = readKey(options.privateKey);
  const publicKey = createPublicKey(key);
  const algorithm = algorithmOf(publicKey);
  if (algorithm === undefined)
    throw new Error("Cannot sign ServiceAccount tokens: the key is neither RSA nor P-256, P-384 or P-521");
  const keyId = keyIdOf(publicKey);
  const { kty, crv, ...parameters } = publicKey.export({ format: "jwk" });
  const jwk = { use: "sig", kty, kid: keyId, ...(crv === undefined ? {} : { crv }), alg: algorithm, ...parameters };
  return {
    url,
    sign: (claims) => signJwt({ iss: url, ...claims }, key, { keyId, algorithm, key: publicKey }),
    isSigned: (jwt) => isSignedBy(jwt, publicKey),
    hasKey: (named) => named === "" || named === keyId,
    keySet: { keys: [jwk] },
    discovery: (keySetUrl) => ({
      issuer: url,
      jwks_uri: keySetUrl,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [algorithm],
    }),
  };
}

function readKey(privateKey: string): KeyObject {
  try {
    return createPrivateKey(privateKey);
  } catch (cause) {
    throw new Error("Cannot sign ServiceAccount tokens: the key is no private key in PEM", { cause });
  }
}
