import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Claim,
  type ControllerRevision,
  controllerRevisions,
  type Pod,
  persistentVolumeClaims,
  pods,
  type StatefulSet,
  statefulSets,
} from "./kinds.ts";
import { startStatefulSetController } from "./stateful-sets.ts";
import { openTestCluster, statusHas, type TestCluster, templateOf, workload } from "./testing/cluster.ts";

const claims = persistentVolumeClaims;
const open = (): Promise<TestCluster> => openTestCluster(startStatefulSetController);
const make = (spec: object) => workload("StatefulSet", "web", { serviceName: "web", ...spec });
const claimTemplate = {
  metadata: { name: "data", labels: { tier: "disk" } },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};
const availableIs = (count: number) => (set: StatefulSet) =>
  statusHas(set, { replicas: count, availableReplicas: count, observedGeneration: set.metadata.generation });
const namesOf = (all: readonly { metadata: { name?: string } }[]) => all.map(({ metadata }) => metadata.name);
const imageOf = ({ spec }: Pick<Pod, "spec">) => (spec["containers"] as { image: string }[])[0]?.image;

/** Names of pods in the order in which they came, and with a minus in which they went. */
function watchPods(cluster: TestCluster): string[] {
  const seen: string[] = [];
  cluster.informers.of<Pod>(pods).listen({
    onChange: (pod, previous) => {
      if (previous === undefined) seen.push(pod.metadata.name ?? "");
    },
    onDelete: (pod) => {
      seen.push(`-${pod.metadata.name}`);
    },
  });
  return seen;
}

test("pods come one after the other, each when the one before it is ready, and go the other way", async () => {
  await using cluster = await open();
  const seen = watchPods(cluster);
  await cluster.create(statefulSets, make({ replicas: 3 }));
  await cluster.untilList<Pod>(pods, (all) => all.length === 1);
  await cluster.settled();
  assert.deepEqual(seen, ["web-0"]);
  const set = await cluster.get<StatefulSet>(statefulSets, "web");
  const revision = set.status?.updateRevision;
  const pod = await cluster.get<Pod>(pods, "web-0");
  assert.deepEqual(pod.metadata.labels, {
    app: "web",
    "statefulset.kubernetes.io/pod-name": "web-0",
    "apps.kubernetes.io/pod-index": "0",
    "controller-revision-hash": revision,
  });
  assert.equal(pod.metadata.generateName, "web-");
  assert.equal(pod.spec["hostname"], "web-0");
  assert.equal(pod.spec["subdomain"], "web");
  assert.deepEqual(set.status, {
    observedGeneration: 1,
    replicas: 1,
    currentReplicas: 1,
    updatedReplicas: 1,
    availableReplicas: 0,
    currentRevision: revision,
    updateRevision: revision,
    collisionCount: 0,
  });
  cluster.autoplay();
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(3));
  await cluster.patch(statefulSets, "web", { spec: { replicas: 0 } });
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(0));
  assert.deepEqual(seen, ["web-0", "web-1", "web-2", "-web-2", "-web-1", "-web-0"]);
  const events = await cluster.events("web");
  assert.ok(events.includes("Normal SuccessfulCreate create Pod web-0 in StatefulSet web successful"), `${events}`);
  assert.ok(events.includes("Normal SuccessfulDelete delete Pod web-2 in StatefulSet web successful"), `${events}`);
});

test("an ordered set waits while a pod is in trouble, up and down", async () => {
  await using cluster = await open();
  cluster.autoplay(({ metadata }) => metadata.name === "web-1");
  await cluster.create(statefulSets, make({ replicas: 3 }));
  await cluster.untilList<Pod>(pods, (all) => all.length === 2);
  await cluster.settled();
  assert.deepEqual(namesOf(await cluster.list<Pod>(pods)), ["web-0", "web-1"]);
  await cluster.play(await cluster.get<Pod>(pods, "web-1"), "Running");
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(3));
  await cluster.play(await cluster.get<Pod>(pods, "web-0"), "Running", false);
  await cluster.until<StatefulSet>(statefulSets, "web", (set) => statusHas(set, { readyReplicas: 2 }));
  await cluster.patch(statefulSets, "web", { spec: { replicas: 1 } });
  await cluster.settled();
  assert.equal((await cluster.list<Pod>(pods)).length, 3);
});

test("a parallel set makes and ends all pods at once, even while some are in trouble", async () => {
  await using cluster = await open();
  await cluster.create(statefulSets, make({ replicas: 3, podManagementPolicy: "Parallel" }));
  await cluster.untilList<Pod>(pods, (all) => all.length === 3);
  await cluster.patch(statefulSets, "web", { spec: { replicas: 0 } });
  await cluster.untilList<Pod>(pods, (all) => all.length === 0);
});

test("ordinals start where the set says", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 2, ordinals: { start: 3 } }));
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(2));
  assert.deepEqual(namesOf(await cluster.list<Pod>(pods)), ["web-3", "web-4"]);
  await cluster.patch(statefulSets, "web", { spec: { ordinals: { start: 4 } } });
  await cluster.untilList<Pod>(pods, (all) => namesOf(all).join() === "web-4,web-5");
});

test("a rolling update goes from the last pod down, and back again through the same revision", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 3 }));
  const before = await cluster.until<StatefulSet>(statefulSets, "web", availableIs(3));
  const seen = watchPods(cluster);
  seen.length = 0;
  await cluster.patch(statefulSets, "web", { spec: { template: templateOf("web", "nginx:1.26") } });
  const done = await cluster.until<StatefulSet>(
    statefulSets,
    "web",
    (set) => availableIs(3)(set) && statusHas(set, { updatedReplicas: 3, currentReplicas: 3 }),
  );
  assert.deepEqual(seen, ["-web-2", "web-2", "-web-1", "web-1", "-web-0", "web-0"]);
  assert.notEqual(done.status?.currentRevision, before.status?.currentRevision);
  assert.equal(done.status?.currentRevision, done.status?.updateRevision);
  await cluster.patch(statefulSets, "web", { spec: { template: templateOf("web", "nginx:1.25") } });
  const back = await cluster.until<StatefulSet>(
    statefulSets,
    "web",
    (set) => availableIs(3)(set) && statusHas(set, { currentRevision: before.status?.currentRevision }),
  );
  assert.equal(back.status?.updateRevision, before.status?.updateRevision);
  const numbers = (await cluster.list<ControllerRevision>(controllerRevisions)).map(({ revision }) => revision);
  assert.deepEqual(numbers.sort(), [2, 3]);
});

test("a partition keeps the pods below it, also when they are made again", async () => {
  await using cluster = await open();
  cluster.autoplay();
  const strategy = (partition: number) => ({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } } });
  await cluster.create(statefulSets, make({ replicas: 3, ...strategy(3) }));
  const first = await cluster.until<StatefulSet>(statefulSets, "web", availableIs(3));
  const template = templateOf("web", "nginx:1.26");
  await cluster.patch(statefulSets, "web", { spec: { template, ...strategy(2) } });
  const canary = await cluster.until<StatefulSet>(
    statefulSets,
    "web",
    (set) => availableIs(3)(set) && statusHas(set, { updatedReplicas: 1, currentReplicas: 2 }),
  );
  assert.equal(canary.status?.currentRevision, first.status?.currentRevision);
  for (const name of ["web-0", "web-2"]) await cluster.remove(pods, name);
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(3));
  await cluster.settled();
  const images = (await cluster.list<Pod>(pods)).map(imageOf);
  assert.deepEqual(images, ["nginx:1.25", "nginx:1.25", "nginx:1.26"]);
  await cluster.patch(statefulSets, "web", { spec: strategy(0) });
  await cluster.until<StatefulSet>(
    statefulSets,
    "web",
    (set) => availableIs(3)(set) && statusHas(set, { updatedReplicas: 3 }),
  );
});

test("OnDelete replaces only what others delete", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 2, updateStrategy: { type: "OnDelete" } }));
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(2));
  await cluster.patch(statefulSets, "web", { spec: { template: templateOf("web", "nginx:1.26") } });
  await cluster.until<StatefulSet>(statefulSets, "web", (set) => statusHas(set, { observedGeneration: 2 }));
  await cluster.settled();
  assert.deepEqual((await cluster.list<Pod>(pods)).map(imageOf), ["nginx:1.25", "nginx:1.25"]);
  await cluster.remove(pods, "web-0");
  await cluster.untilList<Pod>(pods, (all) => all.map(imageOf).join() === "nginx:1.26,nginx:1.25");
});

test("a pod that failed is made again", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 1 }));
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(1));
  const evicted = await cluster.get<Pod>(pods, "web-0");
  await cluster.play(evicted, "Failed", false);
  await cluster.untilList<Pod>(
    pods,
    ([pod]) => pod !== undefined && pod.metadata.uid !== evicted.metadata.uid && pod.status?.phase === "Running",
  );
});

test("a set adopts pods with its labels and a name of its own", async () => {
  await using cluster = await open();
  const pod = (name: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "web" } },
    spec: { containers: [{ name: "main", image: "nginx" }] },
  });
  for (const name of ["web-0", "other-0"]) await cluster.create(pods, pod(name));
  await cluster.create(statefulSets, make({ replicas: 1 }));
  const adopted = await cluster.until<Pod>(pods, "web-0", ({ metadata }) => metadata.ownerReferences !== undefined);
  assert.equal(adopted.metadata.ownerReferences?.[0]?.kind, "StatefulSet");
  assert.equal((await cluster.get<Pod>(pods, "other-0")).metadata.ownerReferences, undefined);
});

test("each pod gets claims that stay when it goes", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 2, volumeClaimTemplates: [claimTemplate] }));
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(2));
  const pod = await cluster.get<Pod>(pods, "web-1");
  assert.deepEqual(pod.spec.volumes, [{ name: "data", persistentVolumeClaim: { claimName: "data-web-1" } }]);
  const claim = await cluster.get<Claim>(claims, "data-web-1");
  assert.deepEqual(claim.metadata.labels, { tier: "disk", app: "web" });
  assert.equal(claim.metadata.ownerReferences, undefined);
  await cluster.patch(statefulSets, "web", { spec: { replicas: 1 } });
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(1));
  assert.deepEqual(namesOf(await cluster.list(claims)), ["data-web-0", "data-web-1"]);
  const events = await cluster.events("web");
  const created = "Normal SuccessfulCreate create Claim data-web-0 Pod web-0 in StatefulSet web success";
  assert.ok(events.includes(created), `${events}`);
});

test("claims are owned as the retention policy says", async () => {
  await using cluster = await open();
  cluster.autoplay();
  const policy = (whenDeleted: string, whenScaled: string) => ({
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
  });
  const spec = { replicas: 2, volumeClaimTemplates: [claimTemplate], ...policy("Delete", "Delete") };
  await cluster.create(statefulSets, make(spec));
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(2));
  const ownedBy = (kind: string | undefined) => (claim: Claim) => claim.metadata.ownerReferences?.[0]?.kind === kind;
  for (const name of ["data-web-0", "data-web-1"]) await cluster.until(claims, name, ownedBy("StatefulSet"));
  await cluster.patch(statefulSets, "web", { spec: { replicas: 1 } });
  const leaving = await cluster.until<Claim>(claims, "data-web-1", ownedBy("Pod"));
  await cluster.untilList<Pod>(pods, (all) => all.length === 1);
  // Without garbage collection the claim stays, and a new pod waits for it to be gone.
  await cluster.patch(statefulSets, "web", { spec: { replicas: 2 } });
  await cluster.settled();
  assert.equal((await cluster.list<Pod>(pods)).length, 1);
  await cluster.patch(claims, leaving.metadata.name ?? "", { metadata: { finalizers: null } });
  await cluster.remove(claims, leaving.metadata.name ?? "");
  await cluster.until<StatefulSet>(statefulSets, "web", availableIs(2));
  await cluster.patch(statefulSets, "web", { spec: policy("Retain", "Retain") });
  for (const name of ["data-web-0", "data-web-1"]) await cluster.until(claims, name, ownedBy(undefined));
});

test("revisions beyond the history go, those in use stay", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 1, revisionHistoryLimit: 1 }));
  for (const version of [1, 2, 3, 4]) {
    await cluster.patch(statefulSets, "web", { spec: { template: templateOf("web", `nginx:2.${version}`) } });
    await cluster.untilList<Pod>(pods, ([pod]) => pod !== undefined && imageOf(pod) === `nginx:2.${version}`);
    await cluster.until<StatefulSet>(
      statefulSets,
      "web",
      (set) => availableIs(1)(set) && set.status?.currentRevision === set.status?.updateRevision,
    );
  }
  const left = await cluster.untilList<ControllerRevision>(controllerRevisions, (all) => all.length === 2);
  assert.deepEqual(left.map(({ revision }) => revision).sort(), [4, 5]);
});

test("a pod counts as available after minReadySeconds, and the next one waits for it", async () => {
  await using cluster = await open();
  cluster.autoplay();
  await cluster.create(statefulSets, make({ replicas: 2, minReadySeconds: 60 }));
  await cluster.until<StatefulSet>(statefulSets, "web", (set) => statusHas(set, { readyReplicas: 1 }));
  await cluster.settled();
  assert.equal((await cluster.list(pods)).length, 1);
  cluster.advance(60);
  for (const controller of cluster.controllers) controller.enqueue("default/web");
  await cluster.untilList<Pod>(pods, (all) => all.length === 2);
});
