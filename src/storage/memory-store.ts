import { type HistoryOptions, JournaledStore } from "./journaled-store.ts";
import type { Store } from "./store.ts";

/** A store that ends with the process: for tests and simulations. In all else it behaves like the SQLite store. */
export function openMemoryStore(options: HistoryOptions = {}): Store {
  return new JournaledStore(options);
}
