import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type KubeObject, parseYaml } from "../../src/apimachinery/index.ts";
import { type Client, connectCluster, createClient, type Resource } from "../../src/client/index.ts";
import { readBody } from "../../src/lib/index.ts";
import { processesSkip } from "./support/processes.ts";

const mebibyte = 2 ** 20;
/**
 * How much a process may grow above what it has with 10,000 objects of 2 KB: 64 MiB of bodies and as much of administrators',
 * 64 MiB of answers that nobody reads and as much encrypted, 230 MiB of connections, and what a collector of garbage leaves
 * lying.
 */
const growthBytesMax = 640 * mebibyte;
/** What may still be in use when a neighbour is gone: what it wrote, and the store's history of 64 MiB. */
const keptBytesMax = 96 * mebibyte;
/** The longest time that a client of good manners may wait for one answer or event, on a machine that others use as well. */
const answerMsMax = 10_000;
/** How long it may take until connections and watches of a neighbour that is gone are let go of. */
const recoveryMsMax = 15_000;

/** What a neighbour must have seen at the least, so that its doing was no accident of its own. */
const neighbours: Record<string, (seen: Seen) => boolean> = {
  silentWatchers: ({ opened, written }) => opened === 500 && written === 100,
  slowWatchers: ({ opened, written }) => opened === 200 && written === 100,
  unreadLists: ({ opened }) => opened === 100,
  unreadZippedLists: ({ opened }) => opened === 100,
  unreadTables: ({ opened }) => opened === 40,
  // What says how large it is, is refused at once; of the rest some lose their room to others first.
  largeBodies: ({ status413 = 0, status429 = 0 }) => status413 >= 20 && status413 + status429 === 60,
  halfBodies: ({ status429 = 0 }) => status429 > 50,
  drippingBodies: ({ opened }) => opened === 20,
  // The answer may be lost when a connection is closed with a header half read.
  headers: ({ endless, status431 = 0, status0 = 0 }) => endless === 200 && status431 > 0 && status431 + status0 === 100,
  pipelines: ({ opened }) => opened === 20,
  idleConnections: ({ opened = 0, kept = 0 }) => opened > 300 && kept <= connectionsMax,
  briefConnections: ({ opened = 0 }) => opened > 200,
  halfHandshakes: ({ opened = 0 }) => opened > 500,
  largeObjects: ({ status200 = 0, status422 = 0 }) => status200 > 0 && status422 > 0,
  watchChurn: ({ opened = 0 }) => opened > 100,
  openTokens: ({ status200, written }) => status200 === 400 && written === 100,
  hostileBodies: ({ status0 = 0, status400 = 0, status422 = 0 }) => status0 === 0 && status400 > 10 && status422 > 3,
  hostileSchemas: ({ status0 = 0, status201 }) => status0 === 0 && status201 === 4,
};
/** The listener's bound and what is on its way to be closed. */
const connectionsMax = 4_096 + 200;

type Seen = Record<string, number | undefined>;

describe("bad neighbours", { skip: processesSkip }, () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-neighbours-"));
  let server: Server;
  let clients: Manners[];
  let startBytes: number;

  before(async () => {
    server = await start(dir);
    clients = [new Manners("administrator", server.admin), new Manners("tenant", server.tenant)];
    await delay(1_000);
    await server.used();
    startBytes = server.resident();
  });
  after(async () => {
    for (const client of clients) await client.stop();
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  const survive = async (name: string, misbehave: () => Promise<Seen>) => {
    const usedBytes = await server.used();
    const openFiles = server.openFiles();
    for (const client of clients) client.begin();
    const peak = watchPeak(server);
    const seen = await misbehave();
    const peakBytes = peak();
    const deadline = performance.now() + recoveryMsMax;
    while ((await server.watches()) > clients.length || server.openFiles() > openFiles + 20) {
      assert.ok(
        performance.now() < deadline,
        `${server.openFiles()} files and ${await server.watches()} watches are open`,
      );
      await delay(100);
    }
    const keptBytes = (await server.used()) - usedBytes;
    const [slowest] = clients.map((client) => client.slowestMs()).sort((a, b) => b - a);
    const sizes = [peakBytes - startBytes, keptBytes].map((bytes) => `${Math.round(bytes / mebibyte)} MiB`);
    console.log(
      `${name}: slowest ${slowest?.toFixed(0)} ms, grown by ${sizes.join(", kept ")}, ${JSON.stringify(seen)}`,
    );
    for (const client of clients) client.assertWell();
    assert.ok(peakBytes - startBytes < growthBytesMax, `the process has grown by ${peakBytes - startBytes} bytes`);
    assert.ok(keptBytes < keptBytesMax, `${keptBytes} bytes more than before are in use`);
    return seen;
  };

  for (const [name, expected] of Object.entries(neighbours)) {
    test(`${name} leave others alone`, { timeout: 60_000 }, async () => {
      const seen = await survive(name, () => misbehaving(name, server));
      assert.ok(expected(seen), JSON.stringify(seen));
    });
  }

  test("20,000 writes of one turn inside the process leave others alone", { timeout: 60_000 }, async () => {
    await survive("burst", async () => {
      await server.burst();
      return {};
    });
  });
});

/** Runs a neighbour until it has done its worst, and ends it with all its connections. */
async function misbehaving(name: string, { url, neighbourToken }: Server): Promise<Seen> {
  const script = join(import.meta.dirname, "support", "bad-neighbours.ts");
  const child = run([script, name, url, neighbourToken], "ignore");
  try {
    return await lineOf(child, 50_000);
  } finally {
    child.kill("SIGKILL");
  }
}

const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const namespace = "tenant";

/** A client of good manners: it writes, reads, watches what it has written, and asks whether the server is well. */
class Manners {
  readonly #name: string;
  readonly #client: Client;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #told = new Map<string, () => void>();
  #slowestMs = 0;
  #answers = 0;
  #errors: string[] = [];
  #waitingSinceMs: number | undefined;

  constructor(name: string, client: Client) {
    this.#name = name;
    this.#client = client;
    this.#running = Promise.all([this.#watch(), this.#work()]);
  }

  begin(): void {
    this.#slowestMs = 0;
    this.#answers = 0;
    this.#errors = [];
  }

  slowestMs(): number {
    return Math.max(this.#slowestMs, this.#waitingSinceMs === undefined ? 0 : performance.now() - this.#waitingSinceMs);
  }

  assertWell(): void {
    assert.deepEqual(this.#errors, [], `${this.#name} had errors`);
    assert.ok(this.#answers > 5, `${this.#name} had only ${this.#answers} answers`);
    assert.ok(this.slowestMs() < answerMsMax, `${this.#name} waited ${this.slowestMs()} ms`);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #timed<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    const startedMs = performance.now();
    this.#waitingSinceMs = startedMs;
    try {
      return await ask();
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#errors.push(`${what}: ${error}, ${error instanceof Error ? error.cause : ""}`);
      return undefined;
    } finally {
      this.#waitingSinceMs = undefined;
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedMs);
      this.#answers++;
    }
  }

  async #work(): Promise<void> {
    const client = this.#client;
    for (let round = 0; !this.#stop.signal.aborted; round++) {
      const name = `${this.#name}-${round}`;
      const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } };
      const told = new Promise<void>((resolve) => this.#told.set(name, resolve));
      await this.#timed("create", () => client.create(configMaps, object));
      await this.#timed("event", () => Promise.race([told, delay(2 * answerMsMax, undefined, { ref: false })]));
      const read = await this.#timed("get", () => client.get(configMaps, { namespace, name }));
      if (read?.metadata.name !== name && !this.#stop.signal.aborted) this.#errors.push(`${name} is not there`);
      await this.#timed("delete", () => client.delete(configMaps, { namespace, name }));
      await this.#timed("version", () => client.raw("/version"));
      this.#told.delete(name);
      await delay(50);
    }
  }

  /** Begins anew when the server ends it, which it may. */
  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    let { resourceVersion } = await this.#client.list(configMaps, { namespace, limit: 1 });
    while (!signal.aborted) {
      try {
        for await (const event of this.#client.watch(configMaps, { namespace, resourceVersion, signal })) {
          if (event.type === "BOOKMARK") resourceVersion = event.resourceVersion;
          else resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
          if (event.type === "ADDED") this.#told.get(event.object.metadata.name ?? "")?.();
        }
      } catch (error) {
        if (!signal.aborted) this.#errors.push(`watch: ${error}`);
        await delay(500);
      }
    }
  }
}

type Server = {
  admin: Client;
  tenant: Client;
  url: string;
  neighbourToken: string;
  /** Bytes that are resident. */
  resident(): number;
  openFiles(): number;
  watches(): Promise<number>;
  /** Bytes that are in use when all garbage is collected. */
  used(): Promise<number>;
  burst(): Promise<void>;
  kill(): Promise<void>;
};

async function start(dir: string): Promise<Server> {
  const script = join(import.meta.dirname, "support", "neighbour-process.ts");
  const child = run(["--expose-gc", script, dir], "pipe");
  const lines = linesOf(child);
  const { url, admin, tenant, neighbour } = await lines(60_000);
  const handlers = [connectionOf(url, admin), connectionOf(url, tenant)].map(connectCluster);
  const [adminHandler, tenantHandler] = handlers;
  assert.ok(adminHandler !== undefined && tenantHandler !== undefined);
  const tell = async (line: string) => {
    child.stdin?.write(`${line}\n`);
    return await lines(60_000);
  };
  return {
    url,
    neighbourToken: connectionOf(url, neighbour).token,
    admin: createClient(adminHandler),
    tenant: createClient(tenantHandler),
    resident: () => 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]),
    openFiles: () => readdirSync(`/proc/${child.pid}/fd`).length,
    async watches() {
      const { signal } = new AbortController();
      const { body } = await adminHandler({ method: "GET", target: "/metrics", headers: {}, signal });
      const text = Buffer.from(await readBody(body, 16 * mebibyte)).toString();
      const counts = text.matchAll(/^apiserver_longrunning_requests\{.*\} (\d+)/gm);
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    },
    used: async () => (await tell("gc")).usedBytes,
    burst: async () => void (await tell("burst")),
    async kill() {
      const exit = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await exit;
      for (const handler of handlers) handler[Symbol.dispose]();
    },
  };
}

function connectionOf(server: string, kubeconfig: string) {
  const { clusters, users } = parseYaml(kubeconfig) as unknown as {
    clusters: [{ cluster: { "certificate-authority-data": string } }];
    users: [{ user: { token: string } }];
  };
  const caCertificate = Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64").toString();
  return { server, caCertificate, token: users[0].user.token };
}

function run(args: readonly string[], stdin: "pipe" | "ignore"): ChildProcess {
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    stdio: [stdin, "pipe", "inherit"],
  });
}

/** The next line that a process prints, as JSON. */
function linesOf(child: ChildProcess) {
  assert.ok(child.stdout !== null);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (limitMs: number) => {
    const late = delay(limitMs, undefined, { ref: false }).then(() => assert.fail(`nothing came within ${limitMs} ms`));
    const { value } = await Promise.race([lines.next(), late]);
    assert.ok(typeof value === "string", "the process has ended");
    return JSON.parse(value);
  };
}

async function lineOf(child: ChildProcess, limitMs: number): Promise<Seen> {
  return await linesOf(child)(limitMs);
}

/** @returns ends the watch and tells the largest size that was seen */
function watchPeak(server: Server): () => number {
  let peakBytes = server.resident();
  const timer = setInterval(() => (peakBytes = Math.max(peakBytes, server.resident())), 50);
  return () => {
    clearInterval(timer);
    return Math.max(peakBytes, server.resident());
  };
}
