import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../../client/index.ts";
import { type Pod, pods, type ReplicaSet, replicaSets, replicationControllers } from "./kinds.ts";
import { startReplicaSetController, startReplicationControllerController } from "./replica-sets.ts";
import { openTestCluster, statusHas, type TestCluster, templateOf, workload } from "./testing/cluster.ts";

type Kind = {
  resource: Resource;
  open: () => Promise<TestCluster>;
  make: (name: string, spec: object) => ReplicaSet;
};
const kinds: Kind[] = [
  {
    resource: replicaSets,
    open: () => openTestCluster(startReplicaSetController),
    make: (name, spec) => workload("ReplicaSet", name, spec) as ReplicaSet,
  },
  {
    resource: replicationControllers,
    open: () => openTestCluster(startReplicationControllerController),
    make: (name, spec) =>
      ({
        ...workload("ReplicationController", name, { ...spec, selector: { app: name } }),
        apiVersion: "v1",
      }) as ReplicaSet,
  },
];
const orphan = (name: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "web" } },
  spec: { containers: [{ name: "main", image: "nginx" }] },
});
const readyIs = (count: number) => (set: ReplicaSet) => statusHas(set, { readyReplicas: count, replicas: count });

for (const { resource, open, make } of kinds) {
  const { kind } = resource;

  test(`a ${kind} makes pods of its template and says how they are`, async () => {
    await using cluster = await open();
    await cluster.create(resource, make("web", { replicas: 3 }));
    const pending = await cluster.until<ReplicaSet>(resource, "web", (set) => statusHas(set, { replicas: 3 }));
    assert.deepEqual(pending.status, { replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1 });
    const made = await cluster.list<Pod>(pods);
    for (const { metadata } of made) {
      assert.match(metadata.name ?? "", /^web-\w{5}$/);
      assert.equal(metadata.generateName, "web-");
      assert.deepEqual(metadata.labels, { app: "web" });
      const apiVersion = kind === "ReplicaSet" ? "apps/v1" : "v1";
      const reference = { apiVersion, kind, name: "web", uid: pending.metadata.uid };
      assert.deepEqual(metadata.ownerReferences, [{ ...reference, controller: true, blockOwnerDeletion: true }]);
    }
    cluster.autoplay();
    const done = await cluster.until<ReplicaSet>(resource, "web", readyIs(3));
    assert.deepEqual(done.status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      observedGeneration: 1,
    });
    const wanted = made.map(({ metadata }) => `Normal SuccessfulCreate Created pod: ${metadata.name}`);
    assert.deepEqual((await cluster.events("web")).sort(), wanted.sort());
  });

  test(`a ${kind} replaces pods that end or are deleted`, async () => {
    await using cluster = await open();
    await cluster.create(resource, make("web", { replicas: 2 }));
    const [first, second] = await cluster.untilList<Pod>(pods, (all) => all.length === 2);
    assert.ok(first !== undefined && second !== undefined);
    await cluster.play(first, "Failed", false);
    await cluster.remove(pods, second.metadata.name ?? "");
    const all = await cluster.untilList<Pod>(pods, (each) => each.length === 3);
    assert.ok(all.some(({ metadata }) => metadata.uid === first.metadata.uid));
    await cluster.until<ReplicaSet>(resource, "web", (set) => statusHas(set, { replicas: 2 }));
  });

  test(`a ${kind} ends the least useful pods first, and tells of them`, async () => {
    await using cluster = await open();
    await cluster.create(resource, make("web", { replicas: 4 }));
    const all = await cluster.untilList<Pod>(pods, (each) => each.length === 4);
    for (const pod of all.slice(1)) await cluster.play(pod, "Running", pod !== all[1]);
    await cluster.until<ReplicaSet>(resource, "web", (set) => statusHas(set, { readyReplicas: 2 }));
    const cost = { "controller.kubernetes.io/pod-deletion-cost": "-5" };
    await cluster.patch(pods, all[3]?.metadata.name ?? "", { metadata: { annotations: cost } });
    await cluster.settled();
    cluster.autoplay((pod) => pod.metadata.deletionTimestamp === undefined);
    await cluster.patch(resource, "web", { spec: { replicas: 1 } });
    const [left] = await cluster.untilList<Pod>(pods, (each) => each.length === 1);
    assert.equal(left?.metadata.name, all[2]?.metadata.name);
    const deleted = (await cluster.events("web")).filter((event) => event.includes("Deleted"));
    assert.equal(deleted.length, 3);
    assert.ok(deleted.includes(`Normal SuccessfulDelete Deleted pod: ${all[0]?.metadata.name}`), `${deleted}`);
  });

  test(`a ${kind} adopts pods that nobody has and lets go of those that no longer match`, async () => {
    await using cluster = await open();
    await cluster.create(pods, orphan("lonely"));
    const taken = {
      ...orphan("taken"),
      metadata: {
        name: "taken",
        labels: { app: "web" },
        ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: "other", uid: "other", controller: true }],
      },
    };
    await cluster.create(pods, taken);
    await cluster.create(resource, make("web", { replicas: 1 }));
    const set = await cluster.until<ReplicaSet>(resource, "web", (each) => statusHas(each, { replicas: 1 }));
    const adopted = await cluster.get<Pod>(pods, "lonely");
    assert.deepEqual(adopted.metadata.ownerReferences, [
      {
        apiVersion: kind === "ReplicaSet" ? "apps/v1" : "v1",
        kind,
        name: "web",
        uid: set.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    assert.equal((await cluster.list(pods)).length, 2);

    await cluster.patch(pods, "lonely", { metadata: { labels: { app: "not-web" } } });
    const released = await cluster.until<Pod>(pods, "lonely", ({ metadata }) => metadata.ownerReferences === undefined);
    assert.equal(released.metadata.deletionTimestamp, undefined);
    await cluster.untilList<Pod>(pods, (all) => all.length === 3);
    assert.equal((await cluster.get<Pod>(pods, "taken")).metadata.ownerReferences?.[0]?.uid, "other");
  });

  test(`a ${kind} counts pods as available after minReadySeconds, and looks again in time`, async () => {
    await using cluster = await open();
    cluster.autoplay();
    await cluster.create(resource, make("web", { replicas: 1, minReadySeconds: 3600 }));
    const ready = await cluster.until<ReplicaSet>(resource, "web", readyIs(1));
    assert.equal(ready.status?.availableReplicas, undefined);
    await cluster.settled();
    cluster.advance(3600);
    for (const controller of cluster.controllers) controller.enqueue("default/web");
    await cluster.until<ReplicaSet>(resource, "web", (set) => statusHas(set, { availableReplicas: 1 }));
  });

  test(`a ${kind} says that it may not make pods, until it may`, async () => {
    await using cluster = await open();
    const quotas: Resource = {
      group: "",
      version: "v1",
      resource: "resourcequotas",
      kind: "ResourceQuota",
      namespaced: true,
    };
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few" }, spec: { hard: { pods: "2" } } };
    await cluster.create(quotas, quota);
    const live = await cluster.get(quotas, "few");
    const status = { hard: { pods: "2" }, used: { pods: "0" } };
    await cluster.client.update(quotas, { ...live, status }, { subresource: "status" });
    await cluster.create(resource, make("web", { replicas: 3 }));
    const failed = await cluster.until<ReplicaSet>(resource, "web", ({ status: now }) => now?.conditions !== undefined);
    const [condition] = failed.status?.conditions ?? [];
    assert.equal(condition?.type, "ReplicaFailure");
    assert.equal(condition?.status, "True");
    assert.equal(condition?.reason, "FailedCreate");
    assert.match(condition?.message ?? "", /^pods "web-\w{5}" is forbidden: exceeded quota: few, requested: pods=1/);
    await cluster.patch(resource, "web", { spec: { replicas: 2 } });
    await cluster.until<ReplicaSet>(resource, "web", ({ status: now }) => now?.conditions === undefined);
    assert.ok((await cluster.events("web")).some((event) => /^Warning FailedCreate Error creating: pods/.test(event)));
  });

  test(`a ${kind} that is being deleted makes and adopts nothing`, async () => {
    await using cluster = await open();
    const set = make("web", { replicas: 0 });
    await cluster.create(resource, { ...set, metadata: { ...set.metadata, finalizers: ["example.com/wait"] } });
    await cluster.until<ReplicaSet>(resource, "web", (each) => statusHas(each, { observedGeneration: 1 }));
    await cluster.remove(resource, "web");
    await cluster.patch(resource, "web", { spec: { replicas: 2 } });
    await cluster.create(pods, orphan("lonely"));
    await cluster.settled();
    const all = await cluster.list<Pod>(pods);
    assert.deepEqual(
      all.map(({ metadata }) => [metadata.name, metadata.ownerReferences]),
      [["lonely", undefined]],
    );
  });
}

test("a template of another set makes no fully labeled pods", async () => {
  await using cluster = await openTestCluster(startReplicaSetController);
  await cluster.create(pods, orphan("plain"));
  const labels = { app: "web", tier: "front" };
  const template = { ...templateOf("web"), metadata: { labels } };
  await cluster.create(replicaSets, workload("ReplicaSet", "web", { replicas: 1, template }));
  const set = await cluster.until<ReplicaSet>(replicaSets, "web", (each) => statusHas(each, { replicas: 1 }));
  assert.equal(set.status?.fullyLabeledReplicas, undefined);
});
