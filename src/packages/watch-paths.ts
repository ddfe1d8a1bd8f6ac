import { statSync } from "node:fs";
import { type TreeEvents, watchTree } from "./watch-tree.ts";

/** Editors save in several steps (write, rename, chmod); one look after the last of them is enough. */
const settleMs = 40;
/** How soon to look again for a path that is not there, or that a watch was lost on. */
const missingMs = 500;

/** Watches directories and files for changes. Each path is watched once, however many ask for it. */
export type PathWatches = Disposable & {
  /** Makes the watched paths exactly these, for one owner. `onChange` is called soon after something below one changed. */
  set(owner: string, paths: readonly string[], onChange: () => void): void;
};

export function openPathWatches(): PathWatches {
  const byOwner = new Map<string, Map<string, Disposable>>();
  return {
    set(owner, paths, onChange) {
      const current = byOwner.get(owner) ?? new Map<string, Disposable>();
      for (const [path, watching] of current) {
        if (paths.includes(path)) continue;
        watching[Symbol.dispose]();
        current.delete(path);
      }
      for (const path of paths) if (!current.has(path)) current.set(path, watchPath(path, onChange));
      if (current.size > 0) byOwner.set(owner, current);
      else byOwner.delete(owner);
    },
    [Symbol.dispose]() {
      for (const watches of byOwner.values()) for (const watching of watches.values()) watching[Symbol.dispose]();
      byOwner.clear();
    },
  };
}

/** Follows one path, also while it does not exist, and when it is replaced by another file or directory. */
function watchPath(path: string, onChange: () => void): Disposable {
  let watcher: Disposable | undefined;
  let identity: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let stopped = false;

  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      attach();
      onChange();
    }, settleMs);
  };
  const attach = () => {
    if (stopped) return;
    const now = identityOf(path);
    if (watcher !== undefined && now === identity) return;
    watcher?.[Symbol.dispose]();
    watcher = undefined;
    clearTimeout(poll);
    identity = now;
    if (now !== undefined) watcher = openWatcher(path, { onChange: changed, onLost: lost });
    if (watcher === undefined) poll = setTimeout(look, missingMs).unref();
  };
  const look = () => {
    if (identityOf(path) === undefined) poll = setTimeout(look, missingMs).unref();
    else changed();
  };
  const lost = () => {
    watcher?.[Symbol.dispose]();
    watcher = undefined;
    identity = undefined;
    if (!stopped) changed();
  };
  attach();
  return {
    [Symbol.dispose]() {
      stopped = true;
      watcher?.[Symbol.dispose]();
      clearTimeout(timer);
      clearTimeout(poll);
    },
  };
}

function openWatcher(path: string, events: TreeEvents): Disposable | undefined {
  try {
    return watchTree(path, events);
  } catch {
    return undefined;
  }
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
