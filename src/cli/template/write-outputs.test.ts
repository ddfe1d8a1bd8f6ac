import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CliError } from "../errors.ts";
import { writeOutputs } from "./write-outputs.ts";

function temporaryDirectory(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "skiff-write-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const options = { inputs: [], signal: new AbortController().signal };
/** No process has it: ids end at 2^22. */
const deadPid = 2 ** 22 + 1;

test("files are written with their directories, and nothing else is left", async () => {
  using temporary = temporaryDirectory();
  const out = join(temporary.path, "new", "out");
  const written = await writeOutputs(
    out,
    [
      { path: "a/b.yaml", content: "x\n" },
      { path: "c.yaml", content: "y\n" },
    ],
    options,
  );
  assert.deepEqual(written, { changed: [join(out, "a/b.yaml"), join(out, "c.yaml")], unchanged: 0 });
  assert.equal(readFileSync(join(out, "a/b.yaml"), "utf8"), "x\n");
  assert.deepEqual(readdirSync(out).sort(), ["a", "c.yaml"]);
});

test("files that are the same already keep their time", async () => {
  using temporary = temporaryDirectory();
  const file = join(temporary.path, "a.yaml");
  writeFileSync(file, "x\n");
  utimesSync(file, 1, 1);
  const written = await writeOutputs(
    temporary.path,
    [
      { path: "a.yaml", content: "x\n" },
      { path: "b.yaml", content: "y\n" },
    ],
    options,
  );
  assert.deepEqual(written, { changed: [join(temporary.path, "b.yaml")], unchanged: 1 });
  assert.equal(statSync(file).mtimeMs, 1000);
});

test("nothing to write makes no directory", async () => {
  using temporary = temporaryDirectory();
  await writeOutputs(join(temporary.path, "out"), [], options);
  assert.deepEqual(readdirSync(temporary.path), []);
});

test("drafts of processes that have ended are removed, those of others are not", async () => {
  using temporary = temporaryDirectory();
  for (const pid of [deadPid, process.ppid]) {
    mkdirSync(join(temporary.path, `.skiff-draft.${pid}`));
    writeFileSync(join(temporary.path, `.skiff-draft.${pid}`, "0"), "half");
  }
  await writeOutputs(temporary.path, [{ path: "a.yaml", content: "x" }], options);
  assert.deepEqual(readdirSync(temporary.path).sort(), [`.skiff-draft.${process.ppid}`, "a.yaml"]);
});

test("an input is not overwritten, also by another name of it, and nothing else is changed then", async () => {
  using temporary = temporaryDirectory();
  const input = join(temporary.path, "input.yaml");
  writeFileSync(input, "mine\n");
  symlinkSync(input, join(temporary.path, "out.yaml"));
  const files = [
    { path: "new.yaml", content: "x" },
    { path: "out.yaml", content: "theirs\n" },
  ];
  await assert.rejects(
    writeOutputs(temporary.path, files, { ...options, inputs: [input] }),
    /out\.yaml was read as an input/,
  );
  assert.equal(readFileSync(input, "utf8"), "mine\n");
  assert.deepEqual(readdirSync(temporary.path).sort(), ["input.yaml", "out.yaml"]);
});

const refusals: Record<string, { path: string; says: RegExp }> = {
  "a directory in the place of a file": { path: "taken", says: /taken is a directory/ },
  "a path out of the directory": { path: "../x.yaml", says: /\.\.\/x\.yaml is not below/ },
  "an absolute path": { path: "/x.yaml", says: /\/x\.yaml is not below/ },
};
for (const [name, { path, says }] of Object.entries(refusals)) {
  test(`${name} is refused`, async () => {
    using temporary = temporaryDirectory();
    mkdirSync(join(temporary.path, "taken"));
    await assert.rejects(
      writeOutputs(
        temporary.path,
        [
          { path: "a.yaml", content: "x" },
          { path, content: "y" },
        ],
        options,
      ),
      (error) => {
        assert.ok(error instanceof CliError);
        assert.match(error.message, says);
        return true;
      },
    );
    assert.deepEqual(readdirSync(temporary.path), ["taken"]);
  });
}

test("a file in the place of the directory is refused", async () => {
  using temporary = temporaryDirectory();
  const file = join(temporary.path, "file");
  writeFileSync(file, "");
  for (const directory of [file, join(file, "below")])
    await assert.rejects(
      writeOutputs(directory, [{ path: "a.yaml", content: "x" }], options),
      /it is a file, or below one/,
    );
});

test("an interruption before the files are in place changes nothing", async () => {
  using temporary = temporaryDirectory();
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(
    writeOutputs(temporary.path, [{ path: "a.yaml", content: "x" }], { inputs: [], signal: controller.signal }),
  );
  assert.deepEqual(readdirSync(temporary.path), []);
});
