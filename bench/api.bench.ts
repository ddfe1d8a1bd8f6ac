import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "../src/apimachinery/index.ts";
import { type Figure, round } from "./figure.ts";
import { benchPlatform, succeed } from "./platform.ts";
import { rawClient } from "./raw-client.ts";

export const title =
  "The Kubernetes API over HTTPS, durable (fsync), 16 clients, ConfigMaps of 2 KB; the clients share the two cores";

const clients = 16;
const secondsEach = 5;

type Kubeconfig = { clusters: { cluster: Record<string, string> }[]; users: { user: Record<string, string> }[] };

export async function run(): Promise<Figure[]> {
  await using platform = await benchPlatform();
  await succeed(platform.skiff("create", "--port", String(platform.port)));
  const config = parseYaml(readFileSync(join(platform.home, ".skiff/localdev/kubeconfig"), "utf8")) as Kubeconfig;
  const send = await connect(config);
  const path = "/api/v1/namespaces/default/configmaps";
  const object = (name: string, round: number) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      data: { round: String(round), text: "x".repeat(1800) },
    });

  let serial = 0;
  const creates = await rate(async (client) => {
    serial += 1;
    await send(client, "POST", path, object(`bench-${serial}`, 0));
  });
  const names = Array.from({ length: clients }, (_, index) => `update-${index}`);
  for (const name of names) await send(0, "POST", path, object(name, 0));
  const updates = await rate(
    async (client, round) => await send(client, "PUT", `${path}/update-${client}`, object(names[client] ?? "", round)),
  );
  const reads = await rate(async (client) => await send(client, "GET", `${path}/update-${client}`));
  const one = await rate(async (_, round) => await send(0, "PUT", `${path}/update-0`, object("update-0", -round)), 1);
  const listMs = await medianOf(5, async () => await send(0, "GET", `${path}?limit=10000`));
  return [
    { name: "creates", value: round(creates), unit: "per s", goal: null, better: "higher" },
    { name: "updates", value: round(updates), unit: "per s", goal: null, better: "higher" },
    { name: "updates, one client after the other", value: round(one), unit: "per s", goal: null, better: "higher" },
    { name: "reads", value: round(reads), unit: "per s", goal: null, better: "higher" },
    {
      name: `list of ${Math.min(serial + clients, 10_000)} objects`,
      value: round(listMs),
      unit: "ms",
      goal: null,
      better: "lower",
    },
  ];
}

async function connect({ clusters, users }: Kubeconfig) {
  const decode = (text: string | undefined) => Buffer.from(text ?? "", "base64").toString();
  const user = users[0]?.user ?? {};
  const cluster = clusters[0]?.cluster ?? {};
  const { hostname, port } = new URL(cluster["server"] ?? "");
  const options = {
    host: hostname,
    port: Number(port),
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  };
  const connections = await Promise.all(Array.from({ length: clients }, () => rawClient(options)));
  return async (client: number, method: string, path: string, body?: string): Promise<void> => {
    const status = await connections[client]?.send(method, path, body);
    if (status === undefined || status >= 300) throw new Error(`${method} ${path}: HTTP ${status}`);
  };
}

/** Calls per second of so many clients, each of which calls again when it has its answer. */
async function rate(call: (client: number, round: number) => Promise<void>, clientCount = clients): Promise<number> {
  const startedMs = performance.now();
  const deadlineMs = startedMs + secondsEach * 1000;
  let calls = 0;
  const client = async (index: number) => {
    for (let round = 1; performance.now() < deadlineMs; round += 1) {
      await call(index, round);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: clientCount }, (_, index) => client(index)));
  return (calls / (performance.now() - startedMs)) * 1000;
}

async function medianOf(times: number, call: () => Promise<void>): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const startedMs = performance.now();
    await call();
    taken.push(performance.now() - startedMs);
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? Number.NaN;
}
