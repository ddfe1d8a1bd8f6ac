import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { openApiServer } from "../../apiserver/index.ts";
import { type Client, createClient, type Resource } from "../../client/index.ts";
import { createSharedInformers } from "../../controller-runtime/index.ts";
import { silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore } from "../../storage/index.ts";
import { watchResources } from "../resource-watch.ts";
import { startResourceQuotaController } from "./resource-quota-controller.ts";

const core = (resource: string, kind: string): Resource => ({
  group: "",
  version: "v1",
  resource,
  kind,
  namespaced: true,
});
const quotas = core("resourcequotas", "ResourceQuota");
const configMaps = core("configmaps", "ConfigMap");
const pods = core("pods", "Pod");
const namespace = "default";

type Cluster = AsyncDisposable & { client: Client; used(want: unknown): Promise<void> };

async function openCluster(): Promise<Cluster> {
  const store = openMemoryStore();
  const api = await openApiServer({ store, log: silentLog });
  const client = createClient(api.handler, { user: { name: "admin", groups: ["system:masters"] } });
  const informers = createSharedInformers(client, silentLog);
  const resources = await watchResources(client, silentLog, () => {});
  const context = { client, informers, log: silentLog, now: () => new Date() };
  const controller = startResourceQuotaController(context, resources);
  let last = "";
  return {
    client,
    async used(want) {
      const text = JSON.stringify(want);
      const probe = async () => {
        const quota = await client.get<KubeObject & { status?: { used?: unknown } }>(quotas, { namespace, name: "q" });
        last = JSON.stringify(quota?.status?.used);
        return last === text ? true : undefined;
      };
      await waitUntil(probe, { timeoutMs: 5000, intervalMs: 5, what: `used ${text}` }).catch((error: unknown) => {
        throw new Error(`The quota says ${last}`, { cause: error });
      });
    },
    async [Symbol.asyncDispose]() {
      await controller[Symbol.asyncDispose]();
      await resources[Symbol.asyncDispose]();
      await informers[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

const quota = (hard: Record<string, string>, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "q", namespace },
  spec: { hard, ...spec },
});
const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } });
const pod = (name: string, cpu: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: { containers: [{ name: "a", image: "b", resources: { requests: { cpu } } }] },
});

test("a new quota counts what is there, a charge adds to it, and what goes away is taken off", async () => {
  await using cluster = await openCluster();
  const { client } = cluster;
  for (const name of ["a", "b"]) await client.create(configMaps, configMap(name));
  await client.create(quotas, quota({ "count/configmaps": "5" }));
  await cluster.used({ "count/configmaps": "2" });
  await client.create(configMaps, configMap("c"));
  await cluster.used({ "count/configmaps": "3" });
  await client.delete(configMaps, { namespace, name: "a" });
  await cluster.used({ "count/configmaps": "2" });
});

test("limits that are added are counted, those that are dropped are forgotten", async () => {
  await using cluster = await openCluster();
  const { client } = cluster;
  await client.create(pods, pod("p", "250m"));
  await client.create(quotas, quota({ pods: "3" }));
  await cluster.used({ pods: "1" });
  await client.patch(quotas, { namespace, name: "q" }, "merge", {
    spec: { hard: { pods: null, "requests.cpu": "1", "count/nothing.example.com": "1" } },
  });
  await cluster.used({ "requests.cpu": "250m" });
});

test("a pod that has ended no longer counts, except as an object", async () => {
  await using cluster = await openCluster();
  const { client } = cluster;
  await client.create(quotas, quota({ pods: "3", "count/pods": "3", cpu: "1" }));
  await cluster.used({ "count/pods": "0", cpu: "0", pods: "0" });
  await client.create(pods, pod("p", "250m"));
  await cluster.used({ "count/pods": "1", cpu: "250m", pods: "1" });
  const status = { status: { phase: "Succeeded" } };
  await client.patch(pods, { namespace, name: "p" }, "merge", status, { subresource: "status" });
  await cluster.used({ "count/pods": "1", cpu: "0", pods: "0" });
});

test("a quota with a scope counts only what is in it", async () => {
  await using cluster = await openCluster();
  const { client } = cluster;
  await client.create(pods, pod("p", "250m"));
  await client.create(quotas, quota({ pods: "3" }, { scopes: ["BestEffort"] }));
  await cluster.used({ pods: "0" });
});

test("writes and deletes at once leave the numbers right", async () => {
  await using cluster = await openCluster();
  const { client } = cluster;
  await client.create(quotas, quota({ "count/configmaps": "500" }));
  await cluster.used({ "count/configmaps": "0" });
  const names = Array.from({ length: 60 }, (_, index) => `c${index}`);
  await Promise.all(
    names.map(async (name, index) => {
      await client.create(configMaps, configMap(name));
      if (index % 2 === 0) await client.delete(configMaps, { namespace, name });
    }),
  );
  await cluster.used({ "count/configmaps": "30" });
});
