/** One object as stored. `value` is its encoded JSON, perhaps copied from the writer's; nobody may change these bytes. */
export type Entry = { key: string; value: Uint8Array; createRevision: number; modRevision: number };

/** What happened to one key. A delete carries the last value it had and the revision of the delete. */
export type StoreEvent =
  | { type: "put"; entry: Entry; previous: Entry | undefined }
  | { type: "delete"; key: string; revision: number; previous: Entry };

/**
 * One page of a range, as of `revision`. `more` says that there are keys after the last one, within the prefix; `remaining`
 * counts them.
 */
export type Page = { entries: Entry[]; revision: number; more: boolean; remaining: number };

/** The revision asked for is older than what the store still keeps. */
export class CompactedError extends Error {
  readonly compactedRevision: number;
  constructor(revision: number, compactedRevision: number) {
    super(`Revision ${revision} has been compacted; the oldest one kept is ${compactedRevision}`);
    this.compactedRevision = compactedRevision;
  }
}

/** The key is not in the state the writer expected. `current` is the entry as it is now. */
export class CompareError extends Error {
  readonly current: Entry | undefined;
  constructor(key: string, current: Entry | undefined) {
    super(`${key} is at revision ${current?.modRevision ?? 0}, not at the expected one`);
    this.current = current;
  }
}

/**
 * A revisioned key-value store with watch, as Kubernetes needs it. Keys are `/<cluster>/<resource>/…`, compared byte
 * by byte of their UTF-8 form; a string that has none (a lone surrogate) is refused with a `TypeError`. Revisions are positive
 * integers, one sequence for the whole store; each write gets its own, and those of failed writes are left out.
 *
 * A write happens in two steps. It is *accepted* at once, in memory: from then on {@link Store.latest} sees it, and the
 * next writer of the key is compared with it. It is *published* when it is durable: only then does the promise resolve,
 * do reads and watches see it, and does `revision` count it. Writes accepted in one turn of the event loop become
 * durable together, in one transaction, or when they are many in two. When one fails, all of its writes are rejected with a
 * {@link StoreError} and none of them has happened; the store goes on, and the next write may succeed.
 *
 * Disposing waits for what is accepted. Afterwards writes, watches and compactions fail.
 */
export interface Store extends AsyncDisposable {
  /** The last published revision; 0 in a store that has never been written. */
  readonly revision: number;

  /** The published entry. */
  get(key: string): Entry | undefined;

  /** The accepted entry, published or not: what a writer must start from. */
  latest(key: string): Entry | undefined;

  /**
   * Published entries whose keys start with `prefix`, in key order.
   *
   * @param after only keys greater than this one, which need not exist
   * @param limit at most this many; 0 or absent means all
   * @param revision the state as of that revision, not the newest
   * @throws {CompactedError} when `revision` is older than the store keeps
   * @throws {RangeError} when `revision` is newer than `this.revision`
   */
  range(prefix: string, options?: { after?: string; limit?: number; revision?: number }): Page;

  /** How many published keys start with `prefix`. */
  count(prefix: string): number;

  /**
   * Creates or replaces a key, if it is at the expected revision.
   *
   * @param expected `modRevision` of the accepted entry; 0 means that the key must not exist
   * @param encode gives the value, told the revision that this write gets; called once, at once, unless the key is at another
   *   revision. It must not write to the store. What it throws is what the promise rejects with, and nothing has happened.
   * @returns when durable and published
   * @throws {CompareError} (rejects) when the key is at another revision
   */
  put(key: string, expected: number, encode: (revision: number) => Uint8Array): Promise<Entry>;

  /**
   * Removes a key, if it is at the expected revision.
   *
   * @returns the revision of the delete, when durable and published
   * @throws {CompareError} (rejects) when the key is at another revision or absent
   */
  delete(key: string, expected: number): Promise<number>;

  /**
   * Calls `listener` with the events of keys that start with `prefix`, in the order of their revisions, in batches: first
   * what happened after `afterRevision`, at once and before this call returns, then whatever is published, in the same
   * turn of the event loop and before the writer goes on. All listeners of a batch are called one after the other when it is
   * published, and find it in reads. They may write, watch and dispose of watches, their own too: a watch that is disposed of
   * is not called again. A listener must not throw and must not wait.
   *
   * @throws {CompactedError} when events after `afterRevision` have been dropped
   * @throws {RangeError} when `afterRevision` is newer than `this.revision`
   */
  watch(prefix: string, afterRevision: number, listener: (events: readonly StoreEvent[]) => void): Disposable;

  /**
   * Forgets the history up to and including `revision`; the newest state of each key stays. What is forgotten already stays
   * forgotten. The store also does this of its own accord, to bound its history in time and size.
   *
   * @throws {RangeError} when `revision` is newer than `this.revision`
   */
  compact(revision: number): void;
}
