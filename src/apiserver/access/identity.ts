import type { User } from "../../lib/index.ts";

/** Whom credentials have proved a caller to be, and what else is to be said about it. */
export type Identity = {
  user: User;
  /** For whom the credentials are, among those asked for. */
  audiences: readonly string[];
  /** Become `Warning` headers. */
  warnings?: readonly string[];
  /** Go into the audit log. */
  annotations?: Readonly<Record<string, string>>;
};

/** A token that is of the kind an authenticator knows, and that is not good. The message shows in TokenReviews. */
export class TokenError extends Error {}

/**
 * Knows one kind of bearer token.
 *
 * @param audiences who asks: the token must be for one of them
 * @returns who it is, with the groups that come with being known (see {@link withAuthenticated}); `undefined` for tokens
 *   of other kinds; a promise only when somebody else has to be asked
 * @throws {TokenError} also as a rejection
 */
export type TokenAuthenticator = (
  token: string,
  audiences: readonly string[],
) => Identity | undefined | Promise<Identity | undefined>;

/** Under this name a user's `extra` says which credential was used. */
export const credentialId = "authentication.kubernetes.io/credential-id";

/** @returns those that both name, in the order of the first */
export function intersect(a: readonly string[], b: readonly string[]): string[] {
  return a.filter((item) => b.includes(item));
}

/** Who has shown no credentials at all. */
export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

const authenticated = "system:authenticated";

/** A user with the group that everybody known is in, unless the credentials say otherwise. */
export function withAuthenticated(user: User): User {
  const { groups, name } = user;
  const said = groups.includes(authenticated) || groups.includes("system:unauthenticated");
  return said || name === anonymous.name ? user : { ...user, groups: [...groups, authenticated] };
}
