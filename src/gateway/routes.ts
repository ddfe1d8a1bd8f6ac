import { isIP } from "node:net";
import type { Handler, HttpRequest, HttpResponse } from "../lib/index.ts";
import { html, trusted } from "./front-page/html.ts";
import type { UpgradeHandler } from "./listener/listener.ts";

/** Something that the gateway serves under a name of its own. */
export type Route = {
  /** The label before the host, and the first segment of the path with path routing: `git`. */
  name: string;
  /** Other names for it, as `gitea`, where packages look for the Git server. */
  aliases?: readonly string[];
  handler: Handler;
  /** Takes WebSocket handshakes; without it they are refused. */
  upgrade?: UpgradeHandler;
  /** Whether it also answers at the host itself, at `localhost` and at addresses. At most one route does. */
  apex?: boolean;
};

export type RoutingTable = {
  /** `skiff.localhost`, without a port. */
  host: string;
  /** Other names for it, as an outer proxy or `--ingress-host-name` makes them. */
  otherHosts?: readonly string[];
  /**
   * Serves each route at `https://<host>/<name>/` too, with the name taken off the path. The handler finds it in the
   * header `x-forwarded-prefix`, for the links it writes. Sub-domains work as well, where they resolve.
   */
  usePathRouting: boolean;
  routes: readonly Route[];
};

/** Finds the handler of each request by host and, with path routing, by path. Unknown hosts get a page with the known ones. */
export function routeRequests(table: RoutingTable): Handler {
  return async (request) => {
    const { headers, target } = request;
    const found = findRoute(table, headers.host, target);
    if (found === undefined) return unknownHost(table, request);
    // Only we say under what prefix a request came.
    const { "x-forwarded-prefix": _, ...own } = headers;
    if (found.prefix === undefined) {
      const forwarded = headers["x-forwarded-prefix"] === undefined ? request : { ...request, headers: own };
      return await found.route.handler(forwarded);
    }
    const rest = target.slice(found.prefix.length);
    if (!rest.startsWith("/")) return redirect(`${found.prefix}/${rest}`);
    return await found.route.handler({
      ...request,
      target: rest,
      headers: { ...own, "x-forwarded-prefix": found.prefix },
    });
  };
}

/** The same for WebSocket handshakes. */
export function routeUpgrades(table: RoutingTable): UpgradeHandler {
  return (request, socket, head) => {
    const target = request.url ?? "/";
    const found = findRoute(table, request.headers.host, target);
    if (found?.route.upgrade === undefined) {
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    if (found.prefix !== undefined) request.url = target.slice(found.prefix.length);
    found.route.upgrade(request, socket, head);
  };
}

/** The host names that a certificate for the gateway has to carry. */
export function routedHostNames(table: Pick<RoutingTable, "host" | "otherHosts" | "routes">): string[] {
  const names = basesOf(table)
    .filter((base) => isIP(base) === 0)
    .flatMap((base) => [base, `*.${base}`, ...subdomainsOf(table, base)]);
  return [...new Set([...names, "localhost"])];
}

/** Absent `prefix` means that the path stays as it is. */
type Found = { route: Route; prefix?: string };

function findRoute(table: RoutingTable, hostHeader: string | undefined, target: string): Found | undefined {
  const bases = basesOf(table);
  const apex = table.routes.find((route) => route.apex === true);
  const host = normalHost(hostHeader ?? table.host);
  if (bases.includes(host) || host === "localhost" || isIP(host) !== 0) {
    const segment = /^\/([^/?]+)/.exec(target)?.[1];
    const route = table.usePathRouting ? routeNamed(table.routes, segment) : undefined;
    if (route !== undefined) return { route, prefix: `/${segment}` };
    return apex && { route: apex };
  }
  const base = bases.find((base) => host.endsWith(`.${base}`));
  const route = routeNamed(table.routes, base && host.slice(0, -base.length - 1));
  return route && { route };
}

function basesOf({ host, otherHosts = [] }: Pick<RoutingTable, "host" | "otherHosts">): string[] {
  return [host, ...otherHosts].map(normalHost);
}

/** Clients take no wildcard directly below a top level, as in `*.localhost`, so certificates need each name as well. */
function subdomainsOf({ routes }: Pick<RoutingTable, "routes">, base: string): string[] {
  return routes.flatMap((route) => namesOf(route).map((name) => `${name}.${base}`));
}

function routeNamed(routes: readonly Route[], name: string | undefined): Route | undefined {
  return name === undefined ? undefined : routes.find((route) => namesOf(route).includes(name));
}

function namesOf({ name, aliases = [] }: Route): string[] {
  return [name, ...aliases];
}

/** Lower case, without port, trailing dot and the brackets of IPv6. */
function normalHost(host: string): string {
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(host)?.[1];
  const name = bracketed ?? (isIP(host) === 6 ? host : host.replace(/:\d*$/, ""));
  return name.toLowerCase().replace(/\.$/, "");
}

/** Relative links in a page need the slash at the end of the prefix. */
function redirect(location: string): HttpResponse {
  return { status: 308, headers: { location, "cache-control": "no-store" } };
}

function unknownHost(table: RoutingTable, { headers }: HttpRequest): HttpResponse {
  const port = /:\d+$/.exec(headers.host ?? "")?.[0] ?? "";
  const base = normalHost(table.host);
  const names = [base, ...subdomainsOf(table, base)];
  const urls = names.map((name) => `https://${name}${port}/`);
  const asked = normalHost(headers.host ?? "");
  const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  if (!(headers.accept ?? "").includes("text/html")) {
    const body = `Nothing is served at ${asked}. Known are:\n${urls.join("\n")}\n`;
    return { status: 404, headers: { ...common, "content-type": "text/plain; charset=utf-8" }, body };
  }
  const body = html`${trusted("<!doctype html>")}<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Unknown host</title></head>
<body><h1>Nothing is served at ${asked}</h1><p>This gateway knows:</p><ul>${urls.map((url) => html`<li><a href="${url}">${url}</a></li>`)}</ul></body></html>
`;
  const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return {
    status: 404,
    headers: { ...common, "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
    body: body.text,
  };
}
