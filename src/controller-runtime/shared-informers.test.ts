import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../apimachinery/index.ts";
import { openApiServer } from "../apiserver/index.ts";
import { type Client, createClient, type Resource } from "../client/index.ts";
import { silentLog } from "../lib/index.ts";
import { openMemoryStore } from "../storage/index.ts";
import { createSharedInformers } from "./shared-informers.ts";

const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const owner = (uid: string, controller: boolean) => ({ apiVersion: "v1", kind: "Secret", name: "o", uid, controller });
const configMap = (name: string, owners: ReturnType<typeof owner>[] = []): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ownerReferences: owners },
});

async function withClient(run: (client: Client) => Promise<void>): Promise<void> {
  await using store = openMemoryStore();
  await using server = await openApiServer({ store, log: silentLog });
  await run(createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } }));
}

test("controllers that ask for the same resource read one cache", async () => {
  await withClient(async (client) => {
    let lists = 0;
    const list: Client["list"] = async (...args) => {
      lists++;
      return await client.list<never>(...args);
    };
    const counting: Client = { ...client, list };
    await using informers = createSharedInformers(counting, silentLog);
    assert.equal(informers.of(configMaps), informers.of(configMaps));
    await informers.of(configMaps).synced();
    assert.equal(lists, 1);
  });
});

test("what was written is there once reached, and gone once deleted", async () => {
  await withClient(async (client) => {
    await using informers = createSharedInformers(client, silentLog);
    const cache = informers.of(configMaps);
    await cache.synced();
    const made = await client.create(configMaps, configMap("a"));
    await cache.reached(made.metadata.resourceVersion);
    assert.equal(cache.get("default", "a")?.metadata.uid, made.metadata.uid);
    await client.delete(configMaps, { namespace: "default", name: "a" });
    await cache.gone(made);
    assert.equal(cache.get("default", "a"), undefined);
    assert.deepEqual(cache.inNamespace("default"), []);
  });
});

test("objects are found by the uid of their controller, not by that of other owners", async () => {
  await withClient(async (client) => {
    await using informers = createSharedInformers(client, silentLog);
    const cache = informers.of(configMaps);
    await cache.synced();
    await client.create(configMaps, configMap("mine", [owner("u1", true), owner("u2", false)]));
    const other = await client.create(configMaps, configMap("other", [owner("u2", true)]));
    await cache.reached(other.metadata.resourceVersion);
    const names = (uid: string) => cache.controlledBy(uid).map(({ metadata }) => metadata.name);
    assert.deepEqual([names("u1"), names("u2"), names("u3")], [["mine"], ["other"], []]);
    const freed = await client.patch(configMaps, { namespace: "default", name: "mine" }, "merge", {
      metadata: { ownerReferences: null },
    });
    await cache.reached(freed.metadata.resourceVersion);
    assert.deepEqual(names("u1"), []);
  });
});

test("a listener that comes late is told of what is there, and then of every change", async () => {
  await withClient(async (client) => {
    await using informers = createSharedInformers(client, silentLog);
    const cache = informers.of(configMaps);
    const first = await client.create(configMaps, configMap("a"));
    await cache.synced();
    await cache.reached(first.metadata.resourceVersion);
    const told: string[] = [];
    const tell = (what: string, { metadata }: KubeObject) => {
      // A cluster has some of its own elsewhere.
      if (metadata.namespace === "default") told.push(`${what} ${metadata.name}`);
    };
    const listening = cache.listen({
      onChange: (object, previous) => tell(previous === undefined ? "new" : "changed", object),
      onDelete: (object) => tell("gone", object),
    });
    await client.patch(configMaps, { namespace: "default", name: "a" }, "merge", { data: { a: "b" } });
    await client.delete(configMaps, { namespace: "default", name: "a" });
    await cache.gone(first);
    listening[Symbol.dispose]();
    const last = await client.create(configMaps, configMap("b"));
    await cache.reached(last.metadata.resourceVersion);
    assert.deepEqual(told, ["new a", "changed a", "gone a"]);
  });
});
