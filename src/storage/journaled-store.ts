import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { eventKey, eventRevision, History, type HistoryBounds } from "./history.ts";
import type { Journal, Recovered } from "./journal.ts";
import { compareKeys, compareWith, SortedKeys } from "./keys.ts";
import { CompareError, type Entry, type Page, type Store, type StoreEvent } from "./store.ts";
import { Watchers } from "./watchers.ts";

/** How much of the past a store keeps; whichever bound is reached first counts. */
export type HistoryOptions = {
  /** How long events are kept at least, and half as long again at most; `Infinity` is for ever. Default 5 minutes. */
  keepHistoryMs?: number;
  /** Default 102,400 events. */
  historyEventsMax?: number;
  /** Default 64 MiB. */
  historySizeBytesMax?: number;
};

/** kube-apiserver compacts etcd every five minutes (`--etcd-compaction-interval`); clients are used to that much. */
const keepHistoryMsDefault = 5 * 60_000;
/** What kube-apiserver's watch cache keeps at most of one resource (`defaultUpperBoundCapacity`, 100 × 1024). */
const historyEventsMaxDefault = 100 * 1024;
/** 30,000 replaced values of 2 KB: five minutes at 100 updates a second, in memory that a small machine can spare. */
const historySizeBytesMaxDefault = 64 * 2 ** 20;

/** Fewer writes than this are not worth a transaction before the others of their turn. */
const earlyWritesMin = 4;

/** A write that is accepted. */
type Write = { event: StoreEvent; resolve: () => void; reject: (error: unknown) => void };

/** A store that answers from memory and, with a journal, acknowledges only what its journal has made durable. */
export class JournaledStore implements Store {
  readonly #journal: Journal | undefined;
  readonly #entries: Map<string, Entry>;
  readonly #keys: SortedKeys;
  /** How many keys there are of each `/<cluster>/<resource>/`: most writes ask whether there is any of a few. */
  readonly #counts = new Map<string, number>();
  readonly #history: History;
  readonly #watchers = new Watchers();
  #revision: number;

  /** Waiting for the flush: at the end of this turn of the event loop, or when the one before is durable. */
  #writes: Write[] = [];
  /** What the writes that are not published make of their keys; `undefined` where they delete. */
  readonly #accepted = new Map<string, { revision: number; entry: Entry | undefined }>();
  /** The flush whose writes are on their way to the disk. */
  #flushing: Promise<void> | undefined;
  #lastFlushed = 0;
  /** Why nothing can be written any more. */
  #failure: unknown;
  /** Never goes back, so that no revision is told to two writers even when the first one's write fails. */
  #acceptedRevision: number;

  readonly #keepHistoryMs: number;
  /** Revisions that were reached by then, oldest first: events carry no time. */
  readonly #marks: { revision: number; atMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: HistoryOptions, journal?: Journal, recovered?: Recovered) {
    const bounds: HistoryBounds = {
      eventsMax: options.historyEventsMax ?? historyEventsMaxDefault,
      sizeBytesMax: options.historySizeBytesMax ?? historySizeBytesMaxDefault,
    };
    this.#keepHistoryMs = options.keepHistoryMs ?? keepHistoryMsDefault;
    this.#journal = journal;
    this.#entries = recovered?.entries ?? new Map();
    this.#keys = new SortedKeys(this.#entries.keys());
    for (const key of this.#entries.keys()) this.#count(key, 1);
    this.#history = new History(bounds, recovered?.compactedRevision ?? 0);
    this.#revision = recovered?.revision ?? 0;
    this.#acceptedRevision = this.#revision;
    for (const event of recovered?.events ?? []) this.#history.push(event);
    this.#boundHistory();
  }

  get revision(): number {
    return this.#revision;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  latest(key: string): Entry | undefined {
    const accepted = this.#accepted.get(key);
    return accepted === undefined ? this.#entries.get(key) : accepted.entry;
  }

  range(prefix: string, options: { after?: string; limit?: number; revision?: number } = {}): Page {
    const { after, revision = this.#revision } = options;
    const limit = options.limit === undefined || options.limit === 0 ? Number.POSITIVE_INFINITY : options.limit;
    this.#assertReached(revision);
    const then = this.#history.undo(revision, prefix);
    const keys = this.#keysThen(then, { prefix, after, limit });
    const entries: Entry[] = [];
    for (const key of keys.page) {
      const entry = then.has(key) ? then.get(key) : this.#entries.get(key);
      assert(entry !== undefined, `${key} is in the index but not in the store`);
      entries.push(entry);
    }
    const remaining = keys.count - entries.length;
    return { entries, revision, more: remaining > 0, remaining };
  }

  count(prefix: string): number {
    return folderEnd(prefix) === prefix.length ? (this.#counts.get(prefix) ?? 0) : this.#keys.count(prefix);
  }

  put(key: string, expected: number, encode: (revision: number) => Uint8Array): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const previous = this.#expect(key, expected);
      const modRevision = this.#acceptedRevision + 1;
      const value = alone(encode(modRevision));
      assert(modRevision === this.#acceptedRevision + 1, "encode must not write to the store");
      const entry: Entry = { key, value, createRevision: previous?.createRevision ?? modRevision, modRevision };
      this.#accept({ event: { type: "put", entry, previous }, resolve: () => resolve(entry), reject });
    });
  }

  delete(key: string, expected: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const previous = this.#expect(key, expected);
      if (previous === undefined) throw new CompareError(key, undefined);
      const revision = this.#acceptedRevision + 1;
      this.#accept({ event: { type: "delete", key, revision, previous }, resolve: () => resolve(revision), reject });
    });
  }

  watch(prefix: string, afterRevision: number, listener: (events: readonly StoreEvent[]) => void): Disposable {
    this.#assertOpen();
    this.#assertReached(afterRevision);
    const missed = this.#history.since(afterRevision, prefix);
    if (missed.length > 0) listener(missed);
    return this.#watchers.add(prefix, listener);
  }

  compact(revision: number): void {
    this.#assertOpen();
    this.#assertReached(revision);
    this.#forget(revision);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Checks what a write expects, and gives what it replaces. */
  #expect(key: string, expected: number): Entry | undefined {
    this.#assertOpen();
    if (this.#failure !== undefined) throw this.#failure;
    if (!key.isWellFormed()) throw new TypeError(`Cannot store ${JSON.stringify(key)}: it has no UTF-8 form`);
    const current = this.latest(key);
    if ((current?.modRevision ?? 0) !== expected) throw new CompareError(key, current);
    return current;
  }

  #accept(write: Write): void {
    const { event } = write;
    if (this.#writes.length === 0 && this.#flushing === undefined) setImmediate(() => this.#flushWaiting());
    this.#writes.push(write);
    const revision = eventRevision(event);
    this.#acceptedRevision = revision;
    this.#accepted.set(eventKey(event), { revision, entry: event.type === "put" ? event.entry : undefined });
    // Clients that are answered together ask together again. Half of them on their way to the disk while the others are
    // worked on keep both busy.
    if (this.#journal !== undefined && this.#writes.length >= Math.max(earlyWritesMin, this.#lastFlushed / 2)) {
      this.#flushWaiting();
    }
  }

  #flushWaiting(): void {
    if (this.#flushing === undefined && this.#writes.length > 0) this.#flush();
  }

  #flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    this.#lastFlushed = writes.length;
    let durable: Promise<void> | undefined;
    try {
      this.#journal?.append(writes.map(({ event }) => event));
      durable = this.#journal?.sync();
    } catch (error) {
      this.#refuse(writes, error);
      return;
    }
    if (durable === undefined) {
      this.#publish(writes);
      return;
    }
    this.#flushing = durable.then(
      () => this.#publish(writes),
      (error: unknown) => {
        // What came meanwhile may rest on what has failed. Whether that is on the disk is known only after a new start.
        this.#failure = error;
        this.#refuse([...writes, ...this.#writes], error);
        this.#writes = [];
      },
    );
    void this.#flushing.then(() => {
      this.#flushing = undefined;
      this.#flushWaiting();
    });
  }

  #refuse(writes: readonly Write[], error: unknown): void {
    this.#forgetAccepted(writes);
    for (const write of writes) write.reject(error);
  }

  #publish(writes: readonly Write[]): void {
    for (const { event } of writes) this.#apply(event);
    this.#forgetAccepted(writes);
    for (const write of writes) write.resolve();
    this.#boundHistory();
    this.#watchers.tell(writes.map(({ event }) => event));
  }

  /** Later writes of the same keys stay accepted. */
  #forgetAccepted(writes: readonly Write[]): void {
    for (const { event } of writes) {
      const key = eventKey(event);
      if (this.#accepted.get(key)?.revision === eventRevision(event)) this.#accepted.delete(key);
    }
  }

  #apply(event: StoreEvent): void {
    const key = eventKey(event);
    if (event.type === "put") {
      this.#entries.set(key, event.entry);
      if (event.previous === undefined) {
        this.#keys.add(key);
        this.#count(key, 1);
      }
    } else {
      this.#entries.delete(key);
      this.#keys.delete(key);
      this.#count(key, -1);
    }
    this.#history.push(event);
    this.#revision = eventRevision(event);
  }

  #count(key: string, by: 1 | -1): void {
    const folder = key.slice(0, folderEnd(key));
    const count = (this.#counts.get(folder) ?? 0) + by;
    if (count === 0) this.#counts.delete(folder);
    else this.#counts.set(folder, count);
  }

  /** The keys of a past state, and their number without the limit. `then` has what was where something has changed since. */
  #keysThen(
    then: ReadonlyMap<string, Entry | undefined>,
    { prefix, after, limit }: { prefix: string; after: string | undefined; limit: number },
  ): { page: string[]; count: number } {
    const count = this.#keys.count(prefix, after);
    if (then.size === 0) return { page: this.#keys.list(prefix, after, limit), count };
    const came = new Set<string>();
    const gone: string[] = [];
    const toAfter = compareWith(after ?? "");
    for (const [key, entry] of then) {
      if (after !== undefined && toAfter(key) <= 0) continue;
      if (entry === undefined && this.#entries.has(key)) came.add(key);
      if (entry !== undefined && !this.#entries.has(key)) gone.push(key);
    }
    const stayed = this.#keys.list(prefix, after, limit + came.size).filter((key) => !came.has(key));
    const page = [...stayed, ...gone].sort(compareKeys).slice(0, limit);
    return { page, count: count - came.size + gone.length };
  }

  #forget(revision: number): void {
    if (revision <= this.#history.compactedRevision) return;
    const events = this.#history.drop(revision);
    this.#journal?.forget(events, revision);
  }

  #boundHistory(): void {
    const overflow = this.#history.overflow();
    if (overflow !== undefined) this.#forget(overflow);
    if (this.#history.isEmpty || this.#timer !== undefined || !Number.isFinite(this.#keepHistoryMs)) return;
    this.#timer = setTimeout(() => this.#forgetOld(), this.#keepHistoryMs / 4).unref();
  }

  /** Sets a mark, and forgets what is older than the newest mark that is old enough. */
  #forgetOld(): void {
    const nowMs = performance.now();
    this.#marks.push({ revision: this.#revision, atMs: nowMs });
    const old = this.#marks.filter((mark) => mark.atMs <= nowMs - this.#keepHistoryMs);
    this.#marks.splice(0, old.length);
    this.#forget(old.at(-1)?.revision ?? 0);
    this.#timer = undefined;
    this.#boundHistory();
  }

  async #close(): Promise<void> {
    // The flush of what is accepted was asked for earlier, so it has begun when this turn comes.
    await nextTurn();
    while (this.#flushing !== undefined) await this.#flushing;
    clearTimeout(this.#timer);
    this.#watchers.clear();
    this.#journal?.close();
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new Error("Cannot use the store: it is closed");
  }

  /** @throws {RangeError} for a revision that does not exist yet */
  #assertReached(revision: number): void {
    if (revision <= this.#revision) return;
    throw new RangeError(`Revision ${revision} is in the future; the newest one is ${this.#revision}`);
  }
}

/**
 * The same bytes, in memory of their own. Node cuts small buffers out of larger ones, and the last one in use keeps all of
 * it: after many changes a store of small values would hold ten times its size.
 */
function alone(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
}

/** Where `/<cluster>/<resource>/` ends in a key; -1 in one that is not deep enough. */
function folderEnd(key: string): number {
  const end = key.indexOf("/", key.indexOf("/", 1) + 1) + 1;
  return key.startsWith("/") && end > 2 ? end : -1;
}
