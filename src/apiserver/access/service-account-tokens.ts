import { timingSafeEqual } from "node:crypto";
import { type KubeObject, listAt, quoteGo, textAt } from "../../apimachinery/index.ts";
import { type Identity, intersect, type TokenAuthenticator, TokenError, withAuthenticated } from "./identity.ts";
import { parseJwt } from "./jwt.ts";
import {
  legacyIssuer,
  type ObjectReference,
  readBoundClaims,
  readLegacyClaims,
  type ServiceAccountClaims,
} from "./service-account-claims.ts";
import type { ServiceAccountIssuer } from "./service-account-issuer.ts";
import { serviceAccountUser } from "./service-account-user.ts";

/** What tokens are judged by: the newest state of the objects that they name. */
export type TokenObjects = {
  /** The revision of an object, 0 when there is none. */
  revision(resource: TokenResource, namespace: string, name: string): number;
  get(resource: TokenResource, namespace: string, name: string): Readonly<KubeObject> | undefined;
};

export type TokenResource = "serviceaccounts" | "secrets" | "pods" | "nodes";

export type ServiceAccountTokenOptions = {
  issuer: ServiceAccountIssuer;
  objects: TokenObjects;
  now: () => Date;
  /** Told of each use of a token that is kept in a Secret. */
  onLegacyUse: (secret: Readonly<KubeObject>) => void;
};

/**
 * Tokens whose signature has been verified. A cluster of 5,000 nodes with a dozen kinds of agents on each would not fill it,
 * and at 2 KiB a token it is 40 MiB at the worst.
 */
const verifiedMax = 20_000;
/** How far clocks may differ, and how long a deleted object's tokens still work; go-jose's `DefaultLeeway`. */
const leewaySeconds = 60;

/** A token whose signature is good. `memo` is the last answer, right as long as what it depends on has not changed. */
type Verified = { claims: ServiceAccountClaims; memo: Memo | undefined };
type Memo = { identity: Identity; asked: readonly string[]; revisions: readonly Dependency[]; untilMs: number };
type Dependency = { resource: TokenResource; namespace: string; name: string; revision: number };

/**
 * Knows the tokens of ServiceAccounts, as the TokenRequest API and Secrets give them out. A token stops working in the
 * moment in which its ServiceAccount or what it is bound to is replaced, or a minute after its deletion has begun.
 */
export function serviceAccountTokens(options: ServiceAccountTokenOptions): TokenAuthenticator {
  const { objects, now } = options;
  const verified = new Map<string, Verified>();

  const remember = (token: string, claims: ServiceAccountClaims): Verified => {
    const oldest = verified.size >= verifiedMax ? verified.keys().next().value : undefined;
    if (oldest !== undefined) verified.delete(oldest);
    const known = { claims, memo: undefined };
    verified.set(token, known);
    return known;
  };

  return (token, asked) => {
    let known = verified.get(token);
    const { memo } = known ?? {};
    if (memo !== undefined && memo.asked === asked && now().getTime() < memo.untilMs && isCurrent(memo, objects)) {
      return memo.identity;
    }
    if (known === undefined) {
      const claims = verify(token, options.issuer);
      if (claims === undefined) return undefined;
      known = remember(token, claims);
    }
    const { claims } = known;
    const audiences = intersect(claims.audiences.length > 0 ? claims.audiences : [options.issuer.url], asked);
    if (audiences.length === 0) throw new TokenError(wrongAudience(claims, options.issuer, asked));
    const judged = claims.legacySecret === undefined ? judge(claims, options) : judgeLegacy(token, claims, options);
    const identity = { ...judged.identity, audiences };
    known.memo = { identity, asked, revisions: judged.revisions, untilMs: judged.untilMs };
    return identity;
  };
}

function isCurrent({ revisions }: Memo, objects: TokenObjects): boolean {
  for (const { resource, namespace, name, revision } of revisions)
    if (objects.revision(resource, namespace, name) !== revision) return false;
  return true;
}

/** @returns `undefined` for tokens of other issuers */
function verify(token: string, issuer: ServiceAccountIssuer): ServiceAccountClaims | undefined {
  const jwt = parseJwt(token);
  if (jwt === undefined) return undefined;
  const from = textAt(jwt.claims, "iss");
  if (from !== issuer.url && from !== legacyIssuer) return undefined;
  if (!issuer.hasKey(jwt.keyId)) throw new TokenError("invalid signature, no keys found");
  if (!issuer.isSigned(jwt)) throw new TokenError("go-jose/go-jose: error in cryptographic primitive");
  if (from === issuer.url) return readBoundClaims(jwt.claims);
  const claims = readLegacyClaims(jwt.claims);
  if (typeof claims === "string") throw new TokenError(claims);
  return claims;
}

function wrongAudience(
  { audiences }: ServiceAccountClaims,
  issuer: ServiceAccountIssuer,
  asked: readonly string[],
): string {
  const list = (items: readonly string[]) => `[${items.map(quoteGo).join(" ")}]`;
  const own = audiences.length > 0 ? audiences : [issuer.url];
  return `token audiences ${list(own)} is invalid for the target audiences ${list(asked)}`;
}

type Judgement = { identity: Omit<Identity, "audiences">; revisions: Dependency[]; untilMs: number };

/** What a token depends on, noted while it is looked at. */
function lookUp(objects: TokenObjects) {
  const revisions: Dependency[] = [];
  return {
    revisions,
    get(resource: TokenResource, namespace: string, name: string) {
      revisions.push({ resource, namespace, name, revision: objects.revision(resource, namespace, name) });
      return objects.get(resource, namespace, name);
    },
  };
}

function judge(claims: ServiceAccountClaims, { objects, now }: ServiceAccountTokenOptions): Judgement {
  const nowMs = now().getTime();
  const { expiresAt, notBefore, issuedAt, namespace, account, pod, secret, node, warnAfter, id } = claims;
  const laterMs = nowMs + leewaySeconds * 1000;
  const goodUntilMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : (expiresAt + leewaySeconds) * 1000;
  if (notBefore !== undefined && laterMs < notBefore * 1000)
    throw new TokenError("service account token is not valid yet");
  if (nowMs > goodUntilMs) throw new TokenError("service account token has expired");
  if (issuedAt !== undefined && laterMs < issuedAt * 1000) {
    throw new TokenError("service account token is issued in the future");
  }
  const found = lookUp(objects);
  const until: number[] = [goodUntilMs];
  const check = (kind: string, object: Readonly<KubeObject> | undefined, ref: ObjectReference, gone: string) => {
    if (object === undefined) throw new TokenError(gone);
    if (object.metadata.uid !== ref.uid) {
      const claim = kind === "service account" ? "claim" : `service account ${kind.toLowerCase()} ref claim`;
      throw new TokenError(`${kind} UID (${object.metadata.uid}) does not match ${claim} (${ref.uid})`);
    }
    const { deletionTimestamp } = object.metadata;
    if (deletionTimestamp === undefined) return;
    const untilMs = Date.parse(deletionTimestamp) + leewaySeconds * 1000;
    if (untilMs < nowMs)
      throw new TokenError(kind === "service account" ? `${deleted(claims)} has been deleted` : invalidated);
    until.push(untilMs);
  };
  const own = found.get("serviceaccounts", namespace, account.name);
  check("service account", own, account, `serviceaccounts ${quoteGo(account.name)} not found`);
  if (secret !== undefined) check("secret", found.get("secrets", namespace, secret.name), secret, invalidated);
  if (pod !== undefined) check("pod", found.get("pods", namespace, pod.name), pod, invalidated);
  if (pod === undefined && node !== undefined) check("node", found.get("nodes", "", node.name), node, invalidated);
  const staleSeconds = warnAfter === undefined ? 0 : Math.floor(nowMs / 1000) - warnAfter;
  if (warnAfter !== undefined && staleSeconds <= 0) until.push(warnAfter * 1000);
  const stale = `subject: ${claims.subject}, seconds after warning threshold: ${staleSeconds}`;
  return {
    identity: {
      user: withAuthenticated(serviceAccountUser(namespace, account, { id, pod, node })),
      ...(staleSeconds > 0 ? { annotations: { "authentication.k8s.io/stale-token": stale } } : {}),
    },
    revisions: found.revisions,
    // How stale it is is told anew each time.
    untilMs: staleSeconds > 0 ? nowMs : Math.min(...until),
  };
}

const invalidated = "service account token has been invalidated";

function deleted({ namespace, account }: ServiceAccountClaims): string {
  return `service account ${namespace}/${account.name}`;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Set by the cluster's operator, or by the clean-up of tokens that nobody uses. */
const invalidSince = "kubernetes.io/legacy-token-invalid-since";

function judgeLegacy(
  token: string,
  claims: ServiceAccountClaims,
  { objects, onLegacyUse, now }: ServiceAccountTokenOptions,
): Judgement {
  const { namespace, account, legacySecret = "" } = claims;
  const found = lookUp(objects);
  const secret = found.get("secrets", namespace, legacySecret);
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) {
    throw new TokenError("Token has been invalidated");
  }
  const kept = Buffer.from(textAt(secret, "data", "token"), "base64");
  const sent = Buffer.from(token);
  if (kept.byteLength !== sent.byteLength || !timingSafeEqual(kept, sent)) {
    throw new TokenError("Token does not match server's copy");
  }
  const own = found.get("serviceaccounts", namespace, account.name);
  if (own === undefined) throw new TokenError(`serviceaccounts ${quoteGo(account.name)} not found`);
  const what = `ServiceAccount ${namespace}/${account.name}`;
  if (own.metadata.deletionTimestamp !== undefined) throw new TokenError(`${what} has been deleted`);
  if (own.metadata.uid !== account.uid) {
    throw new TokenError(`ServiceAccount UID (${own.metadata.uid}) does not match claim (${account.uid})`);
  }
  onLegacyUse(secret);
  if (secret.metadata.labels?.[invalidSince]) {
    const way = `remove the '${invalidSince}' label from the secret to temporarily allow use of this token`;
    throw new TokenError(
      `the token in secret ${namespace}/${legacySecret} for service account ${namespace}/${account.name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or ${way}`,
    );
  }
  const generated = listAt(own, "secrets").some((item) => textAt(item, "name") === legacySecret);
  const annotations = {
    ...(claims.audiences.length === 0 ? { "authentication.k8s.io/legacy-token": claims.subject } : {}),
    [`authentication.k8s.io/legacy-token-${generated ? "autogenerated" : "manual"}-secret`]: legacySecret,
  };
  const warning =
    "Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.";
  return {
    identity: {
      user: withAuthenticated(serviceAccountUser(namespace, account, {})),
      annotations,
      ...(generated ? { warnings: [warning] } : {}),
    },
    revisions: found.revisions,
    // The day of the last use is noted on the Secret.
    untilMs: (Math.floor(now().getTime() / dayMs) + 1) * dayMs,
  };
}
