import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { mainModule } from "../scripts/bundle.mjs";
import { type Figure, median, round } from "./figure.ts";
import { type BenchPlatform, benchPlatform, command, connectKubeconfig, succeed } from "./platform.ts";

export const title = "A control plane: start, memory, and writes inside its process (durable, with fsync)";

const starts = 5;
const crds = 1_000;

export async function run(): Promise<Figure[]> {
  const { empty, full } = await startTimes();
  const writes = await measure("writes");
  const objects = await measure("objects");
  const clusters = await measure("clusters");
  const of = (result: Record<string, number>, field: string) => round(result[field] ?? Number.NaN);
  const lower = (name: string, value: number, unit: string, goal: number): Figure => ({
    name,
    value,
    unit,
    goal,
    better: "lower",
  });
  const higher = (name: string, value: number, goal: number | null): Figure => ({
    name,
    value,
    unit: "per s",
    goal,
    better: "higher",
  });
  return [
    lower("start of the process to the first answer", round(empty), "ms", 300),
    lower(`the same with ${crds} CRDs`, round(full), "ms", round(empty) + 1000),
    higher("creates in process, 256 at a time", of(writes, "creates"), 50_000),
    higher("updates in process, 256 at a time", of(writes, "updates"), 50_000),
    higher("reads in process", of(writes, "reads"), null),
    lower("resident with 200,000 objects of 2 KB", of(objects, "resident"), "MiB", 1024),
    lower("list of 10,000 of them", of(objects, "listMs"), "ms", 300),
    lower("5,000 logical clusters with 25 objects each", of(clusters, "seconds"), "s", 10),
    lower("resident with them", of(clusters, "resident"), "MiB", 1024),
    lower("processor while they are idle", of(clusters, "idleCpuPercent"), "%", 2),
  ];
}

/** Milliseconds from the start of a platform's process to its first answer, without CRDs of others and with many. */
async function startTimes(): Promise<{ empty: number; full: number }> {
  await using platform = await benchPlatform();
  await succeed(platform.skiff("create", "--port", String(platform.port)));
  const apiPort = Number(JSON.parse(readFileSync(join(platform.home, ".skiff/localdev/config.json"), "utf8")).apiPort);
  await succeed(platform.skiff("stop"));
  const empty = await startMs(platform, apiPort);
  await succeed(platform.skiff("start"));
  await installCrds(platform);
  await succeed(platform.skiff("stop"));
  return { empty, full: await startMs(platform, apiPort) };
}

async function startMs({ env, home }: BenchPlatform, port: number): Promise<number> {
  const main = await mainModule(join(import.meta.dirname, ".."));
  const args = ["--disable-warning=ExperimentalWarning", main, "start", "--foreground"];
  const cache = { NODE_COMPILE_CACHE: join(home, ".skiff", ".cache", "compile") };
  const taken: number[] = [];
  for (let index = 0; index < starts; index++) {
    const startedMs = performance.now();
    const child = spawn(process.execPath, args, { stdio: "ignore", env: { ...env, ...cache } });
    while ((await ask(port)) === undefined) {
      if (performance.now() - startedMs > 20_000) throw new Error("The platform does not answer");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    taken.push(performance.now() - startedMs);
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  return median(taken);
}

/** @returns the status; `undefined` when nobody listens yet */
async function ask(port: number): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const asked = get(
      { host: "127.0.0.1", port, path: "/version", rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode));
      },
    );
    asked.on("error", () => resolve(undefined));
  });
}

async function installCrds({ home }: BenchPlatform): Promise<void> {
  using connection = connectKubeconfig(join(home, ".skiff/localdev/kubeconfig"));
  const definitions = {
    group: "apiextensions.k8s.io",
    version: "v1",
    resource: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
  };
  for (let index = 0; index < crds; index++) await connection.client.create(definitions, definition(index));
}

/** About 6 KB of schema, as much as CRDs of operators have in the middle. */
function definition(index: number) {
  const fields = Object.fromEntries(
    Array.from({ length: 40 }, (_, field) => [
      `field${field}`,
      { type: "string", description: "A field of a resource that somebody describes in a line.", maxLength: 100 },
    ]),
  );
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `kinds${index}.group${index % 50}.example.com` },
    spec: {
      group: `group${index % 50}.example.com`,
      scope: "Namespaced",
      names: { plural: `kinds${index}`, singular: `kind${index}`, kind: `Kind${index}`, listKind: `Kind${index}List` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: { type: "object", properties: fields },
                status: { type: "object", properties: fields },
              },
            },
          },
        },
      ],
    },
  };
}

async function measure(what: string): Promise<Record<string, number>> {
  const script = join(import.meta.dirname, "in-process.ts");
  const flags = ["--expose-gc", "--disable-warning=ExperimentalWarning"];
  const { stdout } = await succeed(command(process.execPath, [...flags, script, what], process.env));
  return JSON.parse(stdout);
}
