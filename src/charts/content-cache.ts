import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";

/**
 * Files on disk under the digest of their content, and small notes under a key. Several processes may share the directory:
 * every file is replaced as a whole. What has changed on disk is noticed when it is read, and counts as absent.
 */
export type ContentCache = {
  /** @param digest `sha256:` and 64 hex digits */
  read(digest: string): Promise<Uint8Array | undefined>;
  /** @returns the digest */
  write(content: Uint8Array): Promise<string>;
  /** A note is a JSON value; it is short, and disappears with time. */
  readNote(kind: string, key: string): Promise<unknown>;
  writeNote(kind: string, key: string, note: unknown): Promise<void>;
};

/** After a removal so much of the allowed space is left in use, so that not every write removes something. */
const keptShare = 0.8;
/** A file counts as used again after this time; until then its time on disk is not touched. */
const touchAfterMs = 60_000;
/** Drafts of processes that were killed. A file is written in seconds. */
const draftAgeMs = 60 * 60_000;
/** A note takes a block on disk, whatever is in it. */
const noteBytes = 4096;

/**
 * @param options.directory made when something is written
 * @param options.bytesMax for all files together; the least recently used are removed
 * @param options.now milliseconds since 1970
 */
export function createContentCache(options: { directory: string; bytesMax: number; now: () => number }): ContentCache {
  const { directory, bytesMax, now } = options;
  /** What is on disk, as far as this process knows; counted when the first file is written. */
  let usedBytes: number | undefined;
  let sweeping: Promise<void> | undefined;

  const path = (kind: string, name: string) => join(directory, kind, name.slice(0, 2), name.slice(2));

  const write = async (file: string, content: Uint8Array | string): Promise<void> => {
    const draft = join(directory, "drafts", randomUUID());
    await mkdir(join(directory, "drafts"), { recursive: true, mode: 0o700 });
    await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
    try {
      const handle = await open(draft, "wx", 0o600);
      try {
        await handle.writeFile(content);
      } finally {
        await handle.close();
      }
      await rename(draft, file);
    } catch (cause) {
      await rm(draft, { force: true });
      throw new Error(`Cannot write ${file}`, { cause });
    }
    usedBytes = usedBytes === undefined ? undefined : usedBytes + Math.max(content.length, noteBytes);
    if (usedBytes === undefined || usedBytes > bytesMax) sweeping ??= sweep().finally(() => (sweeping = undefined));
    await sweeping;
  };

  /** Counts, and removes what was used least recently when there is too much. */
  const sweep = async (): Promise<void> => {
    const files = (await listFiles(directory)).toSorted((a, b) => a.usedAtMs - b.usedAtMs);
    let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const allowed = total > bytesMax ? bytesMax * keptShare : bytesMax;
    for (const { file, sizeBytes, usedAtMs, isDraft } of files) {
      if (isDraft ? now() - usedAtMs < draftAgeMs : total <= allowed) continue;
      await rm(file, { force: true });
      total -= sizeBytes;
    }
    usedBytes = total;
  };

  const touch = async (file: string): Promise<void> => {
    const found = await stat(file).catch(() => undefined);
    const time = new Date(now());
    if (found !== undefined && now() - found.mtimeMs > touchAfterMs) await utimes(file, time, time).catch(() => {});
  };

  return {
    async read(digest) {
      const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
      if (hex === undefined) return undefined;
      const file = path("sha256", hex);
      const content = await readFile(file).catch(absent);
      if (content === undefined) return undefined;
      if (sha256(content) === digest) {
        await touch(file);
        return content;
      }
      await unlink(file).catch(() => {});
      return undefined;
    },

    async write(content) {
      const digest = sha256(content);
      await write(path("sha256", digest.slice("sha256:".length)), content);
      return digest;
    },

    async readNote(kind, key) {
      const file = path(kind, keyHash(key));
      const text = await readFile(file, "utf8").catch(absent);
      if (text === undefined) return undefined;
      try {
        const note: unknown = JSON.parse(text);
        await touch(file);
        return note;
      } catch {
        return undefined;
      }
    },

    writeNote: async (kind, key, note) => await write(path(kind, keyHash(key)), JSON.stringify(note)),
  };
}

/** The digest of a content, `sha256:` and 64 hex digits. */
export function sha256(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function keyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

type CachedFile = { file: string; sizeBytes: number; usedAtMs: number; isDraft: boolean };

async function listFiles(directory: string): Promise<CachedFile[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const found: CachedFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const state = await stat(file).catch(() => undefined);
    const isDraft = entry.parentPath === join(directory, "drafts");
    if (state !== undefined)
      found.push({ file, sizeBytes: Math.max(state.size, noteBytes), usedAtMs: state.mtimeMs, isDraft });
  }
  return found;
}

function absent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EISDIR"))
    return undefined;
  throw error;
}
