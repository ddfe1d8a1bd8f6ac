import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application, SyncWindow } from "../../apis/index.ts";
import { canSync } from "./sync-windows.ts";

const app: Application = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "web-shop", namespace: "argocd" },
  spec: { project: "p", destination: { name: "in-cluster", namespace: "prod" } },
};
/** A Wednesday. */
const now = new Date("2026-01-07T12:30:00Z");
const window = (kind: string, schedule: string, more: Partial<SyncWindow> = {}): SyncWindow => ({
  kind,
  schedule,
  duration: "1h",
  applications: ["*"],
  ...more,
});
const open = "0 12 * * *";
const shut = "0 3 * * *";

const cases: Record<string, { windows: SyncWindow[]; isManual?: boolean; startedAt?: Date; want: boolean }> = {
  "no windows": { windows: [], want: true },
  "an open window that allows": { windows: [window("allow", open)], want: true },
  "a shut window that allows": { windows: [window("allow", shut)], want: false },
  "an open window that denies": { windows: [window("deny", open)], want: false },
  "a shut window that denies": { windows: [window("deny", shut)], want: true },
  "denying beats allowing": { windows: [window("allow", open), window("deny", open)], want: false },
  "one of two that allow": { windows: [window("allow", shut), window("allow", open)], want: true },
  "a person may, when the window says so": {
    windows: [window("deny", open, { manualSync: true })],
    isManual: true,
    want: true,
  },
  "a person may not otherwise": { windows: [window("deny", open)], isManual: true, want: false },
  "a person may outside of what allows": {
    windows: [window("allow", shut, { manualSync: true })],
    isManual: true,
    want: true,
  },
  "windows of other applications": { windows: [window("deny", open, { applications: ["api-*"] })], want: true },
  "windows of the namespace": {
    windows: [window("deny", open, { applications: [], namespaces: ["prod"] })],
    want: false,
  },
  "windows of the cluster": { windows: [window("deny", open, { applications: [], clusters: ["in-*"] })], want: false },
  "windows for all of several": {
    windows: [window("deny", open, { namespaces: ["test"], andOperator: true })],
    want: true,
  },
  "windows for nothing": { windows: [window("deny", open, { applications: [] })], want: true },
  "a sync that began before may end when the window says so": {
    windows: [window("deny", open, { syncOverrun: true })],
    startedAt: new Date("2026-01-07T11:00:00Z"),
    want: true,
  },
  "a sync that began before may not end otherwise": {
    windows: [window("deny", open)],
    startedAt: new Date("2026-01-07T11:00:00Z"),
    want: false,
  },
  "other time zones": { windows: [window("deny", "0 13 * * *", { timeZone: "Europe/Berlin" })], want: false },
};
for (const [name, { windows, isManual = false, startedAt, want }] of Object.entries(cases)) {
  test(`sync windows: ${name}`, () => {
    assert.equal(canSync(windows, app, { isManual, now, ...(startedAt !== undefined && { startedAt }) }), want);
  });
}

for (const schedule of ["", "* * * *", "60 * * * *"]) {
  test(`sync windows: ${JSON.stringify(schedule)} is no schedule`, () =>
    assert.throws(
      () => canSync([window("deny", schedule)], app, { isManual: false, now }),
      /^Error: cannot parse schedule/,
    ));
}

test("sync windows: one of many weeks", () => {
  const windows = [window("deny", "0 0 1 12 *", { duration: "1440h" })];
  assert.equal(canSync(windows, app, { isManual: false, now }), false);
});
