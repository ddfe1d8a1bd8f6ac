import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseYaml, textAt, valueAt } from "../src/apimachinery/index.ts";
import { type RawClient, rawClient } from "./raw-client.ts";

/** A control plane in a process of its own, so that its memory and time are its alone. */
export type BenchServer = AsyncDisposable & {
  pid: number;
  /** From the start of its process to the line that says where it listens. */
  startedAfterMs: number;
  connect(): Promise<RawClient>;
  /** For connections of other kinds. */
  endpoint: { host: string; port: number; ca: string; token: string };
};

export async function benchServer(dir: string): Promise<BenchServer> {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "api-process.ts"), dir],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_COMPILE_CACHE: join(dir, "..", "compile") } },
  );
  const [line] = await once(createInterface(child.stdout), "line");
  const startedAfterMs = performance.now() - startedMs;
  const { url, kubeconfig } = JSON.parse(String(line));
  const config = parseYaml(kubeconfig);
  const ca = textAt(firstOf(config, "clusters"), "cluster", "certificate-authority-data");
  const { hostname, port } = new URL(url);
  const endpoint = {
    host: hostname,
    port: Number(port),
    ca: Buffer.from(ca, "base64").toString(),
    token: textAt(firstOf(config, "users"), "user", "token"),
  };
  return {
    pid: child.pid ?? 0,
    startedAfterMs,
    endpoint,
    connect: async () => await rawClient(endpoint),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

function firstOf(config: unknown, field: string): unknown {
  const list = valueAt(config, field);
  return Array.isArray(list) ? list[0] : undefined;
}
