import { posix } from "node:path";
import type { FileTree, TreeItem, TreeNode } from "./file-tree.ts";
import { type Place, pathRead, type Reads } from "./reads.ts";

/** All that a source may read, where every look is written down: what has been looked at says when to render again. */
export type SourceFiles = {
  has(tree: string): boolean;
  find(at: Place): Promise<TreeNode | undefined>;
  /** All files below a directory, at any depth. `undefined` when there is no directory. */
  files(at: Place): Promise<TreeItem[] | undefined>;
  /** The content of a file. `undefined` when there is none. */
  read(at: Place): Promise<Uint8Array | undefined>;
  /** The content of a file that {@link files} has named. */
  content(tree: string, id: string): Promise<Uint8Array>;
};

/** Larger files are no values and no manifests. */
const fileBytesMax = 100 * 2 ** 20;
/** What a chart in Git may have in all: they are in memory. Public charts have less than a tenth of it. */
export const sourceBytesMax = 256 * 2 ** 20;

export function recordedFiles(trees: ReadonlyMap<string, FileTree>, reads: Reads): SourceFiles {
  const treeOf = (name: string): FileTree => {
    const tree = trees.get(name);
    if (tree === undefined) throw new Error(`there is no source ${name}`);
    return tree;
  };
  const find = async ({ tree, path }: Place) => {
    const node = await treeOf(tree).find(path);
    reads.set(pathRead({ tree, path }), node?.id ?? "");
    return node;
  };
  return {
    has: (tree) => trees.has(tree),
    find,
    async files(at) {
      const node = await find(at);
      if (node?.kind !== "directory") return undefined;
      const items = (await treeOf(at.tree).files(at.path)) ?? [];
      const links = new Set(items.flatMap(({ link }) => link ?? []));
      for (const link of links) await find({ tree: at.tree, path: posix.join(at.path, link) });
      return items;
    },
    async read(at) {
      const node = await find(at);
      if (node?.kind !== "file") return undefined;
      const bytes = await treeOf(at.tree).read(node.id);
      if (bytes.byteLength > fileBytesMax)
        throw new Error(`${at.path} has ${bytes.byteLength} bytes, more than ${fileBytesMax}`);
      return bytes;
    },
    content: async (tree, id) => await treeOf(tree).read(id),
  };
}
