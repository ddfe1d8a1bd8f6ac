import assert from "node:assert/strict";
import { test } from "node:test";
import { cloneJson, type KubeObject } from "../../apimachinery/index.ts";
import { defaultBuiltin } from "./defaults.ts";
import { builtinResources } from "./resources.ts";

type Defaulted = KubeObject & { spec: Record<string, unknown>; status: Record<string, unknown> };

function defaulted(kind: string, fields: Record<string, unknown>, group?: string): Defaulted {
  const resource = builtinResources.find((one) => one.kind === kind && (group === undefined || one.group === group));
  assert.ok(resource);
  const object = { apiVersion: "v1", kind, metadata: { name: "x" }, spec: {}, status: {}, ...cloneJson(fields) };
  defaultBuiltin(resource, object);
  const once = cloneJson(object);
  defaultBuiltin(resource, object);
  assert.deepEqual(object, once, "defaults change nothing the second time");
  return object;
}

const container = { name: "c", image: "nginx" };
const fullContainer = {
  ...container,
  imagePullPolicy: "Always",
  resources: {},
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
};
const fullPodSpec = {
  containers: [fullContainer],
  dnsPolicy: "ClusterFirst",
  restartPolicy: "Always",
  schedulerName: "default-scheduler",
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

test("a pod", () => {
  assert.deepEqual(defaulted("Pod", { spec: { containers: [container] } }).spec, {
    ...fullPodSpec,
    enableServiceLinks: true,
  });
});

test("a deployment", () => {
  assert.deepEqual(defaulted("Deployment", { spec: { template: { spec: { containers: [container] } } } }).spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
    template: { metadata: {}, spec: fullPodSpec },
  });
  const none = defaulted("Deployment", { spec: { replicas: 0, strategy: { type: "Recreate" }, template: {} } }).spec;
  assert.deepEqual([none["replicas"], none["strategy"]], [0, { type: "Recreate" }]);
});

test("a stateful set", () => {
  const { spec } = defaulted("StatefulSet", { spec: { volumeClaimTemplates: [{ metadata: { name: "d" } }] } });
  const { template: _, ...rest } = spec;
  assert.deepEqual(rest, {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: "OrderedReady",
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "d" },
        spec: { volumeMode: "Filesystem", resources: {} },
        status: { phase: "Pending" },
      },
    ],
  });
});

test("jobs", () => {
  const { template: _, ...rest } = defaulted("Job", { spec: { template: {} } }).spec;
  assert.deepEqual(rest, {
    backoffLimit: 6,
    completionMode: "NonIndexed",
    completions: 1,
    manualSelector: false,
    parallelism: 1,
    podReplacementPolicy: "TerminatingOrFailed",
    suspend: false,
  });
  const parallel = defaulted("Job", { spec: { parallelism: 3 } }).spec;
  assert.deepEqual([parallel["completions"], parallel["parallelism"]], [undefined, 3]);
  const cron = defaulted("CronJob", { spec: { schedule: "@daily" } }).spec;
  assert.deepEqual(
    [cron["concurrencyPolicy"], cron["suspend"], cron["successfulJobsHistoryLimit"], cron["failedJobsHistoryLimit"]],
    ["Allow", false, 3, 1],
  );
});

const images: [string, string][] = [
  ["nginx", "Always"],
  ["nginx:latest", "Always"],
  ["nginx:1.27", "IfNotPresent"],
  ["localhost:5000/nginx", "Always"],
  ["localhost:5000/nginx:1", "IfNotPresent"],
  [`nginx@sha256:${"0".repeat(64)}`, "IfNotPresent"],
  [`nginx:latest@sha256:${"0".repeat(64)}`, "Always"],
];
test("only what may be newer is pulled each time", () => {
  for (const [image, want] of images) {
    const { spec } = defaulted("Pod", { spec: { containers: [{ name: "c", image }] } });
    assert.equal((spec["containers"] as { imagePullPolicy: string }[])[0]?.imagePullPolicy, want, image);
  }
});

test("containers: probes, ports, references; requests of pods but not of templates", () => {
  const rich = {
    ...container,
    ports: [{ containerPort: 80 }],
    env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    livenessProbe: { httpGet: { port: 80 } },
    resources: { limits: { cpu: "1" } },
  };
  const { spec } = defaulted("Pod", { spec: { containers: [rich], serviceAccount: "old" } });
  const [one] = spec["containers"] as Record<string, unknown>[];
  assert.deepEqual(one?.["ports"], [{ containerPort: 80, protocol: "TCP" }]);
  assert.deepEqual(one?.["env"], [
    { name: "A", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
  ]);
  assert.deepEqual(one?.["livenessProbe"], {
    httpGet: { path: "/", port: 80, scheme: "HTTP" },
    failureThreshold: 3,
    periodSeconds: 10,
    successThreshold: 1,
    timeoutSeconds: 1,
  });
  assert.deepEqual(one?.["resources"], { limits: { cpu: "1" }, requests: { cpu: "1" } });
  assert.equal(spec["serviceAccountName"], "old");
  const template = defaulted("Deployment", { spec: { template: { spec: { containers: [rich] } } } }).spec["template"];
  assert.match(JSON.stringify(template), /"resources":\{"limits":\{"cpu":"1"\}\}/);
});

test("volumes", () => {
  const volumes = [
    { name: "a" },
    { name: "b", secret: { secretName: "s" } },
    { name: "c", hostPath: { path: "/" } },
    { name: "d", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
  ];
  assert.deepEqual(defaulted("Pod", { spec: { containers: [], volumes } }).spec["volumes"], [
    { name: "a", emptyDir: {} },
    { name: "b", secret: { secretName: "s", defaultMode: 420 } },
    { name: "c", hostPath: { path: "/", type: "" } },
    {
      name: "d",
      projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }] },
    },
  ]);
});

test("services", () => {
  assert.deepEqual(defaulted("Service", { spec: { ports: [{ port: 80 }] } }).spec, {
    internalTrafficPolicy: "Cluster",
    ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    sessionAffinity: "None",
    type: "ClusterIP",
  });
  const balancer = defaulted("Service", { spec: { type: "LoadBalancer", sessionAffinity: "ClientIP" } });
  assert.deepEqual(balancer.spec, {
    allocateLoadBalancerNodePorts: true,
    externalTrafficPolicy: "Cluster",
    internalTrafficPolicy: "Cluster",
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    type: "LoadBalancer",
  });
  assert.deepEqual(balancer.status, { loadBalancer: {} });
});

test("what has a field or two", () => {
  assert.equal(defaulted("Secret", {})["type"], "Opaque");
  assert.deepEqual(defaulted("NetworkPolicy", { spec: { egress: [{ ports: [{ port: 53 }] }] } }).spec, {
    egress: [{ ports: [{ port: 53, protocol: "TCP" }] }],
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
  });
  assert.deepEqual(defaulted("PersistentVolumeClaim", {}).spec, { resources: {}, volumeMode: "Filesystem" });
  const storageClass = defaulted("StorageClass", {});
  assert.deepEqual([storageClass["reclaimPolicy"], storageClass["volumeBindingMode"]], ["Delete", "Immediate"]);
  const binding = defaulted("RoleBinding", {
    roleRef: { kind: "Role", name: "r" },
    subjects: [
      { kind: "User", name: "u" },
      { kind: "ServiceAccount", name: "s" },
    ],
  });
  assert.deepEqual(binding["roleRef"], { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" });
  assert.deepEqual(binding["subjects"], [
    { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "u" },
    { kind: "ServiceAccount", name: "s" },
  ]);
  assert.deepEqual(defaulted("Namespace", {}).metadata.labels, { "kubernetes.io/metadata.name": "x" });
  assert.deepEqual(defaulted("EndpointSlice", { ports: [{ port: 1 }] })["ports"], [
    { name: "", port: 1, protocol: "TCP" },
  ]);
});

test("autoscalers", () => {
  const { spec } = defaulted("HorizontalPodAutoscaler", {
    spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
  });
  assert.deepEqual(spec["metrics"], [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
  ]);
  assert.deepEqual(spec["behavior"], {
    scaleUp: {
      policies: [
        { type: "Pods", value: 4, periodSeconds: 15 },
        { type: "Percent", value: 100, periodSeconds: 15 },
      ],
      selectPolicy: "Max",
      stabilizationWindowSeconds: 0,
    },
    scaleDown: {
      policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
      selectPolicy: "Max",
      stabilizationWindowSeconds: 0,
    },
  });
});

test("definitions and webhooks", () => {
  const { spec } = defaulted("CustomResourceDefinition", { spec: { names: { kind: "Widget", plural: "widgets" } } });
  assert.deepEqual(spec, {
    conversion: { strategy: "None" },
    names: { kind: "Widget", listKind: "WidgetList", plural: "widgets", singular: "widget" },
  });
  const webhook = {
    name: "a.b.c",
    clientConfig: { service: { name: "s", namespace: "n" } },
    rules: [{ operations: ["*"] }],
  };
  assert.deepEqual(defaulted("MutatingWebhookConfiguration", { webhooks: [webhook] })["webhooks"], [
    {
      name: "a.b.c",
      clientConfig: { service: { name: "s", namespace: "n", port: 443 } },
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      reinvocationPolicy: "Never",
      rules: [{ operations: ["*"], scope: "*" }],
      timeoutSeconds: 10,
    },
  ]);
});

test("container limits fill each other in", () => {
  const limits = [
    { type: "Container", max: { cpu: "2" }, min: { cpu: "1", memory: "1Gi" } },
    { type: "Pod", max: { cpu: "4" } },
  ];
  assert.deepEqual(defaulted("LimitRange", { spec: { limits } }).spec["limits"], [
    {
      type: "Container",
      max: { cpu: "2" },
      min: { cpu: "1", memory: "1Gi" },
      default: { cpu: "2" },
      defaultRequest: { cpu: "2", memory: "1Gi" },
    },
    { type: "Pod", max: { cpu: "4" } },
  ]);
});
