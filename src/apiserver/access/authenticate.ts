import type { HttpRequest, User } from "../../lib/index.ts";
import {
  anonymous,
  credentialId,
  type Identity,
  intersect,
  type TokenAuthenticator,
  TokenError,
  withAuthenticated,
} from "./identity.ts";

/** Who may be anonymous, as `anonymous` of an AuthenticationConfiguration says. Without paths it is everywhere. */
export type AnonymousRule = { enabled: boolean; paths?: readonly string[] };

/** Finds out who sends requests, and whose tokens are. */
export type Authenticator = {
  /** Whom tokens must be for to be good for this server. */
  readonly audiences: readonly string[];
  /**
   * Who sends a request: a caller in this process says so itself; from the network a client certificate or a bearer token
   * does, in this order. A promise only when somebody else has to be asked.
   *
   * @returns `undefined` when the credentials are not good, or when there are none and there must be some
   */
  request(request: HttpRequest, path: string): Identity | undefined | Promise<Identity | undefined>;
  /** Whose a token is. @throws {TokenError} when it is nobody's, also as a rejection */
  token(token: string, audiences: readonly string[]): Identity | Promise<Identity>;
};

export type AuthenticatorOptions = {
  audiences: readonly string[];
  /** In the order in which they are asked. */
  tokens: readonly TokenAuthenticator[];
  anonymous?: AnonymousRule;
  now: () => Date;
};

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { audiences, tokens, now } = options;
  const nobody: Identity = { user: anonymous, audiences };
  const { enabled, paths } = options.anonymous ?? { enabled: true };
  const byCertificate = new WeakMap<object, Identity>();

  const token = (text: string, asked: readonly string[]) => ask(tokens, text, asked, []);

  const fromCertificate = ({ clientCertificate }: HttpRequest): Identity | undefined => {
    if (clientCertificate === undefined) return undefined;
    const { validUntilMs = Number.POSITIVE_INFINITY } = clientCertificate;
    if (now().getTime() > validUntilMs) return undefined;
    const known = byCertificate.get(clientCertificate);
    if (known !== undefined) return known;
    const user = certificateUser(clientCertificate);
    if (user === undefined) return undefined;
    const identity = { user: withAuthenticated(user), audiences };
    byCertificate.set(clientCertificate, identity);
    return identity;
  };

  return {
    audiences,
    token,
    request(request, path) {
      if (request.user !== undefined) return { user: withAuthenticated(request.user), audiences };
      const named = fromCertificate(request);
      if (named !== undefined) return named;
      const bearer = bearerToken(request);
      if (bearer === undefined) {
        const failed = request.clientCertificate !== undefined || request.clientCertificateError !== undefined;
        return !failed && enabled && (paths?.includes(path) ?? true) ? nobody : undefined;
      }
      try {
        const identity = token(bearer, audiences);
        return identity instanceof Promise ? identity.catch(orNobody) : identity;
      } catch (error) {
        return orNobody(error);
      }
    },
  };
}

function orNobody(error: unknown): undefined {
  if (!(error instanceof TokenError)) throw error;
}

/** @returns `undefined` for other schemes, which are no credentials here */
function bearerToken({ headers }: HttpRequest): string | undefined {
  const [scheme = "", token = ""] = (headers.authorization ?? "").trim().split(" ", 3);
  return scheme.toLowerCase() === "bearer" && token !== "" ? token : undefined;
}

/** Asks one after the other; goes on in a promise once one of them has to wait. */
function ask(
  tokens: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
  problems: readonly string[],
): Identity | Promise<Identity> {
  const found = [...problems];
  const note = (error: unknown) => {
    if (!(error instanceof TokenError)) throw error;
    found.push(error.message);
    return undefined;
  };
  for (const [index, authenticator] of tokens.entries()) {
    try {
      const identity = authenticator(token, audiences);
      if (identity instanceof Promise) {
        const others = () => ask(tokens.slice(index + 1), token, audiences, found);
        return identity.catch(note).then((late) => late ?? others());
      }
      if (identity !== undefined) return identity;
    } catch (error) {
      note(error);
    }
  }
  const [first, ...more] = new Set(["invalid bearer token", ...found]);
  throw new TokenError(more.length === 0 ? first : `[${[first, ...more].join(", ")}]`);
}

/** Whose a bearer token is; a map of them, or what finds out when it is asked. */
export type KnownTokens = Pick<ReadonlyMap<string, User>, "get">;

/** Tokens that whoever started the server knows, and may add to. They are good for this server and say nothing about others. */
export function staticTokens(tokens: KnownTokens, audiences: readonly string[]): TokenAuthenticator {
  const identities = new WeakMap<User, Identity>();
  const identityOf = (user: User) => {
    const known = identities.get(user) ?? { user: withAuthenticated(user), audiences };
    identities.set(user, known);
    return known;
  };
  return (token, asked) => {
    const user = tokens.get(token);
    if (user === undefined) return undefined;
    const identity = identityOf(user);
    if (asked === audiences) return identity;
    const shared = intersect(audiences, asked);
    return shared.length === 0 ? undefined : { ...identity, audiences: shared };
  };
}

function certificateUser(certificate: NonNullable<HttpRequest["clientCertificate"]>): User | undefined {
  const { commonName, organizations, uids = [], sha256 } = certificate;
  const [uid] = uids;
  // More than one, or an empty one, says nothing about who it is.
  if (commonName === "" || uids.length > 1 || uid === "") return undefined;
  return {
    name: commonName,
    groups: organizations,
    ...(uid === undefined ? {} : { uid }),
    ...(sha256 === undefined ? {} : { extra: { [credentialId]: [`X509SHA256=${sha256}`] } }),
  };
}
