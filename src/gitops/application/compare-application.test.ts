import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { keyOf } from "../object/key.ts";
import type { Target } from "../target/normalize-targets.ts";
import { type CompareInput, compareApplication } from "./compare-application.ts";

function object(name: string, annotations: Record<string, string> = {}, kind = "ConfigMap"): KubeObject {
  return { apiVersion: "v1", kind, metadata: { name, namespace: "n", annotations } };
}

function live(name: string, annotations: Record<string, string> = {}, app = "shop", kind = "ConfigMap"): KubeObject {
  return object(name, { "argocd.argoproj.io/tracking-id": `${app}:/${kind}:n/${name}`, ...annotations }, kind);
}

function target(made: KubeObject): Target {
  return { key: keyOf(made), object: made, file: "a.yaml", line: 1 };
}

type Given = {
  targets?: KubeObject[];
  live?: KubeObject[];
  modified?: string[];
  forbidden?: string[];
  namespaceChanged?: boolean;
};

function compare({ targets = [], live: objects = [], modified = [], forbidden = [], namespaceChanged = false }: Given) {
  const byKey = new Map(objects.map((one) => [keyOf(one), one]));
  const input: CompareInput = {
    app: "shop",
    qualifiedName: "argocd/shop",
    targets: targets.map(target),
    liveOf: ({ key }) => byKey.get(key),
    owned: objects.filter((one) => one.metadata.annotations?.["argocd.argoproj.io/tracking-id"]?.startsWith("shop:")),
    isModified: ({ object: made }) => modified.includes(made.metadata.name ?? ""),
    isPermitted: ({ metadata }) => !forbidden.includes(metadata.name ?? ""),
    hasChangedNamespaceMetadata: namespaceChanged,
    confirmOptions: { delete: undefined, prune: undefined },
  };
  return compareApplication(input);
}

const hook = { "argocd.argoproj.io/hook": "PreSync" };

const cases: Record<string, { given: Given; status: string; resources: string[] }> = {
  "nothing at all": { given: {}, status: "Synced", resources: [] },
  "what is as wanted": {
    given: { targets: [object("a")], live: [live("a")] },
    status: "Synced",
    resources: ["a Synced"],
  },
  "what is missing": { given: { targets: [object("a")] }, status: "OutOfSync", resources: ["a OutOfSync Missing"] },
  "what differs": {
    given: { targets: [object("a"), object("b")], live: [live("a"), live("b")], modified: ["b"] },
    status: "OutOfSync",
    resources: ["a Synced", "b OutOfSync"],
  },
  "what is too much": { given: { live: [live("a")] }, status: "OutOfSync", resources: ["a OutOfSync prune"] },
  "what is too much and may be": {
    given: { live: [live("a", { "argocd.argoproj.io/compare-options": "IgnoreExtraneous" })] },
    status: "Synced",
    resources: ["a OutOfSync prune"],
  },
  "a copy that another controller made": {
    given: { live: [{ ...live("a"), metadata: { ...live("a").metadata, name: "copy" } }] },
    status: "Synced",
    resources: ["copy undefined"],
  },
  "hooks that are left": {
    given: { targets: [object("a"), object("h", hook)], live: [live("a"), live("h", hook)] },
    status: "Synced",
    resources: ["a Synced", "h undefined prune hook"],
  },
  "hooks that do not exist": { given: { targets: [object("h", hook)] }, status: "Synced", resources: [] },
  "skipped objects": {
    given: { targets: [object("s", { "argocd.argoproj.io/hook": "Skip" })] },
    status: "Synced",
    resources: ["s undefined Missing"],
  },
  "what the project forbids": {
    given: { targets: [object("a")], forbidden: ["a"] },
    status: "OutOfSync",
    resources: ["a Unknown Missing"],
  },
  "changed labels of the namespace": {
    given: { targets: [object("a")], live: [live("a")], namespaceChanged: true },
    status: "OutOfSync",
    resources: ["a Synced"],
  },
  "what must be confirmed": {
    given: { targets: [object("a", { "argocd.argoproj.io/sync-options": "Delete=confirm" })] },
    status: "OutOfSync",
    resources: ["a OutOfSync Missing confirm"],
  },
};
for (const [name, { given, status, resources }] of Object.entries(cases)) {
  test(`compareApplication with ${name}`, () => {
    const comparison = compare(given);
    assert.equal(comparison.status, status);
    const described = comparison.resources.map((resource) =>
      [
        resource.name,
        resource.status ?? "undefined",
        resource.health?.status,
        resource.requiresPruning && "prune",
        resource.hook && "hook",
        resource.requiresDeletionConfirmation && "confirm",
      ]
        .filter(Boolean)
        .join(" "),
    );
    assert.deepEqual(described, resources);
  });
}

test("compareApplication tells of objects that another application has too", () => {
  const { warnings } = compare({ targets: [object("a")], live: [live("a", {}, "other_ns_x")] });
  assert.deepEqual(warnings, [
    { type: "SharedResourceWarning", message: "ConfigMap/a is part of applications argocd/shop and other/ns_x" },
  ]);
});

test("compareApplication sorts resources and says their waves", () => {
  const wave = { "argocd.argoproj.io/sync-wave": "-3" };
  const { resources } = compare({ targets: [object("b", wave), object("a"), object("a", {}, "Secret")] });
  assert.deepEqual(
    resources.map(({ kind, name, syncWave }) => [kind, name, syncWave]),
    [
      ["ConfigMap", "a", undefined],
      ["ConfigMap", "b", -3],
      ["Secret", "a", undefined],
    ],
  );
});
