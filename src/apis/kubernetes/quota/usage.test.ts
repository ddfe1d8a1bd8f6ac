import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fields } from "../../../apimachinery/index.ts";
import { amountsObject } from "./amounts.ts";
import { countedResources, meterOf } from "./usage.ts";

const now = new Date("2026-01-01T00:00:00Z");
const pods = meterOf({ group: "", resource: "pods" });
const usage = (pod: Fields) => amountsObject(pods.usage(pod, now));
const container = (cpu: string, rest: Fields = {}): Fields => ({
  name: cpu,
  resources: { requests: { cpu } },
  ...rest,
});
const cpuOf = (pod: Fields) => usage(pod)["requests.cpu"];

const cpu: Record<string, { pod: Fields; want: string | undefined }> = {
  "containers together": { pod: { spec: { containers: [container("100m"), container("200m")] } }, want: "300m" },
  "the largest init container when that is more": {
    pod: { spec: { containers: [container("100m")], initContainers: [container("2"), container("1")] } },
    want: "2",
  },
  "sidecars beside the containers, and beside init containers after them": {
    pod: {
      spec: {
        containers: [container("100m")],
        initContainers: [container("500m"), container("300m", { restartPolicy: "Always" }), container("400m")],
      },
    },
    want: "700m",
  },
  "the pod as a whole when it says so": {
    pod: { spec: { resources: { requests: { cpu: "1" } }, containers: [container("100m")] } },
    want: "1",
  },
  "what comes with its RuntimeClass": {
    pod: { spec: { overhead: { cpu: "50m" }, containers: [container("100m")] } },
    want: "150m",
  },
  "what containers still have while they shrink": {
    pod: {
      spec: { containers: [container("100m")] },
      status: { containerStatuses: [{ name: "100m", resources: { requests: { cpu: "400m" } } }] },
    },
    want: "400m",
  },
  "nothing once it has ended": {
    pod: { spec: { containers: [container("100m")] }, status: { phase: "Failed" } },
    want: undefined,
  },
  "nothing once it should be gone": {
    pod: {
      metadata: { deletionTimestamp: "2025-12-31T23:59:00Z", deletionGracePeriodSeconds: 30 },
      spec: { containers: [container("100m")] },
    },
    want: undefined,
  },
};
for (const [name, { pod, want }] of Object.entries(cpu)) {
  test(`a pod is charged for ${name}`, () => {
    assert.equal(cpuOf(pod), want);
    assert.equal(usage(pod)["count/pods"], "1");
  });
}

test("huge pages and things of nodes are charged by their own names", () => {
  const requests = { "hugepages-2Mi": "4Mi", "example.com/gpu": "2", "kubernetes.io/x": "1" };
  assert.deepEqual(usage({ spec: { containers: [{ name: "a", resources: { requests } }] } }), {
    "count/pods": "1",
    "hugepages-2Mi": "4Mi",
    pods: "1",
    "requests.example.com/gpu": "2",
    "requests.hugepages-2Mi": "4Mi",
  });
});

test("devices are charged by class, the worst of several choices", () => {
  const claims = meterOf({ group: "resource.k8s.io", resource: "resourceclaims" });
  const exactly = (deviceClassName: string, count: number) => ({
    deviceClassName,
    allocationMode: "ExactCount",
    count,
  });
  const requests = [
    { name: "a", exactly: exactly("gpu", 2) },
    {
      name: "b",
      firstAvailable: [exactly("gpu", 1), exactly("gpu", 3), { deviceClassName: "nic", allocationMode: "All" }],
    },
  ];
  assert.deepEqual(amountsObject(claims.usage({ spec: { devices: { requests } } }, now)), {
    "count/resourceclaims.resource.k8s.io": "1",
    "gpu.deviceclass.resource.k8s.io/devices": "5",
    "nic.deviceclass.resource.k8s.io/devices": "32",
  });
});

test("limits say which resources they are about", () => {
  const names = ["pods", "requests.cpu", "configmaps", "count/secrets", "count/deployments.apps", "services.nodeports"];
  const more = [
    "gold.storageclass.storage.k8s.io/requests.storage",
    "gpu.deviceclass.resource.k8s.io/devices",
    "other",
  ];
  assert.deepEqual(
    countedResources([...names, ...more]).map(({ group, resource }) => `${resource}.${group}`),
    [
      "pods.",
      "configmaps.",
      "secrets.",
      "deployments.apps",
      "services.",
      "persistentvolumeclaims.",
      "resourceclaims.resource.k8s.io",
    ],
  );
});
