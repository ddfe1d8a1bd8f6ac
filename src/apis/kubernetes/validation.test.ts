import assert from "node:assert/strict";
import { test } from "node:test";
import { cloneJson, type KubeObject } from "../../apimachinery/index.ts";
import { defaultBuiltin } from "./defaults.ts";
import { prepareForCreate, prepareForUpdate } from "./prepare.ts";
import { type BuiltinResource, builtinResources } from "./resources.ts";
import { validateBuiltin } from "./validation.ts";

type Change = Record<string, unknown>;

function resourceOf(kind: string): BuiltinResource {
  const resource = builtinResources.find((one) => one.kind === kind);
  assert.ok(resource);
  return resource;
}

function made(kind: string, fields: Change, metadata: Change = {}): KubeObject {
  const resource = resourceOf(kind);
  const namespace = resource.namespaced ? { namespace: "default" } : {};
  const object: KubeObject = {
    apiVersion: resource.version,
    kind,
    metadata: { name: "x", uid: "u", ...namespace, ...metadata },
    ...cloneJson(fields),
  };
  defaultBuiltin(resource, object);
  prepareForCreate(resource, object);
  return object;
}

const texts = (causes: { field: string; message: string }[]) =>
  causes.map(({ field, message }) => `${field}: ${message}`);
const create = (kind: string, fields: Change, metadata: Change = {}) =>
  texts(validateBuiltin(resourceOf(kind), made(kind, fields, metadata)));

function update(kind: string, before: Change, after: Change, subresource?: string): string[] {
  const old = made(kind, before);
  const object = made(kind, after);
  prepareForUpdate(resourceOf(kind), object, old, subresource);
  return texts(validateBuiltin(resourceOf(kind), object, old, subresource));
}

const labels = { app: "web" };
const container = { name: "c", image: "i:1" };
const podSpec = (fields: Change = {}, one: Change = {}) => ({ containers: [{ ...container, ...one }], ...fields });
const workload = (fields: Change = {}, spec: Change = {}, one: Change = {}) => ({
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(spec, one) }, ...fields },
});
const port = { port: 80, name: "http" };
const role = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" };

const fine: [string, Change, Change?][] = [
  ["Pod", { spec: podSpec() }],
  ["Deployment", workload()],
  [
    "StatefulSet",
    workload(
      { volumeClaimTemplates: [{ metadata: { name: "data" } }] },
      {},
      { volumeMounts: [{ name: "data", mountPath: "/d" }] },
    ),
  ],
  ["DaemonSet", workload()],
  ["Job", { spec: { template: { spec: podSpec({ restartPolicy: "Never" }) } } }],
  [
    "CronJob",
    {
      spec: {
        schedule: "*/5 0-6,22 * jan-mar mon",
        timeZone: "Europe/Berlin",
        jobTemplate: { spec: { template: { spec: podSpec({ restartPolicy: "OnFailure" }) } } },
      },
    },
  ],
  ["Service", { spec: { ports: [port] } }],
  ["Service", { spec: { type: "ExternalName", externalName: "example.com." } }],
  [
    "Ingress",
    {
      spec: {
        rules: [
          {
            host: "*.example.com",
            http: {
              paths: [
                {
                  path: "/x(/|$)(.*)",
                  pathType: "ImplementationSpecific",
                  backend: { service: { name: "web", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  ["ConfigMap", { data: { "a.b-c_d": "" }, binaryData: { b: "AA==" } }],
  ["Secret", { type: "kubernetes.io/tls", stringData: { "tls.crt": "", "tls.key": "" } }],
  [
    "RoleBinding",
    {
      roleRef: role,
      subjects: [
        { kind: "ServiceAccount", name: "default" },
        { kind: "User", name: "u" },
      ],
    },
  ],
  ["ClusterRole", { rules: [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }] }, { name: "system:x" }],
  ["PersistentVolumeClaim", { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }],
  [
    "PersistentVolume",
    { spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath: { path: "/d" } } },
  ],
  ["StorageClass", { provisioner: "example.com/Nfs" }],
  [
    "NetworkPolicy",
    {
      spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: [{ port: "http" }] }] },
    },
  ],
  [
    "HorizontalPodAutoscaler",
    { spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 3 } },
  ],
  ["Namespace", {}],
];
for (const [kind, fields, metadata] of fine)
  test(`a plain ${kind} is fine`, () => assert.deepEqual(create(kind, fields, metadata), []));

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const wrong: Record<string, { kind: string; fields: Change; metadata?: Change; want: string[] }> = {
  "a name in capitals": {
    kind: "ConfigMap",
    fields: {},
    metadata: { name: "Web" },
    want: [`metadata.name: Invalid value: "Web": ${subdomain}`],
  },
  "a dotted namespace": {
    kind: "Namespace",
    fields: {},
    metadata: { name: "a.b" },
    want: ['metadata.name: Invalid value: "a.b": must not contain dots'],
  },
  "a role whose name is a path": {
    kind: "Role",
    fields: {},
    metadata: { name: "a/b" },
    want: [`metadata.name: Invalid value: "a/b": may not contain '/'`],
  },
  "a cron job's long name": {
    kind: "CronJob",
    fields: {
      spec: { schedule: "@daily", jobTemplate: { spec: { template: { spec: podSpec({ restartPolicy: "Never" }) } } } },
    },
    metadata: { name: "a".repeat(53) },
    want: [`metadata.name: Invalid value: "${"a".repeat(53)}": must be no more than 52 characters`],
  },
  "no containers": { kind: "Pod", fields: { spec: {} }, want: ["spec.containers: Required value"] },
  "two containers of one name": {
    kind: "Pod",
    fields: { spec: { containers: [container, container] } },
    want: ['spec.containers[1].name: Duplicate value: "c"'],
  },
  "no image, an unknown policy, a bad port": {
    kind: "Pod",
    fields: {
      spec: {
        containers: [{ name: "c", imagePullPolicy: "Sometimes", ports: [{ containerPort: 70_000, protocol: "tcp" }] }],
      },
    },
    want: [
      "spec.containers[0].image: Required value",
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
      'spec.containers[0].ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
    ],
  },
  "a mount of no volume, and two at one place": {
    kind: "Pod",
    fields: {
      spec: podSpec(
        { volumes: [{ name: "v" }] },
        {
          volumeMounts: [
            { name: "w", mountPath: "/a" },
            { name: "v", mountPath: "/a" },
          ],
        },
      ),
    },
    want: [
      'spec.containers[0].volumeMounts[0].name: Not found: "w"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ],
  },
  "a volume with two sources": {
    kind: "Pod",
    fields: { spec: podSpec({ volumes: [{ name: "v", emptyDir: {}, configMap: { name: "c" } }] }) },
    want: ["spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type"],
  },
  "more requested than allowed": {
    kind: "Pod",
    fields: { spec: podSpec({}, { resources: { requests: { cpu: "2" }, limits: { cpu: "1500m" } } }) },
    want: [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m',
    ],
  },
  "an unknown resource": {
    kind: "Pod",
    fields: { spec: podSpec({}, { resources: { limits: { gpu: "1" } } }) },
    want: [
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    ],
  },
  "a probe without and one with two handlers": {
    kind: "Pod",
    fields: {
      spec: podSpec({}, { livenessProbe: {}, readinessProbe: { exec: { command: ["a"] }, tcpSocket: { port: 80 } } }),
    },
    want: [
      "spec.containers[0].livenessProbe: Required value: must specify a handler type",
      "spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
    ],
  },
  "a variable with a value and a source": {
    kind: "Pod",
    fields: {
      spec: podSpec({}, { env: [{ name: "A=B", value: "a", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] }),
    },
    want: [
      "spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
  },
  "an init container with a probe": {
    kind: "Pod",
    fields: {
      spec: podSpec({ initContainers: [{ name: "i", image: "i", livenessProbe: { exec: { command: ["a"] } } }] }),
    },
    want: [
      "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
  },
  "no selector": {
    kind: "Deployment",
    fields: { spec: { template: { metadata: { labels }, spec: podSpec() } } },
    want: [
      "spec.selector: Required value",
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  },
  "an empty selector": {
    kind: "DaemonSet",
    fields: workload({ selector: {} }),
    want: ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"],
  },
  "a selector that does not select": {
    kind: "Deployment",
    fields: workload({ selector: { matchLabels: { app: "db" } } }),
    want: ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  },
  "a deployment of pods that end": {
    kind: "Deployment",
    fields: workload({ replicas: -1 }, { restartPolicy: "Never" }),
    want: [
      "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  },
  "a rollout that cannot move": {
    kind: "Deployment",
    fields: workload({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: "0%" } } }),
    want: ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
  },
  "a job of pods that never end": {
    kind: "Job",
    fields: { spec: { template: { spec: podSpec() } } },
    want: ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  },
  "no schedule": {
    kind: "CronJob",
    fields: {
      spec: { schedule: "* * * *", jobTemplate: { spec: { template: { spec: podSpec({ restartPolicy: "Never" }) } } } },
    },
    want: ['spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]'],
  },
  "a service without ports": { kind: "Service", fields: { spec: {} }, want: ["spec.ports: Required value"] },
  "ports without names and a node port that is none": {
    kind: "Service",
    fields: { spec: { ports: [{ port: 80 }, { port: 80, name: "b", nodePort: 30_000 }] } },
    want: [
      "spec.ports[0].name: Required value",
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
      "spec.ports[1].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
  },
  "a service's name with a digit first": {
    kind: "Service",
    fields: { spec: { ports: [port] } },
    metadata: { name: "1st" },
    want: [
      "metadata.name: Invalid value: \"1st\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  },
  "an ingress to nowhere": {
    kind: "Ingress",
    fields: { spec: {} },
    want: ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
  },
  "an ingress path without a type": {
    kind: "Ingress",
    fields: {
      spec: { rules: [{ host: "1.2.3.4", http: { paths: [{ path: "x", backend: { service: { name: "web" } } }] } }] },
    },
    want: [
      'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
      "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified",
    ],
  },
  "a key with a space": {
    kind: "ConfigMap",
    fields: { data: { "a b": "" } },
    want: [
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  },
  "too much data": {
    kind: "ConfigMap",
    fields: { data: { a: "x".repeat(2 ** 20 + 1) } },
    want: [": Too long: may not be more than 1048576 bytes"],
  },
  "a certificate without its key": {
    kind: "Secret",
    fields: { type: "kubernetes.io/tls", data: { "tls.crt": "AA==" } },
    want: ["data[tls.key]: Required value"],
  },
  "a token of nobody": {
    kind: "Secret",
    fields: { type: "kubernetes.io/service-account-token" },
    want: ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
  },
  "a claim without size": {
    kind: "PersistentVolumeClaim",
    fields: { spec: {} },
    want: [
      "spec.accessModes: Required value: at least 1 access mode is required",
      "spec.resources[storage]: Required value",
    ],
  },
  "a volume without a source": {
    kind: "PersistentVolume",
    fields: { spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } } },
    want: ["spec: Required value: must specify a volume type"],
  },
  "a rule about nothing": {
    kind: "Role",
    fields: { rules: [{}] },
    want: [
      "rules[0].verbs: Required value: verbs must contain at least one value",
      "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
      "rules[0].resources: Required value: resource rules must supply at least one resource",
    ],
  },
  "a binding to a kind of its own": {
    kind: "ClusterRoleBinding",
    fields: {
      roleRef: role,
      subjects: [
        { kind: "ServiceAccount", name: "a" },
        { kind: "Robot", name: "b" },
      ],
    },
    want: [
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      "subjects[0].namespace: Required value",
      'subjects[1].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
  },
  "an autoscaler the wrong way round": {
    kind: "HorizontalPodAutoscaler",
    fields: { spec: { minReplicas: 5, maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", name: "web" } } },
    want: [
      "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
      "spec.scaleTargetRef.kind: Required value",
    ],
  },
  "a definition under another's name": {
    kind: "CustomResourceDefinition",
    fields: {
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [{ name: "v1", served: true, storage: true }],
      },
    },
    want: [
      'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group',
      "spec.versions[0].schema.openAPIV3Schema: Required value",
    ],
  },
  "a webhook without everything": {
    kind: "ValidatingWebhookConfiguration",
    fields: {
      webhooks: [
        { name: "x", rules: [{ operations: ["READ"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }] },
      ],
    },
    want: [
      'webhooks[0].name: Invalid value: "x": should be a domain with at least three segments separated by dots',
      "webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1",
      "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
      'webhooks[0].rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
    ],
  },
  "limits in the wrong order": {
    kind: "LimitRange",
    fields: { spec: { limits: [{ type: "Container", max: { cpu: "1" }, default: { cpu: "2" } }] } },
    want: [
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": default value 2 is greater than max value 1',
    ],
  },
};
for (const [name, { kind, fields, metadata, want }] of Object.entries(wrong)) {
  test(`${kind}: ${name} is refused in Kubernetes' words`, () =>
    assert.deepEqual(create(kind, fields, metadata), want));
}

const immutable = "field is immutable";
const claim = (storage: string) => ({ spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } } });
const job = (image: string) => ({ spec: { template: { spec: podSpec({ restartPolicy: "Never" }, { image }) } } });
const changes: Record<string, { kind: string; before: Change; after: Change; want: string[] }> = {
  "a deployment's selector": {
    kind: "Deployment",
    before: workload(),
    after: {
      spec: {
        selector: { matchLabels: { app: "db" } },
        template: { metadata: { labels: { app: "db" } }, spec: podSpec() },
      },
    },
    want: [`spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: ${immutable}`],
  },
  "a set's service": {
    kind: "StatefulSet",
    before: workload({ serviceName: "a" }),
    after: workload({ serviceName: "b" }),
    want: [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  },
  "frozen data": {
    kind: "ConfigMap",
    before: { data: { a: "b" }, immutable: true },
    after: { data: { a: "c" } },
    want: [
      "immutable: Forbidden: field is immutable when `immutable` is set",
      "data: Forbidden: field is immutable when `immutable` is set",
    ],
  },
  "a secret's type": {
    kind: "Secret",
    before: {},
    after: { type: "a/b" },
    want: [`type: Invalid value: "a/b": ${immutable}`],
  },
  "who a binding binds to": {
    kind: "RoleBinding",
    before: { roleRef: role },
    after: { roleRef: { ...role, name: "s" } },
    want: [
      'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}: cannot change roleRef',
    ],
  },
  "a class's parameters": {
    kind: "StorageClass",
    before: { provisioner: "a.b/c" },
    after: { provisioner: "a.b/c", parameters: { x: "y" } },
    want: ["parameters: Forbidden: updates to parameters are forbidden."],
  },
  "an unbound claim": {
    kind: "PersistentVolumeClaim",
    before: claim("1Gi"),
    after: claim("2Gi"),
    want: [
      "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    ],
  },
  "a service's address": {
    kind: "Service",
    before: { spec: { ports: [port], clusterIP: "10.96.0.10", clusterIPs: ["10.96.0.10"] } },
    after: { spec: { ports: [port], clusterIP: "10.96.0.11", clusterIPs: ["10.96.0.11"] } },
    want: ['spec.clusterIPs[0]: Invalid value: ["10.96.0.11"]: may not change once set'],
  },
  "a priority": {
    kind: "PriorityClass",
    before: { value: 1 },
    after: { value: 2 },
    want: ["value: Forbidden: may not be changed in an update."],
  },
  "a pod's image": {
    kind: "Pod",
    before: { spec: podSpec() },
    after: { spec: podSpec({}, { image: "j", imagePullPolicy: "IfNotPresent" }) },
    want: [],
  },
  "a deployment's image": { kind: "Deployment", before: workload(), after: workload({}, {}, { image: "j" }), want: [] },
};
for (const [name, { kind, before, after, want }] of Object.entries(changes)) {
  test(`${kind}: a change of ${name} is ${want.length === 0 ? "fine" : "refused"}`, () =>
    assert.deepEqual(update(kind, before, after), want));
}

test("a job's template stays as it is, and a pod's spec but for its image", () => {
  const [cause = ""] = update("Job", job("a"), job("b"));
  assert.match(cause, /^spec\.template: Invalid value: \{.*\}: field is immutable$/);
  const [other = ""] = update("Pod", { spec: podSpec() }, { spec: podSpec({ hostNetwork: true }) });
  assert.match(other, /^spec: Forbidden: pod updates may not change fields other than/);
});

test("a bound claim may grow, not shrink", () => {
  const bound = (storage: string) => {
    const object = made("PersistentVolumeClaim", claim(storage));
    object["status"] = { phase: "Bound", capacity: { storage: "2Gi" } };
    return object;
  };
  const check = (storage: string) =>
    texts(validateBuiltin(resourceOf("PersistentVolumeClaim"), bound(storage), bound("2Gi")));
  assert.deepEqual(check("3Gi"), []);
  assert.deepEqual(check("1Gi"), [
    "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
  ]);
});

test("an object on its way out takes no new finalizers", () => {
  const old = made("ConfigMap", {}, { finalizers: ["a/b"] });
  old.metadata.deletionTimestamp = "2024-01-01T00:00:00Z";
  const object = cloneJson(old);
  object.metadata.finalizers = ["a/b", "c/d"];
  // Kubernetes tells it once for all kinds and once for this one.
  assert.deepEqual(
    [...new Set(texts(validateBuiltin(resourceOf("ConfigMap"), object, old)))],
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ],
  );
});

test("a write of status is judged by its metadata alone", () => {
  const old = made("Deployment", workload());
  const object = cloneJson(old);
  object["spec"] = {};
  assert.deepEqual(validateBuiltin(resourceOf("Deployment"), object, old, "status"), []);
});

test("what is put into a running pod is judged like the rest of it", () => {
  const old = made("Pod", { spec: podSpec() });
  const object = cloneJson(old);
  Object.assign(object["spec"] as object, {
    ephemeralContainers: [{ name: "c", image: "i", ports: [{ containerPort: 1, protocol: "TCP" }] }],
  });
  assert.deepEqual(texts(validateBuiltin(resourceOf("Pod"), object, old, "ephemeralcontainers")), [
    'spec.ephemeralContainers[0].name: Duplicate value: "c"',
    "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
  ]);
});

test("generateName may end in a dash", () => {
  assert.deepEqual(create("ConfigMap", {}, { generateName: "web-" }), []);
  assert.match(
    create("ConfigMap", {}, { generateName: "Web-" })[0] ?? "",
    /^metadata\.generateName: Invalid value: "Web-"/,
  );
});
