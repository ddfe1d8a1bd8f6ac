import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { type InstalledModule, readInstalledModules, SourceError, submoduleAddress } from "../../templates/index.ts";

const manifestPath = join(".terraform", "modules", "modules.json");

/**
 * How a module that `terraform init` has put on disk is called: its address in a registry or in Git in place of the folder.
 *
 * @returns `undefined` for a folder that is no part of `.terraform/modules`
 * @throws {SourceError} when the manifest there cannot be read
 */
export function installedAddress(path: string): { address: string; version?: string } | undefined {
  const place = resolve(path);
  const at = place.lastIndexOf(`${sep}.terraform${sep}modules${sep}`);
  if (at < 0) return undefined;
  const root = place.slice(0, at);
  const holders = readManifest(root)
    .map((module) => ({ module, folder: relative(resolve(root, module.dir), place) }))
    .filter(({ folder }) => folder !== ".." && !folder.startsWith(`..${sep}`))
    .sort((a, b) => a.folder.length - b.folder.length);
  const [nearest] = holders;
  if (nearest === undefined) return undefined;
  const { address, version } = nearest.module;
  const folder = nearest.folder.split(sep).join("/");
  return {
    address: folder === "" ? address : submoduleAddress(address, folder),
    ...(version !== undefined && { version }),
  };
}

/**
 * The folder of a module that was named by its address, when `terraform init` has put it below the current directory.
 *
 * @returns the path itself when it is one, or nothing of this address is there
 */
export function moduleFolder(path: string): string {
  if (existsSync(path) || !existsSync(manifestPath)) return path;
  const found = readManifest(".").find(({ address }) => address === path || address.split("?")[0] === path);
  return found?.dir ?? path;
}

function readManifest(root: string): InstalledModule[] {
  const file = join(root, manifestPath);
  try {
    return readInstalledModules(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    return [];
  }
}
