import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  ADD,
  ApiException,
  CONNECT,
  CoreV1Api,
  DELETE,
  ERROR,
  type Informer,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  type ObjectCache,
  PatchStrategy,
  UPDATE,
  type V1ConfigMap,
} from "@kubernetes/client-node";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/index.ts";
import { waitUntil } from "../../src/lib/index.ts";
import { openPlane } from "./tools.ts";

const namespace = "default";

function configOf(plane: ControlPlane): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(plane.kubeconfig());
  return config;
}

/** What an informer of ConfigMaps has told, in order: `add a`, `update a`, `delete a`, `error 410`. */
function openInformer(
  t: TestContext,
  config: KubeConfig,
): { informer: Informer<V1ConfigMap> & ObjectCache<V1ConfigMap>; told: string[] } {
  const api = config.makeApiClient(CoreV1Api);
  const list = () => api.listNamespacedConfigMap({ namespace, labelSelector: "watched" });
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, "watched");
  const told: string[] = [];
  for (const event of [ADD, UPDATE, DELETE] as const) {
    informer.on(event, ({ metadata }) => void told.push(`${event} ${metadata?.name}`));
  }
  informer.on(CONNECT, () => void told.push("connect"));
  // It tells of lost connections, and whoever uses it starts it again.
  informer.on(ERROR, (error) => {
    told.push(`error ${error instanceof Object && "statusCode" in error ? error.statusCode : ""}`.trim());
    if (!stopped) setTimeout(() => void informer.start().catch(() => {}), retryMs);
  });
  let stopped = false;
  t.after(() => {
    stopped = true;
    return informer.stop();
  });
  return { informer, told };
}

/** How soon a program looks whether the server is back. */
const retryMs = 50;

async function hears(told: readonly string[], what: string): Promise<void> {
  await waitUntil(() => told.includes(what) || undefined, {
    what: `the informer to tell ${what}: ${told}`,
    timeoutMs: 15_000,
  });
}

const watched = (name: string): V1ConfigMap => ({ metadata: { name, labels: { watched: "" } }, data: {} });

test("typed clients create, list, change and delete, and get errors as Status objects", async (t) => {
  const plane = await openPlane(t);
  const api = configOf(plane).makeApiClient(CoreV1Api);
  const made = await api.createNamespacedConfigMap({
    namespace,
    body: { metadata: { generateName: "a-" }, data: { b: "c" } },
  });
  const name = made.metadata?.name ?? "";
  assert.match(name, /^a-[a-z0-9]{5}$/);
  assert.ok(made.metadata?.creationTimestamp instanceof Date);
  const secret = { metadata: { name: "s" }, stringData: { a: "b" } };
  assert.deepEqual((await api.createNamespacedSecret({ namespace, body: secret })).data, { a: "Yg==" });
  const changed = await api.replaceNamespacedConfigMap({ namespace, name, body: { ...made, data: { b: "d" } } });
  assert.deepEqual(changed.data, { b: "d" });
  const refusal = await api
    .replaceNamespacedConfigMap({ namespace, name, body: made })
    .catch((error: unknown) => error);
  assert.ok(refusal instanceof ApiException && refusal.code === 409, String(refusal));
  assert.match(String(refusal.body), /the object has been modified/);
  const { items, metadata } = await api.listNamespacedConfigMap({ namespace, limit: 1 });
  assert.equal(items.length, 1);
  assert.ok(metadata?._continue);
  await api.deleteNamespacedConfigMap({ namespace, name });
  const absent = await api.readNamespacedConfigMap({ namespace, name }).catch((error: unknown) => error);
  assert.ok(absent instanceof ApiException && absent.code === 404, String(absent));
});

test("objects of any kind are read by discovery, and applied on the server", async (t) => {
  const plane = await openPlane(t);
  const objects = KubernetesObjectApi.makeApiClient(configOf(plane));
  const quota: KubernetesObject & { spec: object } = {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "q", namespace },
    spec: { hard: { pods: "5" } },
  };
  await objects.patch(quota, undefined, undefined, "test", undefined, PatchStrategy.ServerSideApply);
  const read = await objects.read<typeof quota>({ ...quota, metadata: { name: "q", namespace } });
  assert.deepEqual({ ...read.spec }, { hard: { pods: "5" } });
  assert.equal((await objects.list("apps/v1", "Deployment")).items.length, 0);
});

test("an informer goes on where it was when the server comes back", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-client-node-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const first = await startControlPlane({ listen: true, dir, controllers: false });
  const config = configOf(first);
  const port = Number(new URL(first.url ?? "").port);
  const { informer, told } = openInformer(t, config);
  const api = config.makeApiClient(CoreV1Api);
  await api.createNamespacedConfigMap({ namespace, body: watched("a") });
  await informer.start();
  await hears(told, "add a");
  await first[Symbol.asyncDispose]();
  const again = await startControlPlane({ listen: true, dir, port, controllers: false });
  t.after(() => again[Symbol.asyncDispose]());
  await api.createNamespacedConfigMap({ namespace, body: watched("b") });
  await hears(told, "add b");
  await api.deleteNamespacedConfigMap({ namespace, name: "a" });
  await hears(told, "delete a");
  assert.equal(told.filter((event) => event === "add a").length, 1);
  assert.deepEqual(
    informer.list().map(({ metadata }) => metadata?.name),
    ["b"],
  );
});

test("an informer whose past is forgotten lists again", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-client-node-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const first = await startControlPlane({ listen: true, dir, controllers: false });
  const port = Number(new URL(first.url ?? "").port);
  const { informer, told } = openInformer(t, configOf(first));
  await first.apply({
    apiVersion: "v1",
    kind: "ConfigMap",
    ...watched("a"),
    metadata: { name: "a", namespace, labels: { watched: "" } },
  });
  await informer.start();
  await hears(told, "add a");
  await first[Symbol.asyncDispose]();
  // More than the 64 MiB of history that a server keeps, made while nobody can watch.
  const alone = await startControlPlane({ dir, controllers: false });
  const core = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
  await alone.client.delete(core, { namespace, name: "a" });
  const big = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "big", namespace } };
  for (let round = 0; round < 72; round++) {
    const data = { text: String(round).padEnd(1_000_000, "x") };
    const put = round === 0 ? alone.client.create(core, { ...big, data }) : alone.client.update(core, { ...big, data });
    await put;
  }
  await alone[Symbol.asyncDispose]();
  const again = await startControlPlane({ listen: true, dir, port, controllers: false });
  t.after(() => again[Symbol.asyncDispose]());
  await hears(told, "delete a");
  // The first time it hears that what it asks for is gone.
  assert.deepEqual(told.slice(-3), ["connect", "connect", "delete a"]);
  assert.deepEqual(informer.list(), []);
});
