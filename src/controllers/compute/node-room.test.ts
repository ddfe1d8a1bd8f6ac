import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "./node.ts";
import { createNodeRoom } from "./node-room.ts";
import type { Pod, PodSpec } from "./pod.ts";

const node: Node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n", labels: { "kubernetes.io/os": "linux", disk: "ssd" } },
  spec: { taints: [{ key: "gone", effect: "NoExecute" }] },
  status: { allocatable: { cpu: "2", memory: "1Gi", pods: "3", "example.com/dongle": "1" } },
};
const tolerations = [{ operator: "Exists" }];

function pod(name: string, spec: Partial<PodSpec> & { cpu?: string; memory?: string; port?: number } = {}): Pod {
  const { cpu, memory, port, ...rest } = spec;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  const ports = port === undefined ? [] : [{ containerPort: 80, hostPort: port }];
  const containers = [{ name: "c", resources: { requests }, ports }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, uid: name }, spec: { containers, tolerations, ...rest } };
}

const given = [pod("a", { cpu: "500m", port: 80 }), pod("b", { cpu: "1" })];

const cases: Record<string, { pod: Pod; reason?: string; message?: string }> = {
  "takes what fits": { pod: pod("c", { cpu: "500m", memory: "1Gi" }) },
  "has no processor left": {
    pod: pod("c", { cpu: "501m" }),
    reason: "OutOfcpu",
    message: "Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000",
  },
  "has no memory left": {
    pod: pod("c", { memory: "2Gi" }),
    reason: "OutOfmemory",
    message: "Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824",
  },
  "makes room for what is critical": { pod: pod("c", { cpu: "4", priority: 2_000_000_000 }) },
  "has given a port away": {
    pod: pod("c", { port: 80 }),
    reason: "NodePorts",
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  },
  "has another port": { pod: pod("c", { port: 81 }) },
  "is not what the pod selects": {
    pod: pod("c", { nodeSelector: { disk: "tape" } }),
    reason: "NodeAffinity",
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  },
  "is of another system": {
    pod: pod("c", { os: { name: "windows" } }),
    reason: "PodOSNotSupported",
    message: "Failed to admit pod as the OS field doesn't match node OS",
  },
  "sends away what does not tolerate it": {
    pod: pod("c", { tolerations: [] }),
    reason: "TaintToleration",
    message: "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
  },
};

for (const [name, { pod: asked, reason, message }] of Object.entries(cases)) {
  test(`a node ${name}`, () => {
    const room = createNodeRoom();
    for (const one of given) assert.equal(room.admit(one, node), undefined);
    assert.deepEqual(room.admit(asked, node), reason === undefined ? undefined : { reason, message });
  });
}

test("a node takes so many pods and no more, and again when one has gone", () => {
  const room = createNodeRoom();
  for (const name of ["a", "b", "c"]) room.take(pod(name));
  assert.equal(room.admit(pod("d"), node)?.reason, "OutOfpods");
  room.free("b");
  assert.equal(room.admit(pod("d"), node), undefined);
  assert.equal(room.admit(pod("d"), node), undefined, "it has been taken");
});

test("an extended resource that the node does not have is not its own to judge", () => {
  const room = createNodeRoom();
  const asking = (name: string, resource: string, amount: string): Pod => ({
    ...pod(name),
    spec: { containers: [{ name: "c", resources: { requests: { [resource]: amount } } }], tolerations },
  });
  assert.equal(room.admit(asking("a", "example.com/other", "5"), node), undefined);
  assert.equal(room.admit(asking("b", "example.com/dongle", "2"), node)?.reason, "OutOfexample.com/dongle");
});

test("what a pod takes follows its spec", () => {
  const room = createNodeRoom();
  const resized = (cpu: string, generation: number): Pod => {
    const one = pod("a", { cpu });
    return { ...one, metadata: { ...one.metadata, generation } };
  };
  room.take(resized("500m", 1));
  room.take(resized("1500m", 2));
  assert.equal(room.admit(pod("b", { cpu: "1" }), node)?.reason, "OutOfcpu");
  room.take(resized("500m", 3));
  assert.equal(room.admit(pod("b", { cpu: "1" }), node), undefined);
});
