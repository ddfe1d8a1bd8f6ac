import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, parseDurationMs } from "./duration.ts";
import { CliError } from "./errors.ts";
import { formatItems, parseOutputFormat } from "./output.ts";

const data = {
  columns: ["NAME", "NAMESPACE"],
  rows: [["gitea-credential", "gitea"]],
  items: [{ name: "gitea-credential" }],
  empty: "no secrets found",
};

test("tables align their columns", () => {
  assert.equal(formatItems("table", data), "NAME               NAMESPACE\ngitea-credential   gitea\n");
});

test("nothing is a sentence for people and an empty list for programs", () => {
  const nothing = { ...data, rows: [], items: [] };
  assert.equal(formatItems("table", nothing), "no secrets found\n");
  assert.equal(formatItems("json", nothing), "[]\n");
  assert.equal(formatItems("yaml", nothing).trim(), "[]");
});

test("another output format is refused in idpbuilder's words", () => {
  assert.throws(
    () => parseOutputFormat("xml"),
    (error) => error instanceof CliError && error.message === "output format xml is not supported",
  );
});

const durations: Record<string, number | undefined> = {
  "90s": 90_000,
  "5m": 300_000,
  "1h30m": 5_400_000,
  "250ms": 250,
  "1.5s": 1500,
  "5": undefined,
  "": undefined,
  soon: undefined,
};
for (const [text, ms] of Object.entries(durations)) {
  test(`the duration ${JSON.stringify(text)} is ${ms}`, () => assert.equal(parseDurationMs(text), ms));
}

test("durations are shown in the unit people would use", () => {
  assert.deepEqual([850, 1400, 2000, 90_000].map(formatDuration), ["850 ms", "1.4 s", "2 s", "1.5 m"]);
});
