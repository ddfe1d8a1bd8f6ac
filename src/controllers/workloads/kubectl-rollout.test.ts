import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Handler, serveHandler } from "../../lib/index.ts";
import { type Node, nodes } from "../compute/node.ts";
import { startDaemonSetController } from "./daemon-sets.ts";
import { startDeploymentController } from "./deployments.ts";
import { type Pod, pods } from "./kinds.ts";
import { startReplicaSetController } from "./replica-sets.ts";
import { startStatefulSetController } from "./stateful-sets.ts";
import { openTestCluster, type TestCluster, workload } from "./testing/cluster.ts";

const cached = fileURLToPath(new URL("../../../.cache/bin/kubectl", import.meta.url));
const kubectl = process.env["SKIFF_KUBECTL"] ?? cached;
const skip = existsSync(kubectl) ? false : `there is no kubectl: neither SKIFF_KUBECTL nor ${cached}`;

type Rollouts = AsyncDisposable & { cluster: TestCluster; run(...args: string[]): Promise<string> };

async function openRollouts(): Promise<Rollouts> {
  const cluster = await openTestCluster(
    startDeploymentController,
    startReplicaSetController,
    startStatefulSetController,
    startDaemonSetController,
  );
  const user = { name: "admin", groups: ["system:masters"] };
  const handler: Handler = (request) => cluster.handler({ ...request, user });
  const http = createServer(serveHandler(handler, (error) => assert.fail(String(error))));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const home = await mkdtemp(join(tmpdir(), "skiff-rollout-"));
  const kubeconfig = join(home, "config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: "test", context: { cluster: "test" } }],
    "current-context": "test",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const env = { HOME: home, KUBECONFIG: kubeconfig, PATH: process.env["PATH"] ?? "" };
  return {
    cluster,
    async run(...args) {
      const { stdout } = await promisify(execFile)(kubectl, args, { env, timeout: 30_000 });
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await cluster[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

const imagesOf = async (cluster: TestCluster) => [
  ...new Set((await cluster.list<Pod>(pods)).map(({ spec }) => (spec["containers"] as { image: string }[])[0]?.image)),
];

test("kubectl rolls a deployment out, back and on", { skip }, async () => {
  await using rollouts = await openRollouts();
  const { cluster, run } = rollouts;
  cluster.autoplay();
  await run("create", "deployment", "web", "--image=nginx:1", "--replicas=2");
  assert.match(await run("rollout", "status", "deployment/web"), /deployment "web" successfully rolled out\n$/);
  await run("set", "image", "deployment/web", "nginx=nginx:2");
  await run("annotate", "deployment/web", "kubernetes.io/change-cause=second");
  await run("rollout", "status", "deployment/web");
  assert.deepEqual(await imagesOf(cluster), ["nginx:2"]);
  const history = await run("rollout", "history", "deployment/web");
  assert.match(history, /^1 +<none>$/m);
  assert.match(history, /^2 +second$/m);
  assert.match(await run("rollout", "history", "deployment/web", "--revision=1"), /Image:\s+nginx:1\n/);

  assert.equal(await run("rollout", "undo", "deployment/web"), "deployment.apps/web rolled back\n");
  await run("rollout", "status", "deployment/web");
  assert.deepEqual(await imagesOf(cluster), ["nginx:1"]);
  assert.match(await run("rollout", "history", "deployment/web"), /^3 +<none>$/m);

  await run("rollout", "pause", "deployment/web");
  await run("set", "image", "deployment/web", "nginx=nginx:3");
  await cluster.settled();
  assert.deepEqual(await imagesOf(cluster), ["nginx:1"]);
  await run("rollout", "resume", "deployment/web");
  await run("rollout", "status", "deployment/web");
  assert.deepEqual(await imagesOf(cluster), ["nginx:3"]);

  const before = new Set((await cluster.list<Pod>(pods)).map(({ metadata }) => metadata.uid));
  await run("rollout", "restart", "deployment/web");
  await run("rollout", "status", "deployment/web");
  assert.ok((await cluster.list<Pod>(pods)).every(({ metadata }) => !before.has(metadata.uid)));
});

test("kubectl tells of a rollout that failed", { skip }, async () => {
  await using rollouts = await openRollouts();
  const { cluster, run } = rollouts;
  await run("create", "deployment", "web", "--image=nginx:1");
  await cluster.untilList<Pod>(pods, (all) => all.length === 1);
  await cluster.settled();
  cluster.advance(601);
  for (const controller of cluster.controllers) controller.enqueue("default/web");
  await assert.rejects(run("rollout", "status", "deployment/web"), /deployment "web" exceeded its progress deadline/);
});

test("kubectl knows the revision that a set is at, by its bytes", { skip }, async () => {
  await using rollouts = await openRollouts();
  const { cluster, run } = rollouts;
  for (const kind of ["StatefulSet", "DaemonSet"]) {
    const name = kind.toLowerCase();
    const resource = { group: "apps", version: "v1", resource: `${name}s`, kind, namespaced: true };
    const set = workload(kind, name, kind === "StatefulSet" ? { serviceName: name, replicas: 0 } : {});
    const { template } = set.spec as { template: { spec: { containers: { command?: string[] }[] } } };
    for (const container of template.spec.containers) container.command = ["sh", "-c", "a < b && c > d"];
    await cluster.create(resource, set);
    await run("rollout", "history", `${name}/${name}`, "--revision=1");
    const undone = await run("rollout", "undo", `${name}/${name}`, "--to-revision=1");
    assert.match(undone, /skipped rollback \(current template already matches revision 1\)/);
  }
});

test("kubectl rolls StatefulSets and DaemonSets out and back", { skip }, async () => {
  await using rollouts = await openRollouts();
  const { cluster, run } = rollouts;
  cluster.autoplay();
  const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "a" } };
  await cluster.client.create(nodes, node);
  await cluster.client.patch(nodes, { name: "a" }, "merge", { spec: { taints: null } });
  for (const kind of ["StatefulSet", "DaemonSet"]) {
    const name = kind.toLowerCase();
    const spec = kind === "StatefulSet" ? { serviceName: name, replicas: 2 } : {};
    const resource = { group: "apps", version: "v1", resource: `${name}s`, kind, namespaced: true };
    await cluster.create(resource, workload(kind, name, spec));
    await run("rollout", "status", `${name}/${name}`, "--timeout=20s");
    await run("set", "image", `${name}/${name}`, "main=nginx:2");
    await run("rollout", "status", `${name}/${name}`, "--timeout=20s");
    assert.deepEqual(await imagesOf(cluster), ["nginx:2"]);
    assert.match(await run("rollout", "history", `${name}/${name}`), /^1 +<none>\n2 +<none>$/m);
    assert.match(await run("rollout", "history", `${name}/${name}`, "--revision=1"), /Image:\s+nginx:1.25\n/);
    await run("rollout", "undo", `${name}/${name}`);
    await run("rollout", "status", `${name}/${name}`, "--timeout=20s");
    assert.deepEqual(await imagesOf(cluster), ["nginx:1.25"]);
    await run("rollout", "restart", `${name}/${name}`);
    await run("rollout", "status", `${name}/${name}`, "--timeout=20s");
    await run("delete", `${name}/${name}`);
    for (const pod of await cluster.list<Pod>(pods)) await cluster.bury(pod);
  }
});
