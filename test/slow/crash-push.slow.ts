import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, newMachine } from "../support/platform.ts";
import {
  type Application,
  applicationOf,
  applications,
  type ConfigMap,
  configMaps,
  connect,
  createRepository,
  gitToken,
  isSettled,
  type Machine,
  namespaces,
  newRepository,
  stateOf,
  succeed,
} from "./support/machine.ts";
import { killPlatform, leftovers, processesSkip, strays } from "./support/processes.ts";
import { seededRandom } from "./support/random.ts";

const rounds = 20;
const random = seededRandom("crash-push");

/** From a handful of objects, which git unpacks, to some hundred, which it keeps as a pack; and up to 600 KB in one. */
function someCommits(round: number): Map<string, string>[] {
  const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: round}\ndata: {value: "${round}"}\n`;
  const large = randomBytes(random() * 300_000).toString("hex");
  return Array.from({ length: 1 + Math.floor(random() * 25) }, () => {
    const files = Array.from(
      { length: 10 },
      (_, file) => [`files/${file}.txt`, randomBytes(1000).toString("hex")] as const,
    );
    return new Map([["manifest.yaml", manifest], ["large.txt", large], ...files]);
  });
}

test(`SIGKILL during git push, ${rounds} times: acknowledged pushes are there, others wholly or not at all`, {
  timeout: 300_000,
  skip: processesSkip,
}, async () => {
  await using machine = await newMachine();
  await succeed(machine.skiff("create", "--port", String(machine.port)));
  const token = await gitToken(machine);
  const { url, git, remoteRefs, commit } = await newRepository(machine, token, "crash");
  const served = join(stateOf(machine), "git/repositories/giteaadmin/crash.git");
  const fsck = async (gitDir: string) => {
    const { code, stdout, stderr } = await machine.run("git", ["--git-dir", gitDir, "fsck", "--full", "--no-dangling"]);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  };
  const push = async (round: number) =>
    await git(
      ...["push", "-q", "--atomic", "origin", "main", `main:refs/heads/branch-${round}`, `main:refs/tags/tag-${round}`],
    );
  const pushed = (refs: ReadonlyMap<string, string>, round: number, head: string) =>
    new Map([
      ...refs,
      ["refs/heads/main", head],
      [`refs/heads/branch-${round}`, head],
      [`refs/tags/tag-${round}`, head],
    ]);

  let usualMs = 0;
  for (let round = -3; round < 0; round++) {
    await commit(someCommits(round));
    const startedMs = performance.now();
    await succeed(push(round));
    usualMs = Math.max(usualMs, performance.now() - startedMs);
  }
  {
    using client = connect(machine);
    await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "crash" } });
    await client.create(applications, applicationOf("crash", url, "crash"));
  }

  let refs = await remoteRefs();
  const counts = { acknowledged: 0, lostAnswers: 0, undone: 0, repositories: 0 };
  for (let round = 0; round < rounds; round++) {
    const head = await commit(someCommits(round));
    const after = pushed(refs, round, head);
    const pushing = push(round);
    const creating = createUntilRefused(machine, token, round);
    await delay(random() * 2 * usualMs);
    killPlatform(machine);
    const { code } = await pushing;
    const { made, refused } = await creating;
    await succeed(machine.skiff("start"));

    const found = await remoteRefs();
    const isThere = found.get("refs/heads/main") === head;
    if (code === 0) assert.deepEqual(found, after, `round ${round}: an acknowledged push is lost`);
    else assert.deepEqual(found, isThere ? after : refs, `round ${round}: half a push is there`);
    counts[code === 0 ? "acknowledged" : isThere ? "lostAnswers" : "undone"]++;
    await fsck(served);
    const clone = join(machine.home, `clone-${round}.git`);
    await succeed(git("clone", "-q", "--mirror", url, clone));
    await fsck(clone);

    for (const name of made) await succeed(git("ls-remote", "--exit-code", url.replace("crash", name), "main"));
    counts.repositories += made.length;
    const state = await git("ls-remote", url.replace("crash", refused));
    // Not acknowledged: either it is there, or it can be made.
    if (state.code !== 0) await succeed(createRepository(machine, token, refused, { autoInit: true }));

    await succeed(push(round));
    assert.deepEqual(await remoteRefs(), after, `round ${round}: the repeated push`);
    refs = after;
    using client = connect(machine);
    const at = { namespace: "argocd", name: "crash" };
    await eventually(
      async () => await client.get<Application>(applications, at),
      (application) => isSettled(application, head),
    );
    const live = await client.get<ConfigMap>(configMaps, { namespace: "crash", name: "round" });
    assert.equal(live?.data?.["value"], String(round));
    await eventually(
      async () => strays(machine),
      (all) => all.length === 0,
    );
    assert.deepEqual(leftovers(machine), [], `round ${round}`);
  }
  console.log(`${rounds} pushes of up to ${Math.round(usualMs)} ms: ${JSON.stringify(counts)}`);
  assert.ok(counts.acknowledged < rounds, "no push was cut off, so this has shown nothing");
});

/** Makes repositories one after another until the platform is gone. */
async function createUntilRefused(machine: Machine, token: string, round: number) {
  const made: string[] = [];
  for (let count = 0; ; count++) {
    const name = `crash-${round}-${count}`;
    if ((await createRepository(machine, token, name, { autoInit: true })).code !== 0) return { made, refused: name };
    made.push(name);
  }
}
