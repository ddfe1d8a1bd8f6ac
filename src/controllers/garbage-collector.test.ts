import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../apimachinery/index.ts";
import type { Client, Resource } from "../client/index.ts";
import { silentLog, waitUntil } from "../lib/index.ts";
import { openTestCluster } from "./batch/testing.ts";
import { startGarbageCollector } from "./garbage-collector.ts";
import { watchResources } from "./resource-watch.ts";

const maps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const namespace = "default";

async function withCollector(work: (client: Client) => Promise<void>): Promise<void> {
  await using cluster = await openTestCluster([]);
  const { client } = cluster;
  const collector = startGarbageCollector(client, () => resources, silentLog);
  const resources = await watchResources(client, silentLog, (all) => collector.follow(all));
  try {
    await work(client);
  } finally {
    await collector[Symbol.asyncDispose]();
    await resources[Symbol.asyncDispose]();
  }
}

async function make(client: Client, name: string): Promise<KubeObject> {
  return await client.create(maps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } });
}

async function own(client: Client, name: string, owner: KubeObject): Promise<void> {
  const { uid = "", name: ownerName = "" } = owner.metadata;
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: ownerName, uid, blockOwnerDeletion: true };
  await client.patch(maps, { name, namespace }, "merge", { metadata: { ownerReferences: [reference] } });
}

async function waitForNone(client: Client): Promise<void> {
  const left = async () => (await client.list(maps, { namespace })).items.map(({ metadata }) => metadata.name);
  await waitUntil(async () => ((await left()).length === 0 ? true : undefined), {
    what: "no ConfigMap to be left",
    timeoutMs: 20_000,
  });
}

test("owners that wait for each other in a circle go all the same", async () => {
  await withCollector(async (client) => {
    const [first, second, third] = [await make(client, "a"), await make(client, "b"), await make(client, "c")];
    await own(client, "a", third);
    await own(client, "b", first);
    await own(client, "c", second);
    await client.delete(maps, { name: "a", namespace }, { propagationPolicy: "Foreground" });
    await waitForNone(client);
  });
});

test("an owner that is deleted in the foreground goes after what it owns", async () => {
  await withCollector(async (client) => {
    const owner = await make(client, "owner");
    for (const name of ["a", "b"]) {
      await make(client, name);
      await own(client, name, owner);
    }
    const finalizers = ["example.com/hold"];
    await client.patch(maps, { name: "a", namespace }, "merge", { metadata: { finalizers } });
    await client.delete(maps, { name: "owner", namespace }, { propagationPolicy: "Foreground" });
    const isGone = async () => ((await client.get(maps, { name: "b", namespace })) === undefined ? true : undefined);
    await waitUntil(isGone, {
      what: "the dependent that nothing holds to go",
      timeoutMs: 20_000,
    });
    assert.notEqual(await client.get(maps, { name: "owner", namespace }), undefined);
    await client.patch(maps, { name: "a", namespace }, "merge", { metadata: { finalizers: null } });
    await waitForNone(client);
  });
});
