import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../lib/index.ts";
import { openAuditLog } from "./log-file.ts";

test("a log that grows is put aside, the oldest of those that were is removed, and no line is lost", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "audit-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "log", "audit.log");
  let nowMs = Date.parse("2026-01-02T03:04:05Z");
  const options = { file, sizeBytesMax: 20, backupsMax: 2, log: silentLog, now: () => new Date(nowMs++) };
  const first = openAuditLog(options);
  for (const line of ["one 56789", "two 56789", "three"]) first.write(line);
  await first[Symbol.asyncDispose]();
  const read = (name: string) => readFileSync(join(directory, "log", name), "utf8");
  assert.equal(read("audit.log"), "three\n");
  assert.equal(read("audit-2026-01-02T03-04-05.000.log"), "one 56789\ntwo 56789\n");

  const second = openAuditLog(options);
  for (const line of ["four 6789012345678", "five 6789012345678", "six 56789012345678"]) second.write(line);
  await second[Symbol.asyncDispose]();
  const names = readdirSync(join(directory, "log"));
  assert.equal(names.length, 3, names.join(" "));
  assert.ok(!names.includes("audit-2026-01-02T03-04-05.000.log"));
  assert.equal(read("audit.log"), "six 56789012345678\n");
});
