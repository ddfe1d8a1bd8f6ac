import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unifiedDiff } from "./unified-diff.ts";

const names = { before: "a", after: "b" };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

test("equal texts have no difference", () => assert.equal(unifiedDiff("a\n", "a\n", names), ""));

test("a change is shown with the lines around it", () => {
  const before = numbers(9);
  const want = "--- a\n+++ b\n@@ -2,7 +2,7 @@\n line 2\n line 3\n line 4\n-line 5\n+other\n line 6\n line 7\n line 8\n";
  assert.equal(unifiedDiff(text(before), text(before.with(4, "other")), names), want);
});

const pairs: Record<string, [string[], string[]]> = {
  "nothing before": [[], numbers(3)],
  "nothing after": [numbers(3), []],
  "two changes far apart": [numbers(40), numbers(40).with(2, "x").with(30, "y")],
  "two changes close together": [numbers(20), numbers(20).with(5, "x").with(11, "y")],
  "lines added and removed": [numbers(20), [...numbers(5), "new", ...numbers(20).slice(8)]],
  "everything else": [numbers(4), ["a", "b"]],
};
for (const [name, [before, after]] of Object.entries(pairs)) {
  test(`a difference can be applied: ${name}`, () => {
    const dir = mkdtempSync(join(tmpdir(), "skiff-diff-"));
    try {
      writeFileSync(join(dir, "a"), text(before));
      writeFileSync(join(dir, "b"), text(after));
      const real = spawnSync("diff", ["-u", "--label", "a", "--label", "b", join(dir, "a"), join(dir, "b")]);
      const hunks = (diff: string) => diff.split("\n").filter((line) => line.startsWith("@@"));
      const ours = unifiedDiff(text(before), text(after), names);
      if (real.error === undefined) assert.deepEqual(hunks(ours), hunks(real.stdout.toString()));
      assert.equal(apply(text(before), ours), text(after));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}

/** Applies a difference the way `patch` does, and checks what it takes away. */
function apply(before: string, diff: string): string {
  const lines = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(2, -1)) {
    const start = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (start !== null) {
      const from = Number(start[1]) - (start[2] === "0" ? 0 : 1);
      result.push(...lines.slice(at, from));
      at = from;
    } else if (line.startsWith("+")) result.push(line.slice(1));
    else {
      assert.equal(lines[at], line.slice(1));
      if (line.startsWith(" ")) result.push(line.slice(1));
      at++;
    }
  }
  return text([...result, ...lines.slice(at)]);
}
