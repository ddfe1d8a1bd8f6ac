import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../workloads/kinds.ts";
import { remainingMs, updateBackoff } from "./backoff.ts";

const now = new Date("2026-01-01T00:10:00Z");
const endedAt = (minute: number): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", deletionTimestamp: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() },
  spec: {},
});
const ms = (minute: number) => Date.UTC(2026, 0, 1, 0, minute);

test("failures count since the last success", () => {
  const before = { failures: 2, lastFailureMs: ms(1) };
  assert.equal(updateBackoff(before, [], []), before);
  assert.deepEqual(updateBackoff(before, [], [endedAt(4), endedAt(3)]), { failures: 4, lastFailureMs: ms(4) });
  assert.deepEqual(updateBackoff(before, [endedAt(3)], [endedAt(2), endedAt(4)]), {
    failures: 1,
    lastFailureMs: ms(4),
  });
  assert.deepEqual(updateBackoff(before, [endedAt(5)], [endedAt(4)]), { failures: 0 });
});

const waits: [failures: number, secondsAgo: number, waitMs: number][] = [
  [0, 0, 0],
  [1, 0, 10_000],
  [1, 4, 6_000],
  [2, 0, 20_000],
  [3, 0, 40_000],
  [20, 0, 600_000],
  [1, 60, 0],
];
for (const [failures, secondsAgo, waitMs] of waits) {
  test(`after ${failures} failures, the last ${secondsAgo} s ago, a job waits ${waitMs} ms`, () => {
    const lastFailureMs = now.getTime() - secondsAgo * 1000;
    assert.equal(remainingMs({ failures, ...(failures > 0 && { lastFailureMs }) }, now), waitMs);
  });
}
