import assert from "node:assert/strict";
import { test } from "node:test";
import { type KubeObject, StatusError } from "../../apimachinery/index.ts";
import { allocateService, carryService, takenBy } from "./service.ts";

const none = { ips: new Set<string>(), ports: new Set<number>() };
const service = (spec: Record<string, unknown>, name = "web"): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { type: "ClusterIP", ports: [{ port: 80, protocol: "TCP" }], ...spec },
});
const specOf = (one: KubeObject) => one["spec"] as Record<string, unknown> & { ports: { nodePort?: number }[] };

test("a service gets an address of the range, the same one each time", () => {
  const spec = specOf(allocateService(service({}), none));
  assert.match(String(spec["clusterIP"]), /^10\.96\.\d+\.\d+$/);
  assert.deepEqual(spec["clusterIPs"], [spec["clusterIP"]]);
  assert.deepEqual([spec["ipFamilies"], spec["ipFamilyPolicy"]], [["IPv4"], "SingleStack"]);
  assert.deepEqual(specOf(allocateService(service({}), none)), spec);
  assert.equal(spec.ports[0]?.nodePort, undefined);
});

test("a taken address is not given twice", () => {
  const first = allocateService(service({}), none);
  const taken = takenBy(first);
  const second = allocateService(service({}), { ips: new Set(taken.ips), ports: new Set(taken.ports) });
  assert.notEqual(specOf(first)["clusterIP"], specOf(second)["clusterIP"]);
});

test("explicit addresses are kept or refused, None is kept", () => {
  assert.equal(specOf(allocateService(service({ clusterIP: "10.96.0.10" }), none))["clusterIP"], "10.96.0.10");
  const headless = specOf(allocateService(service({ clusterIP: "None", selector: { a: "b" } }), none));
  assert.deepEqual(
    [headless["clusterIP"], headless["clusterIPs"], headless["ipFamilies"]],
    ["None", ["None"], ["IPv4"]],
  );
  const refused = (clusterIP: string, ips: string[]) => () =>
    allocateService(service({ clusterIP }), { ips: new Set(ips), ports: new Set() });
  assert.throws(refused("10.96.0.10", ["10.96.0.10"]), (error) => {
    assert.ok(error instanceof StatusError);
    const why = "failed to allocate IP 10.96.0.10: provided IP is already allocated";
    assert.equal(error.message, `Service "web" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: ${why}`);
    return true;
  });
  assert.throws(refused("10.97.0.10", []), /the provided network does not match the current range/);
});

test("node ports are given to the types that have them", () => {
  const port = specOf(allocateService(service({ type: "NodePort" }), none)).ports[0]?.nodePort ?? 0;
  assert.ok(port >= 30_000 && port <= 32_767);
  const taken = { ips: new Set<string>(), ports: new Set([port]) };
  assert.notEqual(specOf(allocateService(service({ type: "NodePort" }), taken)).ports[0]?.nodePort, port);
  const without = service({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false });
  assert.equal(specOf(allocateService(without, none)).ports[0]?.nodePort, undefined);
  const local = specOf(allocateService(service({ type: "LoadBalancer", externalTrafficPolicy: "Local" }), none));
  assert.ok(Number(local["healthCheckNodePort"]) >= 30_000);
});

test("one node port may serve two protocols of one service, and no two services", () => {
  const ports = [
    { port: 53, protocol: "TCP", nodePort: 30_053 },
    { port: 53, protocol: "UDP", nodePort: 30_053 },
  ];
  assert.doesNotThrow(() => allocateService(service({ type: "NodePort", ports }), none));
  const taken = { ips: new Set<string>(), ports: new Set([30_053]) };
  assert.throws(
    () => allocateService(service({ type: "NodePort", ports }), taken),
    /spec\.ports\[0\]\.nodePort: Invalid value: 30053: provided port is already allocated/,
  );
  const low = [{ port: 80, nodePort: 80 }];
  assert.throws(
    () => allocateService(service({ type: "NodePort", ports: low }), none),
    /The range of valid ports is 30000-32767/,
  );
});

test("an external name has no address", () => {
  assert.equal(
    specOf(allocateService(service({ type: "ExternalName", externalName: "a.b" }), none))["clusterIP"],
    undefined,
  );
});

test("an update keeps what it does not mention", () => {
  const old = allocateService(service({ type: "NodePort" }), none);
  const update = service({ type: "NodePort" });
  carryService(update, old);
  assert.equal(specOf(update)["clusterIP"], specOf(old)["clusterIP"]);
  assert.equal(specOf(update).ports[0]?.nodePort, specOf(old).ports[0]?.nodePort);
});

test("a change of type gives back what the new type does not use", () => {
  const old = allocateService(service({ type: "NodePort", externalTrafficPolicy: "Cluster" }), none);
  const plain = structuredClone(old);
  specOf(plain)["type"] = "ClusterIP";
  carryService(plain, old);
  assert.deepEqual([specOf(plain).ports[0]?.nodePort, specOf(plain)["externalTrafficPolicy"]], [undefined, undefined]);
  assert.equal(specOf(plain)["clusterIP"], specOf(old)["clusterIP"]);
  const external = structuredClone(old);
  Object.assign(specOf(external), { type: "ExternalName", externalName: "a.b" });
  carryService(external, old);
  assert.deepEqual([specOf(external)["clusterIP"], specOf(external)["ipFamilies"]], [undefined, undefined]);
  // What a merge patch leaves that names only the one address.
  const emptied = structuredClone(old);
  Object.assign(specOf(emptied), { type: "ExternalName", externalName: "a.b", clusterIP: "" });
  carryService(emptied, old);
  assert.deepEqual([specOf(emptied)["clusterIP"], specOf(emptied)["clusterIPs"]], [undefined, undefined]);
});
