import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fieldsAt, parseJson, textAt } from "../apimachinery/index.ts";
import { errorText } from "../lib/index.ts";
import type { ChartCredentials } from "./credentials.ts";

/** Finds how the user is logged in to a registry, by its host; `undefined` when that is not the case. */
export type RegistryLogins = (registry: string) => Promise<ChartCredentials | undefined>;

/** Helpers ask a keychain, which may ask the user, who may not be there. */
const helperTimeoutMs = 10_000;
const outputBytesMax = 64 * 1024;

/**
 * Logins as `helm registry login` and `docker login` leave them: in their files, or with a helper that these name.
 *
 * @param environment names the files: `HELM_REGISTRY_CONFIG`, `DOCKER_CONFIG`, `XDG_CONFIG_HOME`; helpers run with it
 */
export function userRegistryLogins(environment: NodeJS.ProcessEnv): RegistryLogins {
  const home = environment["HOME"] ?? homedir();
  const helmHome =
    environment["HELM_CONFIG_HOME"] ??
    (process.platform === "darwin"
      ? join(home, "Library", "Preferences", "helm")
      : join(environment["XDG_CONFIG_HOME"] ?? join(home, ".config"), "helm"));
  const files = [
    environment["HELM_REGISTRY_CONFIG"] ?? join(helmHome, "registry", "config.json"),
    join(environment["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
  ];
  return async (registry) => {
    for (const file of files) {
      const found = await loginIn(await readConfig(file), registry, environment);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function readConfig(file: string): Promise<unknown> {
  try {
    return parseJson(await readFile(file));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`Cannot read ${file}`, { cause: error });
  }
}

async function loginIn(
  config: unknown,
  registry: string,
  environment: NodeJS.ProcessEnv,
): Promise<ChartCredentials | undefined> {
  // Docker Hub is logged in to by the address of its first version.
  const names =
    registry === "docker.io" ? ["https://index.docker.io/v1/", registry] : [registry, `https://${registry}`];
  for (const name of names) {
    const helper = textAt(config, "credHelpers", name) || (hasAuth(config, name) ? textAt(config, "credsStore") : "");
    if (helper !== "") return await askHelper(helper, name, environment);
    const auth = Buffer.from(textAt(config, "auths", name, "auth"), "base64").toString("utf8");
    const [, username, password] = /^([^:]*):(.*)$/s.exec(auth) ?? [];
    if (username !== undefined && password !== undefined) return { username, password };
  }
  return undefined;
}

function hasAuth(config: unknown, name: string): boolean {
  return Object.hasOwn(fieldsAt(config, "auths"), name);
}

/** Runs `docker-credential-<name> get`, which gets the host and answers with JSON. */
async function askHelper(
  name: string,
  registry: string,
  env: NodeJS.ProcessEnv,
): Promise<ChartCredentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw new Error(`Cannot run the credential helper ${JSON.stringify(name)}`);
  const program = `docker-credential-${name}`;
  const answer = await new Promise<string | undefined>((resolve, reject) => {
    const limits = { timeout: helperTimeoutMs, maxBuffer: outputBytesMax };
    const child = execFile(program, ["get"], { env, ...limits }, (error, stdout) => {
      if (error === null) resolve(stdout);
      // What it says then is for programs: that it has nothing for this registry.
      else if (/credentials not found/i.test(stdout)) resolve(undefined);
      else reject(new Error(`Cannot get the password for ${registry} from ${program}: ${errorText(error)}`));
    });
    // A helper that has ended already reads nothing.
    child.stdin?.on("error", () => {}).end(registry);
  });
  if (answer === undefined) return undefined;
  const found = parseJson(answer);
  return { username: textAt(found, "Username"), password: textAt(found, "Secret") };
}
