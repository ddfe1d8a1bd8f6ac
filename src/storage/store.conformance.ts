import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventKey, eventRevision } from "./history.ts";
import { CompactedError, CompareError, type Entry, type Page, type Store, type StoreEvent } from "./store.ts";

/** What every store must do. `open` gives an empty one, which the test disposes of. */
export function storeConformance(name: string, open: () => Promise<Store>): void {
  const scenario = (sentence: string, run: (store: Store) => Promise<void>) =>
    test(sentence, async () => {
      await using store = await open();
      await run(store);
    });

  describe(`${name} writes`, () => {
    scenario("start at revision 0 and get one revision each, rising", async (store) => {
      assert.equal(store.revision, 0);
      const revisions = [];
      for (const key of ["/c/b", "/c/a", "/c/c"]) revisions.push((await put(store, key, 0)).modRevision);
      revisions.push((await put(store, "/c/a", 2)).modRevision);
      revisions.push(await store.delete("/c/b", 1));
      assert.deepEqual(revisions, [1, 2, 3, 4, 5]);
      assert.equal(store.revision, 5);
    });

    scenario("tell encode the revision that the entry gets", async (store) => {
      await put(store, "/c/a", 0);
      const entry = await store.put("/c/a", 1, (revision) => Buffer.from(`at ${revision}`));
      assert.deepEqual(plain(entry), { key: "/c/a", value: "at 2", createRevision: 1, modRevision: 2 });
      assert.deepEqual(store.get("/c/a"), entry);
    });

    scenario("create only what is absent", async (store) => {
      await put(store, "/c/a", 0, "one");
      await rejectsCompare(put(store, "/c/a", 0, "two"), "one");
      assert.equal(store.get("/c/a")?.modRevision, 1);
    });

    scenario("replace only the expected revision", async (store) => {
      await put(store, "/c/a", 0, "one");
      await put(store, "/c/a", 1, "two");
      await rejectsCompare(put(store, "/c/a", 1, "three"), "two");
      await rejectsCompare(put(store, "/c/absent", 1, "three"), undefined);
      assert.deepEqual(show(store.range("/")), ["/c/a=two"]);
    });

    scenario("delete only the expected revision", async (store) => {
      await put(store, "/c/a", 0, "one");
      await put(store, "/c/a", 1, "two");
      await rejectsCompare(store.delete("/c/a", 1), "two");
      await rejectsCompare(store.delete("/c/absent", 1), undefined);
      await rejectsCompare(store.delete("/c/absent", 0), undefined);
      assert.equal(await store.delete("/c/a", 2), 3);
      assert.equal(store.get("/c/a"), undefined);
      await rejectsCompare(store.delete("/c/a", 3), undefined);
    });

    scenario("create anew after a delete, with a new createRevision", async (store) => {
      await put(store, "/c/a", 0);
      await store.delete("/c/a", 1);
      const { createRevision, modRevision } = await put(store, "/c/a", 0);
      assert.deepEqual({ createRevision, modRevision }, { createRevision: 3, modRevision: 3 });
    });

    scenario("do not take a revision when encode throws", async (store) => {
      const failed = store.put("/c/a", 0, () => {
        throw new Error("too large");
      });
      await assert.rejects(failed, /^Error: too large$/);
      assert.equal(store.latest("/c/a"), undefined);
      assert.equal((await put(store, "/c/a", 0)).modRevision, 1);
    });

    scenario("do not call encode when the revision is another", async (store) => {
      const failed = store.put("/c/a", 7, () => assert.fail("encode was called"));
      await assert.rejects(failed, CompareError);
    });

    scenario("keep the bytes, whatever they are", async (store) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store.put("/c/bytes", 0, () => bytes);
      await store.put("/c/empty", 0, () => new Uint8Array());
      assert.deepEqual(Buffer.from(store.get("/c/bytes")?.value ?? []), Buffer.from(bytes));
      assert.equal(store.get("/c/empty")?.value.byteLength, 0);
    });

    scenario("do not keep the larger buffer that a value is cut out of", async (store) => {
      const slab = Buffer.alloc(8192, "x");
      const { value } = await store.put("/c/a", 0, () => slab.subarray(100, 105));
      assert.deepEqual([Buffer.from(value).toString(), value.buffer.byteLength], ["xxxxx", 5]);
    });

    scenario("refuse a key without UTF-8 form", async (store) => {
      await assert.rejects(put(store, "/c/\ud800", 0), TypeError);
    });
  });

  describe(`${name} publishes`, () => {
    scenario("what is accepted only in a later turn, to readers and watchers alike", async (store) => {
      const seen: StoreEvent[] = [];
      using _ = store.watch("/", 0, (events) => seen.push(...events));
      const written = put(store, "/c/a", 0, "one");
      assert.equal(plain(store.latest("/c/a"))?.value, "one");
      assert.equal(store.get("/c/a"), undefined);
      assert.equal(store.revision, 0);
      assert.equal(store.count("/"), 0);
      assert.deepEqual(store.range("/"), { entries: [], revision: 0, more: false, remaining: 0 });
      await Promise.resolve();
      assert.equal(store.revision, 0);
      assert.deepEqual(seen, []);
      await written;
      assert.equal(store.revision, 1);
      assert.deepEqual(seen.map(showEvent), ["1 put /c/a=one from nothing"]);
    });

    scenario("two writes of one turn, the second based on the first", async (store) => {
      const first = put(store, "/c/a", 0, "one");
      const second = put(store, "/c/a", store.latest("/c/a")?.modRevision ?? 0, "two");
      const third = store.delete("/c/a", store.latest("/c/a")?.modRevision ?? 0);
      assert.equal(store.latest("/c/a"), undefined);
      const fourth = put(store, "/c/a", 0, "four");
      const rejected = rejectsCompare(put(store, "/c/a", 0, "five"), "four");
      assert.deepEqual([(await first).modRevision, (await second).modRevision, await third], [1, 2, 3]);
      assert.deepEqual([(await fourth).createRevision, (await fourth).modRevision], [4, 4]);
      await rejected;
      assert.deepEqual(show(store.range("/")), ["/c/a=four"]);
      assert.deepEqual(show(store.range("/", { revision: 2 })), ["/c/a=two"]);
    });

    scenario("never more to anybody than its revision counts", async (store) => {
      let told = 0;
      using _ = store.watch("/", 0, (events) => {
        for (const event of events) {
          told = eventRevision(event);
          assert.ok(told <= store.revision);
        }
        assert.equal(store.revision, told);
        assert.ok(store.range("/").entries.every((entry) => entry.modRevision <= store.revision));
      });
      await Promise.all(
        Array.from({ length: 20 }, async (_, writer) => {
          for (let round = 0; round < 20; round++) {
            const key = `/c/${writer % 7}`;
            const entry = await put(store, key, store.latest(key)?.modRevision ?? 0);
            assert.ok(entry.modRevision <= store.revision);
            assert.ok((store.get(key)?.modRevision ?? 0) >= entry.modRevision);
          }
        }),
      );
      assert.equal(told, 400);
    });

    scenario("to the watchers before the writer goes on", async (store) => {
      const order: string[] = [];
      using _ = store.watch("/", 0, () => order.push("watcher"));
      await put(store, "/c/a", 0);
      order.push("writer");
      assert.deepEqual(order, ["watcher", "writer"]);
    });
  });

  describe(`${name} ranges`, () => {
    const keys = ["/a/b", "/a/b/1", "/a/b/2", "/a/bc", "/a/bc/1", "/a/c/1", "/b/b/1"];
    const prefixes: Record<string, string[]> = {
      "": keys,
      "/": keys,
      "/a/": ["/a/b", "/a/b/1", "/a/b/2", "/a/bc", "/a/bc/1", "/a/c/1"],
      "/a/b": ["/a/b", "/a/b/1", "/a/b/2", "/a/bc", "/a/bc/1"],
      "/a/b/": ["/a/b/1", "/a/b/2"],
      "/a/b/1": ["/a/b/1"],
      "/a/bc/": ["/a/bc/1"],
      "/a/bd": [],
      "/b/": ["/b/b/1"],
      "/c": [],
    };
    for (const [prefix, want] of Object.entries(prefixes)) {
      scenario(`and counts hold what starts with ${JSON.stringify(prefix)}`, async (store) => {
        await putAll(store, keys.toReversed());
        assert.deepEqual(keysOf(store.range(prefix)), want);
        assert.equal(store.count(prefix), want.length);
      });
    }

    const pages: Record<string, { options: Parameters<Store["range"]>[1]; want: string[]; remaining: number }> = {
      "all without a limit": { options: { limit: 0 }, want: ["/a/b/1", "/a/b/2", "/a/bc", "/a/bc/1"], remaining: 0 },
      "the first ones": { options: { limit: 3 }, want: ["/a/b/1", "/a/b/2", "/a/bc"], remaining: 1 },
      "all when the limit is their number": {
        options: { limit: 4 },
        want: ["/a/b/1", "/a/b/2", "/a/bc", "/a/bc/1"],
        remaining: 0,
      },
      "what comes after a key": { options: { after: "/a/b/2", limit: 1 }, want: ["/a/bc"], remaining: 1 },
      "what comes after a key that is not there": {
        options: { after: "/a/b/11", limit: 1 },
        want: ["/a/b/2"],
        remaining: 2,
      },
      "nothing after the last key": { options: { after: "/a/bc/1" }, want: [], remaining: 0 },
      "nothing after a key beyond the prefix": { options: { after: "/b" }, want: [], remaining: 0 },
      "all after a key before the prefix": { options: { after: "/", limit: 1 }, want: ["/a/b/1"], remaining: 3 },
    };
    for (const [what, { options, want, remaining }] of Object.entries(pages)) {
      scenario(`give ${what}`, async (store) => {
        await putAll(store, ["/a", "/a/b/1", "/a/b/2", "/a/bc", "/a/bc/1", "/a/c/1", "/b/b/1"]);
        const page = store.range("/a/b", options);
        assert.deepEqual(keysOf(page), want);
        assert.deepEqual({ more: page.more, remaining: page.remaining }, { more: remaining > 0, remaining });
      });
    }

    scenario("are in the order of UTF-8 bytes", async (store) => {
      const ordered = [
        "/c/A",
        "/c/a",
        "/c/a\0",
        "/c/a/b",
        "/c/é",
        "/c/\ud7ff",
        "/c/\ue000",
        "/c/\uffee",
        "/c/😀",
        "/c/😀/a",
      ];
      await putAll(
        store,
        [3, 9, 1, 5, 7, 0, 8, 2, 6, 4].map((index) => ordered[index] ?? ""),
      );
      assert.deepEqual(keysOf(store.range("/c/")), ordered);
      assert.deepEqual(keysOf(store.range("/c/", { after: "/c/\uffee" })), ["/c/😀", "/c/😀/a"]);
      assert.deepEqual(keysOf(store.range("/c/😀")), ["/c/😀", "/c/😀/a"]);
      assert.deepEqual(keysOf(store.range("/c/\ue000")), ["/c/\ue000"]);
    });

    scenario("walk thousands of keys page by page, while keys come and go", async (store) => {
      const all = Array.from({ length: 3000 }, (_, index) => `/c/${String((index * 1999) % 3000).padStart(4, "0")}`);
      await putAll(store, all);
      const { revision } = store.range("/c/", { limit: 1 });
      const walked: string[] = [];
      for (let page: Page | undefined; page === undefined || page.more; ) {
        page = store.range("/c/", { after: walked.at(-1) ?? "", limit: 271, revision });
        walked.push(...keysOf(page));
        assert.equal(page.revision, revision);
        assert.equal(page.remaining, all.length - walked.length);
        const first = store.range("/c/", { limit: 5 }).entries;
        const last = store.range("/c/2", { limit: 5 }).entries;
        await Promise.all([...first, ...last].map((entry) => store.delete(entry.key, entry.modRevision)));
        await putAll(store, [`/c/${walked.length}-new`, `/c/2999-${walked.length}`]);
      }
      assert.deepEqual(walked, all.toSorted());
      assert.equal(store.count("/c/"), store.range("/c/").entries.length);
    });

    scenario("show the past", async (store) => {
      await put(store, "/c/a", 0, "a1");
      await put(store, "/c/b", 0, "b2");
      await put(store, "/c/a", 1, "a3");
      await store.delete("/c/b", 2);
      await put(store, "/c/b", 0, "b5");
      await put(store, "/c/0", 0, "6");
      const past = [0, 1, 2, 3, 4, 5, 6].map((revision) => show(store.range("/c/", { revision })));
      assert.deepEqual(past, [
        [],
        ["/c/a=a1"],
        ["/c/a=a1", "/c/b=b2"],
        ["/c/a=a3", "/c/b=b2"],
        ["/c/a=a3"],
        ["/c/a=a3", "/c/b=b5"],
        ["/c/0=6", "/c/a=a3", "/c/b=b5"],
      ]);
      const page = store.range("/c/", { revision: 3, limit: 1 });
      assert.deepEqual([show(page), page.remaining, page.revision], [["/c/a=a3"], 1, 3]);
      assert.throws(() => store.range("/c/", { revision: 7 }), RangeError);
    });
  });

  describe(`${name} watches`, () => {
    scenario("tell puts with what they replaced and deletes with what they removed", async (store) => {
      const seen: string[] = [];
      using _ = store.watch("/c/", 0, (events) => seen.push(...events.map(showEvent)));
      await put(store, "/c/a", 0, "one");
      await put(store, "/c/a", 1, "two");
      await store.delete("/c/a", 2);
      assert.deepEqual(seen, ["1 put /c/a=one from nothing", "2 put /c/a=two from one@1", "3 delete /c/a from two@2"]);
    });

    scenario("tell all watchers the same, in the order of revisions, each its prefix", async (store) => {
      const prefixes = ["", "/", "/a/", "/a/b", "/a/b/", "/a/b/1", "/a/bc", "/b/", "/c/"];
      const seen = prefixes.map((prefix) => recordEvents(store, prefix, 0));
      for (let round = 0; round < 5; round++) {
        const keys = ["/a/b/1", "/a/bc/1", "/b/1", "/a/b/1/2", "/a/b"];
        await Promise.all(keys.map((key) => put(store, key, store.latest(key)?.modRevision ?? 0)));
      }
      const all = seen[0]?.events ?? [];
      assert.deepEqual(
        all.map(eventRevision),
        Array.from({ length: 25 }, (_, index) => index + 1),
      );
      for (const [index, prefix] of prefixes.entries()) {
        assert.deepEqual(
          seen[index]?.events,
          all.filter((event) => eventKey(event).startsWith(prefix)),
          prefix,
        );
      }
    });

    scenario("first tell, before they return, what was missed", async (store) => {
      for (const key of ["/c/a", "/d/a", "/c/b"]) await put(store, key, 0, key);
      await store.delete("/c/a", 1);
      const seen: string[] = [];
      using _ = store.watch("/c/", 1, (events) => seen.push(...events.map(showEvent)));
      assert.deepEqual(seen, ["3 put /c/b=/c/b from nothing", "4 delete /c/a from /c/a@1"]);
      await put(store, "/c/b", 3, "new");
      assert.deepEqual(seen.slice(2), ["5 put /c/b=new from /c/b@3"]);
    });

    scenario("are not called when nothing was missed", async (store) => {
      await put(store, "/c/a", 0);
      const watched = recordEvents(store, "/c/", store.revision);
      assert.equal(watched.calls, 0);
      await put(store, "/d/a", 0);
      assert.equal(watched.calls, 0);
    });

    scenario("get the writes of one turn in one call", async (store) => {
      const watched = recordEvents(store, "/c/", 0);
      await putAll(store, ["/c/a", "/c/b", "/c/c"]);
      assert.deepEqual([watched.calls, watched.events.length], [1, 3]);
    });

    scenario("cannot start in the future", async (store) => {
      await put(store, "/c/a", 0);
      assert.throws(() => store.watch("/c/", 2, () => {}), RangeError);
    });

    scenario("end when disposed of, also twice and with others of the same prefix", async (store) => {
      const first = recordEvents(store, "/c/", 0);
      const second = recordEvents(store, "/c/", 0);
      await put(store, "/c/a", 0);
      first.watch[Symbol.dispose]();
      first.watch[Symbol.dispose]();
      await put(store, "/c/b", 0);
      second.watch[Symbol.dispose]();
      await put(store, "/c/c", 0);
      const third = recordEvents(store, "/c/", store.revision);
      first.watch[Symbol.dispose]();
      await put(store, "/c/d", 0);
      assert.deepEqual(
        [first, second, third].map((watched) => watched.events.length),
        [1, 2, 1],
      );
    });

    scenario("may be disposed of by listeners, their own and others'", async (store) => {
      let calls = 0;
      const own = store.watch("/c/", 0, () => {
        calls += 1;
        own[Symbol.dispose]();
        other.watch[Symbol.dispose]();
      });
      const other = recordEvents(store, "/c/", 0);
      const last = recordEvents(store, "/c/", 0);
      await put(store, "/c/a", 0);
      await put(store, "/c/b", 0);
      assert.deepEqual([calls, other.events.length, last.events.length], [1, 0, 2]);
    });

    scenario("may be added by listeners, and miss nothing and repeat nothing", async (store) => {
      const added: ReturnType<typeof recordEvents>[] = [];
      using _ = store.watch("/c/", 0, (events) => {
        for (const event of events) added.push(recordEvents(store, "/c/", eventRevision(event) - 1));
      });
      await putAll(store, ["/c/a", "/c/b"]);
      await put(store, "/c/c", 0);
      assert.deepEqual(
        added.map((watched) => watched.events.map(eventRevision)),
        [[1, 2, 3], [2, 3], [3]],
      );
    });

    scenario("may be written from, and everybody sees that later", async (store) => {
      const orders: number[][] = [[], []];
      using _ = store.watch("/c/", 0, (events) => {
        for (const event of events) {
          orders[0]?.push(eventRevision(event));
          if (eventRevision(event) < 4) void put(store, `/c/${eventRevision(event)}`, 0);
        }
      });
      using __ = store.watch("/c/", 0, (events) => orders[1]?.push(...events.map(eventRevision)));
      await put(store, "/c/0", 0);
      while (store.revision < 4) await put(store, "/d/turn", store.latest("/d/turn")?.modRevision ?? 0);
      assert.deepEqual(orders[0], orders[1]);
      assert.ok((orders[0]?.length ?? 0) >= 3);
    });
  });

  describe(`${name} compaction`, () => {
    scenario("forgets the past up to and including its revision, and not the present", async (store) => {
      for (let revision = 0; revision < 5; revision++) await put(store, "/c/a", revision, `v${revision + 1}`);
      store.compact(3);
      assert.deepEqual(show(store.range("/c/", { revision: 3 })), ["/c/a=v3"]);
      assert.deepEqual(recordEvents(store, "/c/", 3).events.map(eventRevision), [4, 5]);
      const compacted = { name: "Error", compactedRevision: 3 };
      assert.throws(() => store.range("/c/", { revision: 2 }), compacted);
      assert.throws(() => store.watch("/c/", 2, () => {}), compacted);
      assert.throws(() => store.watch("/c/", 2, () => {}), CompactedError);
      assert.deepEqual(show(store.range("/c/")), ["/c/a=v5"]);
    });

    scenario("goes only forward, and not into the future", async (store) => {
      for (let revision = 0; revision < 3; revision++) await put(store, "/c/a", revision);
      store.compact(2);
      store.compact(1);
      assert.throws(() => store.range("/c/", { revision: 1 }), CompactedError);
      assert.throws(() => store.compact(4), RangeError);
      store.compact(3);
      assert.deepEqual(recordEvents(store, "/c/", 3).events, []);
    });

    scenario("leaves revisions as they are, also when all keys are gone", async (store) => {
      await put(store, "/c/a", 0);
      await store.delete("/c/a", 1);
      store.compact(2);
      assert.equal(store.revision, 2);
      assert.equal(store.count(""), 0);
      assert.equal((await put(store, "/c/a", 0)).modRevision, 3);
    });

    scenario("does not disturb watches", async (store) => {
      const watched = recordEvents(store, "/c/", 0);
      await put(store, "/c/a", 0, "one");
      const written = put(store, "/c/a", 1, "two");
      store.compact(1);
      await written;
      assert.deepEqual(watched.events.map(showEvent), ["1 put /c/a=one from nothing", "2 put /c/a=two from one@1"]);
    });
  });

  describe(`${name} closing`, () => {
    test("completes the writes that are accepted, and tells watchers of them", async () => {
      const store = await open();
      const watched = recordEvents(store, "/c/", 0);
      const writes = [put(store, "/c/a", 0), put(store, "/c/b", 0)];
      const closed = store[Symbol.asyncDispose]();
      await assert.rejects(put(store, "/c/c", 0), /closed/);
      assert.deepEqual(
        (await Promise.all(writes)).map((entry) => entry.modRevision),
        [1, 2],
      );
      assert.equal(watched.events.length, 2);
      await closed;
    });

    test("may be asked for twice, and refuses what comes after", async () => {
      const store = await open();
      await put(store, "/c/a", 0);
      await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      await store[Symbol.asyncDispose]();
      await assert.rejects(put(store, "/c/b", 0), /closed/);
      await assert.rejects(store.delete("/c/a", 1), /closed/);
      assert.throws(() => store.watch("/c/", 0, () => {}), /closed/);
      assert.throws(() => store.compact(1), /closed/);
    });
  });
}

/** Writes a text; what it is does not matter to most tests. */
export function put(store: Store, key: string, expected: number, value = "v"): Promise<Entry> {
  return store.put(key, expected, () => Buffer.from(value));
}

/** Entries as `key=value`. */
export function show(page: Page): string[] {
  return page.entries.map((entry) => `${entry.key}=${textOf(entry)}`);
}

export function textOf(entry: Entry): string {
  return Buffer.from(entry.value).toString();
}

/** All events of a watch so far, and in how many calls they came. */
export function recordEvents(store: Store, prefix: string, afterRevision: number) {
  const watched = { events: [] as StoreEvent[], calls: 0 };
  const watch = store.watch(prefix, afterRevision, (events) => {
    watched.events.push(...events);
    watched.calls += 1;
  });
  return Object.assign(watched, { watch });
}

function showEvent(event: StoreEvent): string {
  const from = event.previous === undefined ? "nothing" : `${textOf(event.previous)}@${event.previous.modRevision}`;
  return event.type === "put"
    ? `${event.entry.modRevision} put ${event.entry.key}=${textOf(event.entry)} from ${from}`
    : `${event.revision} delete ${event.key} from ${from}`;
}

function plain(entry: Entry | undefined) {
  return entry === undefined ? undefined : { ...entry, value: textOf(entry) };
}

function keysOf(page: Page): string[] {
  return page.entries.map((entry) => entry.key);
}

async function putAll(store: Store, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => put(store, key, 0)));
}

async function rejectsCompare(write: Promise<unknown>, current: string | undefined): Promise<void> {
  await assert.rejects(write, (error) => {
    assert.ok(error instanceof CompareError);
    assert.equal(plain(error.current)?.value, current);
    return true;
  });
}
