import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { keyOf } from "../object/key.ts";
import type { Target } from "../target/normalize-targets.ts";
import { type Pair, type PlanInput, planTasks } from "./plan-tasks.ts";
import { settingsOf } from "./settings.ts";
import { objectOf } from "./task.ts";

type Shape = {
  wave?: number;
  annotations?: Record<string, string>;
  namespace?: string;
  generateName?: string;
  more?: object;
};

/** `apps/v1/Deployment/web` with a wave and so on. */
function object(name: string, { wave, annotations, namespace, generateName, more }: Shape = {}): KubeObject {
  const parts = name.split("/");
  const [kind = "", own = ""] = parts.slice(-2);
  const waves: Record<string, string> = wave === undefined ? {} : { "argocd.argoproj.io/sync-wave": String(wave) };
  return {
    apiVersion: parts.slice(0, -2).join("/"),
    kind,
    metadata: {
      ...(generateName === undefined ? { name: own } : { generateName }),
      ...(namespace !== undefined && { namespace }),
      annotations: { ...waves, ...annotations },
    },
    ...more,
  };
}

function target(name: string, shape?: Shape): Target {
  const made = object(name, shape);
  return { key: keyOf(made), object: made, file: "a.yaml", line: 1 };
}

function wanted(name: string, shape?: Shape): Pair {
  const made = target(name, shape);
  return { key: made.key, target: made, modified: true };
}

function extra(name: string, shape?: Shape): Pair {
  const live = object(name, shape);
  return { key: keyOf(live), live, modified: true };
}

const crd = { spec: { group: "example.com", names: { kind: "Widget" } } };
const hook = (phases: string) => ({ "argocd.argoproj.io/hook": phases });

function plan(input: Partial<PlanInput>): string[] {
  const tasks = planTasks({
    pairs: [],
    hooks: [],
    liveOf: () => undefined,
    namespace: "work",
    isKnown: ({ apiVersion }) => apiVersion !== "example.com/v1",
    settings: settingsOf({ sync: { prune: true } }, false),
    revision: "0123456789abcdef",
    startedAt: new Date(1_700_000_000_000),
    results: new Map(),
    track: (made) => made,
    ...input,
  });
  return tasks.map((task) => {
    const made = objectOf(task);
    const prune = task.target === undefined ? "-" : "";
    return `${task.phase} ${task.wave} ${prune}${made.kind}/${made.metadata.name}${task.skipDryRun ? " undried" : ""}`;
  });
}

const options = (...syncOptions: string[]) => settingsOf({ sync: { prune: true, syncOptions } }, false);

const cases: Record<string, { input: Partial<PlanInput>; want: string[] }> = {
  "nothing for nothing": { input: {}, want: [] },
  "by wave, then kind, then name": {
    input: {
      pairs: [
        wanted("apps/v1/Deployment/b"),
        wanted("v1/Service/a"),
        wanted("v1/ConfigMap/z"),
        wanted("v1/ConfigMap/y"),
        wanted("v1/Secret/last", { wave: 1 }),
        wanted("example.org/v1/Unknown/u"),
        wanted("networking.k8s.io/v1/Ingress/first", { wave: -1 }),
      ],
    },
    want: [
      "Sync -1 Ingress/first",
      "Sync 0 ConfigMap/y",
      "Sync 0 ConfigMap/z",
      "Sync 0 Service/a",
      "Sync 0 Deployment/b",
      "Sync 0 Unknown/u",
      "Sync 1 Secret/last",
    ],
  },
  "hooks by phase, once per phase": {
    input: {
      pairs: [wanted("v1/ConfigMap/a")],
      hooks: [
        target("batch/v1/Job/post", { annotations: hook("PostSync") }),
        target("batch/v1/Job/pre", { annotations: hook("PreSync") }),
        target("batch/v1/Job/both", { annotations: hook("PreSync,PostSync"), wave: 1 }),
        target("batch/v1/Job/fail", { annotations: hook("SyncFail") }),
      ],
    },
    want: [
      "PreSync 0 Job/pre",
      "PreSync 1 Job/both",
      "Sync 0 ConfigMap/a",
      "PostSync 0 Job/post",
      "PostSync 1 Job/both",
      "SyncFail 0 Job/fail",
    ],
  },
  "hooks with generated names by revision, phase and start": {
    input: { hooks: [target("batch/v1/Job/", { annotations: hook("PreSync"), generateName: "migrate-" })] },
    want: ["PreSync 0 Job/migrate-0123456-presync-1700000000"],
  },
  "no hooks for a part of the application": {
    input: {
      pairs: [wanted("v1/ConfigMap/a"), wanted("v1/ConfigMap/b")],
      hooks: [target("batch/v1/Job/pre", { annotations: hook("PreSync") })],
      settings: settingsOf({ sync: { resources: [{ kind: "ConfigMap", name: "b" }] } }, false),
    },
    want: ["Sync 0 ConfigMap/b"],
  },
  "namespaces before what is in them, whatever their wave": {
    input: {
      pairs: [
        wanted("v1/Namespace/team", { wave: 5 }),
        wanted("v1/ConfigMap/a", { namespace: "team", wave: -2 }),
        wanted("v1/ConfigMap/b", { namespace: "other", wave: -2 }),
      ],
    },
    want: ["Sync -2 Namespace/team", "Sync -2 ConfigMap/a", "Sync -2 ConfigMap/b"],
  },
  "a namespace before the hook that uses it": {
    input: {
      pairs: [wanted("v1/Namespace/team")],
      hooks: [target("batch/v1/Job/pre", { annotations: hook("PreSync"), namespace: "team" })],
    },
    want: ["PreSync 0 Namespace/team", "PreSync 0 Job/pre"],
  },
  "CRDs before objects of their kind, which a dry run cannot judge": {
    input: {
      pairs: [
        wanted("example.com/v1/Widget/w", { wave: -1 }),
        wanted("apiextensions.k8s.io/v1/CustomResourceDefinition/widgets.example.com", { more: crd }),
      ],
    },
    want: ["Sync -1 CustomResourceDefinition/widgets.example.com", "Sync -1 Widget/w undried"],
  },
  "unknown kinds that may be unknown": {
    input: {
      pairs: [
        wanted("example.com/v1/Widget/w", {
          annotations: { "argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true" },
        }),
        wanted("example.com/v1/Other/o"),
      ],
    },
    want: ["Sync 0 Other/o", "Sync 0 Widget/w undried"],
  },
  "prunes in reverse waves": {
    input: {
      pairs: [
        extra("v1/ConfigMap/a", { wave: -1 }),
        extra("v1/ConfigMap/b", { wave: 0 }),
        extra("v1/ConfigMap/c", { wave: 3 }),
        wanted("v1/ConfigMap/new", { wave: 1 }),
      ],
    },
    want: ["Sync -1 -ConfigMap/c", "Sync 0 -ConfigMap/b", "Sync 1 ConfigMap/new", "Sync 3 -ConfigMap/a"],
  },
  "prunes last when told": {
    input: {
      pairs: [extra("v1/ConfigMap/a"), extra("v1/ConfigMap/b", { wave: 2 }), wanted("v1/ConfigMap/new", { wave: 4 })],
      settings: options("PruneLast=true"),
    },
    want: ["Sync 4 ConfigMap/new", "Sync 5 -ConfigMap/a", "Sync 5 -ConfigMap/b"],
  },
  "one prune last when it asks": {
    input: {
      pairs: [
        extra("v1/ConfigMap/a", { annotations: { "argocd.argoproj.io/sync-options": "PruneLast=true" } }),
        wanted("v1/ConfigMap/new", { wave: 1 }),
      ],
    },
    want: ["Sync 1 ConfigMap/new", "Sync 2 -ConfigMap/a"],
  },
  "hooks that are left are not pruned": {
    input: { pairs: [extra("batch/v1/Job/pre", { annotations: hook("PreSync") })] },
    want: [],
  },
  "objects to skip are skipped": {
    input: { pairs: [wanted("v1/ConfigMap/a", { annotations: hook("Skip") })] },
    want: [],
  },
  "the namespace of the destination first": {
    input: { pairs: [wanted("v1/ConfigMap/a", { namespace: "work" })], namespacePair: wanted("v1/Namespace/work") },
    want: ["PreSync 0 Namespace/work", "Sync 0 ConfigMap/a"],
  },
};
for (const [name, { input, want }] of Object.entries(cases)) {
  test(`planTasks orders ${name}`, () => assert.deepEqual(plan(input), want));
}

test("planTasks gives hooks a finalizer and tasks their results", () => {
  const pre = target("batch/v1/Job/pre", { annotations: hook("PreSync") });
  const result = { group: "batch", version: "v1", kind: "Job", namespace: "", name: "pre", syncPhase: "PreSync" };
  const [task] = planTasks({
    pairs: [],
    hooks: [pre],
    liveOf: (key) => (key === pre.key ? pre.object : undefined),
    namespace: "",
    isKnown: () => true,
    settings: settingsOf({ sync: {} }, false),
    revision: "r",
    startedAt: new Date(0),
    results: new Map([["batch/Job//pre:PreSync", result]]),
    track: (made) => made,
  });
  assert.deepEqual(task?.target?.object.metadata.finalizers, ["argocd.argoproj.io/hook-finalizer"]);
  assert.equal(task?.live, pre.object);
  assert.equal(task?.result, result);
});
