import { createHash } from "node:crypto";
import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { ApiGroup, ApiVersion, Catalog } from "../catalog.ts";
import { parseMediaType } from "../http/negotiate.ts";
import type { ApiResource } from "../resource.ts";
import { hashOf } from "../stored.ts";

/** Answers what is served, in the old form (one document per version) and in the aggregated one. */
export type Discovery = {
  /** `/api`: the versions of the core group. */
  core(catalog: Catalog, request: HttpRequest): HttpResponse;
  /** `/apis`: all other groups. */
  groups(catalog: Catalog, request: HttpRequest): HttpResponse;
  /** `/apis/<group>` */
  group(group: ApiGroup): HttpResponse;
  /** `/api/v1`, `/apis/<group>/<version>` */
  version(version: ApiVersion): HttpResponse;
};

type AggregatedVersion = "v2" | "v2beta1";
type Document = { body: string; etag: string };

export function createDiscovery(): Discovery {
  const aggregated = new WeakMap<Catalog, Map<string, Document>>();
  const document = (catalog: Catalog, core: boolean, version: AggregatedVersion): Document => {
    const documents = aggregated.get(catalog) ?? new Map<string, Document>();
    aggregated.set(catalog, documents);
    const key = `${core} ${version}`;
    const known = documents.get(key);
    if (known !== undefined) return known;
    const body = JSON.stringify(aggregatedDiscovery(catalog, core, version));
    const made = { body, etag: `"${hashOf(body)}"` };
    documents.set(key, made);
    return made;
  };
  const answer = (catalog: Catalog, request: HttpRequest, core: boolean, legacy: () => unknown): HttpResponse => {
    const version = aggregatedVersion(request.headers.accept);
    if (version === undefined) return withVary(json(legacy()));
    const { body, etag } = document(catalog, core, version);
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const headers = { ...common, vary: "Accept", etag, "content-type": type };
    if (request.headers["if-none-match"] === etag) return { status: 304, headers };
    return { status: 200, headers, body };
  };
  return {
    core: (catalog, request) => answer(catalog, request, true, () => apiVersions(catalog, request.headers.host ?? "")),
    groups: (catalog, request) => answer(catalog, request, false, () => groupList(catalog)),
    group: (group) => json({ kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) }),
    version: (version) => json(resourceList(version)),
  };
}

const common = { "cache-control": "no-cache, private" };

function json(value: unknown): HttpResponse {
  return {
    status: 200,
    headers: { ...common, "content-type": "application/json" },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** The same path answers in two forms. */
function withVary(response: HttpResponse): HttpResponse {
  return { ...response, headers: { ...response.headers, vary: "Accept" } };
}

function aggregatedVersion(accept: string | undefined): AggregatedVersion | undefined {
  for (const clause of (accept ?? "").split(",")) {
    const { type, parameters } = parseMediaType(clause);
    const { as, g, v } = parameters;
    if (type === "application/json" && as === undefined) return undefined;
    if (type !== "application/json" || as !== "APIGroupDiscoveryList" || g !== "apidiscovery.k8s.io") continue;
    if (v === "v2" || v === "v2beta1") return v;
  }
  return undefined;
}

function apiVersions(catalog: Catalog, host: string): unknown {
  const versions = catalog.group("")?.versions.map(({ version }) => version) ?? [];
  return {
    kind: "APIVersions",
    versions,
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: host }],
  };
}

function groupList(catalog: Catalog): unknown {
  const groups = catalog.groups.filter(({ group }) => group !== "").map(groupEntry);
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

function groupEntry({ group, versions }: ApiGroup) {
  const list = versions.map(({ apiVersion, version }) => ({ groupVersion: apiVersion, version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

function resourceList({ apiVersion, resources }: ApiVersion): unknown {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersion,
    resources: resources.flatMap(resourceEntries),
  };
}

function resourceEntries(resource: ApiResource): unknown[] {
  const { group, version, namespaced, kind, singular, verbs, shortNames, categories } = resource;
  const stored = verbs.includes("list") ? { storageVersionHash: storageHash(resource) } : {};
  const main = {
    name: resource.resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...stored,
  };
  const below = resource.subresources.map((subresource) => ({
    name: `${resource.resource}/${subresource.name}`,
    singularName: "",
    namespaced,
    ...(subresource.group !== group || subresource.version !== version
      ? { group: subresource.group, version: subresource.version }
      : {}),
    kind: subresource.kind,
    verbs: subresource.verbs,
  }));
  return [main, ...below];
}

/** Tells clients whether two versions are stored as one; the form of Kubernetes' `StorageVersionHash`. */
function storageHash({ storedAs, kind }: ApiResource): string {
  const [group, version] = storedAs.includes("/") ? storedAs.split("/") : ["", storedAs];
  return createHash("sha256").update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString("base64");
}

function aggregatedDiscovery(catalog: Catalog, core: boolean, version: AggregatedVersion): unknown {
  const items = catalog.groups.filter(({ group }) => (group === "") === core).map(aggregatedGroup);
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function aggregatedGroup({ group, versions }: ApiGroup): unknown {
  return {
    metadata: { name: group === "" ? undefined : group, creationTimestamp: null },
    versions: versions.map(({ version, resources }) => ({
      version,
      resources: resources.map(aggregatedResource),
      freshness: "Current",
    })),
  };
}

function aggregatedResource(resource: ApiResource): unknown {
  const { shortNames, categories, subresources } = resource;
  return {
    resource: resource.resource,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map(({ name, group, version, kind, verbs }) => ({
        subresource: name,
        responseKind: { group, version, kind },
        verbs,
      })),
    }),
  };
}
