import assert from "node:assert/strict";
import { test } from "node:test";
import { listAt } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { createSharedInformers } from "../../controller-runtime/index.ts";
import { silentLog } from "../../lib/index.ts";
import { openTestCluster } from "../batch/testing.ts";
import { ingresses, services } from "./kinds.ts";
import { needsAddress, startSimulatedAddresses } from "./simulated-addresses.ts";

const namespace = "default";
const ports = [{ port: 80 }];

test("load balancers and ingresses get an address, others do not, and one that is there stays", async () => {
  await using cluster = await openTestCluster([]);
  const { client } = cluster;
  await using informers = createSharedInformers(client, silentLog);
  await using _controller = startSimulatedAddresses(
    { client, informers, log: silentLog, now: () => new Date() },
    "simulated",
  );
  const service = (name: string, type: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { type, ports },
  });
  await client.create(services, service("inside", "ClusterIP"));
  await client.create(services, service("outside", "LoadBalancer"));
  const backend = { service: { name: "outside", port: { number: 80 } } };
  await client.create(ingresses, {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web", namespace },
    spec: { defaultBackend: backend },
  });
  const addressesOf = async (resource: Resource, name: string) =>
    listAt(await client.get(resource, { namespace, name }), "status", "loadBalancer", "ingress");
  for (const [resource, name] of [
    [services, "outside"],
    [ingresses, "web"],
  ] as const) {
    const given = await cluster.until(`an address of ${name}`, async () => {
      const found = await addressesOf(resource, name);
      return found.length > 0 && found;
    });
    assert.deepEqual(given, [{ hostname: "localhost" }]);
  }
  assert.deepEqual(await addressesOf(services, "inside"), []);

  const status = { loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } };
  await client.patch(services, { namespace, name: "outside" }, "merge", { status }, { subresource: "status" });
  const live = await client.get(services, { namespace, name: "outside" });
  assert.ok(live !== undefined && !needsAddress(live));
  assert.deepEqual(await addressesOf(services, "outside"), [{ hostname: "lb.example.com" }]);
});
