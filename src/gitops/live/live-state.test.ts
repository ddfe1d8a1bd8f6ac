import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { silentLog, waitUntil } from "../../lib/index.ts";
import { openTestCluster, resources, workNamespace } from "../testing/cluster.ts";
import { createLiveState } from "./live-state.ts";

const key = "/ConfigMap/work/a";
const name = { namespace: workNamespace, name: "a" };
const object = (app: string, value: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { ...name, annotations: { "argocd.argoproj.io/tracking-id": `${app}:/ConfigMap:work/a` } },
  data: { value },
});

test("the live state follows the cluster, and our own writes are in it at once", async () => {
  await using cluster = await openTestCluster();
  const { client } = cluster;
  const news: string[] = [];
  await using live = createLiveState({
    client,
    log: silentLog,
    onChange: (changed, before, after) => {
      if (changed === key) news.push(`${textOf(before)}>${textOf(after)}`);
    },
  });
  await live.watch([resources.configMap]);
  const until = (ready: () => boolean) =>
    waitUntil(() => ready() || undefined, { what: "news", timeoutMs: 5_000, intervalMs: 2 });

  const first = await client.create(resources.configMap, object("one", "1"));
  await until(() => live.get(key) !== undefined);
  assert.deepEqual(live.ownedBy("one").map(textOf), ["1"]);

  const second = await client.patch(resources.configMap, name, "merge", { data: { value: "2" } });
  await until(() => textOf(live.get(key)) === "2");
  live.put(first);
  assert.equal(textOf(live.get(key)), "2", "an older answer changes nothing");
  const written = {
    ...second,
    metadata: { ...second.metadata, resourceVersion: String(Number(second.metadata.resourceVersion) + 1000) },
  };
  live.put({
    ...written,
    ...object("two", "ours"),
    metadata: { ...written.metadata, ...object("two", "ours").metadata },
  });
  assert.deepEqual([live.ownedBy("one").length, live.ownedBy("two").length], [0, 1]);

  await client.delete(resources.configMap, name);
  await until(() => live.get(key) === undefined);
  live.put(second);
  assert.equal(live.get(key), undefined, "an answer that comes late does not bring an object back");

  await client.create(resources.configMap, object("one", "3"));
  await until(() => textOf(live.get(key)) === "3");
  assert.deepEqual(news, ["none>1", "1>2", "2>ours", "2>none", "none>3"]);
});

function textOf(changed: KubeObject | undefined): string {
  return changed === undefined ? "none" : String((changed["data"] as { value: string }).value);
}
