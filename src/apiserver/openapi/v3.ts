import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { ApiVersion, Catalog } from "../catalog.ts";
import type { VersionInfo } from "../discovery/version.ts";
import { hashOf } from "../stored.ts";
import { partOf } from "./document.ts";

/** OpenAPI v3 as Kubernetes serves it: an index, and a document for each group version, which clients may keep for ever. */
export type OpenApiV3 = {
  index(catalog: Catalog, request: HttpRequest): HttpResponse;
  /** @param name `api/v1`, `apis/apps/v1` @returns `undefined` when that is not served */
  document(catalog: Catalog, name: string, query: URLSearchParams, request: HttpRequest): HttpResponse | undefined;
};

export function createOpenApiV3(info: VersionInfo): OpenApiV3 {
  const documents = new WeakMap<ApiVersion, Buffer>();
  const hashes = new WeakMap<ApiVersion, string>();
  // A hash of what documents are made from: nobody who only reads the index has to wait for all of them.
  const hashFor = (version: ApiVersion) => {
    const known =
      hashes.get(version) ??
      hashOf(JSON.stringify([info.gitVersion, version.apiVersion, version.resources.map(identity)]));
    hashes.set(version, known);
    return known;
  };
  const documentFor = (version: ApiVersion) => {
    const known = documents.get(version) ?? Buffer.from(JSON.stringify(v3Document(version, info)));
    documents.set(version, known);
    return known;
  };
  return {
    index(catalog, request) {
      const versions = catalog.groups.flatMap((group) => group.versions);
      const paths = Object.fromEntries(
        versions.map((version) => [
          nameOf(version),
          { serverRelativeURL: `/openapi/v3/${nameOf(version)}?hash=${hashFor(version)}` },
        ]),
      );
      const body = JSON.stringify({ paths });
      return unlessKnown(request, `"${hashOf(body)}"`, { "content-type": "application/json" }, () => body);
    },
    document(catalog, name, query, request) {
      const [root, ...rest] = name.split("/");
      const [group = "", version = ""] = root === "api" ? ["", ...rest] : rest;
      const found = root === "api" || root === "apis" ? catalog.version(group, version) : undefined;
      if (found === undefined || nameOf(found) !== name) return undefined;
      const hash = hashFor(found);
      const asked = query.get("hash");
      if (asked !== null && asked !== hash) {
        return { status: 301, headers: { location: `/openapi/v3/${name}?hash=${hash}` } };
      }
      const keep: Record<string, string> =
        asked === null ? {} : { "cache-control": `public, immutable, max-age=${keepSeconds}` };
      return unlessKnown(request, `"${hash}"`, { "content-type": "application/json", ...keep }, () =>
        documentFor(found),
      );
    },
  };
}

/** A year: the hash in the URL changes with the document. */
const keepSeconds = 31_536_000;

function identity({ resource, storedAs, custom }: ApiVersion["resources"][number]): unknown {
  return [resource, storedAs, custom?.revision];
}

function nameOf({ group, version }: ApiVersion): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

function v3Document(version: ApiVersion, info: VersionInfo): unknown {
  const { paths, schemas } = partOf(version);
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: info.gitVersion },
    paths,
    components: {
      schemas,
      securitySchemes: {
        BearerToken: {
          type: "apiKey",
          description: "Bearer Token authentication",
          name: "authorization",
          in: "header",
        },
      },
    },
  };
}

/** An answer that a client which already has it gets no second time. */
export function unlessKnown(
  request: HttpRequest,
  etag: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: () => string | Uint8Array,
): HttpResponse {
  if (request.headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
  return { status: 200, headers: { ...headers, etag, vary: "Accept" }, body: body() };
}
