import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const { namespace } = cluster;
const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const batch = `/apis/batch/v1/namespaces/${namespace}`;
const merge = "application/merge-patch+json";

const container = { name: "main", image: "nginx:1.25" };
const template = { metadata: { labels: { app: "x" } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: "x" } };
const jobTemplate = { spec: { restartPolicy: "Never", containers: [container] } };

// A pod has an account, which a controller makes where there is one.
const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
await cluster.send("POST", `${core}/serviceaccounts`, { body: account });

/** What a manifest becomes; nothing is stored. */
async function made(path: string, apiVersion: string, kind: string, rest: Json): Promise<Json> {
  const body = { apiVersion, kind, metadata: { name: "x", ...rest.metadata }, ...rest };
  body.metadata = { name: "x", ...rest.metadata };
  return await cluster.send("POST", `${path}?dryRun=All`, { body });
}

const defaultContainer = {
  name: "main",
  image: "nginx:1.25",
  resources: {},
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  imagePullPolicy: "IfNotPresent",
};
const defaultPodSpec = {
  containers: [defaultContainer],
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  dnsPolicy: "ClusterFirst",
  securityContext: {},
  schedulerName: "default-scheduler",
};

const defaults: Record<string, { path: string; apiVersion: string; kind: string; sent: Json; want: Json }> = {
  "a Deployment": {
    path: `${apps}/deployments`,
    apiVersion: "apps/v1",
    kind: "Deployment",
    sent: { spec: { selector, template } },
    want: {
      spec: {
        replicas: 1,
        selector,
        template: { metadata: { labels: { app: "x" } }, spec: defaultPodSpec },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {},
    },
  },
  "a StatefulSet": {
    path: `${apps}/statefulsets`,
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    sent: { spec: { selector, template } },
    want: {
      spec: {
        replicas: 1,
        selector,
        template: { metadata: { labels: { app: "x" } }, spec: defaultPodSpec },
        serviceName: "",
        podManagementPolicy: "OrderedReady",
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
        revisionHistoryLimit: 10,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      },
      status: { replicas: 0, availableReplicas: 0 },
    },
  },
  "a CronJob": {
    path: `${batch}/cronjobs`,
    apiVersion: "batch/v1",
    kind: "CronJob",
    sent: { spec: { schedule: "@daily", jobTemplate: { spec: { template: jobTemplate } } } },
    want: {
      spec: {
        schedule: "@daily",
        concurrencyPolicy: "Allow",
        suspend: false,
        jobTemplate: {
          metadata: {},
          spec: { template: { metadata: {}, spec: { ...defaultPodSpec, restartPolicy: "Never" } } },
        },
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
      status: {},
    },
  },
  "a Role without rules": {
    path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    sent: {},
    want: { rules: null },
  },
  "a Secret with texts": {
    path: `${core}/secrets`,
    apiVersion: "v1",
    kind: "Secret",
    sent: { stringData: { a: "b" } },
    want: { data: { a: "Yg==" }, type: "Opaque" },
  },
  "an Event": {
    path: `${core}/events`,
    apiVersion: "v1",
    kind: "Event",
    sent: { involvedObject: { kind: "Pod", name: "p", namespace }, reason: "R", type: "Normal" },
    want: {
      involvedObject: { kind: "Pod", name: "p", namespace },
      reason: "R",
      type: "Normal",
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: null,
      reportingComponent: "",
      reportingInstance: "",
    },
  },
  "a NetworkPolicy": {
    path: `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    sent: { spec: { podSelector: {}, egress: [{ ports: [{ port: 1 }] }] } },
    want: {
      spec: {
        podSelector: {},
        egress: [{ ports: [{ port: 1, protocol: "TCP" }] }],
        policyTypes: ["Ingress", "Egress"],
      },
    },
  },
  "an autoscaler": {
    path: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    sent: { spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" }, maxReplicas: 3 } },
    want: {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
        ],
      },
      status: { desiredReplicas: 0, currentMetrics: null },
    },
  },
};
for (const [name, { path, apiVersion, kind, sent, want }] of Object.entries(defaults)) {
  test(`${name} gets its defaults`, async () => {
    const { status, body, text } = await made(path, apiVersion, kind, sent);
    assert.equal(status, 201, text);
    const { apiVersion: _1, kind: _2, metadata: _3, ...rest } = body;
    assert.deepEqual(rest, want);
  });
}

test("what is empty is left out where Go leaves it out", async () => {
  const { body } = await made(`${core}/configmaps`, "v1", "ConfigMap", {
    metadata: { labels: {}, annotations: {} },
    data: {},
  });
  assert.deepEqual([body.metadata.labels, body.metadata.annotations, body.data], [undefined, undefined, undefined]);
});

test("fields of features that are off are not kept", async () => {
  const sent = {
    spec: {
      containers: [
        {
          ...container,
          restartPolicy: "Never",
          lifecycle: { stopSignal: "SIGTERM" },
          volumeMounts: [
            { name: "image", mountPath: "/image" },
            { name: "rest", mountPath: "/rest" },
          ],
        },
      ],
      automountServiceAccountToken: false,
      hostnameOverride: "other",
      os: { name: "linux" },
      volumes: [
        { name: "image", image: { reference: "nginx:1.25" } },
        { name: "rest", emptyDir: {} },
      ],
    },
  };
  const { body } = await made(`${core}/pods`, "v1", "Pod", sent);
  const [only] = body.spec.containers;
  assert.deepEqual(
    [only.restartPolicy, only.lifecycle, only.volumeMounts, body.spec.hostnameOverride, body.spec.volumes],
    [undefined, undefined, [{ name: "rest", mountPath: "/rest" }], undefined, [{ name: "rest", emptyDir: {} }]],
  );
});

test("a pod's labels go into the selectors that name their keys", async () => {
  const constraint = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" };
  const sent = {
    metadata: { labels: { version: "2" } },
    spec: {
      containers: [container],
      automountServiceAccountToken: false,
      topologySpreadConstraints: [{ ...constraint, labelSelector: {}, matchLabelKeys: ["version", "other"] }],
    },
  };
  const { body } = await made(`${core}/pods`, "v1", "Pod", sent);
  assert.deepEqual(body.spec.topologySpreadConstraints[0].labelSelector, {
    matchExpressions: [{ key: "version", operator: "In", values: ["2"] }],
  });
});

test("quantities get their one form", async () => {
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1024Mi" } } };
  const { body } = await made(`${core}/persistentvolumeclaims`, "v1", "PersistentVolumeClaim", { spec: claim });
  assert.equal(body.spec.resources.requests.storage, "1Gi");
});

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

type Case = { path: string; apiVersion: string; kind: string; sent: Json; causes: string[] };
const refused: Record<string, Case> = {
  "a Deployment without a selector": {
    path: `${apps}/deployments`,
    apiVersion: "apps/v1",
    kind: "Deployment",
    sent: { spec: { template } },
    causes: [
      "spec.selector: Required value",
      'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
    ],
  },
  "a Deployment whose selector takes other pods": {
    path: `${apps}/deployments`,
    apiVersion: "apps/v1",
    kind: "Deployment",
    sent: { spec: { selector: { matchLabels: { app: "y" } }, template } },
    causes: ['spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`'],
  },
  "a container without a name and an image": {
    path: `${apps}/deployments`,
    apiVersion: "apps/v1",
    kind: "Deployment",
    sent: { spec: { selector, template: { ...template, spec: { containers: [{}] } } } },
    causes: [
      "spec.template.spec.containers[0].name: Required value",
      "spec.template.spec.containers[0].image: Required value",
    ],
  },
  "a Job whose pods never end": {
    path: `${batch}/jobs`,
    apiVersion: "batch/v1",
    kind: "Job",
    sent: { spec: { template: { spec: { containers: [container] } } } },
    causes: ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  },
  "a Service without ports": {
    path: `${core}/services`,
    apiVersion: "v1",
    kind: "Service",
    sent: { spec: { selector: { a: "b" } } },
    causes: ["spec.ports: Required value"],
  },
  "a port out of range": {
    path: `${core}/services`,
    apiVersion: "v1",
    kind: "Service",
    sent: { spec: { ports: [{ port: 70_000 }] } },
    causes: [
      "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
      "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ],
  },
  "a key with a space": {
    path: `${core}/configmaps`,
    apiVersion: "v1",
    kind: "ConfigMap",
    sent: { data: { "a b": "c" } },
    causes: [
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  },
  "an upper case name": {
    path: `${core}/configmaps`,
    apiVersion: "v1",
    kind: "ConfigMap",
    sent: { metadata: { name: "Upper" } },
    causes: [
      "metadata.name: Invalid value: \"Upper\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  },
  "an owner that is nobody": {
    path: `${core}/configmaps`,
    apiVersion: "v1",
    kind: "ConfigMap",
    sent: { metadata: { ownerReferences: [{}] } },
    causes: [
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ],
  },
  "a finalizer without a domain": {
    path: `${core}/configmaps`,
    apiVersion: "v1",
    kind: "ConfigMap",
    sent: { metadata: { finalizers: ["mine"] } },
    causes: [
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  },
  "a claim without a size": {
    path: `${core}/persistentvolumeclaims`,
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    sent: { spec: { accessModes: ["ReadWriteOnce"] } },
    causes: ["spec.resources[storage]: Required value"],
  },
  "an Ingress to nowhere": {
    path: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    sent: { spec: {} },
    causes: ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
  },
  "a rule about nothing": {
    path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    sent: { rules: [{}] },
    causes: [
      "rules[0].verbs: Required value: verbs must contain at least one value",
      "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
      "rules[0].resources: Required value: resource rules must supply at least one resource",
    ],
  },
  "an autoscaler the wrong way round": {
    path: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    sent: {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
        minReplicas: 3,
        maxReplicas: 2,
      },
    },
    causes: ["spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"],
  },
  "a schedule that is none": {
    path: `${batch}/cronjobs`,
    apiVersion: "batch/v1",
    kind: "CronJob",
    sent: { spec: { schedule: "never", jobTemplate: { spec: { template: jobTemplate } } } },
    causes: ['spec.schedule: Invalid value: "never": expected exactly 5 fields, found 1: [never]'],
  },
};
Object.assign(refused, {
  "a Pod of wrong words": {
    path: `${core}/pods`,
    apiVersion: "v1",
    kind: "Pod",
    sent: {
      spec: {
        containers: [{ ...container, terminationMessagePolicy: "x", resources: { limits: { gpu: "1" } } }],
        automountServiceAccountToken: false,
        restartPolicy: "x",
        dnsPolicy: "x",
        tolerations: [{ key: "a", operator: "Exists", effect: "x" }],
      },
    },
    causes: [
      'spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"',
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'spec.restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"',
      'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      'spec.tolerations[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  },
  "a new Pod with ephemeral containers": {
    path: `${core}/pods`,
    apiVersion: "v1",
    kind: "Pod",
    sent: {
      spec: {
        containers: [container],
        automountServiceAccountToken: false,
        ephemeralContainers: [{ ...container, name: "debug" }],
      },
    },
    causes: ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
  },
  "a Service of two equal ports": {
    path: `${core}/services`,
    apiVersion: "v1",
    kind: "Service",
    sent: {
      spec: {
        ports: [
          { name: "a", port: 80 },
          { name: "b", port: 80 },
        ],
      },
    },
    causes: [
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
  },
  "a Service of unknown families": {
    path: `${core}/services`,
    apiVersion: "v1",
    kind: "Service",
    sent: { spec: { ports: [{ port: 80 }], ipFamilies: ["IPv5"], ipFamilyPolicy: "x" } },
    causes: [
      'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
      'spec.ipFamilyPolicy: Unsupported value: "x": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
  },
  "an Ingress without a backend": {
    path: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    sent: { spec: { ingressClassName: "", rules: [{ http: { paths: [{ path: "/", pathType: "Prefix" }] } }] } },
    causes: [
      'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
      `spec.ingressClassName: Invalid value: "": ${subdomain}`,
    ],
  },
});

for (const [name, { path, apiVersion, kind, sent, causes }] of Object.entries(refused)) {
  test(`${name} is refused`, async () => {
    const { status, body, text } = await made(path, apiVersion, kind, sent);
    assert.equal(status, 422, text);
    const seen = body.details.causes.map(({ field, message }: Json) => `${field}: ${message}`);
    assert.deepEqual(seen, causes);
  });
}

const fixed: Record<string, { path: string; body: Json; patch: Json; cause: string }> = {
  "a Deployment's selector": {
    path: `${apps}/deployments`,
    body: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "fixed" }, spec: { selector, template } },
    patch: {
      spec: { selector: { matchLabels: { app: "x", more: "y" } }, template: { metadata: { labels: { more: "y" } } } },
    },
    cause: 'spec.selector: Invalid value: {"matchLabels":{"app":"x","more":"y"}}: field is immutable',
  },
  "a Secret's type": {
    path: `${core}/secrets`,
    body: { apiVersion: "v1", kind: "Secret", metadata: { name: "fixed" } },
    patch: { type: "other" },
    cause: 'type: Invalid value: "other": field is immutable',
  },
  "data that is immutable": {
    path: `${core}/configmaps`,
    body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "fixed" }, immutable: true, data: { a: "1" } },
    patch: { data: { a: "2" } },
    cause: "data: Forbidden: field is immutable when `immutable` is set",
  },
  "a Job's completions": {
    path: `${batch}/jobs`,
    body: {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "fixed" },
      spec: { completions: 1, suspend: true, template: jobTemplate },
    },
    patch: { spec: { completions: 2 } },
    cause: "spec.completions: Invalid value: 2: field is immutable",
  },
  "a StatefulSet's service": {
    path: `${apps}/statefulsets`,
    body: {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "fixed" },
      spec: { serviceName: "a", replicas: 0, selector, template },
    },
    patch: { spec: { serviceName: "b" } },
    cause:
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  },
};
for (const [name, { path, body, patch, cause }] of Object.entries(fixed)) {
  test(`${name} cannot be changed`, async () => {
    await cluster.ok("POST", path, { body });
    const answer = await cluster.send("PATCH", `${path}/fixed`, { body: patch, contentType: merge });
    assert.equal(answer.status, 422, answer.text);
    const seen = answer.body.details.causes.map(({ field, message }: Json) => `${field}: ${message}`);
    assert.deepEqual([...new Set(seen)], [cause]);
  });
}

test("a Service gets an address and keeps it", async () => {
  const service = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } };
  const { spec } = await cluster.ok("POST", `${core}/services`, { body: service });
  assert.match(spec.clusterIP, /^[0-9a-f.:]+$/);
  assert.deepEqual(spec.clusterIPs, [spec.clusterIP]);
  const { clusterIP: _1, clusterIPs: _2, ipFamilies: _3, ...rest } = spec;
  assert.deepEqual(rest, {
    ports: [{ protocol: "TCP", port: 80, targetPort: 80 }],
    type: "ClusterIP",
    sessionAffinity: "None",
    ipFamilyPolicy: "SingleStack",
    internalTrafficPolicy: "Cluster",
  });
  const put = await cluster.ok("PUT", `${core}/services/s`, { body: service });
  assert.equal(put.spec.clusterIP, spec.clusterIP);
  const other = await cluster.send("PATCH", `${core}/services/s`, {
    body: { spec: { clusterIP: "None", clusterIPs: ["None"] } },
    contentType: merge,
  });
  assert.equal(other.status, 422);
  assert.match(other.body.message, /spec\.clusterIPs\[0\]: Invalid value: \["None"\]: may not change once set/);
});

test("events of both groups are one object", async () => {
  const note = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: "e" },
    regarding: { kind: "Pod", name: "p", namespace },
    reason: "R",
    note: "n",
    type: "Normal",
    action: "A",
    eventTime: "2026-01-02T03:04:05.678901Z",
    reportingController: "example.com/c",
    reportingInstance: "i",
  };
  const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  await cluster.ok("POST", events, { body: note });
  const event = await cluster.ok("GET", `${core}/events/e`);
  assert.deepEqual(
    [event.apiVersion, event.message, event.involvedObject.name, event.reportingComponent, event.eventTime],
    ["v1", "n", "p", "example.com/c", "2026-01-02T03:04:05.678901Z"],
  );
});
