import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countCommon,
  countIndexes,
  firstMissing,
  formatIndexes,
  hasIndex,
  parseIndexes,
  withIndexes,
} from "./indexes.ts";

const texts: [indexes: number[], text: string][] = [
  [[], ""],
  [[3], "3"],
  [[4, 3], "3,4"],
  [[5, 3, 4], "3-5"],
  [[0, 1, 3, 4, 5, 9], "0,1,3-5,9"],
];
for (const [indexes, text] of texts) {
  test(`indexes ${JSON.stringify(indexes)} are written as "${text}"`, () => {
    assert.equal(formatIndexes(withIndexes([], indexes)), text);
    assert.equal(formatIndexes(parseIndexes(text, 100)), text);
    assert.equal(countIndexes(parseIndexes(text, 100)), indexes.length);
  });
}

test("indexes beyond the completions are left out, and what cannot be read", () => {
  assert.equal(formatIndexes(parseIndexes("0,x,2-9,11", 5)), "0,2-4");
});

test("indexes are found, compared and filled up", () => {
  const indexes = parseIndexes("1,3-5", 10);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((index) => hasIndex(indexes, index)),
    [false, true, false, true, true, true, false],
  );
  assert.equal(countCommon(indexes, parseIndexes("0-3,5-9", 10)), 3);
  assert.deepEqual(firstMissing(indexes, 3, 10), [0, 2, 6]);
  assert.deepEqual(firstMissing(indexes, 9, 7), [0, 2, 6]);
});
