import { deepEqual, isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { endpointSlices, endpoints, labels, services } from "./kinds.ts";

/** Where an API server is reached. */
export type ApiServerAddress = { ip: string; port: number };

const place = { namespace: "default", name: "kubernetes" };
const fieldManager = "kube-apiserver";

/**
 * Puts the API server's own address behind the service `kubernetes`, as each kube-apiserver does when it starts: in Endpoints
 * and in an EndpointSlice of the same name.
 */
export async function ensureApiServerEndpoints(client: Client, { ip, port }: ApiServerAddress): Promise<void> {
  const ports = [{ name: "https", port, protocol: "TCP" }];
  await ensure(client, endpoints, {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { ...place, labels: { [labels.skipMirror]: "true" } },
    subsets: [{ addresses: [{ ip }], ports }],
  });
  await ensure(client, endpointSlices, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...place, labels: { [labels.serviceName]: place.name } },
    addressType: ip.includes(":") ? "IPv6" : "IPv4",
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports,
  });
  const service = await client.get<KubeObject & { spec?: { ports?: { targetPort?: unknown }[] } }>(services, place);
  const targeted = service?.spec?.ports?.[0];
  if (service === undefined || targeted === undefined || targeted.targetPort === port) return;
  const { resourceVersion } = service.metadata;
  const patch = { metadata: { resourceVersion }, spec: { ports: [{ ...targeted, targetPort: port }] } };
  await client.patch(services, place, "merge", patch, { fieldManager });
}

async function ensure(client: Client, resource: Resource, wanted: KubeObject): Promise<void> {
  const live = await client.get(resource, place);
  if (live === undefined) {
    await client.create(resource, wanted, { fieldManager }).catch((error: unknown) => {
      if (!isStatusError(error, "AlreadyExists")) throw error;
    });
    return;
  }
  const { metadata, apiVersion: _version, kind: _kind, ...content } = wanted;
  const { resourceVersion } = live.metadata;
  const changed = Object.entries(content).some(([field, value]) => !deepEqual(live[field], value));
  const labelled = Object.entries(metadata.labels ?? {}).every(([key, value]) => live.metadata.labels?.[key] === value);
  if (!changed && labelled) return;
  const patch = { metadata: { resourceVersion, labels: metadata.labels }, ...content };
  await client.patch(resource, place, "merge", patch, { fieldManager });
}
