import assert from "node:assert/strict";
import { test } from "node:test";
import { isAmbiguous, resolvePlain } from "./yaml-scalar.ts";

test("integers keep all their digits and are told from floats", () => {
  assert.equal(resolvePlain("18446744073709551615"), 2n ** 64n - 1n);
  assert.equal(resolvePlain("-9223372036854775808"), -(2n ** 63n));
  assert.equal(resolvePlain("18446744073709551616"), 2 ** 64);
  assert.equal(resolvePlain("0x10"), 16n);
  assert.equal(resolvePlain("1.0"), 1);
  assert.equal(resolvePlain("1".repeat(1000)), "1".repeat(1000));
  assert.equal(resolvePlain("1".repeat(200)), Number("1".repeat(200)));
});

const ambiguous =
  "~ null yes y on 1 0x1F 0o17 0b1 1_000 1e3 .5 +.5 0. 00 08 .inf -.INF .nan 1:30 01:02:03 12:30:45.5 1_0:30 -1:30 1:30. 2020-1-1 2020-01-01 2024-02-29 " +
  "2020-01-01T1:2:3Z 2020-01-01t01:02:03.5Z 2020-01-01T01:02:03+01:00 0000-01-01";
const plain =
  "nULL yEs a 0x 0o 0o8 0b2 1e 1.2.3 . .e1 ._5 _1 1e400 1:60 a:1 2020-02-30 2023-02-29 2020-13-01 2020-00-01 2020-01-01T01:02:03 2020-01-01T24:00:00Z " +
  "2020-01-01T01:02:03+0100 2020-01-01T01:02Z 2020-01-01T nan inf + - -- 1-2-3 20200-01-01 v1 << =";

test("text that would be read as something else is ambiguous", () => {
  for (const text of ["", "2020-01-01 01:02:03", "2020-01-01 1:2:3.5", ...ambiguous.split(" ")])
    assert.ok(isAmbiguous(text), text);
  for (const text of ["2020-01-01 01:02:03Z", "a b", ...plain.split(" ")]) assert.ok(!isAmbiguous(text), text);
});
