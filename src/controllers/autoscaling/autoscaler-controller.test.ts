import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { openTestCluster, type TestCluster } from "../batch/testing.ts";
import { deployments, type Pod, pods } from "../workloads/kinds.ts";
import { startAutoscalerController } from "./autoscaler-controller.ts";
import { type Autoscaler, autoscalers } from "./kinds.ts";

const namespace = "default";
const open = async () => await openTestCluster([startAutoscalerController]);
const labels = { app: "web" };

async function makeDeployment(cluster: TestCluster, replicas: number): Promise<void> {
  const containers = [{ name: "c", image: "b", resources: { requests: { cpu: "100m" } } }];
  await cluster.client.create<KubeObject>(deployments, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  });
}

async function makeAutoscaler(cluster: TestCluster, spec: Partial<Autoscaler["spec"]> = {}): Promise<void> {
  await cluster.client.create<KubeObject>(autoscalers, {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h", namespace },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      minReplicas: 2,
      maxReplicas: 5,
      ...spec,
    },
  });
}

async function statusUntil(cluster: TestCluster, what: string, isSo: (one: Autoscaler) => boolean | undefined) {
  const found = await cluster.until(what, async () => {
    const live = await cluster.client.get<Autoscaler>(autoscalers, { namespace, name: "h" });
    return live?.status?.conditions !== undefined && isSo(live) && live;
  });
  return found.status;
}

const replicas = async (cluster: TestCluster) =>
  (await cluster.client.get<KubeObject & { spec: { replicas: number } }>(deployments, { namespace, name: "web" }))?.spec
    .replicas;

test("without metrics an autoscaler says so", async () => {
  await using cluster = await open();
  await makeDeployment(cluster, 3);
  await makeAutoscaler(cluster);
  const status = await statusUntil(cluster, "two conditions", ({ status }) => status?.conditions?.length === 2);
  const why =
    "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
  const at = "2026-01-02T03:04:05Z";
  assert.deepEqual(status?.conditions, [
    {
      type: "AbleToScale",
      status: "True",
      lastTransitionTime: at,
      reason: "SucceededGetScale",
      message: "the HPA controller was able to get the target's current scale",
    },
    {
      type: "ScalingActive",
      status: "False",
      lastTransitionTime: at,
      reason: "FailedGetResourceMetric",
      message: `the HPA was unable to compute the replica count: failed to get cpu utilization: ${why}`,
    },
  ]);
  assert.deepEqual([status?.currentReplicas, status?.desiredReplicas], [3, 0]);
  await cluster.until("events", async () => {
    const events = await cluster.events("h");
    return events.includes(
      `Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: ${why}`,
    );
  });
});

test("the bounds hold without metrics", async () => {
  await using cluster = await open();
  await makeDeployment(cluster, 9);
  await makeAutoscaler(cluster);
  const status = await statusUntil(cluster, "five", ({ status }) => status?.desiredReplicas === 5);
  assert.equal(await replicas(cluster), 5);
  assert.equal(status?.lastScaleTime, "2026-01-02T03:04:05Z");
  assert.deepEqual(
    status?.conditions?.map(({ reason, message }) => `${reason}: ${message}`),
    ["SucceededRescale: the HPA controller was able to update the target scale to 5"],
  );
  await cluster.until("the event", async () =>
    (await cluster.events("h")).includes(
      "Normal SuccessfulRescale: New size: 5; reason: Current number of replicas above Spec.MaxReplicas",
    ),
  );
});

test("what has no replicas is left alone; what is not there is told of", async () => {
  await using cluster = await open();
  await makeDeployment(cluster, 0);
  await makeAutoscaler(cluster);
  const status = await statusUntil(cluster, "disabled", ({ status }) => status?.conditions?.length === 2);
  assert.equal(status?.conditions?.[1]?.reason, "ScalingDisabled");
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "nope" };
  await cluster.client.patch(autoscalers, { namespace, name: "h" }, "merge", { spec: { scaleTargetRef } });
  const missing = await statusUntil(cluster, "missing", ({ status }) => status?.conditions?.[0]?.status === "False");
  assert.equal(
    missing?.conditions?.[0]?.message,
    'the HPA controller was unable to get the target\'s current scale: deployments.apps "nope" not found',
  );
});

const podMetrics: Resource = {
  group: "metrics.k8s.io",
  version: "v1beta1",
  resource: "pods",
  kind: "PodMetrics",
  namespaced: true,
};
const crds: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

test("metrics that the cluster has are used", async () => {
  await using cluster = await open();
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  await cluster.client.create<KubeObject>(crds, {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "pods.metrics.k8s.io", annotations: { "api-approved.kubernetes.io": "unapproved, for a test" } },
    spec: {
      group: podMetrics.group,
      scope: "Namespaced",
      names: { plural: "pods", singular: "pod", kind: "PodMetrics", listKind: "PodMetricsList" },
      versions: [{ name: podMetrics.version, served: true, storage: true, schema }],
    },
  });
  await makeDeployment(cluster, 2);
  for (const name of ["a", "b"]) {
    const containers = [{ name: "c", image: "b", resources: { requests: { cpu: "100m" } } }];
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels }, spec: { containers } };
    const made = await cluster.client.create<Pod>(pods, pod);
    const ready = { type: "Ready", status: "True", lastTransitionTime: "2026-01-02T02:00:00Z" };
    await cluster.play(made, { phase: "Running", startTime: "2026-01-02T02:00:00Z", conditions: [ready] });
    await cluster.until("the definition", async () =>
      cluster.client
        .create(podMetrics, {
          apiVersion: "metrics.k8s.io/v1beta1",
          kind: "PodMetrics",
          metadata: { name, namespace, labels },
          timestamp: "2026-01-02T03:04:00Z",
          window: "30s",
          containers: [{ name: "c", usage: { cpu: "160m" } }],
        })
        .catch(() => undefined),
    );
  }
  await makeAutoscaler(cluster);
  const status = await statusUntil(cluster, "four", ({ status }) => status?.desiredReplicas === 4);
  assert.equal(await replicas(cluster), 4);
  assert.deepEqual(status?.currentMetrics, [
    { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 160, averageValue: "160m" } } },
  ]);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: is, reason }) => `${type}=${is} ${reason}`),
    [
      "AbleToScale=True SucceededRescale",
      "ScalingActive=True ValidMetricFound",
      "ScalingLimited=False DesiredWithinRange",
    ],
  );
  await cluster.until("the event", async () =>
    (await cluster.events("h")).includes(
      "Normal SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target",
    ),
  );
});
