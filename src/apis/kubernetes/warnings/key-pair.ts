import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

type Block = { type: string; pem: string };

const block = /-----BEGIN ([^-\n]*)-----\s[\s\S]*?-----END \1-----/g;

/** What keeps a certificate and a key from being used together, in the words of Go's `tls.X509KeyPair`. */
export function keyPairProblem(certificateText: string, keyText: string): string | undefined {
  const certificates = blocksIn(certificateText);
  const leaf = certificates.find(({ type }) => type === "CERTIFICATE");
  if (leaf === undefined) {
    const types = certificates.map(({ type }) => type);
    if (types.length === 0) return "tls: failed to find any PEM data in certificate input";
    if (types.length === 1 && types[0]?.endsWith("PRIVATE KEY"))
      return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched";
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(" ")}]`;
  }
  const keys = blocksIn(keyText);
  const found = keys.findIndex(({ type }) => type === "PRIVATE KEY" || type.endsWith(" PRIVATE KEY"));
  const foundKey = keys[found];
  if (foundKey === undefined) {
    const types = keys.map(({ type }) => type);
    if (types.length === 0) return "tls: failed to find any PEM data in key input";
    if (types.length === 1 && types[0] === "CERTIFICATE")
      return "tls: found a certificate rather than a key in the PEM for the private key";
    return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${types.join(" ")}]`;
  }
  return mismatch(leaf.pem, foundKey.pem);
}

function blocksIn(text: string): Block[] {
  return [...text.matchAll(block)].map(([pem, type = ""]) => ({ type, pem }));
}

function mismatch(certificatePem: string, keyPem: string): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificatePem);
  } catch {
    return "x509: malformed certificate";
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(keyPem);
  } catch {
    return "tls: failed to parse private key";
  }
  if (certificate.publicKey.asymmetricKeyType !== key.asymmetricKeyType)
    return "tls: private key type does not match public key type";
  return certificate.checkPrivateKey(key) ? undefined : "tls: private key does not match public key";
}
