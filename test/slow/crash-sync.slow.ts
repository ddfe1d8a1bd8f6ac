import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isStatusError } from "../../src/apimachinery/index.ts";
import type { Client } from "../../src/client/index.ts";
import { binary } from "../support/binaries.ts";
import { eventually, newMachine } from "../support/platform.ts";
import {
  type Application,
  applicationOf,
  applications,
  type ConfigMap,
  configMap,
  configMaps,
  connect,
  gitToken,
  isSettled,
  type Machine,
  namespaces,
  newRepository,
  succeed,
} from "./support/machine.ts";
import { killPlatform, leftovers, processesSkip, strays } from "./support/processes.ts";
import { seededRandom } from "./support/random.ts";

const rounds = 20;
const manifests = 300;
const writers = 8;
const namespace = "written";
const random = seededRandom("crash-sync");

/** What a writer knows of its object. Without `pending` that is exactly what the server must have. */
type Known = {
  name: string;
  /** Absent when the object is. */
  value?: string;
  resourceVersion?: string;
  /** A write under way: when its answer never came, it has happened or not. */
  pending?: { value?: string };
};
/** A write that the server acknowledged. */
type Acknowledged = { name: string; value: string; resourceVersion: number };

test(`SIGKILL during a sync and writes, ${rounds} times: acknowledged writes are there, and the sync ends by itself`, {
  timeout: 300_000,
  skip: processesSkip,
}, async () => {
  await using machine = await newMachine();
  await succeed(machine.skiff("create", "--port", String(machine.port)));
  const { url, git, commit } = await newRepository(machine, await gitToken(machine), "sync");
  const push = async (round: number) => {
    const head = await commit([manifestsOf(round)]);
    await succeed(git("push", "-q", "origin", "main"));
    return head;
  };
  const settled = async (client: Client, head: string) =>
    await eventually(
      async () => await client.get<Application>(applications, { namespace: "argocd", name: "sync" }),
      (application) => isSettled(application, head),
      20_000,
    );

  let usualMs = 0;
  {
    using client = connect(machine);
    for (const name of [namespace, "synced"])
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const first = await push(-2);
    await client.create(applications, applicationOf("sync", url, "synced"));
    await settled(client, first);
    const second = await push(-1);
    const startedMs = performance.now();
    await settled(client, second);
    usualMs = performance.now() - startedMs;
  }

  const objects = Array.from({ length: writers }, (_, index): Known => ({ name: `object-${index}` }));
  const byKubectl: Known = { name: "by-kubectl" };
  let highest = 0;
  let acknowledgedCount = 0;
  let unanswered = 0;
  for (let round = 0; round < rounds; round++) {
    const acknowledged: Acknowledged[] = [];
    const from = await revision(machine);
    const head = await push(round);
    using client = connect(machine);
    const writing = Promise.all([
      ...objects.map((known) => write(client, known, { round, acknowledged })),
      writeByKubectl(machine, byKubectl, { round, acknowledged }),
    ]);
    writing.catch(() => {});
    await delay(random() * 1.2 * usualMs);
    killPlatform(machine);
    await writing;
    await succeed(machine.skiff("start"));

    using again = connect(machine);
    highest = Math.max(highest, ...acknowledged.map(({ resourceVersion }) => resourceVersion));
    const list = await again.list<ConfigMap>(configMaps, { namespace });
    assert.ok(Number(list.resourceVersion) >= highest, `round ${round}: ${list.resourceVersion} is before ${highest}`);
    const live = new Map(list.items.map((item) => [item.metadata.name, item]));
    for (const known of [...objects, byKubectl]) {
      if (known.pending !== undefined) unanswered++;
      takeOver(known, live.get(known.name), round);
    }
    acknowledgedCount += acknowledged.length;
    await checkHistory(again, from, acknowledged);

    const probe = await again.create(configMaps, configMap(namespace, `probe-${round}`, "new"));
    assert.ok(Number(probe.metadata.resourceVersion) > highest, `round ${round}: a resourceVersion came twice`);
    await settled(again, head);
    const { items } = await again.list<ConfigMap>(configMaps, { namespace: "synced" });
    const synced = items.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt");
    assert.deepEqual(
      new Map(synced.map(({ metadata, data }) => [metadata.name, data?.["value"]])),
      new Map(names(round).map((name) => [name, String(round)])),
      `round ${round}: half a sync is there`,
    );
    await eventually(
      async () => strays(machine),
      (all) => all.length === 0,
    );
    assert.deepEqual(leftovers(machine), [], `round ${round}`);
  }
  console.log(
    `${rounds} kills within ${Math.round(1.2 * usualMs)} ms after a push of ${manifests} manifests: ` +
      `${acknowledgedCount} writes acknowledged, ${unanswered} cut off`,
  );
  assert.ok(unanswered > 0, "no write was cut off, so this has shown nothing");
});

/** Each commit changes every manifest, leaves some out and brings others back. */
function names(round: number): string[] {
  return Array.from({ length: manifests }, (_, index) => index)
    .filter((index) => (index + round) % 10 !== 0)
    .map((index) => `item-${index}`)
    .sort();
}

function manifestsOf(round: number): Map<string, string> {
  return new Map(
    names(round).map((name) => [
      `${name}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${round}"}\n`,
    ]),
  );
}

async function revision(machine: Machine): Promise<string> {
  using client = connect(machine);
  return (await client.list(configMaps, { namespace, limit: 1 })).resourceVersion;
}

/** Creates, updates, patches and deletes one object until the server is gone. */
async function write(
  client: Client,
  known: Known,
  { round, acknowledged }: { round: number; acknowledged: Acknowledged[] },
): Promise<void> {
  const { name } = known;
  for (let count = 0; ; count++) {
    const value = `${round}-${count}`;
    const choice =
      known.value === undefined ? "create" : random() < 0.2 ? "delete" : random() < 0.5 ? "update" : "patch";
    known.pending = choice === "delete" ? {} : { value };
    const desired = configMap(namespace, name, value);
    try {
      switch (choice) {
        case "create":
          settle(await client.create(configMaps, desired));
          break;
        case "update":
          desired.metadata.resourceVersion = known.resourceVersion;
          settle(await client.update(configMaps, desired));
          break;
        case "patch":
          settle(await client.patch<ConfigMap>(configMaps, { namespace, name }, "merge", { data: { value } }));
          break;
        case "delete":
          await client.delete(configMaps, { namespace, name });
          delete known.value;
          delete known.pending;
      }
    } catch (error) {
      assert.ok(!isStatusError(error), `${choice} of ${name} was refused: ${error}`);
      return;
    }
  }

  function settle({ metadata, data }: ConfigMap): void {
    const { resourceVersion = "" } = metadata;
    const value = data?.["value"] ?? "";
    assert.ok(Number(resourceVersion) > Number(known.resourceVersion ?? 0), `${name} did not grow`);
    acknowledged.push({ name, value, resourceVersion: Number(resourceVersion) });
    Object.assign(known, { value, resourceVersion });
    delete known.pending;
  }
}

/** Applies one object with the real kubectl until the server is gone. */
async function writeByKubectl(
  machine: Machine,
  known: Known,
  { round, acknowledged }: { round: number; acknowledged: Acknowledged[] },
): Promise<void> {
  const kubectl = binary("kubectl");
  if (kubectl === undefined) return;
  for (let count = 0; ; count++) {
    const value = `${round}-${count}`;
    known.pending = { value };
    const input = JSON.stringify(configMap(namespace, known.name, value));
    const args = ["apply", "-f", "-", "-o", "jsonpath={.metadata.resourceVersion}"];
    const { code, stdout, stderr } = await machine.run(kubectl, args, { input });
    if (code !== 0) {
      assert.match(stderr, /refused|EOF|reset|closed|unable to connect|broken pipe/i);
      return;
    }
    acknowledged.push({ name: known.name, value, resourceVersion: Number(stdout) });
    Object.assign(known, { value, resourceVersion: stdout });
    delete known.pending;
  }
}

/** Compares what was known before the kill with what is there, which is known from then on. */
function takeOver(known: Known, live: ConfigMap | undefined, round: number): void {
  const { name, pending } = known;
  const found = { value: live?.data?.["value"], resourceVersion: live?.metadata.resourceVersion };
  const isPending = pending !== undefined && found.value === pending.value;
  if (!isPending) {
    assert.equal(found.value, known.value, `round ${round}: an acknowledged write of ${name} is lost`);
    if (live !== undefined) assert.equal(found.resourceVersion, known.resourceVersion, `round ${round}: ${name}`);
  } else if (live !== undefined) {
    assert.ok(Number(found.resourceVersion) > Number(known.resourceVersion ?? 0), `round ${round}: ${name}`);
  }
  known.value = found.value;
  known.resourceVersion = found.resourceVersion ?? known.resourceVersion;
  delete known.pending;
}

/** A watch from before the kill tells of every acknowledged write, also of those that were overwritten, in order. */
async function checkHistory(client: Client, from: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  if (acknowledged.length === 0) return;
  const last = Math.max(...acknowledged.map(({ resourceVersion }) => resourceVersion));
  const told = new Map<number, string>();
  let previous = Number(from);
  const signal = AbortSignal.timeout(10_000);
  for await (const event of client.watch<ConfigMap>(configMaps, { namespace, resourceVersion: from, signal })) {
    if (event.type === "BOOKMARK") continue;
    const version = Number(event.object.metadata.resourceVersion);
    assert.ok(version > previous, `${version} was told after ${previous}`);
    previous = version;
    told.set(version, `${event.object.metadata.name}=${event.object.data?.["value"]}`);
    if (version >= last) break;
  }
  for (const { name, value, resourceVersion } of acknowledged)
    assert.equal(told.get(resourceVersion), `${name}=${value}`);
}
