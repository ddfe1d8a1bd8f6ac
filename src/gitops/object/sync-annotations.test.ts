import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { deletePoliciesOf, optionIn, type Role, roleOf, syncOption, waveOf } from "./sync-annotations.ts";

function annotated(annotations: Record<string, string>): KubeObject {
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name: "x", annotations } };
}
const argo = (name: string) => `argocd.argoproj.io/${name}`;

const roles: Record<string, { annotations: Record<string, string>; want: Role }> = {
  "without annotations": { annotations: {}, want: { role: "resource" } },
  PreSync: { annotations: { [argo("hook")]: "PreSync" }, want: { role: "hook", phases: ["PreSync"] } },
  "several phases": {
    annotations: { [argo("hook")]: "PostSync, PreSync" },
    want: { role: "hook", phases: ["PreSync", "PostSync"] },
  },
  Skip: { annotations: { [argo("hook")]: "Skip" }, want: { role: "skip" } },
  "Helm pre-install": {
    annotations: { "helm.sh/hook": "pre-install,pre-upgrade" },
    want: { role: "hook", phases: ["PreSync"] },
  },
  "Helm post-upgrade": {
    annotations: { "helm.sh/hook": "post-upgrade" },
    want: { role: "hook", phases: ["PostSync"] },
  },
  "Helm crd-install": { annotations: { "helm.sh/hook": "crd-install" }, want: { role: "resource" } },
  "Helm test": { annotations: { "helm.sh/hook": "test" }, want: { role: "ignore" } },
  PostDelete: { annotations: { [argo("hook")]: "PostDelete" }, want: { role: "ignore" } },
  "Argo's beats Helm's": {
    annotations: { [argo("hook")]: "Sync", "helm.sh/hook": "post-install" },
    want: { role: "hook", phases: ["Sync"] },
  },
  "a delete policy without a hook": {
    annotations: { [argo("hook-delete-policy")]: "HookSucceeded" },
    want: { role: "resource" },
  },
};
for (const [name, { annotations, want }] of Object.entries(roles)) {
  test(`role of an object with ${name}`, () => assert.deepEqual(roleOf(annotated(annotations)), want));
}

test("a hook is deleted before it is created again unless it says otherwise", () => {
  assert.deepEqual(deletePoliciesOf(annotated({})), ["BeforeHookCreation"]);
  assert.deepEqual(deletePoliciesOf(annotated({ [argo("hook-delete-policy")]: "HookSucceeded,HookFailed" })), [
    "HookSucceeded",
    "HookFailed",
  ]);
  assert.deepEqual(deletePoliciesOf(annotated({ "helm.sh/hook-delete-policy": "hook-succeeded" })), ["HookSucceeded"]);
});

test("waves are whole numbers, Helm's weight stands in", () => {
  assert.equal(waveOf(annotated({ [argo("sync-wave")]: "-20", "helm.sh/hook-weight": "5" })), -20);
  assert.equal(waveOf(annotated({ "helm.sh/hook-weight": "5" })), 5);
  assert.equal(waveOf(annotated({ [argo("sync-wave")]: "first" })), 0);
});

test("options stand in lists separated by commas", () => {
  const object = annotated({ [argo("sync-options")]: "Prune=false, Replace=true" });
  assert.equal(syncOption(object, "Prune"), "false");
  assert.equal(syncOption(object, "Replace"), "true");
  assert.equal(syncOption(object, "Force"), undefined);
  assert.equal(optionIn(["PruneLast=true", "Prune=false"], "Prune"), "false");
});
