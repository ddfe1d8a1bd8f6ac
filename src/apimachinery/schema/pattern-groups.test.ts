import assert from "node:assert/strict";
import { test } from "node:test";
import { compileGroupFinder } from "./pattern-groups.ts";

/** Pattern, text, and what Go's `FindStringSubmatch` returns. */
const cases: [pattern: string, text: string, groups: (string | undefined)[] | undefined][] = [
  ["(a)(b)?", "xab", ["ab", "a", "b"]],
  ["(a)(b)?", "a", ["a", "a", undefined]],
  ["(a|ab)(c|bcd)(d*)", "abcd", ["abcd", "a", "bcd", ""]],
  ["(?P<year>\\d+)-(?:x)(\\d)", "1999-x5", ["1999-x5", "1999", "5"]],
  ["(a*)*", "b", ["", ""]],
  ["(a*)+", "aa", ["aa", "aa"]],
  ["(\\w+?)(\\d*)$", "ab12", ["ab12", "ab", "12"]],
  ["\\b(\\pL+)\\b", "!äö!", undefined],
  ["([^,]+),(.*)", "😀,b", ["😀,b", "😀", "b"]],
];

test("tells what each group captured, as Go's engine prefers", () => {
  for (const [pattern, text, groups] of cases) {
    const match = compileGroupFinder(pattern).find(text, 0, () => {});
    const found = match?.groups.map((group) => group && text.slice(group.start, group.end));
    assert.deepEqual(found, groups, `${pattern} in ${text}`);
  }
});

test("knows the names of groups", () => {
  assert.deepEqual(compileGroupFinder("(a)(?P<n>b(?<m>c))").names, [undefined, undefined, "n", "m"]);
});

test("takes time proportional to the text", () => {
  let spent = 0;
  const spend = (characters: number) => {
    spent += characters;
  };
  assert.equal(compileGroupFinder("((x+)(x+))+y").find("x".repeat(5000), 0, spend), undefined);
  assert.ok(spent < 100_000);
});
