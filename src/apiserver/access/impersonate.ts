import type { HttpRequest, User } from "../../lib/index.ts";
import { ResponseError } from "../http/errors.ts";
import { type Authorizer, authorize } from "./authorize.ts";
import { anonymous, withAuthenticated } from "./identity.ts";
import { formatUsername, serviceAccountGroups, splitUsername } from "./service-account-user.ts";

const prefix = "impersonate-";
const extraPrefix = "impersonate-extra-";

/**
 * Makes a request somebody else's when its headers ask for it and its user may do that.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 *
 * @returns the same user when the headers ask for nothing
 * @throws {StatusError} `Forbidden`
 * @throws {ResponseError} when they ask for groups or more without a user
 */
export function impersonate(request: HttpRequest, user: User, authorizer: Authorizer): User {
  if (!asksForAnything(request)) return user;
  const [name = ""] = valuesOf(request, "impersonate-user");
  const groups = valuesOf(request, "impersonate-group");
  const [uid = ""] = valuesOf(request, "impersonate-uid");
  const extra = extraOf(request);
  if (name === "") {
    if (groups.length === 0 && uid === "" && extra.length === 0) return user;
    throw withoutUser(request, { groups, uid, extra });
  }
  const may = (group: string, resource: string, wanted: string, namespace = "", subresource = "") => {
    const version = group === "" ? "" : "v1";
    authorize(authorizer, {
      user,
      verb: "impersonate",
      group,
      version,
      resource,
      subresource,
      namespace,
      name: wanted,
    });
  };
  const account = splitUsername(name);
  if (account !== undefined) may("", "serviceaccounts", account.name, account.namespace);
  else may("", "users", name);
  for (const group of groups) may("", "groups", group);
  for (const [key, value] of extra) may("authentication.k8s.io", "userextras", value, "", key);
  if (uid !== "") may("authentication.k8s.io", "uids", uid);
  const implied = account === undefined ? [] : serviceAccountGroups(account.namespace);
  return withGroups({
    name: account === undefined ? name : formatUsername(account.namespace, account.name),
    groups: groups.length > 0 ? groups : implied,
    ...(uid === "" ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: grouped(extra) }),
  });
}

function asksForAnything({ headers }: HttpRequest): boolean {
  for (const header in headers) if (header.startsWith(prefix)) return true;
  return false;
}

/** The values of a header that may stand several times. They may hold commas, as names in directories do. */
function valuesOf({ headers, rawHeaders }: HttpRequest, header: string): string[] {
  if (rawHeaders === undefined) return [headers[header] ?? []].flat();
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header);
}

function extraOf(request: HttpRequest): [key: string, value: string][] {
  return Object.keys(request.headers)
    .filter((header) => header.startsWith(extraPrefix))
    .flatMap((header) => {
      const key = unescapeKey(header.slice(extraPrefix.length));
      return valuesOf(request, header).map((value): [string, string] => [key, value]);
    });
}

/** Keys may hold what header names may not; what is not escaped well is taken as it is. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function grouped(extra: readonly [string, string][]): Record<string, string[]> {
  const keys = new Set(extra.map(([key]) => key));
  return Object.fromEntries([...keys].map((key) => [key, extra.flatMap(([of, value]) => (of === key ? [value] : []))]));
}

/** The group of those who are known, or of those who are not. */
function withGroups(user: User): User {
  const unauthenticated = "system:unauthenticated";
  if (user.name !== anonymous.name) return withAuthenticated(user);
  return user.groups.includes(unauthenticated) ? user : { ...user, groups: [...user.groups, unauthenticated] };
}

/** Kubernetes lists the object references that it has made of the headers, as Go prints them. */
function withoutUser(
  { target }: HttpRequest,
  { groups, uid, extra }: { groups: string[]; uid: string; extra: [string, string][] },
): ResponseError {
  const version = "authentication.k8s.io/v1";
  const wanted = [
    ...groups.map((group) => `{Group  ${group}    }`),
    ...extra.map(([key, value]) => `{UserExtra  ${value}  ${version}  ${key}}`),
    ...(uid === "" ? [] : [`{UID  ${uid}  ${version}  }`]),
  ];
  const why = `requested [${wanted.join(" ")}] without impersonating a user`;
  return new ResponseError({
    status: 500,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body: `Internal Server Error: ${JSON.stringify(target)}: ${why}\n`,
  });
}
