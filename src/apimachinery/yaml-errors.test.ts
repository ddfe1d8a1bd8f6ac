import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml, parseYamlDocuments, YamlError, type YamlOptions } from "./yaml.ts";

// What sigs.k8s.io/yaml v1.6 says of each text, and where we say that the mistake is.
const broken: [text: string, place: string, goText: string][] = [
  ["a: b: c", "1:5", "yaml: mapping values are not allowed in this context"],
  ["a: 'b': c", "1:7", "yaml: mapping values are not allowed in this context"],
  ["a:\n  b: 1\n c: 2\n", "3:2", "yaml: line 2: did not find expected key"],
  ["a: 1\n  b: 2\n", "2:4", "yaml: line 2: mapping values are not allowed in this context"],
  ["a: 1\n- b\n", "2:1", "yaml: line 1: did not find expected key"],
  ["- a\nb: c\n", "2:1", "yaml: line 1: did not find expected '-' indicator"],
  ["a: [b", "1:4", "yaml: line 1: did not find expected ',' or ']'"],
  ["a: [b\nc: d\n", "2:2", "yaml: line 1: did not find expected ',' or ']'"],
  ["a: {b: c", "1:4", "yaml: line 1: did not find expected ',' or '}'"],
  ["a: [b c: d: e]", "1:11", "yaml: did not find expected ',' or ']'"],
  ["a: [,]", "1:5", "yaml: did not find expected node content"],
  ["a: [b] c", "1:8", "yaml: did not find expected key"],
  ["a: 'b' c", "1:8", "yaml: did not find expected key"],
  ["a: 'b", "1:4", "yaml: found unexpected end of stream"],
  ['a: "b\n---\n"', "1:4", "yaml: line 2: found unexpected document indicator"],
  ['a: "\\q"', "1:5", "yaml: found unknown escape character"],
  ['a: "\\x4"', "1:7", "yaml: did not find expected hexdecimal number"],
  ['a: "\\ud800"', "1:7", "yaml: found invalid Unicode character escape code"],
  ["\ta: b", "1:1", "yaml: found character that cannot start any token"],
  ["a:\n\tb: c\n", "2:1", "yaml: line 2: found character that cannot start any token"],
  ["- \tb", "1:3", "yaml: found character that cannot start any token"],
  ["a: x\n\ty\n", "2:1", "yaml: line 2: found a tab character that violates indentation"],
  ["a: |\n\tx\n", "2:1", "yaml: line 2: found a tab character where an indentation space is expected"],
  ["a: |\n  x\n\ty\n", "3:1", "yaml: line 3: found a tab character where an indentation space is expected"],
  ["a: |0\n x", "1:5", "yaml: found an indentation indicator equal to 0"],
  ["a: |x\n", "1:5", "yaml: did not find expected comment or line break"],
  ["a: @b", "1:4", "yaml: found character that cannot start any token"],
  ["a: `b", "1:4", "yaml: found character that cannot start any token"],
  ["a: %b", "1:4", "yaml: found character that cannot start any token"],
  ["- - a\n - b\n", "2:2", "yaml: line 1: did not find expected '-' indicator"],
  ["a: - b", "1:4", "yaml: block sequence entries are not allowed in this context"],
  ["a: ? b", "1:4", "yaml: mapping keys are not allowed in this context"],
  ["- : b", "1:3", "yaml: did not find expected key"],
  [": b", "1:1", "yaml: did not find expected key"],
  ["*x", "1:1", "yaml: unknown anchor 'x' referenced"],
  ["a: *x", "1:4", "yaml: unknown anchor 'x' referenced"],
  ["a: &x [*x]", "1:8", "yaml: anchor 'x' value contains itself"],
  ["a: &x.y b", "1:6", "yaml: did not find expected alphabetic or numeric character"],
  ["a: !e!x b", "1:4", "yaml: found undefined tag handle"],
  ["a: !!int b", "1:4", "yaml: cannot decode !!str `b` as a !!int"],
  ["a: !!bool 1", "1:4", "yaml: cannot decode !!int `1` as a !!bool"],
  ["a: .inf", "1:4", "json: unsupported value: +Inf"],
  ["a: -.INF", "1:4", "json: unsupported value: -Inf"],
  ["a: .nan", "1:4", "json: unsupported value: NaN"],
  ["[a]: b", "1:1", 'yaml: invalid map key: []interface {}{"a"}'],
  ["? {a: b}\n: c", "1:1", 'yaml: invalid map key: map[interface {}]interface {}{"a":"b"}'],
  ["null: a", "1:1", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "a"'],
  ["~: a", "1:1", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "a"'],
  ["<<: 1", "1:5", "yaml: map merge requires map or sequence of maps as the value"],
  ["<<: [1]", "1:5", "yaml: map merge requires map or sequence of maps as the value"],
  ["a\nb: c\n", "2:2", "yaml: line 2: mapping values are not allowed in this context"],
  ["a: b\n]", "2:1", "yaml: line 1: did not find expected key"],
  ["]", "1:1", "yaml: did not find expected node content"],
  ["a: }", "1:4", "yaml: did not find expected node content"],
  ["%FOO\n---\na", "1:5", "yaml: found unknown directive name"],
  ["%YAML 2.0\n---\na", "1:1", "yaml: found incompatible YAML document"],
  ["%YAML 1.1\na", "2:1", "yaml: line 1: did not find expected <document start>"],
  ["a: \u0007", "1:4", "yaml: control characters are not allowed"],
  ["a: \u0000b", "1:4", "yaml: control characters are not allowed"],
  ["- !!binary 'x'", "1:3", "yaml: !!binary value contains invalid base64 data"],
  ["a: b\n c: d\n", "2:3", "yaml: line 2: mapping values are not allowed in this context"],
  ['a: "b": c', "1:7", "yaml: mapping values are not allowed in this context"],
  ["[a: 1\n: b]", "2:1", "yaml: line 1: did not find expected ',' or ']'"],
  ["{a\n: b}", "2:1", "yaml: line 1: did not find expected ',' or '}'"],
  ["--- a: b", "1:6", "yaml: mapping values are not allowed in this context"],
  ["--- - a", "1:5", "yaml: block sequence entries are not allowed in this context"],
  ["a: b\n...x\n", "2:1", "yaml: line 3: could not find expected ':'"],
  ["a: >\n x\n  y\nz\n", "4:1", "yaml: line 5: could not find expected ':'"],
  ["%YAML 1.2\n---\na: 1\n", "1:1", "yaml: found incompatible YAML document"],
  ['a: "\\/"\n', "1:5", "yaml: found unknown escape character"],
  ["a: 1\n\t\nb: 2\n", "2:1", "yaml: line 2: found a tab character that violates indentation"],
  ["a: 1\n\t# comment\nb: 2\n", "2:1", "yaml: line 2: found a tab character that violates indentation"],
  ["[a?b, c ?d]\n", "1:3", "yaml: did not find expected ',' or ']'"],
  ["...\n", "1:1", "yaml: did not find expected node content"],
];
for (const [text, place, goText] of broken) {
  test(`parseYaml refuses ${JSON.stringify(text)}`, () => {
    const why = goText.replace(/^yaml: (?:line \d+: )?/, "");
    const expected = { name: "YamlError", message: `f.yaml:${place}: ${why}`, goText };
    assert.throws(() => parseYaml(text, { file: "f.yaml" }), expected);
    assert.throws(() => parseYamlDocuments(text, { file: "f.yaml" }), expected);
  });
}

test("an error tells its place, with the file if there is one", () => {
  const failure = (options: YamlOptions) => {
    try {
      return parseYaml("a: 1\nb: c: d\n", options);
    } catch (error) {
      assert.ok(error instanceof YamlError);
      return [error.file, error.line, error.column, error.message, error.goText];
    }
  };
  const why = "mapping values are not allowed in this context";
  assert.deepEqual(failure({}), [undefined, 2, 5, `line 2, column 5: ${why}`, `yaml: line 2: ${why}`]);
  assert.deepEqual(failure({ file: "dir/a.yaml" }), [
    "dir/a.yaml",
    2,
    5,
    `dir/a.yaml:2:5: ${why}`,
    `yaml: line 2: ${why}`,
  ]);
});

// go-yaml v3 names the line where what is broken begins.
const inV3: [text: string, goText: string, goTextV3: string][] = [
  ["x: 1\nb: c: d\n", "yaml: line 2: mapping values are not allowed in this context", ""],
  ["a:\n  b: 1\n\n c: 2\n", "yaml: line 3: did not find expected key", ""],
  [
    "x:\n- a: [b\n\nc: d\n",
    "yaml: line 3: did not find expected ',' or ']'",
    "yaml: line 1: did not find expected ',' or ']'",
  ],
  ["x: 1\na\n\n", "yaml: line 4: could not find expected ':'", "yaml: line 2: could not find expected ':'"],
  ["x: 1\na: 'b\n\n", "yaml: line 4: found unexpected end of stream", "yaml: line 2: found unexpected end of stream"],
  ["a: 'b\n\n", "yaml: line 3: found unexpected end of stream", ""],
  [
    "x: 1\na: b\n\tc\n",
    "yaml: line 3: found a tab character that violates indentation",
    "yaml: line 2: found a tab character that violates indentation",
  ],
  ["a: *b\n", "yaml: unknown anchor 'b' referenced", ""],
];
for (const [text, goText, goTextV3] of inV3) {
  test(`what go-yaml v3 says of ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseYaml(text), { goText, goTextV3: goTextV3 === "" ? goText : goTextV3 });
  });
}

test("a mistake in syntax counts more than all others", () => {
  assert.throws(() => parseYaml("a: !!int x\nb: c: d\n"), { goText: /^yaml: line 2: mapping values/ });
  assert.throws(() => parseYaml("a: !!int x\nb: *c\n"), { goText: "yaml: unknown anchor 'c' referenced" });
});

test("what is replaced by another value is not wrong", () => {
  assert.deepEqual(parseYaml("a: .inf\na: 1\n"), { a: 1 });
  assert.deepEqual(parseYaml("a: {null: 1}\na: 1\n"), { a: 1 });
});

// As Go has it: the line is that of the value, and an alias repeats what its anchor holds.
const duplicates: [text: string, message: string, goText: string][] = [
  ["a: 1\na: 2\n", 'line 2, column 4: key "a" already set in map', '  line 2: key "a" already set in map'],
  ["a:\n  b: 1\n  'b': 2\n", 'line 3, column 8: key "b" already set in map', '  line 3: key "b" already set in map'],
  ["{a: 1, a: 2}", 'line 1, column 11: key "a" already set in map', '  line 1: key "a" already set in map'],
  ["yes: 1\ntrue: 2\n", "line 2, column 7: key true already set in map", "  line 2: key true already set in map"],
  ["1: 1\n0x1:\n  2\n", "line 3, column 3: key 1 already set in map", "  line 3: key 1 already set in map"],
  [
    "x: &x {a: 1}\nz:\n  a: 2\n  <<: *x\n",
    'line 1, column 11: key "a" already set in map',
    '  line 1: key "a" already set in map',
  ],
  [
    "x: &x {a: 1, a: 2}\ny: *x\n",
    'line 1, column 17: key "a" already set in map',
    '  line 1: key "a" already set in map\n  line 1: key "a" already set in map',
  ],
];
for (const [text, message, lines] of duplicates) {
  test(`a key that stands twice is an error if asked for: ${JSON.stringify(text)}`, () => {
    const goText = `yaml: unmarshal errors:\n${lines}`;
    assert.throws(() => parseYaml(text, { duplicateKeys: "error" }), { name: "YamlError", message, goText });
    assert.doesNotThrow(() => parseYaml(text, { duplicateKeys: "last" }));
  });
}

test("keys that Go takes for different do not stand twice", () => {
  assert.deepEqual(parseYaml("a: {b: 1}\nc: {b: 2}\n1: a\n'1': b\n", { duplicateKeys: "error" }), {
    a: { b: 1 },
    c: { b: 2 },
    1: "b",
  });
});

// Bytes, as files hold them; go-yaml reads 512 at a time and refuses them before it uses any.
const bytes: [name: string, bytes: Uint8Array, result: unknown][] = [
  ["a BOM", Buffer.from("\ufeffa: 1"), { a: 1 }],
  ["UTF-16, little endian", Buffer.from("\ufeffa: é\n", "utf16le"), { a: "é" }],
  ["UTF-16, big endian", Buffer.from("\ufeffa: é\n", "utf16le").swap16(), { a: "é" }],
  ["half a unit of UTF-16", Buffer.from([0xff, 0xfe, 0x61]), "yaml: incomplete UTF-16 character"],
  ["a byte that begins nothing", Buffer.from("a: \xff", "latin1"), "yaml: invalid leading UTF-8 octet"],
  ["a byte that does not go on", Buffer.from("a: \xe9 b", "latin1"), "yaml: invalid trailing UTF-8 octet"],
  ["a character cut off", Buffer.from("a: \xe9", "latin1"), "yaml: incomplete UTF-8 octet sequence"],
  ["a character too long", Buffer.from("a: \xc0\x80", "latin1"), "yaml: invalid length of a UTF-8 sequence"],
  ["half of a pair", Buffer.from("a: \xed\xa0\x80", "latin1"), "yaml: invalid Unicode character"],
  [
    "a mistake long before",
    Buffer.from(`a: b: c\n#${"x".repeat(600)}\0`),
    "yaml: mapping values are not allowed in this context",
  ],
  ["a document that ends long before", Buffer.from(`a: 1\n---\n#${"x".repeat(600)}\0`), { a: 1 }],
];
for (const [name, input, result] of bytes) {
  test(`parseYaml of bytes with ${name}`, () => {
    if (typeof result === "string") assert.throws(() => parseYaml(input), { name: "YamlError", goText: result });
    else assert.deepEqual(parseYaml(input), result);
  });
}
