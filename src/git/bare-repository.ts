import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { syncPath } from "./files.ts";

/**
 * Makes an empty bare repository, as gitrepository-layout(5) describes one: what `git init --bare` makes, without starting
 * git, and durable when it returns.
 *
 * @param path must not exist
 * @param branch a checked name
 */
export async function makeBareRepository(path: string, branch: string): Promise<void> {
  for (const directory of ["objects/info", "objects/pack", "refs/heads", "refs/tags"]) {
    await mkdir(join(path, directory), { recursive: true, mode: 0o700 });
  }
  await writeDurably(join(path, "HEAD"), `ref: refs/heads/${branch}\n`);
  await writeDurably(join(path, "config"), "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n");
  await syncPath(path);
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
