import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Everything one platform keeps, and where: one directory, so that removing it removes the platform. */
export type StateDirectory = {
  root: string;
  config: string;
  /** Written when the platform is ready, removed when it stops. */
  run: string;
  database: string;
  repositories: string;
  mirrors: string;
  /** Charts that were fetched, by digest. */
  charts: string;
  accounts: string;
  certificates: string;
  log: string;
  kubeconfig: string;
  tokens: string;
  /** Signs the tokens of ServiceAccounts; PEM. */
  serviceAccountKey: string;
  /** There only when a user has given it; see `skiff create --authentication-config`. */
  authenticationConfig: string;
  /** There only when a user has given it; see `skiff create --audit-policy-file`. */
  auditPolicy: string;
  /** There only when a user has given it; see `skiff create --chart-keyring`. */
  chartKeyring: string;
  auditLog: string;
  /** What the credentials of logical clusters are derived from. */
  clusterSecret: string;
};

/** Where all platforms of this user live. `SKIFF_HOME` moves it. */
export function platformsRoot(env: NodeJS.ProcessEnv = process.env): string {
  return env["SKIFF_HOME"] ?? join(homedir(), ".skiff");
}

/** Where compiled code is kept; shared by all platforms. */
export function compileCache(env: NodeJS.ProcessEnv = process.env): string {
  return join(platformsRoot(env), ".cache", "compile");
}

export function stateDirectory(name: string, env: NodeJS.ProcessEnv = process.env): StateDirectory {
  const root = join(platformsRoot(env), name);
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    root,
    config: at("config.json"),
    run: at("run.json"),
    database: at("db", "skiff.db"),
    repositories: at("git", "repositories"),
    mirrors: at("git", "mirrors"),
    charts: at("charts"),
    accounts: at("git", "accounts"),
    certificates: at("ca"),
    log: at("log", "skiff.log"),
    kubeconfig: at("kubeconfig"),
    tokens: at("tokens.json"),
    serviceAccountKey: at("service-account.key"),
    authenticationConfig: at("authentication-config.yaml"),
    auditPolicy: at("audit-policy.yaml"),
    chartKeyring: at("chart-keyring"),
    auditLog: at("log", "audit.log"),
    clusterSecret: at("cluster-secret"),
  };
}

/** Names of the platforms that exist, in order. */
export function listPlatforms(env: NodeJS.ProcessEnv = process.env): string[] {
  try {
    const entries = readdirSync(platformsRoot(env), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

/** What credentials and random values that must stay are made from. `undefined` when there is none yet. */
export function readClusterSecret({ clusterSecret }: StateDirectory): Uint8Array | undefined {
  const text = readTextFile(clusterSecret);
  return text === undefined ? undefined : Buffer.from(text, "base64");
}

/** @returns `undefined` when there is no such file */
export function readJsonFile(file: string): unknown {
  const content = readTextFile(file);
  return content === undefined ? undefined : JSON.parse(content);
}

function readTextFile(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Removes a platform's directory. It is renamed first, so that a kill in the middle leaves no half platform; what such
 * a kill left is removed too.
 */
export function removeStateDirectory(name: string, env: NodeJS.ProcessEnv = process.env): void {
  const root = platformsRoot(env);
  const grave = join(root, `.deleted-${name}-${randomBytes(4).toString("hex")}`);
  try {
    renameSync(join(root, name), grave);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  removeLeftovers(env);
}

/** Removes what interrupted deletions left behind. */
export function removeLeftovers(env: NodeJS.ProcessEnv = process.env): void {
  const root = platformsRoot(env);
  let names: string[];
  try {
    names = readdirSync(root);
  } catch {
    return;
  }
  for (const name of names)
    if (name.startsWith(".deleted-")) rmSync(join(root, name), { recursive: true, force: true, maxRetries: 5 });
}
