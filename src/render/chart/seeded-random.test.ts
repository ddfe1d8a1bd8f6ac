import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "./seeded-random.ts";

test("the same seed gives the same bytes, however they are asked for", () => {
  const [first, second] = [createSeededRandom("s"), createSeededRandom("s")];
  const whole = Buffer.from(first(100));
  const parts = Buffer.concat([second(1), second(0), second(40), second(59)]);
  assert.deepEqual(parts, whole);
  assert.notDeepEqual(Buffer.from(createSeededRandom("t")(100)), whole);
});

test("the bytes are spread evenly", () => {
  const counts = new Array<number>(256).fill(0);
  for (const byte of createSeededRandom("even")(256 * 400)) counts[byte] = (counts[byte] ?? 0) + 1;
  assert.ok(Math.min(...counts) > 300 && Math.max(...counts) < 500);
});
