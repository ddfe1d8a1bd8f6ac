import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, nodes } from "../compute/node.ts";
import { targetNode } from "./daemon-pod.ts";
import { startDaemonSetController } from "./daemon-sets.ts";
import { type ControllerRevision, controllerRevisions, type DaemonSet, daemonSets, type Pod, pods } from "./kinds.ts";
import { openTestCluster, statusHas, type TestCluster, templateOf, workload } from "./testing/cluster.ts";

async function openNodes(...names: string[]): Promise<TestCluster> {
  const cluster = await openTestCluster(startDaemonSetController);
  for (const name of names) await addNode(cluster, name);
  return cluster;
}

async function addNode(
  cluster: TestCluster,
  name: string,
  spec: NonNullable<Node["spec"]> = {},
  labels = {},
): Promise<void> {
  await cluster.client.create(nodes, { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec });
  // The server marks new nodes as not ready.
  await cluster.client.patch(nodes, { name }, "merge", { spec: { taints: spec.taints ?? null } });
}

const make = (spec: object = {}) => workload("DaemonSet", "agent", spec);
/** Where the pods of the set are or shall be, in order. */
const placesOf = (all: readonly Pod[]) => all.map((pod) => targetNode(pod)).sort();
const imageOf = ({ spec }: Pick<Pod, "spec">) => (spec["containers"] as { image: string }[])[0]?.image;
const availableOn = (count: number) => (set: DaemonSet) =>
  statusHas(set, {
    desiredNumberScheduled: count,
    numberAvailable: count,
    updatedNumberScheduled: count,
    observedGeneration: set.metadata.generation,
  });
const setImage = async (cluster: TestCluster, image: string) =>
  await cluster.patch(daemonSets, "agent", { spec: { template: templateOf("agent", image) } });

test("every node gets a pod that only it can run", async () => {
  await using cluster = await openNodes("a", "b");
  await cluster.create(daemonSets, make());
  const all = await cluster.untilList<Pod>(pods, (each) => each.length === 2);
  assert.deepEqual(placesOf(all), ["a", "b"]);
  const [pod] = all;
  const [revision] = await cluster.list<ControllerRevision>(controllerRevisions);
  const hash = revision?.metadata.labels?.["controller-revision-hash"];
  assert.equal(revision?.metadata.name, `agent-${hash}`);
  const labels = pod?.metadata.labels ?? {};
  assert.equal(labels["controller-revision-hash"], hash);
  assert.deepEqual(pod?.spec.affinity, {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: "metadata.name", operator: "In", values: [targetNode(pod as Pod)] }] },
        ],
      },
    },
  });
  const tolerated = (pod?.spec.tolerations ?? []).map(({ key, effect }) => `${key}:${effect}`);
  for (const taint of [
    "node.kubernetes.io/not-ready:NoExecute",
    "node.kubernetes.io/unreachable:NoExecute",
    "node.kubernetes.io/disk-pressure:NoSchedule",
    "node.kubernetes.io/memory-pressure:NoSchedule",
    "node.kubernetes.io/pid-pressure:NoSchedule",
    "node.kubernetes.io/unschedulable:NoSchedule",
  ])
    assert.ok(tolerated.includes(taint), taint);
  const pending = await cluster.until<DaemonSet>(daemonSets, "agent", (set) =>
    statusHas(set, { currentNumberScheduled: 2 }),
  );
  assert.deepEqual(pending.status, {
    currentNumberScheduled: 2,
    numberMisscheduled: 0,
    desiredNumberScheduled: 2,
    numberReady: 0,
    observedGeneration: 1,
    updatedNumberScheduled: 2,
    numberUnavailable: 2,
  });
  cluster.autoplay();
  const done = await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(2));
  assert.equal(done.status?.numberUnavailable, undefined);
  await cluster.client.delete(nodes, { name: "b" });
  await cluster.until<DaemonSet>(daemonSets, "agent", (set) => statusHas(set, { desiredNumberScheduled: 1 }));
});

test("nodes come and go by their labels and taints", async () => {
  await using cluster = await openTestCluster(startDaemonSetController);
  cluster.autoplay();
  const bad = [{ key: "bad", value: "yes", effect: "NoSchedule" }];
  await addNode(cluster, "plain", {}, { color: "blue" });
  await addNode(cluster, "tainted", { taints: bad }, { color: "blue" });
  await addNode(cluster, "cordoned", {
    unschedulable: true,
    taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }],
  });
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "color", operator: "In", values: ["blue"] }] }],
      },
    },
  };
  const template = templateOf("agent");
  await cluster.create(daemonSets, make({ template: { ...template, spec: { ...template.spec, affinity } } }));
  await cluster.untilList<Pod>(pods, (all) => placesOf(all).join() === "plain");
  await cluster.client.patch(nodes, { name: "cordoned" }, "merge", { metadata: { labels: { color: "blue" } } });
  await cluster.untilList<Pod>(pods, (all) => placesOf(all).join() === "cordoned,plain");
  // A taint that does not evict leaves a pod where it is; it only counts as misplaced.
  await cluster.client.patch(nodes, { name: "plain" }, "merge", { spec: { taints: bad } });
  await cluster.until<DaemonSet>(daemonSets, "agent", (set) => statusHas(set, { numberMisscheduled: 1 }));
  await cluster.client.patch(nodes, { name: "plain" }, "merge", {
    spec: { taints: [{ key: "bad", effect: "NoExecute" }] },
  });
  await cluster.untilList<Pod>(pods, (all) => placesOf(all).join() === "cordoned");
  await cluster.client.patch(nodes, { name: "cordoned" }, "merge", { metadata: { labels: { color: "green" } } });
  await cluster.untilList<Pod>(pods, (all) => all.length === 0);
});

test("a pod that failed is replaced, at growing distances", async () => {
  await using cluster = await openNodes("a");
  await cluster.create(daemonSets, make());
  const [first] = await cluster.untilList<Pod>(pods, (all) => all.length === 1);
  assert.ok(first !== undefined);
  await cluster.until<DaemonSet>(daemonSets, "agent", (set) => statusHas(set, { observedGeneration: 1 }));
  await cluster.play(first, "Failed", false);
  const replaced = (pod: Pod) => (all: Pod[]) => all.length === 1 && all[0]?.metadata.uid !== pod.metadata.uid;
  const [second] = await cluster.untilList<Pod>(pods, replaced(first));
  assert.ok(second !== undefined);
  await cluster.play(second, "Failed", false);
  await cluster.settled();
  assert.equal((await cluster.get<Pod>(pods, second.metadata.name ?? "")).metadata.uid, second.metadata.uid);
  cluster.advance(1);
  for (const controller of cluster.controllers) controller.enqueue("default/agent");
  await cluster.untilList<Pod>(pods, replaced(second));
  const events = await cluster.events("agent");
  const what = `daemon pod default/${first.metadata.name} on node a`;
  assert.ok(events.includes(`Warning FailedDaemonPod Found failed ${what}, will try to kill it`), `${events}`);
});

test("a rolling update takes a node at a time, and a rollback restarts only what it must", async () => {
  await using cluster = await openNodes("a", "b", "c");
  cluster.autoplay(({ spec }) => imageOf({ spec }) === "nonexistent");
  await cluster.create(daemonSets, make());
  await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(3));
  const unavailable: number[] = [];
  using _ = cluster.informers.of<DaemonSet>(daemonSets).listen({
    onChange: ({ status }) => unavailable.push(status?.numberUnavailable ?? 0),
  });
  await setImage(cluster, "nginx:1.26");
  await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(3));
  assert.equal(Math.max(...unavailable), 1);
  const good = await cluster.list<Pod>(pods);
  assert.deepEqual(new Set(good.map(imageOf)), new Set(["nginx:1.26"]));

  await setImage(cluster, "nonexistent");
  await cluster.untilList<Pod>(pods, (all) => all.length === 3 && all.some((pod) => imageOf(pod) === "nonexistent"));
  await cluster.settled();
  const kept = (await cluster.list<Pod>(pods)).filter((pod) => imageOf(pod) === "nginx:1.26");
  assert.equal(kept.length, 2);
  cluster.autoplay();
  await setImage(cluster, "nginx:1.26");
  await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(3));
  const uids = new Set((await cluster.list<Pod>(pods)).map(({ metadata }) => metadata.uid));
  assert.ok(kept.every(({ metadata }) => uids.has(metadata.uid)));
  const revisions = await cluster.list<ControllerRevision>(controllerRevisions);
  assert.deepEqual(revisions.map(({ revision }) => revision).sort(), [1, 3, 4]);
});

test("an update that surges keeps the old pod of a node until the new one is available", async () => {
  await using cluster = await openNodes("a", "b");
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
  cluster.autoplay(({ spec, metadata }) => imageOf({ spec }) === "slow" && metadata.deletionTimestamp === undefined);
  await cluster.create(daemonSets, make({ updateStrategy: { type: "RollingUpdate", rollingUpdate } }));
  await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(2));
  await setImage(cluster, "slow");
  const [extra] = (await cluster.untilList<Pod>(pods, (all) => all.length === 3)).filter(
    (pod) => imageOf(pod) === "slow",
  );
  await cluster.settled();
  assert.equal((await cluster.list<Pod>(pods)).length, 3);
  assert.ok(extra !== undefined);
  await cluster.play(extra, "Running");
  const place = targetNode(extra);
  await cluster.untilList<Pod>(
    pods,
    (all) => all.filter((pod) => targetNode(pod) === place).every((pod) => imageOf(pod) === "slow") && all.length === 3,
  );
});

test("OnDelete replaces only what others delete, and history is cut", async () => {
  await using cluster = await openNodes("a");
  cluster.autoplay();
  await cluster.create(daemonSets, make({ updateStrategy: { type: "OnDelete" }, revisionHistoryLimit: 0 }));
  const set = await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(1));
  await setImage(cluster, "nginx:1.26");
  await cluster.until<DaemonSet>(
    daemonSets,
    "agent",
    ({ status }) => (status?.observedGeneration ?? 0) > (set.metadata.generation ?? 0),
  );
  await cluster.settled();
  const [pod] = await cluster.list<Pod>(pods);
  assert.equal(pod && imageOf(pod), "nginx:1.25");
  assert.equal((await cluster.list(controllerRevisions)).length, 2);
  await cluster.remove(pods, pod?.metadata.name ?? "");
  await cluster.untilList<Pod>(pods, ([next]) => next !== undefined && imageOf(next) === "nginx:1.26");
  await cluster.untilList(controllerRevisions, (all) => all.length === 1);
});

test("pods with the labels of a set are adopted and released; a deleted revision comes back", async () => {
  await using cluster = await openNodes("a");
  cluster.autoplay();
  await cluster.create(daemonSets, make());
  await cluster.until<DaemonSet>(daemonSets, "agent", availableOn(1));
  const [pod] = await cluster.list<Pod>(pods);
  const name = pod?.metadata.name ?? "";
  await cluster.patch(pods, name, { metadata: { labels: { app: "other" } } });
  await cluster.until<Pod>(pods, name, ({ metadata }) => metadata.ownerReferences === undefined);
  await cluster.untilList<Pod>(pods, (all) => all.length === 2);
  const [revision] = await cluster.list<ControllerRevision>(controllerRevisions);
  await cluster.remove(controllerRevisions, revision?.metadata.name ?? "");
  const [again] = await cluster.untilList<ControllerRevision>(
    controllerRevisions,
    ([made]) => made !== undefined && made.metadata.uid !== revision?.metadata.uid,
  );
  assert.equal(again?.metadata.name, revision?.metadata.name);
  await cluster.patch(controllerRevisions, again?.metadata.name ?? "", { metadata: { ownerReferences: null } });
  await cluster.until<ControllerRevision>(
    controllerRevisions,
    again?.metadata.name ?? "",
    ({ metadata }) => metadata.ownerReferences?.[0]?.kind === "DaemonSet",
  );
});
