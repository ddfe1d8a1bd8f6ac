import type { Documents } from "../http/handler.ts";
import { jsonText } from "../http/pretty.ts";
import type { HealthMetrics } from "../metrics/health-metrics.ts";
import type { Server } from "../server.ts";
import type { SharedParts } from "../shared-parts.ts";
import { type HealthCheck, healthResponse } from "./health.ts";

/** What the root path lists, beside the groups. */
const rootPaths = [
  "/.well-known/openid-configuration",
  "/apis",
  "/apis/",
  "/healthz",
  "/livez",
  "/openapi/v2",
  "/openapi/v3",
  "/openapi/v3/",
  "/openid/v1/jwks",
  "/readyz",
  "/version",
];

/** Everything that is served at fixed paths: discovery, OpenAPI, the version and the health of the server. */
export function createDocuments(
  server: Server,
  shared: SharedParts,
  checks: readonly HealthCheck[],
  healthMetrics: HealthMetrics | undefined,
): Documents {
  const { version, discovery, v2, v3 } = shared;
  return (path, request, query) => {
    const { catalog } = server.registry;
    switch (path.type) {
      case "api":
        return discovery.core(catalog, request);
      case "apis":
        return discovery.groups(catalog, request);
      case "group": {
        const group = catalog.group(path.group);
        return group && path.group !== "" ? discovery.group(group, request) : undefined;
      }
      case "version": {
        const found = catalog.version(path.group, path.version);
        return found && discovery.version(found, request);
      }
      case "openapi-v2":
        return v2.document(catalog, request);
      case "openapi-v3":
        return v3.index(catalog, request);
      case "openapi-v3-document":
        return v3.document(catalog, path.name, query, request);
      case "server-version":
        return json(version);
      case "health":
        return healthResponse(path.endpoint, path.check, query, checks, (name, isGood) =>
          healthMetrics?.observe(name, path.endpoint, isGood),
        );
      case "openid-keys":
        return openIdDocument(server.issuer.keySet, "application/jwk-set+json");
      case "openid-configuration": {
        const { host = "kubernetes.default.svc" } = request.headers;
        return openIdDocument(server.issuer.discovery(`https://${host}/openid/v1/jwks`), "application/json");
      }
      case "root":
        return json({
          paths: pathsOf(
            catalog.groups.flatMap((group) => [group.group, ...group.versions.map(({ apiVersion }) => apiVersion)]),
            [...server.endpoints.keys(), ...healthPaths(checks)],
          ),
        });
      case "unknown":
        return undefined;
    }
  };
}

function pathsOf(apiVersions: readonly string[], others: readonly string[]): string[] {
  const paths = apiVersions.map((apiVersion) =>
    apiVersion === "v1" ? "/api/v1" : apiVersion === "" ? "/api" : `/apis/${apiVersion}`,
  );
  return [...new Set([...paths, ...rootPaths, ...others])].sort();
}

/** One path for every check that each of the three asks. */
function healthPaths(checks: readonly HealthCheck[]): string[] {
  return ["healthz", "livez", "readyz"].flatMap((endpoint) =>
    checks
      .filter(({ readyOnly }) => endpoint === "readyz" || readyOnly !== true)
      .map(({ name }) => `/${endpoint}/${name}`),
  );
}

/** What verifiers of ServiceAccount tokens read; they may keep it as long as those of kube-apiserver, an hour. */
function openIdDocument(value: unknown, type: string) {
  const headers = { "content-type": type, "cache-control": "public, max-age=3600" };
  return { status: 200, headers, body: JSON.stringify(value) };
}

function json(value: unknown) {
  return {
    status: 200,
    headers: { "content-type": "application/json", "cache-control": "no-cache, private" },
    body: jsonText(value, true),
  };
}
