import { createServer } from "node:net";
import type { ComputeMode } from "../controllers/index.ts";
import { writeFileAtomically } from "../lib/index.ts";
import { readJsonFile, type StateDirectory } from "./state-directory.ts";

/** How a platform answers, as `skiff create` was told. */
export type PlatformConfig = {
  /** Version of this file's layout. */
  layout: 1;
  name: string;
  host: string;
  ingressHost: string;
  protocol: "https" | "http";
  port: number;
  /** Port of the Kubernetes API on the loopback interface. */
  apiPort: number;
  usePathRouting: boolean;
  /** Passwords are `developer`, for demonstrations. */
  devPassword: boolean;
  /** Address that the gateway listens on. */
  listenAddress: string;
  /** What runs pods: nothing, or a simulation of their life cycle. */
  compute: ComputeMode;
  /** How many nodes there are. */
  nodes: number;
  /** When the platform was first ready; until then a start may be repeated with other settings. */
  created?: string;
};

export const computeModes = ["none", "simulated"] as const satisfies readonly ComputeMode[];
/** More nodes than any test of scheduling needs; each has a range of 2,046 pod addresses of its own. */
export const nodesMax = 1000;

/** The configuration file is there but is none that this version can use. */
export class ConfigError extends Error {}

/** @returns `undefined` when the platform does not exist */
export function readConfig(state: StateDirectory): PlatformConfig | undefined {
  let value: unknown;
  try {
    value = readJsonFile(state.config);
  } catch (error) {
    throw new ConfigError(`Cannot read ${state.config}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return value === undefined ? undefined : parseConfig(value, state.config);
}

export function writeConfig(state: StateDirectory, config: PlatformConfig): void {
  writeFileAtomically(state.config, `${JSON.stringify(config, null, 2)}\n`);
}

function parseConfig(value: unknown, file: string): PlatformConfig {
  const wrong = (what: string) => new ConfigError(`Cannot use ${file}: ${what}`);
  if (typeof value !== "object" || value === null) throw wrong("it is not a JSON object");
  const fields: Record<string, unknown> = { ...value };
  if (fields["layout"] !== 1)
    throw wrong(`its layout is ${JSON.stringify(fields["layout"])}, this version of Skiff knows 1`);
  const text = (name: string) => {
    const field = fields[name];
    if (typeof field !== "string" || field === "") throw wrong(`${name} is missing`);
    return field;
  };
  const port = (name: string) => {
    const field = fields[name];
    if (typeof field !== "number" || !Number.isInteger(field) || field < 1 || field > 65535)
      throw wrong(`${name} is no port number`);
    return field;
  };
  const protocol = text("protocol");
  if (protocol !== "https" && protocol !== "http") throw wrong("protocol must be http or https");
  return {
    layout: 1,
    name: text("name"),
    host: text("host"),
    ingressHost: text("ingressHost"),
    protocol,
    port: port("port"),
    apiPort: port("apiPort"),
    usePathRouting: fields["usePathRouting"] === true,
    devPassword: fields["devPassword"] === true,
    listenAddress: text("listenAddress"),
    compute: computeOf(fields, wrong),
    nodes: nodesOf(fields, wrong),
    ...(typeof fields["created"] === "string" ? { created: fields["created"] } : {}),
  };
}

type Wrong = (what: string) => ConfigError;

/** Platforms made by older versions do not say it, and run no pods. */
function computeOf({ compute = "none" }: Record<string, unknown>, wrong: Wrong): ComputeMode {
  const mode = computeModes.find((known) => known === compute);
  if (mode === undefined) throw wrong(`compute must be ${computeModes.join(" or ")}`);
  return mode;
}

function nodesOf({ nodes = 1 }: Record<string, unknown>, wrong: Wrong): number {
  if (typeof nodes === "number" && Number.isInteger(nodes) && nodes >= 1 && nodes <= nodesMax) return nodes;
  throw wrong(`nodes must be a number from 1 to ${nodesMax}`);
}

/** What becomes of pods, in a sentence for people. */
export function computeText({ compute, nodes }: Pick<PlatformConfig, "compute" | "nodes">): string {
  if (compute === "none") return "Pods are not run: they are assigned to a node and wait";
  return `Pods are simulated on ${nodes === 1 ? "one node" : `${nodes} nodes`}: their life cycle is played, nothing runs`;
}

/** A port that is free on the loopback interface now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port: the system gave none");
  return address.port;
}

/** Base URLs of what the gateway serves. */
export function platformUrls(config: PlatformConfig): { front: string; git: string; gitHost: string } {
  const base = `${config.protocol}://${config.host}:${config.port}`;
  if (config.usePathRouting) return { front: base, git: `${base}/git`, gitHost: config.host };
  return { front: base, git: `${config.protocol}://git.${config.host}:${config.port}`, gitHost: `git.${config.host}` };
}
