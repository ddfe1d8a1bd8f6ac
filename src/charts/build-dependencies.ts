import { posix } from "node:path";
import { parseYaml } from "../apimachinery/index.ts";
import { readArchive } from "../render/index.ts";
import { checkLock, type Dependency, readDependencies } from "./chart-lock.ts";
import type { ChartCredentials, ChartRepository } from "./credentials.ts";
import { packChart } from "./pack-chart.ts";
import { scalarTextAt } from "./scalar-text.ts";
import { chooseVersion, isVersion, satisfies } from "./versions.ts";

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * What a chart's dependencies may be taken from.
 *
 * @property repositories what `@name` and `alias:name` mean
 * @property credentialsFor what is known of a repository by its URL
 * @property directory the files of a chart that `file://` names: relative to the chart, `../common`, or absolute; `undefined`
 * when there is no such directory. Without it only directories inside the chart are found.
 */
export type DependencySources = {
  repositories?: readonly ChartRepository[];
  credentialsFor?: (url: string) => ChartCredentials | undefined;
  directory?: (path: string) => Promise<Files | undefined>;
};

/** One chart of a repository. */
export type DependencyRequest = { repository: string; chart: string; version: string; credentials?: ChartCredentials };

/**
 * How charts and lists of versions come here.
 *
 * @property versions gives `undefined` for a chart that is not there
 * @property fetch gives the archive, and what it is called
 */
export type DependencyDownloads = {
  versions(request: Omit<DependencyRequest, "version">): Promise<string[] | undefined>;
  fetch(request: DependencyRequest): Promise<{ bytes: Uint8Array; file: string }>;
};

/** More is no chart: the largest public ones have fifty. */
const dependenciesMax = 500;

/**
 * Does what `helm dependency build` does: takes the versions of the lock file, when it is in sync, or the highest that the
 * chart allows, and puts their archives into `charts/`, in place of those that were there.
 *
 * @returns all files of the chart
 * @throws {Error} in Helm's words
 */
export async function buildDependencies(
  files: Files,
  sources: DependencySources,
  downloads: DependencyDownloads,
): Promise<Map<string, Uint8Array>> {
  const list = readDependencies(files);
  if (list.dependencies.length > dependenciesMax)
    throw new Error(`Cannot build dependencies: there are ${list.dependencies.length}, more than ${dependenciesMax}`);
  const needed = resolveRepositories(list.dependencies, sources.repositories ?? []);
  const locals = new Map<string, LocalChart>();
  for (const { repository } of needed) {
    if (repository.startsWith("file://")) locals.set(repository, await localChart(files, repository, sources));
  }
  checkLock(list, needed);
  const locked =
    list.lock === undefined
      ? await resolveVersions(needed, { files, locals, sources, downloads })
      : resolveRepositories(list.lock.dependencies, sources.repositories ?? []);

  const added = new Map<string, Uint8Array>();
  const fetched = new Map<string, Promise<{ bytes: Uint8Array; file: string }>>();
  const waiting = locked.map(async (dependency) => {
    const { name, version, repository } = dependency;
    if (repository === "") return checkVendored(files, dependency);
    if (repository.startsWith("file://")) {
      const local = locals.get(repository) ?? (await localChart(files, repository, sources));
      if (!isAllowed(local.version, dependency)) throw new Error(`can't get a valid version for dependency ${name}`);
      added.set(`charts/${local.name}-${local.version}.tgz`, packChart(local.name, local.files));
      return;
    }
    const key = JSON.stringify([repository, name, version]);
    const credentials = sources.credentialsFor?.(repository);
    const download = fetched.get(key) ?? downloads.fetch({ repository, chart: name, version, credentials });
    fetched.set(key, download);
    const { bytes, file } = await download.catch(explainDownload);
    added.set(`charts/${file}`, bytes);
  });
  const [failed] = (await Promise.allSettled(waiting)).filter((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const vendored = new Set(locked.filter(({ repository }) => repository === "").map(({ name }) => name));
  return new Map([...[...files].filter(([path]) => !isOutdated(path, files, vendored)), ...added]);
}

/** Puts URLs in place of the names of repositories. @throws {Error} for names that nobody has configured */
function resolveRepositories(dependencies: readonly Dependency[], known: readonly ChartRepository[]): Dependency[] {
  const missing: string[] = [];
  const resolved = dependencies.map((dependency) => {
    const { repository } = dependency;
    const [, name] = /^(?:@|alias:)(.*)$/s.exec(repository) ?? [];
    if (name === undefined) {
      if (repository !== "" && !/^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(repository)) missing.push(repository);
      return dependency;
    }
    const found = known.find((candidate) => candidate.name === name);
    if (found === undefined) missing.push(repository);
    return found === undefined ? dependency : { ...dependency, repository: found.url };
  });
  if (missing.length === 0) return resolved;
  const isWord = missing.some((name) => !/\/\/|^@|^alias:/.test(name));
  const hint = isWord
    ? `\nNote that repositories must be URLs or aliases. For example, to refer to the "example"
repository, use "https://charts.example.com/" or "@example" instead of
"example". Don't forget to add the repo, too ('helm repo add').`
    : "";
  throw new Error(`no repository definition for ${missing.join(", ")}. Please add them via 'helm repo add'${hint}`);
}

/** The highest version of each that the chart allows. */
async function resolveVersions(
  dependencies: readonly Dependency[],
  context: {
    files: Files;
    locals: ReadonlyMap<string, LocalChart>;
    sources: DependencySources;
    downloads: DependencyDownloads;
  },
): Promise<Dependency[]> {
  const { files, locals, sources, downloads } = context;
  const missing: string[] = [];
  const resolved = await Promise.all(
    dependencies.map(async (dependency) => {
      const { name, version, repository } = dependency;
      isAllowed("0.0.0", dependency);
      if (repository === "") {
        if (![...files.keys()].some((path) => path.startsWith(`charts/${name}/`) || path === `charts/${name}`))
          throw new Error(`directory charts/${name} not found`);
        return dependency;
      }
      const isOci = repository.startsWith("oci://");
      // A registry need not be asked which versions it has when one is named.
      if (isOci && isVersion(version)) return dependency;
      const request = { repository, chart: name, credentials: sources.credentialsFor?.(repository) };
      const local = locals.get(repository);
      const versions = local === undefined ? await downloads.versions(request) : [local.version];
      if (versions === undefined) throw new Error(`${name} chart not found in repo ${repository}`);
      const found = chooseVersion(
        versions.map((one) => ({ version: one })).filter((one) => isAllowed(one.version, dependency)),
        version,
      );
      if (found !== undefined) return { ...dependency, version: found.version };
      missing.push(
        `${JSON.stringify(name)} (repository ${JSON.stringify(repository)}, version ${JSON.stringify(version)})`,
      );
      return dependency;
    }),
  );
  if (missing.length === 0) return resolved;
  throw new Error(
    `can't get a valid version for ${missing.length} subchart(s): ${missing.join(", ")}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml`,
  );
}

/** @throws {Error} when the dependency asks for what is no version */
function isAllowed(version: string, dependency: Dependency): boolean {
  try {
    return satisfies(version, dependency.version);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const name = JSON.stringify(dependency.name);
    throw new Error(`dependency ${name} has an invalid version/constraint format: ${why}`, { cause });
  }
}

/** @property files without the directory that they are in */
type LocalChart = { name: string; version: string; files: Files };

async function localChart(files: Files, repository: string, sources: DependencySources): Promise<LocalChart> {
  const path = repository.slice("file://".length);
  const normal = posix.normalize(path).replace(/\/$/, "");
  const isInside = !path.startsWith("/") && normal !== ".." && !normal.startsWith("../");
  const found = isInside ? below(files, normal) : await sources.directory?.(path);
  if (found === undefined || found.size === 0) throw new Error(`directory ${path} not found`);
  const metadata = readMetadata(found, path);
  return { name: scalarTextAt(metadata, "name"), version: scalarTextAt(metadata, "version"), files: found };
}

function below(files: Files, directory: string): Files {
  if (directory === ".") return files;
  const prefix = `${directory}/`;
  return new Map(
    [...files].flatMap(([path, bytes]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), bytes] as const] : [],
    ),
  );
}

/** A dependency without a repository is expected in `charts/`. */
function checkVendored(files: Files, dependency: Dependency): void {
  const directory = `charts/${dependency.name}`;
  const version = scalarTextAt(readMetadata(below(files, directory), directory), "version");
  if (isAllowed(version, dependency)) return;
  throw new Error(
    `dependency ${dependency.name} at version ${version} does not satisfy the constraint ${dependency.version}`,
  );
}

function readMetadata(files: Files, directory: string): unknown {
  const chart = files.get("Chart.yaml");
  if (chart === undefined) throw new Error(`unable to load chart '${directory}': Chart.yaml file is missing`);
  return parseYaml(Buffer.from(chart).toString("utf8"), { file: `${directory}/Chart.yaml` });
}

/** Archives that were in `charts/` go, unless they are of a dependency that is expected there. */
function isOutdated(path: string, files: Files, vendored: ReadonlySet<string>): boolean {
  const bytes = files.get(path);
  if (bytes === undefined || !/^charts\/[^/]*$/.test(path)) return false;
  try {
    const packed = new Map(readArchive(bytes).map((file) => [file.path, file.bytes]));
    return !vendored.has(scalarTextAt(readMetadata(packed, path), "name"));
  } catch {
    return false;
  }
}

/** Helm says once more what could not be downloaded. */
function explainDownload(cause: unknown): never {
  const [, url] = (cause instanceof Error && /^failed to fetch (\S+) : /.exec(cause.message)) || [];
  if (url === undefined || !(cause instanceof Error)) throw cause;
  throw new Error(`could not download ${url}: ${cause.message}`, { cause });
}
