import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalJson,
  cloneJson,
  deepEqual,
  depthOf,
  duplicateJsonKeys,
  jsonDepthMax,
  parseJson,
  strictJsonProblems,
} from "./json.ts";

const protoKey = JSON.parse('{"__proto__":{"a":1},"b":2}');

const equal: [unknown, unknown][] = [
  [1, 1],
  [null, null],
  [
    { a: 1, b: [1, { c: null }] },
    { b: [1, { c: null }], a: 1 },
  ],
  [{ a: 1, b: undefined }, { a: 1 }],
  [{ a: 1 }, { a: 1, b: undefined }],
  [protoKey, JSON.parse('{"b":2,"__proto__":{"a":1}}')],
  [[], []],
  [9007199254740993n, 9007199254740993n],
  [{ a: 10n ** 16n }, { a: 1e16 }],
];
const different: [unknown, unknown][] = [
  [1, "1"],
  [9007199254740993n, 9007199254740992],
  [9007199254740993n, "9007199254740993"],
  [0, null],
  [0, false],
  [null, undefined],
  [[], {}],
  [{}, []],
  [{}, null],
  [
    [1, 2],
    [2, 1],
  ],
  [[1], [1, 2]],
  [{ a: 1 }, { a: 2 }],
  [{ a: 1 }, { b: 1 }],
  [
    { a: undefined, b: 1 },
    { a: 1, b: undefined },
  ],
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: null }, {}],
  [protoKey, { b: 2 }],
];
test("deepEqual compares as JSON does", () => {
  for (const [a, b] of equal)
    assert.ok(deepEqual(a, b) && deepEqual(b, a), `${JSON.stringify(a)} = ${JSON.stringify(b)}`);
  for (const [a, b] of different)
    assert.ok(!deepEqual(a, b) && !deepEqual(b, a), `${JSON.stringify(a)} ≠ ${JSON.stringify(b)}`);
});

test("cloneJson copies everything, and shares nothing", () => {
  const value = { a: [1, { b: "x" }], c: null, d: { e: true }, f: undefined };
  const copy = cloneJson(value);
  assert.deepEqual(copy, { a: [1, { b: "x" }], c: null, d: { e: true } });
  assert.notEqual(copy.a, value.a);
  assert.notEqual(copy.a[1], value.a[1]);
  assert.notEqual(copy.d, value.d);
});

test("cloneJson keeps a field named __proto__ a field", () => {
  const copy = cloneJson(protoKey);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.equal(JSON.stringify(copy), JSON.stringify(protoKey));
});

test("canonicalJson is the same for equal values", () => {
  assert.equal(
    canonicalJson({ b: [{ d: 1, c: "é" }, null], a: undefined, "": true }),
    '{"":true,"b":[{"c":"é","d":1},null]}',
  );
  for (const [a, b] of equal) assert.equal(canonicalJson(a), canonicalJson(b));
});

test("parseJson reads text and bytes", () => {
  assert.deepEqual(parseJson('{"a":[1,"é"]}'), { a: [1, "é"] });
  assert.deepEqual(parseJson(new TextEncoder().encode('x{"a":"é"}y').subarray(1, -1)), { a: "é" });
  assert.deepEqual(parseJson('{"a":1,"a":2}'), { a: 2 });
});

// The words are those of Go's `encoding/json`.
const broken: Record<string, string> = {
  "": "unexpected end of JSON input at line 1, column 1",
  '{"a":1': "unexpected end of JSON input at line 1, column 7",
  x: "invalid character 'x' looking for beginning of value at line 1, column 1",
  "[1,]": "invalid character ']' looking for beginning of value at line 1, column 4",
  "[1 2]": "invalid character '2' after array element at line 1, column 4",
  "{a:1}": "invalid character 'a' looking for beginning of object key string at line 1, column 2",
  '{"a":1,}': "invalid character '}' looking for beginning of object key string at line 1, column 8",
  '{"a" 1}': "invalid character '1' after object key at line 1, column 6",
  '{"a":1 "b":2}': "invalid character '\"' after object key:value pair at line 1, column 8",
  "{} x": "invalid character 'x' after top-level value at line 1, column 4",
  nulx: "invalid character 'x' in literal null (expecting 'l') at line 1, column 4",
  '"a\nb"': "invalid character '\\n' in string literal at line 1, column 3",
  '"\\q"': "invalid character 'q' in string escape code at line 1, column 3",
  '"\\u12g4"': "invalid character 'g' in \\u hexadecimal character escape at line 1, column 6",
  "-a": "invalid character 'a' in numeric literal at line 1, column 2",
  "01": "invalid character '1' after top-level value at line 1, column 2",
  "1.x": "invalid character 'x' after decimal point in numeric literal at line 1, column 3",
  "1e+x": "invalid character 'x' in exponent of numeric literal at line 1, column 4",
  "'a'": "invalid character '\\'' looking for beginning of value at line 1, column 1",
  '{\n  "a": 1,\n  "b": y\n}': "invalid character 'y' looking for beginning of value at line 3, column 8",
};
for (const [text, why] of Object.entries(broken)) {
  test(`parseJson refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseJson(text), {
      name: "StatusError",
      reason: "BadRequest",
      message: `json parse error: ${why}`,
    });
  });
}

test("parseJson refuses what is nested too deeply, but not brackets in strings", () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;
  assert.ok(parseJson(nested(jsonDepthMax)));
  assert.throws(() => parseJson(nested(jsonDepthMax + 2)), /exceeded max depth/);
  assert.throws(() => parseJson("[".repeat(1_000_000)), /exceeded max depth/);
  assert.ok(parseJson(JSON.stringify(`\\"${"[".repeat(5000)}`)));
});

const duplicates: Record<string, string[]> = {
  '{"a":1,"b":2}': [],
  '{"a":1,"a":2,"a":3}': ["a"],
  '{"a":{"b":1,"b":2},"a":3}': ["a.b", "a"],
  '{"spec":{"containers":[{"name":"a"},{"name":"b","name":"c"}]}}': ["spec.containers[1].name"],
  '[{"x":1,"x":1},[{"y":1,"y":1}]]': ["[0].x", "[1][0].y"],
  '{"a":{"k":1},"b":{"k":1}}': [],
  '{"a":1,"\\u0061":2}': ["a"],
  '{"a":"\\"a\\":1,\\"a\\":2"}': [],
  '{"a":{"b":{"c":1,"c":1},"b":{"c":1,"c":2}}}': ["a.b.c", "a.b"],
  "1": [],
};
for (const [text, paths] of Object.entries(duplicates)) {
  test(`duplicateJsonKeys of ${text}`, () => assert.deepEqual(duplicateJsonKeys(text), paths));
}

test("duplicateJsonKeys tells a hundred and no more", () => {
  const text = `[${Array.from({ length: 500 }, () => '{"a":1,"a":2}').join(",")}]`;
  assert.equal(duplicateJsonKeys(text).length, 100);
});

test("strictJsonProblems looks at paths no longer than it is allowed to", () => {
  const inner = Array.from({ length: 20_000 }, (_, index) => `"k${index % 10_000}":1`).join(",");
  const deep = `${'{"aaaaaaaaaa":'.repeat(900)}{${inner}}${"}".repeat(900)}`;
  const startedMs = performance.now();
  assert.equal(strictJsonProblems(deep, ["x"]).length, 100);
  // With the path of each field it would be half a minute.
  assert.ok(performance.now() - startedMs < 5_000);
});

test("strictJsonProblems tells fields in the order of the text, each once", () => {
  const text = '{"z":1,"a.b":{"x":1,"x":2},"x":1,"list":[{"y":1},{"y":2}]}';
  assert.deepEqual(
    strictJsonProblems(text, ["x", "z", "list[1].y"]).map(({ path, isUnknown }) => `${path} ${isUnknown}`),
    ["z true", "a.b.x false", "x true", "list[1].y true"],
  );
});

test("depthOf counts what is inside one another, and stops looking where it was told to", () => {
  assert.equal(depthOf(1, 10), 0);
  assert.equal(depthOf({ a: [1, { b: 2 }], c: {} }, 10), 3);
  assert.equal(depthOf([[[[]]]], 2), 3);
});
