import { existsSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Log, silentLog } from "../lib/index.ts";
import { type HistoryOptions, JournaledStore } from "./journaled-store.ts";
import { createLogSync } from "./log-sync.ts";
import { inTransaction, openSqliteFile } from "./sqlite-file.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { SqliteSweeper } from "./sqlite-sweeper.ts";
import type { Store } from "./store.ts";
import { StoreError, storeErrorFrom } from "./store-error.ts";

export type SqliteStoreOptions = HistoryOptions & {
  /** Made when it is absent; its directory must be there. Beside it SQLite keeps a file with `-wal` added to the name. */
  file: string;
  /** `full`, the default: an acknowledged write survives a power loss. `normal`: only that of this process. */
  synchronous?: "full" | "normal";
  log?: Log;
};

/** A store in a file. */
export type SqliteStore = Store & {
  /**
   * Writes what is published now into another database, without the history, while reads and writes go on.
   *
   * @param file must not exist
   * @throws {StoreError}
   */
  backup(file: string): Promise<void>;
};

/** Rows written in one turn of the event loop: about five milliseconds. */
const backupRows = 500;

/**
 * A store in one SQLite file, which nobody else can open meanwhile. Everything is in memory as well; the history goes on
 * where it was when the file was closed.
 *
 * @throws {StoreError} (rejects) when the file cannot be used. Later the writes reject with it that the disk refuses;
 *   the store goes on and tries again with the next ones.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { file, synchronous = "full", log = silentLog } = options;
  const startMs = performance.now();
  const database = openSqliteFile(file);
  try {
    const journal = new SqliteJournal(
      file,
      database,
      new SqliteSweeper(database, log.with({ file })),
      synchronous === "full" ? createLogSync(file) : undefined,
    );
    const recovered = journal.recover();
    const { entries, events, revision } = recovered;
    const tookMs = Math.round(performance.now() - startMs);
    log.debug("Store opened", { file, keys: entries.size, events: events.length, revision, tookMs });
    const store = new JournaledStore(options, journal, recovered);
    return Object.assign(store, { backup: async (copy: string) => await backup(store, copy) });
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Writes what the store holds now, which is in memory and never changes, into a database of its own. SQLite's own copying of a
 * database that is being written begins anew with each write, or fails.
 */
async function backup(store: Store, copy: string): Promise<void> {
  const what = `write ${copy}`;
  const { entries, revision } = store.range("/");
  if (existsSync(copy)) throw new StoreError("io", what, "it is there already");
  let database: DatabaseSync | undefined;
  try {
    const opened = openSqliteFile(copy);
    database = opened;
    const insert = opened.prepare("INSERT INTO log VALUES (?, ?, ?, ?)");
    const inOrder = entries.toSorted((a, b) => a.modRevision - b.modRevision);
    for (let from = 0; from < inOrder.length; from += backupRows) {
      inTransaction(opened, () => {
        for (const { modRevision, key, value, createRevision } of inOrder.slice(from, from + backupRows))
          insert.run(modRevision, key, value, createRevision);
      });
      await nextTurn();
    }
    // The history stays behind: who watches has to list again.
    opened.prepare("UPDATE compaction SET revision = ?").run(revision);
    opened.close();
  } catch (cause) {
    if (database?.isOpen) database.close();
    for (const file of [copy, `${copy}-wal`]) rmSync(file, { force: true });
    throw storeErrorFrom(what, cause);
  }
}
