import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Replaces a file so that after a crash either the old or the new contents are there, never a part.
 *
 * @param text kept readable by the owner only
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Error(`Cannot write ${path}`, { cause });
  }
}

/** Removes what writes that a kill cut off have left in a directory that this process alone writes to. */
export async function removeDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (/\.[0-9a-f]{12}\.tmp$/.test(name)) await rm(join(directory, name), { force: true });
  }
}

/** Makes a file, or what was created, renamed or removed in a directory, survive a power loss. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
