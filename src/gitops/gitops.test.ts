import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { KubeObject } from "../apimachinery/index.ts";
import type { Application } from "../apis/index.ts";
import { waitUntil } from "../lib/index.ts";
import {
  applicationOf,
  configMap,
  openTestCluster,
  resources,
  type TestCluster,
  workNamespace,
} from "./testing/cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster({ verbose: process.env["VERBOSE"] === "1" });
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const annotation = (name: string, value: string) => ({ [`argocd.argoproj.io/${name}`]: value });
const job = (name: string, annotations: Record<string, string>) =>
  JSON.stringify({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, annotations },
    spec: {
      backoffLimit: 0,
      template: {
        spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox", command: ["true"] }] },
      },
    },
  });
const deployment = (name: string, annotations: Record<string, string> = {}) =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, annotations },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "main", image: "nginx:1", resources: { limits: { cpu: "1000m" } } }] },
      },
    },
  });
const at = (name: string) => ({ namespace: workNamespace, name });
const inArgo = (name: string) => ({ namespace: "argocd", name });

/** Plays the kubelet: says of the pods of a Deployment that they are ready. */
async function podsRun(name: string): Promise<void> {
  const conditions = ["Ready", "ContainersReady"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime: started,
  }));
  await setPods(`app=${name}`, { phase: "Running", conditions });
}

/** Plays the kubelet: says of the pod of a Job how it has ended. */
async function jobEnds(name: string, phase: "Succeeded" | "Failed"): Promise<void> {
  await setPods(`batch.kubernetes.io/job-name=${name}`, { phase });
}

const started = "2026-01-01T00:00:00Z";

async function setPods(labelSelector: string, status: object): Promise<void> {
  const { items } = await waitUntil(
    async () => {
      const pods = await cluster.client.list(resources.pod, { namespace: workNamespace, labelSelector });
      const open = pods.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return open.length > 0 ? { items: open } : undefined;
    },
    { what: `pods with ${labelSelector}`, timeoutMs: 10_000, intervalMs: 5 },
  );
  for (const { metadata } of items) {
    const pod = { namespace: workNamespace, name: metadata.name ?? "" };
    const patch = { status: { startTime: started, ...status } };
    await cluster.client.patch(resources.pod, pod, "merge", patch, { subresource: "status" });
  }
}

test("a push that adds, changes and removes manifests is live", async () => {
  const first = await cluster.push("push", {
    "a.yaml": configMap("push-a", { v: "1" }),
    "b.yaml": configMap("push-b"),
  });
  await cluster.create(applicationOf("push"));
  const app = await cluster.untilSynced("push", first);
  assert.equal(app.status?.health?.status, "Healthy");
  assert.equal(app.status?.operationState?.phase, "Succeeded");
  assert.equal(app.status?.operationState?.message, "successfully synced (all tasks run)");
  assert.equal(app.status?.sourceType, "Directory");
  assert.deepEqual(
    app.status?.history?.map(({ id, revision }) => [id, revision]),
    [[0, first]],
  );

  const second = await cluster.push("push", {
    "a.yaml": configMap("push-a", { v: "2" }),
    "c.yaml": configMap("push-c"),
  });
  await cluster.untilObject(resources.configMap, "push-a", (object) => JSON.stringify(object["data"]) === '{"v":"2"}');
  await cluster.untilObject(resources.configMap, "push-c");
  await cluster.untilGone(resources.configMap, "push-b");
  const changed = await cluster.untilSynced("push", second);
  assert.deepEqual(
    changed.status?.resources?.map(({ name }) => name),
    ["push-a", "push-c"],
  );
  assert.deepEqual(
    changed.status?.history?.map(({ revision }) => revision),
    [first, second],
  );
});

test("objects that are edited or deleted by hand are healed", async () => {
  await cluster.push("heal", { "a.yaml": configMap("heal-a", { v: "1" }) });
  await cluster.create(applicationOf("heal"));
  await cluster.untilSynced("heal");
  for (const value of ["by hand", "again"]) {
    await cluster.client.patch(resources.configMap, at("heal-a"), "merge", { data: { v: value } });
    await cluster.untilObject(
      resources.configMap,
      "heal-a",
      (object) => JSON.stringify(object["data"]) === '{"v":"1"}',
    );
  }
  const { metadata } = await cluster.untilObject(resources.configMap, "heal-a");
  await cluster.client.delete(resources.configMap, at("heal-a"));
  await cluster.untilObject(resources.configMap, "heal-a", (object) => object.metadata.uid !== metadata.uid);
  const app = await cluster.untilSynced("heal");
  assert.ok((app.status?.operationState?.operation.sync?.autoHealAttemptsCount ?? 0) >= 1);
  assert.equal(app.status?.history?.length, 1, "heals are not part of the history");
});

test("fields that others add are left alone and count as no difference", async () => {
  await cluster.push("others", { "d.yaml": deployment("others") });
  await cluster.create(applicationOf("others"));
  await cluster.untilSynced("others");
  await cluster.client.patch(resources.deployment, at("others"), "merge", { metadata: { labels: { theirs: "yes" } } });
  const app = await refreshed("others");
  assert.equal(app.status?.sync?.status, "Synced");
  assert.equal((await cluster.client.get(resources.deployment, at("others")))?.metadata.labels?.["theirs"], "yes");
  assert.equal(app.status?.health?.status, "Progressing");
  assert.equal(app.status?.health?.message, "Caused by apps/Deployment:work/others");
  assert.deepEqual(app.status?.summary, { images: ["nginx:1"] });
});

test("a refresh is done once and its annotation taken away", async () => {
  await cluster.push("refresh", { "a.yaml": configMap("refresh-a") });
  await cluster.create(applicationOf("refresh"));
  const before = await cluster.untilSynced("refresh");
  const after = await refreshed("refresh", "hard");
  assert.deepEqual({ ...after.status, reconciledAt: undefined }, { ...before.status, reconciledAt: undefined });
});

async function refreshed(name: string, how: "normal" | "hard" = "normal"): Promise<Application> {
  await cluster.client.patch(resources.application, inArgo(name), "merge", {
    metadata: { annotations: annotation("refresh", how) },
  });
  return await cluster.until(
    name,
    ({ metadata }) => metadata.annotations?.["argocd.argoproj.io/refresh"] === undefined,
    "refreshed",
  );
}

test("a commit that does not touch the path costs one write, of the revision", async () => {
  const files = { "app/a.yaml": configMap("unrelated-a"), "README.md": "1" };
  await cluster.push("unrelated", files);
  const source = { repoURL: "https://git.test/platform/unrelated.git", path: "app" };
  await cluster.create(applicationOf("unrelated", { source }));
  await cluster.untilSynced("unrelated");
  cluster.requests.length = 0;
  const commit = await cluster.push("unrelated", { ...files, "README.md": "2" });
  await cluster.untilSynced("unrelated", commit);
  const writes = cluster.requests.filter((request) => !request.startsWith("GET"));
  assert.deepEqual(writes, [
    "PATCH /apis/argoproj.io/v1alpha1/namespaces/argocd/applications/unrelated?fieldManager=argocd-application-controller",
  ]);
});

test("nothing is written when nothing has changed", async () => {
  await cluster.push("idle", { "a.yaml": configMap("idle-a") });
  await cluster.create(applicationOf("idle"));
  const { metadata } = await cluster.untilSynced("idle");
  await cluster.restart();
  await cluster.client.patch(resources.configMap, at("idle-a"), "merge", { metadata: { labels: { theirs: "1" } } });
  await refreshedOthers();
  assert.equal((await cluster.application("idle"))?.metadata.resourceVersion, metadata.resourceVersion);
});

/** Makes sure that everything that happened before has been looked at. */
async function refreshedOthers(): Promise<void> {
  await cluster.push("barrier", { "a.yaml": configMap("barrier") });
  if ((await cluster.application("barrier")) === undefined) await cluster.create(applicationOf("barrier"));
  await refreshed("barrier");
}

test("the destination namespace is created when the sync options ask for it", async () => {
  await cluster.push("namespace", { "a.yaml": configMap("a") });
  const managedNamespaceMetadata = { labels: { team: "x" } };
  await cluster.create(
    applicationOf("namespace", {
      destination: { name: "in-cluster", namespace: "made-by-sync" },
      syncPolicy: { automated: {}, syncOptions: ["CreateNamespace=true"], managedNamespaceMetadata },
    }),
  );
  const app = await cluster.untilSynced("namespace");
  const namespace = await cluster.untilObject(resources.namespace, "made-by-sync");
  assert.equal(namespace.metadata.labels?.["team"], "x");
  assert.deepEqual(
    app.status?.operationState?.syncResult?.resources?.map(({ kind, message, syncPhase }) => [
      kind,
      message,
      syncPhase,
    ]),
    [
      ["Namespace", "namespace/made-by-sync created", "PreSync"],
      ["ConfigMap", "configmap/a created", "Sync"],
    ],
  );
});

test("waves and hooks run in order, each waits for the one before", async () => {
  const hook = (phase: string) => annotation("hook", phase);
  await cluster.push("waves", {
    "pre.yaml": job("waves-pre", hook("PreSync")),
    "one.yaml": configMap("waves-one", {}, annotation("sync-wave", "-5")),
    "two.yaml": deployment("waves-two", annotation("sync-wave", "1")),
    "post.yaml": job("waves-post", { ...hook("PostSync"), ...annotation("hook-delete-policy", "HookSucceeded") }),
  });
  await cluster.create(applicationOf("waves"));
  await untilMessage("waves", "waiting for completion of hook batch/Job/waves-pre");
  assert.equal(await cluster.client.get(resources.configMap, at("waves-one")), undefined);
  const pre = await cluster.untilObject(resources.job, "waves-pre");
  assert.deepEqual(pre.metadata.finalizers, ["argocd.argoproj.io/hook-finalizer"]);

  await jobEnds("waves-pre", "Succeeded");
  await untilMessage("waves", "waiting for healthy state of apps/Deployment/waves-two");
  assert.ok(await cluster.client.get(resources.configMap, at("waves-one")));
  assert.equal(await cluster.client.get(resources.job, at("waves-post")), undefined);

  await podsRun("waves-two");
  await untilMessage("waves", "waiting for completion of hook batch/Job/waves-post");
  await jobEnds("waves-post", "Succeeded");
  const app = await cluster.until("waves", ({ status }) => status?.operationState?.phase === "Succeeded", "synced");
  assert.equal(app.status?.operationState?.message, "successfully synced (no more tasks)");
  await cluster.untilGone(resources.job, "waves-post");
  const left = await cluster.untilObject(resources.job, "waves-pre");
  assert.equal(left.metadata.finalizers, undefined);
  assert.deepEqual(
    app.status?.operationState?.syncResult?.resources?.map(({ name, hookType, hookPhase, syncPhase }) => [
      name,
      hookType,
      hookPhase,
      syncPhase,
    ]),
    [
      ["waves-pre", "PreSync", "Succeeded", "PreSync"],
      ["waves-one", undefined, "Succeeded", "Sync"],
      ["waves-two", undefined, "Succeeded", "Sync"],
      ["waves-post", "PostSync", "Succeeded", "PostSync"],
    ],
  );
  assert.equal(app.status?.sync?.status, "Synced", "a hook that is left counts as nothing");
});

async function untilMessage(name: string, message: string): Promise<Application> {
  return await cluster.until(name, ({ status }) => status?.operationState?.message === message, message);
}

test("a hook that fails fails the sync, after the hooks for failures", async () => {
  await cluster.push("fails", {
    "pre.yaml": job("fails-pre", annotation("hook", "PreSync")),
    "a.yaml": configMap("fails-a"),
    "fail.yaml": configMap("fails-told", {}, annotation("hook", "SyncFail")),
  });
  await cluster.create(applicationOf("fails", { syncPolicy: { automated: {}, retry: { limit: 0 } } }));
  await untilMessage("fails", "waiting for completion of hook batch/Job/fails-pre");
  await jobEnds("fails-pre", "Failed");
  const app = await cluster.until("fails", ({ status }) => status?.operationState?.phase === "Failed", "failed");
  assert.equal(app.status?.operationState?.message, "one or more synchronization tasks completed unsuccessfully");
  await cluster.untilObject(resources.configMap, "fails-told");
  assert.equal(await cluster.client.get(resources.configMap, at("fails-a")), undefined);
  const told = await cluster.until("fails", ({ status }) => status?.conditions !== undefined, "complaining");
  assert.match(
    told.status?.conditions?.[0]?.message ?? "",
    /^Failed last sync attempt to \[[0-9a-f]{40}\]: one or more/,
  );
});

test("hooks of the last sync make way for those of the next", async () => {
  const hook = (image: string) => job("again-pre", annotation("hook", "PreSync")).replace("busybox", image);
  await cluster.push("again", { "pre.yaml": hook("one"), "a.yaml": configMap("again-a") });
  await cluster.create(applicationOf("again"));
  const { metadata } = await cluster.untilObject(resources.job, "again-pre");
  await jobEnds("again-pre", "Succeeded");
  await cluster.untilSynced("again");
  await cluster.push("again", { "pre.yaml": hook("two"), "a.yaml": configMap("again-a", { v: "2" }) });
  await cluster.untilObject(resources.job, "again-pre", (object) => object.metadata.uid !== metadata.uid);
  await jobEnds("again-pre", "Succeeded");
  await cluster.untilObject(resources.configMap, "again-a", (object) => JSON.stringify(object["data"]) === '{"v":"2"}');
});

test("the objects of a deleted application go wave by wave, without one they stay", async () => {
  const finalizers = ["resources-finalizer.argocd.argoproj.io"];
  await cluster.push("cascade", {
    "a.yaml": configMap("cascade-a", {}, annotation("sync-wave", "1")),
    "b.yaml": configMap("cascade-b"),
    "keep.yaml": configMap("cascade-keep", {}, annotation("sync-options", "Delete=false")),
  });
  await cluster.create(applicationOf("cascade", {}, { finalizers }));
  await cluster.untilSynced("cascade");
  const held = { metadata: { finalizers: ["example.com/hold"] } };
  await cluster.client.patch(resources.configMap, at("cascade-a"), "merge", held);
  await cluster.client.delete(resources.application, inArgo("cascade"));
  await cluster.untilObject(
    resources.configMap,
    "cascade-a",
    (object) => object.metadata.deletionTimestamp !== undefined,
  );
  assert.equal((await cluster.client.get(resources.configMap, at("cascade-b")))?.metadata.deletionTimestamp, undefined);
  await cluster.client.patch(resources.configMap, at("cascade-a"), "merge", { metadata: { finalizers: null } });
  await cluster.untilGone(resources.application, "cascade", "argocd");
  assert.equal(await cluster.client.get(resources.configMap, at("cascade-b")), undefined);
  assert.ok(await cluster.client.get(resources.configMap, at("cascade-keep")));

  await cluster.push("orphan", { "a.yaml": configMap("orphan-a") });
  await cluster.create(applicationOf("orphan"));
  await cluster.untilSynced("orphan");
  await cluster.client.delete(resources.application, inArgo("orphan"));
  await cluster.untilGone(resources.application, "orphan", "argocd");
  assert.ok(await cluster.client.get(resources.configMap, at("orphan-a")));
});

const widgets = JSON.stringify({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget", listKind: "WidgetList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: { size: { type: "integer", default: 3 }, color: { type: "string" } },
              },
            },
          },
        },
      },
    ],
  },
});
const widget = (name: string) =>
  JSON.stringify({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec: { color: "red" } });

test("a sync that lacks a CRD is tried again as soon as another application brings it", async () => {
  await cluster.push("consumer", { "w.yaml": widget("consumed") });
  await cluster.create(applicationOf("consumer"));
  const waiting = await cluster.until(
    "consumer",
    ({ status }) => status?.operationState?.message?.includes("Retrying attempt #1") ?? false,
    "waiting for its next attempt",
  );
  assert.match(
    waiting.status?.operationState?.message ?? "",
    /^one or more synchronization tasks are not valid: The Kubernetes API could not find example\.com\/Widget for requested resource work\/consumed\. Make sure the "Widget" CRD is installed on the destination cluster\.\. Retrying attempt #1 at /,
  );
  await cluster.push("provider", { "crd.yaml": widgets, "w.yaml": widget("provided") });
  await cluster.create(applicationOf("provider"));
  await cluster.untilSynced("provider");
  const app = await cluster.untilSynced("consumer");
  assert.equal(app.status?.operationState?.phase, "Succeeded");
  const object = await cluster.untilObject(resources.widget, "consumed");
  assert.deepEqual(object["spec"], { color: "red", size: 3 });
});

test("a sync that lacks a namespace is tried again as soon as it is there", async () => {
  await cluster.push("homeless", { "a.yaml": configMap("a") });
  await cluster.create(applicationOf("homeless", { destination: { name: "in-cluster", namespace: "home" } }));
  const waiting = await cluster.until(
    "homeless",
    ({ status }) => status?.operationState?.message?.includes("Retrying attempt") ?? false,
    "waiting for its next attempt",
  );
  assert.match(waiting.status?.operationState?.message ?? "", /namespaces "home" not found \(a\.yaml, line 1\)/);
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "home" } });
  await cluster.untilSynced("homeless");
});

test("a push that repairs a sync does not wait for the retries of the broken one", async () => {
  await cluster.push("repair", { "a.yaml": configMap("repair-a").replace("data", "datum") });
  await cluster.create(
    applicationOf("repair", { syncPolicy: { automated: {}, retry: { limit: 5, backoff: { duration: "1h" } } } }),
  );
  const broken = await cluster.until("repair", ({ status }) => status?.operationState?.retryCount === 1, "failing");
  assert.match(broken.status?.operationState?.message ?? "", /^one or more objects failed to apply/);
  assert.match(broken.status?.operationState?.message ?? "", /\(a\.yaml, line 1\)/);
  await cluster.push("repair", { "a.yaml": configMap("repair-a") });
  await cluster.untilSynced("repair");
});

test("manifests that are broken say where, and touch nothing", async () => {
  await cluster.push("broken", { "a.yaml": configMap("broken-a") });
  await cluster.create(applicationOf("broken"));
  await cluster.untilSynced("broken");
  await cluster.push("broken", {
    "deploy/b.yaml": "",
    "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [a\n",
  });
  const app = await cluster.until("broken", ({ status }) => status?.sync?.status === "Unknown", "Unknown");
  assert.equal(app.status?.conditions?.[0]?.type, "ComparisonError");
  assert.match(
    app.status?.conditions?.[0]?.message ?? "",
    /^Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = FailedPrecondition desc = Failed to unmarshal "a\.yaml": line 4, column 9: /,
  );
  assert.ok(await cluster.client.get(resources.configMap, at("broken-a")));
  await cluster.push("broken", { "a.yaml": configMap("broken-a", { v: "2" }) });
  const repaired = await cluster.untilSynced("broken");
  assert.equal(repaired.status?.conditions, undefined);
});

const invalid: Record<string, { spec: Partial<Application["spec"]>; message: RegExp; type?: string }> = {
  "invalid-project": {
    spec: { project: "nobody" },
    message: /^Application referencing project nobody which does not exist$/,
  },
  "invalid-cluster": {
    spec: { destination: { server: "https://elsewhere", namespace: "x" } },
    message: /^error getting cluster by server "https:\/\/elsewhere": /,
  },
  "invalid-path": {
    spec: { source: { repoURL: "https://git.test/platform/barrier.git", path: "nowhere" } },
    message: /nowhere: app path does not exist$/,
    type: "ComparisonError",
  },
  "invalid-branch": {
    spec: { source: { repoURL: "https://git.test/platform/barrier.git", path: ".", targetRevision: "nope" } },
    message: /^Failed to load target state: .*nope/,
    type: "ComparisonError",
  },
};
for (const [name, { spec, message, type = "InvalidSpecError" }] of Object.entries(invalid)) {
  test(`an application says what is wrong: ${name}`, async () => {
    await refreshedOthers();
    await cluster.create(applicationOf(name, spec));
    const { status } = await cluster.until(name, (app) => app.status?.conditions !== undefined, "complaining");
    assert.equal(status?.conditions?.[0]?.type, type);
    assert.match(status?.conditions?.[0]?.message ?? "", message);
    assert.equal(status?.sync?.status, "Unknown");
  });
}

test("a project forbids kinds and is obeyed as soon as it changes", async () => {
  const project = (spec: object): KubeObject => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "strict", namespace: "argocd" },
    spec: { sourceRepos: ["*"], destinations: [{ server: "*", namespace: "*" }], ...spec },
  });
  await cluster.create(project({ namespaceResourceBlacklist: [{ group: "", kind: "Secret" }] }));
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "strict-s" }, stringData: { a: "b" } };
  await cluster.push("strict", { "s.yaml": JSON.stringify(secret) });
  await cluster.create(
    applicationOf("strict", { project: "strict", syncPolicy: { automated: {}, retry: { limit: 0 } } }),
  );
  const refused = await cluster.until("strict", ({ status }) => status?.operationState?.phase === "Failed", "refused");
  const message =
    "one or more synchronization tasks are not valid: resource :Secret is not permitted in project strict";
  assert.equal(refused.status?.operationState?.message, message);
  await cluster.client.patch(resources.project, inArgo("strict"), "merge", {
    spec: { namespaceResourceBlacklist: null },
  });
  await cluster.client.patch(resources.application, inArgo("strict"), "merge", { operation: { sync: {} } });
  await cluster.untilSynced("strict");
  const object = await cluster.untilObject(resources.secret, "strict-s");
  assert.deepEqual(object["data"], { a: "Yg==" });
});

test("several sources make one application, references only are accepted", async () => {
  await cluster.push("multi-a", {
    "x/a.yaml": configMap("multi-one"),
    "x/b.yaml": configMap("multi-same", { from: "a" }),
  });
  await cluster.push("multi-b", { "b.yaml": configMap("multi-same", { from: "b" }) });
  const repo = (name: string) => `https://git.test/platform/${name}.git`;
  const sources = [
    { repoURL: repo("multi-a"), path: "x" },
    { repoURL: repo("multi-b"), path: "." },
    { repoURL: repo("multi-b"), ref: "values" },
  ];
  await cluster.create(applicationOf("multi", { source: undefined, sources }));
  const app = await cluster.untilSynced("multi");
  assert.equal(app.status?.sync?.revisions?.length, 3);
  assert.deepEqual(app.status?.sourceTypes, ["Directory", "Directory", ""]);
  assert.deepEqual(
    app.status?.conditions?.map(({ type, message }) => [type, message]),
    [["RepeatedResourceWarning", "Resource /ConfigMap/work/multi-same appeared 2 times among application resources."]],
  );
  const same = await cluster.untilObject(resources.configMap, "multi-same");
  assert.deepEqual(same["data"], { from: "b" });
});

test("differences that do not count stay as they are", async () => {
  await cluster.push("ignore", { "d.yaml": deployment("ignore") });
  await cluster.create(
    applicationOf("ignore", {
      ignoreDifferences: [{ group: "apps", kind: "Deployment", jsonPointers: ["/spec/replicas"] }],
      syncPolicy: { automated: { selfHeal: true }, syncOptions: ["RespectIgnoreDifferences=true"] },
    }),
  );
  await cluster.untilSynced("ignore");
  await cluster.client.patch(resources.deployment, at("ignore"), "merge", { spec: { replicas: 4 } });
  const app = await refreshed("ignore");
  assert.equal(app.status?.sync?.status, "Synced");
  await cluster.push("ignore", { "d.yaml": deployment("ignore").replace("nginx:1", "nginx:2") });
  const object = await cluster.untilObject(resources.deployment, "ignore", (live) =>
    JSON.stringify(live).includes("nginx:2"),
  );
  assert.equal((object["spec"] as { replicas: number }).replicas, 4);
});

test("without a policy nothing is synced until somebody asks, and prunes must be asked for", async () => {
  const first = await cluster.push("manual", { "a.yaml": configMap("manual-a"), "b.yaml": configMap("manual-b") });
  await cluster.create(applicationOf("manual", { syncPolicy: {} }));
  await cluster.until("manual", ({ status }) => status?.sync?.status === "OutOfSync", "OutOfSync");
  assert.equal(await cluster.client.get(resources.configMap, at("manual-a")), undefined);
  const ask = (sync: object) =>
    cluster.client.patch(resources.application, inArgo("manual"), "merge", {
      operation: { sync, initiatedBy: { username: "me" } },
    });
  await ask({ revision: first });
  const synced = await cluster.untilSynced("manual");
  assert.equal(synced.operation, undefined);
  assert.equal(synced.status?.history?.[0]?.initiatedBy?.username, "me");

  await cluster.push("manual", { "a.yaml": configMap("manual-a") });
  await cluster.until("manual", ({ status }) => status?.sync?.status === "OutOfSync", "OutOfSync");
  await ask({});
  const skipped = await cluster.until(
    "manual",
    ({ status, operation }) => operation === undefined && status?.history?.length === 2,
    "synced again",
  );
  const results = skipped.status?.operationState?.syncResult?.resources;
  assert.deepEqual(
    results?.map(({ name, status, message }) => [name, status, message]),
    [
      ["manual-b", "PruneSkipped", "ignored (requires pruning)"],
      ["manual-a", "Synced", "configmap/manual-a unchanged"],
    ],
  );
  await ask({ prune: true });
  await cluster.untilGone(resources.configMap, "manual-b");
  await cluster.untilSynced("manual");
});

test("a sync that hangs can be terminated", async () => {
  await cluster.push("hang", {
    "pre.yaml": job("hang-pre", annotation("hook", "PreSync")),
    "a.yaml": configMap("hang-a"),
  });
  await cluster.create(applicationOf("hang", { syncPolicy: {} }));
  await cluster.client.patch(resources.application, inArgo("hang"), "merge", { operation: { sync: {} } });
  await untilMessage("hang", "waiting for completion of hook batch/Job/hang-pre");
  await cluster.client.patch(resources.application, inArgo("hang"), "merge", {
    status: { operationState: { phase: "Terminating" } },
  });
  const app = await cluster.until("hang", ({ operation }) => operation === undefined, "terminated");
  assert.equal(app.status?.operationState?.phase, "Failed");
  assert.equal(app.status?.operationState?.message, "Operation terminated");
  await cluster.untilGone(resources.job, "hang-pre");
});

test("a dry run changes nothing", async () => {
  await cluster.push("dry", { "a.yaml": configMap("dry-a") });
  await cluster.create(applicationOf("dry", { syncPolicy: {} }));
  await cluster.client.patch(resources.application, inArgo("dry"), "merge", { operation: { sync: { dryRun: true } } });
  const app = await cluster.until("dry", ({ status }) => status?.operationState?.phase === "Succeeded", "tried");
  assert.equal(await cluster.client.get(resources.configMap, at("dry-a")), undefined);
  assert.equal(app.status?.history, undefined);
});

test("an application of applications is as healthy as its children", async () => {
  const child = applicationOf("child", {}, {});
  await cluster.push("child", { "a.yaml": configMap("child-a") });
  await cluster.push("parent", {
    "child.yaml": JSON.stringify({ ...child, metadata: { name: "child", annotations: annotation("sync-wave", "-1") } }),
    "a.yaml": configMap("parent-a"),
  });
  await cluster.create(applicationOf("parent", { destination: { name: "in-cluster", namespace: "argocd" } }));
  const app = await cluster.until("parent", ({ status }) => status?.operationState?.phase === "Succeeded", "synced");
  assert.equal(app.status?.summary?.isAppOfApps, true);
  assert.equal((await cluster.application("child"))?.status?.health?.status, "Healthy");
  await cluster.until("parent", ({ status }) => status?.health?.status === "Healthy", "Healthy");
});

test("after a restart nothing is forgotten: what left the source meanwhile is pruned", async () => {
  await cluster.push("restart", { "a.yaml": configMap("restart-a"), "s.yaml": job("restart-job", {}) });
  await cluster.create(applicationOf("restart"));
  await cluster.untilSynced("restart");
  // As after a crash between the apply and the write of the status.
  await cluster.client.patch(resources.application, inArgo("restart"), "merge", { spec: { syncPolicy: null } });
  await cluster.client.patch(resources.application, inArgo("restart"), "merge", { status: { resources: null } });
  await cluster.push("restart", { "a.yaml": configMap("restart-a") });
  await cluster.restart();
  const automated = { syncPolicy: { automated: { prune: true } } };
  await cluster.client.patch(resources.application, inArgo("restart"), "merge", { spec: automated });
  await cluster.untilGone(resources.job, "restart-job");
});

test("fields that kubectl applied from the client go when they leave the source", async () => {
  const data = { a: "1", b: "2" };
  const metadata = { name: "adopted", namespace: workNamespace };
  await cluster.client.create(
    resources.configMap,
    { apiVersion: "v1", kind: "ConfigMap", metadata, data },
    { fieldManager: "kubectl-client-side-apply" },
  );
  await cluster.push("adopt", { "a.yaml": configMap("adopted", data) });
  await cluster.create(applicationOf("adopt"));
  await cluster.untilSynced("adopt");
  await cluster.push("adopt", { "a.yaml": configMap("adopted", { a: "1" }) });
  await cluster.untilObject(resources.configMap, "adopted", (object) => JSON.stringify(object["data"]) === '{"a":"1"}');
});

test("an object that two applications want is told of, and can fail a sync", async () => {
  await cluster.push("shared-one", { "a.yaml": configMap("shared") });
  await cluster.push("shared-two", { "a.yaml": configMap("shared") });
  await cluster.create(applicationOf("shared-one"));
  await cluster.untilSynced("shared-one");
  const syncPolicy = { automated: {}, retry: { limit: 0 }, syncOptions: ["FailOnSharedResource=true"] };
  await cluster.create(applicationOf("shared-two", { syncPolicy }));
  const app = await cluster.until("shared-two", ({ status }) => status?.operationState?.phase === "Failed", "failed");
  const message = "ConfigMap/shared is part of applications argocd/shared-two and shared-one";
  assert.equal(app.status?.operationState?.message, `Shared resource found: ${message}`);
  assert.ok(
    app.status?.conditions?.some(
      (condition) => condition.type === "SharedResourceWarning" && condition.message === message,
    ),
  );
});

test("objects are replaced when the options say so", async () => {
  const replace = annotation("sync-options", "Replace=true");
  await cluster.push("replace", { "a.yaml": configMap("replace-a", { a: "1", b: "1" }, replace) });
  await cluster.create(applicationOf("replace"));
  await cluster.untilSynced("replace");
  await cluster.client.patch(resources.configMap, at("replace-a"), "merge", { metadata: { labels: { theirs: "1" } } });
  await cluster.push("replace", { "a.yaml": configMap("replace-a", { a: "2" }, replace) });
  const object = await cluster.untilObject(
    resources.configMap,
    "replace-a",
    (live) => JSON.stringify(live["data"]) === '{"a":"2"}',
  );
  assert.equal(object.metadata.labels, undefined);
});

test("what cannot be changed is made anew when forced", async () => {
  const fixed = (value: string, annotations: Record<string, string>) =>
    JSON.stringify({ ...JSON.parse(configMap("fixed", { v: value }, annotations)), immutable: true });
  await cluster.push("force", { "a.yaml": fixed("1", {}) });
  await cluster.create(applicationOf("force", { syncPolicy: { automated: {}, retry: { limit: 0 } } }));
  await cluster.untilSynced("force");
  const { metadata } = await cluster.untilObject(resources.configMap, "fixed");
  await cluster.push("force", { "a.yaml": fixed("2", {}) });
  const refused = await cluster.until("force", ({ status }) => status?.operationState?.phase === "Failed", "refused");
  assert.match(
    refused.status?.operationState?.message ?? "",
    /field is immutable when `immutable` is set \(a\.yaml, line 1\)$/,
  );
  await cluster.push("force", { "a.yaml": fixed("2", annotation("sync-options", "Force=true")) });
  const made = await cluster.untilObject(
    resources.configMap,
    "fixed",
    (object) => object.metadata.uid !== metadata.uid,
  );
  assert.deepEqual(made["data"], { v: "2" });
  await cluster.untilSynced("force");
});

test("somebody who fights for a field is let win for a while", async () => {
  await cluster.push("fight", { "a.yaml": configMap("fight-a", { v: "1" }) });
  await cluster.create(applicationOf("fight"));
  await cluster.untilSynced("fight");
  for (let round = 0; round < 8; round++) {
    await cluster.client.patch(resources.configMap, at("fight-a"), "merge", { data: { v: `${round} by hand` } });
    await waitUntil(
      async () => {
        const object = await cluster.client.get(resources.configMap, at("fight-a"));
        const isHealed = JSON.stringify(object?.["data"]) === '{"v":"1"}';
        const app = await cluster.application("fight");
        const heals = app?.status?.operationState?.operation.sync?.autoHealAttemptsCount ?? 0;
        return isHealed || heals >= 5 ? true : undefined;
      },
      { what: "a heal or a pause", timeoutMs: 5_000, intervalMs: 5 },
    );
  }
  const app = await cluster.application("fight");
  assert.equal(app?.status?.operationState?.operation.sync?.autoHealAttemptsCount, 5);
});

test("an ApplicationSet makes an Application per directory, and follows pushes", async () => {
  await cluster.push("fleet", {
    "apps/one/a.yaml": configMap("fleet-one"),
    "apps/two/a.yaml": configMap("fleet-two"),
    "other/x.yaml": "",
  });
  const repoURL = "https://git.test/platform/fleet.git";
  const { spec } = applicationOf("any", { source: { repoURL, path: "{{.path.path}}", targetRevision: "HEAD" } });
  await cluster.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "ApplicationSet",
    metadata: { name: "fleet", namespace: "argocd" },
    spec: {
      goTemplate: true,
      goTemplateOptions: ["missingkey=error"],
      generators: [{ git: { repoURL, revision: "HEAD", directories: [{ path: "apps/*" }] } }],
      template: { metadata: { name: "fleet-{{.path.basename}}" }, spec },
    },
  });
  await cluster.untilSynced("fleet-one");
  await cluster.untilSynced("fleet-two");
  const set = await waitUntil(
    async () => {
      const found = await cluster.client.get(resources.applicationSet, inArgo("fleet"));
      const status = found?.["status"] as { resources?: { health?: { status?: string } }[] } | undefined;
      return status?.resources?.every(({ health }) => health?.status === "Healthy") ? found : undefined;
    },
    { what: "ApplicationSet fleet to be healthy", timeoutMs: 5_000, intervalMs: 10 },
  );
  const { conditions } = set["status"] as { conditions: { type: string; status: string }[] };
  assert.deepEqual(
    conditions.map(({ type, status }) => `${type}=${status}`),
    ["ErrorOccurred=False", "ParametersGenerated=True", "ResourcesUpToDate=True"],
  );
  await cluster.push("fleet", {
    "apps/two/a.yaml": configMap("fleet-two"),
    "apps/three/a.yaml": configMap("fleet-three"),
  });
  await cluster.untilSynced("fleet-three");
  await cluster.untilGone(resources.application, "fleet-one", "argocd");
  await cluster.untilGone(resources.configMap, "fleet-one");
});

test("an ApplicationSet that cannot be understood says why", async () => {
  const { spec } = applicationOf("any");
  await cluster.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "ApplicationSet",
    metadata: { name: "matrix", namespace: "argocd" },
    spec: {
      generators: [{ matrix: { generators: [{ list: { elements: [] } }, { clusters: {} }] } }],
      template: { metadata: { name: "x" }, spec },
    },
  });
  const message = await waitUntil(
    async () => {
      const found = await cluster.client.get(resources.applicationSet, inArgo("matrix"));
      const status = found?.["status"] as { conditions?: { type: string; message: string }[] } | undefined;
      return status?.conditions?.find(({ type }) => type === "ErrorOccurred")?.message;
    },
    { what: "a complaint", timeoutMs: 5_000, intervalMs: 10 },
  );
  assert.equal(message, "generator matrix is not supported yet, only list, clusters, git are");
});

test("a sync that waits goes on after a restart", async () => {
  await cluster.push("resume", {
    "pre.yaml": job("resume-pre", annotation("hook", "PreSync")),
    "a.yaml": configMap("resume-a"),
  });
  await cluster.create(applicationOf("resume"));
  const { status } = await untilMessage("resume", "waiting for completion of hook batch/Job/resume-pre");
  const { metadata } = await cluster.untilObject(resources.job, "resume-pre");
  await cluster.restart();
  await jobEnds("resume-pre", "Succeeded");
  const app = await cluster.untilSynced("resume");
  assert.equal(app.status?.operationState?.startedAt, status?.operationState?.startedAt);
  assert.equal(
    (await cluster.untilObject(resources.job, "resume-pre")).metadata.uid,
    metadata.uid,
    "the hook did not run twice",
  );
});

test("objects outside of namespaces are tracked and pruned too", async () => {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "tracked" },
    rules: [],
  };
  await cluster.push("outside", { "r.yaml": JSON.stringify(role), "a.yaml": configMap("outside-a") });
  await cluster.create(applicationOf("outside"));
  await cluster.untilSynced("outside");
  const { metadata } = await cluster.untilObject(resources.clusterRole, "tracked");
  const id = metadata.annotations?.["argocd.argoproj.io/tracking-id"];
  assert.equal(id, "outside:rbac.authorization.k8s.io/ClusterRole:work/tracked");
  await cluster.push("outside", { "a.yaml": configMap("outside-a") });
  await cluster.untilGone(resources.clusterRole, "tracked");
});

test("objects that ask not to be pruned stay, and the application is out of sync", async () => {
  const keep = annotation("sync-options", "Prune=false");
  await cluster.push("keep", { "a.yaml": configMap("keep-a", {}, keep), "b.yaml": configMap("keep-b") });
  await cluster.create(applicationOf("keep"));
  await cluster.untilSynced("keep");
  await cluster.push("keep", { "b.yaml": configMap("keep-b") });
  const app = await cluster.until(
    "keep",
    ({ status }) => status?.operationState?.syncResult?.resources?.[0]?.status === "PruneSkipped",
    "synced",
  );
  assert.equal(app.status?.operationState?.syncResult?.resources?.[0]?.message, "ignored (no prune)");
  assert.equal(app.status?.sync?.status, "OutOfSync");
  assert.ok(await cluster.client.get(resources.configMap, at("keep-a")));
});

test("what a sync has applied is kept as it is while the sync waits", async () => {
  const files = {
    "one.yaml": deployment("waiting", annotation("sync-wave", "1")),
    "two.yaml": configMap("waiting-a", { v: "1" }),
  };
  await cluster.push("waiting", { ...files, "three.yaml": configMap("waiting-b", {}, annotation("sync-wave", "2")) });
  await cluster.create(applicationOf("waiting"));
  const message = "waiting for healthy state of apps/Deployment/waiting";
  await untilMessage("waiting", message);
  await cluster.client.patch(resources.configMap, at("waiting-a"), "merge", { data: { v: "by hand" } });
  await cluster.untilObject(
    resources.configMap,
    "waiting-a",
    (object) => JSON.stringify(object["data"]) === '{"v":"1"}',
  );
  const { metadata } = await cluster.untilObject(resources.deployment, "waiting");
  await cluster.client.delete(resources.deployment, at("waiting"));
  await cluster.untilObject(resources.deployment, "waiting", (object) => object.metadata.uid !== metadata.uid);
  const app = await untilMessage("waiting", message);
  assert.equal(app.status?.operationState?.retryCount, undefined);
});

test("a new commit takes the place of an automatic sync that waits", async () => {
  const files = { "one.yaml": deployment("stuck", annotation("sync-wave", "-1")), "two.yaml": configMap("stuck-a") };
  await cluster.push("stuck", files);
  await cluster.create(applicationOf("stuck"));
  await untilMessage("stuck", "waiting for healthy state of apps/Deployment/stuck");
  await cluster.push("stuck", { "two.yaml": configMap("stuck-a", { v: "2" }) });
  await cluster.untilObject(resources.configMap, "stuck-a");
  await cluster.untilGone(resources.deployment, "stuck");
  await cluster.untilSynced("stuck");
});

test("the commit that a sync began with stays the one it ends with", async () => {
  const files = {
    "pre.yaml": job("pinned-pre", annotation("hook", "PreSync")),
    "a.yaml": configMap("pinned-a", { v: "1" }),
  };
  const first = await cluster.push("pinned", files);
  await cluster.create(applicationOf("pinned", { syncPolicy: {} }));
  await cluster.client.patch(resources.application, inArgo("pinned"), "merge", { operation: { sync: {} } });
  await untilMessage("pinned", "waiting for completion of hook batch/Job/pinned-pre");
  const second = await cluster.push("pinned", { ...files, "a.yaml": configMap("pinned-a", { v: "2" }) });
  await cluster.until("pinned", ({ status }) => status?.sync?.revision === second, "at the new revision");
  await jobEnds("pinned-pre", "Succeeded");
  const app = await cluster.until("pinned", ({ operation }) => operation === undefined, "synced");
  assert.equal(app.status?.operationState?.syncResult?.revision, first);
  assert.equal(app.status?.sync?.status, "OutOfSync");
  assert.deepEqual((await cluster.untilObject(resources.configMap, "pinned-a"))["data"], { v: "1" });
});

test("waves can be kept apart by a pause", async () => {
  await using slow = await openTestCluster({ waveDelayMs: 300 });
  await slow.push("pause", { "a.yaml": configMap("a", {}, annotation("sync-wave", "-1")), "b.yaml": configMap("b") });
  await slow.create(applicationOf("pause"));
  await slow.untilObject(resources.configMap, "a");
  const seenMs = performance.now();
  await slow.untilObject(resources.configMap, "b");
  assert.ok(performance.now() - seenMs > 150);
  await slow.untilSynced("pause");
});

test("a window of the project that denies holds syncs back until it shuts", async () => {
  const windows = (schedule: string) => ({
    syncWindows: [{ kind: "deny", schedule, duration: "24h", applications: ["*"] }],
  });
  await cluster.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "shut", namespace: "argocd" },
    spec: { sourceRepos: ["*"], destinations: [{ server: "*", namespace: "*" }], ...windows("* * * * *") },
  });
  await cluster.push("shut", { "a.yaml": configMap("shut-a") });
  await cluster.create(applicationOf("shut", { project: "shut" }));
  const held = await cluster.until("shut", ({ status }) => status?.sync?.status === "OutOfSync", "OutOfSync");
  assert.equal(held.status?.operationState, undefined);
  await cluster.client.patch(resources.application, inArgo("shut"), "merge", { operation: { sync: {} } });
  await untilMessage("shut", "Sync operation blocked by sync window");
  await cluster.client.patch(resources.project, inArgo("shut"), "merge", { spec: { syncWindows: null } });
  await cluster.untilSynced("shut");
});

test("a repository of others is read again when somebody asks for it", async () => {
  await cluster.push("remote", { "a.yaml": configMap("remote-a", { v: "1" }) });
  const repoURL = `file://${cluster.repositories.get("platform", "remote")?.gitDir}`;
  await cluster.create(applicationOf("remote", { source: { repoURL, path: ".", targetRevision: "main" } }));
  await cluster.untilSynced("remote");
  const commit = await cluster.push("remote", { "a.yaml": configMap("remote-a", { v: "2" }) });
  await refreshed("remote");
  await cluster.untilSynced("remote", commit);
  assert.deepEqual((await cluster.untilObject(resources.configMap, "remote-a"))["data"], { v: "2" });
});

test("a kind whose versions change is followed in the new ones", async () => {
  const served = (first: string, second?: string) => {
    const crd = JSON.parse(widgets.replaceAll("widget", "gadget").replaceAll("Widget", "Gadget"));
    const [version] = crd.spec.versions;
    crd.spec.versions = [
      { ...version, name: first, served: second === undefined, storage: true },
      ...(second === undefined ? [] : [{ ...version, name: second, served: true, storage: false }]),
    ];
    return JSON.stringify(crd);
  };
  const gadget = (version: string, color: string) =>
    JSON.stringify({ apiVersion: `example.com/${version}`, kind: "Gadget", metadata: { name: "g" }, spec: { color } });
  const gadgets = { ...resources.widget, version: "v2", resource: "gadgets", kind: "Gadget" };
  await cluster.push("versions", { "crd.yaml": served("v1"), "g.yaml": gadget("v1", "red") });
  await cluster.create(applicationOf("versions"));
  await cluster.untilSynced("versions");
  const commit = await cluster.push("versions", { "crd.yaml": served("v1", "v2"), "g.yaml": gadget("v2", "blue") });
  await cluster.untilSynced("versions", commit);
  const heal = (color: string) => cluster.client.patch(gadgets, at("g"), "merge", { spec: { color } });
  await heal("green");
  await cluster.untilObject(gadgets, "g", (object) => JSON.stringify(object).includes('"color":"blue"'));
});

test("a target in another version than the watched one is compared in its own", async () => {
  const autoscaler = {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "older" },
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "x" },
      targetCPUUtilizationPercentage: 50,
    },
  };
  await cluster.push("older", { "h.yaml": JSON.stringify(autoscaler) });
  await cluster.create(applicationOf("older"));
  const app = await cluster.untilSynced("older");
  assert.equal(app.status?.resources?.[0]?.version, "v1");
  await refreshed("older", "hard");
  assert.equal((await cluster.application("older"))?.status?.sync?.status, "Synced");
});

test("manifests sent along with an operation are synced instead of the source's", async () => {
  await cluster.push("local", { "a.yaml": configMap("local-a", { from: "git" }) });
  await cluster.create(applicationOf("local", { syncPolicy: {} }));
  const ask = (manifests: string[]) =>
    cluster.client.patch(resources.application, inArgo("local"), "merge", { operation: { sync: { manifests } } });
  await ask([configMap("local-a", { from: "here" })]);
  await cluster.untilObject(
    resources.configMap,
    "local-a",
    (object) => JSON.stringify(object["data"]) === '{"from":"here"}',
  );
  await cluster.until("local", ({ operation }) => operation === undefined, "synced");
  await ask(["{"]);
  const app = await cluster.until("local", ({ status }) => status?.operationState?.phase === "Error", "refused");
  assert.match(app.status?.operationState?.message ?? "", /^ComparisonError: Failed to load local manifests: /);
});
