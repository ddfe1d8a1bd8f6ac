import assert from "node:assert/strict";
import { test } from "node:test";
import type { OperationState, Retry } from "../../apis/index.ts";
import { beginAttempt, nextAttemptAt, parseDurationMs, retryWaitMs, settleAttempt } from "./retry.ts";

const durations: [string, number | undefined][] = [
  ["5s", 5_000],
  ["1m30s", 90_000],
  ["250ms", 250],
  ["1h", 3_600_000],
  ["10", 10_000],
  ["", undefined],
  ["soon", undefined],
];
for (const [text, want] of durations) {
  test(`duration ${JSON.stringify(text)}`, () => assert.equal(parseDurationMs(text), want));
}

const waits: [Retry, number, number][] = [
  [{}, 0, 5_000],
  [{}, 3, 40_000],
  [{}, 9, 180_000],
  [{ backoff: { duration: "10s", factor: 3, maxDuration: "1m" } }, 1, 30_000],
  [{ backoff: { duration: "10s", factor: 3, maxDuration: "1m" } }, 2, 60_000],
];
for (const [retry, retries, want] of waits) {
  test(`wait ${retries} of ${JSON.stringify(retry)}`, () => assert.equal(retryWaitMs(retry, retries), want));
}

const now = new Date("2026-01-01T12:00:00Z");
const state = (more: Partial<OperationState>): OperationState => ({
  operation: { retry: { limit: 2 }, sync: { revision: "c1" } },
  phase: "Failed",
  message: "why",
  startedAt: "2026-01-01T11:59:00Z",
  ...more,
});

test("a failed attempt that may be tried again stays Running and says when", () => {
  const settled = settleAttempt(state({}), now, false);
  assert.equal(settled.phase, "Running");
  assert.equal(settled.retryCount, 1);
  assert.equal(settled.finishedAt, "2026-01-01T12:00:00Z");
  assert.match(settled.message ?? "", /^why\. Retrying attempt #1 at \d{1,2}:\d\d[AP]M\.$/);
  assert.equal(nextAttemptAt(settled)?.toISOString(), "2026-01-01T12:00:05.000Z");
});

test("the last attempt ends the operation and says how often it was tried", () => {
  const settled = settleAttempt(state({ retryCount: 2 }), now, false);
  assert.equal(settled.phase, "Failed");
  assert.equal(settled.message, "why (retried 2 times).");
  assert.equal(nextAttemptAt(settled), undefined);
});

test("an operation that was terminated is not tried again", () => {
  assert.equal(settleAttempt(state({}), now, true).phase, "Failed");
});

test("a negative limit means without end", () => {
  const endless = state({ retryCount: 99, operation: { retry: { limit: -1 } } });
  assert.equal(settleAttempt(endless, now, false).retryCount, 100);
});

test("a new attempt forgets the last one, and its revision when told to refresh", () => {
  const waiting = state({
    phase: "Running",
    retryCount: 1,
    finishedAt: "2026-01-01T12:00:00Z",
    syncResult: { revision: "c1" },
  });
  const begun = beginAttempt(waiting);
  assert.equal(begun.message, "Retrying operation. Attempt #1");
  assert.equal(begun.syncResult, undefined);
  assert.equal(begun.finishedAt, undefined);
  assert.equal(begun.operation.sync?.revision, "c1");
  const refreshed = beginAttempt({
    ...waiting,
    operation: { retry: { limit: 2, refresh: true }, sync: { revision: "c1" } },
  });
  assert.equal(refreshed.message, "Retrying operation with latest revisions. Attempt #1");
  assert.equal(refreshed.operation.sync?.revision, undefined);
});
