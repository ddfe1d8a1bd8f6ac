import { normalPath } from "./file-tree.ts";

/** Where a file is: in the tree of the source itself, `""`, or in that of another source, `$name`. */
export type Place = { tree: string; path: string };

/**
 * What a render has looked at: a name for each look, and what was there. Of paths that is an id, `""` for what was not there;
 * of repositories a commit; of variables their value.
 */
export type Reads = Map<string, string>;

/** What the cluster serves. */
export const clusterRead = "cluster";
/** Flags for `kustomize build`. */
export const settingsRead = "kustomize build";

export function pathRead({ tree, path }: Place): string {
  return `path ${tree}:${normalPath(path)}`;
}

/** @returns `undefined` for reads of other kinds, as the next ones do */
export function placeOfRead(read: string): Place | undefined {
  const [, tree, path] = /^path ([^:]*):(.*)$/s.exec(read) ?? [];
  return tree === undefined || path === undefined ? undefined : { tree, path };
}

/** What a revision of a further repository means. */
export function repositoryRead(repoURL: string, revision: string): string {
  return `git ${repoURL}#${revision || "HEAD"}`;
}

export function repositoryOfRead(read: string): { repoURL: string; revision: string } | undefined {
  const [, repoURL, revision] = /^git (.*)#([^#]*)$/s.exec(read) ?? [];
  return repoURL === undefined || revision === undefined ? undefined : { repoURL, revision };
}

/** A variable of the build environment. */
export function variableRead(name: string): string {
  return `variable ${name}`;
}

export function variableOfRead(read: string): string | undefined {
  return /^variable (.*)$/s.exec(read)?.[1];
}

export function isAboutCluster(read: string): boolean {
  return read === clusterRead || variableOfRead(read)?.startsWith("KUBE_") === true;
}

/** What was fetched from where nobody tells of changes. */
export function outsideRead(what: string): string {
  return `outside ${what}`;
}

export function isOutside(read: string): boolean {
  return read.startsWith("outside ");
}
