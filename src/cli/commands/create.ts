import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Localbuild } from "../../apis/index.ts";
import type { Client } from "../../client/index.ts";
import { errorText } from "../../lib/index.ts";
import { localbuilds, type PackageArgument, packageAnnotations, parsePackageArgument } from "../../packages/index.ts";
import {
  computeText,
  freePort,
  type PlatformConfig,
  platformUrls,
  removeLeftovers,
  removeStateDirectory,
  type StateDirectory,
  stateDirectory,
  writeConfig,
} from "../../platform/index.ts";
import { type AccessFiles, type AccessFlags, changedFiles, exchangeFiles, readGivenFiles } from "../access-files.ts";
import { checkDirectories, connectKubeconfig, readConfigOrExplain } from "../connect.ts";
import { checkWhole, ensureDaemon, platformProcess, runningPlatform, stopDaemon, watchForEnd } from "../daemon.ts";
import { defaultName } from "../default-name.ts";
import { formatDuration, parseDurationMs } from "../duration.ts";
import { CliError } from "../errors.ts";
import { type Observation, observePlatform } from "../observe.ts";
import { colorMarks, jsonProgress, lineProgress, type Progress, treeLines, treeProgress } from "../progress.ts";
import { type Awaited, assess, flatten, type Item } from "../readiness.ts";
import { mergeContext } from "./kubeconfig.ts";
import { caCertificateFile } from "./trust.ts";

export type CreateFlags = {
  name: string;
  buildName?: string;
  recreate: boolean;
  host?: string;
  ingressHostName?: string;
  port?: number;
  apiPort?: number;
  protocol?: "http" | "https";
  listenAddress?: string;
  compute?: PlatformConfig["compute"];
  nodes?: number;
  usePathRouting?: boolean;
  devPassword?: boolean;
  package: string[];
  exit?: boolean;
  timeout: string;
  output: "text" | "json";
  kubeVersion?: string;
  kindConfig?: string;
  extraPorts?: string;
  registryConfig?: string | boolean;
  packageCustomFile?: string[];
} & AccessFlags;

type CreateOptions = CreateFlags & { stay: boolean; logLevel: string; color: boolean };

/** When everything that is left fails, and nothing has changed for so long, waiting longer tells nothing new. */
const stuckMs = 30_000;

/** Makes the platform run as the flags say, brings the packages in, and waits until all of it is ready. */
export async function create(options: CreateOptions): Promise<void> {
  refuseKindFlags(options);
  const timeoutMs = parseDurationMs(options.timeout);
  if (timeoutMs === undefined || timeoutMs === 0) {
    throw new CliError("usage", {
      why: `${JSON.stringify(options.timeout)} is no duration: give one like 90s or 5m`,
      command: "skiff create",
    });
  }
  const packages = options.package.map(parsePackage);
  const progress = openProgress(options);
  const startedMs = performance.now();
  try {
    await bringUp(options, packages, { progress, startedMs, deadlineMs: startedMs + timeoutMs });
  } finally {
    progress.end();
  }
}

type Run = { progress: Progress; startedMs: number; deadlineMs: number };

async function bringUp(options: CreateOptions, packages: readonly PackageArgument[], run: Run): Promise<void> {
  const { name } = options;
  const state = stateDirectory(name);
  const config = await ensureRunning(options, run.progress);
  const readyMs = performance.now() - run.startedMs;
  // Also when something is not ready in the end: kubectl is how people find out why.
  const file = mergeContext(name);
  using connection = connectKubeconfig(state.kubeconfig, name);
  using end = watchForEnd(state, name);
  const awaited = await applyLocalbuild(connection.client, config, packages).catch((cause: unknown) => {
    throw runningPlatform(state) === undefined ? new CliError("ended", { name, log: state.log }, { cause }) : cause;
  });
  await using observation = await observePlatform(connection.client, name, end.promise);
  const waiting = {
    ...run,
    name,
    simulated: config.compute === "simulated",
    timeout: options.timeout,
    ended: end.promise,
  };
  const items = await waitUntilReady(observation, awaited, waiting);
  run.progress.end();
  finish(config, { items, file, readyMs, totalMs: performance.now() - run.startedMs, output: options.output });
  if (options.stay) await stayAndShow(observation, awaited, run.progress);
}

async function ensureRunning(options: CreateOptions, progress: Progress): Promise<PlatformConfig> {
  const { name } = options;
  const state = stateDirectory(name);
  const given = await readGivenFiles(options);
  removeLeftovers();
  checkDirectories(name);
  if (options.recreate && existsSync(state.root)) {
    progress.step(`Deleting platform ${name}`);
    await stopDaemon(state, name, { force: true });
    removeStateDirectory(name);
  }
  const existing = readConfigOrExplain(name);
  checkWhole(state, name, existing?.created !== undefined);
  const config = await configFrom(options, existing);
  const running = platformProcess(state);
  const files = changedFiles(given, state);
  const changed = existing === undefined || files.size > 0 || JSON.stringify(config) !== JSON.stringify(existing);
  if (running?.ready && !changed) {
    progress.step(`Platform ${name} is running at ${platformUrls(config).front}/`);
    return config;
  }
  // One that is still starting does so with the settings it was given.
  if (running !== undefined && changed) {
    progress.step(`Restarting platform ${name} with the new settings`);
    await stopDaemon(state, name, { force: false });
  }
  const before = changed ? write(() => exchangeSettings(state, config, files), state.root) : new Map();
  const startedMs = performance.now();
  try {
    await ensureDaemon(config, state, options.logLevel);
  } catch (error) {
    if (existing?.created === undefined || !changed) throw error;
    exchangeSettings(state, existing, before);
    if (running) await bringBack(existing, options.logLevel, progress);
    throw error;
  }
  progress.step(
    `Platform ${name} started in ${formatDuration(performance.now() - startedMs)}: ${platformUrls(config).front}/`,
  );
  return readConfigOrExplain(name) ?? config;
}

/** Settings that do not work must not cost the platform that ran without them. */
async function bringBack(config: PlatformConfig, logLevel: string, progress: Progress): Promise<void> {
  try {
    await ensureDaemon(config, stateDirectory(config.name), logLevel);
    progress.step(`Platform ${config.name} runs again with the settings it had`);
  } catch (error) {
    progress.step(`Platform ${config.name} does not start with the settings it had either: ${errorText(error)}`);
  }
}

/** The configuration that the flags ask for: what is not said stays as it is. */
async function configFrom(flags: CreateOptions, existing: PlatformConfig | undefined): Promise<PlatformConfig> {
  const host = flags.host?.toLowerCase() ?? existing?.host ?? "skiff.localhost";
  return {
    layout: 1,
    name: flags.name,
    host,
    ingressHost:
      flags.ingressHostName?.toLowerCase() ?? (flags.host === undefined ? existing?.ingressHost : undefined) ?? host,
    protocol: flags.protocol ?? existing?.protocol ?? "https",
    port: flags.port ?? existing?.port ?? 8443,
    apiPort: flags.apiPort ?? existing?.apiPort ?? (await freePort()),
    usePathRouting: flags.usePathRouting ?? existing?.usePathRouting ?? false,
    devPassword: flags.devPassword ?? existing?.devPassword ?? false,
    listenAddress: flags.listenAddress ?? existing?.listenAddress ?? "127.0.0.1",
    compute: flags.compute ?? existing?.compute ?? "none",
    nodes: flags.nodes ?? existing?.nodes ?? 1,
    ...(existing?.created === undefined ? {} : { created: existing.created }),
  };
}

/** @returns the files that the platform had before */
function exchangeSettings(state: StateDirectory, config: PlatformConfig, files: AccessFiles): AccessFiles {
  writeConfig(state, config);
  return exchangeFiles(files, state);
}

function write<T>(action: () => T, directory: string): T {
  try {
    return action();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOSPC") throw new CliError("disk-full", { file: directory }, { cause: error });
    throw new CliError(
      "state-unwritable",
      { why: `Cannot write to ${directory}: ${errorText(error)}`, directory },
      { cause: error },
    );
  }
}

/** Tells the platform of the packages. Those it has already stay; a package given again keeps its place at the end. */
async function applyLocalbuild(
  client: Client,
  config: PlatformConfig,
  packages: readonly PackageArgument[],
): Promise<Awaited> {
  const live = await client.get<Localbuild>(localbuilds, { name: config.name });
  if (live === undefined)
    throw new CliError("start-failed", {
      name: config.name,
      why: "its Localbuild is missing",
      log: stateDirectory(config.name).log,
    });
  const configs = live.spec.packageConfigs ?? {};
  const of = (type: PackageArgument["type"]) =>
    packages.flatMap((item) => (item.type === type ? [sourceOf(item)] : []));
  const merged = (before: readonly string[] | undefined, added: readonly string[]) => [
    ...new Set([...(before ?? []), ...added]),
  ];
  const sources = packages.map(sourceOf);
  const known = [
    ...(configs.customPackageDirs ?? []),
    ...(configs.customPackageFiles ?? []),
    ...(configs.customPackageUrls ?? []),
  ];
  const before = parseOrder(live.metadata.annotations?.[packageAnnotations.order], known).filter(
    (source) => !sources.includes(source),
  );
  const startTime = new Date().toISOString();
  const patch = {
    metadata: {
      annotations: {
        [packageAnnotations.startTime]: startTime,
        [packageAnnotations.order]: JSON.stringify([...before, ...sources]),
      },
    },
    spec: {
      packageConfigs: {
        customPackageDirs: merged(configs.customPackageDirs, of("directory")),
        customPackageFiles: merged(configs.customPackageFiles, of("file")),
        customPackageUrls: merged(configs.customPackageUrls, of("url")),
      },
    },
  };
  await client.patch<Localbuild>(localbuilds, { name: config.name }, "merge", patch, { fieldManager: "idpbuilder" });
  return { startTime, sources };
}

function parseOrder(text: string | undefined, known: readonly string[]): string[] {
  try {
    const order: unknown = JSON.parse(text ?? "null");
    if (Array.isArray(order)) return order.filter((item) => typeof item === "string");
  } catch {
    // Somebody edited the annotation; the lists of the spec still say what there is.
  }
  return [...known];
}

function sourceOf(item: PackageArgument): string {
  return item.type === "url" ? item.url : item.path;
}

async function waitUntilReady(
  observation: Observation,
  awaited: Awaited,
  run: Run & { name: string; timeout: string; simulated: boolean; ended: Promise<never> },
): Promise<Item[]> {
  let last = "";
  let changedMs = performance.now();
  const interrupted = interruption();
  for (;;) {
    const items = assess(observation.snapshot(), awaited);
    const open = flatten(items).filter(({ state, children }) => state !== "ready" && children.length === 0);
    if (JSON.stringify(items) !== last) {
      last = JSON.stringify(items);
      changedMs = performance.now();
      run.progress.show(items);
    }
    if (open.length === 0) return items;
    const nowMs = performance.now();
    const waiting = open.filter(({ state }) => state !== "needs-pods" && state !== "broken");
    const stuck = nowMs - changedMs > stuckMs && waiting.every(({ state }) => state === "failing");
    if (interrupted.signal.aborted) throw new CliError("interrupted", { name: run.name });
    if (waiting.length === 0 || stuck || nowMs > run.deadlineMs) throw notReady(open, run, nowMs > run.deadlineMs);
    const limitMs = Math.min(run.deadlineMs - nowMs + 1, 1000);
    await Promise.race([observation.changed(limitMs), interrupted.promise, run.ended]);
  }
}

function notReady(
  open: readonly Item[],
  run: { name: string; timeout: string; simulated: boolean },
  timedOut: boolean,
): CliError {
  const why = treeLines(open, 400, "  ").join("\n");
  const failed = open.filter(({ state }) => state === "broken" || state === "failing");
  // What is broken does not heal by waiting, however late it was found.
  const isDefinite = open.every(({ state }) => state === "broken");
  if (failed.length > 0 && (isDefinite || !timedOut))
    return new CliError("package-failed", { name: run.name, count: failed.length, why });
  if (open.every(({ state }) => state === "needs-pods"))
    return new CliError(run.simulated ? "needs-outside" : "needs-pods", { why });
  return new CliError("not-ready", { name: run.name, timeout: run.timeout, why });
}

/** Ctrl-C ends the waiting, not the platform. */
function interruption(): { signal: AbortSignal; promise: Promise<void> } {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    controller.abort();
    resolve();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return { signal: controller.signal, promise };
}

async function stayAndShow(observation: Observation, awaited: Awaited, progress: Progress): Promise<void> {
  const interrupted = interruption();
  progress.step("Showing changes; Ctrl-C ends this command, the platform runs on");
  while (!interrupted.signal.aborted) {
    progress.show(assess(observation.snapshot(), awaited));
    await Promise.race([observation.changed(60_000), interrupted.promise]);
  }
  await delay(0);
}

type Finished = { items: readonly Item[]; file: string; readyMs: number; totalMs: number; output: "text" | "json" };

function finish(config: PlatformConfig, { items, file, readyMs, totalMs, output }: Finished): void {
  const urls = platformUrls(config);
  const applications = flatten(items).filter(
    ({ what, state }) => what.startsWith("Application ") && state === "ready",
  ).length;
  if (output === "json") {
    const event = {
      time: new Date().toISOString(),
      event: "finished",
      name: config.name,
      url: `${urls.front}/`,
      git: urls.git,
      kubernetesApi: `https://127.0.0.1:${config.apiPort}`,
      kubeconfig: file,
      compute: config.compute,
      applications,
      readyMs: Math.round(readyMs),
      totalMs: Math.round(totalMs),
    };
    process.stdout.write(`${JSON.stringify(event)}\n`);
    return;
  }
  const trusting = config.protocol === "https" ? ` -c http.sslCAInfo=${caCertificateFile(config.name)}` : "";
  const command = (verb: string) => commandLine(verb, config.name);
  const ready =
    applications === 0
      ? ""
      : `, ${applications} ${applications === 1 ? "application" : "applications"} Synced and Healthy`;
  process.stdout.write(`
Finished creating platform ${config.name} in ${formatDuration(totalMs)}${ready}

  Front page   ${urls.front}/
  Git          ${urls.git}/
  Kubernetes   kubectl get applications -A          (context skiff-${config.name} in ${file})
  Pods         ${computeText(config)}
  Credentials  ${command("get secrets")}
  Clone        git${trusting} clone ${urls.git}/giteaAdmin/<repository>.git
  Trust        ${command("trust").padEnd(36)} (how to make browsers and git accept the certificate)
  Stop         ${command("stop")}
`);
}

/** A command as this user types it: npm's users have no `skiff` in their path. */
function commandLine(verb: string, name: string): string {
  const skiff = process.env["npm_lifecycle_event"] === undefined ? "skiff" : "npm run skiff --";
  return `${skiff} ${verb}${name === defaultName ? "" : ` --name ${name}`}`;
}

function openProgress({ output, color }: Pick<CreateOptions, "output" | "color">): Progress {
  if (output === "json")
    return jsonProgress(
      (line) => process.stdout.write(line),
      () => new Date(),
    );
  const isTerminal = process.stderr.isTTY && process.env["CI"] === undefined;
  const isColored = (color || isTerminal) && !process.env["NO_COLOR"];
  const write = (text: string) => process.stderr.write(isColored ? colorMarks(text) : text);
  if (!isTerminal) return lineProgress(write);
  // A window changes its size while it is watched.
  const terminal = {
    write,
    get columns() {
      return process.stderr.columns;
    },
    get rows() {
      return process.stderr.rows;
    },
  };
  return treeProgress(terminal, () => performance.now());
}

function parsePackage(text: string): PackageArgument {
  try {
    return parsePackageArgument(text, process.cwd());
  } catch (error) {
    throw new CliError("package-invalid", { why: errorText(error) });
  }
}

function refuseKindFlags(flags: CreateFlags): void {
  const given: [boolean, string, string][] = [
    [flags.kubeVersion !== undefined, "--kube-version", "the version served is printed by: kubectl version"],
    [flags.kindConfig !== undefined, "--kind-config", ""],
    [flags.extraPorts !== undefined, "--extra-ports", "services are reached through the gateway's port"],
    [flags.registryConfig !== undefined, "--registry-config", "no images are pulled"],
    [
      flags.packageCustomFile !== undefined,
      "--package-custom-file",
      "Git, GitOps and the gateway are built in and have no manifests to override",
    ],
  ];
  const first = given.find(([present]) => present);
  if (first !== undefined) throw new CliError("kind-only", { flag: first[1], instead: first[2] });
}
