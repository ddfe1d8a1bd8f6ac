import { accessSync, closeSync, constants, existsSync, linkSync, openSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { removeDrafts } from "../lib/index.ts";
import { StoreError, storeErrorFrom } from "./store-error.ts";

/** "Skif", in the header of each file of ours, so that nobody else's database is taken for one. */
const applicationId = 0x536b6966;
/** The newest layout that this version knows; there are no older ones. */
const schemaVersion = 1;

/**
 * `log` has one row for each write whose value or event is still wanted. `value` is NULL for a delete, whose
 * `create_revision` is that of what it deleted. Rows are only ever added at the end.
 *
 * `compaction` has one row: up to which revision the history is forgotten. Of the rows up to there only the last one of each
 * key counts, and that not when it is a delete; the others may be missing.
 *
 * Pages of 16 KiB hold seven objects of 2 KB, those of 4 KiB one: that makes twice as many writes in a second, and
 * a file of half the size.
 */
const schema = `
  PRAGMA page_size = 16384;
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
  CREATE TABLE log (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, create_revision INTEGER NOT NULL);
  CREATE TABLE compaction (revision INTEGER NOT NULL);
  INSERT INTO compaction VALUES (0);
`;

/** In pages, 6.4 MB: what a commit now and then copies into the database. More makes the slowest writes slower, less all. */
const checkpointPages = 400;

/** What stays of a log that one large transaction has made long. */
const logBytesKept = 16 * 2 ** 20;

/**
 * Opens the database of a store, and makes it when there is none. No other process can open it from then on.
 *
 * @throws {StoreError}
 */
export function openSqliteFile(file: string): DatabaseSync {
  const what = `open ${file}`;
  let database: DatabaseSync | undefined;
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) createFile(file, what);
    else if (!stat.isFile()) throw new StoreError("io", what, "it is not a file");
    // One of ours is never empty. SQLite would take it for a new database, and everything would be gone without a word.
    else if (stat.size === 0) throw new StoreError("corrupt", what, "it is empty");
    accessSync(file, constants.R_OK | constants.W_OK);

    database = new DatabaseSync(file, { timeout: 0 });
    // Before anything else: it keeps others out, and lets SQLite do without shared memory.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    // Before anything is written: a database that is not ours stays as it is.
    checkVersion(database, what);
    removeDrafts(file, draftEnding);
    // On macOS only fullfsync asks the disk itself to write; elsewhere it changes nothing.
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA fullfsync = ON;
      PRAGMA wal_autocheckpoint = ${checkpointPages};
      PRAGMA journal_size_limit = ${logBytesKept};
      BEGIN IMMEDIATE;
      COMMIT;
    `);
    return database;
  } catch (cause) {
    database?.close();
    throw storeErrorFrom(what, cause);
  }
}

/** What follows the process id in the name of a database that is being made, and of what SQLite keeps beside it. */
const draftEnding = /\.new(-journal)?/;

/** Makes the database beside its place and then puts it there: it is there as a whole or not at all, also after a crash. */
function createFile(file: string, what: string): void {
  // SQLite would write what is left of another database into the new one.
  if (existsSync(`${file}-wal`)) throw new StoreError("corrupt", what, `it is gone, but ${file}-wal is still there`);
  const draft = `${file}.${process.pid}.new`;
  rmSync(draft, { force: true });
  try {
    // It holds secrets.
    closeSync(openSync(draft, "wx", 0o600));
    const database = new DatabaseSync(draft);
    try {
      database.exec(schema);
    } finally {
      database.close();
    }
    linkSync(draft, file);
  } catch (error) {
    // Somebody else has just made it, and will have it locked.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function checkVersion(database: DatabaseSync, what: string): void {
  if (readPragma(database, "application_id") !== applicationId) {
    throw new StoreError("corrupt", what, "it is a database of another program");
  }
  const version = readPragma(database, "user_version");
  if (version > schemaVersion) {
    throw new StoreError("newer-version", what, `its format is ${version}, and this version knows ${schemaVersion}`);
  }
  if (version < schemaVersion) throw new StoreError("corrupt", what, `its format ${version} has never existed`);
}

/** The value of a pragma that is a number. */
export function readPragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** All of `work` or, when anything of it fails, nothing. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  try {
    database.exec("BEGIN IMMEDIATE");
    work();
    database.exec("COMMIT");
  } catch (error) {
    // SQLite has already rolled back when the disk is full.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
