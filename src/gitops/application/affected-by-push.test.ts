import assert from "node:assert/strict";
import { test } from "node:test";
import { isAffectedByPush } from "./affected-by-push.ts";

const git = {
  isLocal: (url: string) => (url === "https://git.test/Team/shop.git" ? { owner: "Team", name: "shop" } : undefined),
};
const commit = "0123456789abcdef0123456789abcdef01234567";

const cases: [revision: string | undefined, ref: string, want: boolean][] = [
  [undefined, "refs/heads/main", true],
  ["HEAD", "refs/heads/any", true],
  ["HEAD", "refs/tags/v1", false],
  ["main", "refs/heads/main", true],
  ["main", "refs/heads/other", false],
  ["refs/heads/main", "refs/heads/main", true],
  ["v1.0", "refs/tags/v1.0", true],
  ["1.*", "refs/tags/1.2.3", true],
  ["^1.0.0", "refs/tags/v1.4.0", true],
  [">=1.0.0", "refs/heads/main", false],
  [commit, "refs/heads/main", false],
];
for (const [targetRevision, ref, want] of cases) {
  test(`a push to ${ref} ${want ? "affects" : "does not affect"} revision ${targetRevision}`, () => {
    const source = {
      repoURL: "https://git.test/Team/shop.git",
      ...(targetRevision !== undefined && { targetRevision }),
    };
    assert.equal(isAffectedByPush([source], { owner: "team", name: "Shop", refs: [{ ref }] }, git), want);
  });
}

test("a push to another repository does not affect anything", () => {
  const push = { owner: "team", name: "other", refs: [{ ref: "refs/heads/main" }] };
  assert.equal(isAffectedByPush([{ repoURL: "https://git.test/Team/shop.git" }], push, git), false);
  assert.equal(isAffectedByPush([{ repoURL: "https://github.com/team/other" }], push, git), false);
});
