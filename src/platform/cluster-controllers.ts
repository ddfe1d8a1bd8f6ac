import type { Clusters } from "../apiserver/index.ts";
import { createClient } from "../client/index.ts";
import {
  type ApiServerAddress,
  type ComputeOptions,
  type ControllerSigning,
  startControllers,
} from "../controllers/index.ts";
import { errorText, type Log, type User } from "../lib/index.ts";

const system: User = { name: "system:skiff", groups: ["system:masters", "system:authenticated"] };

/** Resources whose objects controllers act upon; objects of others lie still unless they have owners or go. */
const acting = new Set([
  "namespaces",
  "pods",
  "replicationcontrollers",
  "services",
  "serviceaccounts",
  "secrets",
  "endpoints",
  "nodes",
  "persistentvolumes",
  "persistentvolumeclaims",
  "resourcequotas",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
  "poddisruptionbudgets.policy",
  "horizontalpodautoscalers.autoscaling",
  "certificatesigningrequests.certificates.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
  "customresourcedefinitions.apiextensions.k8s.io",
]);
/** Resources whose objects change with time alone; while a cluster has any, its controllers run. */
const timed = [
  "pods",
  "replicationcontrollers",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
  "horizontalpodautoscalers.autoscaling",
  "certificatesigningrequests.certificates.k8s.io",
];
/** How long nothing must happen in a cluster before its controllers end: longer than any of them waits for itself. */
const quietMs = 15_000;

type Running = { controllers: Promise<AsyncDisposable>; timer: NodeJS.Timeout | undefined; lastMs: number };

/**
 * Runs the controllers of each logical cluster while there is something for them to do, so that of thousands of clusters
 * those where nothing happens cost nothing.
 */
export function startClusterControllers(
  clusters: Clusters,
  options: ControllerSigning & { compute: ComputeOptions; apiServer: ApiServerAddress },
  log: Log,
): AsyncDisposable {
  const running = new Map<string, Running>();
  const ending = new Map<string, Promise<void>>();
  let closed = false;

  const end = async (cluster: string) => {
    const found = running.get(cluster);
    if (found === undefined) return;
    running.delete(cluster);
    clearTimeout(found.timer);
    const done = found.controllers
      .then((controllers) => controllers[Symbol.asyncDispose]())
      .catch((error: unknown) =>
        log.warn("Cannot end the controllers of a cluster", { cluster, why: errorText(error) }),
      )
      .finally(() => ending.delete(cluster));
    ending.set(cluster, done);
    await done;
  };
  const endWhenQuiet = (cluster: string) => {
    const found = running.get(cluster);
    if (found === undefined) return;
    const quietForMs = performance.now() - found.lastMs;
    const stays = timed.some((storageName) => clusters.count(cluster, storageName) > 0);
    if (quietForMs >= quietMs && !stays) {
      void end(cluster);
      return;
    }
    // What is there for longer is told of by writes; the timer would only ask again.
    found.timer = stays ? undefined : setTimeout(() => endWhenQuiet(cluster), quietMs - quietForMs + 1).unref();
  };
  const begin = async (cluster: string): Promise<AsyncDisposable> => {
    await ending.get(cluster);
    const server = await clusters.open(cluster);
    if (server === undefined) return { [Symbol.asyncDispose]: async () => {} };
    const client = createClient(server.handler, { user: system, userAgent: "kube-controller-manager" });
    return await startControllers({ client, ...options, log: log.with({ cluster }) });
  };
  const awake = (cluster: string) => {
    if (closed) return;
    let found = running.get(cluster);
    if (found === undefined) {
      found = { controllers: begin(cluster), timer: undefined, lastMs: 0 };
      found.controllers.catch((error: unknown) => {
        running.delete(cluster);
        log.warn("Cannot start the controllers of a cluster", { cluster, why: errorText(error) });
      });
      running.set(cluster, found);
    }
    found.lastMs = performance.now();
    if (found.timer === undefined) endWhenQuiet(cluster);
  };
  const onActivity = clusters.onActivity(({ cluster, storageName, linked }) => {
    if (linked || acting.has(storageName)) awake(cluster);
  });
  void clusters
    .review(({ cluster, storageName, linked }) => {
      if (linked || timed.includes(storageName)) awake(cluster);
    })
    .catch((error: unknown) => log.warn("Cannot look through the logical clusters", { why: errorText(error) }));
  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      onActivity[Symbol.dispose]();
      await Promise.all([...[...running.keys()].map(end), ...ending.values()]);
    },
  };
}
