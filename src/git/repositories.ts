import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { StatusError } from "../apimachinery/index.ts";
import { errorText, type Log } from "../lib/index.ts";
import { makeBareRepository } from "./bare-repository.ts";
import { changesBetween, type FileChange, type Person, RefMovedError, writeCommit } from "./commit-writer.ts";
import { syncPath } from "./files.ts";
import { type Environment, ownEnvironment, requireGit, runGit } from "./git-process.ts";
import { removeLeftovers } from "./leftovers.ts";
import { createLock, type Lock } from "./lock.ts";
import {
  isOwnerName,
  isRefName,
  isRepositoryName,
  isReservedOwner,
  isShortRefName,
  parseTreePath,
  repositoryKey,
} from "./names.ts";
import { type ObjectReader, openObjectReaders } from "./object-reader.ts";
import { type Hook, type RepositoryFacts, readFacts, writeFacts } from "./repository-file.ts";
import { createTrees, type TreeEntry, type TreeFile, type Trees } from "./trees.ts";

/** A repository as it is now; a later change makes a new object. Times are RFC 3339. */
export type Repository = Readonly<Omit<RepositoryFacts, "hooks">> & {
  /** The bare repository on disk. */
  readonly gitDir: string;
};

/** References that have changed. `before` is absent for a new one, `after` for one that is gone. */
export type PushEvent = {
  owner: string;
  name: string;
  refs: { ref: string; before: string | undefined; after: string | undefined }[];
  /** Login of who did it, when known. */
  pusher?: string;
};

/** The end of a branch, which a commit goes on top of. `commit` is absent when the branch is. */
export type Tip = {
  commit: string | undefined;
  find(path: string): Promise<TreeEntry | undefined>;
  files(): Promise<TreeFile[]>;
};

export type RepositoryName = { owner: string; name: string };
export type NewRepository = RepositoryName & {
  description?: string;
  private?: boolean;
  defaultBranch?: string;
  /** Begins with a commit that has a README. */
  autoInit?: boolean;
};
export type RepositoryChanges = Partial<
  Pick<RepositoryFacts, "name" | "description" | "website" | "private" | "archived" | "defaultBranch" | "topics">
> & {
  /** Gives the new webhooks for those that there are. */
  hooks?: (current: readonly Hook[]) => readonly Hook[];
};

/** The bare repositories below one directory. Owners and names are compared without regard to case, as Gitea does. */
export type Repositories = AsyncDisposable & {
  /** @throws {StatusError} `AlreadyExists`; `Invalid` for a name that Gitea would refuse */
  create(options: NewRepository): Promise<Repository>;
  get(owner: string, name: string): Repository | undefined;
  /** By owner and name, in alphabetical order. */
  list(owner?: string): Repository[];
  /** @throws {StatusError} `NotFound` */
  delete(owner: string, name: string): Promise<void>;
  /** @throws {StatusError} `NotFound`; `AlreadyExists` when the new name is taken; `Invalid` */
  edit(owner: string, name: string, changes: RepositoryChanges): Promise<Repository>;
  /** The webhooks, secrets included. */
  hooks(owner: string, name: string): readonly Hook[];

  /** Calls `listener` after every change of references, by whom ever, in the order of changes of each repository. */
  onPush(listener: (event: PushEvent) => void): Disposable;

  /**
   * Makes the tree of `branch`, or of the directory `path` in it, equal to `files`; no commit when nothing differs. A
   * branch that does not exist yet gets its first commit, an empty one if need be.
   *
   * @throws {StatusError} `NotFound`; `Invalid` for paths and branches that git refuses
   */
  writeTree(
    options: RepositoryName & {
      branch: string;
      path?: string;
      files: ReadonlyMap<string, { bytes: Uint8Array; executable?: boolean }>;
      message: string;
      author: Person;
      pusher?: string;
    },
  ): Promise<{ commit: string; changed: boolean }>;

  /**
   * Puts one commit on a branch. `changes` is asked again when somebody else was faster.
   *
   * @param options.base the branch to start from when `branch` does not exist yet
   */
  commit(
    options: RepositoryName & {
      branch: string;
      base?: string;
      message: string;
      author: Person & { date?: Date };
      committer?: Person & { date?: Date };
      pusher?: string;
      changes: (tip: Tip) => Promise<ReadonlyMap<string, FileChange>>;
    },
  ): Promise<{ commit: string; changed: boolean }>;

  /**
   * Creates, moves or deletes one reference.
   *
   * @throws {StatusError} `Conflict` when it is not at `before`
   */
  setRef(
    options: RepositoryName & { ref: string; before: string | undefined; after: string | undefined; pusher?: string },
  ): Promise<void>;

  /** Lets somebody else change references, a `git receive-pack` for example, and then tells the listeners what changed. */
  observe(options: RepositoryName & { pusher?: string }, change: () => Promise<void>): Promise<void>;

  reader(repository: Repository): ObjectReader;
  readonly trees: Trees;
  /** Runs git in a repository. With `cutBytes` it is stopped when it has written that much. @throws {GitError} */
  run(
    repository: Repository,
    args: readonly string[],
    options?: { input?: string; signal?: AbortSignal; cutBytes?: number },
  ): Promise<Buffer>;
  /** All references and what they point to, sorted by name. */
  refs(repository: Repository): Promise<ReadonlyMap<string, string>>;
  /** Size on disk, as of the last change of references. */
  sizeBytes(repository: Repository): Promise<number>;
  /** What git must be run with in these repositories. */
  readonly environment: Environment;
};

type Entry = {
  repository: Repository;
  hooks: readonly Hook[];
  lock: Lock;
  /** What listeners have been told; read when the first change comes. */
  refs: Map<string, string> | undefined;
  changes: number;
  sizeBytes: Promise<number> | undefined;
};

/** Directory for what is being made or removed. No owner can have this name. */
const workDirectory = ".new";
/** How often a commit is tried again when pushes come in between. */
const commitAttemptsMax = 5;
/** Changes of one repository after which git is asked whether it wants to tidy up. */
const changesPerTidying = 50;
/** For what runs on behalf of a caller who waits. */
const commandTimeoutMs = 60_000;
const tidyingTimeoutMs = 600_000;
/** Packs small packs and loose objects together when there are many; what is large already stays as it is. */
const tidyingArguments = [
  ...["-c", "gc.auto=2000", "-c", "gc.autoPackLimit=30", "-c", "gc.bigPackThreshold=100m", "-c", "gc.autoDetach=false"],
  ...["gc", "--auto", "--quiet"],
];

/**
 * Opens the repositories in `dir` and repairs what a crash has left: a repository that was being made or removed is gone.
 *
 * @param options.dir made when absent; nobody else may use it
 * @throws {Error} `Cannot run git: …`
 */
export async function openRepositories(options: { dir: string; log: Log; now?: () => Date }): Promise<Repositories> {
  const { dir, log } = options;
  const now = options.now ?? (() => new Date());
  const work = join(dir, workDirectory);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o700 });
  const environment = ownEnvironment(work);
  await requireGit(environment);

  const entries = new Map<string, Entry>();
  const found = await findRepositories(dir, log);
  let lastId = found.reduce((highest, { facts }) => Math.max(highest, facts.id), 0);
  for (const { facts, gitDir } of found) {
    const numbered = facts.id === 0 ? { ...facts, id: ++lastId } : facts;
    if (numbered !== facts) writeFacts(gitDir, numbered);
    entries.set(repositoryKey(facts.owner, facts.name), entryOf(numbered, gitDir));
  }
  const readers = openObjectReaders(environment);
  const trees = createTrees();
  const listeners = new Set<(event: PushEvent) => void>();
  const directoryLock = createLock();
  const tidyingLock = createLock();
  const closing = new AbortController();

  const run: Repositories["run"] = (repository, args, more = {}) =>
    runGit(args, { environment, gitDir: repository.gitDir, timeoutMs: commandTimeoutMs, ...more });

  const entryFor = ({ owner, name }: RepositoryName): Entry => {
    const entry = entries.get(repositoryKey(owner, name));
    if (entry === undefined) throw new StatusError("NotFound", `Repository ${owner}/${name} does not exist`);
    return entry;
  };

  const save = async (entry: Entry, repository: Repository, hooks: readonly Hook[] = entry.hooks) => {
    const { gitDir, ...facts } = repository;
    writeFacts(gitDir, { ...facts, hooks });
    entry.repository = repository;
    entry.hooks = hooks;
  };

  const readRefs = async (repository: Repository): Promise<Map<string, string>> => {
    const text = (await run(repository, ["for-each-ref", "--format=%(objectname) %(refname)"])).toString();
    return new Map(
      text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => [line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" "))]),
    );
  };

  const knownRefs = async (entry: Entry): Promise<Map<string, string>> => {
    entry.refs ??= await readRefs(entry.repository);
    return entry.refs;
  };

  /** Call it inside the entry's lock, so that events come in order. */
  const announce = async (entry: Entry, refs: PushEvent["refs"], pusher: string | undefined) => {
    if (refs.length === 0) return;
    entry.sizeBytes = undefined;
    const { owner, name } = entry.repository;
    try {
      await followFirstBranch(entry);
      await save(entry, { ...entry.repository, updatedAt: now().toISOString() });
    } catch (error) {
      // The references have changed, and whoever waits for that must hear of it.
      log.error("Cannot describe a repository anew", { repository: `${owner}/${name}`, error });
    }
    for (const listener of listeners) {
      try {
        listener({ owner, name, refs, ...(pusher === undefined ? {} : { pusher }) });
      } catch (error) {
        log.error("A listener for pushes failed", { repository: `${owner}/${name}`, error });
      }
    }
    entry.changes++;
    if (entry.changes % changesPerTidying === 0) tidy(entry);
  };

  /** HEAD of an empty repository means a branch that may never come: it moves to the first one that does. */
  const followFirstBranch = async (entry: Entry) => {
    const branches = [...(await knownRefs(entry)).keys()]
      .filter((ref) => ref.startsWith(branchPrefix))
      .map((ref) => ref.slice(branchPrefix.length));
    if (branches.length === 0 || branches.includes(entry.repository.defaultBranch)) return;
    const defaultBranch = ["main", "master"].find((name) => branches.includes(name)) ?? branches[0] ?? "main";
    await run(entry.repository, ["symbolic-ref", "HEAD", branchPrefix + defaultBranch]);
    entry.repository = { ...entry.repository, defaultBranch };
  };

  const record = async (entry: Entry, ref: string, after: string | undefined, pusher: string | undefined) => {
    const refs = await knownRefs(entry);
    const before = refs.get(ref);
    if (after === undefined) refs.delete(ref);
    else refs.set(ref, after);
    if (before !== after) await announce(entry, [{ ref, before, after }], pusher);
  };

  const tidy = ({ repository }: Entry) => {
    const options = { environment, gitDir: repository.gitDir, timeoutMs: tidyingTimeoutMs, signal: closing.signal };
    void tidyingLock(() => runGit(tidyingArguments, options)).catch((error: unknown) => {
      if (!closing.signal.aborted)
        log.warn("Cannot tidy a repository", { repository: repository.gitDir, why: errorText(error) });
    });
  };

  const tipOf = async (repository: Repository, branch: string): Promise<Tip> => {
    const reader = readers.of(repository.gitDir);
    const commit = (await reader.info(`${branchPrefix}${branch}^{commit}`))?.oid;
    return {
      commit,
      find: async (path) => (commit === undefined ? undefined : await trees.find(reader, commit, path)),
      files: async () =>
        commit === undefined ? [] : await trees.files(reader, commit, { submodules: true, sizes: false }),
    };
  };

  const commit: Repositories["commit"] = async (options) => {
    const { branch, base, message, changes, pusher } = options;
    for (const name of [branch, base ?? branch]) {
      if (!isShortRefName(name)) throw new StatusError("Invalid", `${JSON.stringify(name)} is not a branch name`);
    }
    const entry = entryFor(options);
    const ref = branchPrefix + branch;
    const attempt = async () => {
      await knownRefs(entry);
      const own = await tipOf(entry.repository, branch);
      const tip = own.commit === undefined && base !== undefined ? await tipOf(entry.repository, base) : own;
      const changed = await changes(tip);
      if (tip.commit !== undefined && changed.size === 0) return { commit: tip.commit, changed: false };
      const date = now();
      const author = { date, ...options.author };
      const committer = { date, ...(options.committer ?? options.author) };
      const place = { environment, gitDir: entry.repository.gitDir, ref, parent: tip.commit };
      const made = await writeCommit({ ...place, changes: changed, message, author, committer });
      await record(entry, ref, made, pusher);
      return { commit: made, changed: true };
    };
    return await entry.lock(async () => {
      for (let attempts = 1; ; attempts++) {
        try {
          return await attempt();
        } catch (error) {
          if (!(error instanceof RefMovedError) || attempts === commitAttemptsMax) throw error;
        }
      }
    });
  };

  const updateRef = async (
    repository: Repository,
    ref: string,
    before: string | undefined,
    after: string | undefined,
  ) => {
    const expected = before ?? noObject;
    const args = after === undefined ? ["-d", ref, expected] : [ref, after, expected];
    await run(repository, ["update-ref", "--no-deref", ...args]);
  };

  /** Made aside and moved into place, so that a directory of this name is always a whole repository. */
  const place = async (gitDir: string, facts: RepositoryFacts): Promise<void> => {
    const made = join(work, randomUUID());
    try {
      await makeBareRepository(made, facts.defaultBranch);
      writeFacts(made, facts);
      await mkdir(dirname(gitDir), { recursive: true, mode: 0o700 });
      await rename(made, gitDir);
      await syncPath(dirname(gitDir));
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  };

  const pointHead = async (entry: Entry, branch: string): Promise<void> => {
    const { owner, name } = entry.repository;
    if (!isShortRefName(branch)) throw new StatusError("Invalid", `${JSON.stringify(branch)} is not a branch name`);
    const branches = [...(await knownRefs(entry)).keys()].filter((ref) => ref.startsWith(branchPrefix));
    if (branches.length > 0 && !branches.includes(branchPrefix + branch)) {
      throw new StatusError("NotFound", `Branch ${branch} does not exist in ${owner}/${name}`);
    }
    await run(entry.repository, ["symbolic-ref", "HEAD", branchPrefix + branch]);
  };

  const move = async (entry: Entry, name: string): Promise<void> => {
    const { owner, gitDir } = entry.repository;
    const key = repositoryKey(owner, name);
    if (!isRepositoryName(name)) throw new StatusError("Invalid", `${JSON.stringify(name)} is not a repository name`);
    if (key === repositoryKey(owner, entry.repository.name)) return save(entry, { ...entry.repository, name });
    if (entries.has(key)) throw new StatusError("AlreadyExists", `Repository ${owner}/${name} exists already`);
    const target = join(dir, `${key}.git`);
    // The name goes first: should we die in between, opening the directory again finishes the move.
    await save(entry, { ...entry.repository, name });
    entries.set(key, entry);
    entries.delete(`${owner.toLowerCase()}/${basename(gitDir, ".git")}`);
    await readers.close(gitDir);
    await rename(gitDir, target);
    await syncPath(dirname(target));
    entry.repository = { ...entry.repository, gitDir: target };
  };

  return {
    environment,
    trees,
    run,
    commit,
    refs: readRefs,
    reader: ({ gitDir }) => readers.of(gitDir),
    get: (owner, name) => entries.get(repositoryKey(owner, name))?.repository,
    hooks: (owner, name) => entries.get(repositoryKey(owner, name))?.hooks ?? [],

    list(owner) {
      const prefix = owner === undefined ? "" : owner.toLowerCase() + "/";
      const found = [...entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
      return found.map(([, entry]) => entry.repository);
    },

    async create({
      owner,
      name,
      description = "",
      private: isPrivate = false,
      defaultBranch = "main",
      autoInit = false,
    }) {
      if (isReservedOwner(owner)) throw new StatusError("Invalid", `name is reserved [name: ${owner}]`);
      if (!isOwnerName(owner)) throw new StatusError("Invalid", `${JSON.stringify(owner)} is not a user name`);
      if (!isRepositoryName(name)) throw new StatusError("Invalid", `${JSON.stringify(name)} is not a repository name`);
      if (!isShortRefName(defaultBranch))
        throw new StatusError("Invalid", `${JSON.stringify(defaultBranch)} is not a branch name`);
      const key = repositoryKey(owner, name);
      const created = await directoryLock(async () => {
        if (entries.has(key)) throw new StatusError("AlreadyExists", `Repository ${owner}/${name} exists already`);
        const time = now().toISOString();
        const blank = blankFacts({ owner, name, time });
        const facts = { ...blank, id: ++lastId, description, private: isPrivate, defaultBranch };
        const gitDir = join(dir, `${key}.git`);
        await place(gitDir, facts).catch((cause: unknown) => {
          throw new Error(`Cannot create repository ${owner}/${name}`, { cause });
        });
        const entry = entryOf(facts, gitDir);
        entry.refs = new Map();
        entries.set(key, entry);
        return entry;
      });
      if (autoInit) {
        const readme = Buffer.from(`# ${name}\n${description === "" ? "" : `\n${description}\n`}`);
        const changes = async () => new Map([["README.md", { mode: "100644", bytes: readme }]]);
        await commit({
          owner,
          name,
          branch: defaultBranch,
          message: "Initial commit",
          author: { name: owner, email: `${owner.toLowerCase()}@noreply.localhost` },
          changes,
        });
      }
      return created.repository;
    },

    async delete(owner, name) {
      const doomed = join(work, randomUUID());
      await directoryLock(async () => {
        const entry = entryFor({ owner, name });
        await entry.lock(async () => {
          const { gitDir } = entry.repository;
          entries.delete(repositoryKey(entry.repository.owner, entry.repository.name));
          await readers.close(gitDir);
          await rename(gitDir, doomed);
          await syncPath(dirname(gitDir));
        });
      });
      await rm(doomed, { recursive: true, force: true });
    },

    async edit(owner, name, { name: newName, defaultBranch, hooks, ...rest }) {
      const entry = entryFor({ owner, name });
      const apply = () =>
        entry.lock(async () => {
          if (defaultBranch !== undefined) await pointHead(entry, defaultBranch);
          const chosen = defaultBranch === undefined ? {} : { defaultBranch };
          const changed = { ...entry.repository, ...rest, ...chosen, updatedAt: now().toISOString() };
          await save(entry, changed, hooks?.(entry.hooks) ?? entry.hooks);
          if (newName !== undefined && newName !== entry.repository.name) await move(entry, newName);
        });
      await (newName === undefined ? apply() : directoryLock(apply));
      return entry.repository;
    },

    onPush(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },

    async writeTree({ files, path = "", ...options }) {
      const directory = parseTreePath(path);
      if (directory === undefined)
        throw new StatusError("Invalid", `${JSON.stringify(path)} is not a path in a repository`);
      const prefix = directory === "" ? "" : directory + "/";
      const wanted = new Map([...files].map(([name, file]) => [prefix + checkedPath(name, files), file]));
      const changes = async (tip: Tip) => {
        const present = (await tip.files()).filter((file) => file.path.startsWith(prefix));
        return changesBetween(new Map(present.map((file) => [file.path, file])), wanted);
      };
      return await commit({ ...options, changes });
    },

    async setRef({ ref, before, after, pusher, ...name }) {
      if (!ref.startsWith("refs/") || !isRefName(ref))
        throw new StatusError("Invalid", `${JSON.stringify(ref)} is not a reference name`);
      const entry = entryFor(name);
      await entry.lock(async () => {
        await knownRefs(entry);
        await updateRef(entry.repository, ref, before, after).catch((cause: unknown) => {
          throw Object.assign(new StatusError("Conflict", `${ref} is not what it was, or cannot be changed`), {
            cause,
          });
        });
        await record(entry, ref, after, pusher);
      });
    },

    async observe({ pusher, ...name }, change) {
      const entry = entryFor(name);
      await entry.lock(() => knownRefs(entry));
      try {
        await change();
      } finally {
        await entry.lock(async () => {
          if (entries.get(repositoryKey(entry.repository.owner, entry.repository.name)) !== entry) return;
          const before = await knownRefs(entry);
          const after = await readRefs(entry.repository);
          entry.refs = after;
          await announce(entry, differences(before, after), pusher);
        });
      }
    },

    sizeBytes(repository) {
      const entry = entryFor(repository);
      entry.sizeBytes ??= run(repository, ["count-objects", "-v"]).then((output) => {
        const sizes = [...output.toString().matchAll(/^size(?:-pack)?: (\d+)$/gm)].map(([, kibibytes]) =>
          Number(kibibytes),
        );
        return sizes.reduce((sum, size) => sum + size, 0) * 1024;
      });
      return entry.sizeBytes;
    },

    async [Symbol.asyncDispose]() {
      closing.abort();
      listeners.clear();
      await tidyingLock(async () => {});
      await Promise.all([...entries.values()].map(({ lock }) => lock(async () => {})));
      await readers[Symbol.asyncDispose]();
    },
  };
}

const branchPrefix = "refs/heads/";
const noObject = "0".repeat(40);

function blankFacts({ owner, name, time }: RepositoryName & { time: string }): RepositoryFacts {
  const none = { description: "", website: "", private: false, archived: false, topics: [], hooks: [] };
  return { id: 0, owner, name, ...none, defaultBranch: "main", createdAt: time, updatedAt: time };
}

function entryOf({ hooks, ...facts }: RepositoryFacts, gitDir: string): Entry {
  return {
    repository: { ...facts, gitDir },
    hooks,
    lock: createLock(),
    refs: undefined,
    changes: 0,
    sizeBytes: undefined,
  };
}

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PushEvent["refs"] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .sort()
    .map((ref) => ({ ref, before: before.get(ref), after: after.get(ref) }))
    .filter((change) => change.before !== change.after);
}

function checkedPath(path: string, files: ReadonlyMap<string, unknown>): string {
  if (path === "" || parseTreePath(path) !== path)
    throw new StatusError("Invalid", `${JSON.stringify(path)} is not a path in a repository`);
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    if (files.has(parent))
      throw new StatusError("Invalid", `${JSON.stringify(parent)} cannot be both a file and a directory`);
  }
  return path;
}

async function findRepositories(dir: string, log: Log): Promise<{ facts: RepositoryFacts; gitDir: string }[]> {
  const owners = (await readdir(dir, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith("."),
  );
  const found = await Promise.all(
    owners.map(async (owner) => {
      const names = (await readdir(join(dir, owner.name))).filter((name) => name.endsWith(".git"));
      return await Promise.all(
        names.map((name) => openRepository({ dir, owner: owner.name, name: name.slice(0, -4) }, log)),
      );
    }),
  );
  return found.flat().filter((repository) => repository !== undefined);
}

async function openRepository({ dir, owner, name }: { dir: string; owner: string; name: string }, log: Log) {
  const gitDir = join(dir, owner, `${name}.git`);
  await removeLeftovers(gitDir);
  const facts = await readFacts(gitDir);
  if (facts === undefined) return await adopt(gitDir, { owner, name }, log);
  const key = repositoryKey(facts.owner, facts.name);
  if (key === repositoryKey(owner, name)) return { facts, gitDir };
  // A rename that did not get to its end.
  const target = join(dir, `${key}.git`);
  await rename(gitDir, target);
  return { facts, gitDir: target };
}

/** Somebody put a bare repository here by hand, or its description was damaged. It gets an id later. */
async function adopt(gitDir: string, { owner, name }: RepositoryName, log: Log) {
  const head = await readFile(join(gitDir, "HEAD"), "utf8").catch(() => "");
  const [, defaultBranch] = /^ref: refs\/heads\/(.+)$/m.exec(head) ?? [];
  if (defaultBranch === undefined || !isOwnerName(owner) || !isRepositoryName(name)) {
    log.warn("Not a repository, left alone", { path: gitDir });
    return undefined;
  }
  const time = new Date().toISOString();
  const facts = { ...blankFacts({ owner, name, time }), private: true, defaultBranch };
  log.warn("A repository without a description was taken in as a private one", { path: gitDir });
  return { facts, gitDir };
}
