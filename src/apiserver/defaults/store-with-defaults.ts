import type { KubeObject } from "../../apimachinery/index.ts";
import { CompareError, type Entry, eventKey, type Page, type Store, type StoreEvent } from "../../storage/index.ts";
import { decodeStored, startsWith } from "../stored.ts";
import { type Birth, birthOf, defaultEntry } from "./default-entries.ts";
import { defaultObjects } from "./default-objects.ts";

/** What is stored in the place of a default that was deleted. Objects begin otherwise, with their `apiVersion`. */
const deleted = Buffer.from('{"metadata":{}}');
const deletedStart = deleted.subarray(0, deleted.indexOf(":"));

/** Whether a stored entry only says that a default was deleted. */
export function isDeleted({ value }: Entry): boolean {
  return startsWith(value, deletedStart);
}

/**
 * The object that a key shows as long as nothing is stored there.
 *
 * @param store what is really stored, of any cluster
 */
export function defaultObjectAt(store: Store, key: string): KubeObject | undefined {
  const base = key.slice(0, key.indexOf("/", 1) + 1);
  const namespace = store.get(`${base}namespaces/kube-system`);
  const entry = namespace && defaultEntry(key, key.slice(base.length), birthOf(namespace));
  return entry && decodeStored(entry.value);
}

/** Names of the defaults, in order, by every folder that holds some. */
const namesByFolder = new Map<string, string[]>([["", [...defaultObjects.keys()]]]);
for (const name of defaultObjects.keys()) {
  for (let end = name.indexOf("/"); end >= 0; end = name.indexOf("/", end + 1)) {
    const folder = name.slice(0, end + 1);
    namesByFolder.set(folder, [...(namesByFolder.get(folder) ?? []), name]);
  }
}

type Drawn = { namespace: Entry; birth: Birth; entries: Map<string, Entry> };

/**
 * A store in which the default objects of one cluster are as if they were stored: they are read, listed, watched, changed and
 * deleted like all others, but take no room until they are changed. They exist from the moment that the cluster has its
 * namespace `kube-system`.
 *
 * What lies below holds changed defaults like other objects, and for deleted ones what {@link isDeleted} knows.
 */
export class StoreWithDefaults implements Store {
  readonly #store: Store;
  /** What the keys of the cluster begin with: `/root/`. */
  readonly #base: string;
  /** Drawn lately, as long as memory allows. */
  #drawn: WeakRef<Drawn> | undefined;

  constructor(store: Store, cluster: string) {
    this.#store = store;
    this.#base = `/${cluster}/`;
  }

  get revision(): number {
    return this.#store.revision;
  }

  get(key: string): Entry | undefined {
    return this.#shown(key, this.#store.get(key));
  }

  latest(key: string): Entry | undefined {
    return this.#shown(key, this.#store.latest(key));
  }

  range(prefix: string, options: { after?: string; limit?: number; revision?: number } = {}): Page {
    const names = this.#namesBelow(prefix);
    if (names.length === 0) return this.#store.range(prefix, options);
    const { after = "", limit, ...state } = options;
    // Of what is stored at most as many only say that a default was deleted.
    const enough = limit ? { limit: limit + names.length } : {};
    const page = this.#store.range(prefix, { ...state, ...enough, ...(after === "" ? {} : { after }) });
    const last = page.more ? page.entries.at(-1)?.key : undefined;
    const stored = new Set(page.entries.map(({ key }) => key));
    const defaults = names
      .map((name) => this.#base + name)
      .filter((key) => key > after && !stored.has(key) && (last === undefined || key < last))
      .flatMap((key) => this.#default(key) ?? [])
      .filter(({ modRevision }) => modRevision <= page.revision);
    const all = merge(
      page.entries.filter((entry) => !isDeleted(entry)),
      defaults,
    );
    const entries = limit ? all.slice(0, limit) : all;
    const remaining = page.remaining + all.length - entries.length + this.#countAfter(names, last);
    return { entries, revision: page.revision, more: remaining > 0, remaining };
  }

  count(prefix: string): number {
    return this.#namesBelow(prefix).length === 0 ? this.#store.count(prefix) : this.range(prefix).entries.length;
  }

  put(key: string, expected: number, encode: (revision: number) => Uint8Array): Promise<Entry> {
    if (!this.#isDefault(key)) return this.#store.put(key, expected, encode);
    const stored = this.#store.latest(key);
    const shown = this.#shown(key, stored);
    if ((shown?.modRevision ?? 0) !== expected) return Promise.reject(new CompareError(key, shown));
    return this.#store.put(key, stored?.modRevision ?? 0, encode);
  }

  async delete(key: string, expected: number): Promise<number> {
    if (!this.#isDefault(key)) return await this.#store.delete(key, expected);
    const stored = this.#store.latest(key);
    const shown = this.#shown(key, stored);
    if (shown === undefined || shown.modRevision !== expected) throw new CompareError(key, shown);
    return (await this.#store.put(key, stored?.modRevision ?? 0, () => deleted)).modRevision;
  }

  watch(prefix: string, afterRevision: number, listener: (events: readonly StoreEvent[]) => void): Disposable {
    if (this.#namesBelow(prefix).length === 0) return this.#store.watch(prefix, afterRevision, listener);
    return this.#store.watch(prefix, afterRevision, (events) => {
      const seen = events.flatMap((event) => this.#seen(event) ?? []);
      if (seen.length > 0) listener(seen);
    });
  }

  compact(revision: number): void {
    this.#store.compact(revision);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  /** What a reader sees of a key. */
  #shown(key: string, stored: Entry | undefined): Entry | undefined {
    if (!this.#isDefault(key)) return stored;
    if (stored === undefined) return this.#default(key);
    return isDeleted(stored) ? undefined : stored;
  }

  /** What a watcher sees of an event; nothing of one that only removes what stood for a deleted default. */
  #seen(event: StoreEvent): StoreEvent | undefined {
    const key = eventKey(event);
    if (!this.#isDefault(key)) return event;
    const previous = this.#shown(key, event.previous);
    if (event.type === "put" && !isDeleted(event.entry))
      return previous === event.previous ? event : { ...event, previous };
    if (previous === undefined) return undefined;
    if (event.type === "delete") return event;
    return { type: "delete", key, revision: event.entry.modRevision, previous };
  }

  #isDefault(key: string): boolean {
    return key.startsWith(this.#base) && defaultObjects.has(key.slice(this.#base.length));
  }

  #default(key: string): Entry | undefined {
    const namespace = this.#store.get(`${this.#base}namespaces/kube-system`);
    if (namespace === undefined || !key.startsWith(this.#base)) return undefined;
    let drawn = this.#drawn?.deref();
    if (drawn?.namespace !== namespace) {
      drawn = { namespace, birth: birthOf(namespace), entries: new Map() };
      this.#drawn = new WeakRef(drawn);
    }
    const known = drawn.entries.get(key);
    if (known !== undefined) return known;
    const entry = defaultEntry(key, key.slice(this.#base.length), drawn.birth);
    if (entry !== undefined) drawn.entries.set(key, entry);
    return entry;
  }

  /** By how many objects what is shown behind a key differs from what is stored there; as it is now. */
  #countAfter(names: readonly string[], last: string | undefined): number {
    if (last === undefined) return 0;
    let count = 0;
    for (const key of names.map((name) => this.#base + name)) {
      if (key <= last) continue;
      const stored = this.#store.get(key);
      if (stored === undefined) count++;
      else if (isDeleted(stored)) count--;
    }
    return count;
  }

  /** Names of the defaults whose keys start with a prefix, in order. */
  #namesBelow(prefix: string): readonly string[] {
    if (!prefix.startsWith(this.#base)) return this.#base.startsWith(prefix) ? (namesByFolder.get("") ?? []) : [];
    const rest = prefix.slice(this.#base.length);
    if (rest === "" || rest.endsWith("/")) return namesByFolder.get(rest) ?? [];
    return [...defaultObjects.keys()].filter((name) => name.startsWith(rest));
  }
}

/** Both in the order of keys. Those of defaults are ASCII, so that comparing strings orders them as comparing bytes does. */
function merge(stored: readonly Entry[], defaults: readonly Entry[]): Entry[] {
  const all: Entry[] = [];
  let next = 0;
  for (const entry of stored) {
    for (let before = defaults[next]; before !== undefined && before.key < entry.key; before = defaults[++next])
      all.push(before);
    all.push(entry);
  }
  return [...all, ...defaults.slice(next)];
}
