import { badRequest } from "../../apimachinery/index.ts";

/** A request for objects: `resource` is the plural; without `name` it is about the collection. */
export type ResourcePath = {
  type: "resource";
  group: string;
  version: string;
  resource: string;
  /** Empty for cluster-scoped resources and for collections over all namespaces. */
  namespace: string;
  name: string;
  subresource: string;
  /** The old way to ask for a watch, `/api/v1/watch/…`. */
  watch: boolean;
};

/** What a URL path means. */
export type Path =
  | ResourcePath
  | { type: "api" }
  | { type: "apis" }
  | { type: "group"; group: string }
  | { type: "version"; group: string; version: string }
  | { type: "openapi-v2" }
  | { type: "openapi-v3" }
  | { type: "openapi-v3-document"; name: string }
  | { type: "server-version" }
  | { type: "health"; endpoint: HealthEndpoint; check: string }
  | { type: "openid-keys" }
  | { type: "openid-configuration" }
  | { type: "root" }
  /** `group` when the beginning of the path is one of its own. */
  | { type: "unknown"; group?: string };

export type HealthEndpoint = "livez" | "readyz" | "healthz";

/**
 * Reads a URL path; a slash at its end means nothing.
 *
 * @param path without the query
 * @throws {StatusError} `BadRequest` when a part is not valid percent-encoding
 */
export function parsePath(path: string): Path {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second, third, ...rest] = parts;
  switch (first) {
    case undefined:
      return { type: "root" };
    case "api":
      if (second === undefined) return { type: "api" };
      if (third === undefined) return { type: "version", group: "", version: second };
      return resourcePath("", second, [third, ...rest]);
    case "apis": {
      if (second === undefined) return { type: "apis" };
      if (third === undefined) return { type: "group", group: second };
      if (rest.length === 0) return { type: "version", group: second, version: third };
      return resourcePath(second, third, rest);
    }
    case "version":
      return second === undefined ? { type: "server-version" } : { type: "unknown" };
    case "livez":
    case "readyz":
    case "healthz":
      return { type: "health", endpoint: first, check: parts.slice(1).join("/") };
    case "openid":
      return { type: parts.join("/") === "openid/v1/jwks" ? "openid-keys" : "unknown" };
    case ".well-known":
      return { type: parts.join("/") === ".well-known/openid-configuration" ? "openid-configuration" : "unknown" };
    case "openapi":
      if (second === "v2" && third === undefined) return { type: "openapi-v2" };
      if (second !== "v3") return { type: "unknown" };
      return third === undefined
        ? { type: "openapi-v3" }
        : { type: "openapi-v3-document", name: parts.slice(2).join("/") };
    default:
      return { type: "unknown" };
  }
}

/** What follows `/namespaces/<name>/` and is about the namespace itself, not about a resource in it. */
const namespaceSubresources = new Set(["status", "finalize"]);

function resourcePath(group: string, version: string, parts: readonly string[]): Path {
  const watch = parts[0] === "watch";
  const segments = (watch ? parts.slice(1) : parts).map(decodeSegment);
  const [head, scope, inside] = segments;
  if (head === undefined) return { type: "unknown", group };
  const scoped =
    head === "namespaces" &&
    scope !== undefined &&
    inside !== undefined &&
    !(group === "" && namespaceSubresources.has(inside));
  const [resource = "", name = "", subresource = "", ...more] = scoped ? segments.slice(2) : segments;
  // Only proxies have a path behind the subresource.
  if (more.length > 0 && !(group === "" && subresource === "proxy")) return { type: "unknown", group };
  const namespace = scoped ? scope : group === "" && resource === "namespaces" ? name : "";
  return { type: "resource", group, version, resource, namespace, name, subresource, watch };
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(segment)}`);
  }
}
