import assert from "node:assert/strict";
import { test } from "node:test";
import { planDeployment } from "./deployment-plan.ts";
import { type Deployment, type ReplicaSet, scaledValue } from "./kinds.ts";

const now = new Date("2026-01-02T03:04:05Z");
const template = (image: string) => ({ metadata: { labels: { app: "web" } }, spec: { containers: [{ image }] } });

function deployment(spec: Partial<Deployment["spec"]> = {}): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", uid: "web", generation: 1 },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: "web" } },
      template: template("new"),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      ...spec,
    },
  };
}

function set(
  image: string,
  replicas: number,
  available: number,
  more: { revision?: string; age?: number } = {},
): ReplicaSet {
  const created = new Date(now.getTime() - (more.age ?? 1) * 3_600_000).toISOString();
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `web-${image}`,
      uid: image,
      generation: 1,
      creationTimestamp: created,
      annotations: {
        "deployment.kubernetes.io/revision": more.revision ?? "1",
        "deployment.kubernetes.io/desired-replicas": "10",
        "deployment.kubernetes.io/max-replicas": "13",
      },
    },
    spec: { replicas, template: template(image) },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}

/** The sizes that a plan gives to sets; those that keep theirs are not in it. */
function sizes(wanted: Deployment, sets: ReplicaSet[]): Record<string, number | undefined> {
  const plan = planDeployment(wanted, sets, () => [], now);
  const all = [...(plan.create === undefined ? [] : [plan.create]), ...plan.updates];
  return Object.fromEntries(all.map(({ set: each }) => [imageOf(each), each.spec.replicas]));
}

function imageOf({ spec }: ReplicaSet): string {
  return (spec.template.spec["containers"] as { image: string }[])[0]?.image ?? "";
}

const cases: Record<string, { wanted?: Partial<Deployment["spec"]>; sets: ReplicaSet[]; want: object }> = {
  "makes the first set in full size": { sets: [], want: { new: 10 } },
  // It takes the pods that nobody needs from the old set at once: 13 - 8 - 3 that are not available yet.
  "makes a new set as large as the surge lets it": { sets: [set("old", 10, 10)], want: { new: 3, old: 8 } },
  "waits when nothing may go": { sets: [set("old", 8, 8), set("new", 5, 0, { revision: "2" })], want: {} },
  "takes as many old pods as enough new ones are available": {
    sets: [set("old", 8, 8), set("new", 5, 2, { revision: "2" })],
    want: { old: 6 },
  },
  "takes old pods that serve nobody first": {
    sets: [set("old", 8, 8, { age: 2 }), set("bad", 2, 0), set("new", 3, 3, { revision: "3" })],
    want: { bad: 0, old: 5 },
  },
  "trusts no set whose count has not followed its size": {
    sets: [set("old", 5, 20), set("new", 8, 0, { revision: "2" })],
    want: {},
  },
  "with neither surge nor room for loss it ends one pod at a time": {
    wanted: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: "1%" } } },
    sets: [set("old", 10, 10), set("new", 0, 0, { revision: "2" })],
    want: { old: 9 },
  },
  "recreating ends all old pods first": {
    wanted: { strategy: { type: "Recreate" } },
    sets: [set("old", 10, 10)],
    want: { old: 0 },
  },
  "recreating waits for old pods that are still counted": {
    wanted: { strategy: { type: "Recreate" } },
    sets: [{ ...set("old", 0, 0), status: { replicas: 1 } }],
    want: {},
  },
  "scaling up is spread by size, the rest goes to the largest": {
    wanted: { replicas: 30, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } },
    sets: [set("old", 8, 8), set("new", 5, 0, { revision: "2" })],
    want: { old: 20, new: 13 },
  },
  "a paused deployment scales its only set": {
    wanted: { paused: true, replicas: 4 },
    sets: [set("old", 10, 10)],
    want: { old: 4 },
  },
  "a deployment scaled to nothing ends all sets": {
    wanted: { replicas: 0 },
    sets: [set("old", 8, 8), set("new", 5, 0, { revision: "2" })],
    want: { old: 0, new: 0 },
  },
};
for (const [name, { wanted, sets, want }] of Object.entries(cases)) {
  test(`planDeployment ${name}`, () => assert.deepEqual(sizes(deployment(wanted), sets), want));
}

test("planDeployment deletes the oldest idle sets beyond the history once the rollout is complete", () => {
  const done = { replicas: 10, updatedReplicas: 10, availableReplicas: 10, observedGeneration: 1 };
  const wanted = { ...deployment({ revisionHistoryLimit: 1 }), status: done };
  const idle = ["1", "2", "3"].map((revision) => set(`old${revision}`, 0, 0, { revision }));
  const busy = { ...set("busy", 0, 0, { revision: "0" }), status: { replicas: 1, observedGeneration: 1 } };
  const sets = [...idle, busy, set("new", 10, 10, { revision: "4" })];
  const plan = planDeployment(wanted, sets, () => [], now);
  assert.deepEqual(plan.remove.map(imageOf), ["old1", "old2"]);
});

test("planDeployment changes nothing that it was given", () => {
  const [wanted, sets] = [deployment(), [set("old", 10, 10)]];
  const before = JSON.stringify([wanted, sets]);
  planDeployment(wanted, sets, () => [], now);
  assert.equal(JSON.stringify([wanted, sets]), before);
});

test("shares of pods are rounded up or down", () => {
  assert.deepEqual(
    [
      scaledValue("25%", 10, "up"),
      scaledValue("25%", 10, "down"),
      scaledValue(7, 10, "up"),
      scaledValue(undefined, 1, "up"),
    ],
    [3, 2, 7, 0],
  );
});
