import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveScalar, toRfc3339 } from "./scalar-tag.ts";

const texts: Record<string, string> = {
  str: "yes no on off y n a 1:30 0x 0b2 1e 1.2.3 - + . 2020-13-01 2020-02-30 10.0.0.1 1Gi",
  int: "0 -0 +1 010 0o17 0x1F 0b11 1_000 18446744073709551615 -9223372036854775808",
  float: "1.0 .5 5. 1e3 -1.5E-7 08 .inf -.INF .nan 18446744073709551616",
  bool: "true True FALSE",
  null: "~ null NULL",
  timestamp: "2020-01-01 2020-1-2 2020-01-01T10:00:00Z 2020-01-01t10:00:00.5+02:00",
};

for (const [tag, words] of Object.entries(texts)) {
  test(`plain text that is ${tag}`, () => {
    for (const word of words.split(" ")) assert.equal(resolveScalar(word), tag, word);
  });
}

test("dates become what Go writes into JSON", () => {
  assert.equal(toRfc3339("2020-1-2"), "2020-01-02T00:00:00Z");
  assert.equal(toRfc3339("2020-01-02 03:04:05.60"), "2020-01-02T03:04:05.6Z");
  assert.equal(toRfc3339("2020-01-02T03:04:05-05:00"), "2020-01-02T03:04:05-05:00");
});
