import assert from "node:assert/strict";
import { test } from "node:test";
import { gitTree, memoryTree } from "./file-tree.ts";
import type { Reads } from "./reads.ts";
import { recordedFiles } from "./source-files.ts";

type Entry = { mode: "100644" | "120000"; text: string };

/** A repository of these files; `->` makes a link. */
function repositoryOf(texts: Record<string, string>) {
  const entries = new Map<string, Entry>();
  for (const [path, text] of Object.entries(texts)) {
    const isLink = text.startsWith("->");
    entries.set(path, { mode: isLink ? "120000" : "100644", text: isLink ? text.slice(2) : text });
  }
  const below = (path: string) => (path === "" ? "" : `${path}/`);
  const isDirectory = (path: string) => [...entries.keys()].some((name) => name.startsWith(below(path)));
  return {
    async entry(_url: string, _commit: string, path: string) {
      const found = entries.get(path);
      if (found !== undefined) return { name: path, mode: found.mode, oid: found.text };
      return isDirectory(path) ? { name: path, mode: "40000", oid: `tree ${path}` } : undefined;
    },
    async tree(_url: string, _commit: string, path: string) {
      const files = [...entries].filter(([name]) => name.startsWith(below(path)));
      return files.map(([name, { mode, text }]) => ({
        path: name.slice(below(path).length),
        mode,
        oid: text,
        sizeBytes: text.length,
      }));
    },
    blob: async (_url: string, oid: string) => Buffer.from(oid),
  };
}

const tree = gitTree(
  repositoryOf({
    "app/a.yaml": "a",
    "app/linked.yaml": "->../shared/b.yaml",
    "app/twice.yaml": "->linked.yaml",
    "app/more": "->../shared",
    "app/broken.yaml": "->nowhere.yaml",
    "shared/b.yaml": "b",
    "shared/deep/c.yaml": "c",
    "circle/self": "->../circle",
    "circle/x.yaml": "x",
    "out/secret": "->../../etc/passwd",
    "out/absolute": "->/etc/passwd",
  }),
  "https://git.test/a/b",
  "commit",
);

const found: Record<string, string | undefined> = {
  "app/a.yaml": "file a",
  "app/../app/./a.yaml": "file a",
  "app/linked.yaml": "file b",
  "app/twice.yaml": "file b",
  "app/more": "directory tree shared",
  "app/more/deep/c.yaml": "file c",
  "app/more/../a.yaml": undefined,
  "app/broken.yaml": undefined,
  "app/nothing": undefined,
  "": "directory tree ",
  "../x": undefined,
};
for (const [path, want] of Object.entries(found)) {
  test(`a tree has at ${path || "its root"} ${want ?? "nothing"}`, async () => {
    const node = await tree.find(path);
    assert.equal(node && `${node.kind} ${node.id}`, want);
  });
}

test("links that lead out of a repository are refused", async () => {
  const message = (file: string) => new Error(`repository contains out-of-bounds symlinks. file: ${file}`);
  await assert.rejects(tree.find("out/secret"), message("out/secret"));
  await assert.rejects(tree.find("out/absolute"), message("out/absolute"));
});

test("files of a directory come with what its links lead to, and a circle ends", async () => {
  const files = await tree.files("app");
  assert.deepEqual(
    files?.map(({ path, id, link }) => [path, id, link]),
    [
      ["a.yaml", "a", undefined],
      ["linked.yaml", "b", "linked.yaml"],
      ["twice.yaml", "b", "twice.yaml"],
      ["more/b.yaml", "b", "more"],
      ["more/deep/c.yaml", "c", "more"],
    ],
  );
  assert.ok((await tree.files("circle"))?.some(({ path }) => path === "x.yaml"));
});

test("what links lead to is written down with the directory that they are in", async () => {
  const reads: Reads = new Map();
  await recordedFiles(new Map([["", tree]]), reads).files({ tree: "", path: "app" });
  assert.deepEqual(
    [...reads],
    [
      ["path :app", "tree app"],
      ["path :app/linked.yaml", "b"],
      ["path :app/twice.yaml", "b"],
      ["path :app/more", "tree shared"],
    ],
  );
});

test("files in memory are found by paths and ids", async () => {
  const memory = memoryTree(new Map([["a/b.txt", Buffer.from("text")]]));
  const node = await memory.find("./a/../a/b.txt");
  assert.equal(node?.kind, "file");
  assert.equal(Buffer.from(await memory.read(node?.id ?? "")).toString(), "text");
  assert.equal((await memory.find("a"))?.kind, "directory");
  assert.deepEqual(
    (await memory.files("a"))?.map(({ path }) => path),
    ["b.txt"],
  );
  assert.equal(await memory.find("b"), undefined);
});
