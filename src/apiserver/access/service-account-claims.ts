import { type Fields, fieldsAt, numberAt, textAt, textsAt, valueAt } from "../../apimachinery/index.ts";
import { formatUsername } from "./service-account-user.ts";

/** An object that a token names. */
export type ObjectReference = { name: string; uid: string };

/** What a token says about its ServiceAccount, in either of the two forms there are. */
export type ServiceAccountClaims = {
  subject: string;
  namespace: string;
  account: ObjectReference;
  audiences: readonly string[];
  pod?: ObjectReference | undefined;
  secret?: ObjectReference | undefined;
  node?: ObjectReference | undefined;
  /** Seconds since 1970, as in RFC 7519. */
  expiresAt?: number | undefined;
  notBefore?: number | undefined;
  issuedAt?: number | undefined;
  warnAfter?: number | undefined;
  id?: string | undefined;
  /** Of a token kept in a Secret, which has no end and is good as long as the Secret holds it. */
  legacySecret?: string | undefined;
};

/** Issuer of tokens that are kept in Secrets. */
export const legacyIssuer = "kubernetes/serviceaccount";

const legacyPrefix = "kubernetes.io/serviceaccount";

/** The claims of a token that the TokenRequest API issues, as kube-apiserver writes them. */
export function boundClaims(claims: ServiceAccountClaims): Fields {
  const { subject, namespace, account, audiences, pod, secret, node, warnAfter, id } = claims;
  const kubernetes = {
    namespace,
    ...(node && { node: reference(node) }),
    ...(pod && { pod: reference(pod) }),
    ...(secret && { secret: reference(secret) }),
    serviceaccount: reference(account),
    ...(warnAfter !== undefined && { warnafter: warnAfter }),
  };
  return {
    sub: subject,
    aud: [...audiences],
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    nbf: claims.notBefore,
    jti: id,
    "kubernetes.io": Object.fromEntries(Object.entries(kubernetes).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Go leaves out what is empty: the uid of a node that does not exist. */
function reference({ name, uid }: ObjectReference): Fields {
  return uid === "" ? { name } : { name, uid };
}

export function readBoundClaims(claims: Fields): ServiceAccountClaims {
  const kubernetes = fieldsAt(claims, "kubernetes.io");
  const at = (field: string) => {
    const value = valueAt(kubernetes, field);
    return value === undefined || value === null
      ? undefined
      : { name: textAt(value, "name"), uid: textAt(value, "uid") };
  };
  return {
    subject: textAt(claims, "sub"),
    namespace: textAt(kubernetes, "namespace"),
    account: at("serviceaccount") ?? { name: "", uid: "" },
    audiences: audiencesOf(claims),
    pod: at("pod"),
    secret: at("secret"),
    node: at("node"),
    expiresAt: seconds(claims, "exp"),
    notBefore: seconds(claims, "nbf"),
    issuedAt: seconds(claims, "iat"),
    warnAfter: seconds(kubernetes, "warnafter"),
    id: textAt(claims, "jti") || undefined,
  };
}

/** @returns what is wrong with it when it is not what a token in a Secret says */
export function readLegacyClaims(claims: Fields): ServiceAccountClaims | string {
  const at = (field: string) => textAt(claims, `${legacyPrefix}/${field}`);
  const subject = textAt(claims, "sub");
  const found = {
    namespace: at("namespace"),
    secretName: at("secret.name"),
    serviceAccountName: at("service-account.name"),
    serviceAccountUID: at("service-account.uid"),
  };
  if (subject === "") return "sub claim is missing";
  for (const [name, value] of Object.entries(found)) if (value === "") return `${name} claim is missing`;
  const { namespace, secretName, serviceAccountName: name, serviceAccountUID: uid } = found;
  if (subject !== formatUsername(namespace, name)) return "sub claim is invalid";
  return { subject, namespace, account: { name, uid }, audiences: audiencesOf(claims), legacySecret: secretName };
}

/** One audience may stand without a list; RFC 7519, section 4.1.3. */
export function audiencesOf(claims: Fields): string[] {
  const one = textAt(claims, "aud");
  return one === "" ? textsAt(claims, "aud") : [one];
}

function seconds(claims: Fields, field: string): number | undefined {
  const value = numberAt(claims, [field], Number.NaN);
  return Number.isNaN(value) ? undefined : value;
}
