import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Sources, TreeEntry, TreeFile } from "../../git/index.ts";

/** What we need of Git: any repository by its URL, ours or another's. */
export type GitSources = Pick<Sources, "resolve" | "entry" | "tree" | "blob" | "isLocal">;

/** What stands at a path. The id changes when the content of the file, or anything below the directory, does. */
export type TreeNode = { kind: "file" | "directory"; id: string };

/**
 * A file below some directory; `path` is relative to that.
 *
 * @property link the link by which it is there: what it leads to is not covered by the id of the directory
 */
export type TreeItem = { path: string; id: string; sizeBytes: number; link?: string };

/**
 * The files of one revision of a source, which never change. Paths are relative to its root, with `/`, and may hold `.` and
 * `..`; links lead to what they point to, as long as that is inside.
 */
export type FileTree = {
  /** @throws {Error} for a link that leads out of the tree */
  find(path: string): Promise<TreeNode | undefined>;
  /** All files below a directory, at any depth, in git's order; links that lead nowhere are left out. */
  files(path: string): Promise<TreeItem[] | undefined>;
  /** @param id as {@link find} or {@link files} gave it for a file */
  read(id: string): Promise<Uint8Array>;
};

const linkMode = "120000";
const directoryMode = "40000";
const fileModes = new Set(["100644", "100755"]);
/** As many links as Linux follows for one path. */
const linksMax = 40;
/** Links to directories inside of directories that they lead to; more is a circle. */
const linkedDirectoriesMax = 8;

/** The files of a commit of a repository. */
export function gitTree(git: Pick<GitSources, "entry" | "tree" | "blob">, repoURL: string, commit: string): FileTree {
  const resolve = async (path: string): Promise<Resolved | undefined> => {
    // Most paths have no links in them, and then one look is enough.
    const normal = normalPath(path);
    const direct = path.includes("..") ? undefined : nodeOf(await git.entry(repoURL, commit, normal));
    return direct === undefined ? await resolveSlowly(path) : { node: direct, real: normal };
  };

  const resolveSlowly = async (path: string): Promise<Resolved | undefined> => {
    const rest = path.split("/");
    let real = "";
    let links = 0;
    let found = await git.entry(repoURL, commit, "");
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (real === "") return undefined;
        real = parentOf(real);
        found = await git.entry(repoURL, commit, real);
        continue;
      }
      if (found?.mode !== directoryMode) return undefined;
      const next = posix.join(real, part);
      found = await git.entry(repoURL, commit, next);
      if (found === undefined) return undefined;
      if (found.mode !== linkMode) {
        real = next;
        continue;
      }
      if (++links > linksMax) return undefined;
      const target = Buffer.from(await git.blob(repoURL, found.oid)).toString();
      const inside = posix.normalize(posix.join(real, target));
      if (posix.isAbsolute(target) || inside === ".." || inside.startsWith("../"))
        throw new Error(`repository contains out-of-bounds symlinks. file: ${next}`);
      rest.unshift(...target.split("/"));
      found = await git.entry(repoURL, commit, real);
    }
    const node = nodeOf(found);
    return node && { node, real };
  };

  const filesBelow = async (directory: string, depth: number): Promise<TreeItem[] | undefined> => {
    const at = await resolve(directory);
    if (at?.node.kind !== "directory") return undefined;
    const items: TreeItem[] = [];
    for (const file of (await git.tree(repoURL, commit, at.real)) ?? []) {
      if (fileModes.has(file.mode)) items.push({ path: file.path, id: file.oid, sizeBytes: file.sizeBytes });
      if (file.mode === linkMode) items.push(...(await linked(at.real, file, depth)));
    }
    return items;
  };

  const linked = async (directory: string, link: TreeFile, depth: number): Promise<TreeItem[]> => {
    const target = await resolve(posix.join(directory, link.path));
    if (target === undefined) return [];
    if (target.node.kind === "directory") {
      if (depth >= linkedDirectoriesMax) return [];
      const below = (await filesBelow(target.real, depth + 1)) ?? [];
      return below.map((item) => ({ ...item, path: `${link.path}/${item.path}`, link: link.path }));
    }
    const siblings = await git.tree(repoURL, commit, parentOf(target.real));
    const real = siblings?.find(({ path }) => path === posix.basename(target.real));
    return real === undefined ? [] : [{ path: link.path, id: real.oid, sizeBytes: real.sizeBytes, link: link.path }];
  };

  return {
    find: async (path) => (await resolve(path))?.node,
    files: async (path) => await filesBelow(path, 0),
    read: async (id) => await git.blob(repoURL, id),
  };
}

/** @property real the path without any links in it */
type Resolved = { node: TreeNode; real: string };

/** @returns `undefined` for links and submodules */
function nodeOf(entry: TreeEntry | undefined): TreeNode | undefined {
  if (entry?.mode === directoryMode) return { kind: "directory", id: entry.oid };
  return entry !== undefined && fileModes.has(entry.mode) ? { kind: "file", id: entry.oid } : undefined;
}

/** Files that are in memory: an unpacked chart, for example. */
export function memoryTree(contents: ReadonlyMap<string, Uint8Array>): FileTree {
  const below = (path: string) => {
    const prefix = normalPath(path) === "" ? "" : `${normalPath(path)}/`;
    return [...contents].filter(([name]) => name.startsWith(prefix)).map(([name, bytes]) => ({ name, bytes, prefix }));
  };
  const ids = new Map<string, Uint8Array>();
  const idOf = (bytes: Uint8Array) => {
    const id = createHash("sha256").update(bytes).digest("hex");
    ids.set(id, bytes);
    return id;
  };
  return {
    async find(path) {
      const bytes = contents.get(normalPath(path));
      if (bytes !== undefined) return { kind: "file", id: idOf(bytes) };
      const files = below(path);
      if (files.length === 0) return undefined;
      const id = createHash("sha256");
      for (const file of files) id.update(`${file.name}\0${idOf(file.bytes)}\n`);
      return { kind: "directory", id: id.digest("hex") };
    },
    async files(path) {
      const files = below(path);
      if (files.length === 0) return undefined;
      return files.map(({ name, bytes, prefix }) => ({
        path: name.slice(prefix.length),
        id: idOf(bytes),
        sizeBytes: bytes.byteLength,
      }));
    },
    async read(id) {
      const bytes = ids.get(id);
      if (bytes === undefined) throw new Error(`Cannot read ${id}: it is not in these files`);
      return bytes;
    },
  };
}

/** `a/./b/../c/` is `a/c`; the root is `""`. What leads out of the root keeps its `..`. */
export function normalPath(path: string): string {
  const normal = posix.normalize(path === "" ? "." : path).replace(/^\/+|\/+$/g, "");
  return normal === "." ? "" : normal;
}

function parentOf(path: string): string {
  const parent = posix.dirname(path);
  return parent === "." ? "" : parent;
}
