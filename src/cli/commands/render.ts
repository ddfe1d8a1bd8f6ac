import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { type KubeObject, stringifyYaml, textAt } from "../../apimachinery/index.ts";
import { type Application, builtinResources, parseApplication } from "../../apis/index.ts";
import { createChartStore } from "../../charts/index.ts";
import type { Client } from "../../client/index.ts";
import {
  type ClusterVersions,
  clusterVersions,
  compileIgnoreDifferences,
  createInlineRenderer,
  type LoadedSource,
  normalizeTargets,
  type RenderOnceOptions,
  readKustomizeBuildOptions,
  readRepositorySecrets,
  renderApplication,
  roleOf,
} from "../../gitops/index.ts";
import { errorText } from "../../lib/index.ts";
import { chartTrust, platformsRoot, readClusterSecret, stateDirectory } from "../../platform/index.ts";
import type { Manifest } from "../../render/index.ts";
import { connectPlatform } from "../connect.ts";
import { CliError } from "../errors.ts";
import { compareLive, difference, discoverKinds, type Kinds, lookupIn } from "../render/compare-live.ts";
import { type Found, findOnDisk } from "../render/find-applications.ts";
import { overridesFrom, type RenderFlags } from "../render/render-flags.ts";
import { openRepositoryReader, platformRepositories, type RepositoryReader } from "../render/repository-reader.ts";
import { commitOf, type LocalRepository, withLocalRepositories } from "../render/working-tree.ts";

const applicationNamespace = "argocd";
const applicationResource = {
  group: "argoproj.io",
  version: "v1alpha1",
  resource: "applications",
  kind: "Application",
  namespaced: true,
};

type Cluster = { client: Client; kinds: Kinds; versions: ClusterVersions };

/** Prints what an application, a chart, a kustomization or a directory would apply, or how that differs from what is there. */
export async function render(what: string, flags: RenderFlags): Promise<void> {
  const { text, differs } = await renderText(what, flags);
  process.stdout.write(text);
  if (text === "" && flags.diff === undefined)
    process.stderr.write(`Nothing would be applied: ${what} gives no objects\n`);
  // As kubectl diff and argocd app diff end when there are differences.
  if (differs) process.exitCode = 1;
}

/** What {@link render} prints, and whether it is differences. */
export async function renderText(what: string, flags: RenderFlags): Promise<{ text: string; differs: boolean }> {
  const overrides = overridesFrom(flags);
  const onDisk = findOnDisk(what, { name: flags.name, namespace: flags.namespace ?? "" });
  if (onDisk === undefined && !existsSync(stateDirectory(flags.platform).root))
    throw new CliError("nothing-to-render", { what, name: flags.platform });
  const needsCluster = onDisk === undefined || flags.diff === true || flags.lookup;
  using connection = needsCluster ? connectPlatform(flags.platform) : undefined;
  const cluster = connection === undefined ? undefined : await clusterOf(connection.client);
  const found = onDisk ?? (await findInPlatform(what, flags.platform, connection?.client));
  await using parts = new AsyncDisposableStack();
  const repositories = parts.use(openRepositoryReader());
  const state = stateDirectory(flags.platform);
  const cache = existsSync(state.root) ? state.charts : join(platformsRoot(), ".cache", "charts");
  const services: Services = {
    charts: parts.use(createChartStore({ directory: cache, ...chartTrust(state) })),
    renderer: createInlineRenderer(),
    cluster: async () => cluster?.versions ?? { kubeVersion: "", apiVersions: [], id: "" },
    repositories: async (project) =>
      connection === undefined
        ? { repositories: [], templates: [] }
        : await readRepositorySecrets(connection.client, { namespace: applicationNamespace, project, of: "charts" }),
    kustomizeBuildOptions: async () => await kustomizeBuildOptions(flags, connection?.client),
    randomSecret: readClusterSecret(state),
    now: () => new Date(),
    overrides: {
      ...overrides,
      ...(found.isBare && { rootName: [...found.local.keys()][0], reorder: "legacy" as const }),
      ...(flags.lookup && cluster !== undefined && { lookup: lookupIn(cluster.client, cluster.kinds) }),
    },
    signal: new AbortController().signal,
  };
  const output: string[] = [];
  for (const application of found.applications) {
    const one = { application, found, flags, services, cluster, repositories };
    output.push(flags.diff === undefined ? await printed(one) : await compared(one, flags.diff));
  }
  const text = output.join("");
  return { text, differs: flags.diff !== undefined && text !== "" };
}

type Services = Omit<RenderOnceOptions, "revisions" | "git">;
type One = {
  application: Application;
  found: Found;
  flags: RenderFlags;
  services: Services;
  repositories: RepositoryReader;
  cluster: Cluster | undefined;
};

/** What the command line says, else what the platform does. */
async function kustomizeBuildOptions(
  { enableHelm, loadRestrictor }: RenderFlags,
  client: Client | undefined,
): Promise<string> {
  const own = [
    ...(enableHelm ? ["--enable-helm"] : []),
    ...(loadRestrictor === undefined ? [] : [`--load-restrictor=${loadRestrictor}`]),
  ];
  if (own.length > 0 || client === undefined) return own.join(" ");
  return await readKustomizeBuildOptions(client, applicationNamespace);
}

async function clusterOf(client: Client): Promise<Cluster> {
  const [kinds, versions] = await Promise.all([discoverKinds(client), clusterVersions(client)]);
  return { client, kinds, versions };
}

async function findInPlatform(name: string, platform: string, client: Client | undefined): Promise<Found> {
  const object = await client?.get(applicationResource, { namespace: applicationNamespace, name });
  if (object === undefined || client === undefined) {
    const { items = [] } = (await client?.list(applicationResource, { namespace: applicationNamespace })) ?? {};
    const all = items.map(({ metadata }) => metadata.name ?? "").join(", ");
    throw new CliError("nothing-to-render", { what: name, name: platform, all });
  }
  const application = parseApplication(object);
  return { applications: [application], isBare: false, local: platformRepositories(application, platform) };
}

async function renderAt(
  { application, found, flags, services, repositories }: One,
  revision: string | undefined,
): Promise<LoadedSource[]> {
  const { source, sources = [] } = application.spec;
  const all = sources.length > 0 ? sources : source === undefined ? [] : [source];
  const followed = all.find(({ chart }) => chart === undefined)?.repoURL ?? all[0]?.repoURL;
  try {
    const revisions = all.map(({ repoURL }) =>
      revision === undefined || repoURL !== followed ? "" : revisionIn(found.local.get(repoURL), revision),
    );
    const isWorking = (url: string) => revision === undefined || url !== followed;
    const git = withLocalRepositories(async () => await repositories.open(), found.local, isWorking);
    const loaded = await renderApplication(application, { ...services, git, revisions });
    refuseUnusedValues(loaded, services.overrides?.values !== undefined);
    return loaded;
  } catch (error) {
    if (error instanceof CliError) throw error;
    const why = found.isBare
      ? withShownPaths(errorText(error), source?.path ?? "")
      : `Application ${application.metadata.name}: ${errorText(error)}`;
    throw new CliError(flags.diff === undefined ? "render-failed" : "diff-failed", { why }, { cause: error });
  }
}

/** @throws {CliError} when there are values for charts and no chart */
function refuseUnusedValues(loaded: readonly LoadedSource[], hasValues: boolean): void {
  if (!hasValues || loaded.some(({ sourceType }) => sourceType === "Helm")) return;
  const is = loaded.some(({ sourceType }) => sourceType === "Kustomize")
    ? "a kustomization"
    : "a directory of manifests";
  throw new CliError("usage", { why: `--values and --set are for charts, and this is ${is}`, command: "skiff render" });
}

/** Outside of any repository paths begin at the root of the disk; they are shown as the user can find them. */
function withShownPaths(text: string, path: string): string {
  const root = join("/", path);
  return existsSync(root) ? text.replaceAll(`"${path}/`, `"${relative(process.cwd(), root) || "."}/`) : text;
}

/** Names of revisions that only a repository on this machine can know, such as `HEAD~1`, are looked up there. */
function revisionIn(repository: LocalRepository | undefined, revision: string): string {
  return repository === undefined ? revision : commitOf(repository, revision);
}

async function printed(one: One): Promise<string> {
  const loaded = await renderAt(one, one.flags.revision);
  const documents = wanted(loaded, one).map(({ object, file }) => {
    const source = file === "" ? "" : `# Source: ${shownFile(file, one.found)}\n`;
    return `---\n${source}${stringifyYaml(object)}`;
  });
  return documents.join("");
}

/** Files outside of any repository are named as the user can find them; those of a chart begin with its name. */
function shownFile(file: string, { isBare, local }: Found): string {
  const [tree] = local.values();
  const path = isBare && tree !== undefined ? join(tree.git, file) : file;
  return path !== file && existsSync(path) ? relative(process.cwd(), path) : file;
}

/** The objects that would be applied: of a bare directory as its tool gives them, else with what an application adds. */
function wanted(loaded: readonly LoadedSource[], { application, found, flags, cluster }: One): Manifest[] {
  const manifests = loaded.flatMap((source) => source.manifests);
  if (found.isBare) return manifests;
  const { namespace = "" } = application.spec.destination;
  const { targets } = normalizeTargets(manifests, {
    app: application.metadata.name,
    namespace: flags.namespace ?? namespace,
    isNamespaced: (group, kind) => isNamespaced({ group, kind }, manifests, cluster),
  });
  return targets.filter(({ object }) => !["skip", "ignore"].includes(roleOf(object).role));
}

function isNamespaced(
  { group, kind }: { group: string; kind: string },
  manifests: readonly Manifest[],
  cluster: Cluster | undefined,
): boolean | undefined {
  const builtin = builtinResources.find((resource) => resource.group === group && resource.kind === kind);
  if (builtin !== undefined) return builtin.namespaced;
  const definition = manifests.find(
    ({ object }) =>
      object.kind === "CustomResourceDefinition" &&
      textAt(object, "spec", "group") === group &&
      textAt(object, "spec", "names", "kind") === kind,
  );
  if (definition !== undefined) return textAt(definition.object, "spec", "scope") !== "Cluster";
  return cluster?.kinds.findKind(group, kind)?.namespaced;
}

async function compared(one: One, diff: string | true): Promise<string> {
  const objects = wanted(await renderAt(one, one.flags.revision), one).map(({ object }) => object);
  if (diff === true) return await comparedWithCluster(objects, one);
  const others = wanted(await renderAt(one, diff), one).map(({ object }) => object);
  const before = byKey(others);
  const after = byKey(objects);
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys
    .map((key) => difference(before.get(key), after.get(key), { before: diff, after: one.flags.revision ?? "now" }))
    .join("");
}

async function comparedWithCluster(
  objects: readonly KubeObject[],
  { application, found, flags, cluster }: One,
): Promise<string> {
  if (cluster === undefined) return "";
  const place = flags.namespace ?? "default";
  // Hooks are made anew with each sync.
  const kept = found.isBare ? objects : objects.filter((object) => roleOf(object).role === "resource");
  const placed = kept.map((object) => {
    const isPlaced = object.metadata.namespace !== undefined || !found.isBare;
    if (isPlaced || cluster.kinds.find(object)?.namespaced !== true) return object;
    return { ...object, metadata: { ...object.metadata, namespace: place } };
  });
  const keys = byKey(placed);
  const extra = (application.status?.resources ?? []).flatMap(
    ({ group = "", version = "", kind = "", namespace, name = "" }) => {
      const apiVersion = group === "" ? version : `${group}/${version}`;
      const object: KubeObject = {
        apiVersion,
        kind,
        metadata: { name, ...(namespace !== undefined && { namespace }) },
      };
      return keys.has(keyOf(object)) ? [] : [object];
    },
  );
  return await compareLive(placed, extra, cluster, compileIgnoreDifferences(application.spec.ignoreDifferences));
}

function byKey(objects: readonly KubeObject[]): Map<string, KubeObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

function keyOf({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return [group, kind, metadata.namespace ?? "", metadata.name ?? metadata.generateName ?? ""].join("/");
}
