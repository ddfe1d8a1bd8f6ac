import { isStatusError, type KubeObject, type ObjectMeta, parseApiVersion } from "../apimachinery/index.ts";
import { apiServiceAddress } from "../apis/index.ts";
import { type Server, timestamp } from "./server.ts";
import { createObject } from "./write/create.ts";

/** Where a real API server listens; the `kubernetes` service maps 443 to it. */
const securePort = 6443;

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

const kubernetesService: KubeObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "kubernetes", namespace: "default", labels: { component: "apiserver", provider: "kubernetes" } },
  spec: {
    type: "ClusterIP",
    clusterIP: apiServiceAddress,
    ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: securePort }],
    sessionAffinity: "None",
  },
};

/** The classes above all that users can make, which pods of the system name. */
const systemPriorities: readonly KubeObject[] = [
  {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "system-node-critical" },
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
  {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "system-cluster-critical" },
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
];

/**
 * What every namespace has. The controller keeps it so; that it is there from the start lets a cluster be ready without one.
 *
 * @param caCertificate PEM; without it there is no `kube-root-ca.crt`
 */
function inEveryNamespace(namespace: string, caCertificate: string | undefined): [string, KubeObject][] {
  const account: KubeObject = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
  if (caCertificate === undefined) return [["serviceaccounts", account]];
  const metadata = { name: rootCaName, namespace, annotations: rootCaAnnotations };
  const rootCa = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": caCertificate } };
  return [
    ["serviceaccounts", account],
    ["configmaps", rootCa],
  ];
}

const rootCaName = "kube-root-ca.crt";
const rootCaAnnotations = {
  "kubernetes.io/description":
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
};

/**
 * Makes what every cluster has from its first moment, unless it is there already.
 *
 * @param known what the same objects became in another cluster of this process; filled here
 */
export async function ensureSystemObjects(
  server: Server,
  known: Map<string, Readonly<KubeObject>>,
  caCertificate: string | undefined,
): Promise<void> {
  const made = namespaces.map((name): [string, KubeObject] => [
    "namespaces",
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
  ]);
  const priorities = systemPriorities.map((object): [string, KubeObject] => ["priorityclasses", object]);
  const others = namespaces.flatMap((namespace) => inEveryNamespace(namespace, caCertificate));
  for (const batch of [made, [["services", kubernetesService] as [string, KubeObject], ...others, ...priorities]]) {
    await Promise.all(batch.map(([plural, object]) => ensure(server, known, plural, object)));
  }
}

async function ensure(
  server: Server,
  known: Map<string, Readonly<KubeObject>>,
  plural: string,
  object: KubeObject,
): Promise<void> {
  const { group, version } = parseApiVersion(object.apiVersion);
  const resource = server.registry.catalog.find(group, version, plural);
  const { name = "", namespace = "" } = object.metadata;
  if (resource === undefined) return;
  const key = server.keys.key(resource.storageName, namespace, name);
  if (server.store.get(key) !== undefined) return;
  const id = `${plural}/${namespace}/${name}`;
  const same = known.get(id);
  if (same !== undefined) {
    await server.writer.put(key, 0, { ...same, metadata: fresh(server, same.metadata) });
    return;
  }
  const user = { name: "system:apiserver", groups: ["system:masters"] };
  const writing = { user, dryRun: false, manager: "kube-apiserver", warnings: [] };
  try {
    const created = await createObject(server, resource, namespace, structuredClone(object), writing);
    known.set(id, created.object);
  } catch (error) {
    if (!isStatusError(error, "AlreadyExists")) throw error;
  }
}

function fresh(server: Server, metadata: ObjectMeta): ObjectMeta {
  const time = timestamp(server.now());
  const managed = metadata.managedFields?.map((entry) => ({ ...entry, time }));
  return {
    ...metadata,
    uid: server.newUid(),
    creationTimestamp: time,
    ...(managed === undefined ? {} : { managedFields: managed }),
  };
}
