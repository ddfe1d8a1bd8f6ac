import type { Fields } from "../apimachinery/index.ts";
import type { Client } from "../client/index.ts";
import { createSharedInformers } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";
import { startAutoscalerController } from "./autoscaling/autoscaler-controller.ts";
import { startCronJobController } from "./batch/cron-job/cron-job-controller.ts";
import { startJobController } from "./batch/job/job-controller.ts";
import { startTtlAfterFinishedController } from "./batch/ttl-after-finished.ts";
import { startCertificateController } from "./certificates/certificate-controller.ts";
import type { CertificateSigner } from "./certificates/kinds.ts";
import { startClusterRoleAggregation } from "./cluster-role-aggregation.ts";
import type { ComputeOptions } from "./compute/compute.ts";
import { startCompute } from "./compute/start-compute.ts";
import type { ControllerContext } from "./context.ts";
import { startDisruptionController } from "./disruption/disruption-controller.ts";
import { type GarbageCollector, startGarbageCollector } from "./garbage-collector.ts";
import { startNamespaceController } from "./namespaces.ts";
import { type ApiServerAddress, ensureApiServerEndpoints } from "./network/api-server-endpoints.ts";
import { startEndpointSlices } from "./network/endpoint-slices.ts";
import { startEndpoints } from "./network/endpoints.ts";
import { startMirroredSlices } from "./network/mirrored-slices.ts";
import { startServiceCidrs } from "./network/service-cidrs.ts";
import { startSimulatedAddresses } from "./network/simulated-addresses.ts";
import { startNodeTaints } from "./nodes/node-taints.ts";
import { startOrphanedPods } from "./nodes/orphaned-pods.ts";
import { startTaintEviction } from "./nodes/taint-eviction.ts";
import { startPodGcController } from "./pod-gc.ts";
import { startResourceQuotaController } from "./resource-quota/resource-quota-controller.ts";
import { type ResourceWatch, watchResources } from "./resource-watch.ts";
import { startScheduler } from "./scheduling/start-scheduler.ts";
import { startServiceAccountTokenController } from "./service-account-tokens.ts";
import { startServiceAccountController } from "./service-accounts.ts";
import { startEphemeralClaims } from "./storage/ephemeral-claims.ts";
import { startAttributesProtection, startClaimProtection, startVolumeProtection } from "./storage/protection.ts";
import { startSimulatedVolumes } from "./storage/simulated-volumes.ts";
import { startVolumeBinder } from "./storage/volume-binder.ts";
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
  startDisruptionController,
  startPodGcController,
  startAutoscalerController,
  startScheduler,
  startNodeTaints,
  startTaintEviction,
  startOrphanedPods,
  startEndpoints,
  startEndpointSlices,
  startMirroredSlices,
  startServiceCidrs,
  startVolumeBinder,
  startClaimProtection,
  startVolumeProtection,
  startAttributesProtection,
  startEphemeralClaims,
];

/** What controllers sign with, and who has signed the API server's certificate. */
export type ControllerSigning = {
  /** PEM, published in every namespace. */
  caCertificate: string;
  /** Signs certificates for the cluster's authority; without it requests for them stay as they are. */
  certificates?: CertificateSigner;
  /** Signs tokens with the API server's key; without it Secrets for tokens stay empty. */
  signToken?: (claims: Fields) => string;
};

/**
 * Starts the controllers of a usable cluster over any Kubernetes API.
 *
 * @param caCertificate PEM of what signs the API server's certificate, published in every namespace
 */
export async function startControllers(
  options: ControllerSigning & {
    client: Client;
    /** The nodes to bring, and what runs their pods; without it the cluster has only nodes that others register. */
    compute?: ComputeOptions;
    /** Where the API server is reached, for those who look behind the service `kubernetes`. */
    apiServer?: ApiServerAddress;
    log: Log;
    now?: () => Date;
  },
): Promise<AsyncDisposable> {
  const { client, caCertificate, certificates, signToken, compute, apiServer, log } = options;
  const now = options.now ?? (() => new Date());
  let resources: ResourceWatch | undefined;
  const informers = createSharedInformers(client, log);
  const context: ControllerContext = { client, informers, log, now };
  const garbage: GarbageCollector = startGarbageCollector(client, () => resources, log);
  if (apiServer !== undefined) await ensureApiServerEndpoints(client, apiServer);
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
    ...(compute === undefined
      ? []
      : [
          startCompute(context, compute),
          startSimulatedVolumes(context, compute.mode),
          startSimulatedAddresses(context, compute.mode),
        ]),
    informers,
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of all) await each[Symbol.asyncDispose]();
    },
  };
}
