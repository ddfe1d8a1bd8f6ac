import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "./object.ts";
import { parseYaml } from "./yaml.ts";
import { stringifyYaml } from "./yaml-emit.ts";

const words = `${"word ".repeat(20)}end`;
const [X, K, L] = ["x".repeat(100), "k".repeat(129), "l".repeat(129)];

// What `JSONToYAML` of sigs.k8s.io/yaml v1.6 writes for each value.
const cases: [name: string, value: JsonValue, lines: string[]][] = [
  [
    "nested collections",
    { b: [1, { d: [2, [3, []]], c: {} }], a: {} },
    ["a: {}", "b:", "- 1", "- c: {}", "  d:", "  - 2", "  - - 3", "    - []"],
  ],
  ["sequences of mappings", [{ b: 1, a: [{ c: 2, d: 3 }] }, "x"], ["- a:", "  - c: 2", "    d: 3", "  b: 1", "- x"]],
  [
    "keys in natural order",
    { "1": 4, "9": 6, "10": 5, k10: 1, k9: 2, K: 3, _: 7, é: 8 },
    ["_: 7", '"1": 4', '"9": 6', '"10": 5', "K: 3", "k9: 2", "k10: 1", "é: 8"],
  ],
  [
    "words that mean something else",
    {
      a: "yes",
      b: "null",
      c: "",
      d: "1",
      e: "0x1f",
      f: "1e3",
      g: "1:30",
      h: "2020-01-01",
      i: "~",
      j: "on",
      k: "no",
      l: "Null",
    },
    [
      'a: "yes"',
      'b: "null"',
      'c: ""',
      'd: "1"',
      'e: "0x1f"',
      'f: "1e3"',
      'g: "1:30"',
      'h: "2020-01-01"',
      'i: "~"',
      'j: "on"',
      'k: "no"',
      'l: "Null"',
    ],
  ],
  [
    "the same words as keys",
    { "1": 2, yes: 1, "": 3, null: 4, on: 5, "2020-01-01": 6 },
    ['"": 3', '"1": 2', '"2020-01-01": 6', '"null": 4', '"on": 5', '"yes": 1'],
  ],
  [
    "text with indicators",
    [
      "- a",
      "-a",
      "a: b",
      "a:b",
      "a #b",
      "a#b",
      "#a",
      "[a]",
      "a]",
      "{a",
      "&a",
      "*a",
      "!a",
      "|",
      "> a",
      "%a",
      "@a",
      "`a",
      "'a'",
      '"a"',
      "a'b",
      "? a",
      "?a",
      ":a",
      ":",
      "-",
      "a:",
      ", a",
      "---",
      "--- a",
      "...",
      "<<",
      "=",
    ],
    [
      "- '- a'",
      "- -a",
      "- 'a: b'",
      "- a:b",
      "- 'a #b'",
      "- a#b",
      "- '#a'",
      "- '[a]'",
      "- a]",
      "- '{a'",
      "- '&a'",
      "- '*a'",
      "- '!a'",
      "- '|'",
      "- '> a'",
      "- '%a'",
      "- '@a'",
      "- '`a'",
      "- '''a'''",
      "- '\"a\"'",
      "- a'b",
      "- '? a'",
      "- ?a",
      "- :a",
      "- ':'",
      "- '-'",
      "- 'a:'",
      "- ', a'",
      "- '---'",
      "- '--- a'",
      "- '...'",
      "- <<",
      "- =",
    ],
  ],
  ["text with blanks", [" a", "a ", "  ", "a  b"], ["- ' a'", "- 'a '", "- '  '", "- a  b"]],
  [
    "special characters",
    ["a\tb", "\u0001", "é", "日本", "🙂", "\u00a0", "\ufeff", "a\r\nb", "\\", "a\\b", '"\t"'],
    [
      '- "a\\tb"',
      '- "\\x01"',
      "- é",
      "- 日本",
      '- "\\U0001F642"',
      "- \u00a0",
      '- "\\uFEFF"',
      '- "a\\r\\nb"',
      "- \\",
      "- a\\b",
      '- "\\"\\t\\""',
    ],
  ],
  [
    "blocks",
    {
      a: "x\ny",
      b: "x\ny\n",
      c: "x\n\n",
      d: "\nx",
      e: " x\ny\n",
      f: "\n",
      g: "x\n\n\n  y\n",
      h: ["x\ny\n", { i: "x\ny" }],
    },
    [
      "a: |-",
      "  x",
      "  y",
      "b: |",
      "  x",
      "  y",
      "c: |+",
      "  x",
      "",
      "d: |2-",
      "",
      "  x",
      "e: |2",
      "   x",
      "  y",
      "f: |2+",
      "",
      "g: |",
      "  x",
      "",
      "",
      "    y",
      "h:",
      "- |",
      "  x",
      "  y",
      "- i: |-",
      "    x",
      "    y",
    ],
  ],
  [
    "no blocks for what they cannot hold",
    ["a \nb", "a\n ", "a\tb\nc", "é\n🙂"],
    ['- "a \\nb"', '- "a\\n "', '- "a\\tb\\nc"', '- "é\\n\\U0001F642"'],
  ],
  [
    "numbers",
    [
      0, -1, 1.5, 1000000, 1000000.5, 100000000000000000000, 1e21, 1e-7, 0.0001, 0.00001, 123456789, 9007199254740992,
      -2.5e-8,
    ],
    [
      "- 0",
      "- -1",
      "- 1.5",
      "- 1000000",
      "- 1.0000005e+06",
      "- 1e+20",
      "- 1e+21",
      "- 1e-07",
      "- 0.0001",
      "- 1e-05",
      "- 123456789",
      "- 9007199254740992",
      "- -2.5e-08",
    ],
  ],
  ["other scalars", [true, false, null], ["- true", "- false", "- null"]],
  [
    "a long text is folded",
    { a: `${words}`, b: { c: [`${words}`] } },
    [
      "a: word word word word word word word word word word word word word word word word",
      "  word word word word end",
      "b:",
      "  c:",
      "  - word word word word word word word word word word word word word word word word",
      "    word word word word end",
    ],
  ],
  [
    "long text in quotes is folded",
    { a: `'${words}`, b: `${words}: x  y ${words}`, c: `\u0001${words}  x` },
    [
      "a: '''word word word word word word word word word word word word word word word word",
      "  word word word word end'",
      "b: 'word word word word word word word word word word word word word word word word",
      "  word word word word end: x  y word word word word word word word word word word",
      "  word word word word word word word word word word end'",
      'c: "\\x01word word word word word word word word word word word word word word word',
      '  word word word word word end  x"',
    ],
  ],
  ["what has no blank is not folded", { a: X, b: `# ${X}` }, [`a: ${X}`, `b: '# ${X}'`]],
  [
    "keys are not folded",
    { [`${words}`]: 1 },
    ["word word word word word word word word word word word word word word word word word word word word end: 1"],
  ],
  [
    "long keys",
    { [K]: { a: 1 }, "a\nb": ["x"], [L]: 2, "m\nn": [] },
    ["? |-", "  a", "  b", ": - x", `? ${K}`, ": a: 1", `? ${L}`, ": 2", "? |-", "  m", "  n", ": []"],
  ],
  ["text", "a", ["a"]],
  ["a block", "a\nb\n", ["|", "  a", "  b"]],
  ["an empty mapping", {}, ["{}"]],
  ["an empty sequence", [], ["[]"]],
  ["nothing", null, ["null"]],
];
for (const [name, value, lines] of cases) {
  test(`stringifyYaml writes ${name}`, () => {
    const yaml = stringifyYaml(value);
    assert.deepEqual(yaml.split("\n"), [...lines, ""]);
    assert.deepEqual(parseYaml(yaml), value);
  });
}

test("text that Go writes such that it reads something else is quoted", () => {
  const cases: Record<string, string> = {
    "a\u2028b": '"a\\Lb"\n',
    "a\x85\nb": '"a\\N\\nb"\n',
    "a\rb": '"a\\rb"\n',
    "\x7f": '"\\x7F"\n',
  };
  for (const [text, yaml] of Object.entries(cases)) {
    assert.equal(stringifyYaml(text), yaml);
    assert.equal(parseYaml(yaml), text);
  }
  assert.equal(stringifyYaml({ "<<": { a: 1 } }), '"<<":\n  a: 1\n');
});

test("what is not JSON is written as JSON would", () => {
  assert.equal(stringifyYaml({ a: undefined, b: [undefined], c: { d: undefined } }), "b:\n- null\nc: {}\n");
  assert.equal(stringifyYaml([-0, Number.NaN, Number.POSITIVE_INFINITY]), "- 0\n- null\n- null\n");
  assert.equal(stringifyYaml("\ud800"), "\ufffd\n");
  assert.equal(stringifyYaml(JSON.parse('{"__proto__":1}')), "__proto__: 1\n");
});

test("lineWidth says where to fold, 0 never", () => {
  assert.equal(stringifyYaml({ a: words }, { lineWidth: 0 }), `a: ${words}\n`);
  assert.equal(stringifyYaml({ a: "one two three four" }, { lineWidth: 8 }), "a: one two\n  three four\n");
});

test("a long text is written in time that grows with its length", () => {
  const started = performance.now();
  const value = {
    a: "x ".repeat(300_000),
    b: "x\n".repeat(300_000),
    c: "\u0001 ".repeat(100_000),
    d: Array.from({ length: 50_000 }, (_, i) => ({ i })),
  };
  assert.deepEqual(parseYaml(stringifyYaml(value)), value);
  assert.ok(performance.now() - started < 20_000);
});

test("any value is read back as it was", () => {
  const random = createRandom(1);
  for (let round = 0; round < 10_000; round++) {
    const value = randomValue(random, 3);
    const yaml = stringifyYaml(value);
    assert.deepEqual(parseYaml(yaml), value, yaml);
    assert.deepEqual(parseYaml(stringifyYaml(value, { lineWidth: 20 })), value);
  }
});

type Random = (limit: number) => number;

/** Whole numbers from 0 up to, not including, `limit`; the same ones for the same seed. */
function createRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const characters = Array.from("abZ019  \n\n:-#'\"\\,[]{}&*!|>%@`?._~é\t\r\x07\x7f\x85\xa0\u2028\ufeff🙂=/日");
const texts = [
  "yes",
  "null",
  "1",
  "1e3",
  "2020-01-01",
  "- ",
  "a: b",
  " # c",
  "---",
  "1:30",
  "<<",
  "0o7",
  "~",
  "",
  " x",
  "x ",
  "a\nb",
  "\n",
  "a  b",
];
const scalars = [0, -1, 1.5, 1e21, 1e-7, 1e6, 2 ** 53, true, false, null];

function randomValue(random: Random, depth: number): JsonValue {
  const kind = random(depth > 0 ? 10 : 5);
  if (kind === 0) return scalars[random(scalars.length)] ?? null;
  if (kind < 5) return randomText(random);
  if (kind < 7) return Array.from({ length: random(4) }, () => randomValue(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length: random(4) }, () => [randomText(random), randomValue(random, depth - 1)]),
  );
}

function randomText(random: Random): string {
  const source = random(2) === 0 ? characters : texts;
  return Array.from({ length: random(random(10) === 0 ? 100 : 8) }, () => source[random(source.length)]).join("");
}

// Checked against go-yaml v3.0.4 with an indentation of two.
const inV3: [name: string, value: unknown, yaml: string][] = [
  ["indents sequences", { a: [1, { b: ["c"] }, [[2]]] }, "a:\n  - 1\n  - b:\n      - c\n  - - - 2\n"],
  [
    "takes numbers for floats",
    [1e6, 100000, 2 ** 53, 10n ** 6n],
    "- 1e+06\n- 100000\n- 9.007199254740992e+15\n- 1000000\n",
  ],
  ["sorts its own way", { k1a: 1, k10: 2, "k1-": 3 }, "k1a: 1\nk1-: 3\nk10: 2\n"],
  ["folds nothing", ["word ".repeat(40)], `- '${"word ".repeat(40)}'\n`],
  ["has tabs in blocks", ["a\n\tb\n", "a\tb"], '- |\n  a\n  \tb\n- "a\\tb"\n'],
  ["writes bytes", { a: "\ud800" }, "a: !!binary /w==\n"],
  [
    "writes many bytes in lines",
    ["\ud800", "\ud801"],
    `- !!binary /w==\n- !!binary |\n  ${"A".repeat(70)}\n  AAAA==\n`,
  ],
  ["keeps the key of merges", { "<<": {} }, "<<: {}\n"],
];
for (const [name, value, yaml] of inV3) {
  test(`stringifyYaml as go-yaml v3 ${name}`, () => {
    const bytesOf = (text: string) => (text === "\ud800" ? Buffer.from([0xff]) : Buffer.alloc(55));
    const v3 = { isOrdered: () => false, bytesOf };
    assert.equal(stringifyYaml(value, { isFaithful: true, v3 }), yaml);
  });
}

test("fields of structs keep their order in v3", () => {
  const struct = { b: 1, a: { d: 1, c: 2 } };
  const v3 = { isOrdered: (object: object) => object === struct, bytesOf: Buffer.from };
  assert.equal(stringifyYaml(struct, { v3 }), "b: 1\na:\n  c: 2\n  d: 1\n");
});

test("what Go itself reads as something else is quoted, or not on demand", () => {
  assert.equal(stringifyYaml({ "<<": 1 }), '"<<": 1\n');
  assert.equal(stringifyYaml({ "<<": 1 }, { isFaithful: true }), "<<: 1\n");
  assert.equal(stringifyYaml("a\u2028b"), '"a\\Lb"\n');
});

// Line separators are line breaks to YAML 1.1, and a BOM in front spoils all that follows, in Go.
const separators: [value: unknown, yaml: string][] = [
  [{ a: "b\u2028c" }, "a: 'b\u2028  c'\n"],
  [{ a: "b\nc\u2029d\n" }, "a: |\n  b\n  c\u2029  d\n"],
  [{ a: "b\nc\u2028" }, "a: |\n  b\n  c\u2028"],
  [{ "a\u2028": 1 }, "? 'a\u2028'\n: 1\n"],
  [{ a: "b \u2028c" }, 'a: "b \\Lc"\n'],
  [{ a: "b\x85c" }, 'a: "b\\Nc"\n'],
  [["\ufeffa b"], '- "\\uFEFF\\x61\\x20\\x62"\n'],
  [["a\ufeff"], '- "a\\uFEFF"\n'],
  [[-(2 ** 63), 2 ** 63, 2n ** 63n - 1n], "- -9.223372036854776e+18\n- 9223372036854776000\n- 9223372036854775807\n"],
];
for (const [value, yaml] of separators) {
  test(`stringifyYaml writes ${JSON.stringify(yaml)}`, () => assert.equal(stringifyYaml(value), yaml));
}
