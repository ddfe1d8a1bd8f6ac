import type { HttpRequest, HttpResponse } from "../lib/index.ts";
import { endOfGit, spawnGit, stopGit } from "./git-process.ts";
import type { Repositories, Repository } from "./repositories.ts";
import { modes } from "./trees.ts";

/** Up to here a file is read through the shared process; larger ones get a process of their own and are not held in memory. */
const sharedBytesMax = 2 ** 20;

/**
 * Answers with the bytes of a file. Whatever it is, a browser that gets it directly shows it as text or saves it: pages
 * and scripts in repositories must not run with this server's origin.
 */
export async function streamBlob(
  repositories: Repositories,
  options: { repository: Repository; commit: string; path: string; request: HttpRequest },
): Promise<HttpResponse> {
  const { repository, commit, path, request } = options;
  const reader = repositories.reader(repository);
  const entry = await repositories.trees.find(reader, commit, path);
  const isFile = entry !== undefined && entry.mode !== modes.directory && entry.mode !== modes.submodule;
  const info = isFile ? await reader.info(entry.oid) : undefined;
  if (info === undefined)
    return { status: 404, headers: { "content-type": "text/plain; charset=utf-8" }, body: "Not found\n" };
  const etag = `"${info.oid}"`;
  if (request.headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
  const headers = {
    etag,
    "cache-control": "private, max-age=0, must-revalidate",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
  };
  if (info.sizeBytes <= sharedBytesMax) {
    const blob = await reader.read(info.oid);
    const bytes = blob?.bytes ?? Buffer.alloc(0);
    return {
      status: 200,
      headers: {
        ...headers,
        "content-type": isBinary(bytes) ? "application/octet-stream" : "text/plain; charset=utf-8",
      },
      body: bytes,
    };
  }
  const all = { ...headers, "content-type": "application/octet-stream", "content-length": String(info.sizeBytes) };
  if (request.method === "HEAD") return { status: 200, headers: all };
  return {
    status: 200,
    headers: all,
    body: streamGit(repositories, repository, { args: ["cat-file", "blob", info.oid], signal: request.signal }),
  };
}

/** What git itself looks at: a zero byte near the beginning. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

export type ArchiveFormat = "zip" | "tar.gz" | "tar";

/** `main.tar.gz`: what to pack, and how. */
export function parseArchiveName(name: string): { revision: string; format: ArchiveFormat } | undefined {
  const [, revision = "", ending] = /^(.+)\.(zip|tar\.gz|tgz|tar)$/.exec(name) ?? [];
  switch (ending) {
    case "zip":
    case "tar.gz":
    case "tar":
      return { revision, format: ending };
    case "tgz":
      return { revision, format: "tar.gz" };
    default:
      return undefined;
  }
}

/** Answers with all files of a commit, below a directory with the repository's name. */
export function streamArchive(
  repositories: Repositories,
  options: { repository: Repository; commit: string; revision: string; format: ArchiveFormat; request: HttpRequest },
): HttpResponse {
  const { repository, commit, revision, format, request } = options;
  const types: Record<ArchiveFormat, string> = {
    zip: "application/zip",
    "tar.gz": "application/gzip",
    tar: "application/x-tar",
  };
  const file = `${repository.name}-${revision.replace(/[^-_.A-Za-z0-9]/g, "-")}.${format}`;
  const headers = {
    "content-type": types[format],
    "content-disposition": `attachment; filename="${file}"`,
    etag: `"${commit}.${format}"`,
  };
  if (request.headers["if-none-match"] === headers.etag) return { status: 304, headers: { etag: headers.etag } };
  if (request.method === "HEAD") return { status: 200, headers };
  const args = ["archive", `--format=${format}`, `--prefix=${repository.name}/`, commit];
  return { status: 200, headers, body: streamGit(repositories, repository, { args, signal: request.signal }) };
}

/** What git writes, as it writes it. @throws {Error} at the end, when git failed, so that the connection breaks off */
async function* streamGit(
  repositories: Repositories,
  { gitDir }: Repository,
  options: { args: readonly string[]; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const child = spawnGit(options.args, { environment: repositories.environment, gitDir });
  const end = endOfGit(child);
  end.catch(() => {});
  const gone = () => stopGit(child);
  options.signal.addEventListener("abort", gone);
  child.stdin.end();
  let complete = false;
  try {
    yield* child.stdout;
    complete = true;
    const { exitCode, stderr } = await end;
    if (exitCode !== 0) throw new Error(`Cannot send ${options.args[0]} of ${gitDir}: ${stderr.trim()}`);
  } finally {
    options.signal.removeEventListener("abort", gone);
    if (!complete) stopGit(child);
  }
}
