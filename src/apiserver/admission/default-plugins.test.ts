import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer, type TestServer } from "../testing.ts";

const core = "/api/v1/namespaces/default";

function pod(spec: Json = {}, container: Json = {}): Json {
  const containers = [{ name: "a", image: "b", ...container }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers, ...spec } };
}

const send = (server: TestServer, spec?: Json, container?: Json) =>
  server.send("POST", `${core}/pods`, { body: pod(spec, container) });

const limitRange = (limits: Json[]): Json => ({
  apiVersion: "v1",
  kind: "LimitRange",
  metadata: { name: "l" },
  spec: { limits },
});

test("a LimitRange gives containers what they do not say, before the pod's class is decided", async () => {
  await using server = await openTestServer();
  const limit = { type: "Container", default: { cpu: "500m", memory: "512Mi" }, defaultRequest: { cpu: "100m" } };
  await server.ok("POST", `${core}/limitranges`, { body: limitRange([limit]) });
  const { body } = await send(server, { initContainers: [{ name: "i", image: "b" }] });
  const resources = { limits: { cpu: "500m", memory: "512Mi" }, requests: { cpu: "100m", memory: "512Mi" } };
  assert.deepEqual(body.spec.containers[0].resources, resources);
  assert.deepEqual(body.spec.initContainers[0].resources, resources);
  assert.equal(body.status.qosClass, "Burstable");
  assert.equal(
    body.metadata.annotations["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; cpu, memory request for init container i; cpu, memory limit for init container i",
  );
});

const bounded = {
  type: "Container",
  default: { cpu: "500m" },
  defaultRequest: { cpu: "100m" },
  min: { cpu: "50m" },
  max: { cpu: "1" },
  maxLimitRequestRatio: { cpu: "10" },
};
const whole = { type: "Pod", max: { memory: "1Gi" }, min: { cpu: "10m" } };
const limits: Record<string, { limit: Json; resources: Json; message: string }> = {
  "more than the most": {
    limit: bounded,
    resources: { requests: { cpu: "2" }, limits: { cpu: "3" } },
    message: "maximum cpu usage per Container is 1, but limit is 3",
  },
  "less than the least": {
    limit: bounded,
    resources: { requests: { cpu: "1m" }, limits: { cpu: "3m" } },
    message: "minimum cpu usage per Container is 50m, but request is 1m",
  },
  "too much beyond what it asks for": {
    limit: bounded,
    resources: { requests: { cpu: "50m" }, limits: { cpu: "1" } },
    message: "cpu max limit to request ratio per Container is 10, but provided ratio is 20.000000",
  },
  nothing: {
    limit: whole,
    resources: {},
    message:
      "[minimum cpu usage per Pod is 10m.  No request is specified, maximum memory usage per Pod is 1Gi.  No limit is specified]",
  },
  "too much in all": {
    limit: whole,
    resources: { requests: { cpu: "10m", memory: "600Mi" }, limits: { memory: "1200Mi" } },
    message: "maximum memory usage per Pod is 1Gi, but limit is 1200Mi",
  },
};
for (const [name, { limit, resources, message }] of Object.entries(limits)) {
  test(`a LimitRange refuses a pod that says ${name}`, async () => {
    await using server = await openTestServer();
    await server.ok("POST", `${core}/limitranges`, { body: limitRange([limit]) });
    const { status, body } = await send(server, {}, { resources });
    assert.deepEqual([status, body.message], [403, `pods "p" is forbidden: ${message}`]);
  });
}

function claim(name: string, size: string, spec: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: size } }, ...spec },
  };
}

test("a LimitRange bounds claims, which are protected while they are used", async () => {
  await using server = await openTestServer();
  const limit = { type: "PersistentVolumeClaim", max: { storage: "1Gi" }, min: { storage: "1Mi" } };
  await server.ok("POST", `${core}/limitranges`, { body: limitRange([limit]) });
  const make = (size: string) => server.send("POST", `${core}/persistentvolumeclaims`, { body: claim("c", size) });
  const refused = 'persistentvolumeclaims "c" is forbidden: ';
  assert.equal(
    (await make("2Gi")).body.message,
    `${refused}maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi`,
  );
  assert.equal(
    (await make("1Ki")).body.message,
    `${refused}minimum storage usage per PersistentVolumeClaim is 1Mi, but request is 1Ki`,
  );
  assert.deepEqual((await make("2Mi")).body.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
});

function storageClass(name: string, isDefault: boolean, allowVolumeExpansion: boolean): Json {
  const annotations = { "storageclass.kubernetes.io/is-default-class": String(isDefault) };
  const metadata = { name, annotations };
  return { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata, provisioner: "x", allowVolumeExpansion };
}

test("claims get the default class unless they name one, and grow where their class allows it", async () => {
  await using server = await openTestServer();
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  await server.ok("POST", classes, { body: storageClass("grows", true, true) });
  await server.ok("POST", classes, { body: storageClass("stays", false, false) });
  const claims = `${core}/persistentvolumeclaims`;
  const made = await server.ok("POST", claims, { body: claim("a", "1Mi") });
  assert.equal(made.spec.storageClassName, "grows");
  const none = await server.ok("POST", claims, { body: claim("b", "1Mi", { storageClassName: "" }) });
  assert.equal(none.spec.storageClassName, "");
  await server.ok("POST", claims, { body: claim("c", "1Mi", { storageClassName: "stays" }) });
  const contentType = "application/merge-patch+json";
  const grow = (name: string) =>
    server.send("PATCH", `${claims}/${name}`, {
      body: { spec: { volumeName: "v", resources: { requests: { storage: "2Mi" } } } },
      contentType,
    });
  for (const name of ["a", "c"])
    await server.ok("PATCH", `${claims}/${name}/status`, { body: { status: { phase: "Bound" } }, contentType });
  assert.equal((await grow("a")).status, 200);
  assert.equal(
    (await grow("c")).body.message,
    'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  );
});

const priorityClasses = "/apis/scheduling.k8s.io/v1/priorityclasses";
const priorityClass = (name: string, fields: Json = {}): Json => ({
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  metadata: { name },
  value: 10,
  ...fields,
});

test("every cluster has the two classes of the system", async () => {
  await using server = await openTestServer();
  const { items } = await server.ok("GET", priorityClasses);
  assert.deepEqual(
    items.map(({ metadata, value, preemptionPolicy }: Json) => [metadata.name, value, preemptionPolicy]),
    [
      ["system-cluster-critical", 2_000_000_000, "PreemptLowerPriority"],
      ["system-node-critical", 2_000_001_000, "PreemptLowerPriority"],
    ],
  );
});

test("pods have the priority of their class, or of the default one", async () => {
  await using server = await openTestServer();
  const prioritiesOf = ({ spec: { priority, preemptionPolicy, priorityClassName } }: Json) => [
    priority,
    preemptionPolicy,
    priorityClassName,
  ];
  assert.deepEqual(prioritiesOf((await send(server)).body), [0, "PreemptLowerPriority", undefined]);
  await server.ok("DELETE", `${core}/pods/p`);
  const refused = async (spec: Json) => (await send(server, spec)).body.message.replace('pods "p" is forbidden: ', "");
  assert.equal(await refused({ priorityClassName: "nope" }), "no PriorityClass with name nope was found");
  assert.equal(
    await refused({ priority: 5 }),
    "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name",
  );
  await server.ok("POST", priorityClasses, {
    body: priorityClass("low", { globalDefault: true, preemptionPolicy: "Never" }),
  });
  const second = await server.send("POST", priorityClasses, { body: priorityClass("other", { globalDefault: true }) });
  assert.equal(
    second.body.message,
    'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass low is already marked as default. Only one default can exist',
  );
  assert.equal(
    await refused({ preemptionPolicy: "PreemptLowerPriority" }),
    "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name",
  );
  assert.deepEqual(prioritiesOf((await send(server)).body), [10, "Never", "low"]);
  // A client that knows nothing of priorities may write the pod back without them.
  const live = await server.ok("GET", `${core}/pods/p`);
  const { priority: _1, preemptionPolicy: _2, ...spec } = live.spec;
  assert.deepEqual(prioritiesOf(await server.ok("PUT", `${core}/pods/p`, { body: { ...live, spec } })), [
    10,
    "Never",
    "low",
  ]);
});

test("pods stay for a while on nodes that do not answer, unless they say otherwise", async () => {
  await using server = await openTestServer();
  const waits = (key: string) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  assert.deepEqual((await send(server)).body.spec.tolerations, [
    waits("node.kubernetes.io/not-ready"),
    waits("node.kubernetes.io/unreachable"),
  ]);
  await server.ok("DELETE", `${core}/pods/p`);
  const all = [{ operator: "Exists" }];
  assert.deepEqual((await send(server, { tolerations: all })).body.spec.tolerations, all);
});

test("a RuntimeClass says what its pods need beside their containers, and where they run", async () => {
  await using server = await openTestServer();
  const toleration = { key: "k", operator: "Exists", effect: "NoSchedule" };
  await server.ok("POST", "/apis/node.k8s.io/v1/runtimeclasses", {
    body: {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "rc" },
      handler: "h",
      overhead: { podFixed: { cpu: "100m" } },
      scheduling: { nodeSelector: { a: "b" }, tolerations: [toleration] },
    },
  });
  const refused = async (spec: Json) => (await send(server, spec)).body.message.replace('pods "p" is forbidden: ', "");
  assert.equal(await refused({ runtimeClassName: "nope" }), 'pod rejected: RuntimeClass "nope" not found');
  assert.equal(
    await refused({ runtimeClassName: "rc", overhead: { cpu: "1" } }),
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  );
  assert.equal(
    await refused({ overhead: { cpu: "1" } }),
    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
  );
  assert.equal(
    await refused({ runtimeClassName: "rc", nodeSelector: { a: "c" } }),
    "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c",
  );
  const { spec } = (await send(server, { runtimeClassName: "rc" })).body;
  assert.deepEqual([spec.overhead, spec.nodeSelector, spec.tolerations[2]], [{ cpu: "100m" }, { a: "b" }, toleration]);
});

test("ingresses get the default class unless they name one", async () => {
  await using server = await openTestServer();
  await server.ok("POST", "/apis/networking.k8s.io/v1/ingressclasses", {
    body: {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "ic", annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
      spec: { controller: "example.com/c" },
    },
  });
  const ingress = (name: string, annotations: Json) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, annotations },
    spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } },
  });
  const path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
  assert.equal((await server.ok("POST", path, { body: ingress("a", {}) })).spec.ingressClassName, "ic");
  const older = ingress("b", { "kubernetes.io/ingress.class": "x" });
  assert.equal((await server.ok("POST", path, { body: older })).spec.ingressClassName, undefined);
});

test("a new node is tainted, and volumes are protected", async () => {
  await using server = await openTestServer();
  const node = await server.ok("POST", "/api/v1/nodes", {
    body: { apiVersion: "v1", kind: "Node", metadata: { name: "n" } },
  });
  assert.deepEqual(node.spec.taints, [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
  const volume = await server.ok("POST", "/api/v1/persistentvolumes", {
    body: {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "v" },
      spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/x" } },
    },
  });
  assert.deepEqual(volume.metadata.finalizers, ["kubernetes.io/pv-protection"]);
});
