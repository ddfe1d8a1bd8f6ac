import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Replaces a file as a whole: after a crash or a power loss it holds either the old content or the new. Its directory is
 * made when absent. What killed processes left of the same file is removed.
 */
export function writeFileAtomically(file: string, content: string, mode = 0o600): void {
  makeDirectory(dirname(file), 0o700);
  removeDrafts(file);
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(draft, "wx", mode);
    try {
      writeFileSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncDirectory(dirname(file));
}

/**
 * Makes a directory and those above it that are absent. What Node does when asked to never returns where the system says that
 * nothing is there and lets nobody make it, as in `/proc`.
 *
 * @param mode of those that are made
 * @throws the system's error
 */
export function makeDirectory(path: string, mode = 0o777): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Removes drafts of a file, `<file>.<process id><ending>`, whose processes have ended. A draft with the id of this process
 * is of an earlier one that had it too.
 *
 * @param ending matches the whole rest of the name; `.tmp` is what {@link writeFileAtomically} uses
 */
export function removeDrafts(file: string, ending = /\.tmp/): void {
  const prefix = `${basename(file)}.`;
  const pattern = new RegExp(`^(\\d+)${ending.source}$`);
  for (const name of readdirSync(dirname(file))) {
    const [, pid] = (name.startsWith(prefix) && pattern.exec(name.slice(prefix.length))) || [];
    if (pid === undefined) continue;
    const isOwn = Number(pid) === process.pid;
    if (isOwn || !isAlive(Number(pid))) rmSync(join(dirname(file), name), { force: true });
  }
}

/** Whether there is a process of this id, of whomever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !hasEnded(pid);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** A process that has ended stays in the table until its parent has looked, which may take a second in containers. */
function hasEnded(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Makes what was renamed in a directory survive a power loss. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
