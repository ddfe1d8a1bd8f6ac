import { join } from "node:path";
import type { Application } from "../../apis/index.ts";
import { openRepositories, openSources, repositoryKey, type Sources } from "../../git/index.ts";
import { makeDirectory, silentLog } from "../../lib/index.ts";
import { localRepository, platformsRoot, readConfig, stateDirectory } from "../../platform/index.ts";
import type { LocalRepository } from "./working-tree.ts";

/** Reads repositories of others through mirrors that are kept from one command to the next. */
export type RepositoryReader = AsyncDisposable & { open(): Promise<Sources> };

export function openRepositoryReader(): RepositoryReader {
  const dir = join(platformsRoot(), ".cache", "render");
  const parts = new AsyncDisposableStack();
  let opening: Promise<Sources> | undefined;
  const open = async () => {
    makeDirectory(dir, 0o700);
    // Nobody's own; those of platforms are read as any other.
    const repositories = parts.use(await openRepositories({ dir: join(dir, "none"), log: silentLog }));
    const mirrors = join(dir, "mirrors");
    return parts.use(await openSources({ dir: mirrors, repositories, localUrls: () => undefined, log: silentLog }));
  };
  return {
    open() {
      opening ??= open();
      return opening;
    },
    [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
  };
}

/** Those of an application's repositories that a platform on this machine keeps. */
export function platformRepositories(application: Application, platform: string): Map<string, LocalRepository> {
  const state = stateDirectory(platform);
  const config = readConfig(state);
  const local = new Map<string, LocalRepository>();
  if (config === undefined) return local;
  const { source, sources = [] } = application.spec;
  for (const { repoURL } of [...sources, ...(source === undefined ? [] : [source])]) {
    const found = localRepository(config)(repoURL);
    if (found !== undefined)
      local.set(repoURL, { path: "", git: join(state.repositories, `${repositoryKey(found.owner, found.name)}.git`) });
  }
  return local;
}
