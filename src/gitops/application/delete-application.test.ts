import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { Application } from "../../apis/index.ts";
import { decideDeletion } from "./delete-application.ts";

const finalizer = "resources-finalizer.argocd.argoproj.io";

function app(metadata: object = {}, syncOptions?: string[]): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: {
      name: "shop",
      namespace: "argocd",
      finalizers: [finalizer],
      deletionTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
    },
    spec: {
      project: "default",
      destination: {},
      ...(syncOptions !== undefined && { syncPolicy: { syncOptions } }),
    },
  };
}

function owned(name: string, annotations: Record<string, string> = {}, more: object = {}): KubeObject {
  const id = { "argocd.argoproj.io/tracking-id": `shop:/ConfigMap:n/${name}` };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "n", annotations: { ...id, ...annotations }, ...more },
  };
}

const wave = (value: number) => ({ "argocd.argoproj.io/sync-wave": String(value) });
const option = (value: string) => ({ "argocd.argoproj.io/sync-options": value });
const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
const itself: KubeObject = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "shop", namespace: "argocd" },
};
const crd: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "c" },
};

const cases: Record<string, { app?: Application; objects: KubeObject[]; want: string }> = {
  "without a finalizer leaves everything": {
    app: app({ finalizers: ["other"] }),
    objects: [owned("a")],
    want: "release",
  },
  "with nothing left lets the application go": { objects: [], want: "release" },
  "takes the highest wave first": {
    objects: [owned("a", wave(1)), owned("b"), owned("c", wave(1)), owned("d", wave(-1))],
    want: "delete a,c Foreground",
  },
  "waits for what is going": { objects: [owned("a", {}, going), owned("b")], want: "wait a" },
  "in the background when told": {
    app: app({ finalizers: [`${finalizer}/background`] }),
    objects: [owned("a")],
    want: "delete a Background",
  },
  "keeps what asks to stay": {
    objects: [owned("a", option("Delete=false")), owned("b", { "helm.sh/resource-policy": "keep" }), crd, itself],
    want: "release",
  },
  "keeps everything when the application says so": {
    app: app({}, ["Delete=false"]),
    objects: [owned("a")],
    want: "release",
  },
  "keeps copies that others made": {
    objects: [{ ...owned("a"), metadata: { ...owned("a").metadata, name: "copy" } }],
    want: "release",
  },
  "waits until somebody agrees": { objects: [owned("a", option("Delete=confirm")), owned("b")], want: "wait a" },
  "goes on when somebody has agreed": {
    app: app({ annotations: { "argocd.argoproj.io/deletion-approved": "2026-01-01T00:00:01Z" } }),
    objects: [owned("a", option("Delete=confirm"))],
    want: "delete a Foreground",
  },
  "does not take an older agreement": {
    app: app({ annotations: { "argocd.argoproj.io/deletion-approved": "2025-12-31T00:00:00Z" } }),
    objects: [owned("a", option("Delete=confirm"))],
    want: "wait a",
  },
};
for (const [name, { app: own = app(), objects, want }] of Object.entries(cases)) {
  test(`decideDeletion ${name}`, () => {
    const step = decideDeletion(own, objects);
    const names = (some: KubeObject[]) => some.map(({ metadata }) => metadata.name).join(",");
    const described =
      step.do === "delete"
        ? `delete ${names(step.objects)} ${step.propagationPolicy}`
        : step.do === "wait"
          ? `wait ${names(step.for)}`
          : "release";
    assert.equal(described, want);
  });
}
