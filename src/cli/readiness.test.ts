import assert from "node:assert/strict";
import { test } from "node:test";
import type { CustomPackage, GitRepository, Localbuild, PackageProblem } from "../apis/index.ts";
import { type ApplicationState, assess, flatten, type ItemState, type Snapshot } from "./readiness.ts";

const source = "/stack";
const awaited = { startTime: "t1", sources: [source] };

function localbuild(observed: string, problems: PackageProblem[] = []): Localbuild {
  return {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "Localbuild",
    metadata: { name: "localdev", annotations: { "cnoe.io/last-observed-cli-start-time": observed } },
    spec: {},
    status: { problems },
  };
}

function customPackage(status: CustomPackage["status"]): CustomPackage {
  return {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "CustomPackage",
    metadata: { name: "app-web", annotations: { "cnoe.io/package-source-path": source, ...seenAt("t1") } },
    spec: {
      argoCD: { applicationFile: "/stack/app.yaml", name: "web", namespace: "argocd", type: "Application" },
      gitServerURL: "",
      internalGitServeURL: "",
      gitServerAuthSecretRef: { name: "", namespace: "" },
      replicate: true,
    },
    ...(status === undefined ? {} : { status }),
  };
}

function seenAt(startTime: string) {
  return { "cnoe.io/last-observed-cli-start-time": startTime };
}

/** The repository of a package's content, and what the package says when it has one. */
function repository(startTime: string, commit: string): GitRepository {
  return {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "GitRepository",
    metadata: { name: "web-web", uid: "r", annotations: seenAt(startTime) },
    spec: {
      source: { type: "local", path: "/stack/web" },
      provider: { name: "gitea", gitURL: "", internalGitURL: "", organizationName: "giteaAdmin" },
    },
    status: { synced: true, commit: { hash: commit }, internalGitRepositoryUrl: "https://git/web.git" },
  };
}
const fromRepository = customPackage({
  synced: true,
  gitRepositoryRefs: [{ apiVersion: "", kind: "GitRepository", name: "web-web", namespace: "", uid: "r" }],
});
const healthy = { status: "Healthy" };
const destination = { namespace: "web" };

/** An application of that repository, whose status is about a commit and a path. */
function follower(revision: string, comparedPath = "a"): ApplicationState {
  const source = { repoURL: "https://git/web.git", targetRevision: "main", path: "a" };
  const comparedTo = { source: { ...source, path: comparedPath }, destination };
  return {
    ...application({ sync: { status: "Synced", revision, comparedTo }, health: healthy }),
    spec: { source, destination },
  };
}

function application(status: ApplicationState["status"]): ApplicationState {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "web", namespace: "argocd" },
    ...(status === undefined ? {} : { status }),
  };
}

function snapshot(status: ApplicationState["status"], more: Partial<Snapshot> = {}): Snapshot {
  return {
    localbuild: localbuild("t1"),
    packages: [customPackage({ synced: true })],
    repositories: [],
    applications: [application(status)],
    applicationSets: [],
    pods: "wait",
    ...more,
  };
}

const sourceOnly = { "cnoe.io/package-source-path": source };
const deployment = { group: "apps", kind: "Deployment", name: "web", status: "Synced" };
const cases: Record<string, { given: Snapshot; want: ItemState; why?: RegExp }> = {
  "ready when synced and healthy": {
    given: snapshot({ sync: { status: "Synced" }, health: { status: "Healthy" } }),
    want: "ready",
  },
  "waiting while the packages of this start are not read": {
    given: snapshot({}, { localbuild: localbuild("t0") }),
    want: "waiting",
    why: /being read/,
  },
  "waiting while it has not been looked at since this start": {
    given: snapshot(
      { sync: { status: "Synced" }, health: healthy },
      { packages: [{ ...customPackage({ synced: true }), metadata: { name: "app-web", annotations: sourceOnly } }] },
    ),
    want: "waiting",
    why: /being read/,
  },
  "waiting while the content of its repository has not been looked at": {
    given: snapshot(
      {},
      { packages: [fromRepository], repositories: [repository("t0", "c1")], applications: [follower("c1")] },
    ),
    want: "waiting",
    why: /waiting for GitRepository web-web/,
  },
  "waiting while its application is at an older commit": {
    given: snapshot(
      {},
      { packages: [fromRepository], repositories: [repository("t1", "c2")], applications: [follower("c1")] },
    ),
    want: "waiting",
    why: /waiting for the GitOps engine/,
  },
  "waiting while the status of its application is about an older spec": {
    given: snapshot(
      {},
      { packages: [fromRepository], repositories: [repository("t1", "c1")], applications: [follower("c1", "b")] },
    ),
    want: "waiting",
    why: /waiting for the GitOps engine/,
  },
  "ready when its application is at the newest commit, also for an earlier start": {
    given: snapshot(
      {},
      { packages: [fromRepository], repositories: [repository("t2", "c1")], applications: [follower("c1")] },
    ),
    want: "ready",
  },
  "waiting while an operation runs": {
    given: snapshot({
      sync: { status: "OutOfSync" },
      health: { status: "Missing" },
      operationState: { phase: "Running", message: "one or more tasks are running" },
    }),
    want: "waiting",
    why: /OutOfSync, Missing: one or more tasks are running/,
  },
  "failing with the server's words when an object was refused": {
    given: snapshot({
      sync: { status: "OutOfSync" },
      health: { status: "Missing" },
      operationState: {
        phase: "Failed",
        syncResult: {
          resources: [{ kind: "Service", name: "web", status: "SyncFailed", message: 'Service "web" is invalid' }],
        },
      },
    }),
    want: "failing",
    why: /Service web: Service "web" is invalid/,
  },
  "failing with the condition when sources cannot be read": {
    given: snapshot({
      sync: { status: "Unknown" },
      conditions: [{ type: "ComparisonError", message: "app.yaml:3: bad" }],
    }),
    want: "failing",
    why: /ComparisonError: app.yaml:3: bad/,
  },
  "in need of pods when a synced application has workloads and nothing runs them": {
    given: snapshot({ sync: { status: "Synced" }, health: { status: "Progressing" }, resources: [deployment] }),
    want: "needs-pods",
    why: /Deployment web/,
  },
  "in need of pods when a hook waits for a Job": {
    given: snapshot({
      sync: { status: "OutOfSync" },
      health: { status: "Missing" },
      operationState: { phase: "Running", message: "waiting for completion of hook batch/Job/init" },
      resources: [{ group: "batch", kind: "Job", name: "init" }],
    }),
    want: "needs-pods",
  },
  "waiting for workloads on a cluster with nodes": {
    given: snapshot(
      { sync: { status: "Synced" }, health: { status: "Progressing" }, resources: [deployment] },
      { pods: "run" },
    ),
    want: "waiting",
  },
  "waiting for simulated workloads": {
    given: snapshot(
      {
        sync: { status: "Synced" },
        health: { status: "Progressing" },
        resources: [{ ...deployment, health: { status: "Progressing" } }],
      },
      { pods: "simulated" },
    ),
    want: "waiting",
  },
  "in need of somebody outside when only an Ingress is left beside simulated workloads": {
    given: snapshot(
      {
        sync: { status: "Synced" },
        health: { status: "Progressing" },
        resources: [
          { ...deployment, health: { status: "Healthy" } },
          { group: "networking.k8s.io", kind: "Ingress", name: "web", health: { status: "Progressing" } },
          { group: "apiregistration.k8s.io", kind: "APIService", name: "v1.a", health: { status: "Progressing" } },
        ],
      },
      { pods: "simulated" },
    ),
    want: "needs-pods",
    why: /Ingress web, APIService v1\.a/,
  },
  "broken when the API server refused the Application": {
    given: snapshot(
      {},
      {
        packages: [
          customPackage({ synced: false, refused: true, message: "/stack/app.yaml: spec.destination: Required value" }),
        ],
      },
    ),
    want: "broken",
    why: /spec.destination/,
  },
  "broken at once when it cannot be read, whatever it held before": {
    given: snapshot(
      {},
      {
        packages: [{ ...customPackage({ synced: true }), metadata: { name: "app-web", annotations: sourceOnly } }],
        localbuild: localbuild("t1", [{ source, message: "Cannot read directory /stack", severity: "error" }]),
      },
    ),
    want: "broken",
    why: /^\n?Cannot read directory \/stack$/,
  },
  "broken when a file of the package is": {
    given: snapshot(
      {},
      {
        packages: [],
        localbuild: localbuild("t1", [
          { source, file: "/stack/app.yaml", message: "/stack/app.yaml:3:1: bad", severity: "error" },
        ]),
      },
    ),
    want: "broken",
    why: /app.yaml:3:1/,
  },
};
for (const [name, { given, want, why }] of Object.entries(cases)) {
  test(`a package is ${name}`, () => {
    const items = flatten(assess(given, awaited));
    assert.equal(items[0]?.state, want);
    if (why !== undefined) assert.match(items.map((item) => item.why).join("\n"), why);
  });
}

const setCases: Record<string, { conditions: { type: string; status: string; message: string }[]; want: ItemState }> = {
  "waiting until the engine has looked at it": { conditions: [], want: "waiting" },
  "failing when a generator cannot be read": {
    conditions: [{ type: "ErrorOccurred", status: "True", message: "no such branch" }],
    want: "failing",
  },
  "ready when it generates nothing": {
    conditions: [{ type: "ResourcesUpToDate", status: "True", message: "" }],
    want: "ready",
  },
};
for (const [name, { conditions, want }] of Object.entries(setCases)) {
  test(`an ApplicationSet is ${name}`, () => {
    const item = customPackage({ synced: true });
    const packages = [
      { ...item, spec: { ...item.spec, argoCD: { ...item.spec.argoCD, type: "ApplicationSet" as const } } },
    ];
    const set = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "ApplicationSet",
      metadata: { name: "web", namespace: "argocd" },
      status: { conditions },
    };
    assert.equal(assess(snapshot({}, { packages, applicationSets: [set] }), awaited)[0]?.state, want);
  });
}

test("a warning of a package keeps nothing from being ready", () => {
  const warned = localbuild("t1", [
    { source, message: "app.yaml:9: v1 ConfigMap is not an Application", severity: "warning" },
  ]);
  assert.equal(
    assess(snapshot({ sync: { status: "Synced" }, health: { status: "Healthy" } }, { localbuild: warned }), awaited)[0]
      ?.state,
    "ready",
  );
});

test("without packages there is nothing to wait for once the platform has taken notice", () => {
  assert.deepEqual(assess(snapshot({}), { startTime: "t1", sources: [] }), []);
});
