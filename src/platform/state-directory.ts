import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

/** Everything one platform keeps, and where: one directory, so that removing it removes the platform. */
export type StateDirectory = {
  root: string;
  config: string;
  /** Written when the platform is ready, removed when it stops. */
  run: string;
  database: string;
  repositories: string;
  mirrors: string;
  accounts: string;
  certificates: string;
  log: string;
  kubeconfig: string;
  tokens: string;
};

/** Where all platforms of this user live. `SKIFF_HOME` moves it. */
export function platformsRoot(env: NodeJS.ProcessEnv = process.env): string {
  return env["SKIFF_HOME"] ?? join(homedir(), ".skiff");
}

export function stateDirectory(name: string, env: NodeJS.ProcessEnv = process.env): StateDirectory {
  const root = join(platformsRoot(env), name);
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    root,
    config: at("config.json"),
    run: at("run.json"),
    database: at("db", "skiff.db"),
    repositories: at("git", "repositories"),
    mirrors: at("git", "mirrors"),
    accounts: at("git", "accounts"),
    certificates: at("ca"),
    log: at("log", "skiff.log"),
    kubeconfig: at("kubeconfig"),
    tokens: at("tokens.json"),
  };
}

/** Names of the platforms that exist, in order. */
export function listPlatforms(env: NodeJS.ProcessEnv = process.env): string[] {
  try {
    const entries = readdirSync(platformsRoot(env), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

/** @returns `undefined` when there is no such file */
export function readJsonFile(file: string): unknown {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return JSON.parse(content);
}

/** Replaces a file as a whole: after a crash it holds either the old content or the new. */
export function writeFileAtomically(file: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  removeDrafts(file);
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(draft, "wx", mode);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Removes what processes have left beside a file that were killed while they wrote it. */
function removeDrafts(file: string): void {
  const prefix = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file))) {
    const [, pid] = (name.startsWith(prefix) && /^(\d+)\.tmp$/.exec(name.slice(prefix.length))) || [];
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

/**
 * Removes a platform's directory. It is renamed first, so that a kill in the middle leaves no half platform; what such
 * a kill left is removed too.
 */
export function removeStateDirectory(name: string, env: NodeJS.ProcessEnv = process.env): void {
  const root = platformsRoot(env);
  const grave = join(root, `.deleted-${name}-${randomBytes(4).toString("hex")}`);
  try {
    renameSync(join(root, name), grave);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  removeLeftovers(env);
}

/** Removes what interrupted deletions left behind. */
export function removeLeftovers(env: NodeJS.ProcessEnv = process.env): void {
  const root = platformsRoot(env);
  let names: string[];
  try {
    names = readdirSync(root);
  } catch {
    return;
  }
  for (const name of names)
    if (name.startsWith(".deleted-")) rmSync(join(root, name), { recursive: true, force: true, maxRetries: 5 });
}
