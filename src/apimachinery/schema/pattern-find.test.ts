import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFinder } from "./pattern-find.ts";

// What Go 1.24's regexp.FindAllStringIndex gives.
const cases: [pattern: string, text: string, matches: [number, number][]][] = [
  [
    "b+",
    "abcbb",
    [
      [1, 2],
      [3, 5],
    ],
  ],
  [
    ".*?X",
    "aXbX",
    [
      [0, 2],
      [2, 4],
    ],
  ],
  ["foo|foobar", "foobar", [[0, 3]]],
  ["(?:foo|foobar)$", "foobar", [[0, 6]]],
  [
    "(?U)a+",
    "aaa",
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
  ],
  [
    "a{2,3}?",
    "aaaaa",
    [
      [0, 2],
      [2, 4],
    ],
  ],
  ["^a", "aa", [[0, 1]]],
  ["\\ba", "ba a", [[3, 4]]],
  ["(?m)^a$", "b\na\nb", [[2, 3]]],
  [
    "😀",
    "a😀b😀",
    [
      [1, 3],
      [4, 6],
    ],
  ],
  ["(a*)*b", "aaac", []],
];

for (const [pattern, text, wanted] of cases) {
  test(`finding ${pattern} in ${JSON.stringify(text)} gives what Go prefers`, () => {
    const find = compileFinder(pattern);
    const found: [number, number][] = [];
    for (let from = 0; from <= text.length; ) {
      const match = find(text, from, () => {});
      if (match === undefined || match.start === match.end) break;
      found.push([match.start, match.end]);
      from = match.end;
    }
    const nonEmpty = wanted.filter(([start, end]) => start < end);
    assert.deepEqual(found, nonEmpty);
    const first = find(text, 0, () => {});
    assert.deepEqual(first === undefined ? undefined : [first.start, first.end], wanted[0]);
  });
}

test("a search says how much it looks at, and ends when told to", () => {
  const find = compileFinder("a*a*a*b");
  let spent = 0;
  const limited = () =>
    find("a".repeat(100_000), 0, (count) => {
      spent += count;
      if (spent > 50_000) throw new RangeError("enough");
    });
  assert.throws(limited, RangeError);
});
