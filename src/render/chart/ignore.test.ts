import assert from "node:assert/strict";
import { test } from "node:test";
import { compileIgnore } from "./ignore.ts";

const cases: { rules: string; path: string; isDirectory?: boolean; ignored: boolean }[] = [
  { rules: "", path: "a", ignored: false },
  { rules: "# a\n\n  ", path: "# a", ignored: false },
  { rules: "*.txt", path: "docs/a.txt", ignored: true },
  { rules: "/*.txt", path: "docs/a.txt", ignored: false },
  { rules: "/*.txt", path: "a.txt", ignored: true },
  { rules: "docs/*.txt", path: "docs/a.txt", ignored: true },
  { rules: "docs/*.txt", path: "docs/b/a.txt", ignored: false },
  { rules: "docs/", path: "docs", ignored: false },
  { rules: "docs/", path: "docs", isDirectory: true, ignored: true },
  { rules: "a?[b-d]", path: "xab/axc", ignored: true },
  { rules: "a[^b]", path: "ab", ignored: false },
  // Unlike in Git, what a negated rule does not match is left out.
  { rules: "!keep", path: "keep", ignored: false },
  { rules: "!keep", path: "other", ignored: true },
  { rules: "!keep/", path: "keep", ignored: true },
  { rules: "", path: "templates/.swp", ignored: true },
  { rules: "", path: "templates/a/.swp", ignored: false },
];

test(".helmignore leaves out what Helm leaves out", () => {
  for (const { rules, path, isDirectory = false, ignored } of cases) {
    assert.equal(compileIgnore(rules)(path, isDirectory), ignored, `${JSON.stringify(rules)} ${path}`);
  }
});

test("rules that Helm does not know are refused", () => {
  assert.throws(() => compileIgnore("a/**/b"), {
    name: "ChartError",
    message: "double-star (**) syntax is not supported",
  });
  assert.throws(() => compileIgnore("[a"), { name: "ChartError", message: "syntax error in pattern" });
});
