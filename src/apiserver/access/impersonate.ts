import { badRequest } from "../../apimachinery/index.ts";
import type { HttpRequest, User } from "../../lib/index.ts";
import { type Authorizer, authorize } from "./authorize.ts";

const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/;
const extraPrefix = "impersonate-extra-";

/**
 * Makes a request somebody else's when its headers ask for it and its user may do that.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 *
 * @throws {StatusError} `Forbidden`, or `BadRequest` when there are groups without a user
 */
export function impersonate(request: HttpRequest, user: User, authorizer: Authorizer): User {
  const name = request.headers["impersonate-user"];
  const groups = listOf(request.headers["impersonate-group"]);
  const uid = request.headers["impersonate-uid"];
  const extra = extraOf(request);
  if (typeof name !== "string" || name === "") {
    if (groups.length > 0 || uid !== undefined || extra.length > 0)
      throw badRequest("requested impersonation without impersonating a user");
    return user;
  }
  const may = (
    group: string,
    resource: string,
    wanted: string,
    more: { namespace?: string; subresource?: string } = {},
  ) => {
    const { namespace = "", subresource = "" } = more;
    authorize(authorizer, {
      user,
      verb: "impersonate",
      group,
      version: group === "" ? "" : "v1",
      resource,
      subresource,
      namespace,
      name: wanted,
    });
  };
  const [, namespace, account] = serviceAccount.exec(name) ?? [];
  if (namespace !== undefined && account !== undefined) may("", "serviceaccounts", account, { namespace });
  else may("", "users", name);
  for (const group of groups) may("", "groups", group);
  if (typeof uid === "string") may("authentication.k8s.io", "uids", uid);
  for (const [key, values] of extra)
    for (const value of values) may("authentication.k8s.io", "userextras", value, { subresource: key });
  const implied = namespace === undefined ? [] : ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  return {
    name,
    groups: [...new Set([...(groups.length > 0 ? groups : implied), "system:authenticated"])],
    ...(typeof uid === "string" ? { uid } : {}),
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
  };
}

/** Node joins a header that stands several times with commas. */
function listOf(value: string | string[] | undefined): string[] {
  return [value ?? []]
    .flat()
    .flatMap((text) => text.split(",").map((part) => part.trim()))
    .filter((part) => part !== "");
}

function extraOf({ headers }: HttpRequest): [string, string[]][] {
  return Object.keys(headers)
    .filter((header) => header.startsWith(extraPrefix))
    .map((header) => [decodeURIComponent(header.slice(extraPrefix.length)), listOf(headers[header])]);
}
