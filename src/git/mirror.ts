import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { StatusError } from "../apimachinery/index.ts";
import type { Log } from "../lib/index.ts";
import { makeBareRepository } from "./bare-repository.ts";
import { fetchError, isDamaged, isRefusedDetail, isUnknownObject } from "./fetch-errors.ts";
import { type Environment, runGit, withConfig } from "./git-process.ts";
import type { GitUrl } from "./git-url.ts";
import { removeLeftovers } from "./leftovers.ts";
import { createLock, type Gate } from "./lock.ts";
import { isRefName } from "./names.ts";
import type { ObjectReader, ObjectReaders } from "./object-reader.ts";
import { highestTag, parseRange } from "./semver.ts";

/** A bare repository on disk with the commits of another one that somebody asked for. */
export type Mirror = {
  readonly gitDir: string;
  readonly reader: ObjectReader;
  /**
   * @param refresh asks the other side even when it was asked a moment ago
   * @param tagPrefix what tags begin with that a range of versions is for
   */
  resolve(revision: string, refresh: boolean, tagPrefix: string): Promise<string>;
  /** Makes sure that a commit is here. @param commit a full id */
  ensure(commit: string): Promise<void>;
};

type RemoteRefs = { atMs: number; head: string | undefined; commits: ReadonlyMap<string, string> };

/** How long an answer about where branches are is good for, unless a caller wants to know better: Argo CD's `timeout.reconciliation`. */
const refsMaxAgeMs = 180_000;
/** Fetches after which a mirror is tidied. */
const fetchesPerTidying = 50;
/** A mirror that nobody used for this long is removed when Skiff starts. */
const unusedMaxMs = 30 * 24 * 3_600_000;
/** Branches of which no trace of the history is needed: only the newest commit comes. */
const shallow = ["--depth=1"];

export type MirrorServices = {
  dir: string;
  /** For commands that talk to others. */
  fetching: Environment;
  /** For commands on our own disk. */
  own: Environment;
  readers: ObjectReaders;
  gate: Gate;
  timeoutMs: number;
  signal: AbortSignal;
  log: Log;
};

/** Makes the mirror of a repository when it is first needed. */
export function createMirror(services: MirrorServices, url: GitUrl): Mirror {
  const { dir, own, readers, gate, timeoutMs, signal, log } = services;
  const gitDir = join(dir, `${createHash("sha256").update(url.key).digest("hex").slice(0, 32)}.git`);
  // In the environment, where only this user can read it, unlike a command line.
  const fetching = withConfig(services.fetching, [[`remote.${remote}.url`, url.url]]);
  const reader = readers.of(gitDir);
  const lock = createLock();
  /** What is under way, so that callers who want the same at the same time share it. */
  const running = new Map<string, Promise<void>>();
  let listing: Promise<RemoteRefs> | undefined;
  let ready: Promise<void> | undefined;
  let refs: RemoteRefs | undefined;
  let fetches = 0;

  const run = async (args: readonly string[]) => {
    using place = await gate.enter();
    if (place === undefined) throw new Error(`Cannot fetch ${url.shown}: too many fetches wait already`);
    return await runGit(args, { environment: fetching, gitDir, timeoutMs, signal });
  };

  const prepare = (): Promise<void> => {
    ready ??= makeRepository(services, gitDir).catch((cause: unknown) => {
      ready = undefined;
      throw new Error(`Cannot make a mirror of ${url.shown} in ${dir}`, { cause });
    });
    return ready;
  };

  const has = async (commit: string) => (await reader.info(`${commit}^{commit}`)) !== undefined;

  const askRefs = async (patterns: readonly string[]): Promise<RemoteRefs> => {
    await prepare();
    const output = await run(["ls-remote", "--quiet", remote, ...patterns]).catch((error: unknown) => {
      throw fetchError(url, error);
    });
    return parseRefs(output.toString());
  };
  const listRefs = (): Promise<RemoteRefs> => {
    listing ??= askRefs(["HEAD", "refs/heads/*", "refs/tags/*"])
      .then((found) => {
        refs = found;
        return found;
      })
      .finally(() => {
        listing = undefined;
      });
    return listing;
  };

  const fetchOnce = async (args: readonly string[]) => {
    await run(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", ...args]);
    fetches++;
    await utimes(gitDir, new Date(), new Date()).catch(() => {});
  };

  /** @param ref where the other side has the commit, if known; some give commits only by such names */
  const fetchCommit = async (commit: string, ref: string | undefined): Promise<void> => {
    const target = `refs/skiff/${ref === undefined ? commit : createHash("sha1").update(ref).digest("hex")}`;
    try {
      return await fetchOnce([...shallow, remote, `+${commit}:${target}`]);
    } catch (error) {
      if (!isRefusedDetail(error)) throw error;
    }
    if (ref !== undefined) {
      await fetchOnce([...shallow, remote, `+${ref}:${target}`]).catch((error: unknown) => {
        if (!isRefusedDetail(error)) throw error;
      });
      if (await has(commit)) return;
    }
    await fetchAll();
  };

  const fetchAll = async (): Promise<void> => {
    const isShallow =
      (await runGit(["rev-parse", "--is-shallow-repository"], { environment: own, gitDir })).toString().trim() ===
      "true";
    const all = ["--prune", remote, "+refs/heads/*:refs/skiff/all/heads/*", "+refs/tags/*:refs/skiff/all/tags/*"];
    await fetchOnce(isShallow ? ["--unshallow", ...all] : all);
  };

  /** Runs a fetch with nobody else at work here; a mirror that turns out to be damaged is made anew, once. */
  const exclusively = (what: string, task: () => Promise<void>): Promise<void> => {
    const known = running.get(what);
    if (known !== undefined) return known;
    const started = lock(async () => {
      try {
        await prepare();
        await task().catch(async (error: unknown) => {
          if (!isDamaged(error)) throw error;
          log.warn("A mirror was damaged and is made anew", { url: url.shown });
          await readers.close(gitDir);
          await rm(gitDir, { recursive: true, force: true });
          ready = undefined;
          await prepare();
          await task();
        });
      } catch (error) {
        throw isUnknownObject(error) || error instanceof StatusError ? error : fetchError(url, error);
      }
      if (fetches >= fetchesPerTidying) {
        fetches = 0;
        await runGit(["-c", "gc.auto=2000", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"], {
          environment: own,
          gitDir,
          signal,
        }).catch(() => {});
      }
    }).finally(() => running.delete(what));
    running.set(what, started);
    return started;
  };

  const obtain = async (commit: string, ref?: string): Promise<void> => {
    await prepare();
    if (await has(commit)) return;
    await exclusively(`commit ${commit}`, async () => {
      if (!(await has(commit))) await fetchCommit(commit, ref);
    }).catch((error: unknown) => {
      if (!isUnknownObject(error)) throw error;
    });
    if (!(await has(commit))) throw absent(commit);
  };

  const absent = (revision: string) =>
    new StatusError("NotFound", `${url.shown} has no branch, tag or commit ${JSON.stringify(revision)}`);

  /** @returns `undefined` when the other side has nothing of that name */
  const findIn = async (
    { head, commits }: RemoteRefs,
    revision: string,
    tagPrefix: string,
  ): Promise<{ ref: string; commit: string } | undefined> => {
    if (revision === "" || revision === "HEAD") return head === undefined ? undefined : { ref: "HEAD", commit: head };
    for (const ref of revision.startsWith("refs/") ? [revision] : [`refs/heads/${revision}`, `refs/tags/${revision}`]) {
      const commit = commits.get(ref);
      if (commit !== undefined) return { ref, commit };
    }
    if (revision.startsWith("refs/") && isRefName(revision) && !/^refs\/(heads|tags)\//.test(revision)) {
      const commit = (await askRefs([revision])).commits.get(revision);
      return commit === undefined ? undefined : { ref: revision, commit };
    }
    const tags = [...commits.keys()]
      .filter((ref) => ref.startsWith("refs/tags/"))
      .map((ref) => ref.slice("refs/tags/".length));
    const range = parseRange(revision);
    const tag = range && highestTag(range, tags, tagPrefix);
    const commit = tag === undefined ? undefined : commits.get(`refs/tags/${tag}`);
    return tag === undefined || commit === undefined ? undefined : { ref: `refs/tags/${tag}`, commit };
  };

  /** Finds a commit by the beginning of its id: here, among what the other side shows, or by fetching everything. */
  const findShort = async (beginning: string, { commits }: RemoteRefs): Promise<string | undefined> => {
    const here = await reader.info(`${beginning}^{commit}`);
    if (here !== undefined) return here.oid;
    const shown = new Set([...commits.values()].filter((commit) => commit.startsWith(beginning)));
    const [only] = shown.size === 1 ? shown : [];
    if (only !== undefined) {
      await obtain(only);
      return only;
    }
    await exclusively("everything", fetchAll);
    return (await reader.info(`${beginning}^{commit}`))?.oid;
  };

  return {
    gitDir,
    reader,
    ensure: obtain,
    async resolve(revision, refresh, tagPrefix) {
      if (/^[0-9a-f]{40}$/.test(revision)) {
        await obtain(revision);
        return (await reader.info(`${revision}^{commit}`))?.oid ?? revision;
      }
      const old = refs;
      const fresh = refresh || old === undefined || Date.now() - old.atMs > refsMaxAgeMs;
      let known = fresh ? await listRefs() : old;
      let found = await findIn(known, revision, tagPrefix);
      if (found === undefined && !fresh) {
        // It may have been made since.
        known = await listRefs();
        found = await findIn(known, revision, tagPrefix);
      }
      if (found !== undefined) {
        await obtain(found.commit, found.ref);
        return (await reader.info(`${found.commit}^{commit}`))?.oid ?? found.commit;
      }
      if (known.commits.size === 0)
        throw new StatusError("NotFound", `${url.shown} is empty: it has no branches and no tags`);
      const short = /^[0-9a-f]{4,39}$/.test(revision) ? await findShort(revision, known) : undefined;
      if (short === undefined) throw absent(revision);
      return short;
    },
  };
}

/** The only remote that a mirror has. A name that nobody's own configuration says anything about. */
const remote = "skiff-mirror";

/** Removes mirrors that nobody has used for long, and what was being made when we died. */
export async function removeUnused(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    const path = join(dir, name);
    const age = Date.now() - (await stat(path)).mtimeMs;
    if (!name.endsWith(".git") || age > unusedMaxMs) await rm(path, { recursive: true, force: true });
  }
}

/** Made aside and moved into place, so that a directory of this name is always a whole repository. */
async function makeRepository({ dir }: MirrorServices, gitDir: string): Promise<void> {
  const exists = await stat(gitDir).catch(() => undefined);
  if (exists !== undefined) {
    await removeLeftovers(gitDir);
    await utimes(gitDir, new Date(), new Date());
    return;
  }
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const made = join(dir, `${randomUUID()}.new`);
  await makeBareRepository(made, "main");
  await rename(made, gitDir);
}

/** Output of `git ls-remote`: `<id>\t<name>`; the commit of an annotated tag follows it as `<name>^{}`. */
function parseRefs(text: string): RemoteRefs {
  const commits = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [oid = "", name = ""] = line.split("\t");
    if (/^[0-9a-f]{40}$/.test(oid) && name !== "") commits.set(name.replace(/\^\{\}$/, ""), oid);
  }
  const head = commits.get("HEAD");
  commits.delete("HEAD");
  return { atMs: Date.now(), head, commits };
}
