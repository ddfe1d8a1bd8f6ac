import { isStatusError } from "../apimachinery/index.ts";
import type { Handler, HttpRequest, HttpResponse, Log } from "../lib/index.ts";
import type { Accounts } from "./accounts.ts";
import type { Route } from "./api/route.ts";
import { createRouter } from "./api/router.ts";
import { apiRoutes } from "./api/routes.ts";
import { authenticate, challenge, type Identity, mayRead } from "./authenticate.ts";
import type { Repositories } from "./repositories.ts";
import { createSmartHttp, matchGitRoute } from "./smart-http.ts";
import { parseTarget } from "./target.ts";
import { html } from "./web/html.ts";
import { absentPage, page, type Site } from "./web/page.ts";
import { repositoryList, repositoryView, type Web } from "./web/view.ts";
import type { Webhooks } from "./webhooks.ts";

/**
 * Everything under the address of the git server: git clients, Gitea's REST API under `/api/v1`, and pages for people.
 *
 * @param options.baseUrl how it is reached from outside, `https://git.skiff.localhost:8443` or `https://host:8443/gitea`;
 *   the path in it has been taken off `request.target` already
 */
export function createGitHandler(options: {
  repositories: Repositories;
  accounts: Accounts;
  webhooks: Webhooks;
  baseUrl: string;
  log: Log;
  now?: () => Date;
}): Handler {
  const { repositories, accounts, log } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const services = { ...options, baseUrl, now: options.now ?? (() => new Date()) };
  const routes = apiRoutes(services);
  const api = createRouter({ routes, accounts, baseUrl });
  const git = createSmartHttp({ repositories, accounts, baseUrl, log });
  const site: Site = { baseUrl, base: new URL(baseUrl).pathname.replace(/\/+$/, "") };
  const web: Web = { repositories, accounts, site };

  return async (request) => {
    const { pathname } = parseTarget(request.target);
    const identity = await authenticate(request, accounts).catch((error: unknown) => {
      if (isStatusError(error, "TooManyRequests")) return error;
      throw error;
    });
    if (isStatusError(identity))
      return {
        status: 429,
        headers: { "content-type": "text/plain", "retry-after": "2" },
        body: identity.message + "\n",
      };
    if (pathname.startsWith("/api/v1/") || pathname === "/api/v1") return await api(request, identity);
    const route = matchGitRoute(pathname);
    if (route !== undefined) return await git(request, route, identity);
    return await answerPage(web, { request, pathname, identity, routes });
  };
}

async function answerPage(
  web: Web,
  options: {
    request: HttpRequest;
    pathname: string;
    identity: Identity | "wrong" | undefined;
    routes: readonly Route[];
  },
): Promise<HttpResponse> {
  const { request, pathname, identity, routes } = options;
  const { site, repositories, accounts } = web;
  if (request.method !== "GET" && request.method !== "HEAD")
    return {
      status: 405,
      headers: { allow: "GET, HEAD", "content-type": "text/plain" },
      body: "Only GET and HEAD are possible here.\n",
    };
  if (identity === "wrong") return signInPage(site);
  const segments = decode(pathname);
  if (segments === undefined) return absentPage(site, identity, "The address is not encoded correctly.");
  const [owner, repositoryName, ...rest] = segments;
  if (owner === undefined) return repositoryList(web, identity);
  if (pathname === "/user/login")
    return identity === undefined ? signInPage(site) : { status: 303, headers: { location: `${site.base}/` } };
  if (pathname === "/api/swagger") return routeList(site, identity, routes);
  if (pathname === "/api/healthz")
    return { status: 200, headers: { "content-type": "application/json" }, body: '{"status":"pass"}' };
  if (repositoryName === undefined) return repositoryList(web, identity, owner);

  const repository = repositories.get(owner, repositoryName.replace(/\.git$/i, ""));
  if (repository === undefined)
    return absentPage(site, identity, `There is no repository ${owner}/${repositoryName} here.`);
  if (!mayRead(accounts, identity, repository)) {
    return identity === undefined
      ? signInPage(site)
      : absentPage(site, identity, `There is no repository ${owner}/${repositoryName} here.`);
  }
  return await repositoryView({ ...web, repository, identity, request }, rest);
}

/** Path segments; slashes at the ends and double ones count for nothing. */
function decode(pathname: string): string[] | undefined {
  try {
    return pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function signInPage(site: Site): HttpResponse {
  const body = html`<h1>Sign in</h1><p>A user name and a password are needed. <a href="${site.base}/">All repositories</a></p>`;
  return page(site, { title: "Sign in", identity: undefined, status: 401, body, headers: challenge });
}

function routeList(site: Site, identity: Identity | undefined, routes: readonly Route[]): HttpResponse {
  const rows = routes.map(
    ({ method, path, summary }) =>
      html`<tr><td class="mono">${method}</td><td class="mono">/api/v1${path}</td><td>${summary}</td></tr>`,
  );
  const body = html`<h1>API</h1><p>The part of Gitea's REST API that this server speaks, at <code>${site.baseUrl}/api/v1</code>. Sign in with
basic authentication, or with <code>Authorization: token …</code>.</p><div class="box scroll"><table class="list">${rows}</table></div>`;
  return page(site, { title: "API", identity, body });
}
