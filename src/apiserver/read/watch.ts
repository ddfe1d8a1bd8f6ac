import { expired, type Status, StatusError } from "../../apimachinery/index.ts";
import { CompactedError, type Entry, type StoreEvent } from "../../storage/index.ts";
import { joined } from "../http/list-text.ts";
import type { ListOptions } from "../http/query.ts";
import type { ApiResource } from "../resource.ts";
import type { Server } from "../server.ts";
import { watchRevision } from "./list.ts";
import type { Change, Presenter } from "./present.ts";
import { type Select, selection, selectsContent } from "./select.ts";

/**
 * How far a watcher may fall behind: the objects of events that wait for it, which it shares with the store and the other
 * watchers. 15,000 objects of 2 KB are ten seconds of a busy cluster. Then the watch ends, as in Kubernetes.
 */
export const backlogBytesMax = 32 * 2 ** 20;
/** What a change that waits costs beside its object, which may be small. */
const changeOverheadBytes = 256;
/** Objects that a webhook converts together before they are told. */
const preparedMax = 500;
/** As in Kubernetes (`defaultBookmarkFrequency`). */
const bookmarkMs = 60_000;
/** Kubernetes' `--min-request-timeout`; a watch without `timeoutSeconds` lives between this long and twice that. */
const lifetimeSecondsMin = 1800;

/**
 * Tells of changes as they come, one JSON object a line.
 *
 * @param gone fires when the client goes away
 * @param fill converts ahead what will be shown, when that has to be waited for
 */
export function watchObjects(
  server: Server,
  resource: ApiResource,
  namespace: string,
  options: ListOptions,
  presenter: Presenter,
  gone: AbortSignal,
  fill?: Fill,
): AsyncIterable<Uint8Array> {
  const { labelsOf, changeOf } = server.watches;
  const chosen = selection(resource, options, server.keys, server.parsed, labelsOf);
  // What has to be converted before it can be looked into is chosen when it is told.
  const late = fill !== undefined && selectsContent(options);
  const select = late ? undefined : chosen;
  const asked = watchRevision(options.resourceVersion);
  const prefix = server.keys.prefix(resource.storageName, namespace);
  const queue = new Backlog();
  const start = Math.min(
    asked === 0 || options.sendInitialEvents === true ? server.store.revision : asked,
    server.store.revision,
  );
  const initial = (options.sendInitialEvents ?? asked === 0) ? snapshot(server, prefix, select) : [];
  const stops: (() => void)[] = [];
  const end = () => {
    queue.end();
    for (const stop of stops.splice(0)) stop();
  };
  const view: View = { select, changeOf };
  const stop = listen(server, prefix, start, view, (change) => {
    if ((change.revision > asked || asked === 0) && !queue.push(change)) end();
  });
  if (stop === undefined) return failed(tooOld(asked, server.store.revision));
  stops.push(stop, server.watches.add(resource, end));
  queue.arm();
  // Zero is as good as nothing, as in Kubernetes.
  const lifetimeMs = 1000 * Math.max(0, options.timeoutSeconds || lifetimeSecondsMin * (1 + server.random()));
  // Node's timers end at 2^31 ms; nobody watches for 24 days.
  const deadline = setTimeout(
    () => {
      if (options.allowWatchBookmarks) queue.bookmark(server.store.revision);
      end();
    },
    Math.min(lifetimeMs, 2 ** 31 - 1),
  );
  gone.addEventListener("abort", end, { once: true });
  stops.push(
    () => clearTimeout(deadline),
    () => gone.removeEventListener("abort", end),
  );
  if (options.allowWatchBookmarks) {
    const timer = setInterval(() => queue.bookmark(server.store.revision), bookmarkMs);
    stops.push(() => clearInterval(timer));
  }
  if (gone.aborted) end();
  return frames(initial, queue, presenter, {
    afterInitial: options.sendInitialEvents === true && options.allowWatchBookmarks ? start : undefined,
    end,
    prepare:
      fill === undefined
        ? undefined
        : (changes) => prepared(changes, fill, { select: late ? chosen : undefined, changeOf }),
  });
}

/** What a watcher sees of what happens. */
type View = { select: Select | undefined; changeOf: (event: StoreEvent) => Change };

type Fill = (entries: readonly Entry[]) => Promise<void>;

/** Converts what changes are about, and leaves out what turns out not to be chosen. */
async function prepared(changes: readonly Change[], fill: Fill, view: View): Promise<Change[]> {
  const { select } = view;
  await fill(
    changes.flatMap(({ entry, source }) => {
      const previous = select === undefined ? undefined : eventOf(source)?.previous;
      return previous === undefined ? [entry] : [entry, previous];
    }),
  );
  if (select === undefined) return [...changes];
  return changes.flatMap((change) => {
    const event = eventOf(change.source);
    if (event !== undefined) return seen(event, view) ?? [];
    return select(change.entry.key, change.entry.value) ? [change] : [];
  });
}

/** The store's event that a change was made from. */
function eventOf(source: object | undefined): StoreEvent | undefined {
  return source as StoreEvent | undefined;
}

/** What is there, as the store keeps it: hundreds of watchers may have it before them. */
function snapshot(server: Server, prefix: string, select: Select | undefined): Entry[] {
  const { entries } = server.store.range(prefix);
  return select === undefined ? entries : entries.filter(({ key, value }) => select(key, value));
}

function added(entry: Entry): Change {
  return { type: "ADDED", entry, revision: entry.modRevision, source: undefined };
}

/** @returns what ends it; `undefined` when the events after `revision` are gone */
function listen(
  server: Server,
  prefix: string,
  revision: number,
  view: View,
  tell: (change: Change) => void,
): (() => void) | undefined {
  try {
    const watch = server.store.watch(prefix, revision, (events) => {
      for (const event of events) {
        const change = seen(event, view);
        if (change !== undefined) tell(change);
      }
    });
    return () => watch[Symbol.dispose]();
  } catch (error) {
    if (error instanceof CompactedError) return undefined;
    throw error;
  }
}

/** What a change is to somebody who sees only what is selected: objects come and go as they begin and cease to match. */
function seen(event: StoreEvent, { select, changeOf }: View): Change | undefined {
  if (select === undefined) return changeOf(event);
  const { previous } = event;
  const before = previous !== undefined && select(previous.key, previous.value);
  if (event.type === "delete") return before ? changeOf(event) : undefined;
  const { entry } = event;
  const { modRevision: revision } = entry;
  if (select(entry.key, entry.value)) {
    return before || previous === undefined ? changeOf(event) : { type: "ADDED", entry, revision, source: event };
  }
  return before ? { type: "DELETED", entry: previous, revision, source: event } : undefined;
}

async function* frames(
  initial: readonly Entry[],
  queue: Backlog,
  presenter: Presenter,
  options: {
    afterInitial: number | undefined;
    end: () => void;
    prepare: ((changes: readonly Change[]) => Promise<Change[]>) | undefined;
  },
): AsyncGenerator<Uint8Array> {
  let first = true;
  const frame = (change: Change) => {
    const pieces = presenter.event(change, first);
    first = false;
    return pieces;
  };
  try {
    const { prepare } = options;
    for (let start = 0; prepare !== undefined && start < initial.length; start += preparedMax)
      yield* chunks(await prepare(initial.slice(start, start + preparedMax).map(added)), frame);
    if (prepare === undefined) yield* chunks(initial, (entry) => frame(added(entry)));
    if (options.afterInitial !== undefined) yield Buffer.concat(presenter.bookmark(options.afterInitial, true));
    for (;;) {
      const items = await queue.take();
      if (items === undefined) return;
      if (prepare !== undefined) {
        yield* chunks(await prepare(items.filter((item) => typeof item !== "number")), frame);
        yield* chunks(items.filter((item) => typeof item === "number").slice(-1), (revision) =>
          presenter.bookmark(revision, false),
        );
        continue;
      }
      yield* chunks(items, (item) => (typeof item === "number" ? presenter.bookmark(item, false) : frame(item)));
    }
  } catch (error) {
    // What cannot be shown, such as an object that needs a conversion nobody does, ends the watch with a reason.
    if (!(error instanceof StatusError)) throw error;
    yield errorEvent(error.status);
  } finally {
    options.end();
  }
}

function chunks<T>(items: readonly T[], frame: (item: T) => readonly Uint8Array[]): Generator<Uint8Array> {
  return joined(Iterator.from(items).flatMap(frame));
}

/** What a watcher has not taken yet: changes, and revisions to tell in bookmarks. */
class Backlog {
  #items: (Change | number)[] = [];
  #sizeBytes = 0;
  #armed = false;
  #wake: (() => void) | undefined;
  ended = false;

  /** From now on the size counts: history that was asked for may be larger. */
  arm(): void {
    this.#armed = true;
    this.#sizeBytes = 0;
  }

  /** @returns false when too much waits: it is dropped, and the watch must end */
  push(change: Change): boolean {
    if (this.ended) return true;
    this.#sizeBytes += change.entry.value.byteLength + changeOverheadBytes;
    if (this.#armed && this.#sizeBytes > backlogBytesMax) {
      this.#items = [];
      return false;
    }
    this.#items.push(change);
    this.#wake?.();
    return true;
  }

  /** Only to those who are up to date: the others learn a newer revision from what is waiting for them. */
  bookmark(revision: number): void {
    if (this.ended || this.#items.length > 0) return;
    this.#items.push(revision);
    this.#wake?.();
  }

  /** Nothing more comes; what waits is still given out. */
  end(): void {
    this.ended = true;
    this.#wake?.();
  }

  /** Everything that waits, as soon as there is something; `undefined` at the end. */
  async take(): Promise<(Change | number)[] | undefined> {
    while (this.#items.length === 0) {
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const items = this.#items;
    this.#items = [];
    this.#sizeBytes = 0;
    return items;
  }
}

function tooOld(asked: number, now: number): Status {
  return expired(`too old resource version: ${asked} (${now})`).status;
}

async function* failed(status: Status): AsyncGenerator<Uint8Array> {
  yield errorEvent(status);
}

function errorEvent(status: Status): Buffer {
  return Buffer.from(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
}
