import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import type { GitSources } from "../../gitops/index.ts";

/**
 * Where what counts as a repository is on this machine.
 *
 * @property git what Git reads: a working tree, or a bare repository
 * @property path the directory in it that counts as the root
 * @property head the commit that the files lie on; without it there are none but in Git
 * @property files what an archive holds, by path, where that is the repository
 */
export type LocalRepository = {
  git: string;
  path: string;
  head?: string;
  files?: ReadonlyMap<string, Uint8Array>;
};

/** A directory whose files are used as they are now. */
export type WorkingTree = LocalRepository & { head: string };

/** More files are no source of manifests but a whole disk. */
const filesMax = 100_000;
const noCommit = "0".repeat(40);

/** The working tree of Git that a directory is in; the whole disk when it is in none. */
export function workingTreeAt(directory: string): WorkingTree {
  let root = directory;
  while (statSync(join(root, ".git"), { throwIfNoEntry: false }) === undefined && root !== dirname(root))
    root = dirname(root);
  return { git: root, path: "", head: tryGit(root, "rev-parse", "HEAD") || noCommit };
}

/** The files of an archive, as a working tree. */
export function archiveTree(file: string, files: ReadonlyMap<string, Uint8Array>): WorkingTree {
  return { git: file, path: "", head: noCommit, files };
}

/** URLs under which the repository of a working tree is known. */
export function remotesOf({ git }: WorkingTree): string[] {
  const output = tryGit(git, "config", "--get-regexp", "^remote\\..*\\.url$");
  return output.split("\n").flatMap((line) => line.split(" ")[1] ?? []);
}

/** @throws {Error} when the repository has no such revision */
export function commitOf({ git }: LocalRepository, revision: string): string {
  const commit = tryGit(git, "rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`);
  if (commit !== "") return commit;
  if (tryGit(git, "rev-parse", "--git-dir") === "")
    throw new Error(`There is no revision ${JSON.stringify(revision)}: what is rendered lies in no Git repository`);
  throw new Error(`${git} has no revision ${JSON.stringify(revision)}`);
}

/**
 * Reads repositories that are on this machine from there, and the others through `sources`, which are opened when they are
 * first needed.
 *
 * @param isWorking whether files are used as they lie there, in place of every revision
 */
export function withLocalRepositories(
  sources: () => Promise<GitSources>,
  local: ReadonlyMap<string, LocalRepository>,
  isWorking: (url: string) => boolean,
): GitSources {
  const workingTree = (url: string): string | undefined => {
    const found = local.get(url);
    return found?.head !== undefined && isWorking(url) ? join(found.git, found.path) : undefined;
  };
  const inGit = (url: string, path: string) => {
    const found = local.get(url);
    return found === undefined ? { url, path } : { url: found.git, path: posix.join(found.path, path) };
  };
  return {
    isLocal: () => undefined,
    async resolve(url, revision, options) {
      const head = workingTree(url) === undefined ? undefined : local.get(url)?.head;
      return head ?? (await (await sources()).resolve(inGit(url, "").url, revision, options));
    },
    async entry(url, commit, path) {
      const files = local.get(url)?.files;
      if (files !== undefined) return entryIn(files, path);
      const root = workingTree(url);
      if (root !== undefined) return entryAt(join(root, path));
      const at = inGit(url, path);
      return await (await sources()).entry(at.url, commit, at.path);
    },
    async tree(url, commit, path, options) {
      const files = local.get(url)?.files;
      if (files !== undefined) return filesIn(files, path);
      const root = workingTree(url);
      if (root !== undefined) return filesBelow(join(root, path));
      const at = inGit(url, path);
      return await (await sources()).tree(at.url, commit, at.path, options);
    },
    async blob(url, id) {
      const packed = local.get(url)?.files?.get(id);
      if (packed !== undefined) return packed;
      return id.startsWith("/") ? contentAt(id) : await (await sources()).blob(inGit(url, "").url, id);
    },
  };
}

const modes = { file: "100644", link: "120000", directory: "40000" } as const;

function entryAt(path: string) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const mode = found?.isDirectory()
    ? modes.directory
    : found?.isSymbolicLink()
      ? modes.link
      : found?.isFile()
        ? modes.file
        : undefined;
  return mode === undefined ? undefined : { name: path, mode, oid: path };
}

function entryIn(files: ReadonlyMap<string, Uint8Array>, path: string) {
  const mode = files.has(path) ? modes.file : filesIn(files, path) === undefined ? undefined : modes.directory;
  return mode === undefined ? undefined : { name: path, mode, oid: path };
}

function filesIn(files: ReadonlyMap<string, Uint8Array>, directory: string) {
  const prefix = directory === "" || directory === "." ? "" : `${directory}/`;
  const below = [...files].filter(([path]) => path.startsWith(prefix));
  if (below.length === 0) return undefined;
  return below.map(([oid, { byteLength }]) => ({
    path: oid.slice(prefix.length),
    oid,
    mode: modes.file,
    sizeBytes: byteLength,
  }));
}

function filesBelow(directory: string) {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const found: { path: string; oid: string; mode: string; sizeBytes: number }[] = [];
  const open = [directory];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      if (entry.name === ".git") continue;
      const oid = join(next, entry.name);
      if (entry.isDirectory()) open.push(oid);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        if (found.length >= filesMax) throw new Error(`${directory} has more than ${filesMax} files`);
        const mode = entry.isFile() ? modes.file : modes.link;
        found.push({ path: relative(directory, oid), oid, mode, sizeBytes: lstatSync(oid).size });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function contentAt(path: string): Uint8Array {
  return lstatSync(path).isSymbolicLink() ? Buffer.from(readlinkSync(path)) : readFileSync(path);
}

/** @returns an empty text when git is not there or has nothing to say */
function tryGit(cwd: string, ...args: string[]): string {
  try {
    return execFileSync("git", ["-C", cwd, ...args], { stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 })
      .toString()
      .trim();
  } catch {
    return "";
  }
}
