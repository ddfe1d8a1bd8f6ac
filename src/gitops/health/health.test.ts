import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { applicationHealth, type Part } from "./application-health.ts";
import { resourceHealth } from "./resource-health.ts";

type Shape = { metadata?: KubeObject["metadata"]; spec?: unknown; status?: unknown };

function object(apiVersion: string, kind: string, shape: Shape): KubeObject {
  return { apiVersion, kind, ...shape, metadata: { name: "x", ...shape.metadata } };
}
const seen = { observedGeneration: 1 };
const condition = (type: string, status: string, reason = "", message = "") => ({ type, status, reason, message });

const cases: Record<string, [apiVersion: string, kind: string, shape: Shape, want: string]> = {
  "ConfigMap has none": ["v1", "ConfigMap", {}, "none"],
  "anything that is being deleted": [
    "v1",
    "ConfigMap",
    { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    "Progressing Pending deletion",
  ],
  "a hook that is being deleted but kept": [
    "batch/v1",
    "Job",
    {
      metadata: {
        deletionTimestamp: "2026-01-01T00:00:00Z",
        finalizers: ["argocd.argoproj.io/hook-finalizer"],
      },
      status: { conditions: [condition("Complete", "True", "", "done")] },
    },
    "Healthy done",
  ],
  "Deployment nobody runs": [
    "apps/v1",
    "Deployment",
    { metadata: { generation: 1 }, spec: { replicas: 1 } },
    "Progressing Waiting for rollout to finish: observed deployment generation less than desired generation",
  ],
  "Deployment paused": ["apps/v1", "Deployment", { spec: { paused: true } }, "Suspended Deployment is paused"],
  "Deployment past its deadline": [
    "apps/v1",
    "Deployment",
    { status: { conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded")] } },
    'Degraded Deployment "x" exceeded its progress deadline',
  ],
  "Deployment updating": [
    "apps/v1",
    "Deployment",
    { metadata: { generation: 1 }, spec: { replicas: 3 }, status: { ...seen, updatedReplicas: 1 } },
    "Progressing Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
  ],
  "Deployment with old replicas": [
    "apps/v1",
    "Deployment",
    { spec: { replicas: 1 }, status: { ...seen, updatedReplicas: 1, replicas: 3 } },
    "Progressing Waiting for rollout to finish: 2 old replicas are pending termination...",
  ],
  "Deployment not available": [
    "apps/v1",
    "Deployment",
    { spec: { replicas: 2 }, status: { ...seen, updatedReplicas: 2, replicas: 2, availableReplicas: 1 } },
    "Progressing Waiting for rollout to finish: 1 of 2 updated replicas are available...",
  ],
  "Deployment ready": [
    "apps/v1",
    "Deployment",
    { spec: { replicas: 2 }, status: { ...seen, updatedReplicas: 2, replicas: 2, availableReplicas: 2 } },
    "Healthy",
  ],
  "StatefulSet nobody runs": [
    "apps/v1",
    "StatefulSet",
    {},
    "Progressing Waiting for statefulset spec update to be observed...",
  ],
  "StatefulSet waiting for pods": [
    "apps/v1",
    "StatefulSet",
    { spec: { replicas: 3 }, status: { ...seen, readyReplicas: 1 } },
    "Progressing Waiting for 2 pods to be ready...",
  ],
  "StatefulSet partitioned": [
    "apps/v1",
    "StatefulSet",
    {
      spec: { replicas: 3, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
      status: { ...seen, readyReplicas: 3, updatedReplicas: 1 },
    },
    "Progressing Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...",
  ],
  "StatefulSet ready": [
    "apps/v1",
    "StatefulSet",
    {
      spec: { replicas: 1 },
      status: { ...seen, readyReplicas: 1, currentReplicas: 1, currentRevision: "r1", updateRevision: "r1" },
    },
    "Healthy statefulset rolling update complete 1 pods at revision r1...",
  ],
  "StatefulSet rolling": [
    "apps/v1",
    "StatefulSet",
    { spec: { replicas: 1 }, status: { ...seen, readyReplicas: 1, currentRevision: "r1", updateRevision: "r2" } },
    "Progressing waiting for statefulset rolling update to complete 0 pods at revision r2...",
  ],
  "DaemonSet updating": [
    "apps/v1",
    "DaemonSet",
    { status: { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 1 } },
    'Progressing Waiting for daemon set "x" rollout to finish: 1 out of 2 new pods have been updated...',
  ],
  "DaemonSet ready": ["apps/v1", "DaemonSet", { status: seen }, "Healthy"],
  "ReplicaSet that cannot": [
    "apps/v1",
    "ReplicaSet",
    { status: { ...seen, conditions: [condition("ReplicaFailure", "True", "", "quota")] } },
    "Degraded quota",
  ],
  "Job running": ["batch/v1", "Job", { status: { active: 1 } }, "Progressing"],
  "Job done": ["batch/v1", "Job", { status: { conditions: [condition("Complete", "True")] } }, "Healthy"],
  "Job failed": [
    "batch/v1",
    "Job",
    { status: { conditions: [condition("Failed", "True", "BackoffLimitExceeded", "too often")] } },
    "Degraded too often",
  ],
  "Job suspended": ["batch/v1", "Job", { status: { conditions: [condition("Suspended", "True")] } }, "Suspended"],
  "Pod without a status": ["v1", "Pod", {}, "Unknown"],
  "Pod pending": ["v1", "Pod", { status: { phase: "Pending" } }, "Progressing"],
  "Pod that cannot pull": [
    "v1",
    "Pod",
    {
      spec: { restartPolicy: "Always" },
      status: {
        phase: "Pending",
        containerStatuses: [{ name: "a", state: { waiting: { reason: "ImagePullBackOff", message: "no image" } } }],
      },
    },
    "Degraded no image",
  ],
  "Pod ready": [
    "v1",
    "Pod",
    { spec: { restartPolicy: "Always" }, status: { phase: "Running", conditions: [condition("Ready", "True")] } },
    "Healthy",
  ],
  "Pod failed": [
    "v1",
    "Pod",
    { status: { phase: "Failed", containerStatuses: [{ name: "a", state: { terminated: { exitCode: 3 } } }] } },
    'Degraded container "a" failed with exit code 3',
  ],
  "Service in the cluster": ["v1", "Service", { spec: { type: "ClusterIP" } }, "Healthy"],
  "Service without a load balancer": ["v1", "Service", { spec: { type: "LoadBalancer" } }, "Progressing"],
  "Ingress without an address": ["networking.k8s.io/v1", "Ingress", {}, "Progressing"],
  "Ingress with an address": [
    "networking.k8s.io/v1",
    "Ingress",
    { status: { loadBalancer: { ingress: [{ ip: "127.0.0.1" }] } } },
    "Healthy",
  ],
  "claim bound": ["v1", "PersistentVolumeClaim", { status: { phase: "Bound" } }, "Healthy"],
  "claim pending": ["v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }, "Progressing"],
  "autoscaler that has not begun": [
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    {},
    "Progressing Waiting to Autoscale",
  ],
  "autoscaler without metrics": [
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    {
      status: {
        conditions: [
          condition("AbleToScale", "True", "SucceededGetScale", "ok"),
          condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics"),
        ],
      },
    },
    "Degraded no metrics",
  ],
  "autoscaler of version 1": [
    "autoscaling/v1",
    "HorizontalPodAutoscaler",
    {
      metadata: {
        annotations: {
          "autoscaling.alpha.kubernetes.io/conditions": JSON.stringify([condition("AbleToScale", "True", "", "fine")]),
        },
      },
    },
    "Healthy fine",
  ],
  "APIService that is there": [
    "apiregistration.k8s.io/v1",
    "APIService",
    { status: { conditions: [condition("Available", "True", "Local", "Local APIServices are always available")] } },
    "Healthy Local: Local APIServices are always available",
  ],
  "CRD that is new": [
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    {},
    "Progressing Status conditions not found",
  ],
  "CRD established": [
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    { status: { conditions: [condition("NamesAccepted", "True"), condition("Established", "True")] } },
    "Healthy CRD is healthy",
  ],
  "child application without a status": ["argoproj.io/v1alpha1", "Application", {}, "Progressing"],
  "child application": [
    "argoproj.io/v1alpha1",
    "Application",
    { status: { health: { status: "Degraded", message: "m" } } },
    "Degraded m",
  ],
  "ApplicationSet that failed": [
    "argoproj.io/v1alpha1",
    "ApplicationSet",
    { status: { conditions: [condition("ErrorOccurred", "True", "", "why")] } },
    "Degraded why",
  ],
};
for (const [name, [apiVersion, kind, shape, want]] of Object.entries(cases)) {
  test(`health of ${name}`, () => {
    const health = resourceHealth(object(apiVersion, kind, shape));
    assert.equal(health === undefined ? "none" : `${health.status} ${health.message}`.trim(), want);
  });
}

const configMap = object("v1", "ConfigMap", { metadata: { namespace: "n" } });
const part = (status: "Healthy" | "Progressing" | "Degraded" | "Suspended" | "Unknown", more: Shape = {}): Part => ({
  live: object("apps/v1", "Deployment", { ...more, metadata: { namespace: "n", ...more.metadata } }),
  health: { status, message: "" },
});
const aggregates: Record<string, { parts: Part[]; want: string }> = {
  "nothing at all": { parts: [], want: "Healthy" },
  "parts without health": { parts: [{ live: configMap, health: undefined }], want: "Healthy" },
  "the worst part": {
    parts: [part("Healthy"), part("Degraded"), part("Progressing")],
    want: "Degraded Caused by apps/Deployment:n/x",
  },
  "a missing part among others": {
    parts: [part("Healthy"), { target: configMap, health: undefined }],
    want: "Healthy",
  },
  "only missing parts": { parts: [{ target: configMap, health: undefined }], want: "Missing" },
  "a part that asks to be ignored": {
    parts: [part("Degraded", { metadata: { annotations: { "argocd.argoproj.io/ignore-healthcheck": "true" } } })],
    want: "Healthy",
  },
  "a hook": {
    parts: [part("Degraded", { metadata: { annotations: { "argocd.argoproj.io/hook": "PreSync" } } })],
    want: "Healthy",
  },
  "many causes": {
    parts: [part("Progressing"), part("Progressing"), part("Progressing"), part("Progressing")],
    want: "Progressing Caused by apps/Deployment:n/x, apps/Deployment:n/x, apps/Deployment:n/x and 1 more",
  },
  "a child application nobody knows about": {
    parts: [{ live: object("argoproj.io/v1alpha1", "Application", {}), health: { status: "Unknown", message: "" } }],
    want: "Healthy",
  },
};
for (const [name, { parts, want }] of Object.entries(aggregates)) {
  test(`health of an application with ${name}`, () => {
    const { status, message } = applicationHealth(parts);
    assert.equal(`${status} ${message}`.trim(), want);
  });
}
