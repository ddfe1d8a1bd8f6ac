import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes } from "../compute/node.ts";
import { conditionOf, type Pod, pods } from "../compute/pod.ts";
import { containerNamed, nodeNamed, openTestCluster, podNamed, type TestCluster } from "../compute/testing.ts";
import { startNodeTaints } from "../nodes/node-taints.ts";
import { startVolumeBinder } from "../storage/volume-binder.ts";
import { claims, type PersistentVolumeClaim, storageClasses, volumes } from "../storage/volumes.ts";
import { startScheduler } from "./start-scheduler.ts";

const openScheduled = async () => await openTestCluster(startNodeTaints, startScheduler, startVolumeBinder);
const asking = (cpu: string) => ({ containers: [containerNamed("main", { resources: { requests: { cpu } } })] });
const createHighClass = async (cluster: TestCluster) => {
  const classes = {
    group: "scheduling.k8s.io",
    version: "v1",
    resource: "priorityclasses",
    kind: "PriorityClass",
    namespaced: false,
  };
  const metadata = { name: "high" };
  await cluster.create(classes, { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata, value: 1000 });
};
const isBound = ({ spec }: Pod) => spec.nodeName !== undefined;

test("a pod waits for a node, is told why, and goes there when it comes", async () => {
  await using cluster = await openScheduled();
  await cluster.create(pods, podNamed("early"));
  const waiting = await cluster.until<Pod>(pods, "early", (pod) => conditionOf(pod, "PodScheduled") !== undefined);
  const { status, reason, message } = conditionOf(waiting, "PodScheduled") ?? {};
  assert.deepEqual([status, reason, message], ["False", "Unschedulable", "no nodes available to schedule pods"]);
  assert.equal(await cluster.event("early", "FailedScheduling"), "no nodes available to schedule pods");
  await cluster.create(nodes, nodeNamed("a"));
  assert.equal((await cluster.until<Pod>(pods, "early", isBound)).spec.nodeName, "a");
});

test("a pod that finds no room gets it when another goes", async () => {
  await using cluster = await openScheduled();
  await cluster.create(nodes, nodeNamed("a", { cpu: "2" }));
  await cluster.create(pods, podNamed("first", asking("2")));
  await cluster.until<Pod>(pods, "first", isBound);
  await cluster.create(pods, podNamed("second", asking("1")));
  assert.match(await cluster.event("second", "FailedScheduling"), /^0\/1 nodes are available: 1 Insufficient cpu\. /);
  await cluster.client.delete(pods, { namespace: "default", name: "first" }, { gracePeriodSeconds: 0 });
  await cluster.until<Pod>(pods, "second", isBound);
});

test("pods of another scheduler and gated ones are left alone, until the gate is open", async () => {
  await using cluster = await openScheduled();
  await cluster.create(nodes, nodeNamed("a"));
  await cluster.create(pods, podNamed("foreign", { schedulerName: "mine" }));
  await cluster.create(pods, podNamed("gated", { schedulingGates: [{ name: "example.com/wait" }] }));
  await cluster.create(pods, podNamed("plain"));
  await cluster.until<Pod>(pods, "plain", isBound);
  for (const name of ["foreign", "gated"]) assert.equal((await cluster.get<Pod>(pods, name))?.spec.nodeName, undefined);
  await cluster.client.patch(pods, { namespace: "default", name: "gated" }, "merge", {
    spec: { schedulingGates: null },
  });
  await cluster.until<Pod>(pods, "gated", isBound);
});

test("a more important pod makes others go, and says on which node it will be", async () => {
  await using cluster = await openScheduled();
  await cluster.create(nodes, nodeNamed("a", { cpu: "2" }));
  await cluster.create(pods, podNamed("low", { ...asking("2"), terminationGracePeriodSeconds: 30 } as object));
  await cluster.until<Pod>(pods, "low", isBound);
  await createHighClass(cluster);
  await cluster.create(pods, podNamed("high", { ...asking("2"), priorityClassName: "high" } as object));
  const nominated = await cluster.until<Pod>(pods, "high", ({ status }) => status?.nominatedNodeName === "a");
  const victim = await cluster.until<Pod>(pods, "low", ({ metadata }) => metadata.deletionTimestamp !== undefined);
  assert.equal(conditionOf(victim, "DisruptionTarget")?.reason, "PreemptionByScheduler");
  assert.equal(await cluster.event("low", "Preempted"), `Preempted by pod ${nominated.metadata.uid} on node a`);
  await cluster.client.delete(pods, { namespace: "default", name: "low" }, { gracePeriodSeconds: 0 });
  await cluster.until<Pod>(pods, "high", isBound);
});

test("room that is being made for a pod is nobody else's, however often the pod is looked at meanwhile", async () => {
  await using cluster = await openScheduled();
  await cluster.create(nodes, nodeNamed("a", { cpu: "4" }));
  await createHighClass(cluster);
  for (const name of ["one", "two"]) {
    await cluster.create(pods, podNamed(name, { ...asking("2"), terminationGracePeriodSeconds: 30 } as object));
    await cluster.until<Pod>(pods, name, isBound);
  }
  await cluster.create(pods, podNamed("high", { ...asking("4"), priorityClassName: "high" } as object));
  for (const name of ["one", "two"])
    await cluster.until<Pod>(pods, name, ({ metadata }) => metadata.deletionTimestamp !== undefined);
  const end = async (name: string) =>
    await cluster.client.delete(pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });
  await end("one");
  const waiting = await cluster.until<Pod>(
    pods,
    "high",
    (pod) => conditionOf(pod, "PodScheduled")?.message?.includes("a terminating pod on the nominated node") === true,
  );
  assert.equal(waiting.status?.nominatedNodeName, "a");
  await cluster.create(pods, podNamed("other", asking("1")));
  const other = await cluster.until<Pod>(pods, "other", (pod) => conditionOf(pod, "PodScheduled") !== undefined);
  assert.equal(conditionOf(other, "PodScheduled")?.reason, "Unschedulable");
  await end("two");
  await cluster.until<Pod>(pods, "high", isBound);
});

test("a claim that waited for its pod gets a volume that its node can use", async () => {
  await using cluster = await openScheduled();
  await cluster.create(nodes, nodeNamed("a"));
  await cluster.create(storageClasses, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local" },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  const nodeSelectorTerms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["a"] }] }];
  await cluster.create(volumes, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "disk" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "local",
      local: { path: "/disk" },
      nodeAffinity: { required: { nodeSelectorTerms } },
    },
  });
  await cluster.create(claims, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "local", resources: { requests: { storage: "1Gi" } } },
  });
  assert.match(await cluster.event("data", "WaitForFirstConsumer"), /^waiting for first consumer/);
  await cluster.create(
    pods,
    podNamed("web", { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] }),
  );
  await cluster.until<Pod>(pods, "web", isBound);
  const claim = await cluster.until<PersistentVolumeClaim>(claims, "data", ({ status }) => status?.phase === "Bound");
  assert.equal(claim.spec.volumeName, "disk");
});
