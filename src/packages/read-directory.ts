import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Content of a package is manifests and charts; more than this is a wrong directory, such as a home directory. */
const directoryBytesMax = 512 * 2 ** 20;
const filesMax = 50_000;

export type ContentFile = { bytes: Uint8Array; executable: boolean };

/**
 * Reads all regular files below a directory, by path relative to it with `/`. `.git` and symbolic links are left out, as
 * idpbuilder does.
 *
 * @throws {Error} when it is no directory, cannot be read or is too large
 */
export async function readDirectory(root: string): Promise<Map<string, ContentFile>> {
  const found = await lstat(root).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`Cannot read directory ${root}: ${cause.code === "ENOENT" ? "it does not exist" : cause.message}`);
  });
  if (!found.isDirectory()) throw new Error(`Cannot read directory ${root}: path not a directory`);
  const files = new Map<string, ContentFile>();
  let sizeBytes = 0;
  const visit = async (folder: string, prefix: string) => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === ".git") continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path, `${prefix}${entry.name}/`);
      if (!entry.isFile()) continue;
      const file = await readWhilePresent(path);
      if (file === undefined) continue;
      files.set(prefix + entry.name, file);
      sizeBytes += file.bytes.byteLength;
      if (files.size > filesMax) throw new Error(`Cannot copy directory ${root}: it has more than ${filesMax} files`);
      if (sizeBytes > directoryBytesMax)
        throw new Error(`Cannot copy directory ${root}: it is larger than ${directoryBytesMax} bytes`);
    }
  };
  await visit(root, "");
  return files;
}

/** A file may vanish between listing and reading; then it is simply not there. */
async function readWhilePresent(path: string): Promise<ContentFile | undefined> {
  try {
    const [bytes, { mode }] = await Promise.all([readFile(path), lstat(path)]);
    return { bytes, executable: (mode & 0o100) !== 0 };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
