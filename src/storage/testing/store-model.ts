import assert from "node:assert/strict";
import { test } from "node:test";
import { eventKey, eventRevision } from "../history.ts";
import { recordEvents, textOf } from "../store.conformance.ts";
import { CompactedError, CompareError, type Store } from "../store.ts";

/** Chosen so that they are prefixes of one another, and that code units and bytes order them differently. */
const keys = ["/a", "/a/b", "/a/b/1", "/a/bc", "/a/bc/1", "/a/😀", "/a/\uffee", "/b/1", "/b/2", "/b/3"];
const prefixes = ["", "/", "/a", "/a/", "/a/b", "/a/b/", "/b/", "/c/", "/a/😀"];
const seeds = 30;
const stepsMax = 150;

type Write = { revision: number; key: string; value: string | undefined };
type Random = { below: (limit: number) => number; of: <T>(items: readonly T[]) => T };
type Watched = ReturnType<typeof recordEvents> & { prefix: string; afterRevision: number };

/** Opens a store: the same again when it is called again, if `reopens`. */
export type Subject = { open: () => Promise<Store>; reopens: boolean };

/** Does random things to stores, each empty at first, and to lists of all writes, and wants the same answers from both. */
export function storeModel(name: string, next: () => Subject): void {
  test(`${name} answers as a list of all writes does`, async () => {
    for (let seed = 1; seed <= seeds; seed++) await tryOut(seed, next());
  });
}

async function tryOut(seed: number, { open, reopens }: Subject): Promise<void> {
  const random = randomFrom(seed);
  const writes: Write[] = [];
  let store = await open();
  let compactedRevision = 0;
  let watches: Watched[] = [];
  for (let step = 0; step < stepsMax; step++) {
    const what = `seed ${seed}, step ${step}`;
    const dice = random.below(100);
    if (dice < 50) await writeSome(store, writes, random, what);
    else if (dice < 75) checkRange(store, { writes, compactedRevision }, random, what);
    else if (dice < 85) startWatch(store, { watches, compactedRevision }, random, what);
    else if (dice < 90) watches.splice(random.below(watches.length + 1), 1)[0]?.watch[Symbol.dispose]();
    else if (dice < 95) {
      compactedRevision += random.below(store.revision - compactedRevision + 1);
      store.compact(compactedRevision);
    } else if (reopens) {
      await store[Symbol.asyncDispose]();
      store = await open();
      watches = [];
    }
    assert.equal(store.revision, writes.at(-1)?.revision ?? 0, what);
    for (const watched of watches) checkWatch(watched, writes, what);
  }
  await store[Symbol.asyncDispose]();
}

/** A few writes in one turn, some of them with the wrong expectation. */
async function writeSome(store: Store, writes: Write[], random: Random, what: string): Promise<void> {
  const outcomes: Promise<void>[] = [];
  for (let count = random.below(5); count >= 0; count--) {
    const key = random.of(keys);
    const current = stateAt(writes, Number.POSITIVE_INFINITY).get(key)?.revision ?? 0;
    assert.equal(store.latest(key)?.modRevision ?? 0, current, what);
    const expected = random.below(5) === 0 ? random.below(store.revision + 2) : current;
    const isDelete = random.below(3) === 0;
    const value = isDelete ? undefined : "x".repeat(random.below(20));
    const write = isDelete ? store.delete(key, expected) : store.put(key, expected, () => Buffer.from(value ?? ""));
    if (expected !== current || (isDelete && current === 0)) {
      outcomes.push(assert.rejects(write, CompareError, what));
      continue;
    }
    const revision = (writes.at(-1)?.revision ?? 0) + 1;
    writes.push({ revision, key, value });
    outcomes.push(
      write.then((result) => assert.equal(typeof result === "number" ? result : result.modRevision, revision, what)),
    );
  }
  await Promise.all(outcomes);
}

function checkRange(
  store: Store,
  model: { writes: Write[]; compactedRevision: number },
  random: Random,
  what: string,
): void {
  const prefix = random.of(prefixes);
  const after = random.below(2) === 0 ? random.of([...keys, ...prefixes]) : undefined;
  const limit = random.below(4);
  const revision = random.below(2) === 0 ? random.below(store.revision + 1) : undefined;
  const options = { limit, ...(after !== undefined && { after }), ...(revision !== undefined && { revision }) };
  if (revision !== undefined && revision < model.compactedRevision) {
    assert.throws(() => store.range(prefix, options), CompactedError, what);
    return;
  }
  const all = [...stateAt(model.writes, revision ?? store.revision).values()]
    .filter(({ key }) => key.startsWith(prefix) && (after === undefined || bytesOf(key).compare(bytesOf(after)) > 0))
    .sort((a, b) => bytesOf(a.key).compare(bytesOf(b.key)));
  const want = limit === 0 ? all : all.slice(0, limit);
  const page = store.range(prefix, options);
  const entries = page.entries.map((entry) => [entry.key, entry.modRevision, textOf(entry)]);
  assert.deepEqual(
    entries,
    want.map(({ key, revision, value }) => [key, revision, value]),
    what,
  );
  assert.equal(page.remaining, all.length - want.length, what);
  assert.equal(page.more, page.remaining > 0, what);
  const now = [...stateAt(model.writes, store.revision).keys()].filter((key) => key.startsWith(prefix));
  assert.equal(store.count(prefix), now.length, what);
}

function startWatch(
  store: Store,
  { watches, compactedRevision }: { watches: Watched[]; compactedRevision: number },
  random: Random,
  what: string,
): void {
  const prefix = random.of(prefixes);
  const afterRevision = random.below(store.revision + 1);
  if (afterRevision < compactedRevision) {
    assert.throws(() => store.watch(prefix, afterRevision, () => {}), CompactedError, what);
    return;
  }
  watches.push(Object.assign(recordEvents(store, prefix, afterRevision), { prefix, afterRevision }));
}

function checkWatch({ events, prefix, afterRevision }: Watched, writes: Write[], what: string): void {
  const want = writes.filter(({ revision, key }) => revision > afterRevision && key.startsWith(prefix));
  const told = events.map((event) => [
    eventRevision(event),
    eventKey(event),
    event.type === "put" ? textOf(event.entry) : undefined,
    event.previous?.modRevision,
  ]);
  const wanted = want.map(({ revision, key, value }) => [
    revision,
    key,
    value,
    stateAt(writes, revision - 1).get(key)?.revision,
  ]);
  assert.deepEqual(told, wanted, what);
}

function stateAt(writes: readonly Write[], revision: number): Map<string, Write> {
  const state = new Map<string, Write>();
  for (const write of writes) {
    if (write.revision > revision) break;
    if (write.value === undefined) state.delete(write.key);
    else state.set(write.key, write);
  }
  return state;
}

function bytesOf(key: string): Buffer {
  return Buffer.from(key);
}

/** Marsaglia's xorshift with 32 bits: the same numbers for the same seed. */
function randomFrom(seed: number): Random {
  let state = (seed * 2654435761) >>> 0 || 1;
  const below = (limit: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const of = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    assert.ok(item !== undefined);
    return item;
  };
  return { below, of };
}
