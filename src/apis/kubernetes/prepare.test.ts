import assert from "node:assert/strict";
import { test } from "node:test";
import { cloneJson, type KubeObject } from "../../apimachinery/index.ts";
import { defaultBuiltin } from "./defaults.ts";
import { prepareForCreate, prepareForUpdate } from "./prepare.ts";
import { type BuiltinResource, builtinResources } from "./resources.ts";

function resourceOf(kind: string): BuiltinResource {
  const resource = builtinResources.find((one) => one.kind === kind);
  assert.ok(resource);
  return resource;
}

function object(
  kind: string,
  fields: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): KubeObject {
  return { apiVersion: "v1", kind, metadata: { name: "x", uid: "u-1", ...metadata }, ...fields };
}

function created(kind: string, fields: Record<string, unknown>): KubeObject {
  const made = object(kind, fields);
  defaultBuiltin(resourceOf(kind), made);
  prepareForCreate(resourceOf(kind), made);
  return made;
}

test("a new object has no status of its own", () => {
  const deployment = created("Deployment", { spec: {}, status: { replicas: 7 } });
  assert.deepEqual([deployment["status"], deployment.metadata.generation], [{}, 1]);
  assert.deepEqual(created("StatefulSet", { spec: {}, status: { replicas: 7 } })["status"], {
    availableReplicas: 0,
    replicas: 0,
  });
  assert.deepEqual(created("Node", { status: { phase: "Running" } })["status"], { phase: "Running" });
  assert.equal(created("ConfigMap", {}).metadata.generation, undefined);
});

test("a negative grace period of a pod is one second, whenever it is said", () => {
  const negative = { spec: { containers: [], terminationGracePeriodSeconds: -1 } };
  const pod = created("Pod", cloneJson(negative));
  const changed = { ...cloneJson(pod), ...cloneJson(negative) };
  prepareForUpdate(resourceOf("Pod"), changed, pod);
  for (const { spec } of [pod, changed] as { spec?: { terminationGracePeriodSeconds?: number } }[])
    assert.equal(spec?.terminationGracePeriodSeconds, 1);
  const template = { spec: { template: { spec: { containers: [], terminationGracePeriodSeconds: -1 } } } };
  assert.match(JSON.stringify(created("Deployment", template)["spec"]), /"terminationGracePeriodSeconds":-1/);
});

test("a new pod is pending and has its class", () => {
  const resources = (limits: unknown, requests?: unknown) => ({
    containers: [{ name: "c", image: "i", resources: { limits, requests } }],
  });
  const qos = (spec: unknown) => (created("Pod", { spec })["status"] as { qosClass: string }).qosClass;
  assert.equal(qos({ containers: [{ name: "c", image: "i" }] }), "BestEffort");
  assert.equal(qos(resources({ cpu: "1", memory: "1Gi" })), "Guaranteed");
  assert.equal(qos(resources({ cpu: "1", memory: "1Gi" }, { cpu: "1000m", memory: "1024Mi" })), "Guaranteed");
  assert.equal(qos(resources({ cpu: "1" })), "Burstable");
  assert.equal(qos(resources({ cpu: "1", memory: "1Gi" }, { cpu: "0.5" })), "Burstable");
});

test("a job's pods carry its uid, unless its selector is written by hand", () => {
  const job = created("Job", { spec: { template: { metadata: { labels: { a: "b" } } } } });
  const spec = job["spec"] as { selector?: unknown; template: { metadata: { labels: unknown } } };
  assert.deepEqual(spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": "u-1" } });
  assert.deepEqual(spec.template.metadata.labels, {
    a: "b",
    "batch.kubernetes.io/controller-uid": "u-1",
    "batch.kubernetes.io/job-name": "x",
    "controller-uid": "u-1",
    "job-name": "x",
  });
  const manual = created("Job", {
    spec: { manualSelector: true, selector: { matchLabels: { a: "b" } }, template: {} },
  });
  assert.deepEqual((manual["spec"] as { selector: unknown }).selector, { matchLabels: { a: "b" } });
});

test("texts of a secret become data and win over it", () => {
  const secret = created("Secret", { data: { a: "YQ==", b: "Yg==" }, stringData: { b: "new" } });
  assert.deepEqual(
    [secret["data"], secret["stringData"], secret["type"]],
    [{ a: "YQ==", b: "bmV3" }, undefined, "Opaque"],
  );
});

test("a namespace is active and kept by its finalizer", () => {
  const namespace = created("Namespace", {});
  assert.deepEqual(namespace["spec"], { finalizers: ["kubernetes"] });
  assert.deepEqual(namespace["status"], { phase: "Active" });
  assert.deepEqual(namespace.metadata.labels, { "kubernetes.io/metadata.name": "x" });
  const changed = cloneJson(namespace);
  changed["spec"] = {};
  prepareForUpdate(resourceOf("Namespace"), changed, namespace);
  assert.deepEqual(changed["spec"], { finalizers: ["kubernetes"] });
  prepareForUpdate(
    resourceOf("Namespace"),
    Object.assign(changed, { spec: { finalizers: [] } }),
    namespace,
    "finalize",
  );
  assert.deepEqual(changed["spec"], { finalizers: [] });
});

test("a definition remembers each version that it has stored", () => {
  const version = (name: string, storage: boolean) => ({ name, storage, served: true });
  const definition = created("CustomResourceDefinition", { spec: { versions: [version("v1", true)] } });
  const stored = (one: KubeObject) => (one["status"] as { storedVersions: string[] }).storedVersions;
  assert.deepEqual(stored(definition), ["v1"]);
  const changed = object("CustomResourceDefinition", {
    spec: { versions: [version("v1", false), version("v2", true)] },
  });
  prepareForUpdate(resourceOf("CustomResourceDefinition"), changed, definition);
  assert.deepEqual(stored(changed), ["v1", "v2"]);
});

test("a signing request carries who asked, not who it says asked", () => {
  const request = object("CertificateSigningRequest", {
    spec: { username: "root", groups: ["system:masters"], signerName: "a/b" },
  });
  prepareForCreate(resourceOf("CertificateSigningRequest"), request, { name: "eve", groups: ["system:authenticated"] });
  assert.deepEqual(request["spec"], { username: "eve", groups: ["system:authenticated"], signerName: "a/b" });
});

const generations: Record<
  string,
  { kind: string; before?: object; change: (one: KubeObject) => void; subresource?: string; want: number | undefined }
> = {
  "counts a change of spec": {
    kind: "Deployment",
    change: (one) => Object.assign(one, { spec: { replicas: 2 } }),
    want: 4,
  },
  "counts a deployment's annotations": {
    kind: "Deployment",
    change: (one) => Object.assign(one.metadata, { annotations: { a: "b" } }),
    want: 4,
  },
  "does not count labels": {
    kind: "StatefulSet",
    change: (one) => Object.assign(one.metadata, { labels: { a: "b" } }),
    want: 3,
  },
  "does not count status": {
    kind: "Deployment",
    change: (one) => Object.assign(one, { status: { replicas: 1 } }),
    subresource: "status",
    want: 3,
  },
  "counts webhooks": {
    kind: "MutatingWebhookConfiguration",
    change: (one) => Object.assign(one, { webhooks: [{}] }),
    want: 4,
  },
  "is not the writer's": { kind: "Job", change: (one) => Object.assign(one.metadata, { generation: 99 }), want: 3 },
  "stays as it is for kinds that do not count": {
    kind: "ConfigMap",
    change: (one) => Object.assign(one, { data: { a: "b" } }),
    want: 3,
  },
};
for (const [name, { kind, change, subresource, want }] of Object.entries(generations)) {
  test(`generation ${name}`, () => {
    const before = object(kind, { spec: { replicas: 1 }, status: {} }, { generation: 3 });
    const after = cloneJson(before);
    change(after);
    prepareForUpdate(resourceOf(kind), after, before, subresource);
    assert.equal(after.metadata.generation, want);
  });
}

test("the object's own endpoint leaves status alone, and status leaves the rest alone", () => {
  const before = object("Deployment", { spec: { replicas: 1 }, status: { replicas: 1 } }, { labels: { a: "b" } });
  const write = () =>
    object(
      "Deployment",
      { spec: { replicas: 2 }, status: { replicas: 2 } },
      { labels: { a: "c" }, annotations: { n: "1" } },
    );
  const main = write();
  prepareForUpdate(resourceOf("Deployment"), main, before);
  assert.deepEqual([main["spec"], main["status"]], [{ replicas: 2 }, { replicas: 1 }]);
  const status = write();
  prepareForUpdate(resourceOf("Deployment"), status, before, "status");
  assert.deepEqual([status["spec"], status["status"]], [{ replicas: 1 }, { replicas: 2 }]);
  assert.deepEqual([status.metadata.labels, status.metadata.annotations], [{ a: "b" }, { n: "1" }]);
});

test("approval and status of a signing request change what is theirs", () => {
  const before = object("CertificateSigningRequest", {
    spec: {},
    status: { conditions: [{ type: "Failed" }], certificate: "Yw==" },
  });
  const write = () =>
    object("CertificateSigningRequest", {
      spec: { x: 1 },
      status: { conditions: [{ type: "Approved" }], certificate: "ZA==" },
    });
  const approval = write();
  prepareForUpdate(resourceOf("CertificateSigningRequest"), approval, before, "approval");
  assert.deepEqual(approval["status"], { conditions: [{ type: "Approved" }], certificate: "Yw==" });
  const status = write();
  prepareForUpdate(resourceOf("CertificateSigningRequest"), status, before, "status");
  assert.deepEqual(status["status"], { conditions: [{ type: "Approved" }], certificate: "ZA==" });
  const approved = object("CertificateSigningRequest", { status: { conditions: [{ type: "Approved", reason: "r" }] } });
  const again = write();
  prepareForUpdate(resourceOf("CertificateSigningRequest"), again, approved, "status");
  assert.deepEqual(again["status"], { conditions: [{ type: "Approved", reason: "r" }], certificate: "ZA==" });
});
