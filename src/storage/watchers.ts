import { eventKey } from "./history.ts";
import type { StoreEvent } from "./store.ts";

type Listener = (events: readonly StoreEvent[]) => void;
type Watcher = { prefix: string; listener: Listener; events: StoreEvent[]; active: boolean };

/** Who is to be told of which keys. An event looks only at the watchers of the folders that its key lies in. */
export class Watchers {
  /** By the part of the prefix up to and including its last slash. */
  readonly #byFolder = new Map<string, Set<Watcher>>();

  add(prefix: string, listener: Listener): Disposable {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const watcher: Watcher = { prefix, listener, events: [], active: true };
    const watchers = this.#byFolder.get(folder) ?? new Set();
    this.#byFolder.set(folder, watchers.add(watcher));
    return {
      [Symbol.dispose]: () => {
        watcher.active = false;
        watchers.delete(watcher);
        if (watchers.size === 0 && this.#byFolder.get(folder) === watchers) this.#byFolder.delete(folder);
      },
    };
  }

  /** Tells everybody, each in one call. Who is added meanwhile is not told; who is disposed of meanwhile no longer. */
  tell(events: readonly StoreEvent[]): void {
    const concerned = new Set<Watcher>();
    for (const event of events) {
      for (const watcher of this.#watchersOf(eventKey(event))) {
        watcher.events.push(event);
        concerned.add(watcher);
      }
    }
    for (const watcher of concerned) {
      const batch = watcher.events;
      watcher.events = [];
      if (watcher.active) call(watcher.listener, batch);
    }
  }

  clear(): void {
    this.#byFolder.clear();
  }

  *#watchersOf(key: string): Generator<Watcher, void> {
    if (this.#byFolder.size === 0) return;
    for (let end = 0; ; ) {
      for (const watcher of this.#byFolder.get(key.slice(0, end)) ?? []) {
        if (key.startsWith(watcher.prefix)) yield watcher;
      }
      end = key.indexOf("/", end) + 1;
      if (end === 0) return;
    }
  }
}

/** A listener that throws is broken. That must come to light, but must not keep events from the others. */
function call(listener: Listener, events: readonly StoreEvent[]): void {
  try {
    listener(events);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
