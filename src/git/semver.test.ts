import assert from "node:assert/strict";
import { test } from "node:test";
import { highestTag, parseRange } from "./semver.ts";

const tags = [
  "v0.9.0",
  "v1.0.0",
  "v1.2.0",
  "1.2.3",
  "v1.10.0",
  "v2.0.0-rc.1",
  "v2.0.0-rc.2",
  "v2.0.0",
  "v2.1.0-beta",
  "latest",
  "v3",
  "release-1",
];

const cases: Record<string, string | undefined> = {
  "*": "v3",
  "1.x": "v1.10.0",
  "1.X.x": "v1.10.0",
  "v1.*": "v1.10.0",
  "1.2.x": "1.2.3",
  "~1.2": "1.2.3",
  "~1.2.0": "1.2.3",
  "~1": "v1.10.0",
  "^1.2.0": "v1.10.0",
  "^0.9": "v0.9.0",
  "^0.0.1": undefined,
  ">1.2.3": "v3",
  ">=1, <2": "v1.10.0",
  ">= 1.0.0 < 1.2.0": "v1.0.0",
  "<1": "v0.9.0",
  "<=1.2": "1.2.3",
  ">1.2 <2": "v1.10.0",
  "1.0 - 1.2": "1.2.3",
  "=1.2.0": "v1.2.0",
  "!=3.0.0": "v2.0.0",
  "~2.0.0-0": "v2.0.0",
  ">=2.0.0-rc.1 <2.0.0": "v2.0.0-rc.2",
  ">=2.1.0-alpha <3": "v2.1.0-beta",
  "0.x || 2.x": "v2.0.0",
  ">9": undefined,
};
for (const [range, want] of Object.entries(cases)) {
  test(`of the tags ${range} picks ${want ?? "none"}`, () => assert.equal(parseRange(range)?.(tags), want));
}

test("plain names and versions are no ranges", () => {
  for (const text of [
    "main",
    "v1.2.3",
    "1.2",
    "release/1.x-fixes",
    "feature/x",
    "x-ray",
    "a b",
    "max",
    ">=",
    "~latest",
    "1.2.3.4.x",
  ]) {
    assert.equal(parseRange(text), undefined, text);
  }
});

test("tags of one part of a repository are told by their prefix", () => {
  const range = parseRange("1.x");
  assert.ok(range);
  const parts = ["api/1.0.0", "api/1.2.0", "api/2.0.0", "web/1.9.0", "1.8.0"];
  assert.equal(highestTag(range, parts, "api/"), "api/1.2.0");
  assert.equal(highestTag(range, parts, ""), "1.8.0");
  assert.equal(highestTag(range, parts, "db/"), undefined);
});
