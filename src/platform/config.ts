import { createServer } from "node:net";
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
  /** When the platform was first ready; until then a start may be repeated with other settings. */
  created?: string;
};

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
    ...(typeof fields["created"] === "string" ? { created: fields["created"] } : {}),
  };
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
