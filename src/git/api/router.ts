import { isStatusError, type StatusError } from "../../apimachinery/index.ts";
import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { Accounts } from "../accounts.ts";
import { challenge, type Identity, tokenAllows } from "../authenticate.ts";
import { parseTarget } from "../target.ts";
import { ApiError, type Call, json, type Route, readFields } from "./route.ts";

const prefix = "/api/v1";

/**
 * Finds the route for a request, checks who asks, and turns refusals into answers.
 *
 * @param identity who asks, or `"wrong"` for credentials that are
 * @returns answers requests whose path begins with `/api/v1`
 */
export function createRouter(options: { routes: readonly Route[]; accounts: Accounts; baseUrl: string }) {
  const { accounts, baseUrl } = options;
  const routes = options.routes.map((route) => ({ route, ...compile(route.path) }));
  const refuse = (status: number, message: string, headers: Record<string, string> = {}) =>
    json(status, { message, url: `${baseUrl}/api/swagger` }, headers);

  return async (request: HttpRequest, identity: Identity | "wrong" | undefined): Promise<HttpResponse> => {
    const { pathname, query } = parseTarget(request.target);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const found = routes.filter(({ pattern }) => pattern.test(pathname));
    const match = found.find(({ route }) => route.method === method);
    if (match === undefined) {
      if (found.length === 0) return refuse(404, "Not Found");
      return refuse(405, "Method Not Allowed", { allow: found.map(({ route }) => route.method).join(", ") });
    }
    try {
      if (identity === "wrong") throw new ApiError(401, "invalid username, password or token");
      if (method !== "GET" && isCrossSite(request))
        throw new ApiError(403, "Requests from pages of other sites may only read");
      const acting = sudo(request, query, identity, accounts);
      check(match.route, acting);
      const params = paramsOf(match, pathname);
      const call: Call = {
        request,
        params,
        query,
        identity: acting,
        body: () => readFields(request),
      };
      return await match.route.run(call);
    } catch (error) {
      if (error instanceof ApiError) return refuse(error.status, error.message, error.status === 401 ? challenge : {});
      if (isStatusError(error)) return refuse(statusOf(error), error.message);
      throw error;
    }
  };
}

function check({ method, scope, needs }: Route, identity: Identity | undefined): void {
  if (needs !== undefined && identity === undefined) throw new ApiError(401, "token is required");
  if (needs === "admin" && identity?.account.isAdmin !== true) throw new ApiError(403, "user should be the site admin");
  const level = method === "GET" ? "read" : "write";
  const anonymousRead = needs === undefined && level === "read" && scope === "repository";
  if (scope === undefined || identity === undefined || anonymousRead || tokenAllows(identity, level, scope)) return;
  throw new ApiError(
    403,
    `token does not have at least one of required scope(s), required=[${level}:${scope}], token scope=${identity.scopes?.join(",")}`,
  );
}

/** An administrator may act as somebody else, as `sudo` in the query or the header says. */
function sudo(
  request: HttpRequest,
  query: URLSearchParams,
  identity: Identity | undefined,
  accounts: Accounts,
): Identity | undefined {
  const name = query.get("sudo") ?? request.headers["sudo"];
  if (typeof name !== "string" || name === "") return identity;
  if (identity?.account.isAdmin !== true) throw new ApiError(403, "Only administrators allowed to sudo.");
  const account = accounts.user(name);
  if (account === undefined) throw new ApiError(404, `user does not exist [name: ${name}]`);
  return { ...identity, account };
}

/** Browsers send the password they know with every request, also when a page of somebody else makes it. */
function isCrossSite(request: HttpRequest): boolean {
  const site = request.headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function compile(path: string): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = path.replace(
    /\/\{(\w+)(\.\.\.)?\}|[.]/g,
    (text, name: string | undefined, rest: string | undefined) => {
      if (name === undefined) return "\\" + text;
      names.push(name);
      return rest === undefined ? "/([^/]+)" : "(?:/(.*))?";
    },
  );
  return { pattern: new RegExp(`^${prefix}${source}/?$`), names };
}

function paramsOf(
  { pattern, names }: { pattern: RegExp; names: readonly string[] },
  pathname: string,
): Record<string, string> {
  const values = pattern.exec(pathname)?.slice(1) ?? [];
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]));
  } catch {
    throw new ApiError(400, "The path is not encoded correctly");
  }
}

function statusOf({ reason, code }: StatusError): number {
  switch (reason) {
    case "AlreadyExists":
    case "Conflict":
      return 409;
    case "Invalid":
      return 422;
    default:
      return code;
  }
}
