import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { makeDirectory } from "../lib/index.ts";
import type { SqliteStore } from "../storage/index.ts";
import { type PlatformConfig, readConfig, writeConfig } from "./config.ts";
import { platformsRoot, type StateDirectory, stateDirectory } from "./state-directory.ts";

/** The file that is given is no backup, or not a whole one. */
export class BackupError extends Error {}

/** What of a state directory is left out: what the process writes about itself, and what can be fetched again. */
const leftOut = new Set(["db", "log", "run.json", "git/mirrors", "charts"]);
const draftPrefix = ".backup-";
/** How much of tar's complaints is told. */
const complaintMax = 500;

/**
 * A whole platform as one compressed tar file: objects, repositories, certificates, credentials, settings. The platform goes
 * on meanwhile: objects are as they were at one moment, and each repository is whole, as it was at that moment or later.
 *
 * @param store the open database; without it the platform must be stopped, and the database is opened here
 * @throws {Error} (while iterating) "Cannot back up …" with the reason
 */
export async function* backupPlatform(state: StateDirectory, store?: SqliteStore): AsyncGenerator<Uint8Array> {
  const draft = mkdtempSync(join(state.root, draftPrefix));
  try {
    const copy = join(draft, relative(state.root, state.database));
    makeDirectory(dirname(copy), 0o700);
    if (store !== undefined) await store.backup(copy);
    else await copyStopped(state, copy);
    yield* runTar(["-czf", "-", "-T", "-"], [...["-C", draft, "db"], ...["-C", state.root, ...filesOf(state.root)]]);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function copyStopped(state: StateDirectory, copy: string): Promise<void> {
  const { openSqliteStore } = await import("../storage/index.ts");
  await using store = await openSqliteStore({ file: state.database });
  await store.backup(copy);
}

/**
 * What to put in, relative to the root. Of a repository everything else comes before its objects: what a name points to
 * when it is read is then there when the objects are.
 */
function filesOf(root: string, dir = ""): string[] {
  const entries = readdirSync(join(root, dir), { withFileTypes: true });
  const isRepository = entries.some(({ name }) => name === "objects") && entries.some(({ name }) => name === "HEAD");
  const files = entries
    .map((entry) => ({ entry, path: dir === "" ? entry.name : `${dir}/${entry.name}` }))
    .filter(({ entry, path }) => !leftOut.has(path) && !entry.name.startsWith(draftPrefix));
  if (isRepository)
    return files
      .map(({ path }) => path)
      .sort((a, b) => Number(a.endsWith("/objects")) - Number(b.endsWith("/objects")));
  return files.flatMap(({ entry, path }) => {
    if (!entry.isDirectory()) return [path];
    const inner = filesOf(root, path);
    return inner.length === 0 ? [path] : inner;
  });
}

/** GNU's and BSD's tar both take `-C directory` inside a list of names. */
async function* runTar(args: readonly string[], names: readonly string[]): AsyncGenerator<Uint8Array> {
  const child = spawn("tar", args, { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk).slice(0, complaintMax)));
  const ended = once(child, "close");
  ended.catch(() => {});
  child.stdin.on("error", () => {});
  child.stdin.end(lines(names));
  try {
    yield* child.stdout;
    const [code] = await ended;
    // 1 says that files changed while they were read: logs of a repository, for example. What counts is in order.
    if (code !== 0 && code !== 1) throw new Error(`Cannot back up the platform: tar says ${complaint || code}`);
  } finally {
    child.kill();
  }
}

/** `-C` and its directory stand on one line. */
function lines(names: readonly string[]): string {
  return names
    .map((name, index) => (name === "-C" ? "-C " : `${name}${index === names.length - 1 ? "" : "\n"}`))
    .join("");
}

/**
 * Brings back a platform from a backup. It is there as a whole or not at all.
 *
 * @param options.name default: that of the platform that was backed up
 * @param options.check throws when the platform of that name runs
 * @param options.replace what a platform of that name has is removed, after the backup has been found good
 * @throws {BackupError} when the file is no whole backup, {StoreError} when its database is damaged
 */
export async function restorePlatform(
  file: string,
  options: { name: string | undefined; replace: boolean; check: (name: string) => void },
): Promise<PlatformConfig> {
  const root = platformsRoot();
  makeDirectory(root, 0o700);
  const draft = mkdtempSync(join(root, ".restored-"));
  try {
    await unpack(file, draft);
    const inDraft = stateIn(draft);
    const config = readConfig(inDraft);
    if (config === undefined) throw new BackupError(`${file} is no backup of a platform: it has no config.json`);
    if (!existsSync(inDraft.database)) throw new BackupError(`${file} is not whole: it has no database`);
    const { openSqliteStore } = await import("../storage/index.ts");
    const store = await openSqliteStore({ file: inDraft.database });
    await store[Symbol.asyncDispose]();
    const name = options.name ?? config.name;
    options.check(name);
    const target = stateDirectory(name);
    if (name !== config.name) writeConfig(inDraft, { ...config, name });
    if (existsSync(target.root)) {
      if (!options.replace) throw new BackupError(`There is a platform ${name} already`);
      renameSync(target.root, join(draft, "replaced"));
    }
    renameSync(join(draft, "state"), target.root);
    return { ...config, name };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function unpack(file: string, draft: string): Promise<void> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new BackupError(`There is no file ${file}`);
  mkdirSync(join(draft, "state"), { mode: 0o700 });
  const child = spawn("tar", ["-xzf", file, "-C", join(draft, "state")], { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk).slice(0, complaintMax)));
  const [code] = await once(child, "close");
  if (code !== 0) throw new BackupError(`${file} cannot be unpacked: ${complaint.trim().split("\n").at(0) ?? code}`);
}

function stateIn(draft: string): StateDirectory {
  return stateDirectory("state", { SKIFF_HOME: draft });
}
