import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readDirectory } from "./read-directory.ts";
import { openPathWatches } from "./watch-paths.ts";

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "skiff-watch-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Watches a path and gives a function that waits for the next change. */
function follow(t: TestContext, path: string): () => Promise<void> {
  const watches = openPathWatches();
  t.after(() => watches[Symbol.dispose]());
  let next = Promise.withResolvers<void>();
  watches.set("test", [path], () => {
    next.resolve();
    next = Promise.withResolvers<void>();
  });
  return () => next.promise;
}

test("a change in a directory made later, below the watched one, is seen", async (t) => {
  const root = await temporaryDirectory(t);
  const changed = follow(t, root);
  const first = changed();
  await mkdir(join(root, "a", "b"), { recursive: true });
  await first;
  const second = changed();
  await writeFile(join(root, "a", "b", "file.yaml"), "x");
  await second;
});

test("a watched file is followed when an editor replaces it", async (t) => {
  const root = await temporaryDirectory(t);
  const file = join(root, "app.yaml");
  await writeFile(file, "1");
  const changed = follow(t, file);
  for (const content of ["2", "3"]) {
    const seen = changed();
    await writeFile(join(root, "new"), content);
    await rename(join(root, "new"), file);
    await seen;
  }
});

test("a file in a watched directory is followed after an editor has replaced it", async (t) => {
  const root = await temporaryDirectory(t);
  await mkdir(join(root, "sub"));
  const file = join(root, "sub", "values.yaml");
  await writeFile(file, "1");
  const changed = follow(t, root);
  for (const content of ["2", "3"]) {
    // Outside of the directory, so that the file itself is all that changes in it.
    const other = join(await temporaryDirectory(t), "new");
    await writeFile(other, content);
    const replaced = changed();
    await rename(other, file);
    await replaced;
    const written = changed();
    await writeFile(file, `${content}0`);
    await written;
  }
});

test("a directory that is replaced by another one is followed, below the watched one", async (t) => {
  const root = await temporaryDirectory(t);
  await mkdir(join(root, "sub", "deep"), { recursive: true });
  const changed = follow(t, root);
  const other = await temporaryDirectory(t);
  await mkdir(join(other, "sub", "deep"), { recursive: true });
  const away = changed();
  await rename(join(root, "sub"), join(other, "old"));
  await away;
  const back = changed();
  await rename(join(other, "sub"), join(root, "sub"));
  await back;
  const written = changed();
  await writeFile(join(root, "sub", "deep", "file.yaml"), "x");
  await written;
});

test("a directory that is removed and made again is followed", async (t) => {
  const root = join(await temporaryDirectory(t), "package");
  await mkdir(root);
  const changed = follow(t, root);
  const removed = changed();
  await rm(root, { recursive: true });
  await removed;
  const back = changed();
  await mkdir(root);
  await back;
  const written = changed();
  await writeFile(join(root, "file.yaml"), "x");
  await written;
});

test("readDirectory reads all regular files and leaves .git and links out", async (t) => {
  const root = await temporaryDirectory(t);
  await mkdir(join(root, ".git"));
  await mkdir(join(root, "deep", "er"), { recursive: true });
  await writeFile(join(root, ".git", "config"), "");
  await writeFile(join(root, "deep", "er", "a.yaml"), "a: 1\n");
  await writeFile(join(root, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const files = await readDirectory(root);
  assert.deepEqual([...files.keys()].sort(), ["deep/er/a.yaml", "run.sh"]);
  assert.equal(files.get("run.sh")?.executable, true);
  await assert.rejects(readDirectory(join(root, "none")), /it does not exist/);
  await assert.rejects(readDirectory(join(root, "run.sh")), /path not a directory/);
});
