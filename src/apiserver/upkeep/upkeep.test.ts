import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../../storage/index.ts";
import { type Json, openTestServer, type TestServer } from "../testing.ts";

const apiServices = "/apis/apiregistration.k8s.io/v1/apiservices";
const flowControl = "/apis/flowcontrol.apiserver.k8s.io/v1";
const addresses = "/apis/networking.k8s.io/v1/ipaddresses";
const services = "/api/v1/namespaces/default/services";
const slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";

/** Asks again until the answer is as wanted; writes that the server makes for itself come soon after those that they follow. */
async function soon<T>(ask: () => Promise<T>, want: T): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const got = await ask();
    try {
      assert.deepEqual(got, want);
      return;
    } catch (error) {
      if (attempt >= 100) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const namesOf = async (server: TestServer, path: string): Promise<string[]> =>
  (await server.ok("GET", path)).items.map(({ metadata }: Json) => metadata.name);

function crd(versions: string[]): Json {
  const schema = { openAPIV3Schema: { type: "object" } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gears.example.com" },
    spec: {
      group: "example.com",
      scope: "Cluster",
      names: { plural: "gears", kind: "Gear" },
      versions: versions.map((name, index) => ({ name, served: true, storage: index === 0, schema })),
    },
  };
}

function metricsService(): Json {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1beta1.metrics.k8s.io" },
    spec: {
      group: "metrics.k8s.io",
      version: "v1beta1",
      service: { name: "metrics-server", namespace: "default" },
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
    },
  };
}

test("every built-in version has its APIService, available from the start", async () => {
  await using server = await openTestServer();
  const { groups } = await server.ok("GET", "/apis");
  const served = groups.flatMap(({ name, versions }: Json) =>
    versions.map(({ version }: Json) => `${version}.${name}`),
  );
  const own = "v1.apiregistration.k8s.io";
  const { items } = await server.ok("GET", apiServices);
  assert.deepEqual(
    items.map(({ metadata }: Json) => metadata.name).sort(),
    ["v1.", ...served.filter((name: string) => name !== own)].sort(),
  );
  for (const { status } of items) assert.equal(status.conditions[0].reason, "Local");
  const order = [...items]
    .filter(({ spec }) => spec.group !== undefined)
    .sort(
      (a, b) =>
        b.spec.groupPriorityMinimum - a.spec.groupPriorityMinimum ||
        (a.spec.group < b.spec.group ? -1 : a.spec.group > b.spec.group ? 1 : 0) ||
        b.spec.versionPriority - a.spec.versionPriority,
    )
    .map(({ metadata }) => metadata.name);
  assert.deepEqual(
    served.filter((name: string) => name !== own),
    order,
    "discovery lists groups by their priorities",
  );
});

test("the versions of a CRD come and go as APIServices", async () => {
  await using server = await openTestServer();
  const before = await namesOf(server, apiServices);
  const custom = async () => (await namesOf(server, apiServices)).filter((name) => !before.includes(name));
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await server.ok("POST", definitions, { body: crd(["v1", "v1beta1"]) });
  await soon(custom, ["v1.example.com", "v1beta1.example.com"]);
  const { spec, metadata, status } = await server.ok("GET", `${apiServices}/v1.example.com`);
  assert.deepEqual([spec.groupPriorityMinimum, spec.versionPriority], [1000, 100]);
  assert.deepEqual(metadata.labels, { "kube-aggregator.kubernetes.io/automanaged": "true" });
  assert.deepEqual(
    metadata.managedFields.map(({ manager }: Json) => manager),
    ["kube-apiserver"],
  );
  assert.equal(status.conditions[0].status, "True");
  await server.ok("DELETE", `${apiServices}/v1.example.com`);
  await soon(custom, ["v1.example.com", "v1beta1.example.com"]);
  const definition = await server.ok("GET", `${definitions}/gears.example.com`);
  definition.spec.versions[1].served = false;
  await server.ok("PUT", `${definitions}/gears.example.com`, { body: definition });
  await soon(custom, ["v1.example.com"]);
  await server.ok("DELETE", `${definitions}/gears.example.com`);
  await soon(custom, []);
});

test("an APIService that names a Service says why it is not available, and its group is not served", async () => {
  await using server = await openTestServer();
  await server.ok("POST", apiServices, { body: metricsService() });
  const said = async (): Promise<string[]> => {
    const { status } = await server.ok("GET", `${apiServices}/v1beta1.metrics.k8s.io`);
    const { status: is, reason, message } = status?.conditions?.[0] ?? {};
    return [is, reason, message];
  };
  const which = 'service/metrics-server in "default"';
  await soon(said, ["False", "ServiceNotFound", `${which} is not present`]);
  const service = (port: number): Json => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "metrics-server" },
    spec: { clusterIP: "10.96.7.7", ports: [{ name: "https", port }] },
  });
  await server.ok("POST", services, { body: service(80) });
  await soon(said, ["False", "ServicePortError", `${which} is not listening on port 443`]);
  await server.ok("PATCH", `${services}/metrics-server`, {
    contentType: "application/merge-patch+json",
    body: { spec: service(443).spec },
  });
  await soon(said, ["False", "EndpointsNotFound", `cannot find endpointslices for ${which}`]);
  const slice: Json = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "a", labels: { "kubernetes.io/service-name": "metrics-server" } },
    addressType: "IPv4",
    endpoints: [],
    ports: [{ name: "https", port: 443 }],
  };
  await server.ok("POST", slices, { body: slice });
  const missing = `endpointslices for ${which} have no addresses with port name "https"`;
  await soon(said, ["False", "MissingEndpoints", missing]);
  await server.ok("PUT", `${slices}/a`, { body: { ...slice, endpoints: [{ addresses: ["10.1.1.1"] }] } });
  const url = "https://10.96.7.7:443/apis/metrics.k8s.io/v1beta1";
  const why = "this platform forwards no requests to other API servers";
  await soon(said, ["False", "FailedDiscoveryCheck", `failing or missing response from ${url}: ${why}`]);
  const { groups } = await server.ok("GET", "/apis");
  assert.ok(!groups.some(({ name }: Json) => name === "metrics.k8s.io"));
  for (const path of ["/apis/metrics.k8s.io/v1beta1", "/apis/metrics.k8s.io/v1beta1/nodes"]) {
    const { status, text } = await server.send("GET", path);
    assert.deepEqual([status, text], [503, "service unavailable\n"], path);
  }
  assert.equal((await server.send("GET", "/apis/metrics.k8s.io/v1")).status, 404);
});

test("a FlowSchema says whether its priority level exists", async () => {
  await using server = await openTestServer();
  const said = async () => {
    const { status } = await server.ok("GET", `${flowControl}/flowschemas/mine`);
    const { status: is, reason, message } = status?.conditions?.[0] ?? {};
    return [is, reason, message];
  };
  const what = 'This FlowSchema references the PriorityLevelConfiguration object named "own"';
  await server.ok("POST", `${flowControl}/flowschemas`, {
    body: {
      apiVersion: "flowcontrol.apiserver.k8s.io/v1",
      kind: "FlowSchema",
      metadata: { name: "mine" },
      spec: { matchingPrecedence: 500, priorityLevelConfiguration: { name: "own" } },
    },
  });
  await soon(said, ["True", "NotFound", `${what} but there is no such object`]);
  const level = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name: "own" },
    spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } },
  };
  await server.ok("POST", `${flowControl}/prioritylevelconfigurations`, { body: level });
  await soon(said, ["False", "Found", `${what} and it exists`]);
  const { metadata } = await server.ok("GET", `${flowControl}/flowschemas/mine`);
  const consumer = "api-priority-and-fairness-config-consumer-v1";
  assert.deepEqual(
    metadata.managedFields.map((one: Json) => [one.manager, one.operation, one.subresource]),
    [
      [consumer, "Apply", "status"],
      ["test", "Update", undefined],
    ],
  );
  await server.ok("DELETE", `${flowControl}/prioritylevelconfigurations/own`);
  await soon(said, ["True", "NotFound", `${what} but there is no such object`]);
});

test("each cluster address of a service has its IPAddress, also of services that were there before", async () => {
  await using store = openMemoryStore();
  const service = (name: string, clusterIP: string): Json => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { clusterIP, ports: [{ port: 80 }] },
  });
  {
    await using server = await openTestServer({ store });
    assert.deepEqual(await namesOf(server, addresses), ["10.96.0.1"]);
    await server.ok("POST", services, { body: service("a", "10.96.0.9") });
    await server.ok("POST", services, { body: service("headless", "None") });
    await soon(() => namesOf(server, addresses), ["10.96.0.1", "10.96.0.9"]);
    const { spec } = await server.ok("GET", `${addresses}/10.96.0.9`);
    assert.deepEqual(spec, { parentRef: { name: "a", namespace: "default", resource: "services" } });
    await server.ok("DELETE", `${services}/a`);
    await soon(() => namesOf(server, addresses), ["10.96.0.1"]);
    await server.ok("POST", services, { body: service("b", "10.96.0.10") });
    await soon(() => namesOf(server, addresses), ["10.96.0.1", "10.96.0.10"]);
    await server.ok("DELETE", `${addresses}/10.96.0.10`);
  }
  await using server = await openTestServer({ store });
  await soon(() => namesOf(server, addresses), ["10.96.0.1", "10.96.0.10"]);
});

test("a server says that it is alive, and goes on with its lease when it starts again", async () => {
  await using store = openMemoryStore();
  let now = new Date("2026-01-02T03:00:00Z");
  const lease = async (server: TestServer) => (await server.ok("GET", leases)).items[0];
  const start = () => openTestServer({ store, now: () => now });
  {
    await using server = await start();
    await soon(async () => (await lease(server))?.spec.renewTime, "2026-01-02T03:00:00.000000Z");
    const { metadata, spec } = await lease(server);
    assert.match(metadata.name, /^apiserver-[a-z2-7]{26}$/);
    assert.equal(metadata.labels["apiserver.kubernetes.io/identity"], "kube-apiserver");
    assert.ok(spec.holderIdentity.startsWith(`${metadata.name}_`));
  }
  now = new Date("2026-01-02T03:29:00Z");
  {
    await using server = await start();
    assert.equal((await lease(server)).spec.renewTime, "2026-01-02T03:00:00.000000Z");
  }
  now = new Date("2026-01-02T03:31:00Z");
  await using server = await start();
  await soon(async () => (await lease(server)).spec.renewTime, "2026-01-02T03:31:00.000000Z");
  await using logical = await openTestServer({ store, cluster: "other", identityLease: false });
  assert.equal(await lease(logical), undefined);
});
