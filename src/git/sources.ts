import { StatusError } from "../apimachinery/index.ts";
import type { Log } from "../lib/index.ts";
import { fetchEnvironment } from "./fetch-environment.ts";
import { ownEnvironment, requireGit, runGit } from "./git-process.ts";
import { parseGitUrl } from "./git-url.ts";
import { listTags, resolveCommit } from "./history.ts";
import { createGate } from "./lock.ts";
import { createMirror, type Mirror, removeUnused } from "./mirror.ts";
import { parseTreePath } from "./names.ts";
import { type ObjectReader, openObjectReaders } from "./object-reader.ts";
import type { Repositories, Repository } from "./repositories.ts";
import { highestTag, parseRange } from "./semver.ts";
import { modes, type TreeEntry, type TreeFile } from "./trees.ts";

/** A repository inside another one, at `path`; `url` is absolute. */
export type Submodule = { path: string; url: string; commit: string };

/**
 * Reads any repository by URL: ours from disk, others through a mirror that git fetches with the user's own credentials.
 * Addresses are everything that git takes: https, http, ssh, `user@host:path`, file, absolute paths.
 */
export type Sources = AsyncDisposable & {
  /**
   * Finds the commit that a revision means, and makes sure that its files can be read: `HEAD` or nothing, a branch, a tag, a
   * full reference name, a commit id, the beginning of one, or a range of versions over tags, `1.x`.
   *
   * @param options.refresh asks the other side even when it was asked in the last three minutes; ours are never stale
   * @param options.tagPrefix for a range of versions: only tags that begin with it count, without it; as in `api/v1.2.0`
   * @param options.signal gives up waiting; a fetch that others wait for goes on
   * @throws {StatusError} `NotFound` when there is no such revision, or no such repository of ours; `Invalid` for what is no URL
   * @throws {Error} `Cannot fetch <url>: <why, and what to do>`
   */
  resolve(
    repoURL: string,
    revision: string,
    options?: { signal?: AbortSignal; refresh?: boolean; tagPrefix?: string },
  ): Promise<string>;
  /**
   * All files below a directory, at any depth, with paths relative to it.
   *
   * @param commit as {@link resolve} gave it
   * @param options.submodules names them too, with mode `160000` and the commit as `oid`; their files are never listed
   * @returns `undefined` when there is no directory at `path`
   */
  tree(
    repoURL: string,
    commit: string,
    path: string,
    options?: { submodules?: boolean },
  ): Promise<TreeFile[] | undefined>;
  /** What stands at a path, directories too. `undefined` when nothing does. */
  entry(repoURL: string, commit: string, path: string): Promise<TreeEntry | undefined>;
  /** @throws {Error} when the repository has no such blob, or it is larger than 100 MiB */
  blob(repoURL: string, oid: string): Promise<Uint8Array>;
  /**
   * Contents of all files below a directory, or of those that `filter` wants, in the form that `writeTree` takes. Symbolic
   * links and submodules are left out.
   *
   * @returns `undefined` when there is no directory at `path`
   * @throws {Error} when they have more than 256 MiB together
   */
  files(
    repoURL: string,
    commit: string,
    path: string,
    options?: { filter?: (file: TreeFile) => boolean },
  ): Promise<Map<string, { bytes: Uint8Array; executable: boolean }> | undefined>;
  /** Submodules that `.gitmodules` and the tree both know. */
  submodules(repoURL: string, commit: string): Promise<Submodule[]>;
  /** Says whether a URL is one of ours, and of which repository; it need not exist. */
  isLocal(repoURL: string): { owner: string; name: string } | undefined;
};

/** Larger files are no manifests. */
const blobBytesMax = 100 * 2 ** 20;
const filesBytesMax = 256 * 2 ** 20;
/** Mirrors whose branches are remembered; the files of the others stay on disk. */
const mirrorsMax = 2_000;
/** Fetches at the same time, each with its own git and helpers. */
const fetchesMax = 6;
const fetchesWaitingMax = 1_000;
/** Time for one command of git, a whole fetch for example, unless the caller says otherwise. */
const fetchTimeoutMs = 120_000;

/**
 * @param options.dir for the mirrors; made when absent
 * @param options.localUrls tells which URLs are repositories of ours
 * @param options.fetchTimeoutMs after which one fetch is given up; two minutes when absent
 * @param options.env the user's environment; that of this process when absent
 * @throws {Error} `Cannot run git: …`
 */
export async function openSources(options: {
  dir: string;
  repositories: Repositories;
  localUrls: (url: string) => { owner: string; name: string } | undefined;
  log: Log;
  fetchTimeoutMs?: number;
  env?: NodeJS.ProcessEnv;
}): Promise<Sources> {
  const { dir, repositories, localUrls, log } = options;
  const own = ownEnvironment(dir);
  await requireGit(own);
  await removeUnused(dir);
  const fetching = await fetchEnvironment(options.env ?? process.env);
  const readers = openObjectReaders(own);
  const closing = new AbortController();
  const gate = createGate(fetchesMax, fetchesWaitingMax);
  const services = {
    dir,
    fetching,
    own,
    readers,
    gate,
    timeoutMs: options.fetchTimeoutMs ?? fetchTimeoutMs,
    signal: closing.signal,
    log,
  };
  const mirrors = new Map<string, Mirror>();

  const mirrorOf = (repoURL: string): Mirror => {
    const url = parseGitUrl(repoURL);
    const known = mirrors.get(url.key);
    if (known !== undefined) return known;
    const mirror = createMirror(services, url);
    mirrors.set(url.key, mirror);
    const oldest = mirrors.size > mirrorsMax ? mirrors.keys().next().value : undefined;
    if (oldest !== undefined) mirrors.delete(oldest);
    return mirror;
  };

  const localOf = (repoURL: string): Repository | undefined => {
    const name = localUrls(repoURL);
    if (name === undefined) return undefined;
    const repository = repositories.get(name.owner, name.name);
    if (repository === undefined)
      throw new StatusError("NotFound", `Repository ${name.owner}/${name.name} does not exist`);
    return repository;
  };

  const place = async (repoURL: string, commit?: string): Promise<{ reader: ObjectReader; gitDir: string }> => {
    const local = localOf(repoURL);
    if (local !== undefined) return { reader: repositories.reader(local), gitDir: local.gitDir };
    const mirror = mirrorOf(repoURL);
    // It may have been removed while nobody looked, or never been here since the last start.
    if (commit !== undefined) await mirror.ensure(commit);
    return mirror;
  };

  const resolveLocal = async (repository: Repository, revision: string, tagPrefix: string): Promise<string> => {
    const wanted = revision === "" ? "HEAD" : revision;
    const found = await resolveCommit(repositories, repository, wanted);
    if (found !== undefined) return found;
    const range = parseRange(wanted);
    if (range !== undefined) {
      const tags = await listTags(repositories, repository);
      const name = highestTag(
        range,
        tags.map((tag) => tag.name),
        tagPrefix,
      );
      const tag = tags.find((candidate) => candidate.name === name);
      if (tag !== undefined) return tag.commit;
    }
    const { owner, name } = repository;
    const isEmpty = (await resolveCommit(repositories, repository, "HEAD")) === undefined;
    throw new StatusError(
      "NotFound",
      isEmpty
        ? `${owner}/${name} is empty: nothing has been pushed to it yet`
        : `${owner}/${name} has no branch, tag or commit ${JSON.stringify(wanted)}`,
    );
  };

  const find = async (repoURL: string, commit: string, path: string) => {
    const at = await place(repoURL, commit);
    const normal = parseTreePath(normalPath(path));
    return {
      ...at,
      entry: normal === undefined ? undefined : await repositories.trees.find(at.reader, commit, normal),
    };
  };

  const readBlob = async (reader: ObjectReader, oid: string): Promise<Buffer> => {
    const info = await reader.info(oid);
    if (info === undefined) throw new Error(`Cannot read blob ${oid}: the repository does not have it`);
    if (info.sizeBytes > blobBytesMax)
      throw new Error(`Cannot read blob ${oid}: it has ${info.sizeBytes} bytes, more than ${blobBytesMax}`);
    const object = await reader.read(oid);
    if (object?.type !== "blob") throw new Error(`Cannot read blob ${oid}: it is not one`);
    return object.bytes;
  };

  const sources: Sources = {
    isLocal: localUrls,

    async resolve(repoURL, revision, { signal, refresh = false, tagPrefix = "" } = {}) {
      signal?.throwIfAborted();
      const local = localOf(repoURL);
      const result =
        local === undefined
          ? mirrorOf(repoURL).resolve(revision, refresh, tagPrefix)
          : resolveLocal(local, revision, tagPrefix);
      return await abandonable(result, signal);
    },

    async tree(repoURL, commit, path, more = {}) {
      const { reader, entry } = await find(repoURL, commit, path);
      return entry?.mode === modes.directory ? await repositories.trees.files(reader, entry.oid, more) : undefined;
    },

    entry: async (repoURL, commit, path) => (await find(repoURL, commit, path)).entry,
    blob: async (repoURL, oid) => await readBlob((await place(repoURL)).reader, oid),

    async files(repoURL, commit, path, { filter = () => true } = {}) {
      const { reader, entry } = await find(repoURL, commit, path);
      if (entry?.mode !== modes.directory) return undefined;
      const isFile = ({ mode }: TreeFile) => mode === modes.file || mode === modes.executable;
      const wanted = (await repositories.trees.files(reader, entry.oid)).filter((file) => isFile(file) && filter(file));
      const sizeBytes = wanted.reduce((sum, file) => sum + file.sizeBytes, 0);
      if (sizeBytes > filesBytesMax)
        throw new Error(`Cannot read ${path || "/"}: its files have ${sizeBytes} bytes, more than ${filesBytesMax}`);
      const contents = await Promise.all(wanted.map(({ oid }) => readBlob(reader, oid)));
      return new Map(
        wanted.map((file, index) => [
          file.path,
          { bytes: contents[index] ?? Buffer.alloc(0), executable: file.mode === modes.executable },
        ]),
      );
    },

    async submodules(repoURL, commit) {
      const { reader, gitDir, entry } = await find(repoURL, commit, ".gitmodules");
      if (entry === undefined) return [];
      const output = await runGit(
        ["config", `--blob=${entry.oid}`, "--null", "--get-regexp", "^submodule\\..*\\.(path|url)$"],
        { environment: own, gitDir },
      ).catch(() => Buffer.alloc(0));
      const named = new Map<string, { path?: string; url?: string }>();
      for (const record of output.toString().split("\0").filter(Boolean)) {
        const [key = "", value = ""] = record.split("\n");
        const [, name = "", field] = /^submodule\.(.*)\.(path|url)$/.exec(key) ?? [];
        named.set(name, { ...named.get(name), ...(field === "path" ? { path: value } : { url: value }) });
      }
      const found = [...named.values()].map(async ({ path = "", url = "" }) => {
        const normal = parseTreePath(path);
        const link =
          normal === undefined || normal === "" ? undefined : await repositories.trees.find(reader, commit, normal);
        return link?.mode === modes.submodule && url !== ""
          ? [{ path: normal ?? "", url: absoluteUrl(repoURL, url), commit: link.oid }]
          : [];
      });
      return (await Promise.all(found)).flat();
    },

    async [Symbol.asyncDispose]() {
      closing.abort(new Error("Skiff is stopping"));
      await readers[Symbol.asyncDispose]();
    },
  };
  return sources;
}

/** `./a//b/` means `a/b`. */
function normalPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** Submodules may be given relative to the URL of the repository that they are in. */
function absoluteUrl(base: string, url: string): string {
  if (!url.startsWith("./") && !url.startsWith("../")) return url;
  let left = base.replace(/\/+$/, "");
  let rest = url;
  for (;;) {
    if (rest.startsWith("./")) rest = rest.slice(2);
    else if (rest.startsWith("../")) {
      rest = rest.slice(3);
      const cut = Math.max(left.lastIndexOf("/"), left.lastIndexOf(":"));
      left = left.slice(0, left[cut] === ":" ? cut + 1 : cut);
    } else return left.endsWith(":") ? left + rest : `${left}/${rest}`;
  }
}

async function abandonable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const gone = Promise.withResolvers<never>();
  const give = () => gone.reject(signal.reason);
  signal.addEventListener("abort", give);
  try {
    return await Promise.race([promise, gone.promise]);
  } finally {
    signal.removeEventListener("abort", give);
    promise.catch(() => {});
  }
}
