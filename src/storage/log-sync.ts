import { closeSync, fsync, openSync } from "node:fs";
import { storeErrorFrom } from "./store-error.ts";

/**
 * Makes what SQLite has written to its log durable, without keeping the event loop waiting for the disk as SQLite itself
 * would: on a laptop's disk a sync takes as long as twenty requests. SQLite runs with `synchronous = NORMAL`, which keeps the
 * file whole whatever happens; a commit counts when the log behind it is on the disk.
 */
export type LogSync = {
  /** Resolves when everything that is written now is on the disk. @throws {StoreError} (rejects) when that is not certain */
  sync(): Promise<void>;
  close(): void;
};

/** @param file the database; its log is beside it once something has been written */
export function createLogSync(file: string): LogSync {
  let descriptor: number | undefined;
  return {
    async sync() {
      // SQLite writes the same file on for as long as the database is open. On macOS this asks the disk itself, too.
      descriptor ??= openSync(`${file}-wal`, "r");
      const log = descriptor;
      await new Promise<void>((resolve, reject) => {
        fsync(log, (error) => (error === null ? resolve() : reject(storeErrorFrom(`write ${file}`, error))));
      });
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
