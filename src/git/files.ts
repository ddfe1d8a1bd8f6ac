import { open } from "node:fs/promises";

/** Makes a file, or what was created, renamed or removed in a directory, survive a power loss. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
