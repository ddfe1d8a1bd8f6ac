import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { IgnoreDifference } from "../../apis/index.ts";
import { isModified } from "./compare-object.ts";
import { compileIgnoreDifferences, withLiveValues } from "./ignore-differences.ts";

type Shape = { metadata?: object; [field: string]: unknown };

function deployment(shape: Shape): KubeObject {
  const { metadata, ...rest } = shape;
  return { apiVersion: "apps/v1", kind: "Deployment", ...rest, metadata: { name: "web", namespace: "n", ...metadata } };
}

const cases: Record<string, { live: Shape; predicted: Shape; ignore?: IgnoreDifference[]; want: boolean }> = {
  "nothing changed": { live: { spec: { replicas: 1 } }, predicted: { spec: { replicas: 1 } }, want: false },
  "a field changed": { live: { spec: { replicas: 1 } }, predicted: { spec: { replicas: 2 } }, want: true },
  "a field would go": {
    live: { spec: { replicas: 1, paused: true } },
    predicted: { spec: { replicas: 1 } },
    want: true,
  },
  "only the status differs": { live: { status: { replicas: 1 } }, predicted: { status: {} }, want: false },
  "only what the server keeps differs": {
    live: {
      metadata: { resourceVersion: "5", generation: 3, managedFields: [], creationTimestamp: "2026-01-01T00:00:00Z" },
    },
    predicted: { metadata: { resourceVersion: "4", managedFields: [{ manager: "argocd-controller" }] } },
    want: false,
  },
  "only the last applied configuration differs": {
    live: { metadata: { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" } } },
    predicted: {},
    want: false,
  },
  "a label would be added": { live: {}, predicted: { metadata: { labels: { a: "b" } } }, want: true },
  "quantities written in another way": {
    live: { spec: { c: [{ resources: { limits: { cpu: "1", memory: "128Mi" } } }] } },
    predicted: { spec: { c: [{ resources: { limits: { cpu: "1000m", memory: 134217728 } } }] } },
    want: false,
  },
  "other quantities": {
    live: { spec: { resources: { limits: { cpu: "1" } } } },
    predicted: { spec: { resources: { limits: { cpu: "1100m" } } } },
    want: true,
  },
  "texts that only look like quantities": {
    live: { spec: { a: "1" } },
    predicted: { spec: { a: "1000m" } },
    want: true,
  },
  "null and absent": { live: { spec: { a: null } }, predicted: { spec: {} }, want: false },
  "an ignored pointer": {
    live: { spec: { replicas: 5 } },
    predicted: { spec: { replicas: 1 } },
    ignore: [{ group: "apps", kind: "Deployment", jsonPointers: ["/spec/replicas"] }],
    want: false,
  },
  "a pointer for another kind": {
    live: { spec: { replicas: 5 } },
    predicted: { spec: { replicas: 1 } },
    ignore: [{ group: "apps", kind: "StatefulSet", jsonPointers: ["/spec/replicas"] }],
    want: true,
  },
  "a pointer for every kind": {
    live: { metadata: { annotations: { "a/b": "x" } } },
    predicted: { metadata: { annotations: { "a/b": "y" } } },
    ignore: [{ group: "*", kind: "*", jsonPointers: ["/metadata/annotations/a~1b"] }],
    want: false,
  },
  "a pointer for another object": {
    live: { spec: { replicas: 5 } },
    predicted: { spec: { replicas: 1 } },
    ignore: [{ group: "apps", kind: "Deployment", name: "other", jsonPointers: ["/spec/replicas"] }],
    want: true,
  },
  "an ignored jq path": {
    live: {
      spec: {
        c: [
          { name: "a", image: "1" },
          { name: "injected", image: "x" },
        ],
      },
    },
    predicted: { spec: { c: [{ name: "a", image: "1" }] } },
    ignore: [{ group: "apps", kind: "Deployment", jqPathExpressions: ['.spec.c[] | select(.name == "injected")'] }],
    want: false,
  },
  "fields of an ignored manager": {
    live: {
      metadata: {
        managedFields: [
          { manager: "hpa", operation: "Update", fieldsV1: { "f:spec": { "f:replicas": {} } } },
          {
            manager: "sidecar",
            operation: "Update",
            fieldsV1: { "f:spec": { "f:c": { 'k:{"name":"a"}': { "f:image": {} } } } },
          },
        ],
      },
      spec: { replicas: 5, c: [{ name: "a", image: "2" }] },
    },
    predicted: { spec: { replicas: 1, c: [{ name: "a", image: "1" }] } },
    ignore: [{ group: "apps", kind: "Deployment", managedFieldsManagers: ["hpa", "sidecar"] }],
    want: false,
  },
};
for (const [name, { live, predicted, ignore, want }] of Object.entries(cases)) {
  test(`isModified when ${name}`, () => {
    const ignored = compileIgnoreDifferences(ignore);
    const modified = isModified({
      target: deployment({}),
      live: deployment(live),
      predicted: deployment(predicted),
      ignored,
    });
    assert.equal(modified, want);
  });
}

test("isModified lays the target over the live object when nothing is predicted", () => {
  const ignored = compileIgnoreDifferences();
  const live = deployment({ spec: { replicas: 1, other: "default" } });
  assert.equal(isModified({ target: deployment({ spec: { replicas: 1 } }), live, ignored }), false);
  assert.equal(isModified({ target: deployment({ spec: { replicas: 2 } }), live, ignored }), true);
});

test("an empty value of a Secret is the same as none, and empty rules of a Role too", () => {
  const ignored = compileIgnoreDifferences();
  const secret = (data: object): KubeObject => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data });
  assert.equal(
    isModified({ target: secret({}), live: secret({ a: "" }), predicted: secret({ a: null }), ignored }),
    false,
  );
  const role = (rules: unknown): KubeObject => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "r" },
    rules,
  });
  assert.equal(isModified({ target: role([]), live: role(null), predicted: role([]), ignored }), false);
});

test("withLiveValues keeps ignored fields as they are in the cluster", () => {
  const ignored = compileIgnoreDifferences([
    { group: "apps", kind: "Deployment", jsonPointers: ["/spec/replicas"], jqPathExpressions: [".spec.c[].image"] },
  ]);
  const target = deployment({
    spec: {
      replicas: 1,
      c: [
        { name: "b", image: "1" },
        { name: "a", image: "1" },
      ],
    },
  });
  const live = deployment({ spec: { replicas: 7, c: [{ name: "a", image: "9" }] } });
  assert.deepEqual(withLiveValues(target, live, ignored)["spec"], {
    replicas: 7,
    c: [
      { name: "b", image: "1" },
      { name: "a", image: "9" },
    ],
  });
  assert.deepEqual(target["spec"], {
    replicas: 1,
    c: [
      { name: "b", image: "1" },
      { name: "a", image: "1" },
    ],
  });
});

test("compileIgnoreDifferences refuses what is not well-formed", () => {
  assert.throws(
    () => compileIgnoreDifferences([{ kind: "A", jsonPointers: ["spec"] }]),
    /Cannot read JSON pointer "spec"/,
  );
  assert.throws(() => compileIgnoreDifferences([{ kind: "A", jqPathExpressions: [".spec["] }]), /Cannot read jq path/);
});
