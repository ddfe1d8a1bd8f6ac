import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExactJson, toInteger } from "./integers.ts";
import { canonicalJson, cloneJson, parseJson } from "./json.ts";

// As Kubernetes reads numbers that are no part of a type: integers of 64 bits keep their digits, all else is a float.
const numbers: [text: string, value: number | bigint][] = [
  ["0", 0],
  ["-0", -0],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", 9007199254740992n],
  ["9007199254740993", 9007199254740993n],
  ["-9007199254740993", -9007199254740993n],
  ["9223372036854775807", 9223372036854775807n],
  ["9223372036854775808", 2 ** 63],
  ["-9223372036854775808", -9223372036854775808n],
  ["-9223372036854775809", -(2 ** 63)],
  ["12345678901234567890123", 12345678901234568e6],
  ["9007199254740993.0", 9007199254740992],
  ["9007199254740993e0", 9007199254740992],
  ["1e300", 1e300],
  ["0.1234567890123456789", 0.12345678901234568],
];
for (const [text, value] of numbers) {
  test(`the JSON number ${text} keeps its value`, () => {
    // Wherever it stands, in whatever text around it.
    for (let before = 0; before < 40; before++) {
      const json = `[${" ".repeat(before)}${text},{"a":${text}},"${text}"]`;
      assert.deepEqual(parseExactJson(json), [value, { a: value }, text]);
      assert.deepEqual(parseJson(json, { integers: "exact" }), [value, { a: value }, text]);
    }
    assert.deepEqual(parseJson(text), Number(value));
  });
}

test("long integers are written with all their digits", () => {
  const value = { b: [9007199254740993n], a: -9223372036854775808n };
  const text = '{"b":[9007199254740993],"a":-9223372036854775808}';
  assert.equal(JSON.stringify(value), text);
  assert.deepEqual(parseExactJson(text), value);
  assert.deepEqual(cloneJson(value), value);
  assert.deepEqual(structuredClone(value), value);
  assert.equal(canonicalJson(value), '{"a":-9223372036854775808,"b":[9007199254740993]}');
});

test("an integer is a bigint only where numbers have gaps", () => {
  assert.equal(toInteger(2n ** 53n - 1n), 2 ** 53 - 1);
  assert.equal(toInteger(2n ** 53n), 2n ** 53n);
  assert.equal(toInteger(-(2n ** 53n)), -(2n ** 53n));
});

test("broken JSON is a SyntaxError, with long integers too", () => {
  for (const text of ["", "{", "[9007199254740993", '{"a":9007199254740993,}']) {
    assert.throws(() => parseExactJson(text), SyntaxError);
  }
});
