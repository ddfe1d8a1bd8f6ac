import { type FSWatcher, lstatSync, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";

export type TreeEvents = {
  onChange: () => void;
  /** The watch is closed and sees nothing any more. */
  onLost: () => void;
};

/**
 * Watches a file, or a directory and all that is below it except `.git` and what links lead to.
 *
 * Where the system watches no trees, each directory is watched by itself: Node's own recursive watch loses sight of a file there
 * as soon as another is renamed over it, which is how editors save.
 *
 * @throws {Error} when the path cannot be watched
 */
export function watchTree(path: string, events: TreeEvents): Disposable {
  if (process.platform === "darwin" || process.platform === "win32") {
    const watcher = watch(path, { recursive: true, persistent: false });
    watcher.on("change", events.onChange);
    watcher.on("error", () => {
      watcher.close();
      events.onLost();
    });
    return { [Symbol.dispose]: () => watcher.close() };
  }
  const tree = new DirectoryWatches(events);
  try {
    tree.add(path);
  } catch (error) {
    tree[Symbol.dispose]();
    throw error;
  }
  return tree;
}

class DirectoryWatches implements Disposable {
  readonly #events: TreeEvents;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(events: TreeEvents) {
    this.#events = events;
  }

  /** What is made in a directory after its watch began is told by an event, what was there before is listed. */
  add(path: string): void {
    const watcher = watch(path, { persistent: false });
    this.#watchers.set(path, watcher);
    watcher.on("change", (type, name) => {
      if (type === "rename" && name !== null) this.#lookAgain(join(path, name.toString()));
      this.#events.onChange();
    });
    watcher.on("error", () => this.#lose());
    // The watched path itself may be a link.
    if (!statSync(path).isDirectory()) return;
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory() && entry.name !== ".git") this.#addBelow(join(path, entry.name));
  }

  /** Something was made, removed or replaced. */
  #lookAgain(path: string): void {
    for (const [known, watcher] of this.#watchers) {
      if (known !== path && !known.startsWith(`${path}/`)) continue;
      watcher.close();
      this.#watchers.delete(known);
    }
    if (path.endsWith("/.git") || !isDirectory(path)) return;
    try {
      this.#addBelow(path);
    } catch {
      this.#lose();
    }
  }

  #addBelow(path: string): void {
    try {
      this.add(path);
    } catch (error) {
      // Gone again, or for others only: reading the directory says so.
      if (!(error instanceof Error && "code" in error && ["ENOENT", "EACCES"].includes(String(error.code))))
        throw error;
      this.#watchers.get(path)?.close();
      this.#watchers.delete(path);
    }
  }

  #lose(): void {
    this[Symbol.dispose]();
    this.#events.onLost();
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}
