import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { createLog } from "../../lib/index.ts";
import { logChange } from "./log-change.ts";

const application = (status?: object): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "web" },
  ...(status === undefined ? {} : { status }),
});
const synced = {
  sync: { status: "Synced" },
  health: { status: "Healthy" },
  operationState: { phase: "Succeeded", message: "successfully synced" },
};
const failed = { ...synced, operationState: { phase: "Failed", message: "one or more objects failed to apply" } };
const unreadable = { ...synced, conditions: [{ type: "ComparisonError", message: "a.yaml: line 3" }] };

const cases: Record<string, { before?: KubeObject; after?: KubeObject; want: RegExp | undefined }> = {
  "says when an application becomes synced": {
    before: application(),
    after: application(synced),
    want: /"info".*changed.*"Synced"/,
  },
  "says nothing when only times have changed": {
    before: application({ ...synced, reconciledAt: "1" }),
    after: application({ ...synced, reconciledAt: "2" }),
    want: undefined,
  },
  "warns with the reason when a sync failed": {
    before: application(synced),
    after: application(failed),
    want: /"warn".*failed to apply/,
  },
  "warns with the condition when a source cannot be read": {
    before: application(synced),
    after: application(unreadable),
    want: /"warn".*ComparisonError: a.yaml: line 3/,
  },
  "says nothing of an application that nobody has looked at": { after: application(), want: undefined },
  "says when an application is gone": { before: application(synced), want: /is gone/ },
};
for (const [name, { before, after, want }] of Object.entries(cases)) {
  test(`logChange ${name}`, () => {
    const lines: string[] = [];
    logChange(createLog({ level: "info", write: (line) => lines.push(line) }), before, after);
    if (want === undefined) assert.deepEqual(lines, []);
    else assert.match(lines.join(""), want);
  });
}
