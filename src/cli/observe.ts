import type { KubeObject } from "../apimachinery/index.ts";
import type { CustomPackage, GitRepository, Localbuild } from "../apis/index.ts";
import { type Client, startInformer } from "../client/index.ts";
import { silentLog } from "../lib/index.ts";
import { customPackages, gitRepositories, localbuilds, platformNamespace } from "../packages/index.ts";
import type { ApplicationSetState, ApplicationState, Snapshot } from "./readiness.ts";
import { applicationSets, applications, nodes } from "./resources.ts";

/** Changes come in bursts; one look a burst is enough. */
const settleMs = 20;

/** What a platform holds, kept current by watches. */
export type Observation = AsyncDisposable & {
  snapshot(): Snapshot;
  /** Resolves at the next change, or when the time is over. */
  changed(withinMs: number): Promise<void>;
};

/** @param ended rejects when waiting has no sense any more */
export async function observePlatform(client: Client, name: string, ended?: Promise<never>): Promise<Observation> {
  let next = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const touched = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      next.resolve();
      next = Promise.withResolvers<void>();
    }, settleMs);
  };
  const follow = { log: silentLog, onChange: touched, onDelete: touched };
  const namespace = platformNamespace(name);
  const builds = startInformer<Localbuild>(client, localbuilds, { ...follow, fieldSelector: `metadata.name=${name}` });
  const packages = startInformer<CustomPackage>(client, customPackages, { ...follow, namespace });
  const repositories = startInformer<GitRepository>(client, gitRepositories, { ...follow, namespace });
  const apps = startInformer<ApplicationState>(client, applications, follow);
  const sets = startInformer<ApplicationSetState>(client, applicationSets, follow);
  const machines = startInformer(client, nodes, { ...follow, metadataOnly: true });
  const all = [builds, packages, repositories, apps, sets, machines];
  const stop = async () => {
    clearTimeout(timer);
    await Promise.all(all.map((informer) => informer[Symbol.asyncDispose]()));
  };
  try {
    const synced = Promise.all(all.map((informer) => informer.synced()));
    await (ended === undefined ? synced : Promise.race([synced, ended]));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    snapshot: () => ({
      localbuild: builds.get(undefined, name),
      packages: packages.all(),
      repositories: repositories.all(),
      applications: apps.all(),
      applicationSets: sets.all(),
      pods: podsOf(machines.all()),
    }),
    async changed(withinMs) {
      const over = Promise.withResolvers<void>();
      const limit = setTimeout(over.resolve, withinMs);
      await Promise.race([next.promise, over.promise]).finally(() => clearTimeout(limit));
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** What becomes of pods, as the labels of the nodes say; nodes without that label are somebody else's, and run them. */
function podsOf(nodes: readonly KubeObject[]): Snapshot["pods"] {
  const modes = nodes.map(({ metadata }) => metadata.labels?.["skiff.dev/compute"]);
  if (modes.includes(undefined)) return "run";
  return modes.includes("simulated") ? "simulated" : "wait";
}
