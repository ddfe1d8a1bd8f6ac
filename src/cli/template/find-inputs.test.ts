import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { findInputs, type SourceChoice } from "./find-inputs.ts";

/** A directory with empty files of these paths. */
function newTree(t: TestContext, ...files: string[]): string {
  const root = mkdtempSync(join(tmpdir(), "skiff-inputs-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const file of files) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  return root;
}

function found(root: string, choice: SourceChoice, depth: number): string[] {
  return findInputs([root], choice, depth).inputs.map(({ kind, shown }) => `${kind} ${shown.slice(root.length + 1)}`);
}

test("files are read to a depth at which the directory itself is 0, in the order of their names", (t) => {
  const root = newTree(
    t,
    "b.yaml",
    "a/z.yaml",
    "a/b/c.txt",
    "a/b/c/d.yaml",
    "B.yaml",
    ".git/config",
    "node_modules/x.yaml",
  );
  assert.deepEqual(found(root, "crd", 0), ["file B.yaml", "file b.yaml"]);
  assert.deepEqual(found(root, "crd", 2), ["file B.yaml", "file a/b/c.txt", "file a/z.yaml", "file b.yaml"]);
  assert.equal(found(root, "crd", 2 ** 32 - 1).length, 5);
});

test("a module is a directory, and what is below it belongs to it", (t) => {
  const root = newTree(
    t,
    "one/main.tf",
    "one/modules/inner/main.tf",
    "two/deep/vars.tofu",
    "three/x.yaml",
    "four/notes.tf.bak",
  );
  assert.deepEqual(found(root, "tf", 2), ["module one", "module two/deep"]);
  assert.deepEqual(found(root, "tf", 1), ["module one"]);
  assert.deepEqual(found(join(root, "one"), "tf", 0), ["module "]);
});

test("charts are directories and archives", (t) => {
  const root = newTree(t, "web/Chart.yaml", "web/charts/db/Chart.yaml", "db-1.0.0.tgz", "values.yaml");
  assert.deepEqual(found(root, "helm", 2), ["archive db-1.0.0.tgz", "chart web"]);
  assert.deepEqual(found(root, "auto", 2), ["archive db-1.0.0.tgz", "file values.yaml", "chart web"]);
});

test("links are followed, those into a directory they are in and those to nowhere are not", (t) => {
  const root = newTree(t, "a/x.yaml", "b/y.yaml");
  symlinkSync(join(root, "b"), join(root, "a", "to-b"));
  symlinkSync(root, join(root, "a", "up"));
  symlinkSync(join(root, "gone"), join(root, "dangling"));
  const { inputs, skipped, problems } = findInputs([root], "crd", 2 ** 32 - 1);
  assert.deepEqual(
    inputs.map(({ shown }) => shown.slice(root.length + 1)),
    ["a/to-b/y.yaml", "a/x.yaml", "b/y.yaml"],
  );
  assert.deepEqual(
    skipped.map(({ file }) => file.slice(root.length + 1)),
    ["a/up", "dangling"],
  );
  assert.deepEqual(problems, []);
});

test("what was named and cannot be read is a problem", (t) => {
  const root = newTree(t, "main.tf", "x.yaml");
  const problem = (path: string, choice: SourceChoice) =>
    findInputs([path], choice, 2).problems.map(({ message }) => message);
  assert.deepEqual(problem(join(root, "gone"), "crd"), [`${join(root, "gone")}: there is no such file or directory`]);
  assert.match(problem(join(root, "main.tf"), "tf")[0] ?? "", /a module is a directory/);
  assert.match(problem(join(root, "x.yaml"), "helm")[0] ?? "", /a chart is a directory with a Chart.yaml/);
  symlinkSync(join(root, "loop"), join(root, "loop"));
  assert.match(problem(join(root, "loop"), "crd")[0] ?? "", /leads back to itself/);
});

test("a directory that this user may not read is a problem, and the rest is read", {
  skip: process.getuid?.() === 0,
}, (t) => {
  const root = newTree(t, "closed/x.yaml", "open.yaml");
  chmodSync(join(root, "closed"), 0o000);
  try {
    const { inputs, problems } = findInputs([root], "crd", 2);
    assert.equal(inputs.length, 1);
    assert.match(problems[0]?.message ?? "", /closed: this user may not read it/);
  } finally {
    chmodSync(join(root, "closed"), 0o700);
  }
});
