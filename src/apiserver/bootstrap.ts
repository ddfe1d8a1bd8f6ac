import { isStatusError, type KubeObject } from "../apimachinery/index.ts";
import { apiServiceAddress } from "../apis/index.ts";
import type { Server } from "./server.ts";
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

/** Makes what every cluster has from its first moment, unless it is there already. */
export async function ensureSystemObjects(server: Server): Promise<void> {
  const made = namespaces.map((name) =>
    ensure(server, "namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } }),
  );
  await Promise.all(made);
  await ensure(server, "services", kubernetesService);
}

async function ensure(server: Server, plural: string, object: KubeObject): Promise<void> {
  const resource = server.registry.catalog.find("", "v1", plural);
  const { name = "", namespace = "" } = object.metadata;
  if (resource === undefined || server.store.get(server.keys.key(resource.storageName, namespace, name)) !== undefined)
    return;
  const user = { name: "system:apiserver", groups: ["system:masters"] };
  const writing = { user, dryRun: false, manager: "kube-apiserver", warnings: [] };
  await createObject(server, resource, namespace, structuredClone(object), writing).catch((error: unknown) => {
    if (!isStatusError(error, "AlreadyExists")) throw error;
  });
}
