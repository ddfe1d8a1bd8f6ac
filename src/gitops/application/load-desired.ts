import { posix } from "node:path";
import type { ApplicationSource, Condition, SourceType } from "../../apis/index.ts";
import type { Sources, TreeFile } from "../../git/index.ts";
import { errorText } from "../../lib/index.ts";
import { detectSourceType, type Manifest, renderDirectory, type SourceFile, selectFiles } from "../../render/index.ts";

/** What we need of Git: any repository by its URL, ours or another's. */
export type GitSources = Pick<Sources, "resolve" | "entry" | "tree" | "blob" | "isLocal">;

/**
 * @property resolve branches and tags may have moved since they were last asked for
 * @property refresh somebody wants the newest, whatever it costs
 */
export type LoadOptions = { resolve: boolean; refresh: boolean; signal: AbortSignal };

export type SourceRequest = { source: ApplicationSource; revision: string };

/** What one source gives: manifests, or what is wrong with it. */
export type LoadedSource = { revision: string; sourceType: SourceType; manifests: readonly Manifest[] };

export type Loaded =
  | { ok: true; sources: LoadedSource[] }
  | { ok: false; error: Condition; revisions: string[]; sourceTypes: SourceType[] };

/** Remembers what the sources of one application gave, so that commits that change nothing in them cost nothing. */
export type SourceMemory = {
  commits: Map<string, string>;
  rendered: Map<string, { commit: string; treeOid: string; sourceType: SourceType; manifests: readonly Manifest[] }>;
};

/** More sources than any application we know of has (five); what an application no longer uses must not pile up. */
const rememberedMax = 64;

export function createSourceMemory(): SourceMemory {
  return { commits: new Map(), rendered: new Map() };
}

/** A source that cannot be used, but says what it is. */
class UnsupportedSourceError extends Error {
  readonly sourceType: SourceType;
  constructor(sourceType: SourceType, message: string) {
    super(message);
    this.sourceType = sourceType;
  }
}

/**
 * Loads what the sources of an application want.
 *
 * @param requests sources with the revision of each; an empty one means that of the source
 */
export async function loadSources(
  git: GitSources,
  requests: readonly SourceRequest[],
  memory: SourceMemory,
  options: LoadOptions,
): Promise<Loaded> {
  const loaded: LoadedSource[] = [];
  for (const [index, request] of requests.entries()) {
    try {
      loaded.push(await loadSource(git, request, memory, options));
    } catch (error) {
      const message = `Failed to load target state: failed to generate manifest for source ${index + 1} of ${requests.length}: ${errorText(error)}`;
      const sourceTypes = loaded.map(({ sourceType }) => sourceType);
      if (error instanceof UnsupportedSourceError) sourceTypes.push(error.sourceType);
      const revisions = loaded.map(({ revision }) => revision);
      return { ok: false, error: { type: "ComparisonError", message }, revisions, sourceTypes };
    }
  }
  return { ok: true, sources: loaded };
}

async function loadSource(
  git: GitSources,
  { source, revision }: SourceRequest,
  memory: SourceMemory,
  options: LoadOptions,
): Promise<LoadedSource> {
  if (source.chart)
    throw unsupported("Helm", `chart ${JSON.stringify(source.chart)} of the Helm repository ${source.repoURL}`);
  const commit = await resolveOnce(git, source.repoURL, revision || source.targetRevision || "HEAD", memory, options);
  const isOnlyReference = Boolean(source.ref) && !source.path;
  const path = confine(source.path ?? "");
  const key = JSON.stringify([source.repoURL, path, source.directory, source.helm, source.kustomize, source.plugin]);
  if (isOnlyReference) return { revision: commit, sourceType: "Directory", manifests: [] };
  const known = memory.rendered.get(key);
  if (known?.commit === commit) return loadedFrom(known);
  // The id of the tree is the same as long as nothing below the path changes; then there is nothing to read.
  const entry = await git.entry(source.repoURL, commit, path);
  if (entry === undefined) throw new Error(`${source.path}: app path does not exist`);
  const rendered =
    known?.treeOid === entry.oid
      ? known
      : await renderTree(git, { source, commit, path, tree: await treeAt(git, source, commit, path) });
  if (memory.rendered.size >= rememberedMax) memory.rendered.clear();
  const { sourceType, manifests } = rendered;
  const remembered = { commit, treeOid: entry.oid, sourceType, manifests };
  memory.rendered.set(key, remembered);
  return loadedFrom(remembered);
}

async function treeAt(git: GitSources, source: ApplicationSource, commit: string, path: string): Promise<TreeFile[]> {
  const tree = await git.tree(source.repoURL, commit, path);
  if (tree === undefined) throw new Error(`${source.path}: app path is not a directory`);
  return tree;
}

function loadedFrom({
  commit,
  sourceType,
  manifests,
}: Omit<LoadedSource, "revision"> & { commit: string }): LoadedSource {
  return { revision: commit, sourceType, manifests };
}

async function resolveOnce(
  git: GitSources,
  repoURL: string,
  revision: string,
  { commits }: SourceMemory,
  { resolve, refresh, signal }: LoadOptions,
): Promise<string> {
  const name = `${repoURL}#${revision}`;
  const known = commits.get(name);
  if (known !== undefined && !resolve) return known;
  const commit = await git.resolve(repoURL, revision, { signal, refresh });
  if (commits.size >= rememberedMax) commits.clear();
  commits.set(name, commit);
  return commit;
}

/** Paths may contain `..` but must not lead out of the repository. */
function confine(path: string): string {
  if (posix.isAbsolute(path)) throw new Error(`${path}: app path is absolute`);
  const normal = posix.normalize(path === "" ? "." : path).replace(/\/$/, "");
  if (normal === ".." || normal.startsWith("../")) throw new Error(`${path}: app path outside root`);
  return normal === "." ? "" : normal;
}

type Place = { source: ApplicationSource; commit: string; path: string; tree: readonly TreeFile[] };

async function renderTree(
  git: GitSources,
  place: Place,
): Promise<{ sourceType: SourceType; manifests: readonly Manifest[] }> {
  const { source, path, tree } = place;
  const sourceType = detectSourceType(
    source,
    tree.map((file) => file.path),
  );
  if (sourceType !== "Directory") throw unsupported(sourceType, whatWasFound(sourceType, place));
  const options = source.directory ?? {};
  const files = await Promise.all(selectFiles(tree, options).map((file) => readable(git, file, place)));
  const manifests = await renderDirectory(
    files.flatMap((file) => file ?? []),
    { ...options, root: path },
  );
  return { sourceType, manifests };
}

function unsupported(sourceType: SourceType, found: string): UnsupportedSourceError {
  const message = `source type ${sourceType} is not supported yet, only directories of plain manifests are; found ${found}`;
  return new UnsupportedSourceError(sourceType, message);
}

function whatWasFound(sourceType: SourceType, { source, path, tree }: Place): string {
  const named = source[sourceType === "Helm" ? "helm" : sourceType === "Kustomize" ? "kustomize" : "plugin"];
  const marks = sourceType === "Helm" ? /Chart\.yaml$/ : /^(kustomization\.ya?ml|Kustomization)$/;
  const file = tree.find((one) => !one.path.includes("/") && marks.test(one.path));
  if (file !== undefined) return posix.join(path, file.path);
  return named === undefined ? `path ${JSON.stringify(path)}` : `the field ${sourceType.toLowerCase()} of the source`;
}

const symlinkMode = "120000";

/** A symbolic link counts as the file that it leads to, if that is in the repository. */
async function readable(
  git: GitSources,
  file: TreeFile,
  { source, commit, path }: Place,
): Promise<SourceFile | undefined> {
  const { repoURL } = source;
  if (file.mode !== symlinkMode) {
    return { path: file.path, sizeBytes: file.sizeBytes, read: () => git.blob(repoURL, file.oid) };
  }
  const link = Buffer.from(await git.blob(repoURL, file.oid)).toString();
  const target = posix.normalize(posix.join(path, posix.dirname(file.path), link));
  if (posix.isAbsolute(link) || target.startsWith("../"))
    throw new Error(`illegal filepath in symlink at "${file.path}"`);
  const folder = posix.dirname(target);
  const siblings = await git.tree(repoURL, commit, folder === "." ? "" : folder);
  const real = siblings?.find((sibling) => sibling.path === posix.basename(target));
  if (real === undefined || real.mode === symlinkMode) return undefined;
  return { path: file.path, sizeBytes: real.sizeBytes, read: () => git.blob(repoURL, real.oid) };
}
