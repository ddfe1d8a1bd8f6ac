import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { startControlPlane } from "../../control-plane/index.ts";
import { type ClusterSelection, readClusterSources } from "./cluster-sources.ts";

const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const crd = (group: string, kind: string, rest: Partial<KubeObject["metadata"]> = {}): KubeObject => {
  const plural = kind === "CompositeResourceDefinition" ? "compositeresourcedefinitions" : `${kind.toLowerCase()}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, ...rest },
    spec: {
      group,
      scope: "Cluster",
      names: { kind, plural },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: open } }],
    },
  };
};

test("definitions of a cluster are read with their compositions, without those that Crossplane made of them", async () => {
  await using plane = await startControlPlane({ controllers: false });
  const crossplane = "apiextensions.crossplane.io";
  await plane.apply(
    crd(crossplane, "CompositeResourceDefinition"),
    crd(crossplane, "Composition"),
    crd("shop.example.com", "Order"),
  );
  const xrd = {
    apiVersion: `${crossplane}/v1`,
    kind: "CompositeResourceDefinition",
    metadata: { name: "xthings.example.com" },
    spec: { group: "example.com" },
  };
  const [stored] = await plane.apply(xrd, {
    apiVersion: `${crossplane}/v1`,
    kind: "Composition",
    metadata: { name: "things" },
  });
  const owner = {
    apiVersion: xrd.apiVersion,
    kind: xrd.kind,
    name: xrd.metadata.name,
    uid: stored?.metadata.uid ?? "",
    controller: true,
  };
  await plane.apply(crd("example.com", "XThing", { ownerReferences: [owner] }));
  const read = async (selection: Partial<ClusterSelection>) => {
    const { sources, missing } = await readClusterSources(plane.client, {
      choice: "crd",
      groups: [],
      names: [],
      ...selection,
    });
    return [...sources.map(({ shown }) => shown), ...missing.map((name) => `no ${name}`)];
  };
  const all = await read({});
  assert.equal(all.includes("compositeresourcedefinitions/xthings.example.com"), true);
  assert.equal(all.includes("customresourcedefinitions/xthings.example.com"), false);
  assert.deepEqual(await read({ groups: ["shop.example.com"] }), [
    "compositions/things",
    "customresourcedefinitions/orders.shop.example.com",
  ]);
  assert.deepEqual(await read({ names: ["orders.shop.example.com", "gone"] }), [
    "compositions/things",
    "customresourcedefinitions/orders.shop.example.com",
    "no gone",
  ]);
  assert.deepEqual(await read({ choice: "kro" }), []);
});
