import assert from "node:assert/strict";
import { test } from "node:test";
import { cronProblem } from "./parse.ts";
import { isTimeZone } from "./time-zone.ts";

for (const schedule of [
  "* * * * *",
  "0 0 1 1 0",
  "*/15 0-23/2 1,15 JAN-dec mon-FRI",
  "@daily",
  "@every 1h30m",
  "5/10 * ? * *",
]) {
  test(`${schedule} is a schedule`, () => assert.equal(cronProblem(schedule), undefined));
}

const problems: Record<string, string> = {
  "": "empty spec string",
  "* * * * * *": "expected exactly 5 fields, found 6: [* * * * * *]",
  "60 * * * *": "end of range (60) above maximum (59): 60",
  "* * 0 * *": "beginning of range (0) below minimum (1): 0",
  "5-1 * * * *": "beginning of range (5) beyond end of range (1): 5-1",
  "*/0 * * * *": "step of range should be a positive number: */0",
  "1-2-3 * * * *": "too many hyphens: 1-2-3",
  "1/2/3 * * * *": "too many slashes: 1/2/3",
  "x * * * *": 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
  "@often": "unrecognized descriptor: @often",
  "@every x": 'failed to parse duration @every x: time: invalid duration "x"',
};
for (const [schedule, want] of Object.entries(problems)) {
  test(`"${schedule}" is no schedule`, () => assert.equal(cronProblem(schedule), want));
}

test("time zones are those of the database", () => {
  assert.ok(isTimeZone("Europe/Berlin") && isTimeZone("Etc/UTC"));
  assert.ok(!isTimeZone("Europe/Atlantis"));
});
