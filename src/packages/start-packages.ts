import type { CustomPackage, GitRepository, Localbuild } from "../apis/index.ts";
import { type Client, type Informer, startInformer } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { Repositories, Sources } from "../git/index.ts";
import type { Log } from "../lib/index.ts";
import { reconcileCustomPackage } from "./custom-package.ts";
import { concernsPush, followPush, reconcileGitRepository } from "./git-repository.ts";
import { reconcileLocalbuild } from "./localbuild.ts";
import { annotations, customPackages, gitRepositories, localbuilds, platformNamespace } from "./resources.ts";
import { openPathWatches } from "./watch-paths.ts";

export type PackagesOptions = {
  client: Client;
  repositories: Repositories;
  sources: Sources;
  /** Name of the platform; its Localbuild has the same. */
  name: string;
  /** Base URL of the Git server, and the account that packages' repositories belong to. */
  gitUrl: string;
  gitOwner: string;
  log: Log;
};

/**
 * Starts the package manager: a Localbuild names packages, each becomes CustomPackages, their `cnoe://` sources become
 * GitRepositories, and the Applications in them reach the cluster. Local directories are watched while it runs.
 */
export async function startPackages(options: PackagesOptions): Promise<AsyncDisposable> {
  const { client, log, name, sources, repositories } = options;
  const namespace = platformNamespace(name);
  const watches = openPathWatches();
  let builds: Informer<Localbuild>;
  let packages: Informer<CustomPackage>;
  let repos: Informer<GitRepository>;

  const buildController = startController({
    name: "localbuild",
    log,
    async reconcile(key): Promise<Result> {
      const localbuild = builds.get(undefined, key);
      if (localbuild === undefined || localbuild.metadata.deletionTimestamp !== undefined) {
        watches.set("localbuild", [], () => {});
        return { state: "done" };
      }
      return await reconcileLocalbuild(localbuild, {
        client,
        sources,
        watches,
        namespace,
        gitUrl: options.gitUrl,
        existing: () => packages.all(),
        changed: () => {
          buildController.enqueue(key);
          for (const item of packages.all()) packageController.enqueue(keyOf(item));
        },
      });
    },
  });
  const packageController = startController({
    name: "custom-package",
    log,
    async reconcile(key): Promise<Result> {
      const item = packages.get(...nameFrom(key));
      if (item === undefined) return { state: "done" };
      return await reconcileCustomPackage(item, {
        client,
        sources,
        owner: options.gitOwner,
        packages: () => packages.all(),
        repository: (at, repository) => repos.get(at, repository),
      });
    },
  });
  /** Repositories whose source is to be read; others in the queue were pushed to, and keep what was pushed. */
  const unread = new Set<string>();
  const repositoryController = startController({
    name: "git-repository",
    log,
    async reconcile(key): Promise<Result> {
      const item = repos.get(...nameFrom(key));
      if (item === undefined || item.metadata.deletionTimestamp !== undefined) {
        watches.set(key, [], () => {});
        unread.delete(key);
        return { state: "done" };
      }
      if (!unread.delete(key)) return await followPush(item, { client, repositories });
      const { type, path } = item.spec.source;
      watches.set(key, type === "local" && path !== undefined ? [path] : [], () => read(key));
      let isRead = false;
      try {
        const result = await reconcileGitRepository(item, { client, repositories, sources });
        isRead = result.state === "done";
        return result;
      } finally {
        if (!isRead) unread.add(key);
      }
    },
  });
  const read = (key: string) => {
    unread.add(key);
    repositoryController.enqueue(key);
  };

  builds = startInformer<Localbuild>(client, localbuilds, {
    log,
    fieldSelector: `metadata.name=${name}`,
    onChange: () => buildController.enqueue(name),
    onDelete: () => buildController.enqueue(name),
  });
  packages = startInformer<CustomPackage>(client, customPackages, {
    log,
    namespace,
    onChange: (item) => packageController.enqueue(keyOf(item)),
    // Of two packages with the same Application only one exists; when it goes the other may come.
    onDelete: () => buildController.enqueue(name),
  });
  repos = startInformer<GitRepository>(client, gitRepositories, {
    log,
    namespace,
    onChange(item, previous) {
      if (asksFor(item) !== asksFor(previous)) read(keyOf(item));
      if (item.status?.synced === previous?.status?.synced && item.status?.message === previous?.status?.message)
        return;
      for (const { uid } of item.metadata.ownerReferences ?? []) {
        for (const owner of packages.all()) if (owner.metadata.uid === uid) packageController.enqueue(keyOf(owner));
      }
    },
    onDelete: (item) => repositoryController.enqueue(keyOf(item)),
  });
  const pushes = repositories.onPush((push) => {
    // Our own commits have nobody who pushed them, and are in the status anyway.
    if (push.pusher === undefined) return;
    for (const item of repos.all()) if (concernsPush(item, push)) repositoryController.enqueue(keyOf(item));
  });
  await Promise.all([builds.synced(), packages.synced(), repos.synced()]);
  return {
    async [Symbol.asyncDispose]() {
      watches[Symbol.dispose]();
      pushes[Symbol.dispose]();
      for (const each of [builds, packages, repos, buildController, packageController, repositoryController])
        await each[Symbol.asyncDispose]();
    },
  };
}

/** What makes a repository be read anew when it changes: its spec, and the start of the command that waits for it. */
function asksFor(item: GitRepository | undefined): string {
  const { uid, generation, deletionTimestamp, annotations: notes } = item?.metadata ?? {};
  return JSON.stringify([uid, generation, deletionTimestamp, notes?.[annotations.startTime]]);
}

function keyOf({ metadata }: CustomPackage | GitRepository): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

function nameFrom(key: string): [namespace: string, name: string] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}
