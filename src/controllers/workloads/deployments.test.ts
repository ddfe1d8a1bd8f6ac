import assert from "node:assert/strict";
import { test } from "node:test";
import { startDeploymentController } from "./deployments.ts";
import { type Deployment, deployments, type Pod, pods, type ReplicaSet, replicaSets } from "./kinds.ts";
import { startReplicaSetController } from "./replica-sets.ts";
import { openTestCluster, statusHas, type TestCluster, templateOf, workload } from "./testing/cluster.ts";

async function openDeployments(): Promise<TestCluster> {
  return await openTestCluster(startDeploymentController, startReplicaSetController);
}

function complete(replicas: number): (deployment: Deployment) => boolean {
  return ({ metadata, status }) =>
    status?.replicas === replicas &&
    status.updatedReplicas === replicas &&
    status.availableReplicas === replicas &&
    status.observedGeneration === metadata.generation;
}

function conditionOf({ status }: Deployment, type: string): string | undefined {
  const condition = status?.conditions?.find((each) => each.type === type);
  return condition && `${condition.status} ${condition.reason} ${condition.message}`;
}

function imageOf({ spec }: Pod | ReplicaSet["spec"]["template"]): unknown {
  const [container] = (spec["containers"] ?? []) as { image: string }[];
  return container?.image;
}

/** Names of a deployment's sets by the image they run. */
async function setsByImage(cluster: TestCluster): Promise<Map<unknown, ReplicaSet>> {
  const sets = await cluster.list<ReplicaSet>(replicaSets);
  return new Map(sets.map((set) => [imageOf(set.spec.template), set]));
}

async function setImage(cluster: TestCluster, name: string, image: string): Promise<void> {
  await cluster.patch(deployments, name, { spec: { template: templateOf(name, image) } });
}

test("a deployment makes a set, the set its pods, and the status follows them", async () => {
  await using cluster = await openDeployments();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 3 }));
  const waiting = await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { updatedReplicas: 3 }));
  assert.equal(
    conditionOf(waiting, "Available"),
    "False MinimumReplicasUnavailable Deployment does not have minimum availability.",
  );
  const [set] = await cluster.list<ReplicaSet>(replicaSets);
  const name = set?.metadata.name;
  assert.equal(waiting.metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
  assert.equal(waiting.metadata.generation, 1);
  assert.equal(conditionOf(waiting, "Progressing"), `True ReplicaSetUpdated ReplicaSet "${name}" is progressing.`);
  assert.deepEqual(set?.metadata.annotations, {
    "deployment.kubernetes.io/revision": "1",
    "deployment.kubernetes.io/desired-replicas": "3",
    "deployment.kubernetes.io/max-replicas": "4",
  });
  const hash = set?.metadata.labels?.["pod-template-hash"];
  assert.equal(name, `web-${hash}`);
  assert.deepEqual(set?.spec.selector, { matchLabels: { app: "web", "pod-template-hash": hash } });
  assert.deepEqual(set?.spec.template.metadata?.labels, { app: "web", "pod-template-hash": hash });
  const reference = { apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: waiting.metadata.uid };
  assert.deepEqual(set?.metadata.ownerReferences, [{ ...reference, controller: true, blockOwnerDeletion: true }]);

  cluster.autoplay();
  const done = await cluster.until<Deployment>(deployments, "web", complete(3));
  assert.equal(
    conditionOf(done, "Progressing"),
    `True NewReplicaSetAvailable ReplicaSet "${name}" has successfully progressed.`,
  );
  assert.equal(conditionOf(done, "Available"), "True MinimumReplicasAvailable Deployment has minimum availability.");
  assert.equal(done.status?.unavailableReplicas, undefined);
  assert.deepEqual(await cluster.events("web"), [`Normal ScalingReplicaSet Scaled up replica set ${name} from 0 to 3`]);
});

test("a rolling update never has more or fewer pods than it may", async () => {
  await using cluster = await openDeployments();
  const strategy = { rollingUpdate: { maxSurge: "30%", maxUnavailable: "30%" } };
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 5, strategy }));
  cluster.autoplay();
  await cluster.until<Deployment>(deployments, "web", complete(5));
  const counts: number[] = [];
  const available: number[] = [];
  using _ = cluster.informers.of<Deployment>(deployments).listen({
    onChange: ({ status }) => {
      counts.push(status?.replicas ?? 0);
      available.push(status?.availableReplicas ?? 0);
    },
  });
  await setImage(cluster, "web", "nginx:1.26");
  const done = await cluster.until<Deployment>(deployments, "web", complete(5));
  assert.ok(Math.max(...counts) <= 7, `${counts}`);
  assert.ok(Math.min(...available) >= 4, `${available}`);
  assert.equal(done.metadata.annotations?.["deployment.kubernetes.io/revision"], "2");
  const sets = await setsByImage(cluster);
  assert.equal(sets.get("nginx:1.25")?.spec.replicas, 0);
  assert.equal(sets.get("nginx:1.26")?.metadata.annotations?.["deployment.kubernetes.io/revision"], "2");
  assert.deepEqual(new Set((await cluster.list<Pod>(pods)).map(imageOf)), new Set(["nginx:1.26"]));
});

test("an earlier template brings its set back, with a new revision and a history", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1 }));
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await setImage(cluster, "web", "nginx:1.26");
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await setImage(cluster, "web", "nginx:1.25");
  const done = await cluster.until<Deployment>(
    deployments,
    "web",
    (web) => complete(1)(web) && web.metadata.annotations?.["deployment.kubernetes.io/revision"] === "3",
  );
  assert.ok(done.metadata.uid);
  const first = (await setsByImage(cluster)).get("nginx:1.25")?.metadata.annotations;
  assert.equal(first?.["deployment.kubernetes.io/revision"], "3");
  assert.equal(first?.["deployment.kubernetes.io/revision-history"], "1");
});

test("a deployment adopts sets that match and goes on from their revision, however large", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  const labels = { app: "web", pod: "old" };
  const revision = { "deployment.kubernetes.io/revision": "3546343826724305832" };
  await cluster.create(replicaSets, {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "old", labels, annotations: revision },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { ...templateOf("web"), metadata: { labels } } },
  });
  await cluster.until<ReplicaSet>(replicaSets, "old", (set) => statusHas(set, { availableReplicas: 1 }));
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1 }));
  const done = await cluster.until<Deployment>(deployments, "web", complete(1));
  assert.equal(done.metadata.annotations?.["deployment.kubernetes.io/revision"], "3546343826724305833");
  const old = await cluster.get<ReplicaSet>(replicaSets, "old");
  assert.equal(old.metadata.ownerReferences?.[0]?.uid, done.metadata.uid);
  assert.equal(old.spec.replicas, 0);
});

test("sets beyond the history are deleted", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1, revisionHistoryLimit: 0 }));
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await setImage(cluster, "web", "nginx:1.26");
  const [left] = await cluster.untilList<ReplicaSet>(
    replicaSets,
    (sets) => sets.length === 1 && imageOf(sets[0]?.spec.template ?? { spec: {} }) === "nginx:1.26",
  );
  assert.equal(left?.spec.replicas, 1);
});

test("a rollout that stands still is rolled over by the next", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay((pod) => imageOf(pod) === "nonexistent");
  const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1, strategy }));
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await setImage(cluster, "web", "nonexistent");
  await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { replicas: 2, updatedReplicas: 1 }));
  await setImage(cluster, "web", "nginx:1.26");
  await cluster.until<Deployment>(deployments, "web", complete(1));
  const sets = await setsByImage(cluster);
  assert.deepEqual(
    ["nginx:1.25", "nonexistent", "nginx:1.26"].map((image) => sets.get(image)?.spec.replicas),
    [0, 0, 1],
  );
});

test("a deployment that recreates ends all old pods before it makes new ones", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 2, strategy: { type: "Recreate" } }));
  await cluster.until<Deployment>(deployments, "web", complete(2));
  const mixed: string[] = [];
  const cache = cluster.informers.of<Pod>(pods);
  using _ = cache.listen({
    onChange: () => {
      const images = new Set(cache.all().map(imageOf));
      if (images.size > 1) mixed.push([...images].join());
    },
  });
  await setImage(cluster, "web", "nginx:1.26");
  await cluster.untilList<Pod>(pods, (all) => all.length === 2 && all.every((pod) => imageOf(pod) === "nginx:1.26"));
  await cluster.until<Deployment>(deployments, "web", complete(2));
  assert.deepEqual(mixed, []);
});

test("scaling in the middle of a rollout is spread over the sets", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay((pod) => imageOf(pod) === "nonexistent");
  const strategy = { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 10, strategy }));
  await cluster.until<Deployment>(deployments, "web", complete(10));
  await setImage(cluster, "web", "nonexistent");
  const sizes = async () => {
    const sets = await setsByImage(cluster);
    return [sets.get("nginx:1.25")?.spec.replicas, sets.get("nonexistent")?.spec.replicas];
  };
  await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { replicas: 13, availableReplicas: 8 }));
  assert.deepEqual(await sizes(), [8, 5]);
  await cluster.patch(deployments, "web", { spec: { replicas: 30 } });
  await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { replicas: 33 }));
  assert.deepEqual(await sizes(), [20, 13]);
});

test("a paused deployment follows its size but rolls nothing out", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1 }));
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await cluster.patch(deployments, "web", {
    spec: { paused: true, replicas: 3, template: templateOf("web", "nginx:1.26") },
  });
  const paused = await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { availableReplicas: 3 }));
  assert.equal(conditionOf(paused, "Progressing"), "Unknown DeploymentPaused Deployment is paused");
  assert.equal((await cluster.list(replicaSets)).length, 1);
  await cluster.patch(deployments, "web", { spec: { paused: false } });
  await cluster.until<Deployment>(deployments, "web", complete(3));
  assert.deepEqual(new Set((await cluster.list<Pod>(pods)).map(imageOf)), new Set(["nginx:1.26"]));
});

test("a rollout that makes no progress in time has failed, and recovers", async () => {
  await using cluster = await openDeployments();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1, progressDeadlineSeconds: 60 }));
  await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { updatedReplicas: 1 }));
  await cluster.settled();
  cluster.advance(61);
  for (const controller of cluster.controllers) controller.enqueue("default/web");
  const late = await cluster.until<Deployment>(deployments, "web", (web) =>
    (conditionOf(web, "Progressing") ?? "").startsWith("False"),
  );
  const name = (await cluster.list(replicaSets))[0]?.metadata.name;
  assert.equal(
    conditionOf(late, "Progressing"),
    `False ProgressDeadlineExceeded ReplicaSet "${name}" has timed out progressing.`,
  );
  cluster.autoplay();
  const done = await cluster.until<Deployment>(deployments, "web", complete(1));
  assert.match(conditionOf(done, "Progressing") ?? "", /^True NewReplicaSetAvailable/);
});

test("pods that may not be made are told of in set and deployment", async () => {
  await using cluster = await openDeployments();
  const quota = { group: "", version: "v1", resource: "resourcequotas", kind: "ResourceQuota", namespaced: true };
  const few = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few" }, spec: { hard: { pods: "1" } } };
  const made = await cluster.create(quota, few);
  // No controller counts here: what the admission goes by is written by hand.
  const limit = async (most: string, used: string) => {
    const live = await cluster.get(quota, made.metadata.name ?? "");
    const status = { hard: { pods: most }, used: { pods: used } };
    await cluster.client.update(quota, { ...live, status }, { subresource: "status" });
  };
  await limit("1", "0");
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 2 }));
  const failed = await cluster.until<Deployment>(
    deployments,
    "web",
    (web) => conditionOf(web, "ReplicaFailure") !== undefined,
  );
  assert.match(
    conditionOf(failed, "ReplicaFailure") ?? "",
    /^True FailedCreate pods "web-\w+-\w{5}" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1$/,
  );
  await limit("2", "1");
  cluster.autoplay();
  const done = await cluster.until<Deployment>(deployments, "web", complete(2));
  assert.equal(conditionOf(done, "ReplicaFailure"), undefined);
});

test("two templates with one hash get sets of different names", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1 }));
  const [set] = await cluster.untilList<ReplicaSet>(replicaSets, (sets) => sets.length === 1);
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await cluster.remove(deployments, "web");
  const labels = { other: "yes" };
  await cluster.remove(replicaSets, set?.metadata.name ?? "");
  await cluster.create(replicaSets, {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: set?.metadata.name, labels },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...templateOf("web"), metadata: { labels } } },
  });
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1 }));
  const done = await cluster.until<Deployment>(deployments, "web", complete(1));
  assert.equal(done.status?.collisionCount, 1);
});

test("an old client's rollback annotation brings a revision back", async () => {
  await using cluster = await openDeployments();
  cluster.autoplay();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 1 }));
  await cluster.until<Deployment>(deployments, "web", complete(1));
  await setImage(cluster, "web", "nginx:1.26");
  await cluster.until<Deployment>(deployments, "web", complete(1));
  const annotation = "deprecated.deployment.rollback.to";
  await cluster.patch(deployments, "web", { metadata: { annotations: { [annotation]: "1" } } });
  const back = await cluster.until<Deployment>(
    deployments,
    "web",
    (web) => complete(1)(web) && imageOf(web.spec.template) === "nginx:1.25",
  );
  assert.equal(back.metadata.annotations?.[annotation], undefined);
  assert.ok(
    (await cluster.events("web")).includes('Normal DeploymentRollback Rolled back deployment "web" to revision 1'),
  );
});

test("200 pods cost less than a second", async () => {
  await using cluster = await openDeployments();
  const before = process.cpuUsage();
  await cluster.create(deployments, workload("Deployment", "web", { replicas: 200 }));
  await cluster.until<Deployment>(deployments, "web", (web) => statusHas(web, { replicas: 200 }));
  // Of the processor: the clock on the wall also counts what else the machine does.
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 1_000_000, `${(user + system) / 1000} ms`);
});
