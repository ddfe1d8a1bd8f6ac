import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplates } from "../compile-templates.ts";

function render(text: string, timeZone?: string): string {
  const bundle = compileTemplates([{ name: "x", text }]);
  const now = () => Date.UTC(2024, 1, 29, 23, 4, 5, 678);
  return bundle.render("x", {}, { now, random: (size) => new Uint8Array(size), timeZone });
}

/** With what Go 1.26 and sprig 3.3.0 make of the same moment. */
const cases: [template: string, output: string, zone?: string][] = [
  ['{{ now | date "Mon Jan _2 15:04:05 2006" }}', "Thu Feb 29 23:04:05 2024"],
  ['{{ now | date "Monday, 02-Jan-06 3:04:05.000 PM Z07:00" }}', "Thursday, 29-Feb-24 11:04:05.678 PM Z"],
  [
    '{{ now | date "2006-01-02T15:04:05.999999999Z07:00 MST -0700" }}',
    "2024-03-01T08:04:05.678+09:00 JST +0900",
    "Asia/Tokyo",
  ],
  ['{{ dateInZone "2006-01-02 15:04 MST" (now) "America/New_York" }}', "2024-02-29 18:04 EST"],
  ['{{ dateInZone "15:04 MST" (toDate "2006-01-02" "2024-07-01") "Europe/Berlin" }}', "02:04 CEST".replace("04", "00")],
  ['{{ now | htmlDate }} {{ htmlDateInZone (now) "Pacific/Auckland" }}', "2024-02-29 2024-03-01"],
  ['{{ now | dateModify "-1.5h" | date "15:04:05" }} {{ now | unixEpoch }}', "21:34:05 1709247845"],
  ["{{ (now).Year }} {{ (now).Month }} {{ (now).Weekday }} {{ (now).YearDay }}", "2024 February Thursday 60"],
  ['{{ ((now).AddDate 1 0 0).Format "2006-01-02" }}', "2025-03-01"],
  ['{{ (now).Sub (toDate "2006-01-02" "2024-02-29") }}', "23h4m5.678s"],
  ['{{ ago (toDate "2006-01-02 15:04" "2024-02-29 20:00") }}', "3h4m6s"],
  ['{{ duration "3661" }} {{ durationRound "2400h10m5s" }} {{ durationRound (int64 90000000000) }}', "1h1m1s 3mo 1m"],
  ['{{ toDate "02 Jan 2006 3:04PM -0700" "05 Mar 2021 4:05PM +0130" }}', "2021-03-05 16:05:00 +0130 +0130"],
  ['{{ toDate "2006-01-02" "2021-02-30" }}', "0001-01-01 00:00:00 +0000 UTC"],
  ['{{ date "2006-01-02" (int64 86400) }} {{ date "2006" 1000000000 }}', "1970-01-02 2001"],
  ["{{ now | toJson }}", '"2024-02-29T23:04:05.678Z"'],
];

test("dates are shown as Go shows them", () => {
  for (const [template, output, zone] of cases) assert.equal(render(template, zone), output, template);
});

const problems: Record<string, string> = {
  '{{ mustToDate "2006-01-02" "2021-02-30" }}': 'parsing time "2021-02-30": day out of range',
  '{{ mustToDate "2006-01-02" "2021-13-01" }}': 'parsing time "2021-13-01": month out of range',
  '{{ mustToDate "2006-01-02" "x" }}': 'parsing time "x" as "2006-01-02": cannot parse "x" as "2006"',
  '{{ mustToDate "2006" "2021x" }}': 'parsing time "2021x": extra text: "x"',
  '{{ mustDateModify "1x" now }}': 'time: unknown unit "x" in duration "1x"',
  '{{ mustDateModify "1" now }}': 'time: missing unit in duration "1"',
};

test("what is no date is refused in Go's words", () => {
  for (const [template, message] of Object.entries(problems)) {
    assert.throws(
      () => render(template),
      (error: Error) => error.message.endsWith(`: ${message}`),
      template,
    );
  }
});
