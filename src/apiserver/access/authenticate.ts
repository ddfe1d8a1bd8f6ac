import { unauthorized } from "../../apimachinery/index.ts";
import type { HttpRequest, User } from "../../lib/index.ts";

/** Who has shown no credentials at all; may only ask how the server is. */
export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

const authenticated = "system:authenticated";

/**
 * Finds out who sends a request: a caller in this process says so itself; from the network a client certificate
 * (common name, organisations) or a bearer token does.
 *
 * @returns {@link anonymous} without credentials
 * @throws {StatusError} `Unauthorized` when the credentials are not known here
 */
export function authenticate(request: HttpRequest, tokens: ReadonlyMap<string, User>): User {
  const user = request.user ?? certificateUser(request);
  if (user !== undefined) return withAuthenticated(user);
  const { authorization } = request.headers;
  if (authorization === undefined) return anonymous;
  const known = tokens.get(/^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "");
  if (known === undefined) throw unauthorized();
  return withAuthenticated(known);
}

function certificateUser({ clientCertificate }: HttpRequest): User | undefined {
  if (clientCertificate === undefined) return undefined;
  return { name: clientCertificate.commonName, groups: clientCertificate.organizations };
}

function withAuthenticated(user: User): User {
  return user.groups.includes(authenticated) ? user : { ...user, groups: [...user.groups, authenticated] };
}
