import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../../templates/index.ts";
import { type Outcome, summary } from "./report.ts";
import { stepProgress } from "./step-progress.ts";

const outcome: Outcome = {
  read: { "custom resource": 2, "resource graph": 0 },
  others: 1,
  skipped: [],
  templates: 2,
  outputDirectory: "out",
  changed: 5,
  unchanged: 1,
  problems: [],
  notes: [],
};

test("a run is summed up in counts, with problems and their places", () => {
  const problems = [new SourceError("did not find expected key", { file: "a.yaml", line: 3, column: 7 })];
  assert.equal(
    summary({ ...outcome, problems }, { allNotes: false }),
    `Read 2 custom resources; 1 file of other kinds left out
Made 2 templates in out (5 files written, 1 unchanged)
1 problem:
  a.yaml:3:7: did not find expected key
`,
  );
});

test("notes that say the same are told once, most frequent first, and cut unless all are asked for", () => {
  const notes = ["a", "b", "c", "d"].map((at) => ({ file: "x.yaml", at, message: "became text" }));
  const letters = [..."abcdefghijkl"];
  const others = letters.map((letter) => ({ file: "y.yaml", at: "", message: `other ${letter}` }));
  const short = summary({ ...outcome, notes: [...others, ...notes] }, { allNotes: false });
  assert.match(
    short,
    /\(16 places\):\n {2}became text\n {4}x\.yaml a\n {4}x\.yaml b\n {4}x\.yaml c\n {4}and 1 more\n {2}other a\n/,
  );
  assert.match(short, /and 3 more notes\n {2}--notes shows all of them\n$/);
  assert.doesNotMatch(summary({ ...outcome, notes: [...others, ...notes] }, { allNotes: true }), /more|--notes/);
});

test("notes that differ in numbers only are one note", () => {
  const notes = [1, 2].map((count) => ({ file: "x.yaml", at: `f${count}`, message: `Its ${count} fields are cut` }));
  assert.match(
    summary({ ...outcome, notes }, { allNotes: false }),
    / {2}Its … fields are cut\n {4}x\.yaml f1\n {4}x\.yaml f2\n$/,
  );
  assert.match(
    summary({ ...outcome, notes }, { allNotes: true }),
    /Its 1 fields are cut\n.*\n {2}Its 2 fields are cut\n/,
  );
});

test("nothing found is said", () => {
  const nothing = { ...outcome, read: {}, templates: 0, others: 2 };
  assert.equal(
    summary(nothing, { allNotes: false }),
    "Nothing to make templates of; 2 files of other kinds left out\n",
  );
});

test("progress is told once a second in a log, drawn in place in a terminal, and never for short runs", () => {
  const run = (isTTY: boolean, forced: boolean) => {
    let [text, now] = ["", 0];
    const output = { isTTY, write: (more: string) => (text += more) };
    const progress = stepProgress(output, { forced, nowMs: () => now });
    for (now = 0; now <= 2500; now += 500) progress.at("Reading", now, 2500);
    progress.end();
    return text;
  };
  assert.equal(run(false, false), "");
  assert.equal(run(false, true), "Reading: 1000 of 2500\nReading: 2000 of 2500\n");
  assert.match(run(true, false), /^\r\u001b\[KReading: 1000 of 2500.*\r\u001b\[K$/s);
});
