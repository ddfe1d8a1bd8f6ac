import type { KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";

export const signingRequests: Resource = {
  group: "certificates.k8s.io",
  version: "v1",
  resource: "certificatesigningrequests",
  kind: "CertificateSigningRequest",
  namespaced: false,
};

export type Condition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  /** Go writes null for a time that is not set. */
  lastUpdateTime?: string | null;
};

export type SigningRequest = KubeObject & {
  spec: {
    /** PEM in base64, as all bytes in JSON. */
    request: string;
    signerName: string;
    usages?: string[];
    expirationSeconds?: number;
    username?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  };
  status?: { conditions?: Condition[]; certificate?: string };
};

/** What a PKCS #10 request asks for (RFC 2986). */
export type CertificateSubject = {
  commonName: string;
  organizations: readonly string[];
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  emailAddresses: readonly string[];
  uris: readonly string[];
};

/** Signs for the cluster's authority, which lies elsewhere. */
export type CertificateSigner = {
  /** @throws {Error} for what is no request, or not signed by the key in it */
  read(pem: string): Promise<CertificateSubject>;
  /**
   * @param options.usages words of the API, such as `client auth`
   * @returns PEM; it ends with the authority at the latest
   * @throws {Error} for usages that there are not
   */
  sign(pem: string, options: { usages: readonly string[]; notBefore: Date; notAfter: Date }): Promise<string>;
};

export function hasCondition({ status }: SigningRequest, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

export function pemOf({ spec }: SigningRequest): string {
  return Buffer.from(spec.request, "base64").toString();
}
