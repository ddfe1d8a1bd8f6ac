import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { openTestCluster } from "../workloads/testing/cluster.ts";
import { type Service, services } from "./kinds.ts";
import { serviceCidrs, startServiceCidrs } from "./service-cidrs.ts";

type Range = KubeObject & { status?: { conditions?: { type: string; status: string; reason: string }[] } };

const range = (name: string, cidr: string): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "ServiceCIDR",
  metadata: { name },
  spec: { cidrs: [cidr] },
});
const service = (name: string, clusterIP: string): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { clusterIP, ports: [{ port: 80 }] },
});
const isReady = ({ status }: Range) =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;

test("a range that is ready gives addresses, and stays until nobody has one", async () => {
  await using cluster = await openTestCluster((context) => ({
    ...startServiceCidrs(context),
    enqueue: () => {},
    idle: async () => {},
  }));
  await assert.rejects(cluster.create(services, service("early", "10.200.0.5")), /does not match the current range/);
  await cluster.create(serviceCidrs, range("more", "10.200.0.0/24"));
  const ready = await cluster.until<Range>(serviceCidrs, "more", isReady);
  assert.deepEqual(ready.metadata.finalizers, ["networking.k8s.io/service-cidr-finalizer"]);
  const made = await cluster.create(services, service("a", "10.200.0.5"));
  assert.equal(made.spec.clusterIP, "10.200.0.5");
  await cluster.remove(serviceCidrs, "more");
  const held = await cluster.until<Range>(serviceCidrs, "more", (one) => !isReady(one));
  assert.equal(held.status?.conditions?.[0]?.reason, "Terminating");
  await assert.rejects(cluster.create(services, service("late", "10.200.0.6")), /does not match the current range/);
  cluster.advance(11);
  await cluster.remove(services, "a");
  await cluster.untilList<Range>(serviceCidrs, (all) => all.every(({ metadata }) => metadata.name !== "more"));
});

test("a range that lies in another one goes at once, when those who give addresses have heard of it", async () => {
  await using cluster = await openTestCluster((context) => ({
    ...startServiceCidrs(context),
    enqueue: () => {},
    idle: async () => {},
  }));
  await cluster.create(serviceCidrs, range("inner", "10.96.7.0/24"));
  await cluster.until<Range>(serviceCidrs, "inner", isReady);
  await cluster.create(services, service("a", "10.96.7.9"));
  await cluster.remove(serviceCidrs, "inner");
  cluster.advance(11);
  await cluster.create(serviceCidrs, range("other", "10.201.0.0/24"));
  await cluster.untilList<Range>(serviceCidrs, (all) => all.every(({ metadata }) => metadata.name !== "inner"));
});
