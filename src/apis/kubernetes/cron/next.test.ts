import assert from "node:assert/strict";
import { test } from "node:test";
import { nextCronTime } from "./next.ts";
import { parseCron } from "./parse.ts";

/** What robfig/cron 3.0.1 answers. */
const cases: [schedule: string, after: string, zone: string | undefined, want: string | undefined][] = [
  ["* * * * *", "2026-01-07T11:59:59.500Z", undefined, "2026-01-07T12:00:00Z"],
  ["* * * * *", "2026-01-07T12:00:00Z", undefined, "2026-01-07T12:01:00Z"],
  ["*/15 * * * *", "2026-01-07T12:46:00Z", undefined, "2026-01-07T13:00:00Z"],
  ["0 0 29 2 *", "2026-01-01T00:00:00Z", undefined, "2028-02-29T00:00:00Z"],
  ["0 0 31 2 *", "2026-01-01T00:00:00Z", undefined, undefined],
  ["0 0 13 * fri", "2026-01-09T00:00:00Z", undefined, "2026-01-13T00:00:00Z"],
  // A step takes the star's meaning away: either kind of day is enough.
  ["0 0 */2 * fri", "2026-01-01T00:00:00Z", undefined, "2026-01-02T00:00:00Z"],
  ["@every 90s", "2026-01-01T00:00:00.300Z", undefined, "2026-01-01T00:01:30Z"],
  ["@every 500ms", "2026-01-01T00:00:00Z", undefined, "2026-01-01T00:00:01Z"],
  ["CRON_TZ=Asia/Tokyo 0 9 * * *", "2026-01-01T00:00:00Z", undefined, "2026-01-02T00:00:00Z"],
  ["0 9 * * *", "2026-01-01T00:00:00Z", "Asia/Tokyo", "2026-01-02T00:00:00Z"],
  // 02:30 does not exist on 29 March, and does twice on 25 October.
  ["30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin", "2026-03-30T00:30:00Z"],
  ["30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin", "2026-10-25T00:30:00Z"],
  ["30 * * * *", "2026-10-25T00:45:00Z", "Europe/Berlin", "2026-10-25T01:30:00Z"],
  ["0 0 * * *", "2018-11-03T12:00:00Z", "America/Sao_Paulo", "2018-11-05T02:00:00Z"],
  // Samoa had no 30 December 2011.
  ["0 12 31 * *", "2011-12-29T12:00:00Z", "Pacific/Apia", "2011-12-30T22:00:00Z"],
  [", * * * *", "2026-01-01T00:00:00Z", undefined, undefined],
];
for (const [schedule, after, zone, want] of cases) {
  test(`after ${after} comes ${schedule}${zone === undefined ? "" : ` in ${zone}`}`, () => {
    const next = nextCronTime(parseCron(schedule), new Date(after), zone);
    assert.equal(next?.toISOString().replace(".000", ""), want);
  });
}
