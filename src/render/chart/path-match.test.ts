import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePathPattern } from "./path-match.ts";

const cases: [pattern: string, path: string, matches: boolean][] = [
  ["abc", "abc", true],
  ["*", "abc", true],
  ["*c", "abc", true],
  ["a*/b", "abc/b", true],
  ["a*/b", "a/c/b", false],
  ["a*b*c*d*e*/f", "axbxcxdxe/f", true],
  ["a*b?c*x", "abxbbxdbxebxczzx", true],
  ["a*b?c*x", "abxbbxdbxebxczzy", false],
  ["ab[c]", "abc", true],
  ["ab[^e-g]", "abc", true],
  ["ab[^b-d]", "abc", false],
  ["a\\*b", "a*b", true],
  ["a???b", "a\u263ab", false],
  ["a[^a]b", "a\u263ab", true],
  ["[\\]a]", "]", true],
  ["", "", true],
  ["*x", "xxx", true],
];

test("patterns match as filepath.Match does", () => {
  for (const [pattern, path, matches] of cases) {
    assert.equal(compilePathPattern(pattern)(path), matches, `${pattern} ${path}`);
  }
});

test("malformed patterns are refused", () => {
  for (const pattern of ["[", "[]", "[]a]", "[-]", "[x-]", "[-x]", "a[", "a\\", "[a-b-c]", "[^]"]) {
    assert.throws(() => compilePathPattern(pattern), { message: "syntax error in pattern" }, pattern);
  }
});

test("a pattern of many stars takes no more time than others", { timeout: 5000 }, () => {
  assert.equal(compilePathPattern(`${"a*".repeat(50)}b`)("a".repeat(5000)), false);
});
