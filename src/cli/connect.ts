import { readFileSync, statSync } from "node:fs";
import { type Client, connectCluster, createClient } from "../client/index.ts";
import { errorText, type Handler, readBody } from "../lib/index.ts";
import { listPlatforms, type PlatformConfig, platformsRoot, readConfig, stateDirectory } from "../platform/index.ts";
import { runningPlatform } from "./daemon.ts";
import { CliError } from "./errors.ts";
import { type Kubeconfig, readKubeconfig } from "./kubeconfig.ts";

/** A Status is far smaller. */
const messageBytesMax = 64 * 1024;

export type Connection = Disposable & { client: Client; server: string };

/** The platform's configuration. @throws {CliError} when there is no such platform */
export function requireConfig(name: string): PlatformConfig {
  const state = stateDirectory(name);
  const config = readConfigOrExplain(name);
  if (config !== undefined) return config;
  throw new CliError("no-platform", { name, all: listPlatforms().join(", ") }, { cause: state.root });
}

/** @throws {CliError} when something else stands where the platform, or all platforms, would be kept */
export function checkDirectories(name: string): void {
  for (const path of [platformsRoot(), stateDirectory(name).root]) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
      throw new CliError("not-a-directory", { path });
  }
}

/** @returns `undefined` when there is no such platform */
export function readConfigOrExplain(name: string): PlatformConfig | undefined {
  checkDirectories(name);
  try {
    return readConfig(stateDirectory(name));
  } catch (error) {
    throw new CliError("config-invalid", { why: errorText(error), name });
  }
}

/** Connects to a running platform as its administrator. */
export function connectPlatform(name: string): Connection {
  requireConfig(name);
  const state = stateDirectory(name);
  if (runningPlatform(state) === undefined) throw new CliError("not-running", { name });
  return connectKubeconfig(state.kubeconfig, name);
}

/**
 * Sends a POST to a running platform. @returns the body of the answer as it comes
 * @throws {CliError} when the answer is no success
 */
export async function openPlatformStream(name: string, target: string): Promise<AsyncIterable<Uint8Array | string>> {
  const { handler } = openKubeconfig(stateDirectory(name).kubeconfig);
  const response = await handler({ method: "POST", target, headers: {}, signal: new AbortController().signal });
  const { body = "" } = response;
  if (response.status === 200 && typeof body !== "string" && !(body instanceof Uint8Array)) return body;
  const text = Buffer.from(await readBody(body, messageBytesMax)).toString();
  throw new CliError("api-unreachable", { name, why: `it answers ${response.status} ${text}` });
}

/** Connects to what the current context of a kubeconfig names. */
export function connectKubeconfig(file: string, name: string): Connection {
  const { handler, server } = openKubeconfig(file);
  const client = createClient(handler, { userAgent: "skiff-cli" });
  return { client: explainUnreachable(client, name), server, [Symbol.dispose]: () => handler[Symbol.dispose]() };
}

/**
 * How to reach what a context of a kubeconfig names.
 *
 * @param contextName another context than the current one
 * @throws {CliError} when there is no such context, or it has no server
 */
export function openKubeconfig(
  file: string,
  contextName?: string,
): { handler: Handler & Disposable; server: string; context: string } {
  return reachCluster(readKubeconfig(file), file, contextName);
}

/** The same for a kubeconfig that is in no file; `source` names it in errors. */
export function reachCluster(
  config: Kubeconfig,
  source: string,
  contextName?: string,
): { handler: Handler & Disposable; server: string; context: string } {
  const wanted = contextName ?? config["current-context"] ?? "";
  const context = config.contexts?.find((one) => one.name === wanted)?.context;
  const cluster = config.clusters?.find((one) => one.name === context?.["cluster"])?.cluster;
  const user = config.users?.find((one) => one.name === context?.["user"])?.user ?? {};
  const server = cluster?.["server"];
  if (cluster === undefined || typeof server !== "string") {
    const which = contextName === undefined ? "no current context" : `no context ${contextName}`;
    throw new CliError("usage", { why: `${source} has ${which} with a server`, command: "skiff kubeconfig" });
  }
  const handler = connectCluster({
    server,
    ...pem("caCertificate", cluster, "certificate-authority"),
    ...pem("clientCertificate", user, "client-certificate"),
    ...pem("clientKey", user, "client-key"),
    ...(typeof user["token"] === "string" ? { token: user["token"] } : {}),
    insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"] === true,
  });
  return { handler, server, context: wanted };
}

function pem<K extends string>(key: K, entry: NonNullable<Kubeconfig>, field: string): Partial<Record<K, string>> {
  const data = entry[`${field}-data`];
  const file = entry[field];
  const result: Partial<Record<K, string>> = {};
  if (typeof data === "string") result[key] = Buffer.from(data, "base64").toString();
  else if (typeof file === "string") result[key] = readFileSync(file, "utf8");
  return result;
}

/** A server that does not answer is a matter for the user, not a defect. */
function explainUnreachable(client: Client, name: string): Client {
  const explain = (error: unknown): never => {
    if (error instanceof Error && error.message.startsWith("Cannot reach")) {
      const run = runningPlatform(stateDirectory(name));
      if (run !== undefined)
        throw new CliError("stale-process", { name, pid: run.pid, why: errorText(error) }, { cause: error });
      throw new CliError("api-unreachable", { name, why: errorText(error) }, { cause: error });
    }
    throw error;
  };
  return {
    ...client,
    get: (...args) => client.get<never>(...args).catch(explain),
    list: (...args) => client.list<never>(...args).catch(explain),
    patch: (...args) => client.patch<never>(...args).catch(explain),
  };
}
