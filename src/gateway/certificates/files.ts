import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Makes a directory together with its files: it is there with all of them or not at all.
 *
 * @returns false when the directory exists already; then nothing has changed
 */
export async function makeDirectoryAtomically(
  path: string,
  files: readonly { name: string; text: string; mode: number }[],
): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 });
    for (const { name, text, mode } of files) await writeDurably(join(draft, name), text, mode);
    await syncDirectory(draft);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (isErrno(cause, "ENOTEMPTY") || isErrno(cause, "EEXIST")) return false;
    throw new Error(`Cannot write ${path}`, { cause });
  }
  await syncDirectory(dirname(path));
  return true;
}

/** Nobody writes for so long; what is older was left by a process that was killed. */
const draftAgeMs = 60_000;

/** Removes what interrupted writes of the functions above have left in a directory. */
export async function removeOldDrafts(directory: string, now: Date): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((name) => /\.[0-9a-f-]{36}\.new$/.test(name))) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (now.getTime() - mtimeMs > draftAgeMs) await rm(path, { recursive: true, force: true });
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  await file.writeFile(text);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}
