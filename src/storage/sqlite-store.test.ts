import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { silentLog } from "../lib/index.ts";
import { eventRevision } from "./history.ts";
import { JournaledStore } from "./journaled-store.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { SqliteSweeper } from "./sqlite-sweeper.ts";
import { put, recordEvents, show, storeConformance } from "./store.conformance.ts";
import { CompactedError, type Store } from "./store.ts";
import { StoreError, type StoreErrorCode } from "./store-error.ts";
import { storeModel } from "./testing/store-model.ts";

const directory = await mkdtemp(join(tmpdir(), "skiff-store-"));
after(() => rm(directory, { recursive: true }));
let files = 0;
const newFile = () => join(directory, `${++files}.db`);

storeConformance("SQLite store", () => openSqliteStore({ file: newFile() }));
storeModel("SQLite store", () => {
  const file = newFile();
  return { open: () => openSqliteStore({ file, synchronous: "normal" }), reopens: true };
});

describe("A file opened again", () => {
  test("has the same state, revision and history", async () => {
    const file = newFile();
    await withStore(file, async (store) => {
      await put(store, "/c/a", 0, "a1");
      await put(store, "/c/b", 0, "b2");
      await put(store, "/c/a", 1, "a3");
      await store.delete("/c/b", 2);
      await store.put("/c/empty", 0, () => new Uint8Array());
    });
    await withStore(file, async (store) => {
      assert.equal(store.revision, 5);
      assert.deepEqual(show(store.range("/")), ["/c/a=a3", "/c/empty="]);
      assert.deepEqual([store.get("/c/a")?.createRevision, store.get("/c/a")?.modRevision], [1, 3]);
      assert.deepEqual(show(store.range("/", { revision: 2 })), ["/c/a=a1", "/c/b=b2"]);
      const { events } = recordEvents(store, "/c/", 1);
      assert.deepEqual(
        events.map((event) => [event.type, eventRevision(event), event.previous?.modRevision]),
        [
          ["put", 2, undefined],
          ["put", 3, 1],
          ["delete", 4, 2],
          ["put", 5, undefined],
        ],
      );
      assert.equal((await put(store, "/c/c", 0)).modRevision, 6);
    });
  });

  test("goes on from its last revision when everything is deleted and compacted", async () => {
    const file = newFile();
    await withStore(file, async (store) => {
      await put(store, "/c/a", 0);
      await store.delete("/c/a", 1);
      store.compact(2);
    });
    await withStore(file, async (store) => {
      assert.equal(store.revision, 2);
      assert.throws(() => store.watch("/", 1, () => {}), CompactedError);
      assert.equal((await put(store, "/c/a", 0)).modRevision, 3);
    });
  });

  test("holds what a process acknowledged that was killed while it wrote, five times over", async () => {
    const file = newFile();
    const acknowledged = new Map<string, { type: string; revision: number }>();
    for (let round = 1; round <= 5; round++) {
      for (const { type, key, revision } of await writeUntilKilled(file, String(round), 2000)) {
        if (revision > (acknowledged.get(key)?.revision ?? 0)) acknowledged.set(key, { type, revision });
      }
      await withStore(file, async (store) => {
        assert.ok(store.revision >= Math.max(...[...acknowledged.values()].map((write) => write.revision)));
        for (const [key, { type, revision }] of acknowledged) {
          const modRevision = store.get(key)?.modRevision ?? 0;
          const isThere = type === "put" ? modRevision >= revision : modRevision === 0 || modRevision > revision;
          // A key that is written again and again may have got further than its process could tell.
          assert.ok(
            isThere || (type === "put" && key.startsWith("/c/passing") && modRevision === 0),
            `${type} ${key} ${revision}`,
          );
        }
      });
    }
  });
});

describe("A file", () => {
  test("can be read by its owner only", async () => {
    const file = newFile();
    await withStore(file, async () => assert.equal(statSync(file).mode & 0o777, 0o600));
  });

  test("loses the rows that compaction makes needless, again and again, and stays small", async () => {
    const file = newFile();
    // Only one of these fits into a page.
    const value = Buffer.alloc(8300);
    const keys = Array.from({ length: 100 }, (_, index) => `/c/${index}`);
    await withStore(file, async (store) => {
      for (let cycle = 0; cycle < 5; cycle++) {
        for (let round = 0; round < 10; round++) {
          await Promise.all(keys.map((key) => store.put(key, store.get(key)?.modRevision ?? 0, () => value)));
        }
        store.compact(store.revision);
        for (let turn = 0; turn < 150; turn++) await nextTurn();
      }
    });
    assert.ok(statSync(file).size < 10e6, `${statSync(file).size} bytes for 830 KB of values`);
    assert.deepEqual(query(file, "SELECT count(*) AS rows FROM log"), { rows: 100 });
    await withStore(file, async (store) => assert.equal(store.count("/"), 100));
  });

  test("that was being made when its process was killed leaves nothing beside it once it is opened", async () => {
    const directory = join(newFile(), "..", "drafts");
    mkdirSync(directory);
    const file = join(directory, "store.db");
    const ended = spawnSync(process.execPath, ["--version"]).pid;
    const kept = [`store.db.${process.ppid}.new`, `other.db.${ended}.new`];
    for (const name of [...kept, `store.db.${ended}.new`, `store.db.${ended}.new-journal`])
      writeFileSync(join(directory, name), "half");
    await withStore(file, async () => {});
    assert.deepEqual(readdirSync(directory).sort(), ["store.db", ...kept].sort());
  });

  test("keeps its revision when no row is left in it", async () => {
    const file = newFile();
    await withStore(file, async (store) => {
      const keys = Array.from({ length: 400 }, (_, index) => `/c/${index}`);
      await Promise.all(keys.map((key) => store.put(key, 0, () => Buffer.alloc(16_000))));
      await Promise.all(keys.map((key) => store.delete(key, store.latest(key)?.modRevision ?? 0)));
      store.compact(store.revision);
      for (let turn = 0; turn < 100; turn++) await nextTurn();
    });
    assert.deepEqual(query(file, "SELECT count(*) AS rows FROM log"), { rows: 0 });
    await withStore(file, async (store) => assert.equal(store.revision, 800));
  });

  test("never brings back what was deleted, at whatever moment of a compaction the process ends", async () => {
    const file = newFile();
    const store = await openSqliteStore({ file });
    const keys = Array.from({ length: 600 }, (_, index) => `/c/${index}`);
    await Promise.all(keys.map((key) => store.put(key, 0, () => Buffer.alloc(16_000))));
    await Promise.all(keys.map((key) => store.delete(key, store.latest(key)?.modRevision ?? 0)));
    await put(store, "/c/left", 0);
    store.compact(store.revision);
    for (let turn = 0; turn < 25; turn++) {
      const copy = newFile();
      copyFileSync(file, copy);
      copyFileSync(`${file}-wal`, `${copy}-wal`);
      await withStore(copy, async (copied) => {
        assert.deepEqual(show(copied.range("/")), ["/c/left=v"], `turn ${turn}`);
        assert.equal(copied.revision, store.revision);
      });
      await nextTurn();
    }
    await store[Symbol.asyncDispose]();
  });

  test("that is full refuses all writes of a turn, and none has happened; then it goes on", async () => {
    const database = openSqliteFile(newFile());
    const journal = new SqliteJournal("/full.db", database, new SqliteSweeper(database, silentLog));
    await using store = new JournaledStore({}, journal, journal.recover());
    await put(store, "/c/a", 0, "one");
    database.exec("PRAGMA max_page_count = 20");
    const watched = recordEvents(store, "/", 1);
    const writes = [
      put(store, "/c/a", 1, "two"),
      store.put("/c/large", 0, () => Buffer.alloc(2 ** 20)),
      store.delete("/c/a", 2),
    ];
    for (const outcome of await Promise.allSettled(writes)) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof StoreError);
      assert.equal(outcome.reason.code, "disk-full");
      assert.equal(outcome.reason.message, "Cannot write /full.db: the disk is full");
    }
    assert.equal(store.revision, 1);
    assert.deepEqual(store.latest("/c/a"), store.get("/c/a"));
    assert.deepEqual(show(store.range("/")), ["/c/a=one"]);
    assert.deepEqual(watched.events, []);
    await put(store, "/c/small", 0, "fits");
    database.exec("PRAGMA max_page_count = 4294967294");
    await store.put("/c/large", 0, () => Buffer.alloc(2 ** 20));
    assert.equal(store.count("/"), 3);
    assert.equal(watched.events.length, 2);
  });
});

describe("A disk that fails", () => {
  test("while it makes writes durable ends all writing: nobody knows what is on it", async () => {
    const database = openSqliteFile(newFile());
    const failure = new StoreError("io", "write /x.db", "the disk is gone");
    let fails = false;
    const log = { sync: async () => (fails ? Promise.reject(failure) : undefined), close() {} };
    const journal = new SqliteJournal("/x.db", database, new SqliteSweeper(database, silentLog), log);
    await using store = new JournaledStore({}, journal, journal.recover());
    await put(store, "/c/a", 0, "one");
    fails = true;
    const watched = recordEvents(store, "/", 1);
    const first = Promise.allSettled([put(store, "/c/a", 1, "two")]);
    await nextTurn();
    const second = Promise.allSettled([put(store, "/c/b", 0, "rests on the first one's turn")]);
    for (const outcome of [...(await first), ...(await second)]) {
      assert.ok(outcome.status === "rejected");
      assert.equal(outcome.reason, failure);
    }
    fails = false;
    await assert.rejects(put(store, "/c/c", 0, "later"), failure);
    assert.deepEqual(show(store.range("/")), ["/c/a=one"]);
    assert.deepEqual(store.latest("/c/a"), store.get("/c/a"));
    assert.deepEqual(watched.events, []);
  });
});

describe("A write that waits for the disk", () => {
  test("is accepted but not published; what comes meanwhile goes with the next sync", async () => {
    const database = openSqliteFile(newFile());
    const syncs: (() => void)[] = [];
    const log = { sync: () => new Promise<void>((resolve) => void syncs.push(resolve)), close() {} };
    const journal = new SqliteJournal("/x.db", database, new SqliteSweeper(database, silentLog), log);
    await using store = new JournaledStore({}, journal, journal.recover());
    const first = put(store, "/c/a", 0, "one");
    await nextTurn();
    const second = put(store, "/c/a", 1, "two");
    const third = put(store, "/c/b", 0, "three");
    await nextTurn();
    assert.equal(syncs.length, 1);
    assert.equal(store.revision, 0);
    assert.equal(store.get("/c/a"), undefined);
    assert.equal(store.latest("/c/a")?.modRevision, 2);
    syncs.shift()?.();
    await first;
    await nextTurn();
    assert.equal(store.get("/c/a")?.modRevision, 1);
    assert.equal(store.latest("/c/a")?.modRevision, 2, "what was accepted later is forgotten");
    syncs.shift()?.();
    await Promise.all([second, third]);
    assert.deepEqual(show(store.range("/")), ["/c/a=two", "/c/b=three"]);
  });
});

describe("A backup", () => {
  test("is a whole store of one moment, while writes go on", async () => {
    const [file, copy] = [newFile(), newFile()];
    await using store = await openSqliteStore({ file });
    for (let index = 0; index < 300; index++) void store.put(`/c/${index}`, 0, () => Buffer.alloc(2000, "x"));
    await put(store, "/c/last", 0, "last");
    let done = false;
    let written = 0;
    const writing = (async () => {
      for (; !done; written++) await put(store, `/d/${written}`, 0, "meanwhile");
    })();
    await store.backup(copy);
    done = true;
    await writing;
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    await withStore(copy, async (copied) => {
      assert.equal(copied.count("/c/"), 301);
      assert.ok(copied.count("/d/") <= written);
      await put(copied, "/c/new", 0, "goes on");
    });
    await assert.rejects(store.backup(copy), /Cannot write .*: /);
  });
});

describe("A file that cannot be opened", () => {
  const written = async () => {
    const file = newFile();
    await withStore(file, async (store) => {
      for (let index = 0; index < 100; index++) await store.put(`/c/${index}`, 0, () => Buffer.alloc(5000, "x"));
    });
    return file;
  };
  const overwrite = (file: string, position: number, bytes: Uint8Array) => {
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, bytes, 0, bytes.byteLength, position);
    closeSync(descriptor);
  };
  const execute = (file: string, sql: string) => {
    using database = new DatabaseSync(file);
    database.exec(sql);
  };

  const cases: Record<string, { prepare: () => Promise<string>; code: StoreErrorCode; why: string }> = {
    "is no database": {
      prepare: async () => {
        const file = newFile();
        writeFileSync(file, "This is a letter, not a database. ".repeat(100));
        return file;
      },
      code: "corrupt",
      why: "it is not a database",
    },
    "is empty": {
      prepare: async () => {
        const file = newFile();
        writeFileSync(file, "");
        return file;
      },
      code: "corrupt",
      why: "it is empty",
    },
    "is cut off": {
      prepare: async () => {
        const file = await written();
        truncateSync(file, Math.floor(statSync(file).size / 2));
        return file;
      },
      code: "corrupt",
      why: "it is damaged",
    },
    "is damaged in the middle": {
      prepare: async () => {
        const file = await written();
        overwrite(file, 16384 * 4, Buffer.alloc(16384 * 3, 0xa5));
        return file;
      },
      code: "corrupt",
      why: "it is damaged",
    },
    "lacks a row": {
      prepare: async () => {
        const file = newFile();
        await withStore(file, async (store) => {
          await put(store, "/c/a", 0);
          await put(store, "/c/a", 1);
        });
        execute(file, "DELETE FROM log WHERE revision = 1");
        return file;
      },
      code: "corrupt",
      why: "what was there before revision 2 is missing",
    },
    "is of another program": {
      prepare: async () => {
        const file = newFile();
        execute(file, "CREATE TABLE log (line TEXT)");
        return file;
      },
      code: "corrupt",
      why: "it is a database of another program",
    },
    "is of a newer version": {
      prepare: async () => {
        const file = await written();
        execute(file, "PRAGMA user_version = 7");
        return file;
      },
      code: "newer-version",
      why: "its format is 7, and this version knows 1",
    },
    "has no directory": {
      prepare: async () => join(directory, "absent", "store.db"),
      code: "io",
      why: "its directory does not exist",
    },
    "is a directory": {
      prepare: async () => {
        const file = newFile();
        mkdirSync(file);
        return file;
      },
      code: "io",
      why: "it is not a file",
    },
  };
  for (const [what, { prepare, code, why }] of Object.entries(cases)) {
    test(`because it ${what} is named, with what to do, and stays as it is`, async () => {
      const file = await prepare();
      const sizeBytes = existsSync(file) ? statSync(file).size : undefined;
      await assert.rejects(openSqliteStore({ file }), (error) => {
        assert.ok(error instanceof StoreError);
        assert.deepEqual([error.code, error.message], [code, `Cannot open ${file}: ${why}`]);
        assert.match(error.fix, /^[A-Z].*\.$/);
        return true;
      });
      assert.equal(existsSync(file) ? statSync(file).size : undefined, sizeBytes);
    });
  }

  const isRoot = process.getuid?.() === 0;
  test("because it is read-only is named", { skip: isRoot && "root may write everything" }, async () => {
    const file = await written();
    chmodSync(file, 0o400);
    const message = `Cannot open ${file}: access is denied`;
    await assert.rejects(openSqliteStore({ file }), { code: "read-only", message });
  });

  test("because its directory is read-only is named", { skip: isRoot && "root may write everything" }, async () => {
    const file = join(newFile(), "store.db");
    mkdirSync(dirname(file), { mode: 0o500 });
    await assert.rejects(openSqliteStore({ file }), { code: "read-only" });
  });

  test("because only its log is left is named, and the log stays", async () => {
    const file = newFile();
    writeFileSync(`${file}-wal`, "remains");
    const message = `Cannot open ${file}: it is gone, but ${file}-wal is still there`;
    await assert.rejects(openSqliteStore({ file }), { code: "corrupt", message });
    assert.ok(existsSync(`${file}-wal`) && !existsSync(file));
  });

  test("because a store in this process has it open is locked, until that is closed", async () => {
    const file = newFile();
    await withStore(file, async (store) => {
      await assert.rejects(openSqliteStore({ file }), {
        code: "locked",
        message: `Cannot open ${file}: it is already in use`,
      });
      await put(store, "/c/a", 0);
    });
    await withStore(file, async (store) => assert.equal(store.count("/"), 1));
  });

  test("because another process has it open is locked, until that is killed", async () => {
    const file = newFile();
    const child = startWriter(file, "1");
    for await (const _ of child.lines) break;
    await assert.rejects(openSqliteStore({ file }), { code: "locked" });
    child.process.kill("SIGKILL");
    await child.ended;
    await withStore(file, async (store) => assert.ok(store.revision > 0));
  });
});

async function withStore(file: string, use: (store: Store) => Promise<void>): Promise<void> {
  await using store = await openSqliteStore({ file });
  await use(store);
}

function query(file: string, sql: string): Record<string, unknown> {
  using database = new DatabaseSync(file);
  return { ...database.prepare(sql).get() };
}

function startWriter(file: string, round: string) {
  const program = join(import.meta.dirname, "testing", "write-until-killed.ts");
  const child = spawn(process.execPath, [program, file, round], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return { process: child, lines: createInterface({ input: child.stdout }), ended };
}

type Acknowledged = { type: string; key: string; revision: number };

/** Kills the writer after so many lines, and gives all it has printed. */
async function writeUntilKilled(file: string, round: string, lines: number): Promise<Acknowledged[]> {
  const child = startWriter(file, round);
  const acknowledged: Acknowledged[] = [];
  for await (const line of child.lines) {
    const [type = "", key = "", revision = ""] = line.split(" ");
    acknowledged.push({ type, key, revision: Number(revision) });
    if (acknowledged.length === lines) child.process.kill("SIGKILL");
  }
  await child.ended;
  assert.ok(acknowledged.length >= lines, `the writer ended after ${acknowledged.length} lines`);
  return acknowledged;
}
