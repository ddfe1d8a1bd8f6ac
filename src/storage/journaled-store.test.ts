import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { waitUntil } from "../lib/index.ts";
import { eventRevision } from "./history.ts";
import { openMemoryStore } from "./memory-store.ts";
import { put, recordEvents } from "./store.conformance.ts";
import { CompactedError, type Store } from "./store.ts";

test("a store forgets its oldest events when they are more than it may keep", async () => {
  await using store = openMemoryStore({ historyEventsMax: 16 });
  const watched = recordEvents(store, "/", 0);
  for (let index = 0; index < 16; index++) await put(store, `/c/${index}`, 0);
  assert.equal(oldestRevision(store), 0);
  await put(store, "/c/one-more", 0);
  assert.equal(oldestRevision(store), 3);
  assert.equal(watched.events.length, 17);
  assert.deepEqual(recordEvents(store, "/", 3).events.map(eventRevision)[0], 4);
});

test("a store forgets its oldest events when the values they keep are larger than they may be", async () => {
  await using store = openMemoryStore({ historySizeBytesMax: 100_000 });
  for (let revision = 0; revision < 100; revision++) await store.put("/c/a", revision, () => Buffer.alloc(10_000));
  const kept = store.revision - oldestRevision(store);
  assert.ok(kept > 5 && kept < 10, `keeps ${kept} values of 10,000 bytes`);
});

test("a turn with more writes than a store may keep reaches the watchers as a whole", async () => {
  await using store = openMemoryStore({ historyEventsMax: 10 });
  const watched = recordEvents(store, "/", 0);
  await Promise.all(Array.from({ length: 50 }, (_, index) => put(store, `/c/${index}`, 0)));
  assert.equal(watched.events.length, 50);
  assert.ok(oldestRevision(store) >= 40);
});

test("a store forgets what is older than it may be, and keeps what is younger", async () => {
  const keepHistoryMs = 80;
  await using store = openMemoryStore({ keepHistoryMs });
  const startMs = performance.now();
  await put(store, "/c/a", 0);
  await put(store, "/c/a", 1);
  await waitUntil(() => (oldestRevision(store) === 2 ? true : undefined), {
    what: "the store to forget its history",
    timeoutMs: 10_000,
    intervalMs: 5,
  });
  assert.ok(performance.now() - startMs >= keepHistoryMs);
  await put(store, "/c/a", 2);
  assert.deepEqual(recordEvents(store, "/", 2).events.map(eventRevision), [3]);
});

test("a listener that throws ends the process, and the others are told before", () => {
  const program = `
    import { openMemoryStore } from ${JSON.stringify(new URL("memory-store.ts", import.meta.url).href)};
    const store = openMemoryStore();
    store.watch("/", 0, () => { throw new Error("broken listener"); });
    store.watch("/", 0, (events) => process.stdout.write("told " + events.length));
    await store.put("/c/a", 0, () => Buffer.from("a"));
  `;
  const args = ["--input-type=module", "--eval", program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
  assert.deepEqual([status, stdout], [1, "told 1"]);
  assert.match(stderr, /broken listener/);
});

test("a store that is not closed does not keep its process alive", () => {
  const program = `
    import { openMemoryStore } from ${JSON.stringify(new URL("memory-store.ts", import.meta.url).href)};
    await openMemoryStore().put("/c/a", 0, () => Buffer.from("a"));
    process.stdout.write("done");
  `;
  const args = ["--input-type=module", "--eval", program];
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 }), "done");
});

/** The oldest revision from which a watch can start. */
function oldestRevision(store: Store): number {
  for (let revision = 0; ; revision++) {
    try {
      store.watch("/", revision, () => {})[Symbol.dispose]();
      return revision;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    }
  }
}
