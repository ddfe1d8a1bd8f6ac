import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makeDirectory, writeFileAtomically } from "./files.ts";

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "skiff-files-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a file is replaced as a whole, and only its owner may read it", (t) => {
  const file = join(newDirectory(t), "below", "config.json");
  writeFileAtomically(file, "one");
  writeFileAtomically(file, "two");
  assert.equal(readFileSync(file, "utf8"), "two");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, "..")), ["config.json"]);
});

test("what killed processes left of a file goes away, what a living one just writes stays, as do other files", (t) => {
  const directory = newDirectory(t);
  const ended = spawnSync(process.execPath, ["--version"]).pid;
  const kept = [`config.json.${process.ppid}.tmp`, `other.json.${ended}.tmp`, "config.json.backup.tmp"];
  for (const name of [...kept, `config.json.${ended}.tmp`, `config.json.${process.pid}.tmp`])
    writeFileSync(join(directory, name), "half");
  writeFileAtomically(join(directory, "config.json"), "whole");
  assert.deepEqual(readdirSync(directory).sort(), ["config.json", ...kept].sort());
});

test("a write that fails leaves nothing behind", (t) => {
  const directory = newDirectory(t);
  mkdirSync(join(directory, "config.json"));
  assert.throws(() => writeFileAtomically(join(directory, "config.json"), "text"), { code: "EISDIR" });
  assert.deepEqual(readdirSync(directory), ["config.json"]);
});

test("a directory is made with those above it, with the mode that was asked for, and again without a fault", (t) => {
  const directory = newDirectory(t);
  const path = join(directory, "a", "b", "c");
  makeDirectory(path, 0o700);
  makeDirectory(path, 0o700);
  assert.equal(statSync(join(directory, "a")).mode & 0o777, 0o700);
  assert.ok(statSync(path).isDirectory());
});

test("a directory that nobody can make is an error", { skip: process.platform !== "linux" }, (t) => {
  assert.throws(() => makeDirectory("/proc/absent/inner"), { code: "ENOENT" });
  const file = join(newDirectory(t), "file");
  writeFileSync(file, "");
  assert.throws(() => makeDirectory(join(file, "inner")), /ENOTDIR|EEXIST/);
});
