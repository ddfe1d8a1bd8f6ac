import assert from "node:assert/strict";
import { test } from "node:test";
import { warningHeaders } from "./answer.ts";

test("warnings are told once each, quoted, in the bytes of UTF-8", () => {
  assert.deepEqual(warningHeaders(["a", 'say "b" \\', "a", "", "two\nlines"]), [
    '299 - "a"',
    '299 - "say \\"b\\" \\\\"',
  ]);
  const [header = ""] = warningHeaders(["grün ✓"]);
  assert.equal(Buffer.from(header, "latin1").toString(), '299 - "grün ✓"');
});

test("warnings that are too long together are shortened, and end where the header is full", () => {
  const long = (letter: string) => letter.repeat(2000);
  assert.deepEqual(warningHeaders([long("a"), long("b")]), [`299 - "${long("a")}"`, `299 - "${long("b")}"`]);
  assert.deepEqual(
    warningHeaders([long("a"), long("b"), long("c")]),
    ["a", "b", "c"].map((letter) => `299 - "${letter.repeat(256)}"`),
  );
  const many = Array.from({ length: 40 }, (_, index) => String(index).padEnd(300, "x"));
  assert.equal(warningHeaders(many).length, 16);
});
