import { type Environment, endOfGit, type GitProcess, spawnGit, stopGit } from "./git-process.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";
export type ObjectInfo = { oid: string; type: ObjectType; sizeBytes: number };
export type GitObject = ObjectInfo & { bytes: Buffer };

/**
 * Reads objects of one repository. A name is what git takes for one, `<oid>` or `refs/heads/main^{commit}`, without
 * line breaks; it is looked up anew each time. A name that means nothing, or several things, gives `undefined`.
 */
export type ObjectReader = {
  info(name: string): Promise<ObjectInfo | undefined>;
  /** The whole object in memory: ask for its size first when it may be large. */
  read(name: string): Promise<GitObject | undefined>;
};

/** Readers for any number of repositories on a bounded number of `git cat-file` processes. */
export type ObjectReaders = AsyncDisposable & {
  of(gitDir: string): ObjectReader;
  /** Ends the processes of a repository, before it is moved or removed. */
  close(gitDir: string): Promise<void>;
};

/** Two for each of 24 repositories read at the same time; a process takes about 5 MB. */
const processesMax = 48;
const idleMs = 30_000;

type Mode = "--batch" | "--batch-check";
type Pending = { resolve: (object: GitObject | undefined) => void; reject: (error: Error) => void };
type Batch = {
  gitDir: string;
  pending: Pending[];
  /** @returns whether it took the question: one that is being closed does not */
  ask(name: string, pending: Pending): boolean;
  stop(): Promise<void>;
};

export function openObjectReaders(environment: Environment): ObjectReaders {
  /** By mode and directory, the least recently used first. */
  const batches = new Map<string, Batch>();
  let waiting: (() => void)[] = [];
  let closed = false;

  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };

  const batchOf = async (mode: Mode, gitDir: string): Promise<Batch> => {
    const key = `${mode} ${gitDir}`;
    for (;;) {
      if (closed) throw new Error(`Cannot read ${gitDir}: the repositories are closed`);
      const known = batches.get(key);
      if (known !== undefined) {
        batches.delete(key);
        batches.set(key, known);
        return known;
      }
      if (batches.size < processesMax) break;
      const idle = [...batches].find(([, batch]) => batch.pending.length === 0);
      if (idle !== undefined) {
        batches.delete(idle[0]);
        void idle[1].stop();
        break;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const batch = startBatch(environment, mode, gitDir, {
      onIdle: wake,
      onEnd: () => {
        if (batches.get(key) === batch) batches.delete(key);
        wake();
      },
    });
    batches.set(key, batch);
    return batch;
  };

  const ask = async (mode: Mode, gitDir: string, name: string): Promise<GitObject | undefined> => {
    if (/[\n\0]/.test(name)) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<GitObject | undefined>();
    // Between finding one and asking it somebody else may have closed it to make room.
    while (!(await batchOf(mode, gitDir)).ask(name, { resolve, reject }));
    return await promise;
  };

  const stopAll = async (chosen: (batch: Batch) => boolean) => {
    const stopped = [...batches].filter(([, batch]) => chosen(batch));
    for (const [key] of stopped) batches.delete(key);
    await Promise.all(stopped.map(([, batch]) => batch.stop()));
    wake();
  };

  return {
    of: (gitDir) => ({
      info: (name) => ask("--batch-check", gitDir, name),
      read: (name) => ask("--batch", gitDir, name),
    }),
    close: (gitDir) => stopAll((batch) => batch.gitDir === gitDir),
    async [Symbol.asyncDispose]() {
      closed = true;
      await stopAll(() => true);
    },
  };
}

function startBatch(
  environment: Environment,
  mode: Mode,
  gitDir: string,
  on: { onIdle: () => void; onEnd: () => void },
): Batch {
  const child = spawnGit(["cat-file", mode], { environment, gitDir });
  const pending: Pending[] = [];
  let idle: NodeJS.Timeout | undefined;
  let stopping = false;

  const answer = (object: GitObject | undefined) => {
    pending.shift()?.resolve(object);
    if (pending.length > 0) return;
    idle = setTimeout(() => {
      stopping = true;
      on.onEnd();
      child.stdin.end();
    }, idleMs);
    idle.unref();
    on.onIdle();
  };
  const end = endOfGit(child)
    .then(
      ({ exitCode, stderr }) =>
        new Error(`Cannot read ${gitDir}: git cat-file ended with exit code ${exitCode ?? "none"}: ${stderr.trim()}`),
    )
    .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    .then((error) => {
      clearTimeout(idle);
      on.onEnd();
      for (const { reject } of pending.splice(0)) reject(error);
    });
  child.stdin.on("error", () => {});
  readAnswers(child, mode === "--batch", answer);

  return {
    gitDir,
    pending,
    ask(name, waiter) {
      if (stopping) return false;
      clearTimeout(idle);
      pending.push(waiter);
      child.stdin.write(name + "\n");
      return true;
    },
    async stop() {
      stopping = true;
      if (pending.length > 0) stopGit(child);
      child.stdin.end();
      await end;
    },
  };
}

/** Cuts the output of `git cat-file --batch` into objects: `<oid> <type> <size>`, then the bytes and a line break. */
function readAnswers(child: GitProcess, withContents: boolean, answer: (object: GitObject | undefined) => void): void {
  let head: Buffer = Buffer.alloc(0);
  let object: GitObject | undefined;
  let filled = 0;

  const take = (chunk: Buffer): Buffer => {
    if (object === undefined) {
      const end = chunk.indexOf(10);
      if (end < 0) {
        head = Buffer.concat([head, chunk]);
        return Buffer.alloc(0);
      }
      const line = Buffer.concat([head, chunk.subarray(0, end)]).toString();
      head = Buffer.alloc(0);
      const info = parseHeader(line);
      if (info === undefined || !withContents) answer(info && { ...info, bytes: Buffer.alloc(0) });
      else object = { ...info, bytes: Buffer.allocUnsafe(info.sizeBytes) };
      return chunk.subarray(end + 1);
    }
    const copied = chunk.copy(object.bytes, filled);
    filled += copied;
    if (filled < object.sizeBytes || copied === chunk.byteLength) return chunk.subarray(copied);
    // The line break after the contents.
    const complete = object;
    object = undefined;
    filled = 0;
    answer(complete);
    return chunk.subarray(copied + 1);
  };
  child.stdout.on("data", (chunk: Buffer) => {
    let rest = chunk;
    while (rest.byteLength > 0) rest = take(rest);
  });
}

function parseHeader(line: string): ObjectInfo | undefined {
  const [oid, type, size] = line.split(" ");
  if (oid === undefined || size === undefined || !/^[0-9a-f]{40,64}$/.test(oid) || !/^\d+$/.test(size))
    return undefined;
  if (type !== "commit" && type !== "tree" && type !== "blob" && type !== "tag") return undefined;
  return { oid, type, sizeBytes: Number(size) };
}
