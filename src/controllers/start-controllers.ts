import type { Fields } from "../apimachinery/index.ts";
import type { Client } from "../client/index.ts";
import { createSharedInformers } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";
import { startCronJobController } from "./batch/cron-job/cron-job-controller.ts";
import { startJobController } from "./batch/job/job-controller.ts";
import { startTtlAfterFinishedController } from "./batch/ttl-after-finished.ts";
import { startCertificateController } from "./certificates/certificate-controller.ts";
import type { CertificateSigner } from "./certificates/kinds.ts";
import { startClusterRoleAggregation } from "./cluster-role-aggregation.ts";
import type { ControllerContext } from "./context.ts";
import { type GarbageCollector, startGarbageCollector } from "./garbage-collector.ts";
import { startNamespaceController } from "./namespaces.ts";
import { startResourceQuotaController } from "./resource-quota/resource-quota-controller.ts";
import { type ResourceWatch, watchResources } from "./resource-watch.ts";
import { startServiceAccountTokenController } from "./service-account-tokens.ts";
import { startServiceAccountController } from "./service-accounts.ts";
import { startDaemonSetController } from "./workloads/daemon-sets.ts";
import { startDeploymentController } from "./workloads/deployments.ts";
import { startReplicaSetController, startReplicationControllerController } from "./workloads/replica-sets.ts";
import { startStatefulSetController } from "./workloads/stateful-sets.ts";

/** Each starts one controller over the shared caches. */
const workloads: readonly ((context: ControllerContext) => AsyncDisposable)[] = [
  startDeploymentController,
  startReplicaSetController,
  startReplicationControllerController,
  startStatefulSetController,
  startDaemonSetController,
  startJobController,
  startCronJobController,
  startTtlAfterFinishedController,
];

/**
 * Starts the controllers of a usable cluster over any Kubernetes API.
 *
 * @param caCertificate PEM of what signs the API server's certificate, published in every namespace
 */
export async function startControllers(options: {
  client: Client;
  caCertificate: string;
  /** Signs certificates for the cluster's authority; without it requests for them stay as they are. */
  certificates?: CertificateSigner;
  /** Signs tokens with the API server's key; without it Secrets for tokens stay empty. */
  signToken?: (claims: Fields) => string;
  log: Log;
  now?: () => Date;
}): Promise<AsyncDisposable> {
  const { client, caCertificate, certificates, signToken, log } = options;
  const now = options.now ?? (() => new Date());
  let resources: ResourceWatch | undefined;
  const informers = createSharedInformers(client, log);
  const context: ControllerContext = { client, informers, log, now };
  const garbage: GarbageCollector = startGarbageCollector(client, () => resources, log);
  resources = await watchResources(client, log, (all) => garbage.follow(all));
  const all = [
    startNamespaceController(client, resources, log, now),
    startServiceAccountController(client, caCertificate, log),
    ...(signToken === undefined
      ? []
      : [startServiceAccountTokenController(context, { caCertificate, sign: signToken })]),
    ...(certificates === undefined ? [] : [startCertificateController(context, certificates)]),
    garbage,
    resources,
    startClusterRoleAggregation(context),
    startResourceQuotaController(context, resources),
    ...workloads.map((start) => start(context)),
    informers,
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of all) await each[Symbol.asyncDispose]();
    },
  };
}
