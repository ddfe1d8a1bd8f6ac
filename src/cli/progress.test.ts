import assert from "node:assert/strict";
import { test } from "node:test";
import { colorMarks, jsonProgress, lineProgress, treeLines, treeProgress } from "./progress.ts";
import type { Item, ItemState } from "./readiness.ts";

const item = (what: string, state: ItemState, why = "", children: Item[] = []): Item => ({
  what,
  state,
  why,
  children,
});
const tree = [
  item("Package /p", "waiting", "", [item("Application argocd/web", "failing", "ComparisonError: bad\nfile")]),
];

test("a tree indents children, keeps to one line each, and is cut to the width", () => {
  assert.deepEqual(treeLines(tree, 200), ["… Package /p", "  ! Application argocd/web  ComparisonError: bad file"]);
  assert.equal(treeLines(tree, 20)[1], "  ! Application arg…");
});

test("lines are written for what has changed, and for nothing else", () => {
  const lines: string[] = [];
  const progress = lineProgress((line) => lines.push(line));
  progress.show(tree);
  progress.show(tree);
  progress.show([item("Package /p", "ready")]);
  assert.deepEqual(lines, [
    "… Package /p\n",
    "! Application argocd/web: ComparisonError: bad\nfile\n",
    "✓ Package /p\n",
  ]);
});

test("events are one JSON object a line", () => {
  const lines: string[] = [];
  jsonProgress(
    (line) => lines.push(line),
    () => new Date(0),
  ).show([item("Package /p", "ready")]);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [{ time: "1970-01-01T00:00:00.000Z", event: "state", what: "Package /p", state: "ready", why: "" }],
  );
});

test("a tree is drawn over the one before", () => {
  let screen = "";
  const progress = treeProgress({ write: (text) => (screen += text), columns: 80, rows: 24 }, () => 0);
  progress.show(tree);
  progress.show([item("Package /p", "ready")]);
  progress.end();
  assert.match(screen, /\u001b\[3A\u001b\[0J✓ Package \/p\n/);
});

test("marks are colored by their state, and only at the start of a line", () => {
  assert.equal(colorMarks("✓ done ✓\n  ! bad"), "\u001b[32m✓\u001b[0m done ✓\n  \u001b[33m!\u001b[0m bad");
});
