import { cloneJson, isStatusError, type KubeObject, type ObjectMeta, parseApiVersion } from "../apimachinery/index.ts";
import { apiServiceAddress } from "../apis/index.ts";
import { type Server, timestamp } from "./server.ts";
import { createObject, type Writing } from "./write/create.ts";
import { type Place, updateObject } from "./write/update.ts";

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
    ipFamilyPolicy: "SingleStack",
    ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: securePort }],
    sessionAffinity: "None",
  },
};

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

/** What the server tells of itself to those beside it: who signs its clients' certificates, and since when it tracks old tokens. */
function ofTheServer(date: string, caCertificate: string | undefined): [string, KubeObject][] {
  const made = (name: string, data: Record<string, string>): [string, KubeObject] => [
    "configmaps",
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "kube-system" }, data },
  ];
  const tracking = made("kube-apiserver-legacy-service-account-token-tracking", { since: date });
  return caCertificate === undefined
    ? [tracking]
    : [made(authenticationName, { "client-ca-file": caCertificate }), tracking];
}

const authenticationName = "extension-apiserver-authentication";
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
  const others = namespaces.flatMap((namespace) => inEveryNamespace(namespace, caCertificate));
  others.push(...ofTheServer(timestamp(server.now()).slice(0, "2026-01-02".length), caCertificate));
  for (const batch of [made, [["services", kubernetesService] as [string, KubeObject], ...others]]) {
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
  const live = server.store.get(key);
  if (live !== undefined) {
    if (name === authenticationName) await follow(server, { resource, namespace, name, subresource: "" }, object);
    return;
  }
  const id = `${plural}/${namespace}/${name}`;
  const same = known.get(id);
  if (same !== undefined) {
    const data = object["data"] === undefined ? {} : { data: object["data"] };
    await server.writer.put(key, 0, { ...same, ...data, metadata: fresh(server, same.metadata) });
    return;
  }
  try {
    const created = await createObject(server, resource, namespace, structuredClone(object), {
      ...writing(),
      // Kept by a controller, whose it is from the start.
      ...(name === rootCaName ? { manager: "kube-controller-manager" } : {}),
    });
    known.set(id, created.object);
  } catch (error) {
    if (!isStatusError(error, "AlreadyExists")) throw error;
  }
}

/** The server's certificate authority may be another one than at its last start. */
async function follow(server: Server, place: Place, { data }: KubeObject): Promise<void> {
  await updateObject(server, place, writing(), (live) => ({ object: { ...cloneJson(live), data } }));
}

function writing(): Writing {
  const user = { name: "system:apiserver", groups: ["system:masters"] };
  return { user, dryRun: false, manager: "kube-apiserver", warnings: [] };
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
