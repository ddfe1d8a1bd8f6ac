import { type KubeObject, listAt, textAt, valueAt } from "../apimachinery/index.ts";
import type { Client, Resource } from "../client/index.ts";
import { errorText, type Log } from "../lib/index.ts";
import type { Push } from "./application/affected-by-push.ts";
import { type Applications, startApplications } from "./application/start-applications.ts";
import { applicationResource } from "./application/write-application.ts";
import { type ApplicationSets, startApplicationSets } from "./applicationset/start-application-sets.ts";
import { resourceHealth } from "./health/resource-health.ts";
import { createKinds } from "./live/kinds.ts";
import { createLiveState } from "./live/live-state.ts";
import { kindsWithOwnedObjects } from "./live/owned-kinds.ts";
import { isCrd, isNamespace } from "./object/key.ts";
import { ensureDefaultProject, projectResource } from "./project/app-projects.ts";
import { fetchUrl } from "./source/fetch-url.ts";
import type { GitSources } from "./source/file-tree.ts";
import { withGitCredentials } from "./source/git-credentials.ts";
import { createRenderCache } from "./source/render-cache.ts";
import { readRepositorySecrets } from "./source/repository-secrets.ts";
import type { SourceServices } from "./source/services.ts";
import { readKustomizeBuildOptions } from "./source/settings.ts";
import { createClusterWriter } from "./sync/cluster-writer.ts";

export type GitOpsOptions = {
  client: Client;
  sources: GitSources;
  charts: SourceServices["charts"];
  renderer: SourceServices["renderer"];
  /** Subscribes to pushes into our own repositories. */
  onPush: (listener: (push: Push) => void) => Disposable;
  log: Log;
  /** What charts get stable random values from, where an Application asks for it; kept for good by the caller. */
  randomSecret?: Uint8Array;
  /** Where Applications, ApplicationSets and AppProjects are. */
  namespace: string;
  now?: () => Date;
  /** From 0 up to, not including, 1. */
  random?: () => number;
  /** Wait after each wave of a sync that is not the last; Argo CD waits 2000 ms, we none unless told. */
  waveDelayMs?: number;
};

const namespaceResource: Resource = {
  group: "",
  version: "v1",
  resource: "namespaces",
  kind: "Namespace",
  namespaced: false,
};
const crdResource: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

function servedVersions(crd: KubeObject | undefined): string {
  const served = listAt(crd, "spec", "versions").filter((version) => valueAt(version, "served") === true);
  return served.map((version) => textAt(version, "name")).join();
}

/**
 * Keeps the cluster equal to what Applications say, until disposed.
 *
 * The definitions of `argoproj.io` must be served already. Resolves when all applications are known; each is then looked at
 * once, and again whenever its source, its objects or itself change.
 */
export async function startGitOps(options: GitOpsOptions): Promise<AsyncDisposable> {
  const { client, namespace } = options;
  const git = withGitCredentials(
    options.sources,
    async () => await readRepositorySecrets(client, { namespace, of: "git" }),
  );
  const log = options.log.with({ room: "gitops" });
  const now = options.now ?? (() => new Date());
  const kinds = createKinds(client);
  let applications: Applications | undefined;
  let sets: ApplicationSets | undefined;

  const onCrdChange = (before: KubeObject | undefined, after: KubeObject | undefined) => {
    kinds.invalidate();
    if (servedVersions(before) !== servedVersions(after)) applications?.onKinds();
    const isServed = (crd: KubeObject | undefined) => crd !== undefined && resourceHealth(crd)?.status === "Healthy";
    if (isServed(after) && !isServed(before)) applications?.heal();
    // Watches go to one version; when the versions change, that one may be gone.
    if (before === undefined || servedVersions(before) === servedVersions(after)) return;
    const kind = { group: textAt(before, "spec", "group"), kind: textAt(before, "spec", "names", "kind") };
    live.forget(kind).catch((error: unknown) => log.warn("Cannot stop watching", { ...kind, why: errorText(error) }));
  };
  await using started = new AsyncDisposableStack();
  const live = createLiveState({
    client,
    log,
    onChange: (key, before, after) => {
      const object = after ?? before;
      if (object === undefined) return;
      if (isNamespace(object) && before === undefined) applications?.heal();
      if (isCrd(object)) onCrdChange(before, after);
      applications?.onChange(key, before, after);
      sets?.onChange(object);
    },
  });

  started.use(live);
  await live.watch([namespaceResource, crdResource, projectResource, applicationResource]);
  await ensureDefaultProject(client, namespace);
  await kinds.prepare([]);
  await live.watch(await kindsWithOwnedObjects(client, kinds.all()));
  // Subscribed first: a push after an application has been looked at must not be missed.
  const subscription = options.onPush((push) => {
    applications?.onPush(push);
    sets?.onPush(push);
  });
  started.use(subscription);
  applications = startApplications({
    client,
    services: {
      git,
      charts: options.charts,
      renderer: options.renderer,
      renders: createRenderCache({ now }),
      cluster: async () => await kinds.versions(),
      repositories: async (project) => await readRepositorySecrets(client, { namespace, project, of: "charts" }),
      kustomizeBuildOptions: async () => await readKustomizeBuildOptions(client, namespace),
      fetchUrl,
      randomSecret: options.randomSecret,
      now,
    },
    kinds,
    live,
    writer: createClusterWriter({ client, kinds, live }),
    namespace,
    log,
    now,
    random: options.random ?? Math.random,
    waveDelayMs: options.waveDelayMs ?? 0,
  });
  started.use(applications);
  sets = await startApplicationSets({ client, git, live, log, namespace, now });
  started.use(sets);
  return started.move();
}
