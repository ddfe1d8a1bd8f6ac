import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "./object.ts";
import { parseYaml, parseYamlDocuments, YamlError, yamlSizeMax } from "./yaml.ts";

// What `a: <text>` is to sigs.k8s.io/yaml v1.6; `1.5` and the like are JSON numbers after its conversion.
const scalars: [text: string, value: JsonValue][] = [
  ["", null],
  ["~", null],
  ["null", null],
  ["Null", null],
  ["nUll", "nUll"],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["tRue", "tRue"],
  ["yes", true],
  ["Yes", true],
  ["on", true],
  ["ON", true],
  ["y", true],
  ["Y", true],
  ["no", false],
  ["off", false],
  ["n", false],
  ["N", false],
  ["oN", "oN"],
  ["1", 1],
  ["-1", -1],
  ["+1", 1],
  ["0", 0],
  ["-0", 0],
  ["007", 7],
  ["0755", 493],
  ["0o755", 493],
  ["-0o17", -15],
  ["08", 8],
  ["09.5", 9.5],
  ["0x1F", 31],
  ["0XaB", 171],
  ["-0x10", -16],
  ["0x", "0x"],
  ["0b101", 5],
  ["-0b11", -3],
  ["0b2", "0b2"],
  ["1_000", 1000],
  ["1__", 1],
  ["_1", "_1"],
  ["0x_f", 15],
  ["0o_7", 7],
  ["1.5", 1.5],
  ["1.", 1],
  ["-.5", -0.5],
  [".5", 0.5],
  [".5_0", 0.5],
  ["._5", "._5"],
  ["1e3", 1000],
  ["1E-2", 0.01],
  ["1e400", "1e400"],
  ["1_e3", 1000],
  ["1.e3", 1000],
  [".e1", ".e1"],
  ["1.2.3", "1.2.3"],
  ["+18446744073709551615", 18446744073709552000],
  ["+9223372036854775807", 2 ** 63],
  [`0${"0".repeat(200)}17`, 15],
  ["1:30", "1:30"],
  ["190:20:30", "190:20:30"],
  ["1:30.5", "1:30.5"],
  ["2020-01-01", "2020-01-01"],
  ["2020-01-01T01:02:03Z", "2020-01-01T01:02:03Z"],
  ["9007199254740993", 9007199254740992],
  ["18446744073709551615", 18446744073709552000],
  ["18446744073709551616", 18446744073709552000],
  ["-9223372036854775809", -9223372036854776000],
  ["0.1", 0.1],
  ["1e-7", 1e-7],
  ["12e03", 12000],
  ["<<", "<<"],
  ["=", "="],
  ["--", "--"],
  ["+", "+"],
  [".", "."],
  ["nan", "nan"],
  ["NaN", "NaN"],
  [".Nan", ".Nan"],
  ["inf", "inf"],
  ["a b", "a b"],
  ["a#b", "a#b"],
  ["a #b", "a"],
  ["a:b", "a:b"],
  ["-a", "-a"],
  ["?a", "?a"],
  [":a", ":a"],
  ["http://x/y?z=1&w", "http://x/y?z=1&w"],
  ["é", "é"],
  ["日本", "日本"],
  ["a\tb", "a\tb"],
  ["'x'", "x"],
  ["'it''s'", "it's"],
  ['"a\\tb"', "a\tb"],
  ['"\\x41\\u00e9\\U0001F642"', "Aé🙂"],
  ['"\\0\\a\\b\\e\\ \\\\\\"\\N\\_\\L\\P"', '\u0000\u0007\b\u001b \\"   '],
  ["''", ""],
  ["'1'", "1"],
  ['"true"', "true"],
  ["!!str 1", "1"],
  ["!!str", ""],
  ["!!int '12'", 12],
  ["!!float 1", 1],
  ["!!float 0x10", 16],
  ["!!bool 'yes'", true],
  ["!!null ''", null],
  ["!!binary aGVsbG8=", "hello"],
  ["!!timestamp 2020-01-01", "2020-01-01"],
  ["!custom 1", "1"],
  ["! 12", "12"],
  ["!!foo 1", "1"],
  ["!<tag:yaml.org,2002:int> '1'", 1],
];
for (const [text, value] of scalars) {
  test(`parseYaml of the scalar ${JSON.stringify(text)}`, () =>
    assert.deepEqual(parseYaml(`a: ${text}`), { a: value }));
}

// Checked against sigs.k8s.io/yaml v1.6.
const structures: [text: string, value: JsonValue][] = [
  ["", null],
  ["# only a comment\n", null],
  ["---\n", null],
  ["a: 1\nb:\n  c: 2\n", { a: 1, b: { c: 2 } }],
  ["  a: 1\n  b: 2\n", { a: 1, b: 2 }],
  ["a:\n- b\n- c\nd: e\n", { a: ["b", "c"], d: "e" }],
  ["a:\n  - b\n  - c\n", { a: ["b", "c"] }],
  ["- - a\n  - b\n- c\n", [["a", "b"], "c"]],
  ["-\n  a: b\n-\n", [{ a: "b" }, null]],
  ["- a: b\n  c: d\n- e\n", [{ a: "b", c: "d" }, "e"]],
  ["a:\n-  b: c\n   d: e\n- f\ng: h\n", { a: [{ b: "c", d: "e" }, "f"], g: "h" }],
  ["a: [b, c]\n", { a: ["b", "c"] }],
  ["a: [\n  b,\n  c\n]\nd: e\n", { a: ["b", "c"], d: "e" }],
  ["a: {\n  b: c\n}\n", { a: { b: "c" } }],
  ["a: {b: c, d, 'e':f, \"g\": }\n", { a: { b: "c", d: null, e: "f", g: null } }],
  ["[a: 1, b]\n", [{ a: 1 }, "b"]],
  ["{a:1}\n", { "a:1": null }],
  ['{"a":1,"b":[true,null]}\n', { a: 1, b: [true, null] }],
  ["a: [b, # comment\n  c\n]\n", { a: ["b", "c"] }],
  ["a: [\n\tb\n]\n", { a: ["b"] }],
  ["[a\nb, 'c\nd']\n", ["a b", "c d"]],
  ["{? a : b, ? c}\n", { a: "b", c: null }],
  ["[a:b, c:]\n", ["a:b", "c:"]],
  ["a: x\n  y\n\n  z\n", { a: "x y\nz" }],
  ["a: 'x\n  y\n\n  z'\n", { a: "x y\nz" }],
  ["a: 'x\ny'\n", { a: "x y" }],
  ['a: "x\\\n  y \\\n  z"\n', { a: "xy z" }],
  ['a: "x  \n\n  y"\n', { a: "x\ny" }],
  ["a: x\n  # comment\nb: y\n", { a: "x", b: true }],
  ["a: b # comment\n", { a: "b" }],
  ["a: b#c\n", { a: "b#c" }],
  ["a: 'b'#c\n", { a: "b" }],
  ["a: |\n  x\n    y\n\n  z\nb: c\n", { a: "x\n  y\n\nz\n", b: "c" }],
  ["a: |-\n  x\n\n", { a: "x" }],
  ["a: |+\n  x\n\nb: c\n", { a: "x\n\n", b: "c" }],
  ["a: |\n\n  x\n", { a: "\nx\n" }],
  ["a: |2\n   x\n", { a: " x\n" }],
  ["a: |1-\n  x\n", { a: " x" }],
  ["a: | # comment\n  x\n", { a: "x\n" }],
  ["a: |\nb: c\n", { a: "", b: "c" }],
  ["a: |+\n\n\nb: c\n", { a: "\n\n", b: "c" }],
  ["a: |\n  x", { a: "x" }],
  ["- |\n a\n- >\n b\n", ["a\n", "b\n"]],
  ["a: >\n  x\n  y\n\n  z\n", { a: "x y\nz\n" }],
  ["a: >\n  x\n   y\n   z\n  w\n", { a: "x\n y\n z\nw\n" }],
  ["a: >\n\n  x\n\n\n   y\n\n  z\n", { a: "\nx\n\n\n y\n\nz\n" }],
  ["a: >-\n  x\n  y\n", { a: "x y" }],
  ["a: >+\n x\n\n", { a: "x\n\n" }],
  ["a: |\n  x\n  ---\n  # y\n", { a: "x\n---\n# y\n" }],
  ["--- |\n x\n y\n", "x\ny\n"],
  ["--- >\n x\n y\n", "x y\n"],
  ["a: &x {b: 1}\nc: *x\n", { a: { b: 1 }, c: { b: 1 } }],
  ["a: &x 1\nb: *x\n*x : c\n", { "1": "c", a: 1, b: 1 }],
  ["a: &x\nb: *x\n", { a: null, b: null }],
  ["&x\na: 1\n", { a: 1 }],
  ["a: &x\n- b\n", { a: ["b"] }],
  ["&x a: 1\nb: *x\n", { a: 1, b: "a" }],
  ["a: &x\n  !!str 1\n", { a: "1" }],
  ["a: !!map &x\n  b: 2\n", { a: { b: 2 } }],
  ["a: &x 1\nb: &x 2\nc: *x\n", { a: 1, b: 2, c: 2 }],
  ["- &x [1]\n- - *x\n  - *x\n", [[1], [[1], [1]]]],
  ["<<: {a: 1, b: 1}\na: 2\n", { a: 2, b: 1 }],
  ["a: 2\n<<: {a: 1, b: 1}\n", { a: 1, b: 1 }],
  [
    "x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz:\n  <<: [*x, *y]\n  c: 3\n",
    { x: { a: 1 }, true: { a: 2, b: 2 }, z: { a: 1, b: 2, c: 3 } },
  ],
  ["'<<': 1\n", { "<<": 1 }],
  ["? a\n: b\n? c\n", { a: "b", c: null }],
  ["? a\n: - b\n  - c\n", { a: ["b", "c"] }],
  ["? a\n:\n- b\n", { a: ["b"] }],
  ["? |\n  x\n: y\n", { "x\n": true }],
  ["a: 1\na: 2\n", { a: 2 }],
  ["1: a\n'1': b\n", { "1": "b" }],
  ["yes: a\nno: b\ny: c\n", { true: "c", false: "b" }],
  [
    "1.5: a\n1e6: b\n0x10: c\n.inf: d\n2020-01-01: e\n",
    { "16": "c", "1.5": "a", "1e+06": "b", ".inf": "d", "2020-01-01": "e" },
  ],
  ["? ''\n: a\n", { "": "a" }],
  ["%YAML 1.1\n---\na\n", "a"],
  ["%TAG !e! tag:e.com,2000:\n--- !e!x y\n", "y"],
  ["--- a\n...\n", "a"],
  ["--- [a]\n", ["a"]],
  ["--- &x\na: b\n", { a: "b" }],
  ["---a\n", "---a"],
  ["a: b\n... # end\n", { a: "b" }],
  ["\ufeffa: b\n", { a: "b" }],
  ["a: b\r\nc: |\r\n  d\r\n  e\r\n", { a: "b", c: "d\ne\n" }],
  ["a:\tb\t\n", { a: "b" }],
  ["a: b\n \t\nc: d\n", { a: "b", c: "d" }],
  ["a: b  \nc:   d  \n", { a: "b", c: "d" }],
  ["key with spaces: v\n", { "key with spaces": "v" }],
  ["a: b:c", { a: "b:c" }],
  ["a:: b\n", { "a:": "b" }],
  ["'a': 1\n\"b\": 2\n", { a: 1, b: 2 }],
  ["- a\n- b # c\n", ["a", "b"]],
  ["a: -b\nc: ?d\ne: :f\n", { a: "-b", c: "?d", e: ":f" }],
  ["a: b%c\n", { a: "b%c" }],
  ['"a" : b\n', { a: "b" }],
  ["a: !!set {x, y}\n", { a: { x: null, true: null } }],
  ["a: |\n \n  x\n", { a: "\nx\n" }],
];
for (const [text, value] of structures) {
  test(`parseYaml of ${JSON.stringify(text)}`, () => assert.deepEqual(parseYaml(text), value));
}

// Where go-yaml is more lenient, or reads something else, than YAML 1.1 says.
const surprises: [text: string, value: JsonValue][] = [
  ["&x &y a", null],
  ["&x *y", null],
  ["{}: x\n", {}],
  ["[]: x\n", []],
  ["[a] b\n", ["a"]],
  ["[!!str, b]\n", ["b"]],
  ["[a:b]\n", ["a:b"]],
];
for (const [text, value] of surprises) {
  test(`parseYaml, as Go, reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseYaml(text), value));
}

const streams: [text: string, documents: [line: number, value: JsonValue][]][] = [
  ["", []],
  ["# a\n---\n# b\n---\n", []],
  ["a: 1\n", [[1, { a: 1 }]]],
  [
    "# x\n\na: 1\n---\n\n# y\nb: 2\n...\n---\n- c\n",
    [
      [3, { a: 1 }],
      [7, { b: 2 }],
      [10, ["c"]],
    ],
  ],
  [
    "--- a\n--- |\n  b\n--- [c,\n d]\n",
    [
      [1, "a"],
      [2, "b\n"],
      [4, ["c", "d"]],
    ],
  ],
  [
    "a: 1\r\n---\r\n# x\r\nb: 2\r\n",
    [
      [1, { a: 1 }],
      [4, { b: 2 }],
    ],
  ],
  ["---\nnull\n---\n~\n---\nfalse\n", [[6, false]]],
  [
    "a: |\n  ---\n  b\n---\nc: d\n",
    [
      [1, { a: "---\nb\n" }],
      [5, { c: "d" }],
    ],
  ],
  [
    "a: &x 1\n---\n&y b: 1\n",
    [
      [1, { a: 1 }],
      [3, { b: 1 }],
    ],
  ],
];
for (const [text, documents] of streams) {
  test(`parseYamlDocuments of ${JSON.stringify(text)}`, () => {
    const expected = documents.map(([line, value]) => ({ value, line }));
    assert.deepEqual(parseYamlDocuments(text), expected);
  });
}

test("parseYaml reads the first document only, as Go does", () => {
  assert.deepEqual(parseYaml("a: 1\n---\nb: [\n"), { a: 1 });
  assert.equal(parseYaml("---\n---\na: 1\n"), null);
});

test("integers that no number holds keep their digits if asked to", () => {
  const cases: [text: string, value: number | bigint][] = [
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    ["0xffffffffffffffff", 18446744073709551615n],
    ["18446744073709551616", 2 ** 64],
    ["-9223372036854775808", -9223372036854775808n],
    ["-9223372036854775809", -(2 ** 63)],
    ["9007199254740993.0", 9007199254740992],
    ["!!float 9007199254740993", 9007199254740992],
  ];
  for (const [text, value] of cases) {
    assert.deepEqual(parseYaml(`- ${text}`, { integers: "exact" }), [value], text);
    assert.deepEqual(parseYaml(`- ${text}`), [Number(value)], text);
  }
  assert.deepEqual(parseYaml("9007199254740993: a"), { "9007199254740993": "a" });
  const [document] = parseYamlDocuments("---\n- &x 9007199254740993\n- *x\n", { integers: "exact" });
  assert.equal(JSON.stringify(document?.value), "[9007199254740993,9007199254740993]");
});

test("an anchor ends with its document", () => {
  assert.throws(() => parseYamlDocuments("a: &x 1\n---\nb: *x\n"), /line 3, column 4: unknown anchor 'x' referenced/);
});

test("what an alias stands for is a copy", () => {
  const value = parseYaml("a: &x {b: [1]}\nc: *x\nd:\n  <<: *x\n");
  assert.deepEqual(value, { a: { b: [1] }, c: { b: [1] }, d: { b: [1] } });
  const seen = new Set<unknown>();
  const count = (part: unknown): number => {
    if (typeof part !== "object" || part === null) return 0;
    assert.ok(!seen.has(part));
    seen.add(part);
    return Object.values(part).reduce((sum: number, child) => sum + count(child), 1);
  };
  assert.equal(count(value), 7);
});

test("a field named __proto__ is a field", () => {
  const value = parseYaml("__proto__: {polluted: true}\na: &x {__proto__: 1}\nb: *x\n");
  assert.equal(JSON.stringify(value), '{"__proto__":{"polluted":true},"a":{"__proto__":1},"b":{"__proto__":1}}');
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

test("aliases cannot make a short text large", () => {
  const names = "abcdefghi".split("");
  const bomb = names
    .map((name, index) => `${name}: &${name} [${`${index === 0 ? "x" : `*${names[index - 1]}`},`.repeat(9)}]`)
    .join("\n");
  assert.throws(() => parseYaml(bomb), /document contains excessive aliasing/);
  assert.throws(() => parseYaml(`- &a ${"x".repeat(100_000)}\n${"- *a\n".repeat(1000)}`), /excessive aliasing/);
  const chain = Array.from({ length: 2000 }, (_, index) => `- &a${index + 1} [*a${index}]`).join("\n");
  assert.throws(() => parseYaml(`- &a0 [x]\n${chain}`), YamlError);
  assert.equal(
    Object.keys(Object(parseYaml(`a: &a {b: 1}\n${Array.from({ length: 1000 }, (_, i) => `k${i}: *a`).join("\n")}`)))
      .length,
    1001,
  );
});

test("depth and size are bounded", () => {
  const texts = ["[", "{a: ", "- ", "? ", "{"].map((part) => part.repeat(50_000));
  for (const text of texts) assert.throws(() => parseYaml(text), /nested more than 1000 levels deep/);
  const stairs = Array.from({ length: 1200 }, (_, index) => `${" ".repeat(index)}a:`).join("\n");
  assert.throws(() => parseYaml(stairs), /nested more than 1000 levels deep/);
  assert.doesNotThrow(() => parseYaml(`${"[".repeat(1000)}${"]".repeat(1000)}`));
  assert.throws(() => parseYaml("a".repeat(yamlSizeMax + 1)), {
    message: `line 1, column 1: longer than ${yamlSizeMax} characters`,
  });
});

test("no text of a hundred thousand characters takes long", () => {
  const length = 100_000;
  const parts = [
    "\t",
    " ",
    "\n",
    "#\n",
    "'",
    "a\n",
    "a: b\n",
    "- a\n",
    "a,",
    "---\n",
    "1",
    "&a ",
    "*a ",
    "!!str ",
    "|",
    "'x'\n",
    "\\n",
    '"',
    "? ",
    ":",
    "a: 'x\n  y'\n",
  ];
  for (const prefix of ["", "a: ", 'a: "', "a: |\n  ", "a: >\n  ", "[", "a: x\n"]) {
    for (const part of parts) {
      const text = prefix + part.repeat(length / part.length);
      const started = performance.now();
      try {
        parseYamlDocuments(text);
      } catch (error) {
        assert.ok(error instanceof YamlError, String(error));
      }
      assert.ok(performance.now() - started < 10_000, `${JSON.stringify(prefix)} and ${JSON.stringify(part)}`);
    }
  }
});

test("blanks inside a quoted text cost no more than other characters", () => {
  const started = performance.now();
  const text = `'${" ".repeat(300_000)}x  \n  y'`;
  assert.equal(parseYaml(text), `${" ".repeat(300_000)}x y`);
  assert.ok(performance.now() - started < 10_000);
});

test("random text gives a value or a YamlError, nothing else", () => {
  const random = createRandom(1);
  const parts =
    "a|b|c: |- |\n|\n  |\n    |\n |? |: |[|]|{|}|, |'x'|\"y\"|\"|'|>|# z|&a |*a|!!str |!t |1|0x1| |a: |b:\n|- a\n|---\n|...|<<: |<<: *a\n|\\|\t|é|\n\n|k: >\n  t\n|[a, b]|{a: b}|,|:|?|-|#|~|%|@|\r\n|\ufeff|🙂".split(
      "|",
    );
  parts.push("|", "|-", "|2", "k: |\n  t\n");
  let values = 0;
  for (let round = 0; round < 30_000; round++) {
    const text = Array.from({ length: 1 + random(12) }, () => parts[random(parts.length)]).join("");
    try {
      for (const { value, line } of parseYamlDocuments(text)) {
        assert.doesNotThrow(() => JSON.stringify(value));
        assert.ok(line >= 1 && line <= text.split(/\r\n?|\n/).length);
        values++;
      }
    } catch (error) {
      assert.ok(error instanceof YamlError, `${JSON.stringify(text)}: ${error}`);
      assert.ok(error.line >= 1 && error.column >= 1);
    }
  }
  assert.ok(values > 3000);
});

/** Whole numbers from 0 up to, not including, `limit`; the same ones for the same seed. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
