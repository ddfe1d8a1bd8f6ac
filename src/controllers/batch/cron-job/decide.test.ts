import assert from "node:assert/strict";
import { test } from "node:test";
import type { CronJob } from "../kinds.ts";
import { jobOf } from "../testing.ts";
import { decideStart } from "./decide.ts";
import { recentTime, scheduleOf, untilNextMs } from "./times.ts";

const created = "2026-01-01T00:00:00Z";

function cronJob(schedule: string, more: Partial<CronJob["spec"]> = {}, status: CronJob["status"] = {}): CronJob {
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "c", namespace: "default", creationTimestamp: created },
    spec: { schedule, jobTemplate: { spec: jobOf("t").spec }, ...more },
    status,
  };
}

type Case = { is: CronJob; now: string; start?: string; events?: string[]; afterMs?: number };
const tooMany =
  "TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
const cases: Record<string, Case> = {
  "nothing before its time": { is: cronJob("0 * * * *"), now: "2026-01-01T00:30:00Z", afterMs: 1_800_100 },
  "a job at its time": {
    is: cronJob("0 * * * *"),
    now: "2026-01-01T01:00:00Z",
    start: "2026-01-01T01:00:00Z",
    afterMs: 3_600_100,
  },
  "the last of several missed times": {
    is: cronJob("0 * * * *"),
    now: "2026-01-01T05:30:00Z",
    start: "2026-01-01T05:00:00Z",
  },
  "the last of very many missed times, and says so": {
    is: cronJob("*/5 * * * *"),
    now: "2026-01-02T00:01:00Z",
    start: "2026-01-02T00:00:00Z",
    events: [tooMany],
  },
  "no more than the deadline lets it see": {
    is: cronJob("*/5 * * * *", { startingDeadlineSeconds: 600 }),
    now: "2026-01-02T00:01:00Z",
    start: "2026-01-02T00:00:00Z",
  },
  "nothing that has been started already": {
    is: cronJob("0 * * * *", {}, { lastScheduleTime: "2026-01-01T01:00:00Z" }),
    now: "2026-01-01T01:00:10Z",
    afterMs: 3_590_100,
  },
  "nothing on a day that does not exist": {
    is: cronJob("59 23 31 2 *"),
    now: "2026-01-02T00:00:00Z",
    events: [
      "InvalidSchedule invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second",
    ],
  },
  "nothing in an unknown time zone": {
    is: cronJob("0 * * * *", { timeZone: "Mars/Olympus" }),
    now: "2026-01-02T00:00:00Z",
    events: ['UnknownTimeZone invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus'],
  },
  "nothing when the schedule cannot be read": {
    is: cronJob("0 * * *"),
    now: "2026-01-02T00:00:00Z",
    events: ['UnparseableSchedule unparseable schedule: "0 * * *" : expected exactly 5 fields, found 4: [0 * * *]'],
  },
  "a zone within the schedule, with a warning": {
    is: cronJob("TZ=Asia/Tokyo 0 9 * * *"),
    now: "2026-01-02T00:00:00Z",
    start: "2026-01-02T00:00:00Z",
    events: [
      'UnsupportedSchedule CRON_TZ or TZ used in schedule "TZ=Asia/Tokyo 0 9 * * *" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    ],
  },
};
for (const [name, { is, now, start, events = [], afterMs }] of Object.entries(cases)) {
  test(`a CronJob starts ${name}`, () => {
    const decided = decideStart(is, new Date(now));
    const startedAt = decided.start && new Date(decided.start.scheduledMs).toISOString().replace(".000", "");
    assert.equal(startedAt, start);
    assert.deepEqual(
      decided.events.map(({ reason, message }) => `${reason} ${message}`),
      events,
    );
    if (afterMs !== undefined) assert.equal(decided.afterMs, afterMs);
  });
}

test("a schedule that is not regular finds its last time", () => {
  const is = cronJob("30 6-16/4 * * 1-5");
  const recent = recentTime(is, scheduleOf(is), new Date("2026-01-05T15:00:00Z"), false);
  assert.ok(typeof recent !== "string");
  assert.equal(recent.recentMs, Date.parse("2026-01-05T14:30:00Z"));
});

test("spans count from the last start", () => {
  const is = cronJob("@every 1h", {}, { lastScheduleTime: "2026-01-01T00:20:00Z" });
  assert.equal(untilNextMs(is, scheduleOf(is), new Date("2026-01-01T00:50:00Z")), 1_800_100);
});
