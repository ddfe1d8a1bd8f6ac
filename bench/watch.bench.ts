import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { type BenchServer, benchServer } from "./api-server.ts";
import { type Figure, round } from "./figure.ts";

export const title =
  "50 watchers of one resource, 1,000 durable updates a second of 2 KB objects, over HTTPS; writers and watchers share the two cores";

const watchers = 50;
const writesPerSecond = 1_000;
const seconds = 5;
const writers = 16;
const path = "/api/v1/namespaces/default/configmaps";
const filler = "x".repeat(1_800);
const mark = Buffer.from('"at":"');

export async function run(): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), "skiff-bench-watch-"));
  try {
    await using server = await benchServer(join(dir, "state"));
    const latencies: number[] = [];
    const sockets = await Promise.all(Array.from({ length: watchers }, () => watch(server, latencies)));
    const written = await write(server);
    const expected = written * watchers;
    const deadlineMs = performance.now() + 10_000;
    while (latencies.length < expected && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of sockets) socket.destroy();
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (part: number) => round(sorted[Math.floor(sorted.length * part)] ?? Number.NaN);
    return [
      {
        name: "events each watcher got",
        value: round(latencies.length / watchers / seconds),
        unit: "per s",
        goal: writesPerSecond,
        better: "higher",
      },
      {
        name: "from the write's start to the watcher, median",
        value: at(0.5),
        unit: "ms",
        goal: null,
        better: "lower",
      },
      {
        name: "from the write's start to the watcher, 99 of 100",
        value: at(0.99),
        unit: "ms",
        goal: 50,
        better: "lower",
      },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Writes at the rate that is wanted, or as fast as it goes. @returns how many writes there were */
async function write(server: BenchServer): Promise<number> {
  const lanes = await Promise.all(Array.from({ length: writers }, () => server.connect()));
  const body = (lane: number) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `w${lane}` },
      data: { at: String(performance.now()), filler },
    });
  for (const [lane, client] of lanes.entries()) await client.send("POST", path, body(lane));
  const total = writesPerSecond * seconds;
  const startedMs = performance.now();
  let next = 0;
  await Promise.all(
    lanes.map(async (client, lane) => {
      for (;;) {
        const mine = next++;
        if (mine >= total) return;
        const waitMs = startedMs + (mine * 1000) / writesPerSecond - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        const status = await client.send("PUT", `${path}/w${lane}`, body(lane));
        if (status >= 300) throw new Error(`A write was answered with ${status}`);
      }
    }),
  );
  for (const client of lanes) client[Symbol.dispose]();
  return total + writers;
}

/** Reads events without parsing them: each carries when its write began, and both ends are in this process. */
async function watch({ endpoint }: BenchServer, latencies: number[]): Promise<TLSSocket> {
  const { host, port, ca, token } = endpoint;
  const socket = connect({ host, port, ca });
  await once(socket, "secureConnect");
  socket.write(`GET ${path}?watch=true HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  let rest: Buffer = Buffer.alloc(0);
  await once(socket, "data");
  socket.on("data", (chunk: Buffer) => {
    const now = performance.now();
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    let end = 0;
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, end)) {
      const quote = bytes.indexOf(0x22, at + mark.byteLength);
      if (quote < 0) {
        end = at;
        break;
      }
      latencies.push(now - Number(bytes.toString("latin1", at + mark.byteLength, quote)));
      end = quote;
    }
    // The beginning of a mark may stand at the end.
    rest = bytes.subarray(Math.max(end, bytes.byteLength - mark.byteLength + 1));
  });
  return socket;
}
