import assert from "node:assert/strict";
import { test } from "node:test";
import { compareUtf8, formatGoExponent, formatGoFloat, formatGoJson, formatGoValue, quoteGo } from "./go-format.ts";

// Expected values were computed with Go 1.26 (`strconv.Quote`, `fmt`, `encoding/json`).
const quotes: [text: string, quoted: string][] = [
  ["", '""'],
  ["a b", '"a b"'],
  ['"\\', '"\\"\\\\"'],
  ["\x07\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'],
  ["\0\x1b\x7f", '"\\x00\\x1b\\x7f"'],
  ["é日🙂", '"é日🙂"'],
  ["\x85\xa0\u200b\u2028\u3000\ufeff\ue000", '"\\u0085\\u00a0\\u200b\\u2028\\u3000\\ufeff\\ue000"'],
  ["\ud800", '"\\ufffd"'],
  ["\u{e0001}", '"\\U000e0001"'],
];
for (const [text, quoted] of quotes) {
  test(`quoteGo writes ${quoted}`, () => assert.equal(quoteGo(text), quoted));
}

const values: [value: unknown, shown: string][] = [
  ["a", '"a"'],
  [1, "1"],
  [-5, "-5"],
  [0, "0"],
  [-0, "0"],
  [100000000, "100000000"],
  [2 ** 53, "9007199254740992"],
  [1.5, "1.5"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [123456789.125, "1.23456789125e+08"],
  [1e20, "1e+20"],
  [5e-324, "5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [true, "true"],
  [null, "null"],
  [undefined, "null"],
  [["<&>", 1.5, 1e21, 1e-7], '["\\u003c\\u0026\\u003e",1.5,1e+21,1e-7]'],
  [{ b: 1, a: { d: null, c: "\u2028" }, e: undefined }, '{"a":{"c":"\\u2028","d":null},"b":1}'],
  [{ "\uffff": 3, "🙂": 2, é: 1 }, '{"é":1,"\uffff":3,"🙂":2}'],
];
for (const [value, shown] of values) {
  test(`formatGoValue shows ${shown}`, () => assert.equal(formatGoValue(value), shown));
}

test("floats have an exponent from a million up, integers do not", () => {
  assert.deepEqual([1e5, 1e6, 1234567, 0.1, -2.5e-8].map(formatGoExponent), [
    "100000",
    "1e+06",
    "1.234567e+06",
    "0.1",
    "-2.5e-08",
  ]);
  assert.deepEqual([1e6, 1e18, 1e19, 1234567.5].map(formatGoFloat), [
    "1000000",
    "1000000000000000000",
    "1e+19",
    "1.2345675e+06",
  ]);
  assert.deepEqual([Number.NaN, Infinity, -Infinity].map(formatGoFloat), ["NaN", "+Inf", "-Inf"]);
});

test("formatGoJson is JSON", () => {
  const value = { a: [1, "x\n", null, { b: true }], "<": -1.25 };
  assert.deepEqual(JSON.parse(formatGoJson(value)), value);
});

test("compareUtf8 orders by bytes", () => {
  const texts = ["b", "", "a", "\u{1f642}", "\uffff", "ab", "é", "\ud7ff"];
  const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(texts.toSorted(compareUtf8), byBytes);
});
