import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { Application, ApplicationStatus, OperationState } from "../../apis/index.ts";
import { appendHistory, buildStatus, nextConditions } from "./build-status.ts";
import { mergePatchBetween } from "./merge-patch.ts";

const patches: [before: object, after: object, want: object | undefined][] = [
  [{}, {}, undefined],
  [{ a: 1 }, { a: 1 }, undefined],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
  [{ a: { b: 1 } }, { a: {} }, { a: { b: null } }],
  [{ a: 1 }, { a: undefined }, { a: null }],
  [{}, { a: undefined }, undefined],
  [{ a: [1, 2] }, { a: [1] }, { a: [1] }],
  [{ a: [{ b: 1 }] }, { a: [{ b: 1 }] }, undefined],
  [{ a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
];
for (const [before, after, want] of patches) {
  test(`merge patch from ${JSON.stringify(before)} to ${JSON.stringify(after)}`, () =>
    assert.deepEqual(mergePatchBetween({ ...before }, { ...after }), want));
}

const now = new Date("2026-01-02T00:00:00.500Z");
const earlier = "2026-01-01T00:00:00Z";

test("conditions that stay keep their time, others get a new one, and undecided ones are left alone", () => {
  const before = [
    { type: "SyncError", message: "same", lastTransitionTime: earlier },
    { type: "ComparisonError", message: "old", lastTransitionTime: earlier },
    { type: "DeletionError", message: "kept", lastTransitionTime: earlier },
  ] as const;
  const found = [
    { type: "SyncError", message: "same" },
    { type: "ComparisonError", message: "new" },
  ] as const;
  assert.deepEqual(nextConditions(before, found, ["SyncError", "ComparisonError"], now), [
    { type: "ComparisonError", message: "new", lastTransitionTime: "2026-01-02T00:00:00Z" },
    { type: "DeletionError", message: "kept", lastTransitionTime: earlier },
    { type: "SyncError", message: "same", lastTransitionTime: earlier },
  ]);
  assert.equal(nextConditions(before.slice(0, 2), [], ["SyncError", "ComparisonError"], now), undefined);
});

function app(status?: ApplicationStatus, spec: Partial<Application["spec"]> = {}): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd" },
    spec: {
      project: "default",
      source: { repoURL: "https://x", path: "." },
      destination: { name: "in-cluster" },
      ...spec,
    },
    ...(status !== undefined && { status }),
  };
}

const state: OperationState = {
  operation: { initiatedBy: { automated: true } },
  phase: "Succeeded",
  startedAt: earlier,
  syncResult: { revision: "c2", source: { repoURL: "https://x", path: "." } },
};

test("the history grows at its end and keeps its limit", () => {
  const before = {
    history: [
      { id: 4, revision: "c0", deployedAt: earlier },
      { id: 5, revision: "c1", deployedAt: earlier },
    ],
  };
  const history = appendHistory(app(before, { revisionHistoryLimit: 2 }), state, now);
  assert.deepEqual(history, [
    { id: 5, revision: "c1", deployedAt: earlier },
    {
      id: 6,
      revision: "c2",
      source: { repoURL: "https://x", path: "." },
      deployedAt: "2026-01-02T00:00:00Z",
      deployStartedAt: earlier,
      initiatedBy: { automated: true },
    },
  ]);
  assert.deepEqual(appendHistory(app(before, { revisionHistoryLimit: 0 }), state, now), []);
  assert.equal(appendHistory(app(), state, now)[0]?.id, 0);
});

const ingress: KubeObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: {
    name: "i",
    annotations: { "link.argocd.argoproj.io/docs": "https://docs", "link.argocd.argoproj.io/bad": "javascript:x" },
  },
  spec: {
    tls: [{ hosts: ["secure.example.com"] }],
    rules: [
      { host: "secure.example.com", http: { paths: [{ path: "/a" }, { path: "/b*" }] } },
      { host: "plain.example.com" },
    ],
  },
};
const workload: KubeObject = {
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name: "c" },
  spec: {
    jobTemplate: { spec: { template: { spec: { containers: [{ image: "b" }, { image: "a" }, { image: "b" }] } } } },
  },
};

function build(before: ApplicationStatus | undefined, isLoaded: boolean): ApplicationStatus {
  return buildStatus({
    app: app(before),
    comparison: {
      status: "Synced",
      pairs: [
        { key: "i", live: ingress, modified: false },
        { key: "c", live: workload, modified: false },
      ],
      hooks: [],
      resources: [
        { kind: "Ingress", name: "i", status: "Synced" },
        { kind: "CronJob", name: "c" },
      ],
      health: { status: "Progressing", message: "Caused by x" },
      warnings: [],
    },
    isLoaded,
    revisions: ["c1"],
    sourceTypes: ["Directory"],
    operationState: undefined,
    conditions: [],
    history: undefined,
    controllerNamespace: "argocd",
    now,
  });
}

test("the status says what the application is made of and where it can be seen", () => {
  const status = build(undefined, true);
  assert.deepEqual(status.summary, {
    images: ["a", "b"],
    externalURLs: [
      "http://plain.example.com",
      "https://docs",
      "https://secure.example.com/a",
      "https://secure.example.com/b",
    ],
  });
  assert.deepEqual(status.sync, {
    status: "Synced",
    revision: "c1",
    comparedTo: { source: { repoURL: "https://x", path: "." }, destination: { name: "in-cluster" } },
  });
});

test("the time of a health moves only with the health", () => {
  const same = build({ health: { status: "Progressing", message: "old", lastTransitionTime: earlier } }, true);
  assert.deepEqual(same.health, { status: "Progressing", message: "Caused by x", lastTransitionTime: earlier });
  const changed = build({ health: { status: "Healthy", lastTransitionTime: earlier } }, true);
  assert.equal(changed.health?.lastTransitionTime, "2026-01-02T00:00:00Z");
});

test("nothing is known about resources when the source cannot be read", () => {
  const status = build(undefined, false);
  assert.equal(status.sync?.status, "Unknown");
  assert.deepEqual(
    status.resources?.map((resource) => resource.status),
    ["Unknown", undefined],
  );
});
