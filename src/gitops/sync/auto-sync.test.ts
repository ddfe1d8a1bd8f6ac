import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApplicationSource, OperationState, ResourceStatus } from "../../apis/index.ts";
import { type AutoSyncInput, decideAutoSync } from "./auto-sync.ts";

const now = new Date("2026-01-01T12:00:00Z");
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();
const source: ApplicationSource = { repoURL: "https://example.com/a.git", path: "x" };
const out: ResourceStatus = { kind: "ConfigMap", name: "a", namespace: "n", status: "OutOfSync" };
const extra: ResourceStatus = { ...out, name: "b", requiresPruning: true };

function last(more: Partial<OperationState> & { heals?: number; revision?: string } = {}): OperationState {
  const { heals, revision = "c1", ...state } = more;
  return {
    operation: { sync: heals === undefined ? {} : { autoHealAttemptsCount: heals } },
    phase: "Succeeded",
    startedAt: secondsAgo(20),
    finishedAt: secondsAgo(10),
    syncResult: { revision, source },
    ...state,
  };
}

const base: AutoSyncInput = {
  policy: { automated: { prune: true, selfHeal: true } },
  sources: [source],
  isMultiSource: false,
  revisions: ["c1"],
  status: "OutOfSync",
  resources: [out, { ...out, name: "c", status: "Synced" }],
  last: undefined,
  now,
  mayHaveHealed: false,
};
const failed = (message: string) =>
  last({
    phase: "Failed",
    message: "failed",
    syncResult: {
      revision: "c1",
      source,
      resources: [{ group: "", version: "v1", kind: "A", namespace: "", name: "a", status: "SyncFailed", message }],
    },
  });

const cases: Record<string, { input: Partial<AutoSyncInput>; want: string }> = {
  "starts the first sync": { input: {}, want: "start all" },
  "does nothing without a policy": { input: { policy: {} }, want: "nothing" },
  "does nothing when switched off": { input: { policy: { automated: { enabled: false } } }, want: "nothing" },
  "does nothing when synced": { input: { status: "Synced" }, want: "nothing" },
  "does nothing when unknown": { input: { status: "Unknown" }, want: "nothing" },
  "does nothing when only prunes remain": {
    input: { policy: { automated: {} }, resources: [extra, { ...out, status: "Synced" }] },
    want: "nothing",
  },
  "syncs a new revision": { input: { last: last({ revision: "c0" }) }, want: "start all" },
  "syncs a changed source": { input: { last: last(), sources: [{ ...source, path: "y" }] }, want: "start all" },
  "leaves drift alone without selfHeal": { input: { policy: { automated: {} }, last: last() }, want: "nothing" },
  "heals drift, and only what drifted": { input: { last: last() }, want: "start ConfigMap/a heal 1" },
  "heals at once a few times": {
    input: { last: last({ heals: 4, finishedAt: secondsAgo(0) }) },
    want: "start ConfigMap/a heal 5",
  },
  "slows down when somebody fights": {
    input: { last: last({ heals: 5, finishedAt: secondsAgo(1) }) },
    want: "later 1000",
  },
  "slows down further": { input: { last: last({ heals: 7, finishedAt: secondsAgo(8) }) }, want: "later 10000" },
  "forgets a fight that is long over": {
    input: { last: last({ heals: 9, finishedAt: secondsAgo(90) }) },
    want: "start ConfigMap/a heal 1",
  },
  "refuses to delete everything": {
    input: { resources: [extra] },
    want: "complain Skipping sync attempt to [c1]: auto-sync will wipe out all resources",
  },
  "deletes everything when allowed": {
    input: { resources: [extra], policy: { automated: { prune: true, allowEmpty: true } } },
    want: "start all",
  },
  "does not repeat a sync that cannot succeed": {
    input: { last: failed("Invalid value") },
    want: "complain Failed last sync attempt to [c1]: failed",
  },
  "repeats a failure that can heal, later": {
    input: { last: failed('namespaces "x" not found') },
    want: "complain Failed last sync attempt to [c1]: failed in 170000",
  },
  "repeats it at once when it may have healed": {
    input: { last: failed('namespaces "x" not found'), mayHaveHealed: true },
    want: "start all",
  },
  "does not repeat one without results": {
    input: { last: { ...last({ phase: "Error", message: "no" }), syncResult: undefined } },
    want: "complain Failed last sync attempt to []: no",
  },
};
for (const [name, { input, want }] of Object.entries(cases)) {
  test(`decideAutoSync ${name}`, () => {
    const decision = decideAutoSync({ ...base, ...input });
    const { do: what } = decision;
    if (decision.do === "start") {
      const { resources, autoHealAttemptsCount } = decision.operation.sync ?? {};
      const which = resources?.map(({ kind, name: named }) => `${kind}/${named}`).join(" ") ?? "all";
      assert.equal(
        `start ${which}${autoHealAttemptsCount === undefined ? "" : ` heal ${autoHealAttemptsCount}`}`,
        want,
      );
    } else if (decision.do === "later") assert.equal(`later ${decision.afterMs}`, want);
    else if (decision.do === "complain") {
      const later = decision.afterMs === undefined ? "" : ` in ${decision.afterMs}`;
      assert.equal(`complain ${decision.condition.message}${later}`, want);
    } else assert.equal(what, want);
  });
}

test("an automatic operation carries the policy and the revision", () => {
  const policy = { automated: { prune: true }, syncOptions: ["CreateNamespace=true"], retry: { limit: 2 } };
  const decision = decideAutoSync({ ...base, policy });
  assert.deepEqual(decision, {
    do: "start",
    operation: {
      initiatedBy: { automated: true },
      retry: { limit: 2 },
      sync: { source, revision: "c1", prune: true, syncOptions: ["CreateNamespace=true"] },
    },
  });
});
