import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { builtinResources } from "./resources.ts";
import { humanDuration } from "./tables/text.ts";
import { tableCells, tableColumns } from "./tables.ts";

const now = new Date("2024-01-10T00:00:00Z");

function row(
  kind: string,
  fields: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): Record<string, unknown> {
  const [group = "", name = kind] = kind.includes("/") ? kind.split("/") : ["", kind];
  const object: KubeObject = {
    apiVersion: "v1",
    kind: name,
    metadata: { name: "x", creationTimestamp: "2024-01-09T23:00:00Z", ...metadata },
    ...fields,
  };
  const cells = tableCells({ group, kind: name }, object, now) ?? [];
  const columns = tableColumns({ group, kind: name }) ?? [];
  assert.equal(cells.length, columns.length);
  return Object.fromEntries(columns.map((column, index) => [column.name, cells[index]]));
}

const spans: [number, string][] = [
  [-2, "<invalid>"],
  [-1, "0s"],
  [0, "0s"],
  [119, "119s"],
  [120, "2m"],
  [310, "5m10s"],
  [599, "9m59s"],
  [600, "10m"],
  [179 * 60, "179m"],
  [180 * 60, "3h"],
  [3 * 3600 + 300, "3h5m"],
  [47 * 3600, "47h"],
  [48 * 3600, "2d"],
  [76 * 3600, "3d4h"],
  [8 * 86_400, "8d"],
  [729 * 86_400, "729d"],
  [765 * 86_400, "2y35d"],
  [3000 * 86_400, "8y"],
];
test("a span is as fine as it is short", () => {
  for (const [seconds, want] of spans) assert.equal(humanDuration(seconds), want);
});

test("every kind that can be listed has columns, and a bare object a row for them", () => {
  for (const { group, version, kind, verbs } of builtinResources) {
    const columns = tableColumns({ group, kind });
    assert.equal(columns !== undefined, verbs.includes("list"), `${group}/${kind}`);
    if (columns === undefined) continue;
    const apiVersion = group === "" ? version : `${group}/${version}`;
    const cells = tableCells({ group, kind }, { apiVersion, kind, metadata: { name: "x" } }, now);
    assert.equal(cells?.length, columns.length, `${group}/${kind}`);
    for (const [index, { type, name }] of columns.entries()) {
      if (type === "integer") assert.equal(typeof cells?.[index], "number", `${kind} ${name}`);
      if (type === "boolean") assert.equal(typeof cells?.[index], "boolean", `${kind} ${name}`);
    }
  }
});

test("columns are named and ranked as on a cluster", () => {
  const named = (group: string, kind: string) =>
    tableColumns({ group, kind })?.map(({ name, priority }) =>
      priority === 0 ? name.toUpperCase() : name.toLowerCase(),
    );
  assert.deepEqual(named("apps", "Deployment"), [
    "NAME",
    "READY",
    "UP-TO-DATE",
    "AVAILABLE",
    "AGE",
    "containers",
    "images",
    "selector",
  ]);
  assert.deepEqual(named("", "Service"), ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "selector"]);
  assert.deepEqual(named("rbac.authorization.k8s.io", "ClusterRole"), ["NAME", "CREATED AT"]);
});

const container = { name: "c", image: "i:1" };
const pods: Record<
  string,
  { pod: Record<string, unknown>; metadata?: Record<string, unknown>; want: [string, string, string] }
> = {
  pending: { pod: { spec: { containers: [container] }, status: { phase: "Pending" } }, want: ["0/1", "Pending", "0"] },
  running: {
    pod: {
      spec: { containers: [container] },
      status: {
        phase: "Running",
        containerStatuses: [
          {
            ready: true,
            restartCount: 3,
            state: { running: {} },
            lastState: { terminated: { finishedAt: "2024-01-09T23:55:00Z" } },
          },
        ],
      },
    },
    want: ["1/1", "Running", "3 (5m ago)"],
  },
  crashing: {
    pod: {
      spec: { containers: [container] },
      status: {
        phase: "Running",
        containerStatuses: [{ restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff" } } }],
      },
    },
    want: ["0/1", "CrashLoopBackOff", "1"],
  },
  initializing: {
    pod: {
      spec: { containers: [container], initContainers: [{ name: "a" }, { name: "b" }] },
      status: {
        phase: "Pending",
        initContainerStatuses: [
          { name: "a", state: { terminated: { exitCode: 0 } } },
          { name: "b", state: { running: {} } },
        ],
        containerStatuses: [{ state: { waiting: { reason: "PodInitializing" } } }],
      },
    },
    want: ["0/1", "Init:1/2", "0"],
  },
  "initialized with a sidecar": {
    pod: {
      spec: { containers: [container], initContainers: [{ name: "s", restartPolicy: "Always" }] },
      status: {
        phase: "Running",
        initContainerStatuses: [{ name: "s", started: true, ready: true, restartCount: 1, state: { running: {} } }],
        containerStatuses: [{ ready: true, state: { running: {} } }],
      },
    },
    want: ["2/2", "Running", "1"],
  },
  failed: {
    pod: {
      spec: { containers: [container] },
      status: { phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 2 } } }] },
    },
    want: ["0/1", "ExitCode:2", "0"],
  },
  "on its way out": {
    pod: { spec: { containers: [container] }, status: { phase: "Running" } },
    metadata: { deletionTimestamp: "2024-01-10T00:00:00Z" },
    want: ["0/1", "Terminating", "0"],
  },
};
for (const [name, { pod, metadata, want }] of Object.entries(pods)) {
  test(`a pod that is ${name}`, () => {
    const cells = row("Pod", pod, metadata);
    assert.deepEqual([cells["Ready"], cells["Status"], cells["Restarts"]], want);
  });
}

test("a deployment", () => {
  const spec = {
    replicas: 3,
    selector: { matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "In", values: ["b", "a"] }] },
    template: { spec: { containers: [container, { name: "d", image: "j" }] } },
  };
  assert.deepEqual(
    row("apps/Deployment", { spec, status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 } }),
    {
      Name: "x",
      Ready: "2/3",
      "Up-to-date": 3,
      Available: 2,
      Age: "60m",
      Containers: "c,d",
      Images: "i:1,j",
      Selector: "app=web,tier in (a,b)",
    },
  );
});

test("jobs", () => {
  const job = (fields: Record<string, unknown>) => {
    const { Status, Completions, Duration } = row("batch/Job", fields);
    return [Status, Completions, Duration];
  };
  assert.deepEqual(job({ spec: { completions: 1 } }), ["Running", "0/1", ""]);
  assert.deepEqual(job({ spec: { parallelism: 3 }, status: { startTime: "2024-01-09T23:59:00Z" } }), [
    "Running",
    "0/1 of 3",
    "60s",
  ]);
  const done = {
    conditions: [{ type: "Complete", status: "True" }],
    succeeded: 1,
    startTime: "2024-01-09T23:00:00Z",
    completionTime: "2024-01-09T23:00:42Z",
  };
  assert.deepEqual(job({ spec: { completions: 1 }, status: done }), ["Complete", "1/1", "42s"]);
});

test("services", () => {
  const service = (spec: Record<string, unknown>, status = {}) => {
    const cells = row("Service", { spec, status });
    return [cells["Cluster-IP"], cells["External-IP"], cells["Port(s)"]];
  };
  assert.deepEqual(service({ type: "ClusterIP", clusterIPs: ["10.96.0.1"], ports: [{ port: 443, protocol: "TCP" }] }), [
    "10.96.0.1",
    "<none>",
    "443/TCP",
  ]);
  assert.deepEqual(service({ type: "LoadBalancer", ports: [{ port: 80, nodePort: 30080, protocol: "TCP" }] }), [
    "<none>",
    "<pending>",
    "80:30080/TCP",
  ]);
  const balancer = { loadBalancer: { ingress: [{ hostname: "b" }, { ip: "1.2.3.4" }] } };
  assert.equal(service({ type: "LoadBalancer" }, balancer)[1], "1.2.3.4,b");
  assert.deepEqual(service({ type: "ExternalName", externalName: "a.b" }), ["<none>", "a.b", "<none>"]);
});

test("ingresses, endpoints and their limits", () => {
  const rules = ["a", "b", "c", "d"].map((host) => ({ host }));
  assert.equal(row("networking.k8s.io/Ingress", { spec: { rules } })["Hosts"], "a,b,c + 1 more...");
  assert.equal(row("networking.k8s.io/Ingress", { spec: { rules: rules.slice(0, 3), tls: [{}] } })["Hosts"], "a,b,c");
  assert.equal(row("networking.k8s.io/Ingress", { spec: {} })["Hosts"], "*");
  const addresses = ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"].map((ip) => ({ ip }));
  const endpoints = row("Endpoints", { subsets: [{ addresses, ports: [{ port: 80 }] }] })["Endpoints"];
  assert.equal(endpoints, "1.1.1.1:80,2.2.2.2:80,3.3.3.3:80 + 1 more...");
});

test("nodes, volumes and events", () => {
  const labels = { "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "edge" };
  const node = row(
    "Node",
    { spec: { unschedulable: true }, status: { conditions: [{ type: "Ready", status: "True" }] } },
    { labels },
  );
  assert.deepEqual([node["Status"], node["Roles"]], ["Ready,SchedulingDisabled", "control-plane,edge"]);
  const claim = row("PersistentVolumeClaim", {
    spec: { volumeName: "v", storageClassName: "fast" },
    status: { phase: "Bound", accessModes: ["ReadWriteMany", "ReadWriteOnce"], capacity: { storage: "1Gi" } },
  });
  assert.deepEqual([claim["Status"], claim["Capacity"], claim["Access Modes"]], ["Bound", "1Gi", "RWO,RWX"]);
  const event = {
    lastTimestamp: "2024-01-09T23:59:30Z",
    involvedObject: { kind: "Pod", name: "p" },
    message: " hi ",
    reason: "R",
    type: "Normal",
  };
  const cells = row("Event", event);
  assert.deepEqual(
    [cells["Last Seen"], cells["Object"], cells["Message"], cells["Count"], cells["First Seen"]],
    ["30s", "pod/p", "hi", 1, "<unknown>"],
  );
});

test("an autoscaler shows current and wanted", () => {
  const metrics = [
    { type: "Resource", resource: { name: "cpu", target: { averageUtilization: 80 } } },
    { type: "Pods", pods: { metric: { name: "m" }, target: { averageValue: "10" } } },
    { type: "External", external: { metric: { name: "m" }, target: { averageValue: "5" } } },
  ];
  const status = {
    currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 20 } } }],
  };
  const spec = { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas: 1, maxReplicas: 4, metrics };
  const cells = row("autoscaling/HorizontalPodAutoscaler", { spec, status });
  assert.deepEqual(
    [cells["Reference"], cells["Targets"], cells["MinPods"]],
    ["Deployment/web", "cpu: 20%/80%, <unknown>/10 + 1 more...", "1"],
  );
});

test("bindings, quotas and classes", () => {
  const subjects = [
    { kind: "User", name: "u" },
    { kind: "Group", name: "g" },
    { kind: "ServiceAccount", name: "s", namespace: "n" },
  ];
  const binding = row("rbac.authorization.k8s.io/RoleBinding", { roleRef: { kind: "Role", name: "r" }, subjects });
  assert.deepEqual(
    [binding["Role"], binding["Users"], binding["Groups"], binding["ServiceAccounts"]],
    ["Role/r", "u", "g", "n/s"],
  );
  const status = { hard: { "limits.cpu": "2", pods: "10", "requests.cpu": "1" }, used: { pods: "3" } };
  const quota = row("ResourceQuota", { status });
  assert.deepEqual([quota["Request"], quota["Limit"]], ["pods: 3/10, requests.cpu: 0/1", "limits.cpu: 0/2"]);
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  assert.equal(row("storage.k8s.io/StorageClass", {}, { annotations })["Name"], "x (default)");
});
