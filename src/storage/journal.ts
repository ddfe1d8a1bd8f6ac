import type { Entry, StoreEvent } from "./store.ts";

/** Where writes are made durable. Its calls are made one after the other, never from inside one another. */
export type Journal = {
  /**
   * Writes events down, all or none.
   *
   * @throws {StoreError} when none of them is written; the next ones may be
   */
  append(events: readonly StoreEvent[]): void;

  /**
   * Makes what has been written durable.
   *
   * @returns resolves when it is; `undefined` when it is already
   * @throws {StoreError} (rejects) when that is not certain: what is on the disk is known only after the next start
   */
  sync(): Promise<void> | undefined;

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
