import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createContentCache } from "./content-cache.ts";
import { makeDirectory } from "./testing/charts.ts";

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile());
}

test("what was written is read by everybody with its digest", async (t) => {
  const directory = makeDirectory(t);
  const open = () => createContentCache({ directory, bytesMax: 1e6, now: Date.now });
  const digest = await open().write(Buffer.from("chart"));
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.equal(Buffer.from((await open().read(digest)) ?? []).toString(), "chart");
  assert.equal(await open().read(`sha256:${"0".repeat(64)}`), undefined);
  assert.equal(await open().read("sha256:../../etc/passwd"), undefined);
});

test("a file that has changed on disk counts as absent, and is removed", async (t) => {
  const directory = makeDirectory(t);
  const cache = createContentCache({ directory, bytesMax: 1e6, now: Date.now });
  const digest = await cache.write(Buffer.from("chart"));
  const [file = ""] = filesBelow(directory);
  writeFileSync(file, "chars");
  assert.equal(await cache.read(digest), undefined);
  assert.deepEqual(filesBelow(directory), []);
  await cache.write(Buffer.from("chart"));
  assert.ok(await cache.read(digest));
});

test("what was used least recently is removed when there is no more space", async (t) => {
  const directory = makeDirectory(t);
  let now = Date.now();
  const cache = createContentCache({ directory, bytesMax: 100_000, now: () => now });
  const digests: string[] = [];
  for (let index = 0; index < 9; index++) {
    now += 3_600_000;
    digests.push(await cache.write(Buffer.alloc(10_000, index)));
  }
  now += 3_600_000;
  assert.ok(await cache.read(digests[0] ?? ""));
  now += 3_600_000;
  // The files have the times of the disk; only what is read again has ours, which is later.
  await cache.write(Buffer.alloc(20_000, 1));
  const kept = await Promise.all(digests.map((digest) => cache.read(digest)));
  assert.ok(kept[0], "the one that was just read is gone");
  assert.ok(kept.filter((bytes) => bytes === undefined).length >= 2, "nothing was removed");
  const total = filesBelow(directory).reduce((sum, file) => sum + statSync(file).size, 0);
  assert.ok(total <= 100_000, `${total} bytes are left`);
});

test("notes are kept under any key, and a broken one is none", async (t) => {
  const directory = makeDirectory(t);
  const cache = createContentCache({ directory, bytesMax: 1e6, now: Date.now });
  await cache.writeNote("charts", "https://example.com/../x\n", { digest: "a" });
  assert.deepEqual(await cache.readNote("charts", "https://example.com/../x\n"), { digest: "a" });
  assert.equal(await cache.readNote("indexes", "https://example.com/../x\n"), undefined);
  for (const file of filesBelow(directory)) writeFileSync(file, "{");
  assert.equal(await cache.readNote("charts", "https://example.com/../x\n"), undefined);
});

test("many writers of the same content leave one whole file", async (t) => {
  const directory = makeDirectory(t);
  const content = Buffer.alloc(100_000, "x");
  const caches = Array.from({ length: 5 }, () => createContentCache({ directory, bytesMax: 1e6, now: Date.now }));
  const digests = await Promise.all(caches.map((cache) => cache.write(content)));
  assert.equal(new Set(digests).size, 1);
  assert.equal(filesBelow(directory).length, 1);
  assert.deepEqual(Buffer.from((await caches[0]?.read(digests[0] ?? "")) ?? []), content);
});
