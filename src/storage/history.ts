import { lowerBound } from "./keys.ts";
import { CompactedError, type Entry, type StoreEvent } from "./store.ts";

export type HistoryBounds = {
  eventsMax: number;
  /** Of the values that only the history still keeps, and of what surrounds them. */
  sizeBytesMax: number;
};

/** What an event costs besides the value it keeps: its objects, about 200 bytes, and a place in an array. */
const eventOverheadBytes = 256;

/** When the bounds are passed, so much is dropped that it does not happen again at once. */
const keptWhenFull = 7 / 8;

/** The key that an event is about. */
export function eventKey(event: StoreEvent): string {
  return event.type === "put" ? event.entry.key : event.key;
}

/** The revision of the write that an event tells of. */
export function eventRevision(event: StoreEvent): number {
  return event.type === "put" ? event.entry.modRevision : event.revision;
}

/** The published events after {@link History.compactedRevision}, oldest first. */
export class History {
  readonly #bounds: HistoryBounds;
  #events: StoreEvent[] = [];
  #sizeBytes = 0;
  #compactedRevision: number;

  constructor(bounds: HistoryBounds, compactedRevision: number) {
    this.#bounds = bounds;
    this.#compactedRevision = compactedRevision;
  }

  /** What happened up to here is forgotten: the state as of this revision is the oldest that can be told. */
  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  push(event: StoreEvent): void {
    this.#events.push(event);
    this.#sizeBytes += sizeOf(event);
  }

  /** Up to which revision it must be dropped, now that it is larger than its bounds; otherwise `undefined`. */
  overflow(): number | undefined {
    const { eventsMax, sizeBytesMax } = this.#bounds;
    if (this.#events.length <= eventsMax && this.#sizeBytes <= sizeBytesMax) return undefined;
    let events = this.#events.length;
    let sizeBytes = this.#sizeBytes;
    for (const event of this.#events) {
      events -= 1;
      sizeBytes -= sizeOf(event);
      if (events <= eventsMax * keptWhenFull && sizeBytes <= sizeBytesMax * keptWhenFull) return eventRevision(event);
    }
    return undefined;
  }

  /** Drops the events up to and including `revision`, and gives them back. */
  drop(revision: number): StoreEvent[] {
    const dropped = this.#events.splice(0, this.#after(revision));
    for (const event of dropped) this.#sizeBytes -= sizeOf(event);
    this.#compactedRevision = Math.max(revision, this.#compactedRevision);
    return dropped;
  }

  /**
   * The events after `revision` whose keys start with `prefix`.
   *
   * @throws {CompactedError} when some of them have been dropped
   */
  since(revision: number, prefix: string): StoreEvent[] {
    if (revision < this.#compactedRevision) throw new CompactedError(revision, this.#compactedRevision);
    const found: StoreEvent[] = [];
    for (let at = this.#after(revision); at < this.#events.length; at++) {
      const event = this.#events[at];
      if (event !== undefined && eventKey(event).startsWith(prefix)) found.push(event);
    }
    return found;
  }

  /**
   * The keys that start with `prefix` and have changed after `revision`, with what they were then.
   *
   * @throws {CompactedError} when that has been forgotten
   */
  undo(revision: number, prefix: string): Map<string, Entry | undefined> {
    const before = new Map<string, Entry | undefined>();
    for (const event of this.since(revision, prefix)) {
      const key = eventKey(event);
      if (!before.has(key)) before.set(key, event.previous);
    }
    return before;
  }

  #after(revision: number): number {
    return lowerBound(this.#events, (event) => eventRevision(event) <= revision);
  }
}

/** An event's own value is the current one or the `previous` of a later event, so only the value it replaced counts. */
function sizeOf(event: StoreEvent): number {
  return eventOverheadBytes + (event.previous?.value.byteLength ?? 0);
}
