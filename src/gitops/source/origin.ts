import type { ApplicationSource } from "../../apis/index.ts";
import { findRepository } from "../../charts/index.ts";
import { readArchive } from "../../render/index.ts";
import { type FileTree, gitTree, memoryTree, normalPath } from "./file-tree.ts";
import type { SourceServices } from "./services.ts";

/** Where a source comes from, at one revision. */
export type Origin = {
  /** Commit id, version of a chart, or digest of an artifact. */
  revision: string;
  /** Read when it is first looked at. */
  tree: FileTree;
  /** The directory in the tree that counts; not yet known to be there. */
  path: string;
  /** Whether the same revision is the same content for good, so that nothing in it has to be looked at twice. */
  isFixed: boolean;
};

/** What the revisions of an application's sources meant when they were last asked for. */
export type Revisions = Map<string, string>;

/** More revisions than any application we know of follows (five); what one no longer follows must not pile up. */
const rememberedMax = 64;

/**
 * @property resolve branches, tags and ranges may have moved since they were last asked for
 * @property refresh somebody wants the newest, whatever it costs
 */
export type ResolveOptions = { resolve: boolean; refresh: boolean; signal: AbortSignal };

export type OriginContext = {
  services: SourceServices;
  revisions: Revisions;
  project: string;
  options: ResolveOptions;
  /** Fetches what is there already once more. */
  refetch: boolean;
};

/** @throws {Error} when there is no such repository, revision or chart */
export async function findOrigin(source: ApplicationSource, revision: string, context: OriginContext): Promise<Origin> {
  const { repoURL, chart = "", targetRevision = "" } = source;
  const wanted = revision || targetRevision;
  if (repoURL.startsWith("oci://") && chart === "") return await findArtifact(source, wanted, context);
  if (chart !== "") return await findChart(source, wanted, context);
  const commit = await resolveCommit(repoURL, wanted, context, source.tagPrefix);
  const path = confine(source.path ?? "");
  return { revision: commit, tree: gitTree(context.services.git, repoURL, commit), path, isFixed: false };
}

/**
 * The commit that a revision of a repository means; an empty one means its default branch.
 *
 * @param tagPrefix what stands before the version in the tags that a version, or a range of them, is for
 */
export async function resolveCommit(
  repoURL: string,
  revision: string,
  context: OriginContext,
  tagPrefix = "",
): Promise<string> {
  const { services, options } = context;
  const wanted = tagPrefix !== "" && isVersion(revision) ? tagPrefix + revision : revision || "HEAD";
  return await once(
    `git ${repoURL}#${wanted} ${tagPrefix}`,
    context,
    async () => await services.git.resolve(repoURL, wanted, { ...options, tagPrefix }),
  );
}

/** Also one with parts left out, which is no range. */
function isVersion(revision: string): boolean {
  return /^v?\d+(\.\d+){0,2}(-[\w.-]+)?(\+[\w.-]+)?$/.test(revision);
}

async function findChart(source: ApplicationSource, wanted: string, context: OriginContext): Promise<Origin> {
  const { services, project, options, refetch } = context;
  const { repoURL, chart = "", helm } = source;
  const request = async (version: string, refresh: boolean) => ({
    repository: repoURL,
    chart,
    version,
    refresh,
    passCredentials: helm?.passCredentials === true,
    ...(await credentialsFor(repoURL, services, project)),
  });
  const version = await once(`chart ${repoURL} ${chart}#${wanted}`, context, async () => {
    return (await services.charts.resolve(await request(wanted, options.refresh), options.signal)).version;
  });
  const load = async () => {
    const fetched = await services.charts.fetch(await request(version, refetch), options.signal);
    return memoryTree(new Map(readArchive(fetched.bytes).map(({ path, bytes }) => [path, bytes])));
  };
  return { revision: version, tree: lazyTree(load), path: "", isFixed: true };
}

async function findArtifact(source: ApplicationSource, wanted: string, context: OriginContext): Promise<Origin> {
  const { services, project, options, refetch } = context;
  const { repoURL: repository } = source;
  const fetch = async (revision: string, refresh: boolean) => {
    const credentials = await credentialsFor(repository, services, project);
    return await services.charts.artifact({ repository, revision, refresh, ...credentials }, options.signal);
  };
  let files: ReadonlyMap<string, Uint8Array> | undefined;
  const revision = await once(`oci ${repository}#${wanted}`, context, async () => {
    const artifact = await fetch(wanted, options.refresh);
    files = artifact.files;
    return artifact.revision;
  });
  const load = async () => memoryTree(files ?? (await fetch(revision, refetch)).files);
  return { revision, tree: lazyTree(load), path: confine(source.path ?? ""), isFixed: true };
}

async function credentialsFor(url: string, services: SourceServices, project: string) {
  const credentials = findRepository(url, await services.repositories(project));
  return credentials === undefined ? {} : { credentials };
}

async function once(name: string, context: OriginContext, ask: () => Promise<string>): Promise<string> {
  const { revisions, options } = context;
  const known = revisions.get(name);
  if (known !== undefined && !options.resolve) return known;
  const found = await ask();
  if (revisions.size >= rememberedMax) revisions.clear();
  revisions.set(name, found);
  return found;
}

/** A tree that is read when it is first looked at. */
function lazyTree(load: () => Promise<FileTree>): FileTree {
  let loading: Promise<FileTree> | undefined;
  const tree = () => {
    loading ??= load();
    return loading;
  };
  return {
    find: async (path) => await (await tree()).find(path),
    files: async (path) => await (await tree()).files(path),
    read: async (id) => await (await tree()).read(id),
  };
}

/** Paths may contain `..` but must not lead out of the repository. */
function confine(path: string): string {
  if (path.startsWith("/")) throw new Error(`${path}: app path is absolute`);
  const normal = normalPath(path);
  if (normal === ".." || normal.startsWith("../")) throw new Error(`${path}: app path outside root`);
  return normal;
}
