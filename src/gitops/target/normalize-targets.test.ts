import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { normalizeTargets } from "./normalize-targets.ts";
import { isSelfReferenced, trackingIdOf } from "./tracking.ts";

const scopes: Record<string, boolean> = { "/ConfigMap": true, "/Secret": true, "/Namespace": false };

function normalize(...objects: KubeObject[]) {
  const manifests = objects.map((object, index) => ({ object, file: "a.yaml", line: index + 1 }));
  return normalizeTargets(manifests, {
    app: "shop",
    namespace: "prod",
    isNamespaced: (group, kind) => scopes[`${group}/${kind}`],
  });
}

function object(kind: string, metadata: KubeObject["metadata"], more: object = {}): KubeObject {
  return { apiVersion: "v1", kind, metadata, ...more };
}

test("namespaced objects without a namespace go to the destination's", () => {
  const { targets } = normalize(object("ConfigMap", { name: "a" }), object("ConfigMap", { name: "b", namespace: "x" }));
  assert.deepEqual(
    targets.map(({ object: { metadata } }) => [
      metadata.namespace,
      metadata.annotations?.["argocd.argoproj.io/tracking-id"],
    ]),
    [
      ["prod", "shop:/ConfigMap:prod/a"],
      ["x", "shop:/ConfigMap:x/b"],
    ],
  );
});

test("cluster-scoped objects lose their namespace, their tracking id has the destination's", () => {
  const [target] = normalize(object("Namespace", { name: "n", namespace: "x" })).targets;
  assert.equal(target?.object.metadata.namespace, undefined);
  assert.equal(target?.key, "/Namespace//n");
  assert.deepEqual(target && trackingIdOf(target.object), {
    app: "shop",
    group: "",
    kind: "Namespace",
    namespace: "prod",
    name: "n",
  });
});

test("objects of unknown kinds count as namespaced", () => {
  assert.equal(normalize(object("Widget", { name: "w" })).targets[0]?.key, "/Widget/prod/w");
});

test("of several manifests for one object the last one counts", () => {
  const { targets, warnings } = normalize(
    object("ConfigMap", { name: "a" }, { data: { v: "1" } }),
    object("ConfigMap", { name: "a", namespace: "prod" }, { data: { v: "2" } }),
  );
  assert.deepEqual(
    targets.map((target) => target.object["data"]),
    [{ v: "2" }],
  );
  assert.deepEqual(warnings, [
    {
      type: "RepeatedResourceWarning",
      message: "Resource /ConfigMap/prod/a appeared 2 times among application resources.",
    },
  ]);
});

test("objects that only generate a name are all kept", () => {
  const { targets } = normalize(
    object("ConfigMap", { generateName: "g-" }),
    object("ConfigMap", { generateName: "g-" }),
  );
  assert.equal(targets.length, 2);
});

test("CRDs are not tracked", () => {
  const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "a.b" } };
  assert.equal(normalize(crd).targets[0]?.object.metadata.annotations, undefined);
});

test("what only a server writes is left out", () => {
  const metadata = {
    name: "a",
    uid: "u",
    resourceVersion: "1",
    generation: 2,
    creationTimestamp: null,
    labels: { x: "y" },
  };
  const [target] = normalize(object("ConfigMap", metadata)).targets;
  assert.deepEqual(Object.keys(target?.object.metadata ?? {}).sort(), ["annotations", "labels", "name", "namespace"]);
});

test("stringData of a Secret becomes data and wins over it", () => {
  const secret = object("Secret", { name: "s" }, { data: { a: "eA==", b: "eQ==" }, stringData: { a: "z" } });
  const [target] = normalize(secret).targets;
  assert.deepEqual(target?.object["data"], { a: "eg==", b: "eQ==" });
  assert.equal(target?.object["stringData"], undefined);
});

test("a copy of a tracking id on another object says nothing", () => {
  const [target] = normalize(object("ConfigMap", { name: "a" })).targets;
  const live = target?.object ?? object("ConfigMap", {});
  const copy = { ...live, metadata: { ...live.metadata, name: "copy" } };
  assert.equal(isSelfReferenced(live, undefined), true);
  assert.equal(isSelfReferenced(copy, undefined), false);
});
