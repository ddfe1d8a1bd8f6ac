import { posix } from "node:path";
import { compareUtf8 } from "../../apimachinery/index.ts";
import { compileGlob } from "../../render/index.ts";
import type { BuildEnvironment } from "./build-environment.ts";
import { normalPath } from "./file-tree.ts";
import type { Place } from "./reads.ts";
import type { SourceFiles } from "./source-files.ts";

/** A values file that has been found: in a tree, or somewhere else. */
export type ValueFile = Place | { url: string };

export type ValueFileContext = {
  files: SourceFiles;
  /** Where the chart is; relative paths begin there, absolute ones at the root of its tree. */
  app: Place;
  environment: BuildEnvironment;
};

/** Argo CD's default for `helm.valuesFileSchemes`. */
const schemes = new Set(["https", "http"]);

/**
 * Finds the value files that a source names, in the order in which they count: an entry that names a file decides about its
 * place, whatever patterns before it match. A pattern gives its files in the order of their names, those of a directory before
 * those below it.
 *
 * @throws {Error} in Argo CD's words; a single file that does not exist is not missed here but by Helm
 */
export async function resolveValueFiles(
  entries: readonly string[],
  { ignoreMissing, ...context }: ValueFileContext & { ignoreMissing: boolean },
): Promise<ValueFile[]> {
  const named = new Set<string>();
  for (const entry of entries) {
    const found = tryLocate(entry, context);
    if (found !== undefined && ("url" in found || !isGlob(found.path))) named.add(keyOf(found));
  }
  const chosen = new Map<string, ValueFile>();
  const add = (file: ValueFile) => {
    if (!chosen.has(keyOf(file))) chosen.set(keyOf(file), file);
  };
  for (const entry of entries) {
    const found = locate(entry, context);
    if ("url" in found) add(found);
    else if (isGlob(found.path)) {
      const matches = await matchesOf(found, context.files);
      if (matches.length === 0 && !ignoreMissing) throw new Error(`values file glob "${entry}" matched no files`);
      for (const match of matches) if (!named.has(keyOf(match))) add(match);
    } else if (!ignoreMissing || (await context.files.find(found)) !== undefined) add(found);
  }
  return [...chosen.values()];
}

/**
 * Where an entry of `valueFiles` or a `fileParameters` path leads: `$name/path` into another source, a URL, or a path.
 *
 * @throws {Error} for paths that lead out, and for URLs of other schemes
 */
export function locate(entry: string, { files, app, environment }: ValueFileContext): ValueFile {
  const [first = ""] = entry.split("/");
  const isReference = first.startsWith("$") && files.has(first);
  // The name of a source is no variable: it is taken off before variables are put in.
  const text = environment.substitute(isReference ? entry.slice(first.length) : entry);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && schemes.has(scheme)) return { url: text };
  if (scheme !== undefined)
    throw new Error(`error resolving value file path: the URL scheme '${scheme}' is not allowed`);
  const path = posix.normalize(text.startsWith("/") || isReference ? `./${text}` : posix.join(app.path || ".", text));
  const root = isReference ? first : app.tree;
  if (path === ".." || path.startsWith("../"))
    throw new Error(`error resolving value file path: file '${text}' resolved to outside repository root`);
  return { tree: root, path: normalPath(path) };
}

function tryLocate(entry: string, context: ValueFileContext): ValueFile | undefined {
  try {
    return locate(entry, context);
  } catch {
    return undefined;
  }
}

function keyOf(file: ValueFile): string {
  return "url" in file ? file.url : `${file.tree}:${file.path}`;
}

function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

/** A directory of files: names, and directories below. */
type Folder = { files: string[]; folders: Map<string, Folder> };

async function matchesOf({ tree, path }: Place, files: SourceFiles): Promise<Place[]> {
  const parts = path.split("/");
  const fixed = parts.findIndex(isGlob);
  const root = parts.slice(0, fixed).join("/");
  const folder: Folder = { files: [], folders: new Map() };
  for (const item of (await files.files({ tree, path: root })) ?? []) insert(folder, item.path.split("/"));
  const found = new Set<string>();
  for (const pattern of expandBraces(parts.slice(fixed).join("/"))) {
    for (const match of walk(folder, pattern.split("/"), "")) found.add(match);
  }
  return [...found].map((match) => ({ tree, path: posix.join(root, match) }));
}

function insert(folder: Folder, [first = "", ...rest]: string[]): void {
  if (rest.length === 0) {
    folder.files.push(first);
    return;
  }
  const below = folder.folders.get(first) ?? { files: [], folders: new Map() };
  folder.folders.set(first, below);
  insert(below, rest);
}

function walk(folder: Folder, [part = "", ...rest]: string[], prefix: string): string[] {
  const folders = [...folder.folders].sort(([a], [b]) => compareUtf8(a, b));
  if (part === "**") {
    const here = walk(folder, rest.length > 0 ? rest : ["*"], prefix);
    return [...here, ...folders.flatMap(([name, below]) => walk(below, [part, ...rest], `${prefix}${name}/`))];
  }
  const matches = compileGlob(part, "/");
  if (rest.length > 0) {
    const into = folders.filter(([name]) => matches(name));
    return into.flatMap(([name, below]) => walk(below, rest, `${prefix}${name}/`));
  }
  return folder.files
    .filter(matches)
    .sort(compareUtf8)
    .map((name) => prefix + name);
}

/** More alternatives than anybody writes; each is walked. */
const alternativesMax = 256;

/** `a/{b,c/d}.yaml` gives a pattern for each alternative, as they may hold separators. */
function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.shift(); next !== undefined && done.length < alternativesMax; next = open.shift()) {
    const group = /\{([^{}]*)\}/.exec(next);
    if (group === null) {
      done.push(next);
      continue;
    }
    const [whole, inner = ""] = group;
    const [before, after] = [next.slice(0, group.index), next.slice(group.index + whole.length)];
    open.unshift(...inner.split(",").map((alternative) => before + alternative + after));
  }
  return done;
}
