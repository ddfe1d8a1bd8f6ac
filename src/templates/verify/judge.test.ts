import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../definition.ts";
import { type ClusterFacts, judgePrerequisites } from "./judge.ts";
import { builtinPrerequisite, type Prerequisite, readPrerequisite } from "./prerequisite.ts";

const facts: ClusterFacts = {
  resources: [{ group: "shop.example.com", version: "v1", kind: "Order", plural: "orders", singular: "order" }],
  pods: [
    { namespace: "a", name: "shop-operator-1", phase: "Running", terminating: false },
    { namespace: "b", name: "shop-operator-2", phase: "Failed", terminating: true },
  ],
};
const asks = (spec: Partial<Prerequisite>): Prerequisite => ({
  apiVersion: "cnoe.io/v1alpha1",
  kind: "Prerequisite",
  name: "shop",
  crds: [],
  pods: [],
  ...spec,
});
const pod = { name: "shop-operator", namespace: "", state: "" };
const order = { group: "shop.example.com", version: "v1", kind: "Orders" };

const cases: Record<string, { ask: Prerequisite; lines: string[]; errors: string[] }> = {
  "finds a resource by its plural": {
    ask: asks({ crds: [order] }),
    lines: ["✓ shop - shop.example.com/v1, Kind=Orders"],
    errors: [],
  },
  "finds a resource by its kind": {
    ask: asks({ crds: [{ ...order, kind: "Order" }] }),
    lines: ["✓ shop - shop.example.com/v1, Kind=Order"],
    errors: [],
  },
  "does not find part of a kind": {
    ask: asks({ crds: [{ ...order, kind: "Ord" }] }),
    lines: ["X shop - shop.example.com/v1, Kind=Ord"],
    errors: ["shop.example.com/v1, Kind=Ord not found"],
  },
  "does not take another version": {
    ask: asks({ crds: [{ ...order, version: "v2" }] }),
    lines: ["X shop - shop.example.com/v2, Kind=Orders"],
    errors: ["shop.example.com/v2, Kind=Orders not found"],
  },
  "shows pods of which no state is asked": {
    ask: asks({ pods: [pod] }),
    lines: ["✓ shop - a, Pod=shop-operator-1 - Running", "✓ shop - b, Pod=shop-operator-2 - Failed"],
    errors: [],
  },
  "compares states without looking at case": {
    ask: asks({ pods: [{ ...pod, state: "running" }] }),
    lines: ["✓ shop - a, Pod=shop-operator-1 - Running", "X shop - b, Pod=shop-operator-2 - Failed != running "],
    errors: ["b, Pod=shop-operator-2 failed"],
  },
  "knows pods that are being deleted": {
    ask: asks({ pods: [{ ...pod, namespace: "b", state: "Terminating" }] }),
    lines: ["✓ shop - b, Pod=shop-operator-2 - Terminating"],
    errors: [],
  },
  "looks in one namespace when one is named": {
    ask: asks({ pods: [{ ...pod, namespace: "c" }] }),
    lines: ["X shop - c Pod=shop-operator"],
    errors: ["c Pod=shop-operator not found"],
  },
  "refuses another kind": {
    ask: asks({ kind: "Prerequisites", crds: [order] }),
    lines: [],
    errors: ["apiVersion or kind not matching cnoe.io/v1alpha1:Prerequisite"],
  },
  "goes on without a name": {
    ask: asks({ name: "", crds: [order] }),
    lines: ["✓  - shop.example.com/v1, Kind=Orders"],
    errors: ["missing metadata.name"],
  },
};
for (const [name, { ask, lines, errors }] of Object.entries(cases)) {
  test(`judging prerequisites ${name}`, () => {
    const verdict = judgePrerequisites([ask], facts);
    assert.deepEqual(
      verdict.lines.map(({ isMet, text }) => `${isMet ? "✓" : "X"} ${text}`),
      lines,
    );
    assert.deepEqual(verdict.errors, errors);
  });
}

test("a Prerequisite is read with annotations of any shape", () => {
  const text = `apiVersion: cnoe.io/v1alpha1
kind: Prerequisite
metadata: {name: shop, annotations: [{key: a, value: b}]}
spec: {crds: [{group: shop.example.com, version: v1, kind: Orders}], pods: [{name: shop-operator}]}
---
kind: Ignored
`;
  assert.deepEqual(readPrerequisite(text, "shop.yaml"), asks({ crds: [order], pods: [pod] }));
});

test("what is wrong in a Prerequisite is named with its place", () => {
  assert.throws(
    () => readPrerequisite("a: [\n", "x.yaml"),
    (error) => error instanceof SourceError && /^x\.yaml:\d+:\d+: /.test(error.message),
  );
  assert.throws(() => readPrerequisite("- a\n", "x.yaml"), /^SourceError: x\.yaml: it is no object/);
  assert.throws(() => readPrerequisite("spec: {pods: {}}\n", "x.yaml"), /spec\.pods must be a list of objects/);
});

test("those that cnoe-cli has built in are found by name", () => {
  assert.equal(builtinPrerequisite("spark")?.crds.length, 2);
  assert.equal(builtinPrerequisite("nothing"), undefined);
});
