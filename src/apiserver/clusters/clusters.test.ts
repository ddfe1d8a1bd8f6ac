import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { logicalClusterCrd } from "../../apis/index.ts";
import { createClient, type Resource } from "../../client/index.ts";
import { readBody, silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore, type Store } from "../../storage/index.ts";
import type { Activity } from "./activity.ts";
import { type Clusters, logicalClusters, openClusters } from "./clusters.ts";

const admin = { name: "admin", groups: ["system:masters"] };
const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const namespaces: Resource = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false };
const crds: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

async function open(store: Store): Promise<Clusters> {
  const clusters = await openClusters({
    store,
    log: silentLog,
    url: "https://127.0.0.1:6443",
    secret: Buffer.alloc(32, 7),
    caCertificate: "the authority",
  });
  const client = createClient(clusters.handler, { user: admin });
  await client.patch(crds, { name: logicalClusterCrd.metadata.name }, "apply", logicalClusterCrd, {
    fieldManager: "test",
    force: true,
  });
  return clusters;
}

const clientOf = (clusters: Clusters, name = "") =>
  createClient(
    async (request) =>
      await clusters.handler({
        ...request,
        target: name === "" ? request.target : `/clusters/${name}${request.target}`,
      }),
    { user: admin },
  );

const cluster = (name: string): KubeObject => ({
  apiVersion: "skiff.dev/v1alpha1",
  kind: "LogicalCluster",
  metadata: { name },
});
const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

test("a cluster is ready with its first answer, and has what every cluster has", async () => {
  await using store = openMemoryStore();
  await using clusters = await open(store);
  const root = clientOf(clusters);
  const made = await root.create(logicalClusters, cluster("a"));
  assert.deepEqual(made["status"], { phase: "Ready", url: "https://127.0.0.1:6443/clusters/a" });
  const inside = clientOf(clusters, "a");
  const { items } = await inside.list(namespaces);
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ["default", "kube-node-lease", "kube-public", "kube-system"],
  );
  const rootNamespaces = await root.list(namespaces);
  const uids = new Set([...items, ...rootNamespaces.items].map(({ metadata }) => metadata.uid));
  assert.equal(uids.size, 8, "objects of two clusters have the same uid");
  const authority = await inside.get(configMaps, { namespace: "kube-system", name: "kube-root-ca.crt" });
  assert.deepEqual(authority?.["data"], { "ca.crt": "the authority" });
});

test("objects, kinds and watches of one cluster are nothing to another", async () => {
  await using store = openMemoryStore();
  await using clusters = await open(store);
  const root = clientOf(clusters);
  for (const name of ["a", "b"]) await root.create(logicalClusters, cluster(name));
  const [a, b] = [clientOf(clusters, "a"), clientOf(clusters, "b")];
  await a.create(configMaps, configMap("shared", { from: "a" }));
  await b.create(configMaps, configMap("shared", { from: "b" }));
  assert.deepEqual((await a.get(configMaps, { namespace: "default", name: "shared" }))?.["data"], { from: "a" });
  assert.equal(await root.get(configMaps, { namespace: "default", name: "shared" }), undefined);
  assert.equal(
    (await a.discover()).some(({ group }) => group === "skiff.dev"),
    false,
    "a CRD of the root cluster is served in another",
  );
  const stop = new AbortController();
  const seen: string[] = [];
  const { resourceVersion } = await a.list(configMaps);
  const watching = (async () => {
    for await (const event of a.watch(configMaps, { resourceVersion, signal: stop.signal })) {
      if (event.type !== "BOOKMARK") seen.push(event.object.metadata.name ?? "");
      if (seen.includes("last")) stop.abort();
    }
  })().catch(() => {});
  await b.create(configMaps, configMap("only-b"));
  await root.create(configMaps, configMap("only-root"));
  await a.create(configMaps, configMap("last"));
  await watching;
  assert.deepEqual(seen, ["last"]);
});

test("a cluster's token is good in that cluster alone, and only as long as it lives", async () => {
  await using store = openMemoryStore();
  await using clusters = await open(store);
  const root = clientOf(clusters);
  for (const name of ["a", "b"]) await root.create(logicalClusters, cluster(name));
  const token = clusters.credentials("a")?.token ?? "";
  const ask = async (prefix: string) => {
    const { status } = await clusters.handler({
      method: "GET",
      target: `${prefix}/api/v1/namespaces`,
      headers: { authorization: `Bearer ${token}` },
      signal: new AbortController().signal,
    });
    return status;
  };
  assert.deepEqual([await ask("/clusters/a"), await ask("/clusters/b"), await ask("")], [200, 401, 401]);
  await root.delete(logicalClusters, { name: "a" });
  await gone(root, "a");
  assert.equal(await ask("/clusters/a"), 404);
  await root.create(logicalClusters, cluster("a"));
  assert.equal(await ask("/clusters/a"), 401, "the token of a cluster opens the next one of its name");
});

test("what a cluster holds goes before its object does, also after a restart in between", async () => {
  await using store = openMemoryStore();
  {
    await using clusters = await open(store);
    const root = clientOf(clusters);
    await root.create(logicalClusters, cluster("a"));
    const inside = clientOf(clusters, "a");
    await Promise.all(Array.from({ length: 50 }, (_, index) => inside.create(configMaps, configMap(`m${index}`))));
    await root.delete(logicalClusters, { name: "a" });
  }
  await using again = await open(store);
  await gone(clientOf(again), "a");
  assert.equal(store.count("/a/"), 0);
});

async function gone(root: ReturnType<typeof clientOf>, name: string): Promise<void> {
  await waitUntil(async () => ((await root.get(logicalClusters, { name })) === undefined ? true : undefined), {
    what: `cluster ${name} to go`,
    timeoutMs: 5000,
    intervalMs: 5,
  });
}

test("a path that names no cluster is not found; the root's own name is refused", async () => {
  await using store = openMemoryStore();
  await using clusters = await open(store);
  const answer = await clusters.handler({
    method: "GET",
    target: "/clusters/absent/api",
    headers: {},
    signal: new AbortController().signal,
  });
  assert.equal(answer.status, 404);
  const text = Buffer.from(await readBody(answer.body, 1000)).toString();
  assert.match(text, /logicalclusters\.skiff\.dev \\"absent\\" not found/);
  for (const name of ["root", "Upper"]) {
    await assert.rejects(clientOf(clusters).create(logicalClusters, cluster(name)), /is invalid/);
  }
});

test("activity tells what users do, not what every cluster begins with", async () => {
  await using store = openMemoryStore();
  await using clusters = await open(store);
  const activity: Activity[] = [];
  using _listening = clusters.onActivity((one) => void activity.push(one));
  const root = clientOf(clusters);
  await root.create(logicalClusters, cluster("a"));
  const inside = clientOf(clusters, "a");
  await inside.list(namespaces);
  assert.deepEqual(activity, []);
  await inside.create(configMaps, configMap("m"));
  await inside.delete(configMaps, { namespace: "default", name: "m" });
  assert.deepEqual(activity, [
    { cluster: "a", storageName: "configmaps", deleted: false, linked: false },
    { cluster: "a", storageName: "configmaps", deleted: true, linked: true },
  ]);
  const reviewed: Activity[] = [];
  await clusters.review((one) => void reviewed.push(one));
  assert.ok(reviewed.every(({ cluster: name }) => name === "a"));
  assert.ok(reviewed.some(({ storageName }) => storageName === "namespaces"));
});
