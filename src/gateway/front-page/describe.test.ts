import assert from "node:assert/strict";
import test from "node:test";
import type { Application, ApplicationStatus, CustomPackage, GitRepository } from "../../apis/index.ts";
import { describeApplication, describePackage, describeRepository, summarizeApplication } from "./describe.ts";

const commit = "4f8c1f0c3a9be2d7715f0a6f2c0d1f3b5a79e0c1";
const fine: ApplicationStatus = { sync: { status: "Synced", revision: commit }, health: { status: "Healthy" } };

function application(status: ApplicationStatus | undefined, spec: Partial<Application["spec"]> = {}): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { namespace: "argocd", name: "web" },
    spec: {
      project: "default",
      source: { repoURL: "https://git.skiff.localhost/me/web.git", path: "manifests", targetRevision: "main" },
      destination: { server: "https://kubernetes.default.svc", namespace: "web" },
      syncPolicy: { automated: { prune: true } },
      ...spec,
    },
    status,
  };
}

const operation = (
  phase: "Running" | "Failed" | "Succeeded",
  more: object = {},
): ApplicationStatus["operationState"] => ({
  phase,
  operation: { initiatedBy: { automated: true } },
  startedAt: "2030-01-01T00:00:00Z",
  ...more,
});

const service = { kind: "Service", version: "v1", namespace: "web", name: "web" };
const deployment = { kind: "Deployment", group: "apps", version: "v1", namespace: "web", name: "web" };
const manyOut = ["a", "b", "c", "d", "e"].map((name) => ({ ...service, name, status: "OutOfSync" as const }));

const problems: Record<string, { status?: ApplicationStatus; spec?: Partial<Application["spec"]>; want: string[] }> = {
  "says nothing when all is well": { status: fine, want: [] },
  "says when nothing is known yet": { want: ["It has not been compared with its source yet."] },
  "names what differs": {
    status: { ...fine, sync: { status: "OutOfSync" }, resources: [{ ...service, status: "OutOfSync" }] },
    want: ["The cluster differs from the source in Service web/web."],
  },
  "counts what it does not name": {
    status: { ...fine, sync: { status: "OutOfSync" }, resources: manyOut },
    want: ["The cluster differs from the source in Service web/a, Service web/b, Service web/c and 2 more."],
  },
  "says when nobody will sync": {
    status: { ...fine, sync: { status: "OutOfSync" } },
    spec: { syncPolicy: {} },
    want: ["The cluster differs from the source. Automatic sync is off."],
  },
  "says when nobody will prune": {
    status: {
      ...fine,
      sync: { status: "OutOfSync" },
      resources: [{ ...service, status: "OutOfSync", requiresPruning: true }],
    },
    spec: { syncPolicy: { automated: {} } },
    want: ["The cluster differs from the source in Service web/web. Pruning is off."],
  },
  "does not complain of differences while a sync runs": {
    status: {
      ...fine,
      sync: { status: "OutOfSync" },
      operationState: operation("Running", { message: "waiting for hooks" }),
    },
    want: ["A sync is running: waiting for hooks"],
  },
  "tells what failed, and not twice": {
    status: {
      ...fine,
      conditions: [
        { type: "SyncError", message: "Failed last sync attempt" },
        { type: "RepeatedResourceWarning", message: "Service web appears 2 times" },
      ],
      operationState: operation("Failed", {
        message: "one or more objects failed to apply",
        syncResult: {
          revision: commit,
          resources: [
            { ...service, group: "", status: "SyncFailed", message: "port is invalid" },
            { ...deployment, status: "Synced", message: "created" },
          ],
        },
      }),
    },
    want: [
      "Repeated resource warning: Service web appears 2 times",
      "The last sync failed: one or more objects failed to apply",
      "Service web/web: port is invalid",
    ],
  },
  "names whose health is bad, and why": {
    status: {
      ...fine,
      health: { status: "Progressing" },
      resources: [
        { ...service, status: "Synced", health: { status: "Healthy" } },
        { ...deployment, status: "Synced", health: { status: "Progressing", message: "0 of 1 pods are ready" } },
      ],
    },
    want: ["Deployment web/web is not ready yet: 0 of 1 pods are ready"],
  },
  "takes the application's own word when no resource has one": {
    status: { ...fine, health: { status: "Degraded", message: "out of luck" } },
    want: ["out of luck"],
  },
  "says at least what the state means": {
    status: { ...fine, health: { status: "Missing" } },
    want: ["It is missing in the cluster."],
  },
  "tells no passwords": {
    status: {
      ...fine,
      conditions: [
        {
          type: "ComparisonError",
          message: "cannot fetch https://me:s3cret@example.org/a and https://t0ken@example.org/b",
        },
      ],
    },
    want: ["Comparison error: cannot fetch https://example.org/a and https://example.org/b"],
  },
};
for (const [name, { status, spec, want }] of Object.entries(problems)) {
  test(`the summary of an application ${name}`, () => {
    assert.deepEqual(summarizeApplication(application(status, spec)).problems, want);
  });
}

test("the summary of an application says what and where from", () => {
  const status = { ...fine, operationState: operation("Succeeded", { finishedAt: "2030-01-01T00:00:05Z" }) };
  assert.deepEqual(summarizeApplication(application(status)), {
    namespace: "argocd",
    name: "web",
    project: "default",
    sync: "Synced",
    health: "Healthy",
    revision: commit,
    repoURL: "https://git.skiff.localhost/me/web.git",
    path: "manifests",
    chart: undefined,
    moreSources: 0,
    lastSyncAt: "2030-01-01T00:00:05Z",
    operation: "Succeeded",
    problems: [],
  });
});

test("several sources have their own revisions, and no passwords", () => {
  const sources = [
    { repoURL: "https://me:s3cret@example.org/values.git", ref: "values" },
    { repoURL: "https://charts.example.org", chart: "web", targetRevision: "1.x" },
  ];
  const status: ApplicationStatus = { sync: { status: "Synced", revisions: [commit, "1.4.0"] } };
  const details = describeApplication(application(status, { source: undefined, sources }));
  assert.deepEqual(
    details.sources.map(({ repoURL, revision }) => ({ repoURL, revision })),
    [
      { repoURL: "https://example.org/values.git", revision: commit },
      { repoURL: "https://charts.example.org", revision: "1.4.0" },
    ],
  );
  assert.equal(details.moreSources, 1);
  assert.equal(details.revision, commit);
});

test("the details of an application join resources with what their sync said, newest history first", () => {
  const status: ApplicationStatus = {
    ...fine,
    resources: [
      { ...service, status: "OutOfSync" },
      { ...deployment, status: "Synced", health: { status: "Degraded", message: "crash loop" } },
      { ...service, name: "old", status: "OutOfSync", requiresPruning: true },
    ],
    operationState: operation("Failed", {
      syncResult: {
        revision: commit,
        resources: [{ ...service, group: "", status: "SyncFailed", message: "port is invalid" }],
      },
    }),
    history: [
      { id: 1, revision: "a", deployedAt: "2030-01-01T00:00:00Z", initiatedBy: { username: "me" } },
      { id: 2, revision: "b", deployedAt: "2030-01-02T00:00:00Z", initiatedBy: { automated: true } },
    ],
  };
  const details = describeApplication(application(status));
  assert.deepEqual(
    details.resources.map(({ name, message }) => [name, message]),
    [
      ["web", "port is invalid"],
      ["web", "crash loop"],
      ["old", "No longer in the source"],
    ],
  );
  assert.deepEqual(details.history, [
    { id: 2, revision: "b", deployedAt: "2030-01-02T00:00:00Z", by: "automatic sync" },
    { id: 1, revision: "a", deployedAt: "2030-01-01T00:00:00Z", by: "me" },
  ]);
  assert.equal(details.automatedSync, true);
});

const gitRepository: GitRepository = {
  apiVersion: "idpbuilder.cnoe.io/v1alpha1",
  kind: "GitRepository",
  metadata: { namespace: "idpbuilder-localdev", name: "web-manifests" },
  spec: {
    source: { type: "local", path: "/home/me/web" },
    provider: {
      name: "gitea",
      gitURL: "https://git.skiff.localhost",
      internalGitURL: "https://git.skiff.localhost",
      organizationName: "giteaAdmin",
    },
  },
};

test("a repository is named by its address, and by its object until it has one", () => {
  const status = {
    synced: true,
    commit: { hash: commit },
    externalGitRepositoryUrl: "https://git.skiff.localhost/giteaAdmin/x.git",
  };
  assert.deepEqual(describeRepository({ ...gitRepository, status }), {
    owner: "giteaAdmin",
    name: "x",
    cloneURL: "https://git.skiff.localhost/giteaAdmin/x.git",
    webURL: "https://git.skiff.localhost/giteaAdmin/x",
    revision: commit,
    source: "/home/me/web",
    message: undefined,
  });
  const { owner, name, message } = describeRepository(gitRepository);
  assert.deepEqual({ owner, name, message }, { owner: "giteaAdmin", name: "web-manifests", message: "Not filled yet" });
});

test("a package tells where it comes from, without the password", () => {
  const object: CustomPackage = {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "CustomPackage",
    metadata: { namespace: "idpbuilder-localdev", name: "web-web" },
    spec: {
      argoCD: { applicationFile: "web.yaml", name: "web", namespace: "argocd", type: "Application" },
      gitServerURL: "",
      internalGitServeURL: "",
      gitServerAuthSecretRef: { name: "", namespace: "" },
      remoteRepository: { url: "https://me:pw@github.com/cnoe-io/stacks", path: "web", ref: "v1" },
      replicate: true,
    },
    status: { synced: true },
  };
  const { source, application, synced } = describePackage(object);
  assert.equal(source, "https://github.com/cnoe-io/stacks//web?ref=v1");
  assert.deepEqual(application, { namespace: "argocd", name: "web" });
  assert.equal(synced, true);
});
