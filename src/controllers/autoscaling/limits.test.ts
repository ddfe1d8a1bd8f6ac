import assert from "node:assert/strict";
import { test } from "node:test";
import type { Autoscaler } from "./kinds.ts";
import { type History, limitReplicas, noHistory, recordScaling } from "./limits.ts";

const now = new Date("2026-01-02T12:00:00Z");
const ago = (seconds: number) => now.getTime() - seconds * 1000;

function autoscaler(behavior?: Autoscaler["spec"]["behavior"], min = 1, max = 100): Autoscaler {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h" },
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "d" },
      minReplicas: min,
      maxReplicas: max,
      ...(behavior && { behavior }),
    },
  };
}

const rules = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: { selectPolicy: "Max", policies: [{ type: "Percent", value: 50, periodSeconds: 60 }] },
};

type Case = {
  is?: Autoscaler;
  current: number;
  desired: number;
  history?: Partial<History>;
  want: number;
  able?: string;
  limited: string;
};
const cases: Record<string, Case> = {
  "what is asked for": { current: 3, desired: 5, want: 5, limited: "False DesiredWithinRange" },
  "no more than the maximum": {
    is: autoscaler(undefined, 1, 5),
    current: 4,
    desired: 9,
    want: 5,
    limited: "True TooManyReplicas",
  },
  "no fewer than the minimum": {
    is: autoscaler(undefined, 2),
    current: 4,
    desired: 1,
    want: 2,
    limited: "True TooFewReplicas",
  },
  "at most twice as many": { current: 10, desired: 50, want: 20, limited: "True ScaleUpLimit" },
  "but four at once": { current: 1, desired: 50, want: 4, limited: "True ScaleUpLimit" },
  "what was asked for in the last five minutes": {
    current: 8,
    desired: 3,
    history: {
      recommendations: [
        { replicas: 7, atMs: ago(299) },
        { replicas: 8, atMs: ago(301) },
      ],
    },
    want: 7,
    able: "ScaleDownStabilized",
    limited: "False DesiredWithinRange",
  },
  "as many more as the rules allow": {
    is: autoscaler(rules),
    current: 3,
    desired: 50,
    want: 7,
    limited: "True ScaleUpLimit",
  },
  "no more when the period is used up": {
    is: autoscaler(rules),
    current: 7,
    desired: 50,
    history: { ups: [{ change: 4, atMs: ago(10) }] },
    want: 7,
    limited: "True ScaleUpLimit",
  },
  "as many fewer as the rules allow": {
    is: autoscaler({ ...rules, scaleDown: { ...rules.scaleDown, stabilizationWindowSeconds: 0 } }),
    current: 10,
    desired: 1,
    want: 5,
    limited: "True ScaleDownLimit",
  },
  "fewer only when that has been so for five minutes": {
    is: autoscaler(rules),
    current: 10,
    desired: 1,
    history: { recommendations: [{ replicas: 10, atMs: ago(200) }] },
    want: 10,
    able: "ScaleDownStabilized",
    limited: "False DesiredWithinRange",
  },
  "more only when that has been so for its window": {
    is: autoscaler({ ...rules, scaleUp: { ...rules.scaleUp, stabilizationWindowSeconds: 60 } }),
    current: 3,
    desired: 6,
    history: { recommendations: [{ replicas: 3, atMs: ago(30) }] },
    want: 3,
    able: "ScaleUpStabilized",
    limited: "False DesiredWithinRange",
  },
  "no fewer when that is disabled": {
    is: autoscaler({ ...rules, scaleDown: { selectPolicy: "Disabled", policies: [], stabilizationWindowSeconds: 0 } }),
    current: 10,
    desired: 1,
    want: 10,
    limited: "True ScaleDownLimit",
  },
};
for (const [name, { is = autoscaler(), current, desired, history, want, able, limited }] of Object.entries(cases)) {
  test(`an autoscaler sets ${name}`, () => {
    const found = limitReplicas(is, { current, desired }, { ...noHistory, ...history }, now);
    const [isAble, isLimited] = found.conditions;
    assert.equal(found.replicas, want);
    assert.equal(isAble?.reason, able ?? "ReadyForNewScale");
    assert.equal(`${isLimited?.status} ${isLimited?.reason}`, limited);
    assert.equal(found.history.recommendations.at(-1)?.replicas, desired);
  });
}

test("changes are remembered for the longest period of the rules", () => {
  const old = {
    ...noHistory,
    downs: [
      { change: 1, atMs: ago(61) },
      { change: 2, atMs: ago(59) },
    ],
  };
  const { downs, ups } = recordScaling(autoscaler(rules), { from: 5, to: 3 }, old, now);
  assert.deepEqual(
    [downs, ups],
    [
      [
        { change: 2, atMs: ago(59) },
        { change: 2, atMs: now.getTime() },
      ],
      [],
    ],
  );
  assert.equal(recordScaling(autoscaler(), { from: 5, to: 3 }, old, now), old);
});
