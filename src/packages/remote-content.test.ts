import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openRepositories, openSources, type Repositories, type Sources } from "../git/index.ts";
import { silentLog } from "../lib/index.ts";
import { remoteContent, remoteFiles } from "./remote-content.ts";

let root: string;
let repositories: Repositories;
let sources: Sources;

function git(cwd: string, ...args: string[]): void {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"];
  execFileSync("git", [...identity, ...args], { cwd, stdio: "pipe" });
}

function repository(name: string, files: Record<string, string>, submodule?: { url: string; path: string }): string {
  const directory = join(root, name);
  mkdirSync(directory);
  git(directory, "init", "-q", "-b", "main");
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  if (submodule !== undefined) git(directory, "submodule", "--quiet", "add", submodule.url, submodule.path);
  git(directory, "add", ".");
  git(directory, "commit", "-qm", "content");
  return `file://${directory}`;
}

before(async () => {
  root = mkdtempSync(join(tmpdir(), "skiff-remote-"));
  repositories = await openRepositories({ dir: join(root, "own"), log: silentLog });
  sources = await openSources({ dir: join(root, "mirrors"), repositories, localUrls: () => undefined, log: silentLog });
});
after(async () => {
  await sources[Symbol.asyncDispose]();
  await repositories[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

test("the content of a remote directory has that of its submodules, unless the URL says otherwise", async () => {
  const shared = repository("shared", { "base.yaml": "a: 1\n", "deep/more.yaml": "b: 2\n" });
  const url = repository("stack", { "app/one.yaml": "c: 3\n", "other.yaml": "" }, { url: shared, path: "app/shared" });
  const signal = AbortSignal.timeout(30_000);
  const whole = await remoteContent({ url, path: "app", cloneSubmodules: true }, sources, signal);
  assert.deepEqual([...whole.keys()].sort(), ["one.yaml", "shared/base.yaml", "shared/deep/more.yaml"]);
  assert.equal(Buffer.from(whole.get("shared/base.yaml")?.bytes ?? []).toString(), "a: 1\n");
  const own = await remoteContent({ url, path: "app", cloneSubmodules: false }, sources, signal);
  assert.deepEqual([...own.keys()], ["one.yaml"]);
});

test("only the files that are wanted are read, and a path that is none is named", async () => {
  const url = repository("plain", { "p/a.yaml": "1", "p/b.txt": "2" });
  const signal = AbortSignal.timeout(30_000);
  const files = await remoteFiles(
    { url, path: "p" },
    sources,
    { path: "p", wanted: (path) => path.endsWith(".yaml") },
    signal,
  );
  assert.deepEqual([...files.keys()], ["a.yaml"]);
  await assert.rejects(
    remoteFiles({ url, path: "q" }, sources, { path: "q" }, signal),
    /path not a directory: q at [0-9a-f]{7} of file:/,
  );
});
