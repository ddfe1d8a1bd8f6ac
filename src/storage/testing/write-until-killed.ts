// A program for the tests: writes to the store in the file named by its argument, and prints each acknowledged write as a
// line `put <key> <revision>` or `delete <key> <revision>`, until somebody kills it. Run again it goes on.
import { writeSync } from "node:fs";
import { openSqliteStore } from "../sqlite-store.ts";
import type { Entry } from "../store.ts";

const [file = "", round = ""] = process.argv.slice(2);
// So little history that old rows are removed all the time.
const store = await openSqliteStore({ file, historyEventsMax: 100 });
const value = Buffer.alloc(8192, "x");

async function write(writer: number): Promise<void> {
  for (let count = 0; ; count++) {
    await put(`/c/new-${round}-${writer}-${count}`);
    await put(`/c/changed-${writer}`);
    const passing = `/c/passing-${writer}-${count % 10}`;
    const { modRevision } = await put(passing);
    const revision = await store.delete(passing, modRevision);
    writeSync(1, `delete ${passing} ${revision}\n`);
  }
}

async function put(key: string): Promise<Entry> {
  const entry = await store.put(key, store.latest(key)?.modRevision ?? 0, () => value);
  writeSync(1, `put ${key} ${entry.modRevision}\n`);
  return entry;
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
