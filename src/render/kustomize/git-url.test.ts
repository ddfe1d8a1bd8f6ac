import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRepositoryUrl } from "./git-url.ts";

const cases: Record<string, [url: string, path: string, ref: string] | undefined> = {
  "https://github.com/org/repo": ["https://github.com/org/repo", "", ""],
  "https://github.com/org/repo/a/b?ref=v1": ["https://github.com/org/repo", "a/b", "v1"],
  "github.com/org/repo?version=v2": ["https://github.com/org/repo", "", "v2"],
  "GitHub.com:org/repo": ["https://github.com/org/repo", "", ""],
  "git@github.com:org/repo.git//a": ["git@github.com:org/repo.git", "a", ""],
  "ssh://git@github.com/org/repo": ["git@github.com:org/repo", "", ""],
  "git::https://host.xz/org/repo.git/a?ref=x": ["https://host.xz/org/repo.git", "a", "x"],
  "git@host.xz:path/to/repo.git/a": ["git@host.xz:path/to/repo.git", "a", ""],
  "https://me@dev.azure.com/org/project/_git/repo/a/b": ["https://me@dev.azure.com/org/project/_git/repo", "a/b", ""],
  "https://host.xz/one": undefined,
  "file:///srv/repos/one": ["file:///srv/repos/one", "", ""],
  "file:///srv/one//a": ["file:///srv/one", "a", ""],
  "https://github.com/org/repo//../..": undefined,
  "../base": undefined,
  "/absolute": undefined,
  "dir/file.yaml": undefined,
};

for (const [raw, want] of Object.entries(cases)) {
  test(`parseRepositoryUrl takes ${raw} for ${want === undefined ? "a path" : "a repository"}`, () => {
    const found = parseRepositoryUrl(raw);
    assert.deepEqual(found && [found.url, found.path, found.ref], want);
  });
}

test("the query says how to clone", () => {
  const found = parseRepositoryUrl("https://github.com/org/repo?submodules=0&timeout=1m30s&ref=a&version=b");
  assert.deepEqual([found?.ref, found?.submodules, found?.timeoutMs], ["a", false, 90_000]);
  assert.equal(parseRepositoryUrl("https://github.com/org/repo?timeout=61")?.timeoutMs, 61_000);
  assert.equal(parseRepositoryUrl("https://github.com/org/repo?timeout=soon")?.timeoutMs, 27_000);
});
