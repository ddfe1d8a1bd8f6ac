import type { DatabaseSync, StatementSync } from "node:sqlite";
import { eventKey, eventRevision } from "./history.ts";
import type { Journal, Recovered } from "./journal.ts";
import type { LogSync } from "./log-sync.ts";
import { inTransaction } from "./sqlite-file.ts";
import type { SqliteSweeper } from "./sqlite-sweeper.ts";
import type { Entry, StoreEvent } from "./store.ts";
import { StoreError, storeErrorFrom } from "./store-error.ts";

/** The log of a store in its database. */
export class SqliteJournal implements Journal {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #sweeper: SqliteSweeper;
  readonly #insert: StatementSync;
  readonly #log: LogSync | undefined;

  /** @param log without it, writes are durable in SQLite's own time */
  constructor(file: string, database: DatabaseSync, sweeper: SqliteSweeper, log?: LogSync) {
    this.#file = file;
    this.#log = log;
    this.#database = database;
    this.#sweeper = sweeper;
    this.#insert = database.prepare("INSERT INTO log VALUES (?, ?, ?, ?)");
  }

  /**
   * Reads everything; to be called once, before anything else.
   *
   * @throws {StoreError}
   */
  recover(): Recovered {
    try {
      return this.#replay(this.#readCompactedRevision());
    } catch (cause) {
      throw storeErrorFrom(`open ${this.#file}`, cause);
    }
  }

  append(events: readonly StoreEvent[]): void {
    try {
      inTransaction(this.#database, () => {
        for (const event of events) this.#write(event);
      });
    } catch (cause) {
      throw storeErrorFrom(`write ${this.#file}`, cause);
    }
    for (const event of events) {
      this.#sweeper.add(eventKey(event), event.type === "put" ? event.entry.value : undefined);
    }
  }

  sync(): Promise<void> | undefined {
    return this.#log?.sync();
  }

  forget(events: readonly StoreEvent[], compactedRevision: number): void {
    for (const event of events) {
      const { type, previous } = event;
      this.#sweeper.discard({ type, revision: eventRevision(event), key: eventKey(event), previous });
    }
    this.#sweeper.sweep(compactedRevision);
  }

  close(): void {
    this.#sweeper.close();
    this.#database.close();
    this.#log?.close();
  }

  #write(event: StoreEvent): void {
    const value = event.type === "put" ? event.entry.value : null;
    const { createRevision } = event.type === "put" ? event.entry : event.previous;
    this.#insert.run(eventRevision(event), eventKey(event), value, createRevision);
  }

  #readCompactedRevision(): number {
    const revision = this.#database.prepare("SELECT revision FROM compaction").get()?.["revision"];
    if (typeof revision !== "number") throw this.#damaged("it does not say what is compacted");
    return revision;
  }

  #replay(compactedRevision: number): Recovered {
    const entries = new Map<string, Entry>();
    const events: StoreEvent[] = [];
    let revision = compactedRevision;
    for (const row of this.#readRows()) {
      const { key, value } = row;
      const previous = entries.get(key);
      const entry = entryOf(row);
      revision = row.revision;
      if (entry === undefined) entries.delete(key);
      else entries.set(key, entry);
      this.#sweeper.add(key, value);
      if (revision > compactedRevision) events.push(this.#eventOf(row, entry, previous));
      else this.#sweeper.discard({ type: entry === undefined ? "delete" : "put", revision, key, previous });
    }
    return { revision, compactedRevision, entries, events };
  }

  *#readRows(): Generator<Row, void> {
    const rows = this.#database.prepare("SELECT revision, key, value, create_revision FROM log ORDER BY revision");
    // A third faster than objects.
    rows.setReturnArrays(true);
    for (const row of rows.iterate()) yield this.#parseRow(row);
  }

  #parseRow(row: unknown): Row {
    const [revision, key, value, createRevision]: unknown[] = Array.isArray(row) ? row : [];
    if (typeof revision !== "number" || typeof key !== "string" || typeof createRevision !== "number") {
      throw this.#damaged(`revision ${revision} is no write`);
    }
    if (value !== null && !(value instanceof Uint8Array)) throw this.#damaged(`revision ${revision} is no write`);
    return { revision, key, value: value ?? undefined, createRevision };
  }

  #eventOf(row: Row, entry: Entry | undefined, previous: Entry | undefined): StoreEvent {
    const { revision, key, createRevision } = row;
    if (entry === undefined && previous?.createRevision === createRevision) {
      return { type: "delete", key, revision, previous };
    }
    if (entry !== undefined && (previous?.createRevision ?? revision) === createRevision) {
      return { type: "put", entry, previous };
    }
    throw this.#damaged(`what was there before revision ${revision} is missing`);
  }

  #damaged(why: string): StoreError {
    return new StoreError("corrupt", `open ${this.#file}`, why);
  }
}

/** No value means a delete. */
type Row = { revision: number; key: string; value: Uint8Array | undefined; createRevision: number };

function entryOf({ key, value, createRevision, revision }: Row): Entry | undefined {
  return value === undefined ? undefined : { key, value, createRevision, modRevision: revision };
}
