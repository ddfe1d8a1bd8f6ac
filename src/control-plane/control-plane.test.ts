import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { waitUntil } from "../lib/index.ts";
import { type KubeObject, type Resource, startControlPlane, startInformer } from "./index.ts";

const core = { group: "", version: "v1", namespaced: true };
const configMaps: Resource = { ...core, resource: "configmaps", kind: "ConfigMap" };
const namespaces: Resource = { ...core, resource: "namespaces", kind: "Namespace", namespaced: false };
const widgets: Resource = {
  group: "example.com",
  version: "v1",
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
};
const crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer", default: 3 } } } },
          },
        },
      },
    ],
  },
} satisfies KubeObject;
const widget: KubeObject = {
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w", namespace: "shop" },
  spec: {},
};

const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

test("fixtures are there from the start: objects, files and directories, CRDs before what they define", async () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-fixtures-"));
  try {
    writeFileSync(join(dir, "b.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-file\ndata: {a: b}\n");
    await using plane = await startControlPlane({ fixtures: [widget, crd, dir] });
    const live = await plane.client.get(widgets, { namespace: "shop", name: "w" });
    assert.deepEqual(live?.["spec"], { size: 3 });
    const fromFile = await plane.client.get(configMaps, { namespace: "default", name: "from-file" });
    assert.deepEqual(fromFile?.["data"], { a: "b" });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("a fixture that is none is named by its file and line", async () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-fixtures-"));
  try {
    writeFileSync(join(dir, "bad.yaml"), "# nothing\n---\nhello: world\n");
    await assert.rejects(startControlPlane({ fixtures: [dir] }), /Cannot read .*bad\.yaml:3: it is no object/);
    await assert.rejects(
      startControlPlane({ fixtures: [widget] }),
      /Cannot apply Widget w: example\.com\/v1 Widget is not served/,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("reset gives back what was there after the start, and watches see it", async () => {
  await using plane = await startControlPlane({ fixtures: [configMap("kept", { a: "1" })] });
  const { client } = plane;
  const log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
  await using informer = startInformer(client, configMaps, { log, namespace: "default" });
  await informer.synced();
  const uid = informer.get("default", "kept")?.metadata.uid;
  await plane.apply(configMap("kept", { a: "2" }), configMap("new"));
  await waitUntil(() => (informer.get("default", "new") ? true : undefined), {
    what: "the new object in the cache",
    timeoutMs: 5000,
  });
  await plane.reset();
  await waitUntil(() => (informer.get("default", "new") === undefined ? true : undefined), {
    what: "the new object to leave the cache",
    timeoutMs: 5000,
  });
  assert.deepEqual(informer.get("default", "kept")?.["data"], { a: "1" });
  assert.equal(informer.get("default", "kept")?.metadata.uid, uid);
  const live = await client.get(configMaps, { namespace: "default", name: "kept" });
  assert.equal(live?.metadata.resourceVersion, informer.get("default", "kept")?.metadata.resourceVersion);
});

test("a snapshot holds CRDs and what they define", async () => {
  await using plane = await startControlPlane({ controllers: false, fixtures: [crd, widget] });
  const before = plane.snapshot();
  await plane.client.delete({ ...definitions }, { name: "widgets.example.com" });
  await waitUntil(
    async () => ((await plane.client.get(definitions, { name: "widgets.example.com" })) ? undefined : true),
    { what: "the CRD to go", timeoutMs: 5000 },
  );
  await plane.restore(before);
  const live = await plane.client.get(widgets, { namespace: "shop", name: "w" });
  assert.deepEqual(live?.["spec"], { size: 3 });
  await plane.client.update(widgets, { ...live, spec: { size: 4 } } as KubeObject);
});

const definitions: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

test("controllers run unless they are not wanted", async () => {
  const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } };
  const gone = async (client: Awaited<ReturnType<typeof startControlPlane>>["client"]) =>
    (await client.get(namespaces, { name: "going" })) === undefined ? true : undefined;
  {
    await using plane = await startControlPlane();
    await plane.apply(namespace);
    await plane.client.delete(namespaces, { name: "going" });
    await waitUntil(() => gone(plane.client), { what: "the namespace to go", timeoutMs: 5000 });
  }
  await using alone = await startControlPlane({ controllers: false });
  await alone.apply(namespace);
  await alone.client.delete(namespaces, { name: "going" });
  assert.equal(await gone(alone.client), undefined);
});

test("kubectl comes in", async () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-control-plane-test-"));
  try {
    await using plane = await startControlPlane({ listen: true, controllers: false });
    const kubeconfig = plane.writeKubeconfig(join(dir, "sub", "kubeconfig"));
    const kubectl = (...args: string[]) =>
      promisify(execFile)(process.env["SKIFF_KUBECTL"] ?? "kubectl", ["--kubeconfig", kubeconfig, ...args], {
        timeout: 20_000,
      });
    await kubectl("create", "configmap", "made", "--from-literal=a=b");
    const { stdout } = await kubectl("auth", "whoami");
    assert.match(stdout, /kubernetes-admin/);
    const made = await plane.client.get(configMaps, { namespace: "default", name: "made" });
    assert.deepEqual(made?.["data"], { a: "b" });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("another user is somebody whom access rules judge", async () => {
  await using plane = await startControlPlane({ controllers: false });
  const jane = plane.as("jane", ["developers"]);
  await assert.rejects(jane.client.list(configMaps, { namespace: "default" }), /User "jane" cannot list/);
  assert.throws(() => jane.kubeconfig(), /does not listen/);
});
