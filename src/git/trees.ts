import type { ObjectReader } from "./object-reader.ts";

/** `100644` a file, `100755` executable, `120000` a symbolic link, `40000` a directory, `160000` a submodule's commit. */
export type TreeEntry = { name: string; mode: string; oid: string };
/** One file below some directory; `path` is relative to it. */
export type TreeFile = { path: string; oid: string; mode: string; sizeBytes: number };

export type Trees = {
  /** The entries of one tree, in git's order. @throws {Error} when the repository has no such tree */
  entries(reader: ObjectReader, treeOid: string): Promise<readonly TreeEntry[]>;
  /** What stands at `path`; the root is a directory without a name. `undefined` when nothing does. */
  find(reader: ObjectReader, commit: string, path: string): Promise<TreeEntry | undefined>;
  /** All files below a tree, depth first. Submodules are left out unless asked for; they have no size. */
  files(
    reader: ObjectReader,
    treeOid: string,
    options?: { submodules?: boolean; sizes?: boolean },
  ): Promise<TreeFile[]>;
};

export const modes = {
  file: "100644",
  executable: "100755",
  link: "120000",
  directory: "40000",
  submodule: "160000",
} as const;

/** Entries of trees kept in memory: some 15 MB, the trees of a hundred repositories of a thousand files. */
const cachedEntriesMax = 100_000;
/** Sizes of blobs kept in memory, some 15 MB. */
const cachedSizesMax = 150_000;

/** A tree never changes, so what has been read once is kept, whichever repository it came from. */
export function createTrees(): Trees {
  const known = new Map<string, readonly TreeEntry[]>();
  const sizes = new Map<string, number>();
  let knownEntries = 0;

  const remember = (oid: string, entries: readonly TreeEntry[]) => {
    if (known.has(oid)) return;
    known.set(oid, entries);
    knownEntries += entries.length + 1;
    for (const [oldest, old] of known) {
      if (knownEntries <= cachedEntriesMax) break;
      known.delete(oldest);
      knownEntries -= old.length + 1;
    }
  };

  const entries = async (reader: ObjectReader, oid: string): Promise<readonly TreeEntry[]> => {
    const cached = known.get(oid);
    if (cached !== undefined) {
      known.delete(oid);
      known.set(oid, cached);
      return cached;
    }
    const tree = await reader.read(`${oid}^{tree}`);
    if (tree === undefined) throw new Error(`Cannot read tree ${oid}: the repository does not have it`);
    const parsed = parseTree(tree.bytes);
    remember(oid, parsed);
    return parsed;
  };

  const sizeOf = async (reader: ObjectReader, oid: string): Promise<number> => {
    const cached = sizes.get(oid);
    if (cached !== undefined) return cached;
    const info = await reader.info(oid);
    if (info === undefined) throw new Error(`Cannot read blob ${oid}: the repository does not have it`);
    sizes.set(oid, info.sizeBytes);
    const oldest = sizes.size > cachedSizesMax ? sizes.keys().next().value : undefined;
    if (oldest !== undefined) sizes.delete(oldest);
    return info.sizeBytes;
  };

  const files = async (
    reader: ObjectReader,
    treeOid: string,
    options: { submodules?: boolean; sizes?: boolean },
    prefix: string,
  ): Promise<TreeFile[]> => {
    const nested = (await entries(reader, treeOid)).map(async ({ name, mode, oid }): Promise<TreeFile[]> => {
      const path = prefix + name;
      if (mode === modes.directory) return await files(reader, oid, options, path + "/");
      if (mode === modes.submodule) return options.submodules === true ? [{ path, oid, mode, sizeBytes: 0 }] : [];
      return [{ path, oid, mode, sizeBytes: options.sizes === false ? 0 : await sizeOf(reader, oid) }];
    });
    return (await Promise.all(nested)).flat();
  };

  return {
    entries,
    files: (reader, treeOid, options = {}) => files(reader, treeOid, options, ""),
    async find(reader, commit, path) {
      const root = await reader.info(`${commit}^{tree}`);
      if (root === undefined) return undefined;
      let found: TreeEntry = { name: "", mode: modes.directory, oid: root.oid };
      for (const part of path.split("/").filter((segment) => segment !== "")) {
        if (found.mode !== modes.directory) return undefined;
        const next = (await entries(reader, found.oid)).find(({ name }) => name === part);
        if (next === undefined) return undefined;
        found = next;
      }
      return found;
    },
  };
}

/** A tree object: for each entry `<mode> <name>`, a zero byte, and the id as 20 bytes. */
function parseTree(bytes: Buffer): TreeEntry[] {
  const result: TreeEntry[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const space = bytes.indexOf(32, at);
    const zero = bytes.indexOf(0, space);
    result.push({
      mode: bytes.toString("latin1", at, space),
      name: bytes.toString("utf8", space + 1, zero),
      oid: bytes.toString("hex", zero + 1, zero + 21),
    });
    at = zero + 21;
  }
  return result;
}
