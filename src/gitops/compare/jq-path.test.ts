import assert from "node:assert/strict";
import { test } from "node:test";
import { compileJqPath, type Path } from "./jq-path.ts";

const object = {
  metadata: { annotations: { "a/b": "1" } },
  spec: {
    replicas: 2,
    x: [
      { name: "one", y: 1, env: [{ name: "A" }, { name: "B" }] },
      { name: "two", z: 2 },
    ],
  },
  webhooks: [{ clientConfig: { caBundle: "c1" } }, { clientConfig: {} }],
};

const cases: Record<string, Path[]> = {
  ".spec.replicas": [["spec", "replicas"]],
  '.metadata.annotations["a/b"]': [["metadata", "annotations", "a/b"]],
  '.metadata.annotations."a/b"': [["metadata", "annotations", "a/b"]],
  '.["spec"].replicas': [["spec", "replicas"]],
  ".spec.x[]?.y": [
    ["spec", "x", 0, "y"],
    ["spec", "x", 1, "y"],
  ],
  ".spec.x[0].y": [["spec", "x", 0, "y"]],
  ".spec.x[-1]": [["spec", "x", 1]],
  ".spec.nothing[]?.y": [],
  ".spec.nothing[].y": [],
  ".webhooks[].clientConfig.caBundle": [
    ["webhooks", 0, "clientConfig", "caBundle"],
    ["webhooks", 1, "clientConfig", "caBundle"],
  ],
  '.spec.x[] | select(.name == "two") | .z': [["spec", "x", 1, "z"]],
  '.spec.x[] | select(.name=="two")': [["spec", "x", 1]],
  '.spec.x[] | select(.name != "two" and .y == 1).y': [["spec", "x", 0, "y"]],
  '.spec.x[] | select(.name | test("^t")).z': [["spec", "x", 1, "z"]],
  '.spec.x[] | select(.name | startswith("o"))': [["spec", "x", 0]],
  '.spec.x[] | select(has("z") | not)': [["spec", "x", 0]],
  '.spec.x[].env[]? | select(.name == "B")': [["spec", "x", 0, "env", 1]],
  ".spec.replicas, .metadata": [["spec", "replicas"], ["metadata"]],
  '.. | select(.caBundle? == "c1")': [["webhooks", 0, "clientConfig"]],
  "(.spec | .replicas)": [["spec", "replicas"]],
  ".spec.x[] | select(.y > 0).y": [["spec", "x", 0, "y"]],
};
for (const [expression, want] of Object.entries(cases)) {
  test(`jq ${expression}`, () => assert.deepEqual(compileJqPath(expression)(object), want));
}

for (const expression of [".spec.", ".spec[", "| .a", ".a |", "frobnicate(.a)", ".a ~ 1", '.a["x"', '.a == "x']) {
  test(`jq refuses ${expression}`, () =>
    assert.throws(() => compileJqPath(expression), /Cannot read jq path expression/));
}
