// Measures the API server inside one process, without sockets: `node bench/in-process.ts <what>` prints JSON. A process of its
// own for each measurement, so that memory is that of the measurement.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClusters } from "../src/apiserver/index.ts";
import { type Handler, readBody, silentLog } from "../src/lib/index.ts";
import { openSqliteStore } from "../src/storage/index.ts";

const user = { name: "bench", groups: ["system:masters", "system:authenticated"] };
const maps = "/api/v1/namespaces/default/configmaps";
const signal = new AbortController().signal;
const filler = "x".repeat(1500);

const measurements: Record<string, (dir: string) => Promise<Record<string, number>>> = {
  /** Creates and updates of 2 KB objects, as many at once as controllers and clients would have under way. */
  async writes(dir) {
    await using parts = await open(dir);
    const { handler } = parts.clusters;
    const count = 100_000;
    const createSeconds = await concurrently(count, 256, (index) => post(handler, maps, configMap(index)));
    const updateSeconds = await concurrently(count, 256, (index) =>
      send(handler, "PUT", `${maps}/m${index}`, configMap(index, 1)),
    );
    const readSeconds = await concurrently(count, 256, (index) => send(handler, "GET", `${maps}/m${index}`));
    return { creates: count / createSeconds, updates: count / updateSeconds, reads: count / readSeconds };
  },

  /** Memory of 200,000 objects of 2 KB. */
  async objects(dir) {
    await using parts = await open(dir);
    const { handler } = parts.clusters;
    const before = residentMiB();
    await concurrently(200_000, 256, (index) => post(handler, maps, configMap(index)));
    await settle();
    const resident = residentMiB();
    const startedMs = performance.now();
    const response = await handler({ method: "GET", target: `${maps}?limit=10000`, headers: {}, user, signal });
    const { byteLength } = await readBody(response.body, 2 ** 30);
    return { before, resident, listMs: performance.now() - startedMs, listMiB: byteLength / 2 ** 20 };
  },

  /** 5,000 logical clusters with 25 objects each. */
  async clusters(dir) {
    await using parts = await open(dir);
    const { handler } = parts.clusters;
    const before = residentMiB();
    const clusters = 5_000;
    const seconds = await concurrently(clusters, 16, async (index) => {
      const body = {
        apiVersion: "skiff.dev/v1alpha1",
        kind: "LogicalCluster",
        metadata: { name: `c${index}` },
      };
      await post(handler, "/apis/skiff.dev/v1alpha1/logicalclusters", body);
      const made = Array.from({ length: 25 }, (_, object) =>
        post(handler, `/clusters/c${index}${maps}`, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: `m${object}` },
          data: { key: "x".repeat(200) },
        }),
      );
      await Promise.all(made);
    });
    await settle();
    const resident = residentMiB();
    // What the engine still has to do of what was, such as collecting garbage, is no work of the clusters.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const idle = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const used = process.cpuUsage(idle);
    return { seconds, before, resident, idleCpuPercent: (used.user + used.system) / 50_000 };
  },
};

async function open(dir: string) {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openSqliteStore({ file: join(dir, "skiff.db") }));
  const clusters = stack.use(
    await openClusters({ store, log: silentLog, url: "https://127.0.0.1:6443", secret: Buffer.alloc(32) }),
  );
  const { logicalClusterCrd } = await import("../src/apis/index.ts");
  await post(clusters.handler, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", logicalClusterCrd);
  const moved = stack.move();
  return { clusters, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function send(handler: Handler, method: string, target: string, body?: unknown): Promise<void> {
  const headers = body === undefined ? {} : { "content-type": "application/json", "user-agent": "bench/1.0" };
  const bytes = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
  const response = await handler({ method, target, headers, user, signal, ...bytes });
  if (response.status < 300) return;
  throw new Error(`${method} ${target}: ${response.status} ${Buffer.from(await readBody(response.body, 2 ** 20))}`);
}

async function post(handler: Handler, target: string, body: unknown): Promise<void> {
  await send(handler, "POST", target, body);
}

function configMap(index: number, round = 0) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `m${index}`, labels: { app: "bench" } },
    data: { round: String(round), text: filler },
  };
}

/** @returns seconds that `count` calls took, `width` of them under way at any time */
async function concurrently(count: number, width: number, call: (index: number) => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return (performance.now() - startedMs) / 1000;
}

async function settle(): Promise<void> {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 500));
  globalThis.gc?.();
}

function residentMiB(): number {
  return process.memoryUsage().rss / 2 ** 20;
}

const [what = ""] = process.argv.slice(2);
const measure = measurements[what];
if (measure === undefined) {
  console.error(`Usage: node bench/in-process.ts ${Object.keys(measurements).join("|")}`);
  process.exit(2);
}
const dir = mkdtempSync(join(tmpdir(), "skiff-bench-"));
try {
  console.log(JSON.stringify(await measure(dir)));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
