import { type Log, silentLog } from "../lib/index.ts";
import { type HistoryOptions, JournaledStore } from "./journaled-store.ts";
import { openSqliteFile, type Synchronous } from "./sqlite-file.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { SqliteSweeper } from "./sqlite-sweeper.ts";
import type { Store } from "./store.ts";

export type SqliteStoreOptions = HistoryOptions & {
  /** Made when it is absent; its directory must be there. Beside it SQLite keeps a file with `-wal` added to the name. */
  file: string;
  /** `full`, the default: an acknowledged write survives a power loss. `normal`: only that of this process. */
  synchronous?: Synchronous;
  log?: Log;
};

/**
 * A store in one SQLite file, which nobody else can open meanwhile. Everything is in memory as well; the history goes on
 * where it was when the file was closed.
 *
 * @throws {StoreError} (rejects) when the file cannot be used. Later the writes reject with it that the disk refuses;
 *   the store goes on and tries again with the next ones.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, synchronous = "full", log = silentLog } = options;
  const startMs = performance.now();
  const database = openSqliteFile(file, synchronous);
  try {
    const journal = new SqliteJournal(file, database, new SqliteSweeper(database, synchronous, log.with({ file })));
    const recovered = journal.recover();
    const { entries, events, revision } = recovered;
    const tookMs = Math.round(performance.now() - startMs);
    log.debug("Store opened", { file, keys: entries.size, events: events.length, revision, tookMs });
    return new JournaledStore(options, journal, recovered);
  } catch (error) {
    database.close();
    throw error;
  }
}
