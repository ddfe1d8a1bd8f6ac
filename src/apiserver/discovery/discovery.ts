import { createHash } from "node:crypto";
import { stringifyYaml } from "../../apimachinery/index.ts";
import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { ApiGroup, ApiVersion, Catalog } from "../catalog.ts";
import { type DocumentForm, negotiateDocument } from "../http/negotiate.ts";
import { isPretty, jsonText } from "../http/pretty.ts";
import type { ApiResource } from "../resource.ts";
import { hashOf } from "../stored.ts";

/** Answers what is served, in the old form (one document per version) and in the aggregated one. */
export type Discovery = {
  /** `/api`: the versions of the core group. */
  core(catalog: Catalog, request: HttpRequest): HttpResponse;
  /** `/apis`: all other groups. */
  groups(catalog: Catalog, request: HttpRequest): HttpResponse;
  /** `/apis/<group>` */
  group(group: ApiGroup, request: HttpRequest): HttpResponse;
  /** `/api/v1`, `/apis/<group>/<version>` */
  version(version: ApiVersion, request: HttpRequest): HttpResponse;
};

type Document = { value: unknown; etag: string };

export function createDiscovery(): Discovery {
  const aggregated = new WeakMap<Catalog, Map<boolean, Document>>();
  const document = (catalog: Catalog, core: boolean): Document => {
    const documents = aggregated.get(catalog) ?? new Map<boolean, Document>();
    aggregated.set(catalog, documents);
    const known = documents.get(core);
    if (known !== undefined) return known;
    const value = aggregatedDiscovery(catalog, core);
    const made = { value, etag: `"${hashOf(JSON.stringify(value))}"` };
    documents.set(core, made);
    return made;
  };
  const answer = (catalog: Catalog, request: HttpRequest, core: boolean, legacy: () => unknown): HttpResponse => {
    const form = negotiateDocument(request.headers.accept, true);
    if (!form.aggregated) return withHeaders(written(legacy(), form, request), { vary: "Accept" });
    const { value, etag } = document(catalog, core);
    const type = `application/${form.format};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
    const headers = { vary: "Accept", etag, "content-type": type };
    if (request.headers["if-none-match"] === etag) return { status: 304, headers: { ...common, ...headers } };
    return withHeaders(written(value, form, request), headers);
  };
  return {
    core: (catalog, request) => answer(catalog, request, true, () => apiVersions(catalog, request.headers.host ?? "")),
    groups: (catalog, request) => answer(catalog, request, false, () => groupList(catalog)),
    group: (group, request) => plain({ kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) }, request),
    version: (version, request) => plain(resourceList(version), request),
  };
}

const common = { "cache-control": "no-cache, private" };

function plain(value: unknown, request: HttpRequest): HttpResponse {
  return written(value, negotiateDocument(request.headers.accept, false), request);
}

function written(value: unknown, { format }: DocumentForm, request: HttpRequest): HttpResponse {
  return {
    status: 200,
    headers: { ...common, "content-type": `application/${format}` },
    body: format === "yaml" ? stringifyYaml(value) : jsonText(value, isPretty(request)),
  };
}

function withHeaders(response: HttpResponse, headers: HttpResponse["headers"]): HttpResponse {
  return { ...response, headers: { ...response.headers, ...headers } };
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
  const stored = verbs.includes("watch") ? { storageVersionHash: storageHash(resource) } : {};
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

function aggregatedDiscovery(catalog: Catalog, core: boolean): unknown {
  const items = catalog.groups.filter(({ group }) => (group === "") === core).map(aggregatedGroup);
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedGroup({ group, versions }: ApiGroup): unknown {
  return {
    metadata: group === "" ? {} : { name: group },
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
    responseKind: responseKind(resource, resource),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map((subresource) => ({
        subresource: subresource.name,
        responseKind: responseKind(resource, subresource),
        verbs: subresource.verbs,
      })),
    }),
  };
}

/** Built-in resources leave out the group and version that stand above them; custom ones say them again. */
function responseKind(
  resource: ApiResource,
  { group, version, kind }: { group: string; version: string; kind: string },
) {
  const isSame = resource.custom === undefined && group === resource.group && version === resource.version;
  return isSame ? { group: "", version: "", kind } : { group, version, kind };
}
