import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinResources } from "./resources.ts";

test("no two resources share a place, and none a short name within its group and version", () => {
  const places = builtinResources.map(({ group, version, resource }) => `${group}/${version}/${resource}`);
  assert.equal(new Set(places).size, places.length);
  const shorts = builtinResources.flatMap(({ group, version, shortNames }) =>
    shortNames.map((name) => `${group}/${version}/${name}`),
  );
  assert.equal(new Set(shorts).size, shorts.length);
});

test("what shares storage is stored in a version that is served", () => {
  for (const { resource, storageGroup, storageVersion } of builtinResources) {
    assert.ok(
      builtinResources.some(
        (one) => one.group === storageGroup && one.version === storageVersion && one.resource === resource,
      ),
    );
  }
  const shared = builtinResources.filter((one) => one.group !== one.storageGroup || one.version !== one.storageVersion);
  assert.deepEqual(
    shared.map(({ group, version, resource }) => `${group}/${version}/${resource}`),
    ["events.k8s.io/v1/events", "autoscaling/v1/horizontalpodautoscalers"],
  );
});

test("all is what kubectl users know", () => {
  const all = builtinResources.filter(({ categories }) => categories.includes("all")).map(({ resource }) => resource);
  assert.deepEqual([...new Set(all)].sort(), [
    "cronjobs",
    "daemonsets",
    "deployments",
    "horizontalpodautoscalers",
    "jobs",
    "pods",
    "replicasets",
    "replicationcontrollers",
    "services",
    "statefulsets",
  ]);
});

test("subresources speak their own kind or another's", () => {
  const of = (resource: string, name: string) =>
    builtinResources.find((one) => one.resource === resource)?.subresources.find((one) => one.name === name);
  assert.deepEqual(of("deployments", "scale"), {
    name: "scale",
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: ["get", "patch", "update"],
  });
  assert.deepEqual(of("deployments", "status"), {
    name: "status",
    group: "apps",
    version: "v1",
    kind: "Deployment",
    verbs: ["get", "patch", "update"],
  });
  assert.deepEqual(of("pods", "eviction"), {
    name: "eviction",
    group: "policy",
    version: "v1",
    kind: "Eviction",
    verbs: ["create"],
  });
  assert.deepEqual(of("services", "proxy")?.kind, "ServiceProxyOptions");
});
