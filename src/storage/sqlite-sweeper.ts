import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Log } from "../lib/index.ts";
import { inTransaction, readPragma } from "./sqlite-file.ts";
import type { Entry } from "./store.ts";

/**
 * Garbage that may lie in the file: 4 MiB, or half of all rows' bytes in a large file. The rows of a page go out of use at
 * different times and each visit to a page costs the same, so that rare visits, which find several rows, cost a third.
 */
const garbageBytesKept = 4 * 2 ** 20;
const garbagePartKept = 1 / 2;
/** Of a row, besides key and value. */
const rowOverheadBytes = 16;

/**
 * Rows deleted in one turn of the event loop, many of them in a page of their own: 2 to 3 ms. When many wait it is a part
 * of them, so that they cannot come faster than they go.
 */
const sweepRows = 64;
const sweepPart = 1 / 128;

/** Free pages that stay in the file for the next writes: 4 MiB, or a quarter of a large file. */
const freePagesKept = 256;
const freePartKept = 1 / 4;
/** Pages given back to the file system in one turn of the event loop: about 3 ms. */
const vacuumPages = 16;

/** Removes from the database of a store what nobody needs any more, a little in each turn of the event loop. */
export class SqliteSweeper {
  readonly #database: DatabaseSync;
  readonly #log: Log;
  readonly #delete: StatementSync;
  readonly #compact: StatementSync;

  /** Of all rows but those that are being deleted. */
  #rowsBytes = 0;
  /** Rows to delete some day, and what is in them. */
  #garbage: number[] = [];
  #garbageBytes = 0;
  /** Rows being deleted, oldest first: a delete that went before what it deletes would bring that back after a crash. */
  #rows: number[] = [];
  /** What the file has still to be told. */
  #compactedRevision: number | undefined;
  #next: NodeJS.Immediate | undefined;

  constructor(database: DatabaseSync, log: Log) {
    this.#database = database;
    this.#log = log;
    this.#delete = database.prepare("DELETE FROM log WHERE revision = ?");
    this.#compact = database.prepare("UPDATE compaction SET revision = ?");
  }

  /** Takes note of a row that is in the file now. */
  add(key: string, value: Uint8Array | undefined): void {
    this.#rowsBytes += rowBytes(key, value);
  }

  /**
   * Takes note of a write whose event is forgotten: nobody needs what was before it, nor itself if it is a delete.
   *
   * @param write its revision; to be called in the order of these
   */
  discard(write: { type: "put" | "delete"; revision: number; key: string; previous: Entry | undefined }): void {
    const { type, revision, key, previous } = write;
    if (previous !== undefined) this.#addGarbage(previous.modRevision, rowBytes(key, previous.value));
    if (type === "delete") this.#addGarbage(revision, rowBytes(key, undefined));
  }

  /** Goes to work if it is worthwhile. Everything up to `compactedRevision` that can be discarded has been. */
  sweep(compactedRevision: number): void {
    this.#compactedRevision = compactedRevision;
    this.#soon();
  }

  /** Leaves the rows for next time, but not what is forgotten. */
  close(): void {
    clearImmediate(this.#next);
    if (this.#compactedRevision === undefined) return;
    this.#rows = [];
    this.#try(() => this.#deleteRows());
  }

  #addGarbage(revision: number, sizeBytes: number): void {
    this.#garbage.push(revision);
    this.#garbageBytes += sizeBytes;
  }

  #soon(): void {
    this.#next ??= setImmediate(() => {
      this.#next = undefined;
      this.#step();
    });
  }

  /** Does a little of the work. */
  #step(): void {
    this.#try(() => {
      if (this.#rows.length === 0 && this.#garbageIsTooMuch()) this.#startRound();
      if (this.#rows.length > 0 || this.#compactedRevision !== undefined) this.#deleteRows();
      else this.#database.exec(`PRAGMA incremental_vacuum(${vacuumPages})`);
      if (this.#rows.length > 0 || this.#freeIsTooMuch()) this.#soon();
    });
  }

  /** The next write that is made durable, or closing, makes this so, too. What fails is left for later. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.warn("Cannot remove old revisions from the store for now", { error });
    }
  }

  #startRound(): void {
    this.#rows = this.#garbage.sort((a, b) => a - b);
    this.#rowsBytes -= this.#garbageBytes;
    this.#garbage = [];
    this.#garbageBytes = 0;
  }

  #deleteRows(): void {
    const waiting = this.#rows.length + this.#garbage.length;
    const rows = this.#rows.slice(0, Math.max(sweepRows, waiting * sweepPart));
    inTransaction(this.#database, () => {
      if (this.#compactedRevision !== undefined) this.#compact.run(this.#compactedRevision);
      for (const revision of rows) this.#delete.run(revision);
    });
    this.#rows.splice(0, rows.length);
    this.#compactedRevision = undefined;
  }

  #garbageIsTooMuch(): boolean {
    return this.#garbageBytes > Math.max(garbageBytesKept, this.#rowsBytes * garbagePartKept);
  }

  #freeIsTooMuch(): boolean {
    const pages = readPragma(this.#database, "page_count");
    return readPragma(this.#database, "freelist_count") > Math.max(freePagesKept, pages * freePartKept);
  }
}

function rowBytes(key: string, value: Uint8Array | undefined): number {
  return rowOverheadBytes + key.length + (value?.byteLength ?? 0);
}
