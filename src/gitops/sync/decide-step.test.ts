import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { OperationPhase, ResourceResult } from "../../apis/index.ts";
import type { SyncPhase } from "../object/sync-annotations.ts";
import { decideStep, failureMessage, observeRunning, type Step } from "./decide-step.ts";
import { settingsOf } from "./settings.ts";
import { objectOf, type Task } from "./task.ts";

type Shape = {
  phase?: SyncPhase;
  wave?: number;
  hook?: boolean;
  policy?: string;
  prune?: boolean;
  options?: string;
  live?: object | false;
  status?: ResourceResult["status"];
  hookPhase?: OperationPhase;
  message?: string;
  modified?: boolean;
};

function task(name: string, shape: Shape = {}): Task {
  const { phase = "Sync", wave = 0, hook = false, policy, prune = false, options, live, modified = true } = shape;
  const annotations = {
    ...(hook && { "argocd.argoproj.io/hook": phase }),
    ...(policy !== undefined && { "argocd.argoproj.io/hook-delete-policy": policy }),
    ...(options !== undefined && { "argocd.argoproj.io/sync-options": options }),
  };
  const [group = "", kind = ""] = name.includes("/") ? name.split("/") : ["", name];
  const made: KubeObject = {
    apiVersion: group === "" ? "v1" : `${group}/v1`,
    kind,
    metadata: { name: "x", namespace: "n", annotations },
  };
  const hasResult = shape.status !== undefined || shape.hookPhase !== undefined;
  const result: ResourceResult = {
    group,
    version: "v1",
    kind,
    namespace: "n",
    name: "x",
    ...(shape.status !== undefined && { status: shape.status }),
    ...(shape.hookPhase !== undefined && { hookPhase: shape.hookPhase }),
    ...(shape.message !== undefined && { message: shape.message }),
  };
  return {
    phase,
    wave,
    target: prune ? undefined : { key: `${group}/${kind}/n/x`, object: made, file: "", line: 0 },
    live: live === false ? undefined : live !== undefined || prune ? ({ ...made, ...live } as KubeObject) : undefined,
    modified,
    skipDryRun: false,
    result: hasResult ? result : undefined,
  };
}

const running = { status: "Synced", hookPhase: "Running" } as const;
const done = { status: "Synced", hookPhase: "Succeeded" } as const;
const failed = { status: "SyncFailed", hookPhase: "Failed" } as const;
const ending = { metadata: { name: "x", namespace: "n", deletionTimestamp: "2026-01-01T00:00:00Z" } };

function describe({ next, release }: Step): string {
  const names = (tasks: readonly Task[]) => tasks.map((one) => objectOf(one).kind).join(",");
  const released = release.length > 0 ? `release ${names(release)}; ` : "";
  switch (next.do) {
    case "wait":
      return `${released}${next.message}`;
    case "succeed":
      return `${released}${next.message}; delete ${names(next.deleteHooks)}`;
    case "fail":
      return `${released}${failureMessage(next.reason, next.failed)}; hooks ${names(next.failHooks)}; delete ${names(next.deleteHooks)}`;
    case "run":
      return `${released}run ${names(next.tasks)}${next.isLast ? " last" : ""}`;
  }
}

const cases: Record<string, { tasks: Task[]; options?: string[]; want: string }> = {
  "is done when there is nothing to do": { tasks: [], want: "successfully synced (no more tasks); delete " },
  "runs the first group": {
    tasks: [task("A", { wave: -1 }), task("B", { wave: -1 }), task("C")],
    want: "run A,B",
  },
  "runs the last group": { tasks: [task("A", { wave: -1, ...done }), task("C")], want: "run C last" },
  "waits for the health of a wave before the next": {
    tasks: [task("apps/Deployment", { wave: -1, ...running, live: {} }), task("C")],
    want: "waiting for healthy state of apps/Deployment/x",
  },
  "does not wait for health in a single wave": {
    tasks: [task("apps/Deployment", { ...running, live: {} })],
    want: "successfully synced (no more tasks); delete ",
  },
  "waits for hooks, and counts the rest": {
    tasks: [
      task("batch/Job", { phase: "PreSync", hook: true, ...running, live: {} }),
      task("Pod", { phase: "PreSync", hook: true, ...running, live: {} }),
      task("A"),
    ],
    want: "waiting for completion of hook batch/Job/x and 1 more hooks",
  },
  "waits for hooks before other resources": {
    tasks: [
      task("A", { ...running, live: {} }),
      task("batch/Job", { hook: true, ...running, live: {} }),
      task("B", { wave: 1 }),
    ],
    want: "waiting for completion of hook batch/Job/x and 1 more resources",
  },
  "waits for what is pruned to go": {
    tasks: [task("A", { prune: true, status: "Pruned", hookPhase: "Succeeded", live: ending }), task("B", { wave: 1 })],
    want: "waiting for deletion of /A/x",
  },
  "goes on when what is pruned has gone": {
    tasks: [task("A", { prune: true, status: "Pruned", hookPhase: "Succeeded" }), task("B", { wave: 1 })],
    want: "run B last",
  },
  "fails when something failed, with distinct reasons": {
    tasks: [
      task("A", { ...failed, message: "no" }),
      task("B", { ...failed, message: "no" }),
      task("C", { ...failed, message: "never" }),
      task("D", { wave: 1 }),
    ],
    want: "one or more synchronization tasks completed unsuccessfully, reason: no,never; hooks ; delete ",
  },
  "fails after a hook failed, and starts the hooks for failures": {
    tasks: [
      task("batch/Job", {
        phase: "PreSync",
        hook: true,
        status: "Synced",
        hookPhase: "Failed",
        live: {},
        policy: "HookFailed",
      }),
      task("A"),
      task("Pod", { phase: "SyncFail", hook: true }),
    ],
    want: "release Job; one or more synchronization tasks completed unsuccessfully; hooks Pod; delete Job",
  },
  "lets ended hooks go and deletes those that say so at the end": {
    tasks: [
      task("batch/Job", { phase: "PreSync", hook: true, ...done, live: {}, policy: "HookSucceeded" }),
      task("Pod", { phase: "PreSync", hook: true, ...done, live: {} }),
      task("A", done),
    ],
    want: "release Job,Pod; successfully synced (no more tasks); delete Job",
  },
  "applies only what differs when told": {
    tasks: [task("A", { modified: false, live: {} }), task("B"), task("C", { live: {} })],
    options: ["ApplyOutOfSyncOnly=true"],
    want: "run B,C last",
  },
  "does not run hooks for failures without a failure": {
    tasks: [task("A", done), task("Pod", { phase: "SyncFail", hook: true })],
    want: "successfully synced (no more tasks); delete ",
  },
};
for (const [name, { tasks, options = [], want }] of Object.entries(cases)) {
  test(`decideStep ${name}`, () => {
    const settings = settingsOf({ sync: { prune: true, syncOptions: options } }, false);
    assert.equal(describe(decideStep(tasks, settings)), want);
  });
}

test("observeRunning takes the health of what runs", () => {
  const health = (shape: Shape) =>
    observeRunning([task("batch/Job", { hook: true, ...running, ...shape })])[0]?.outcome.hookPhase;
  assert.equal(health({ live: {} }), "Running");
  assert.equal(health({ live: { status: { conditions: [{ type: "Complete", status: "True" }] } } }), "Succeeded");
  assert.equal(
    health({ live: { status: { conditions: [{ type: "Failed", status: "True", message: "m" }] } } }),
    "Failed",
  );
  assert.equal(health({ live: false }), undefined);
  const [configMap] = observeRunning([task("ConfigMap", { ...running, live: {}, message: "configmap/x created" })]);
  assert.deepEqual(configMap?.outcome, { status: "Synced", hookPhase: "Succeeded", message: "configmap/x created" });
});
