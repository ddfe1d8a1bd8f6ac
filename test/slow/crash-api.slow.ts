import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isStatusError, type KubeObject, parseYaml, textAt } from "../../src/apimachinery/index.ts";
import { type Client, connectCluster, createClient, type Resource } from "../../src/client/index.ts";
import { seededRandom } from "./support/random.ts";

const rounds = 200;
const writers = 12;
const namespace = "default";
const random = seededRandom("crash-api");
const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
/** Longest time from the first write to the kill: some hundred writes. */
const killWithinMs = 150;

type ConfigMap = KubeObject & { data?: Record<string, string> };
/** What a writer knows of its object. Without `pending` that is exactly what the server must have. */
type Known = { name: string; value?: string; resourceVersion?: string; pending?: { value?: string } };

test(`SIGKILL of the API server under load, ${rounds} times: what is acknowledged stays, revisions grow, watchers go on`, {
  timeout: 900_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-crash-api-"));
  let server = await start(dir);
  try {
    const objects = Array.from({ length: writers }, (_, index): Known => ({ name: `object-${index}` }));
    const watcher = new Watcher();
    let highest = 0;
    let acknowledged = 0;
    let cutOff = 0;
    let expired = 0;
    for (let round = 0; round < rounds; round++) {
      const { client } = server;
      if (watcher.resourceVersion === "") await watcher.relist(client);
      const watching = watcher.follow(client);
      const writing = Promise.all(
        objects.map((known) =>
          write(client, known, round, (resourceVersion) => {
            acknowledged++;
            assert.ok(resourceVersion > 0);
            highest = Math.max(highest, resourceVersion);
          }),
        ),
      );
      writing.catch(() => {});
      await delay(random() * killWithinMs);
      await server.kill();
      await writing;
      if ((await watching) === "expired") expired++;
      server = await start(dir);

      const list = await server.client.list<ConfigMap>(configMaps, { namespace });
      assert.ok(
        Number(list.resourceVersion) >= highest,
        `round ${round}: revision ${list.resourceVersion} < ${highest}`,
      );
      assert.ok(
        Number(list.resourceVersion) >= Number(watcher.resourceVersion),
        `round ${round}: a watcher saw the future`,
      );
      const live = new Map(list.items.map((item) => [item.metadata.name, item]));
      for (const known of objects) {
        if (known.pending !== undefined) cutOff++;
        takeOver(known, live.get(known.name), round);
      }
      await watcher.catchUp(server.client, list.resourceVersion);
      assert.deepEqual(watcher.state(), stateOf(list.items), `round ${round}: a watcher that went on missed something`);
    }
    console.log(
      `${rounds} kills: ${acknowledged} writes acknowledged, ${cutOff} cut off, ${watcher.events} events watched, ${expired} watches began anew`,
    );
    assert.ok(cutOff > rounds / 2, "hardly a write was cut off, so this has shown nothing");
    assert.ok(watcher.events > acknowledged / 2, "the watcher saw hardly anything");
  } finally {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
});

type Server = { client: Client; kill(): Promise<void> };

async function start(dir: string): Promise<Server> {
  const script = join(import.meta.dirname, "support", "api-process.ts");
  const child: ChildProcess = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(child.stdout !== null);
  const lines = createInterface(child.stdout);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [line] = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [undefined])]);
  clearTimeout(timer);
  assert.ok(typeof line === "string", "the server did not start");
  const { url, kubeconfig } = JSON.parse(line);
  const config = parseYaml(kubeconfig);
  const [{ cluster }] = (config as { clusters: [{ cluster: Record<string, string> }] }).clusters;
  const [{ user }] = (config as { users: [{ user: Record<string, string> }] }).users;
  const handler = connectCluster({
    server: url,
    caCertificate: Buffer.from(cluster["certificate-authority-data"] ?? "", "base64").toString(),
    token: user["token"] ?? "",
  });
  return {
    client: createClient(handler),
    async kill() {
      const exit = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await exit;
      handler[Symbol.dispose]();
    },
  };
}

/** Creates, updates and deletes one object until the server is gone. */
async function write(
  client: Client,
  known: Known,
  round: number,
  acknowledge: (resourceVersion: number) => void,
): Promise<void> {
  const { name } = known;
  for (let count = 0; ; count++) {
    const value = repeated(`${round}-${count}`);
    const removes = known.value !== undefined && random() < 0.2;
    known.pending = removes ? {} : { value };
    try {
      if (removes) {
        await client.delete(configMaps, { namespace, name });
        delete known.value;
        delete known.resourceVersion;
      } else {
        const desired: ConfigMap = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { namespace, name },
          data: { value },
        };
        if (known.resourceVersion !== undefined) desired.metadata.resourceVersion = known.resourceVersion;
        const written =
          known.value === undefined
            ? await client.create(configMaps, desired)
            : await client.update(configMaps, desired);
        const { resourceVersion = "" } = written.metadata;
        assert.ok(Number(resourceVersion) > Number(known.resourceVersion ?? 0), `${name} did not grow`);
        Object.assign(known, { value, resourceVersion });
        acknowledge(Number(resourceVersion));
      }
      delete known.pending;
    } catch (error) {
      assert.ok(!isStatusError(error), `a write of ${name} was refused: ${error}`);
      return;
    }
  }
}

/** Long enough that half of one would be seen: the same text over and over. */
function repeated(text: string): string {
  return `${text} `.repeat(200);
}

/** After a kill the server has what was acknowledged, or what was under way, and that as a whole. */
function takeOver(known: Known, live: ConfigMap | undefined, round: number): void {
  const { name, value, pending } = known;
  const found = live?.data?.["value"];
  const allowed = pending === undefined ? [value] : [value, pending.value];
  assert.ok(
    allowed.includes(found),
    `round ${round}: ${name} is ${found?.slice(0, 40)}, not one of ${allowed.map((one) => one?.slice(0, 40))}`,
  );
  if (pending === undefined || found === value)
    assert.equal(live?.metadata.resourceVersion, known.resourceVersion, `round ${round}: ${name} has another revision`);
  delete known.pending;
  if (found === undefined) {
    delete known.value;
    delete known.resourceVersion;
  } else {
    Object.assign(known, { value: found, resourceVersion: live?.metadata.resourceVersion });
  }
}

/** A cache as clients keep it: list once, then watch from the last revision seen, over every kill. */
class Watcher {
  resourceVersion = "";
  events = 0;
  readonly #objects = new Map<string, string>();

  async relist(client: Client): Promise<void> {
    const list = await client.list<ConfigMap>(configMaps, { namespace });
    this.#objects.clear();
    for (const [name, version] of Object.entries(stateOf(list.items))) this.#objects.set(name, version);
    this.resourceVersion = list.resourceVersion;
  }

  /** Until the watch ends. */
  async follow(client: Client, until = Number.POSITIVE_INFINITY): Promise<"ended" | "expired"> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 20_000);
    try {
      const { resourceVersion } = this;
      for await (const event of client.watch<ConfigMap>(configMaps, {
        namespace,
        resourceVersion,
        signal: stop.signal,
      })) {
        if (event.type === "BOOKMARK") continue;
        const { name = "", resourceVersion: version = "" } = event.object.metadata;
        assert.ok(Number(version) > Number(this.resourceVersion), "events came out of order");
        this.resourceVersion = version;
        this.events++;
        if (event.type === "DELETED") this.#objects.delete(name);
        else this.#objects.set(name, `${version} ${textAt(event.object, "data", "value")}`);
        if (Number(version) >= until) return "ended";
      }
      return "ended";
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      if (!isStatusError(error, "Expired")) return "ended";
      this.resourceVersion = "";
      return "expired";
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  /** Goes on from the last revision seen to that of a list, or begins anew when that is too old. */
  async catchUp(client: Client, resourceVersion: string): Promise<void> {
    // A write of its own ends the wait: the list's revision may be that of something that is not watched.
    const marker = await client.create<ConfigMap>(configMaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace, name: `marker-${resourceVersion}` },
    });
    const ended = await this.follow(client, Number(marker.metadata.resourceVersion));
    if (ended === "expired") await this.relist(client);
    await client.delete(configMaps, { namespace, name: marker.metadata.name ?? "" });
    this.#objects.delete(marker.metadata.name ?? "");
  }

  state(): Record<string, string> {
    return Object.fromEntries([...this.#objects].sort());
  }
}

function stateOf(items: readonly ConfigMap[]): Record<string, string> {
  const entries = items
    .filter(({ metadata }) => metadata.name?.startsWith("object-"))
    .map(
      ({ metadata, data }) => [metadata.name ?? "", `${metadata.resourceVersion} ${data?.["value"] ?? ""}`] as const,
    );
  return Object.fromEntries([...entries].sort());
}
