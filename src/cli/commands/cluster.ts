import { isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { LogicalCluster } from "../../apis/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { waitUntil } from "../../lib/index.ts";
import { connectPlatform } from "../connect.ts";
import { CliError } from "../errors.ts";
import { formatItems, parseOutputFormat } from "../output.ts";
import { logicalClusters } from "../resources.ts";

const secrets: Resource = { group: "", version: "v1", resource: "secrets", kind: "Secret", namespaced: true };
/** Where `skiff cluster create` lets the kubeconfigs of clusters be written. */
const kubeconfigNamespace = "skiff-system";
/** A kubeconfig is written, and an empty cluster removed, in milliseconds; a full one takes a few seconds. */
const timeoutMs = 60_000;

export async function createCluster(cluster: string, { name }: { name: string }): Promise<void> {
  using connection = connectPlatform(name);
  const { client } = connection;
  const object: LogicalCluster = {
    apiVersion: "skiff.dev/v1alpha1",
    kind: "LogicalCluster",
    metadata: { name: cluster },
    spec: { kubeconfigSecret: { namespace: kubeconfigNamespace } },
  };
  try {
    await client.create(logicalClusters, object, { fieldManager: "skiff-cli" });
  } catch (error) {
    if (isStatusError(error, "AlreadyExists")) throw new CliError("cluster-exists", { cluster, name });
    if (isStatusError(error, "Invalid")) throw new CliError("cluster-name", { cluster });
    throw error;
  }
  await readClusterKubeconfig(client, cluster, name);
  process.stdout.write(
    `Logical cluster ${cluster} is ready\nUse it with: skiff kubeconfig --cluster ${cluster}${nameFlag(name)} --merge\n`,
  );
}

export async function deleteCluster(cluster: string, { name }: { name: string }): Promise<void> {
  using connection = connectPlatform(name);
  const { client } = connection;
  if ((await client.delete(logicalClusters, { name: cluster })) === undefined) {
    throw new CliError("no-cluster", { cluster, name, all: await namesOf(client) });
  }
  await waitUntil(
    async () => ((await client.get(logicalClusters, { name: cluster })) === undefined ? true : undefined),
    { what: `the contents of logical cluster ${cluster} to be removed`, timeoutMs, intervalMs: 50 },
  );
  process.stdout.write(`Logical cluster ${cluster} is deleted\n`);
}

export async function listClusters({ name, output }: { name: string; output: string }): Promise<void> {
  const format = parseOutputFormat(output);
  using connection = connectPlatform(name);
  const { items } = await connection.client.list<LogicalCluster>(logicalClusters);
  const rows = items.map(({ metadata, status }) => [
    metadata.name ?? "",
    metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Deleting",
    status?.url ?? "",
    metadata.creationTimestamp ?? "",
  ]);
  process.stdout.write(
    formatItems(format, { columns: ["NAME", "PHASE", "URL", "CREATED"], rows, items, empty: "no logical clusters" }),
  );
}

/** The kubeconfig of a logical cluster's administrator. @throws {CliError} when there is no such cluster */
export async function readClusterKubeconfig(client: Client, cluster: string, platform: string): Promise<string> {
  const live = await client.get<LogicalCluster>(logicalClusters, { name: cluster });
  if (live === undefined) throw new CliError("no-cluster", { cluster, name: platform, all: await namesOf(client) });
  const at = live.spec?.kubeconfigSecret;
  if (at === undefined) throw new CliError("no-cluster-kubeconfig", { cluster, name: platform });
  const secretName = { namespace: at.namespace, name: at.name || `${cluster}-kubeconfig` };
  return await waitUntil(
    async () => {
      const secret = await client.get<KubeObject & { data?: Record<string, string> }>(secrets, secretName);
      const isIts = secret?.metadata.ownerReferences?.some(({ uid }) => uid === live.metadata.uid) === true;
      const value = secret?.data?.["value"];
      return isIts && value !== undefined ? Buffer.from(value, "base64").toString() : undefined;
    },
    {
      what: `Secret ${secretName.namespace}/${secretName.name} to hold the kubeconfig of ${cluster}`,
      timeoutMs,
      intervalMs: 20,
    },
  );
}

async function namesOf(client: Client): Promise<string> {
  const { items } = await client.list(logicalClusters);
  return items.map(({ metadata }) => metadata.name ?? "").join(", ");
}

function nameFlag(name: string): string {
  return name === "localdev" ? "" : ` --name ${name}`;
}
