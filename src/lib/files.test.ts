import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeFileAtomically } from "./files.ts";

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
