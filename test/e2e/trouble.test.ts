import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { isAlive } from "../../src/lib/index.ts";
import { type Machine, newMachine, root } from "../support/platform.ts";

let machine: Machine;
const at = (...parts: string[]) => join(machine.home, ".skiff", "localdev", ...parts);

before(async () => {
  machine = await newMachine();
  const { code, stderr } = await machine.skiff("create", "--port", String(machine.port));
  assert.equal(code, 0, stderr);
});
after(async () => await machine[Symbol.asyncDispose]());

test("a process that is alive but does not answer is named, and stop --force ends it", async () => {
  const { pid } = JSON.parse(readFileSync(at("run.json"), "utf8"));
  process.kill(pid, "SIGSTOP");
  const create = await machine.skiff("create");
  assert.equal(create.code, 1);
  assert.match(
    create.stderr,
    new RegExp(`Process ${pid} of platform localdev is alive but does not answer[\\s\\S]*skiff stop --force`),
  );
  const stop = await machine.skiff("stop", "--force");
  assert.equal(stop.code, 0, stop.stderr);
  assert.equal(isAlive(pid), false);
  assert.equal((await machine.skiff("start")).code, 0);
});

test("a platform killed with SIGKILL is started again as if it had been stopped", async () => {
  const { pid } = JSON.parse(readFileSync(at("run.json"), "utf8"));
  process.kill(pid, "SIGKILL");
  const get = await machine.skiff("get", "secrets");
  assert.match(get.stderr, /is not running[\s\S]*skiff start/);
  assert.equal((await machine.skiff("create")).code, 0);
});

test("two commands that start the same platform at once end with one that runs", async () => {
  await machine.skiff("stop");
  const both = await Promise.all([machine.skiff("start"), machine.skiff("create")]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
    both.map(({ stderr }) => stderr).join("\n"),
  );
});

test("a database of a newer version is left alone, and the error says so", async () => {
  await machine.skiff("stop");
  const database = new DatabaseSync(at("db", "skiff.db"));
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  database.exec("PRAGMA user_version = 999");
  database.close();
  const start = await machine.skiff("start");
  assert.equal(start.code, 1);
  assert.match(start.stderr, /its format is 999[\s\S]*Use the version of Skiff that wrote it, or a newer one/);
  const again = new DatabaseSync(at("db", "skiff.db"));
  again.exec(`PRAGMA user_version = ${version}`);
  again.close();
  assert.equal((await machine.skiff("start")).code, 0);
});

test("a port that somebody took while the platform was stopped is named", async (t) => {
  await machine.skiff("stop");
  const { apiPort } = JSON.parse(readFileSync(at("config.json"), "utf8"));
  const server = createServer().listen(apiPort, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const start = await machine.skiff("start");
  assert.equal(start.code, 1);
  assert.match(start.stderr, new RegExp(`Port ${apiPort} on 127.0.0.1 is in use[\\s\\S]*--api-port <port>`));
  server.close();
});

test("settings that cannot be used leave the platform running as it was", async (t) => {
  assert.equal((await machine.skiff("start")).code, 0);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  t.after(() => squatter.close());
  const address = squatter.address();
  const taken = typeof address === "object" ? String(address?.port) : "";
  const create = await machine.skiff("create", "--port", taken);
  assert.equal(create.code, 1);
  assert.match(create.stderr, new RegExp(`runs again with the settings it had[\\s\\S]*Port ${taken} on`));
  const status = JSON.parse((await machine.skiff("status", "-o", "json")).stdout);
  assert.equal(status.state, "running");
  assert.match(status.frontPage, new RegExp(`:${machine.port}/$`));
  assert.equal((await machine.skiff("stop")).code, 0);
});

test("a reader that has seen enough ends the command without an error", async () => {
  const main = join(root, "src", "cli", "main.ts");
  const shell = `'${process.execPath}' --disable-warning=ExperimentalWarning '${main}' status | true`;
  const result = await machine.run("sh", ["-c", shell]);
  assert.equal(result.stderr, "");
});

test("a database that is none is named, and --recreate starts over", async () => {
  writeFileSync(
    at("db", "skiff.db"),
    "this is no database, and long enough to be looked at as if it were one".repeat(100),
  );
  const start = await machine.skiff("start");
  assert.equal(start.code, 1);
  assert.match(start.stderr, /skiff\.db[\s\S]*--recreate/);
  const recreate = await machine.skiff("create", "--recreate", "--port", String(machine.port));
  assert.equal(recreate.code, 0, recreate.stderr);
});

test("a directory that lost its database is named, and delete clears it", async () => {
  await machine.skiff("stop");
  rmSync(at("db"), { recursive: true });
  const start = await machine.skiff("start");
  assert.equal(start.code, 1);
  assert.match(start.stderr, /is not whole: its database is missing[\s\S]*skiff delete/);
  assert.equal((await machine.skiff("delete")).code, 0);
});

test("a full disk is named, and nothing is left half made", async (t) => {
  await using small = await newMachine();
  const disk = join(small.home, ".skiff");
  mkdirSync(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]);
  if (mounted.status !== 0) {
    t.skip("only an administrator can make a disk small enough");
    return;
  }
  try {
    const create = await small.skiff("create", "--port", String(small.port));
    assert.equal(create.code, 1);
    assert.match(create.stderr, /The disk is full[\s\S]*Free some space/);
    assert.equal(spawnSync("mount", ["-o", "remount,size=100m", disk]).status, 0);
    const again = await small.skiff("create", "--port", String(small.port));
    assert.equal(again.code, 0, again.stderr);
  } finally {
    await small.skiff("delete");
    spawnSync("umount", [disk]);
  }
});
