import type { KubeObject } from "../apimachinery/index.ts";
import type { LogicalCluster } from "../apis/index.ts";
import { type Clusters, logicalClusters } from "../apiserver/index.ts";
import { type Client, formatKubeconfig, type Resource, startInformer } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";

const secrets: Resource = { group: "", version: "v1", resource: "secrets", kind: "Secret", namespaced: true };
const fieldManager = "skiff-clusters";

/** Writes a kubeconfig of each logical cluster into the Secret that its spec names; the Secret goes with the cluster. */
export function startClusterKubeconfigs(options: {
  client: Client;
  clusters: Clusters;
  caCertificate: string;
  /** Name of the platform, which contexts begin with. */
  platform: string;
  log: Log;
}): AsyncDisposable {
  const { client, clusters, caCertificate, platform, log } = options;
  const controller = startController({
    name: "cluster-kubeconfigs",
    log,
    reconcile: async (name): Promise<Result> => {
      const cluster = await client.get<LogicalCluster>(logicalClusters, { name });
      const wanted = cluster?.spec?.kubeconfigSecret;
      const credentials = clusters.credentials(name);
      if (cluster === undefined || wanted === undefined || credentials === undefined) return { state: "done" };
      const context = `skiff-${platform}-${name}`;
      const secret = secretOf(cluster, {
        namespace: wanted.namespace,
        name: wanted.name || `${name}-kubeconfig`,
        kubeconfig: formatKubeconfig({
          server: credentials.url,
          caCertificate,
          name: context,
          user: context,
          credentials,
        }),
      });
      const { namespace, name: secretName = "" } = secret.metadata;
      await client.patch(secrets, { namespace: namespace ?? "", name: secretName }, "apply", secret, {
        fieldManager,
        force: true,
      });
      return { state: "done" };
    },
  });
  const informer = startInformer<LogicalCluster>(client, logicalClusters, {
    log,
    onChange: ({ metadata, spec }) => {
      if (metadata.name !== undefined && spec?.kubeconfigSecret !== undefined) controller.enqueue(metadata.name);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await informer[Symbol.asyncDispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

function secretOf(
  { apiVersion, kind, metadata }: LogicalCluster,
  at: { namespace: string; name: string; kubeconfig: string },
): KubeObject {
  const { name = "", uid = "" } = metadata;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      namespace: at.namespace,
      name: at.name,
      labels: { "skiff.dev/logical-cluster": name },
      ownerReferences: [{ apiVersion, kind, name, uid }],
    },
    type: "Opaque",
    data: { value: Buffer.from(at.kubeconfig).toString("base64") },
  };
}
