import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestCluster } from "./batch/testing.ts";
import type { Node, NodeCondition } from "./compute/node.ts";
import { isStuck, oldestEnded, startPodGcController } from "./pod-gc.ts";
import { type Pod, pods } from "./workloads/kinds.ts";

const namespace = "default";

function podOf(name: string, more: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, ...more.metadata },
    spec: { containers: [{ name: "c", image: "b" }], ...more.spec },
    ...(more.status && { status: more.status }),
  };
}

test("a pod that is deleted before a node took it fails and goes, but for its finalizers", async () => {
  await using cluster = await openTestCluster([startPodGcController]);
  await cluster.client.create(pods, podOf("a", { metadata: { finalizers: ["example.com/wait"] } }));
  await cluster.client.delete(pods, { namespace, name: "a" });
  await cluster.until("failure", async () => {
    const pod = await cluster.client.get<Pod>(pods, { namespace, name: "a" });
    return pod?.status?.phase === "Failed";
  });
});

test("the oldest of too many ended pods go, evicted ones first", () => {
  const at = (day: number) => ({ creationTimestamp: `2026-01-0${day}T00:00:00Z` });
  const all = [
    podOf("new", { metadata: at(3), status: { phase: "Succeeded" } }),
    podOf("old", { metadata: at(1), status: { phase: "Failed" } }),
    podOf("evicted", { metadata: at(4), status: { phase: "Failed", reason: "Evicted" } }),
    podOf("runs", { metadata: at(1), status: { phase: "Running" } }),
  ];
  assert.deepEqual(
    oldestEnded(all, 1).map(({ metadata }) => metadata.name),
    ["evicted", "old"],
  );
  assert.deepEqual(oldestEnded(all, 3), []);
});

test("a deleted pod is stuck on a node that is out of service", () => {
  const pod = podOf("a", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" }, spec: { nodeName: "n" } });
  const taints = [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }];
  const node = (ready: NodeCondition["status"], spec = {}): Node => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n" },
    spec,
    status: { conditions: [{ type: "Ready", status: ready, reason: "", message: "" }] },
  });
  assert.equal(isStuck(pod, node("False", { taints })), true);
  assert.equal(isStuck(pod, node("True", { taints })), false);
  assert.equal(isStuck(pod, node("False")), false);
  assert.equal(isStuck(podOf("a"), undefined), false);
});
