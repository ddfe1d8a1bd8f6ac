import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntil } from "../../lib/index.ts";
import { isReady, type Pod, pods } from "../compute/pod.ts";
import { startCompute } from "../compute/start-compute.ts";
import { openTestCluster, podNamed, type TestCluster } from "../compute/testing.ts";
import { ensureApiServerEndpoints } from "./api-server-endpoints.ts";
import { startEndpointSlices } from "./endpoint-slices.ts";
import { startEndpoints } from "./endpoints.ts";
import { type EndpointSlice, type Endpoints, endpointSlices, endpoints, type Service, services } from "./kinds.ts";
import { startMirroredSlices } from "./mirrored-slices.ts";

const openNetwork = async () =>
  await openTestCluster(startEndpoints, startEndpointSlices, startMirroredSlices, (context) =>
    startCompute(context, { mode: "simulated", name: "skiff" }),
  );
const port = { name: "http", port: 80, protocol: "TCP" };
const serviceNamed = (name: string, spec: Partial<Service["spec"]> = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { ports: [port], ...spec },
});

async function slicesOf(cluster: TestCluster, service: string, isSo: (slices: EndpointSlice[]) => boolean) {
  const probe = async () => {
    const all = await cluster.list<EndpointSlice>(endpointSlices);
    const slices = all.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
    return isSo(slices) ? slices : undefined;
  };
  return await waitUntil(probe, { what: `slices of ${service}: ${isSo}`, timeoutMs: 20_000, intervalMs: 5 });
}
const ready = (slices: EndpointSlice[]) =>
  slices.flatMap(({ endpoints: all }) => all ?? []).filter(({ conditions }) => conditions?.ready === true).length;

test("a service has Endpoints and slices from the start, which follow its pods and go with it", async () => {
  await using cluster = await openNetwork();
  await cluster.create(services, serviceNamed("web", { selector: { app: "web" } }));
  await cluster.until<Endpoints>(endpoints, "web", ({ subsets }) => (subsets ?? []).length === 0);
  const [placeholder] = await slicesOf(cluster, "web", ({ length }) => length === 1);
  assert.deepEqual(placeholder?.endpoints ?? [], []);
  for (const name of ["a", "b"])
    await cluster.create(pods, podNamed(name, { nodeName: "skiff" }, { labels: { app: "web" } }));
  const [filled, ...others] = await slicesOf(cluster, "web", (slices) => ready(slices) === 2);
  assert.deepEqual([filled?.metadata.name, others.length], [placeholder?.metadata.name, 0]);
  await cluster.until<Endpoints>(endpoints, "web", ({ subsets }) => subsets?.[0]?.addresses?.length === 2);
  await cluster.client.patch(pods, { namespace: "default", name: "a" }, "merge", {
    metadata: { labels: { app: "x" } },
  });
  await slicesOf(cluster, "web", (slices) => ready(slices) === 1);
  await cluster.remove(pods, "b");
  await slicesOf(cluster, "web", (slices) => slices.length === 1 && (slices[0]?.endpoints ?? []).length === 0);
  await cluster.until<Endpoints>(endpoints, "web", ({ subsets }) => (subsets ?? []).length === 0);
  await cluster.remove(services, "web");
  await cluster.gone(endpoints, "web");
});

test("a pod that ends slowly stays behind its service as terminating", async () => {
  await using cluster = await openNetwork();
  await cluster.create(services, serviceNamed("web", { selector: { app: "web" } }));
  const annotations = { "skiff.dev/simulate": "stop=10s" };
  await cluster.create(pods, podNamed("slow", { nodeName: "skiff" }, { labels: { app: "web" }, annotations }));
  await cluster.until<Pod>(pods, "slow", isReady);
  await slicesOf(cluster, "web", (slices) => ready(slices) === 1);
  await cluster.remove(pods, "slow");
  const [slice] = await slicesOf(cluster, "web", (slices) => ready(slices) === 0);
  assert.deepEqual(slice?.endpoints?.[0]?.conditions, { ready: false, serving: true, terminating: true });
  await cluster.until<Endpoints>(endpoints, "web", ({ subsets }) => (subsets ?? []).length === 0);
});

test("Endpoints that users make are mirrored as they change, and no longer when they go", async () => {
  await using cluster = await openNetwork();
  await cluster.create(services, serviceNamed("own"));
  const subsets = (ip: string) => [{ addresses: [{ ip }], ports: [{ port: 80 }] }];
  const made = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "own" }, subsets: subsets("10.1.2.3") };
  await cluster.create(endpoints, made);
  const [slice] = await slicesOf(cluster, "own", ({ length }) => length === 1);
  assert.deepEqual([slice?.endpoints?.[0]?.addresses, slice?.ports?.[0]?.port], [["10.1.2.3"], 80]);
  await cluster.client.patch(endpoints, { namespace: "default", name: "own" }, "merge", {
    subsets: subsets("10.2.3.4"),
  });
  await slicesOf(cluster, "own", ([only]) => only?.endpoints?.[0]?.addresses[0] === "10.2.3.4");
  await cluster.remove(endpoints, "own");
  await slicesOf(cluster, "own", ({ length }) => length === 0);
});

test("the API server's address is behind the service kubernetes, also after it has moved", async () => {
  await using cluster = await openNetwork();
  for (const address of [
    { ip: "192.0.2.7", port: 6443 },
    { ip: "192.0.2.8", port: 7443 },
  ]) {
    await ensureApiServerEndpoints(cluster.client, address);
    const live = await cluster.get<Endpoints>(endpoints, "kubernetes");
    assert.deepEqual(live?.subsets, [
      { addresses: [{ ip: address.ip }], ports: [{ name: "https", port: address.port, protocol: "TCP" }] },
    ]);
    const slices = await slicesOf(cluster, "kubernetes", ({ length }) => length > 0);
    assert.deepEqual(
      slices.map((slice) => [slice.metadata.name, slice.endpoints?.[0]?.addresses, slice.ports?.[0]?.port]),
      [["kubernetes", [address.ip], address.port]],
    );
    assert.equal((await cluster.get<Service>(services, "kubernetes"))?.spec.ports?.[0]?.targetPort, address.port);
  }
});
