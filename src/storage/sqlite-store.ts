import { closeSync, openSync } from "node:fs";
import { backup } from "node:sqlite";
import { type Log, silentLog } from "../lib/index.ts";
import { type HistoryOptions, JournaledStore } from "./journaled-store.ts";
import { createLogSync } from "./log-sync.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { SqliteSweeper } from "./sqlite-sweeper.ts";
import type { Store } from "./store.ts";
import { storeErrorFrom } from "./store-error.ts";

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
   * Writes a copy of the whole database, as it is at one moment of the copying, while reads and writes go on.
   *
   * @param file must not exist
   * @throws {StoreError}
   */
  backup(file: string): Promise<void>;
};

/** Pages copied in one step, 1.6 MB, between which others are served. */
const backupPages = 100;

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
    return Object.assign(new JournaledStore(options, journal, recovered), {
      async backup(copy: string) {
        const what = `write ${copy}`;
        try {
          // It holds secrets, as the database does.
          closeSync(openSync(copy, "wx", 0o600));
          await backup(database, copy, { rate: backupPages });
        } catch (cause) {
          throw storeErrorFrom(what, cause);
        }
      },
    });
  } catch (error) {
    database.close();
    throw error;
  }
}
