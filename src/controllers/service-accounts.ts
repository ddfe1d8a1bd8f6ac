import type { KubeObject } from "../apimachinery/index.ts";
import { StatusError } from "../apimachinery/index.ts";
import { type Client, type Informer, type Resource, startInformer } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";
import { namespaces } from "./namespaces.ts";

const serviceAccounts: Resource = {
  group: "",
  version: "v1",
  resource: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};
const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const rootCaName = "kube-root-ca.crt";

/**
 * Keeps in every namespace what pods and packages rely on: the ServiceAccount `default` and the ConfigMap
 * `kube-root-ca.crt` with the certificate that signs the API server's.
 */
export function startServiceAccountController(client: Client, caCertificate: string, log: Log): AsyncDisposable {
  const informers: Informer<KubeObject>[] = [];
  const controller = startController({
    name: "service-accounts",
    log,
    reconcile: async (namespace): Promise<Result> => {
      const live = await client.get(namespaces, { name: namespace });
      if (live === undefined || live.metadata.deletionTimestamp !== undefined) return { state: "done" };
      const metadata = { name: "default", namespace };
      await ensure(client, serviceAccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
      await ensureRootCa(client, namespace, caCertificate);
      return { state: "done" };
    },
  });
  const enqueueNamespace = (object: KubeObject) => {
    if (object.metadata.namespace !== undefined) controller.enqueue(object.metadata.namespace);
  };
  informers.push(
    startInformer(client, namespaces, {
      log,
      metadataOnly: true,
      onChange: ({ metadata }, previous) => {
        if (previous === undefined && metadata.name !== undefined) controller.enqueue(metadata.name);
      },
    }),
    startInformer(client, serviceAccounts, {
      log,
      metadataOnly: true,
      fieldSelector: "metadata.name=default",
      onDelete: enqueueNamespace,
    }),
    startInformer(client, configMaps, {
      log,
      metadataOnly: true,
      fieldSelector: `metadata.name=${rootCaName}`,
      onDelete: enqueueNamespace,
      onChange: (object, previous) => {
        if (previous !== undefined) enqueueNamespace(object);
      },
    }),
  );
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(informers.map((informer) => informer[Symbol.asyncDispose]()));
      await controller[Symbol.asyncDispose]();
    },
  };
}

async function ensureRootCa(client: Client, namespace: string, caCertificate: string): Promise<void> {
  const data = { "ca.crt": caCertificate };
  const live = await client.get<KubeObject & { data?: Record<string, string> }>(configMaps, {
    namespace,
    name: rootCaName,
  });
  if (live === undefined) {
    const annotations = {
      "kubernetes.io/description":
        "Contains a CA bundle that can be used to verify the Kubernetes API server's certificate.",
    };
    await ensure(client, configMaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: rootCaName, namespace, annotations },
      data,
    });
    return;
  }
  if (live.data?.["ca.crt"] !== caCertificate) await client.update(configMaps, { ...live, data });
}

/** Creates what is absent. A namespace that goes away meanwhile needs nothing any more. */
async function ensure(client: Client, resource: Resource, object: KubeObject): Promise<void> {
  const { namespace, name = "" } = object.metadata;
  if ((await client.get(resource, { namespace, name })) !== undefined) return;
  await client.create(resource, object).catch((error: unknown) => {
    const harmless = error instanceof StatusError && ["AlreadyExists", "NotFound", "Forbidden"].includes(error.reason);
    if (!harmless) throw error;
  });
}
