import type { HttpRequest } from "../lib/index.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { Repository } from "./repositories.ts";
import { type ScopeCategory, scopesAllow } from "./token-scopes.ts";

/** Who sends a request. `scopes` limits what a token may do; it is absent for a password. */
export type Identity = { account: Account; scopes?: readonly string[] };

/**
 * Finds out who sends a request: by password or token, both in basic authentication, the token in either place of it
 * and with any user name beside it, or as `Authorization: token …` or `Bearer …`.
 *
 * @returns `undefined` for nobody in particular, `"wrong"` when the credentials are
 * @throws {StatusError} `TooManyRequests`
 */
export async function authenticate(request: HttpRequest, accounts: Accounts): Promise<Identity | "wrong" | undefined> {
  if (request.user !== undefined) {
    const account = accounts.user(request.user.name);
    return account === undefined ? undefined : { account };
  }
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const [scheme = "", value = ""] = header.trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case "token":
    case "bearer":
      return byToken(value, accounts) ?? "wrong";
    case "basic": {
      const text = Buffer.from(value, "base64").toString();
      const colon = text.indexOf(":");
      if (colon < 0) return "wrong";
      const user = text.slice(0, colon);
      const secret = text.slice(colon + 1);
      const identity =
        byToken(secret, accounts) ??
        (secret === "" || secret === "x-oauth-basic" ? byToken(user, accounts) : undefined);
      if (identity !== undefined) return identity;
      const account = await accounts.verifyPassword(user, secret);
      return account === undefined ? "wrong" : { account };
    }
    default:
      return "wrong";
  }
}

function byToken(text: string, accounts: Accounts): Identity | undefined {
  if (!/^[0-9a-f]{40}$/.test(text)) return undefined;
  const found = accounts.verifyToken(text);
  return found === undefined ? undefined : { account: found.account, scopes: found.token.scopes };
}

/** Asks a browser or git for a name and a password. */
export const challenge = { "www-authenticate": 'Basic realm="Skiff", charset="UTF-8"' };

export function isMember(accounts: Accounts, organization: string, account: Account): boolean {
  return accounts.organization(organization)?.memberIds.includes(account.id) ?? false;
}

/** Whether somebody may do everything with what an owner has: the owner, members of the organisation, administrators. */
export function ownsFor(accounts: Accounts, identity: Identity | undefined, owner: string): boolean {
  if (identity === undefined) return false;
  const { account } = identity;
  return account.isAdmin || account.login.toLowerCase() === owner.toLowerCase() || isMember(accounts, owner, account);
}

export function mayRead(accounts: Accounts, identity: Identity | undefined, repository: Repository): boolean {
  if (!repository.private) return true;
  if (identity?.scopes?.includes("public-only") === true) return false;
  return ownsFor(accounts, identity, repository.owner) && tokenAllows(identity, "read", "repository");
}

export function mayWrite(accounts: Accounts, identity: Identity | undefined, repository: Repository): boolean {
  if (repository.private && identity?.scopes?.includes("public-only") === true) return false;
  return ownsFor(accounts, identity, repository.owner) && tokenAllows(identity, "write", "repository");
}

export function tokenAllows(identity: Identity | undefined, level: "read" | "write", category: ScopeCategory): boolean {
  return identity !== undefined && scopesAllow(identity.scopes, level, category);
}
