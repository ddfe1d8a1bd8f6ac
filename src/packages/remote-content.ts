import type { RemoteRepository } from "../apis/index.ts";
import type { Sources } from "../git/index.ts";
import type { ContentFile } from "./read-directory.ts";

/**
 * Files below a directory of a remote repository at its ref, which is fetched anew.
 *
 * @param select.wanted which of them, by path relative to `select.path`; all without it
 * @throws {Error} when there is no such directory
 */
export async function remoteFiles(
  remote: RemoteRepository,
  sources: Sources,
  select: { path: string; wanted?: (path: string) => boolean },
  signal: AbortSignal,
): Promise<Map<string, ContentFile>> {
  const { path, wanted = () => true } = select;
  const commit = await sources.resolve(remote.url, remote.ref ?? "HEAD", { signal, refresh: true });
  return await filesAt(sources, { url: remote.url, commit, path, wanted });
}

/** The whole content of a remote directory, submodules included unless the URL says otherwise. */
export async function remoteContent(
  remote: RemoteRepository,
  sources: Sources,
  signal: AbortSignal,
): Promise<Map<string, ContentFile>> {
  const commit = await sources.resolve(remote.url, remote.ref ?? "HEAD", { signal, refresh: true });
  const files = await filesAt(sources, { url: remote.url, commit, path: remote.path, wanted: () => true });
  if (remote.cloneSubmodules !== false)
    await addSubmodules(files, { url: remote.url, commit, path: remote.path }, { sources, signal, depth: 1 });
  return files;
}

type Place = { url: string; commit: string; path: string };

/** Submodules of submodules; more than a few levels is a repository that contains itself. */
const depthMax = 5;

async function addSubmodules(
  files: Map<string, ContentFile>,
  { url, commit, path }: Place,
  context: { sources: Sources; signal: AbortSignal; depth: number },
): Promise<void> {
  const { sources, signal, depth } = context;
  if (depth > depthMax) throw new Error(`Cannot copy ${url}: its submodules are nested more than ${depthMax} deep`);
  const below = path === "" ? "" : `${path}/`;
  for (const submodule of await sources.submodules(url, commit)) {
    if (!submodule.path.startsWith(below)) continue;
    const prefix = submodule.path.slice(below.length);
    const at = await sources.resolve(submodule.url, submodule.commit, { signal });
    const inner = await filesAt(sources, { url: submodule.url, commit: at, path: "", wanted: () => true });
    await addSubmodules(inner, { url: submodule.url, commit: at, path: "" }, { sources, signal, depth: depth + 1 });
    for (const [name, file] of inner) files.set(`${prefix}/${name}`, file);
  }
}

async function filesAt(sources: Sources, { url, commit, path, wanted }: Place & { wanted: (path: string) => boolean }) {
  const files = await sources.files(url, commit, path, { filter: (file) => wanted(file.path) });
  if (files === undefined) throw new Error(`path not a directory: ${path} at ${commit.slice(0, 7)} of ${url}`);
  return files;
}
