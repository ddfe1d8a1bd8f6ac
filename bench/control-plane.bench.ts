import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchServer } from "./api-server.ts";
import { type Figure, median, round } from "./figure.ts";
import { command, succeed } from "./platform.ts";

export const title = "A control plane: start, memory, and writes inside its process (durable, with fsync)";

const starts = 5;
const crds = 1_000;

export async function run(): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), "skiff-bench-control-plane-"));
  try {
    const state = join(dir, "state");
    // The first start makes the database and fills the cache of compiled code.
    await (await benchServer(state))[Symbol.asyncDispose]();
    const empty = await startMs(state);
    await installCrds(state);
    const full = await startMs(state);
    const writes = await measure("writes");
    const objects = await measure("objects");
    const clusters = await measure("clusters");
    const of = (result: Record<string, number>, field: string) => round(result[field] ?? Number.NaN);
    return [
      { name: "start to the first answer", value: round(empty), unit: "ms", goal: 300, better: "lower" },
      {
        name: `the same with ${crds} CRDs`,
        value: round(full),
        unit: "ms",
        goal: round(empty) + 1000,
        better: "lower",
      },
      {
        name: "creates in process, 256 at a time",
        value: of(writes, "creates"),
        unit: "per s",
        goal: 50_000,
        better: "higher",
      },
      {
        name: "updates in process, 256 at a time",
        value: of(writes, "updates"),
        unit: "per s",
        goal: 50_000,
        better: "higher",
      },
      { name: "reads in process", value: of(writes, "reads"), unit: "per s", goal: null, better: "higher" },
      {
        name: "resident with 200,000 objects of 2 KB",
        value: of(objects, "resident"),
        unit: "MiB",
        goal: 1024,
        better: "lower",
      },
      { name: "list of 10,000 of them", value: of(objects, "listMs"), unit: "ms", goal: 300, better: "lower" },
      {
        name: "5,000 logical clusters with 25 objects each",
        value: of(clusters, "seconds"),
        unit: "s",
        goal: 10,
        better: "lower",
      },
      { name: "resident with them", value: of(clusters, "resident"), unit: "MiB", goal: 1024, better: "lower" },
      {
        name: "processor while they are idle",
        value: of(clusters, "idleCpuPercent"),
        unit: "%",
        goal: 2,
        better: "lower",
      },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function startMs(state: string): Promise<number> {
  const taken: number[] = [];
  for (let index = 0; index < starts; index++) {
    const startedMs = performance.now();
    await using server = await benchServer(state);
    const client = await server.connect();
    await client.send("GET", "/version");
    taken.push(performance.now() - startedMs);
    client[Symbol.dispose]();
  }
  return median(taken);
}

async function installCrds(state: string): Promise<void> {
  await using server = await benchServer(state);
  const client = await server.connect();
  for (let index = 0; index < crds; index++) {
    const status = await client.send(
      "POST",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      JSON.stringify(definition(index)),
    );
    if (status >= 300) throw new Error(`A CRD was answered with ${status}`);
  }
  client[Symbol.dispose]();
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
