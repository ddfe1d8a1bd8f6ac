import type { Client } from "../client/index.ts";
import { createSharedInformers } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";
import type { ControllerContext } from "./context.ts";
import { type GarbageCollector, startGarbageCollector } from "./garbage-collector.ts";
import { startNamespaceController } from "./namespaces.ts";
import { type ResourceWatch, watchResources } from "./resource-watch.ts";
import { startServiceAccountController } from "./service-accounts.ts";

/** Each starts one controller over the shared caches. */
const workloads: readonly ((context: ControllerContext) => AsyncDisposable)[] = [];

/**
 * Starts the controllers of a usable cluster over any Kubernetes API.
 *
 * @param caCertificate PEM of what signs the API server's certificate, published in every namespace
 */
export async function startControllers(options: {
  client: Client;
  caCertificate: string;
  log: Log;
  now?: () => Date;
}): Promise<AsyncDisposable> {
  const { client, caCertificate, log } = options;
  const now = options.now ?? (() => new Date());
  let resources: ResourceWatch | undefined;
  const informers = createSharedInformers(client, log);
  const context: ControllerContext = { client, informers, log, now };
  const garbage: GarbageCollector = startGarbageCollector(client, () => resources, log);
  resources = await watchResources(client, log, (all) => garbage.follow(all));
  const all = [
    startNamespaceController(client, resources, log, now),
    startServiceAccountController(client, caCertificate, log),
    garbage,
    resources,
    ...workloads.map((start) => start(context)),
    informers,
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of all) await each[Symbol.asyncDispose]();
    },
  };
}
