import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../lib/index.ts";

/** How long a git that outlived us may still hold a lock; it holds one for milliseconds. */
const lockWaitMs = 1_000;

/**
 * Takes away what a git that was killed left behind: locks, which would refuse every later push, and half-written packs.
 *
 * @param gitDir a bare repository that nobody of us is using yet
 */
export async function removeLeftovers(gitDir: string): Promise<void> {
  const locks = await findLocks(gitDir);
  const temporary = await findTemporary(gitDir);
  const deadline = Date.now() + lockWaitMs;
  while (locks.length > 0 && Date.now() < deadline) {
    const left = await findLocks(gitDir);
    if (!locks.some((path) => left.includes(path))) break;
    await sleep(50);
  }
  const stale = locks.length === 0 ? [] : (await findLocks(gitDir)).filter((path) => locks.includes(path));
  for (const path of [...stale, ...temporary]) await rm(path, { recursive: true, force: true });
}

async function findLocks(gitDir: string): Promise<string[]> {
  const own = (await names(gitDir)).filter((name) => name.endsWith(".lock"));
  const references = (await names(join(gitDir, "refs"), true)).filter((name) => name.endsWith(".lock"));
  return [...own.map((name) => join(gitDir, name)), ...references.map((name) => join(gitDir, "refs", name))];
}

async function findTemporary(gitDir: string): Promise<string[]> {
  const matching = async (directory: string, pattern: RegExp) =>
    (await names(join(gitDir, directory)))
      .filter((name) => pattern.test(name))
      .map((name) => join(gitDir, directory, name));
  return [
    ...(await matching(".", /^fast_import_crash_|\.tmp$/)),
    ...(await matching("objects", /^(tmp_objdir-|incoming-)/)),
    ...(await matching("objects/pack", /^(tmp_|\.tmp-)/)),
  ];
}

async function names(directory: string, recursive = false): Promise<string[]> {
  return await readdir(directory, { recursive }).catch(() => []);
}
