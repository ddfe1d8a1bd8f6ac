import type { Application, CustomPackage, GitRepository } from "../../apis/index.ts";
import { type Client, type Resource, startInformer } from "../../client/index.ts";
import type { Log } from "../../lib/index.ts";
import { describeApplication, describePackage, describeRepository, summarizeApplication } from "./describe.ts";
import type { ApplicationSummary, PlatformStatus, RepositoryStatus, StatusSnapshot } from "./status.ts";

/** A {@link PlatformStatus} that follows the Kubernetes API. */
export type WatchedPlatformStatus = PlatformStatus &
  AsyncDisposable & {
    /** To be called when what `parts` or `repositories` would answer has changed. */
    changed(): void;
  };

const applications = argo("applications", "Application");
const gitRepositories = idpbuilder("gitrepositories", "GitRepository");
const customPackages = idpbuilder("custompackages", "CustomPackage");

/**
 * Follows the Applications, GitRepositories and CustomPackages of a cluster.
 *
 * @param options.parts asked for each new snapshot, as is `repositories`
 * @param options.repositories those of the git server that no GitRepository tells of; others are told apart by clone URL
 */
export function watchPlatformStatus(
  options: Pick<StatusSnapshot, "platform" | "links" | "commands"> & {
    client: Client;
    log: Log;
    parts: () => StatusSnapshot["parts"];
    repositories?: () => readonly RepositoryStatus[];
  },
): WatchedPlatformStatus {
  const { client, log } = options;
  const listeners = new Set<() => void>();
  const summaries = new WeakMap<Application, ApplicationSummary>();
  let current: StatusSnapshot | undefined;

  const changed = () => {
    current = undefined;
    for (const listener of listeners) listener();
  };
  const follow = { log, onChange: changed, onDelete: changed };
  const informers = {
    applications: startInformer<Application>(client, applications, follow),
    repositories: startInformer<GitRepository>(client, gitRepositories, follow),
    packages: startInformer<CustomPackage>(client, customPackages, follow),
  };

  const summarize = (application: Application): ApplicationSummary => {
    const summary = summaries.get(application) ?? summarizeApplication(application);
    summaries.set(application, summary);
    return summary;
  };
  const repositories = (): RepositoryStatus[] => {
    const byURL = new Map((options.repositories?.() ?? []).map((repository) => [repository.cloneURL, repository]));
    for (const object of informers.repositories.all()) {
      const repository = describeRepository(object);
      byURL.set(
        repository.cloneURL === "" ? `${repository.owner}/${repository.name}` : repository.cloneURL,
        repository,
      );
    }
    return [...byURL.values()].sort(byOwnerAndName);
  };

  return {
    snapshot() {
      current ??= {
        platform: options.platform,
        parts: options.parts(),
        applications: informers.applications.all().map(summarize).sort(byNamespaceAndName),
        repositories: repositories(),
        packages: informers.packages.all().map(describePackage).sort(byNamespaceAndName),
        links: options.links,
        commands: options.commands,
      };
      return current;
    },
    application({ namespace, name }) {
      const application = informers.applications.get(namespace, name);
      return application && describeApplication(application);
    },
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    changed,
    async [Symbol.asyncDispose]() {
      listeners.clear();
      await Promise.all(Object.values(informers).map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}

function argo(resource: string, kind: string): Resource {
  return { group: "argoproj.io", version: "v1alpha1", resource, kind, namespaced: true };
}

function idpbuilder(resource: string, kind: string): Resource {
  return { group: "idpbuilder.cnoe.io", version: "v1alpha1", resource, kind, namespaced: true };
}

function byNamespaceAndName(a: { namespace: string; name: string }, b: { namespace: string; name: string }): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

function byOwnerAndName(a: RepositoryStatus, b: RepositoryStatus): number {
  return compare(a.owner, b.owner) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
