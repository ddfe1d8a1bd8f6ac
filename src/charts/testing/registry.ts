import { createHash, randomUUID } from "node:crypto";
import type { ServerOptions } from "node:https";
import type { TestContext } from "node:test";
import { type Answer, type Seen, serve } from "./serve.ts";

/**
 * What kind of registry it is.
 *
 * @property wants what a client has to show; a token comes from `/token`, for name and password or, with `public`, for nothing
 * @property storage blobs are there: the registry redirects
 * @property pageSize of lists of tags
 */
export type RegistryOptions = {
  wants?: "nothing" | "basic" | "token" | "public token";
  user?: { username: string; password: string };
  storage?: string;
  pageSize?: number;
  tls?: ServerOptions;
};

export type TestRegistry = {
  /** `127.0.0.1:port` */
  host: string;
  seen: Seen[];
  /** Puts something there without a client. @returns its digest */
  put(repository: string, tag: string, manifest: object): string;
  putBlob(bytes: Uint8Array): { digest: string; size: number };
  /** What is there, for a test that breaks it. */
  blobs: Map<string, Buffer>;
};

/** A registry as the OCI distribution specification says, for pulling and for `helm push`. */
export async function startRegistry(t: TestContext, options: RegistryOptions = {}): Promise<TestRegistry> {
  const { wants = "nothing", user = { username: "u", password: "p" }, storage, pageSize = 1000 } = options;
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { type: string; body: Buffer }>();
  const tags = new Map<string, string[]>();
  const tokens = new Set<string>();
  const uploads = new Map<string, Buffer>();
  const basic = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString("base64")}`;

  const putManifest = (repository: string, reference: string, type: string, body: Buffer) => {
    const digest = digestOf(body);
    manifests.set(`${repository}@${digest}`, { type, body });
    if (!reference.startsWith("sha256:")) {
      manifests.set(`${repository}@${reference}`, { type, body });
      tags.set(repository, [...new Set([...(tags.get(repository) ?? []), reference])].sort());
    }
    return digest;
  };

  const isAllowed = ({ authorization = "" }: Seen) => {
    if (wants === "nothing") return true;
    return wants === "basic" ? authorization === basic : tokens.has(authorization);
  };

  const { url, seen } = await serve(
    t,
    (request, body): Answer | undefined => {
      const { pathname, searchParams } = new URL(request.url, "http://registry");
      if (pathname === "/token") {
        if (wants !== "public token" && request.authorization !== basic)
          return refuse(401, "UNAUTHORIZED", "wrong password");
        const token = `${searchParams.get("scope") ?? ""} ${randomUUID()}`.replaceAll(" ", "_");
        tokens.add(`Bearer ${token}`);
        return { body: JSON.stringify({ token, expires_in: 300 }) };
      }
      if (!isAllowed(request)) {
        const [, repository = ""] = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(pathname) ?? [];
        const scope = request.method === "GET" || request.method === "HEAD" ? "pull" : "pull,push";
        const realm = `${url}/token`;
        const challenge =
          wants === "basic"
            ? `Basic realm="test"`
            : `Bearer realm="${realm}",service="test",scope="repository:${repository}:${scope}"`;
        return {
          ...refuse(401, "UNAUTHORIZED", "authentication required"),
          headers: { "www-authenticate": challenge },
        };
      }
      if (pathname === "/v2/") return {};
      const [, repository = "", kind, rest = ""] = /^\/v2\/(.+?)\/(manifests|blobs|tags)\/(.*)$/.exec(pathname) ?? [];
      if (kind === "tags") {
        const all = tags.get(repository);
        if (all === undefined) return refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
        const start = all.indexOf(searchParams.get("last") ?? "") + 1;
        const page = all.slice(start, start + pageSize);
        const next = `</v2/${repository}/tags/list?last=${page.at(-1)}&n=${pageSize}>; rel="next"`;
        const isLast = start + pageSize >= all.length;
        return { headers: isLast ? {} : { link: next }, body: JSON.stringify({ name: repository, tags: page }) };
      }
      if (kind === "manifests" && request.method === "PUT") {
        const digest = putManifest(repository, rest, request.headers["content-type"] ?? "", body);
        return { status: 201, headers: { location: pathname, "docker-content-digest": digest } };
      }
      if (kind === "manifests") {
        const found = manifests.get(`${repository}@${rest}`);
        if (found === undefined) return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown");
        const headers = {
          "content-type": found.type,
          "docker-content-digest": digestOf(found.body),
          "content-length": String(found.body.length),
        };
        return { headers, body: found.body };
      }
      if (kind === "blobs" && rest.startsWith("uploads/")) {
        if (request.method === "POST") {
          const id = randomUUID();
          uploads.set(id, Buffer.alloc(0));
          return { status: 202, headers: { location: `${pathname}${id}` } };
        }
        const id = rest.slice("uploads/".length);
        const whole = Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), body]);
        uploads.set(id, whole);
        if (request.method === "PATCH")
          return { status: 202, headers: { location: pathname, range: `0-${whole.length - 1}` } };
        const digest = digestOf(whole);
        if (digest !== searchParams.get("digest")) return refuse(400, "DIGEST_INVALID", "digest did not match");
        blobs.set(digest, whole);
        return {
          status: 201,
          headers: { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest },
        };
      }
      const blob = kind === "blobs" ? blobs.get(rest) : undefined;
      if (blob === undefined) return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry");
      if (storage !== undefined && request.method === "GET")
        return { status: 307, headers: { location: `${storage}/${rest}?signature=secret` } };
      return { headers: { "content-length": String(blob.length) }, body: blob };
    },
    options.tls,
  );

  return {
    host: new URL(url).host,
    seen,
    blobs,
    put: (repository, tag, manifest) =>
      putManifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", Buffer.from(JSON.stringify(manifest))),
    putBlob(bytes) {
      const digest = digestOf(bytes);
      blobs.set(digest, Buffer.from(bytes));
      return { digest, size: bytes.length };
    },
  };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function refuse(status: number, code: string, message: string): Answer {
  return { status, body: JSON.stringify({ errors: [{ code, message }] }) };
}
