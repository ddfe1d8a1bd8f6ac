import assert from "node:assert/strict";
import { test } from "node:test";
import { applyStrategicMergePatch, type KubeObject } from "../../apimachinery/index.ts";
import { builtinSchema } from "../../apis/index.ts";
import type { PodCondition, PodStatus } from "./pod.ts";
import { createPodAddresses } from "./pod-addresses.ts";
import { statusPatch } from "./status-patch.ts";
import { podNamed } from "./testing.ts";

const at = "2026-01-02T03:04:05Z";
const condition = (type: string, more: Partial<PodCondition> = {}): PodCondition => ({
  type,
  status: "True",
  lastProbeTime: null,
  lastTransitionTime: at,
  ...more,
});
const scheduled = condition("PodScheduled");
const gate = condition("my/gate");
const cases: Record<string, { before: PodStatus; wanted: PodStatus; after?: PodStatus }> = {
  "keeps conditions of others, in the order of ours": {
    before: { phase: "Pending", conditions: [gate, scheduled] },
    wanted: { phase: "Running", conditions: [condition("Ready"), scheduled] },
    after: { phase: "Running", conditions: [condition("Ready"), scheduled, gate] },
  },
  "takes a reason out of a condition": {
    before: { conditions: [condition("Ready", { status: "False", reason: "ContainersNotReady", message: "no" })] },
    wanted: { conditions: [condition("Ready")] },
    after: { conditions: [condition("Ready")] },
  },
  "takes out what is no longer said": {
    before: { phase: "Pending", reason: "PodsAreNotRun", message: "they wait", conditions: [scheduled] },
    wanted: { phase: "Pending", conditions: [scheduled] },
    after: { phase: "Pending", conditions: [scheduled] },
  },
  "replaces an address": {
    before: { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] },
    wanted: { podIP: "10.0.0.2", podIPs: [{ ip: "10.0.0.2" }] },
    after: { podIP: "10.0.0.2", podIPs: [{ ip: "10.0.0.2" }] },
  },
  "is none when all is said": {
    before: { phase: "Running", conditions: [gate, condition("Ready")] },
    wanted: { phase: "Running", conditions: [condition("Ready")] },
  },
};
for (const [name, { before, wanted, after }] of Object.entries(cases)) {
  test(`a patch of a pod's status ${name}`, () => {
    const pod = { ...podNamed("a", {}, { uid: "u" }), status: before };
    const patch = statusPatch(pod, wanted);
    if (after === undefined) return assert.equal(patch, undefined);
    assert.ok(patch !== undefined);
    const patched = applyStrategicMergePatch(
      structuredClone(pod) as never,
      patch as never,
      builtinSchema("api.core.v1.Pod"),
    ) as unknown;
    assert.deepEqual(withoutNulls((patched as KubeObject)["status"]), withoutNulls(after));
  });
}

/** A merge leaves out the nulls of what is new; defaults bring them back. */
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item: unknown) => item ?? undefined));
}

test("addresses of pods are given out once, and again when they are free", () => {
  const addresses = createPodAddresses("10.128.8.0/29");
  assert.equal(addresses.take("old", "10.128.8.3"), "10.128.8.3");
  assert.deepEqual(
    ["a", "b", "a", "c", "d"].map((uid) => addresses.take(uid)),
    ["10.128.8.2", "10.128.8.4", "10.128.8.2", "10.128.8.5", "10.128.8.6"],
  );
  assert.equal(addresses.take("too many"), "");
  addresses.free("b");
  assert.equal(addresses.take("e", "10.9.9.9"), "10.128.8.4");
});
