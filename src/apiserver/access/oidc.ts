import { type Fields, quoteGo, textAt, textsAt, valueAt } from "../../apimachinery/index.ts";
import type { Value } from "../../cel/index.ts";
import { errorText, type Log, type User } from "../../lib/index.ts";
import type { JwtIssuer, Rule } from "./authentication-config.ts";
import { evaluateClaims, evaluateUser, textsOf } from "./claim-expressions.ts";
import {
  credentialId,
  type Identity,
  intersect,
  type TokenAuthenticator,
  TokenError,
  withAuthenticated,
} from "./identity.ts";
import { type Jwt, parseJwt, signingAlgorithms } from "./jwt.ts";
import { createIssuerKeys, type FetchJson } from "./oidc-keys.ts";
import { audiencesOf } from "./service-account-claims.ts";

export type OidcOptions = {
  /** Of the API server: who is known by such a token is known to it and to nobody else. */
  audiences: readonly string[];
  now: () => Date;
  log: Log;
  /** Default: over HTTPS. */
  fetchJson?: FetchJson;
};

/** How long a token that was good is not looked at again; kube-apiserver's `TokenSuccessCacheTTL`. */
const rememberedMs = 10_000;
/** As many as have come within that time, at some hundred bytes beside the token. */
const rememberedMax = 10_000;
/** Google says `accounts.google.com` where OpenID Connect wants a URL. */
const google = "https://accounts.google.com";
/** How much later than now a token may begin. */
const notBeforeLeewayMs = 60_000;

/** Knows the tokens of one issuer, and makes users of their claims. */
export function oidcTokens(issuer: JwtIssuer, options: OidcOptions): TokenAuthenticator {
  const { audiences, now } = options;
  const keys = createIssuerKeys(issuer, options);
  const remembered = new Map<string, { user: User; untilMs: number }>();

  const accept = (token: string, jwt: Jwt, isGood: boolean): User => {
    if (!isGood) throw wrong("failed to verify signature: failed to verify id token signature");
    const user = withAuthenticated(userFrom(jwt.claims, issuer));
    const oldest = remembered.size >= rememberedMax ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    const untilMs = Math.min(now().getTime() + rememberedMs, Number(jwt.claims["exp"]) * 1000);
    remembered.set(token, { user, untilMs });
    return user;
  };
  const failed = (error: unknown): TokenError =>
    error instanceof TokenError ? error : wrong(`failed to verify signature: ${errorText(error)}`);

  return (token, asked) => {
    const shared = asked === audiences ? audiences : intersect(audiences, asked);
    if (shared.length === 0) return undefined;
    const found = (user: User): Identity => ({ user, audiences: shared });
    const known = remembered.get(token);
    if (known !== undefined && now().getTime() < known.untilMs) return found(known.user);
    remembered.delete(token);
    const jwt = parseJwt(token);
    if (jwt === undefined || issuerOf(jwt) !== issuer.url) return undefined;
    checkClaims(jwt, issuer, now());
    try {
      const isGood = keys.verify(jwt);
      if (typeof isGood === "boolean") return found(accept(token, jwt, isGood));
      return isGood
        .then((late) => found(accept(token, jwt, late)))
        .catch((error: unknown) => {
          throw failed(error);
        });
    } catch (error) {
      throw failed(error);
    }
  };
}

function issuerOf({ claims }: Jwt): string {
  const named = textAt(claims, "iss");
  return named === new URL(google).host ? google : named;
}

function wrong(why: string): TokenError {
  return new TokenError(`oidc: verify token: ${why}`);
}

/** What can be seen without the keys. */
function checkClaims({ claims, algorithm }: Jwt, issuer: JwtIssuer, now: Date): void {
  const quoted = (items: readonly string[]) => `[${items.map(quoteGo).join(" ")}]`;
  const tokenAudiences = audiencesOf(claims);
  if (intersect(issuer.audiences, tokenAudiences).length === 0) {
    const expected =
      issuer.audiences.length === 1 ? quoteGo(issuer.audiences[0] ?? "") : `in ${quoted(issuer.audiences)}`;
    throw wrong(`oidc: expected audience ${expected} got ${quoted(tokenAudiences)}`);
  }
  const { exp, nbf } = claims;
  if (typeof exp !== "number" || exp * 1000 < now.getTime()) {
    throw wrong(`oidc: token is expired (Token Expiry: ${goTime(typeof exp === "number" ? exp * 1000 : 0)})`);
  }
  if (typeof nbf === "number" && now.getTime() + notBeforeLeewayMs < nbf * 1000) {
    throw wrong(`oidc: current time ${goTime(now.getTime())} before the nbf (not before) time: ${goTime(nbf * 1000)}`);
  }
  if (signingAlgorithms.includes(algorithm)) return;
  const words = `expected ${quoted(signingAlgorithms)} got ${quoteGo(algorithm)}`;
  throw wrong(`oidc: id token signed with unsupported algorithm, ${words}`);
}

/** How Go prints a time in UTC. */
function goTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

/** @throws {TokenError} when a claim is missing or is not what the configuration asks for */
function userFrom(claims: Fields, issuer: JwtIssuer): User {
  const name = usernameFrom(claims, issuer.username);
  const groups = groupsFrom(claims, issuer.groups);
  const uid = uidFrom(claims, issuer.uid);
  const extra = extraFrom(claims, issuer.extra);
  checkRequired(claims, issuer.requiredClaims);
  for (const rule of issuer.claimRules) {
    checkRule(rule, evaluateClaims(rule, claims, claimRule), claimRule);
  }
  const user: User = {
    name,
    groups,
    ...(uid === "" ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  for (const rule of issuer.userRules) checkRule(rule, evaluateUser(rule, user, userRule), userRule);
  return user;
}

const claimRule = "claim validation expression";
const userRule = "user info validation rule";

function checkRule({ text, message }: Rule, value: Value, what: string): void {
  if (typeof value !== "boolean") {
    throw new TokenError(`oidc: error evaluating ${what}: validation expression must return a boolean`);
  }
  if (!value)
    throw new TokenError(`oidc: error evaluating ${what}: validation expression '${text}' failed: ${message}`);
}

function checkRequired(claims: Fields, required: ReadonlyMap<string, string>): void {
  for (const [claim, value] of required) {
    if (claims[claim] === undefined) throw new TokenError(`oidc: required claim ${claim} not present in ID token`);
    const got = textClaim(claims, claim, `parse claim ${claim}`);
    if (got !== value) {
      throw new TokenError(`oidc: required claim ${claim} value does not match. Got = ${got}, want = ${value}`);
    }
  }
}

function usernameFrom(claims: Fields, username: JwtIssuer["username"]): string {
  if ("text" in username) {
    const value = textOf(evaluateClaims(username, claims, "username claim expression"), "username");
    if (value === "") throw new TokenError("oidc: empty username via CEL expression is not allowed");
    return value;
  }
  const name = textClaim(claims, username.claim, `parse username claims ${quoteGo(username.claim)}`);
  if (username.claim === "email" && claims["email_verified"] !== undefined && claims["email_verified"] !== true) {
    throw new TokenError("oidc: email not verified");
  }
  return username.prefix + name;
}

function textOf(value: Value, what: string): string {
  if (typeof value === "string") return value;
  const why = `${what} claim expression must return a string`;
  throw new TokenError(`oidc: error evaluating ${what} claim expression: ${why}`);
}

function groupsFrom(claims: Fields, groups: JwtIssuer["groups"]): string[] {
  if (groups === undefined) return [];
  const what = "group claim expression";
  if ("text" in groups) return textsOf(evaluateClaims(groups, claims, what), what);
  return groupsClaim(claims, groups.claim).map((group) => groups.prefix + group);
}

function uidFrom(claims: Fields, uid: JwtIssuer["uid"]): string {
  if (uid === undefined) return "";
  if ("text" in uid) return textOf(evaluateClaims(uid, claims, "uid claim expression"), "uid");
  return textClaim(claims, uid.claim, `parse uid claim ${quoteGo(uid.claim)}`);
}

function extraFrom(claims: Fields, wanted: JwtIssuer["extra"]): Record<string, string[]> {
  const id = textAt(claims, "jti");
  const extra: Record<string, string[]> = id === "" ? {} : { [credentialId]: [`JTI=${id}`] };
  for (const { key, values } of wanted) {
    const what = "extra claim expression";
    const texts = textsOf(evaluateClaims(values, claims, what), what);
    if (texts.length > 0) extra[key] = texts;
  }
  return extra;
}

function textClaim(claims: Fields, claim: string, what: string): string {
  const value = claims[claim];
  if (value === undefined) throw new TokenError(`oidc: ${what}: claim not present`);
  if (typeof value === "string") return value;
  throw new TokenError(`oidc: ${what}: json: cannot unmarshal ${jsonType(value)} into Go value of type string`);
}

/** Some issuers give one group as a text. */
function groupsClaim(claims: Fields, claim: string): string[] {
  const value = valueAt(claims, claim);
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  const groups = textsAt(claims, claim);
  if (Array.isArray(value) && groups.length === value.length) return groups;
  throw new TokenError(
    `oidc: parse groups claim ${quoteGo(claim)}: json: cannot unmarshal ${jsonType(value)} into Go value of type string`,
  );
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
