import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, newMachine } from "../support/platform.ts";
import {
  type Application,
  applications,
  type ConfigMap,
  configMaps,
  connect,
  stateOf,
  succeed,
} from "./support/machine.ts";
import { leftovers, type Process, processesOf, processesSkip, strays } from "./support/processes.ts";
import { seededRandom } from "./support/random.ts";

const rounds = 20;
/** How long a command may take to see that its platform is dead. */
const noticeMs = 10_000;
const random = seededRandom("crash-create");

for (const victim of ["platform", "command"] as const) {
  test(`SIGKILL of the ${victim} during create, ${rounds} times: the next create is clean`, {
    timeout: 300_000,
    skip: processesSkip,
  }, async () => {
    await using machine = await newMachine();
    const stack = machine.copy("examples/stack");
    const flags = ["create", "--port", String(machine.port), "--package", stack, "--timeout", "60s"];
    const authorityFile = join(stateOf(machine), "ca/ca/ca.crt");
    const authority = () => (existsSync(authorityFile) ? readFileSync(authorityFile, "utf8") : undefined);
    const find = (role: Process["role"]) => processesOf(machine).find((one) => one.role === role)?.pid;
    const begun = async () =>
      await eventually(
        async () => find(victim),
        (pid) => pid !== undefined,
      );

    let usualMs = 0;
    for (const _ of ["compiles what the others find compiled", "measures"]) {
      const creating = machine.skiff(...flags);
      await begun();
      const begunMs = performance.now();
      await succeed(creating);
      usualMs = performance.now() - begunMs;
      await succeed(machine.skiff("delete"));
    }
    await succeed(machine.skiff(...flags));

    const counts = { cutOff: 0, finished: 0, fresh: 0 };
    for (let round = 0; round < rounds; round++) {
      // A platform that is new, one that is stopped and one that runs, in turn.
      const before = (["new", "stopped", "new", "running"] as const)[round % 4];
      if (before === "new") {
        await succeed(machine.skiff("delete"));
        counts.fresh++;
      } else if (before === "stopped") await succeed(machine.skiff("stop"));
      const value = `round-${round}`;
      writeFileSync(
        join(stack, "teams/payments/round.yaml"),
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: round, namespace: payments}\ndata: {value: ${value}}\n`,
      );
      const killsBoth = random() < 0.25;
      const creating = machine.skiff(...flags);
      const first = await begun();
      await delay(random() * usualMs);
      kill(first);
      const killedMs = performance.now();
      if (killsBoth) {
        await delay(random() * 200);
        kill(find("platform"));
        kill(find("command"));
      }
      const { code, stderr } = await creating;
      counts[code === 0 ? "finished" : "cutOff"]++;
      if (victim === "platform" && !killsBoth && code !== 0) {
        assert.match(stderr, /ended|does not answer/, `round ${round}: the command does not say why it failed`);
        assert.ok(performance.now() - killedMs < noticeMs, `round ${round}: the command waited for a dead platform`);
      }
      const known = authority();

      const again = await machine.skiff(...flags);
      assert.equal(again.code, 0, `round ${round}: ${again.stderr}`);
      assert.match(again.stdout, /3 applications Synced and Healthy/, `round ${round}`);
      assert.equal(authority(), known ?? authority(), `round ${round}: the certificate authority was made anew`);
      using client = connect(machine);
      const { items } = await client.list<Application>(applications, { namespace: "argocd" });
      const states = items.map(({ metadata, status }) => [metadata.name, status?.sync?.status, status?.health?.status]);
      assert.deepEqual(
        states,
        ["base", "services", "teams"].map((name) => [name, "Synced", "Healthy"]),
        `round ${round}`,
      );
      const live = await client.get<ConfigMap>(configMaps, { namespace: "payments", name: "round" });
      assert.equal(live?.data?.["value"], value, `round ${round}: create ended before the newest files were live`);
      assert.equal(processesOf(machine).filter(({ role }) => role === "platform").length, 1, `round ${round}`);
      await eventually(
        async () => strays(machine),
        (all) => all.length === 0,
      );
      assert.deepEqual(leftovers(machine), [], `round ${round}`);
    }
    console.log(`${rounds} kills within ${Math.round(usualMs)} ms: ${JSON.stringify(counts)}`);
    assert.ok(counts.cutOff > 0, "no create was cut off, so this has shown nothing");
  });
}

test("a directory in which a command was killed before it wrote anything whole is none that was half deleted", async () => {
  await using machine = await newMachine();
  mkdirSync(stateOf(machine), { recursive: true });
  // Above any process id there can be on Linux.
  writeFileSync(join(stateOf(machine), `config.json.${2 ** 22 + 1}.tmp`), '{"layout"');
  await succeed(machine.skiff("create", "--port", String(machine.port)));
  assert.deepEqual(leftovers(machine), []);
});

/** It may have ended by itself, or never have begun. */
function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
