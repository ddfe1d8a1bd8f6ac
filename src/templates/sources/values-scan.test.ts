import assert from "node:assert/strict";
import { test } from "node:test";
import { scanValues } from "./values-scan.ts";

/** Each key with its line, and what is written around it. */
function keysOf(text: string): Record<string, unknown> {
  return Object.fromEntries(
    scanValues(text).keys.map(({ path, line, above, trailing, below }) => [
      path.join("."),
      [line, ...above, ...(trailing === undefined ? [] : [`>${trailing}`]), ...below.map((one) => `<${one}`)],
    ]),
  );
}

const cases: Record<string, { text: string; want: Record<string, unknown> }> = {
  "maps in maps": {
    text: "a:\n  b:\n    c: 1\n  d: 2\ne: 3\n",
    want: { a: [1], "a.b": [2], "a.b.c": [3], "a.d": [4], e: [5] },
  },
  "lists in the column of their key and deeper": {
    text: "a:\n- b: 1\n  c: 2\n- b: 3\nd:\n  - - e: 4\n    - 5\nf: 6\n",
    want: { a: [1], "a.[].b": [4], "a.[].c": [3], d: [5], "d.[].[].e": [6], f: [8] },
  },
  "keys in quotes": { text: `"a.b": 1\n'it''s': 2\n"c\\"d": 3\n`, want: { "a.b": [1], "it's": [2], 'c"d': [3] } },
  "comments above, behind and below": {
    text: "# gone\n\n# of a\n# too\na: {} # behind\n  # x: 1\n  # y: 2\n# of b\nb: 1\n",
    want: { a: [5, "# of a", "# too", "># behind", "<# x: 1", "<# y: 2"], b: [9, "# of b"] },
  },
  "values that are switched off below a key": {
    text: "a: []\n# - x\n# - y\n# Text of b\nb: 1\n\nc: {}\n# d: 1\n\n",
    want: { a: [1, "<# - x", "<# - y"], b: [5, "# Text of b"], c: [7, "<# d: 1"] },
  },
  "text that looks like keys": {
    text: "a: |\n  b: 1\n  # no comment\n\n  c: 2\nd: >-\n  e: 1\nf: plain\n  g h\ni: 'x\n  j: y'\nk: \"x\n\n  l: y\"\nm: 1\n",
    want: { a: [1], d: [6], f: [8], i: [10], k: [12], m: [15] },
  },
  "brackets and braces over lines": {
    text: "a: [b: 1, # c: ]\n  'd: ]', e]\nf: {\n  g: 1\n}\nh: 2\n",
    want: { a: [1, "># c: ]"], f: [3], h: [6] },
  },
  "anchors and tags": {
    text: "a: &x\n  b: 1\nc: !!str |\n  d: 1\ne: *x\n",
    want: { a: [1], "a.b": [2], c: [3], e: [5] },
  },
  "marks in text": { text: "a: x#y\nb: 'x # y' # z\nc: http://x:1/#z\n", want: { a: [1], b: [2, "># z"], c: [3] } },
  "several documents": { text: "%YAML 1.1\n---\na:\n  b: 1\n---\nc: 2\n", want: { a: [3], "a.b": [4], c: [6] } },
  "names that are booleans": {
    text: "on: 1\n'on': 2\nNo: 3\nor: 4\n",
    want: { true: [1], on: [2], false: [3], or: [4] },
  },
  "other line breaks": { text: "a: 1\r\n# of b\r\nb: 2\r\n", want: { a: [1], b: [3, "# of b"] } },
};
for (const [name, { text, want }] of Object.entries(cases)) {
  test(`scanning finds ${name}`, () => assert.deepEqual(keysOf(text), want));
}

test("what nothing closes does not hide the rest of a file", () => {
  assert.deepEqual(keysOf("a: [1\nb: 2\n"), { a: [1], b: [2] });
});
