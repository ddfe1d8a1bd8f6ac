import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mainModule } from "../scripts/bundle.mjs";
import { listAt, parseYaml, textAt, valueAt } from "../src/apimachinery/index.ts";
import { type Client, connectCluster, createClient } from "../src/client/index.ts";

const root = join(import.meta.dirname, "..");

/** A platform of its own in a temporary home, driven through the command line as a user does. */
export type BenchPlatform = AsyncDisposable & {
  home: string;
  port: number;
  env: NodeJS.ProcessEnv;
  skiff(...args: string[]): Promise<{ code: number; stdout: string; stderr: string; ms: number }>;
  pid(): number;
};

export async function benchPlatform(): Promise<BenchPlatform> {
  const home = mkdtempSync(join(tmpdir(), "skiff-bench-"));
  const port = await freePort();
  const env = {
    ...process.env,
    HOME: home,
    KUBECONFIG: join(home, "kubeconfig"),
    SKIFF_HOME: join(home, ".skiff"),
    CI: "1",
  };
  const main = await mainModule(root);
  const skiff = async (...args: string[]) =>
    await command(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], env);
  return {
    home,
    port,
    env,
    skiff,
    pid: () => JSON.parse(readFileSync(join(home, ".skiff", "localdev", "run.json"), "utf8")).pid,
    async [Symbol.asyncDispose]() {
      await skiff("delete");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Runs a command to its end. `ms` is its wall time. */
export async function command(file: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string) {
  const startedMs = performance.now();
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"], ...(cwd === undefined ? {} : { cwd }) });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const code = await new Promise<number>((resolve) => child.on("close", (ended) => resolve(ended ?? 1)));
  return { code, stdout, stderr, ms: performance.now() - startedMs };
}

/** Fails loudly: a benchmark of something that went wrong is worth nothing. */
export async function succeed(running: ReturnType<typeof command>) {
  const result = await running;
  if (result.code !== 0) throw new Error(`Command ended with code ${result.code}:\n${result.stdout}${result.stderr}`);
  return result;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A client of the cluster that a kubeconfig of Skiff's own names. */
export function connectKubeconfig(file: string): { client: Client } & Disposable {
  const config = parseYaml(readFileSync(file, "utf8"));
  const cluster = valueAt(listAt(config, "clusters")[0], "cluster");
  const user = valueAt(listAt(config, "users")[0], "user");
  const pem = (entry: unknown, field: string) => Buffer.from(textAt(entry, field), "base64").toString();
  const handler = connectCluster({
    server: textAt(cluster, "server"),
    caCertificate: pem(cluster, "certificate-authority-data"),
    clientCertificate: pem(user, "client-certificate-data"),
    clientKey: pem(user, "client-key-data"),
  });
  return { client: createClient(handler), [Symbol.dispose]: () => handler[Symbol.dispose]() };
}
