import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../workloads/kinds.ts";
import { type Goal, milliValue, proposeReplicas, requestsOf } from "./usage.ts";

const now = new Date("2026-01-02T12:00:00Z");
const long = "2026-01-02T10:00:00Z";

type Looks = { phase?: string; ready?: string; start?: string; readyAt?: string; deleted?: boolean };

function podOf(name: string, looks: Looks = {}): Pod {
  const { phase = "Running", ready = "True", start = long, readyAt = long, deleted = false } = looks;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...(deleted && { deletionTimestamp: long }) },
    spec: { containers: [{ name: "c", resources: { requests: { cpu: "1", memory: "1Gi" } } }] },
    status: {
      phase,
      ...{ startTime: start },
      conditions: [{ type: "Ready", status: ready, lastTransitionTime: readyAt }],
    },
  };
}

type Case = {
  pods: Looks[] /** CPU in thousandths; `undefined` where nothing is known. */;
  usage: (number | undefined)[];
  percent?: number;
  average?: number;
  current: number;
  want: number;
};

/** Requests are 1000 each. */
const cases: Record<string, Case> = {
  "more for more": { pods: [{}, {}, {}], usage: [300, 500, 700], percent: 30, current: 3, want: 5 },
  "fewer for less": { pods: [{}, {}, {}, {}, {}], usage: [100, 300, 500, 250, 250], percent: 50, current: 5, want: 3 },
  "none for a change below the tolerance": {
    pods: [{}, {}, {}],
    usage: [1010, 1030, 1020],
    percent: 100,
    current: 3,
    want: 3,
  },
  "unready pods dampen growth": {
    pods: [{}, {}, { ready: "False", start: "2026-01-02T11:59:00Z" }],
    usage: [500, 700, 900],
    percent: 30,
    current: 3,
    want: 4,
  },
  "pending pods dampen growth": {
    pods: [{}, { phase: "Pending" }, { phase: "Pending" }],
    usage: [500, 500, 500],
    percent: 30,
    current: 3,
    want: 3,
  },
  "unknown pods dampen growth": { pods: [{}, {}, {}], usage: [500, 700, undefined], percent: 30, current: 3, want: 4 },
  "unknown pods dampen shrinking": {
    pods: [{}, {}, {}, {}],
    usage: [100, 100, 100, undefined],
    percent: 50,
    current: 4,
    want: 3,
  },
  "deleted and failed pods do not count": {
    pods: [{}, { deleted: true }, { phase: "Failed" }],
    usage: [600, 900, 900],
    percent: 30,
    current: 3,
    want: 2,
  },
  "averages have their own target": { pods: [{}, {}], usage: [1000, 2000], average: 500, current: 2, want: 6 },
  "a pod that has just become ready does not count yet": {
    pods: [{}, { start: "2026-01-02T11:59:00Z", readyAt: "2026-01-02T11:59:58Z" }],
    usage: [600, 5000],
    percent: 30,
    current: 2,
    want: 2,
  },
};
for (const [name, { pods: looks, usage, percent, average, current, want }] of Object.entries(cases)) {
  test(`replicas: ${name}`, () => {
    const pods = looks.map((look, index) => podOf(`p${index}`, look));
    const known = usage.flatMap((value, index) =>
      value === undefined ? [] : [[`p${index}`, { value, timestampMs: now.getTime(), windowMs: 60_000 }] as const],
    );
    const goal: Goal =
      percent === undefined
        ? { kind: "average", target: average ?? 0 }
        : { kind: "utilization", targetPercent: percent, requests: () => requestsOf(pods, "cpu", "") };
    assert.equal(proposeReplicas(pods, new Map(known), goal, "cpu", current, now).replicas, want);
  });
}

test("nothing to measure is said", () => {
  const goal: Goal = { kind: "average", target: 1 };
  const propose = (pods: Pod[]) => () => proposeReplicas(pods, new Map(), goal, "cpu", 1, now);
  assert.throws(propose([]), /^Error: no pods returned by selector while calculating replica count$/);
  assert.throws(propose([podOf("a")]), /^Error: did not receive metrics for targeted pods \(pods might be unready\)$/);
  assert.throws(() => requestsOf([podOf("a")], "gpu", ""), /^Error: missing request for gpu in container c of Pod a$/);
});

test("quantities in thousandths are rounded up", () => {
  assert.deepEqual(["100m", "1", "1500u", "1Ki", 2].map(milliValue), [100, 1000, 2, 1_024_000, 2000]);
});
