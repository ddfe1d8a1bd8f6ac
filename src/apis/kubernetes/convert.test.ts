import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { convertBuiltin } from "./convert.ts";

const kind = "HorizontalPodAutoscaler";
const v1 = { group: "autoscaling", version: "v1", kind };
const v2 = { group: "autoscaling", version: "v2", kind };

const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } };
const scaler = (metrics: unknown[], rest: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: "autoscaling/v2",
  kind,
  metadata: { name: "web" },
  spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, maxReplicas: 3, metrics, ...rest },
  status: { currentReplicas: 1, desiredReplicas: 1 },
});

test("a target for the processor is a field in v1", () => {
  const old = convertBuiltin(scaler([cpu]), v1);
  assert.equal(old.apiVersion, "autoscaling/v1");
  assert.deepEqual(old["spec"], {
    scaleTargetRef: { kind: "Deployment", name: "web" },
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 60,
  });
  assert.equal(old.metadata.annotations, undefined);
});

test("what v1 cannot say survives there and back", () => {
  const metrics = [
    cpu,
    { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
    {
      type: "Pods",
      pods: {
        metric: { name: "rate", selector: { matchLabels: { a: "b" } } },
        target: { type: "AverageValue", averageValue: "10" },
      },
    },
    {
      type: "Object",
      object: {
        describedObject: { kind: "Ingress", name: "i", apiVersion: "networking.k8s.io/v1" },
        metric: { name: "hits" },
        target: { type: "Value", value: "2k" },
      },
    },
    { type: "External", external: { metric: { name: "queue", selector: {} }, target: { type: "Value", value: "30" } } },
    {
      type: "ContainerResource",
      containerResource: { name: "cpu", container: "c", target: { type: "Utilization", averageUtilization: 5 } },
    },
  ];
  const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
  const before = scaler(metrics, { behavior });
  before["status"] = {
    currentReplicas: 1,
    desiredReplicas: 1,
    currentMetrics: [
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 7, averageValue: "70m" } } },
      { type: "Pods", pods: { metric: { name: "rate" }, current: { averageValue: "9" } } },
    ],
    conditions: [{ type: "AbleToScale", status: "True" }],
  };
  const old = convertBuiltin(before, v1);
  const flattened = JSON.parse(old.metadata.annotations?.["autoscaling.alpha.kubernetes.io/metrics"] ?? "");
  assert.deepEqual(flattened[0], { type: "Resource", resource: { name: "memory", targetAverageValue: "1Gi" } });
  const after = convertBuiltin(old, v2);
  assert.deepEqual(after["spec"], before["spec"]);
  assert.deepEqual(after.metadata, before.metadata);
  const { currentMetrics } = after["status"] as { currentMetrics: unknown[] };
  assert.deepEqual(currentMetrics[1], {
    type: "Pods",
    pods: { metric: { name: "rate" }, current: { averageValue: "9" } },
  });
});

test("events of both groups are the same event", () => {
  const event: KubeObject = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "e", namespace: "default" },
    involvedObject: { kind: "Pod", name: "p" },
    message: "started",
    reason: "Started",
    source: { component: "kubelet" },
    count: 2,
    reportingComponent: "kubelet",
  };
  const events = { group: "events.k8s.io", version: "v1", kind: "Event" };
  const other = convertBuiltin(event, events);
  assert.deepEqual(other, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: "e", namespace: "default" },
    regarding: { kind: "Pod", name: "p" },
    note: "started",
    reason: "Started",
    deprecatedSource: { component: "kubelet" },
    deprecatedCount: 2,
    reportingController: "kubelet",
  });
  assert.deepEqual(convertBuiltin(other, { group: "", version: "v1", kind: "Event" }), event);
  assert.throws(() => convertBuiltin(event, v2), /Cannot convert HorizontalPodAutoscaler from v1 to autoscaling\/v2/);
});
