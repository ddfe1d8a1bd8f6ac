import type { Entry, StoreEvent } from "./store.ts";

/** Where writes are made durable. Its calls are made one after the other, never from inside one another. */
export type Journal = {
  /**
   * Makes events durable, all or none, before it returns.
   *
   * @throws {StoreError} when none of them is
   */
  append(events: readonly StoreEvent[]): void;

  /**
   * Takes note that the history up to and including `compactedRevision` is forgotten, and gets rid of it in its own time.
   *
   * @param events what is forgotten since the last call, oldest first
   */
  forget(events: readonly StoreEvent[], compactedRevision: number): void;

  close(): void;
};

/** What a journal knew when it was opened. */
export type Recovered = {
  /** Of the last write it has ever made durable. */
  revision: number;
  compactedRevision: number;
  entries: Map<string, Entry>;
  /** All after `compactedRevision`, oldest first. */
  events: StoreEvent[];
};
