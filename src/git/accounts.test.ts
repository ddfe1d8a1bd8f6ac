import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isStatusError } from "../apimachinery/index.ts";
import { openAccounts } from "./accounts.ts";
import { generatePassword } from "./passwords.ts";

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "skiff-accounts-"));
});
after(async () => {
  await rm(dir, { recursive: true, force: true });
});

test("the administrator keeps what the caller gives back, and gets anew what is lost", async () => {
  const place = join(dir, "admin");
  const accounts = await openAccounts({ dir: place });
  const first = await accounts.ensureAdmin({ name: "giteaAdmin" });
  assert.match(first.token, /^[0-9a-f]{40}$/);
  assert.equal(accounts.user("giteaadmin")?.isAdmin, true);
  assert.deepEqual(await accounts.ensureAdmin({ name: "giteaAdmin", ...first }), first);

  const again = await openAccounts({ dir: place });
  assert.deepEqual(await again.ensureAdmin({ name: "giteaAdmin", ...first }), first);
  const other = await again.ensureAdmin({ name: "giteaAdmin", password: "developer", token: "0".repeat(40) });
  assert.equal(other.password, "developer");
  assert.notEqual(other.token, first.token);
  assert.equal(again.verifyToken(first.token), undefined);
  assert.equal(await again.verifyPassword("giteaAdmin", first.password), undefined);
  assert.equal((await again.verifyPassword("GITEAADMIN", "developer"))?.login, "giteaAdmin");
  const lost = await again.ensureAdmin({ name: "giteaAdmin" });
  assert.equal((await again.verifyPassword("giteaAdmin", lost.password))?.login, "giteaAdmin");
  assert.equal(again.tokens("giteaAdmin").length, 1);
});

test("passwords and tokens are never written down, and the file is for its owner only", async () => {
  const place = join(dir, "secrets");
  const accounts = await openAccounts({ dir: place });
  const { password, token } = await accounts.ensureAdmin({ name: "root" });
  const path = join(place, "accounts.json");
  const text = await readFile(path, "utf8");
  assert.ok(!text.includes(password) && !text.includes(token));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok(!JSON.stringify(accounts.users()).includes("scrypt"));
  assert.ok(!JSON.stringify(accounts.tokens("root")).includes("hash"));
});

test("generated passwords need no quotes anywhere", () => {
  for (let count = 0; count < 1000; count++) {
    const password = generatePassword(randomBytes);
    assert.match(password, /^[A-Za-z][-_.A-Za-z0-9]{39}$/);
    assert.ok((password.match(/\d/g) ?? []).length >= 3 && (password.match(/[-_.]/g) ?? []).length >= 3, password);
  }
});

test("names are shared by users and organisations, without regard to case", async () => {
  const accounts = await openAccounts({ dir: join(dir, "names") });
  const user = { login: "Ann", password: "12345678" };
  await accounts.createUser(user);
  await assert.rejects(accounts.createUser({ ...user, login: "ANN" }), (error) =>
    isStatusError(error, "AlreadyExists"),
  );
  await assert.rejects(accounts.createOrganization({ name: "ann", owner: "Ann" }), (error) =>
    isStatusError(error, "AlreadyExists"),
  );
  await accounts.createOrganization({ name: "Team", owner: "ann" });
  await assert.rejects(accounts.createUser({ ...user, login: "team" }), (error) =>
    isStatusError(error, "AlreadyExists"),
  );
  for (const login of ["api", "a b", "a--b", "", "-x"])
    await assert.rejects(accounts.createUser({ ...user, login }), (error) => isStatusError(error, "Invalid"), login);
  const both = await Promise.allSettled([1, 2].map(() => accounts.createUser({ ...user, login: "twin" })));
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("a password that was right is remembered for a while, but not after it was changed", async () => {
  let time = Date.parse("2026-01-01T00:00:00Z");
  const accounts = await openAccounts({ dir: join(dir, "memory"), now: () => new Date(time) });
  await accounts.createUser({ login: "ann", password: "first-password" });
  const timed = async (password: string) => {
    const from = performance.now();
    const found = await accounts.verifyPassword("ann", password);
    return { found: found !== undefined, ms: performance.now() - from };
  };
  const slow = await timed("first-password");
  const quick = await timed("first-password");
  assert.ok(slow.found && quick.found && quick.ms < slow.ms / 3, `${slow.ms} ${quick.ms}`);
  await accounts.editUser("ann", { password: "second-password" });
  assert.equal((await timed("first-password")).found, false);
  assert.equal((await timed("second-password")).found, true);
  time += 3_600_000;
  assert.ok((await timed("second-password")).ms > quick.ms * 3);
  await accounts.editUser("ann", { active: false });
  assert.equal((await timed("second-password")).found, false);
});

test("a damaged file is reported, not replaced", async () => {
  const place = join(dir, "damaged");
  await openAccounts({ dir: place }).then((accounts) => accounts.createUser({ login: "ann", password: "12345678" }));
  await writeFile(join(place, "accounts.json"), "{");
  await assert.rejects(openAccounts({ dir: place }), /Cannot read .*accounts\.json: it is damaged/);
});

test("what a write that was cut off has left is removed at the next open, and nothing else", async () => {
  const place = join(dir, "drafts");
  await openAccounts({ dir: place });
  await writeFile(join(place, `accounts.json.${spawnSync(process.execPath, ["--version"]).pid}.tmp`), "{");
  await writeFile(join(place, "notes.tmp"), "mine");
  await openAccounts({ dir: place });
  assert.deepEqual(
    (await readdir(place)).filter((name) => name.endsWith(".tmp")),
    ["notes.tmp"],
  );
});
